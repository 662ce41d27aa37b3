//! A DynamoDB table for one test, behind a proxy that counts requests and can inject faults.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use shared::clients::https::HttpClient;
use tokio::sync::Notify;

use crate::policies::{self, Policies, Roles};
use crate::server::serve;
use crate::traffic::Traffic;

/// The name of the table.
pub(crate) const NAME: &str = "carillon";

/// A row, as plain JSON values.
pub(crate) type Row = BTreeMap<String, Value>;

#[derive(Default)]
struct ProxyState {
    requests: Mutex<BTreeMap<String, usize>>,
    traffic: Mutex<Traffic>,
    failing: Mutex<Vec<String>>,
    faults: Mutex<HashMap<String, VecDeque<Fault>>>,
    tears_batches: AtomicBool,
    policies: Arc<Policies>,
}

/// A fault that the proxy injects into one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The response has this status and error code. The request is not executed.
    Refusal(u16, &'static str),
    /// The connection is closed. The request is not executed.
    ConnectionLost,
    /// The request is executed, but the connection is closed before the response.
    ResponseLost,
    /// There is no response. The request is not executed.
    NoResponse,
    /// A query returns only its first row, or a batch reads only its first key. DynamoDB may do so at any time.
    Partial,
    /// A transaction is refused because another one writes the same rows. It is not executed.
    Conflict,
    /// The request waits, and is executed when it is released.
    Held(Hold),
    /// A batch reads this many of its keys, waits, and reads the others when it is released. A batch is not a snapshot.
    Torn(usize, Hold),
}

impl Fault {
    /// A refusal with this status and error code.
    pub fn refusal(status: u16, code: &'static str) -> Self {
        Self::Refusal(status, code)
    }
}

/// Holds a request up, so that a test can do something meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Hold {
    reached: Arc<Notify>,
    released: Arc<Notify>,
}

impl Hold {
    /// Waits until the request is held, does this, and lets the request go on.
    pub async fn meanwhile<T>(&self, act: impl Future<Output = T>) -> T {
        self.reached().await;
        let done = act.await;
        self.release();
        done
    }

    /// Waits until the request is held.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the request go on.
    pub fn release(&self) {
        self.released.notify_one();
    }

    async fn hold(&self) {
        self.reached.notify_one();
        self.released.notified().await;
    }
}

/// The table and its proxy.
pub struct Table {
    client: Client,
    http: HttpClient,
    config: SdkConfig,
    state: Arc<ProxyState>,
}

impl Table {
    /// A new table. All AWS clients of a function have one endpoint, so the proxy passes requests for SQS, SES and EventBridge on to
    /// these.
    pub(crate) async fn new([sqs, ses, events]: [String; 3], policies: Arc<Policies>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dynamodb = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
        let state = Arc::new(ProxyState { policies, ..ProxyState::default() });
        let proxy =
            Proxy { state: state.clone(), dynamodb: dynamodb.clone(), sqs, ses, events, client: reqwest_client() };
        let endpoint = format!("http://127.0.0.1:{}", serve(Router::new().fallback(pass).with_state(proxy)).await);
        create(&dynamodb).await;
        let http = HttpClient::default();
        let config = config(&http, &endpoint).await;
        Self { client: Client::new(&config), http, config, state }
    }

    /// The HTTP client and the configuration for the AWS clients of the function.
    pub(crate) fn aws(&self) -> (HttpClient, SdkConfig) {
        (self.http.clone(), self.config.clone())
    }

    /// All rows, by `pk` and `sk`, but for those that any call leaves: the caller's profile, and their budget of writes.
    pub async fn rows(&self) -> BTreeMap<(String, String), Row> {
        let mut rows = self.every_row().await;
        rows.retain(|(_, sk), _| sk != "PROFILE" && sk != "LIMIT#writes");
        rows
    }

    /// All rows, by `pk` and `sk`.
    pub async fn every_row(&self) -> BTreeMap<(String, String), Row> {
        let found =
            self.client.scan().table_name(NAME).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let text = |row: &Row, name: &str| row[name].as_str().unwrap().to_owned();
        let rows = found.unwrap().into_iter().map(|item| {
            let row: Row = item.into_iter().map(|(name, value)| (name, plain(&value))).collect();
            ((text(&row, "pk"), text(&row, "sk")), row)
        });
        let rows = rows.collect();
        self.forget("Scan");
        rows
    }

    /// All rows, as the SDK gives them, by `pk` and `sk`.
    pub async fn every_item(&self) -> Vec<HashMap<String, AttributeValue>> {
        let items = self.client.scan().table_name(NAME).into_paginator().items().send();
        let mut items = items.collect::<Result<Vec<_>, _>>().await.unwrap();
        items.sort_by_key(|item| ["pk", "sk"].map(|name| item[name].as_s().cloned().unwrap_or_default()));
        self.forget("Scan");
        items
    }

    /// The row of this key.
    pub async fn row(&self, pk: &str, sk: &str) -> Option<Row> {
        self.every_row().await.remove(&(pk.to_owned(), sk.to_owned()))
    }

    /// Writes a row of strings.
    pub async fn put(&self, attributes: &[(&str, &str)]) {
        let item: HashMap<_, _> = attributes.iter().map(|(name, value)| ((*name).to_owned(), string(value))).collect();
        self.client.put_item().table_name(NAME).set_item(Some(item)).send().await.unwrap();
        self.forget_requests();
    }

    /// Sets a text in a row.
    pub async fn set_text(&self, (pk, sk): (&str, &str), name: &str, value: &str) {
        self.set(pk, sk, name, string(value)).await;
    }

    /// Writes rows of strings, numbers and maps, many in a request.
    pub async fn put_rows(&self, rows: &[Value]) {
        for rows in rows.chunks(25) {
            let put = |row: &Value| {
                let item = row.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value)));
                let put = PutRequest::builder().set_item(Some(item.collect())).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            };
            let batch = self.client.batch_write_item().request_items(NAME, rows.iter().map(put).collect());
            batch.send().await.unwrap();
        }
        self.forget_requests();
    }

    /// Sets a number in a row.
    pub async fn set_number(&self, (pk, sk): (&str, &str), name: &str, value: i64) {
        self.set(pk, sk, name, AttributeValue::N(value.to_string())).await;
    }

    async fn set(&self, pk: &str, sk: &str, name: &str, value: AttributeValue) {
        let key = HashMap::from([("pk".to_owned(), string(pk)), ("sk".to_owned(), string(sk))]);
        let update = self.client.update_item().table_name(NAME).set_key(Some(key)).update_expression("SET #n = :n");
        let update = update.expression_attribute_names("#n", name);
        update.expression_attribute_values(":n", value).send().await.unwrap();
        self.forget_requests();
    }

    /// Writes the row of a book.
    pub async fn put_book(&self, book: &str, author: &str, name: &str) {
        let pk = format!("BOOK#{book}");
        self.put(&[("pk", &pk), ("sk", "BOOK"), ("title", book), ("authorId", author), ("authorName", name)]).await;
    }

    /// The number of requests of each operation since the last call.
    pub fn take_requests(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut *self.state.requests.lock().unwrap())
    }

    /// The traffic since the last call.
    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.state.traffic.lock().unwrap())
    }

    fn forget_requests(&self) {
        self.take_requests();
        self.take_traffic();
    }

    fn forget(&self, operation: &str) {
        self.state.requests.lock().unwrap().remove(operation);
        self.take_traffic();
    }

    /// Makes every request of this operation fail from now on.
    pub fn fail(&self, operation: &str) {
        self.state.failing.lock().unwrap().push(operation.to_owned());
    }

    /// Injects these faults into the next requests of this operation, one fault for each request.
    pub fn inject(&self, operation: &str, faults: &[Fault]) {
        self.state.faults.lock().unwrap().insert(operation.to_owned(), faults.iter().cloned().collect());
    }

    /// Makes every batch read its keys one after another from now on, so that writes come between.
    pub fn tear_batches(&self) {
        self.state.tears_batches.store(true, Ordering::Relaxed);
    }

    /// Ends what [`Table::fail`] started.
    pub fn recover(&self) {
        self.state.failing.lock().unwrap().clear();
    }
}

/// Creates the table as the resource `Table` of the template defines it.
async fn create(dynamodb: &str) {
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let keys = |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let table = json!({
        "TableName": NAME,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("pk"), attribute("sk"), attribute("gsi1pk"), attribute("gsi1sk")],
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [{
            "IndexName": "gsi1", "KeySchema": keys("gsi1pk", "gsi1sk"), "Projection": { "ProjectionType": "KEYS_ONLY" }
        }],
    });
    let response = reqwest_client()
        .post(dynamodb)
        .header("x-amz-target", "DynamoDB_20120810.CreateTable")
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
        .header("x-amz-date", "20261120T000000Z")
        .body(table.to_string())
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}

async fn config(http: &HttpClient, endpoint: &str) -> SdkConfig {
    shared::clients::aws::loader(http)
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Roles)
        // The cache would keep one function's credentials for all.
        .identity_cache(IdentityCache::no_cache())
        .load()
        .await
}

fn reqwest_client() -> reqwest::Client {
    HttpClient::default().get().clone()
}

#[derive(Clone)]
struct Proxy {
    state: Arc<ProxyState>,
    dynamodb: String,
    sqs: String,
    ses: String,
    events: String,
    client: reqwest::Client,
}

async fn pass(State(proxy): State<Proxy>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if uri.path().starts_with("/v2/email/") {
        if !proxy.state.policies.admit(&headers, policies::asked_of_ses(&body)) {
            return StatusCode::FORBIDDEN.into_response();
        }
        return proxy.to_ses(&uri, body).await;
    }
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let state = proxy.state.clone();
    *state.requests.lock().unwrap().entry(operation.clone()).or_default() += 1;
    let (service, asked): (_, fn(&str, &[u8]) -> _) = match target.split('.').next() {
        Some("AmazonSQS") => ("sqs", policies::asked_of_sqs),
        Some("AWSEvents") => ("events", policies::asked_of_events),
        _ => ("dynamodb", policies::asked_of_dynamodb),
    };
    if !state.policies.admit(&headers, asked(&operation, &body)) {
        return refusal(400, "AccessDeniedException", "template.yaml does not grant it");
    }
    if state.failing.lock().unwrap().contains(&operation) {
        return refusal(500, "InternalServerError", "told to fail");
    }
    let fault = state.faults.lock().unwrap().get_mut(&operation).and_then(VecDeque::pop_front);
    match fault {
        None if operation == "BatchGetItem" && state.tears_batches.load(Ordering::Relaxed) => {
            proxy.read_one_by_one(headers, &body).await
        }
        None => proxy.forward((service, &operation), headers, body, None).await,
        Some(Fault::Refusal(status, code)) => refusal(status, code, "told to refuse"),
        Some(Fault::ConnectionLost) => lost_connection(),
        Some(Fault::ResponseLost) => {
            proxy.forward((service, &operation), headers, body, None).await;
            lost_connection()
        }
        Some(Fault::NoResponse) => std::future::pending().await,
        Some(Fault::Partial) => {
            let (body, left) = partial(&body);
            proxy.forward((service, &operation), headers, body, left).await
        }
        Some(Fault::Conflict) => conflict(),
        Some(Fault::Held(hold)) => {
            hold.hold().await;
            proxy.forward((service, &operation), headers, body, None).await
        }
        Some(Fault::Torn(keys, hold)) => {
            let [first, others] = torn(&body, keys);
            let first = proxy.forward((service, &operation), headers.clone(), first, None).await;
            hold.hold().await;
            let others = proxy.forward((service, &operation), headers, others, None).await;
            merged(vec![first, others]).await
        }
    }
}

const JSON: [(&str, &str); 1] = [("content-type", "application/x-amz-json-1.0")];

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let error = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message });
    (StatusCode::from_u16(status).unwrap(), JSON, error.to_string()).into_response()
}

/// The response to a transaction that meets another one.
fn conflict() -> Response {
    let error = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": [{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }],
    });
    (StatusCode::BAD_REQUEST, JSON, error.to_string()).into_response()
}

/// A response that breaks off before its first byte.
fn lost_connection() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    let mut response = Response::new(axum::body::Body::from_stream(broken));
    response.headers_mut().insert("content-length", "100".parse().unwrap());
    response
}

impl Proxy {
    /// Forwards a request to SES, which has paths and no targets.
    async fn to_ses(&self, uri: &Uri, body: Bytes) -> Response {
        let response = self.client.post(format!("{}{}", self.ses, uri.path())).body(body).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let mut response = (status, response.bytes().await.unwrap()).into_response();
        *response.headers_mut() = headers;
        response
    }

    /// Forwards a request. The response reports the keys in `left` as not read.
    async fn forward(
        &self,
        (service, operation): (&str, &str),
        headers: HeaderMap,
        body: Bytes,
        left: Option<Value>,
    ) -> Response {
        let is_table = service == "dynamodb";
        if is_table && has_long_key(&serde_json::from_slice(&body).unwrap()) {
            let refusal = json!({ "__type": "com.amazon.coral.validate#ValidationException",
                "message": "One or more parameter values were invalid: Size of rangekey has exceeded the maximum size limit" });
            return (StatusCode::BAD_REQUEST, JSON, refusal.to_string()).into_response();
        }
        let mut request = self.client.post(match service {
            "sqs" => &self.sqs,
            "events" => &self.events,
            _ => &self.dynamodb,
        });
        request = request.body(if is_table { asking_for_capacity(&body) } else { body.to_vec() });
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let (status, response) = (response.status(), response.bytes().await.unwrap());
        let (response, traffic) = if !is_table {
            let traffic = Traffic::of(&headers, body.len(), response.len());
            (response, traffic)
        } else {
            without_capacity(operation, &headers, body.len(), &response)
        };
        let response = left.map_or(response.clone(), |left| with_unprocessed(&response, left));
        *self.state.traffic.lock().unwrap() += traffic;
        (status, JSON, response).into_response()
    }

    /// Forwards a batch key by key, with a pause after each.
    async fn read_one_by_one(&self, headers: HeaderMap, body: &Bytes) -> Response {
        let mut responses = Vec::new();
        let mut left = body.clone();
        for _ in 0..keys_of(body) {
            let [one, others] = torn(&left, 1);
            responses.push(self.forward(("dynamodb", "BatchGetItem"), headers.clone(), one, None).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
            left = others;
        }
        merged(responses).await
    }
}

/// Whether a key is longer than DynamoDB takes: 2,048 bytes of a partition key, 1,024 of a sort key. The embedded table checks only
/// what is put.
fn has_long_key(request: &Value) -> bool {
    match request {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let most = match name.as_str() {
                "pk" | "gsi1pk" => 2_048,
                "sk" | "gsi1sk" => 1_024,
                _ => usize::MAX,
            };
            value["S"].as_str().is_some_and(|text| text.len() > most) || has_long_key(value)
        }),
        Value::Array(list) => list.iter().any(has_long_key),
        _ => false,
    }
}

fn keys_of(batch: &[u8]) -> usize {
    let batch: Value = serde_json::from_slice(batch).unwrap();
    batch["RequestItems"][NAME]["Keys"].as_array().unwrap().len()
}

/// A batch as two: its first keys, as many as `keys`, and the others.
fn torn(batch: &[u8], keys: usize) -> [Bytes; 2] {
    let mut first: Value = serde_json::from_slice(batch).unwrap();
    let mut others = first.clone();
    let wanted = first["RequestItems"][NAME]["Keys"].as_array_mut().unwrap();
    others["RequestItems"][NAME]["Keys"] = wanted.split_off(keys).into();
    [first, others].map(|batch| batch.to_string().into())
}

/// The rows of several batches in one response.
async fn merged(responses: Vec<Response>) -> Response {
    let mut rows = Vec::new();
    for response in responses {
        assert_eq!(response.status(), StatusCode::OK);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        rows.append(body["Responses"][NAME].as_array_mut().unwrap());
    }
    (StatusCode::OK, JSON, json!({ "Responses": { NAME: rows }, "UnprocessedKeys": {} }).to_string()).into_response()
}

/// A part of a request: a query for one row, or a batch with its first key and, apart, its other keys.
fn partial(body: &[u8]) -> (Bytes, Option<Value>) {
    let mut request: Value = serde_json::from_slice(body).unwrap();
    let Some(wanted) = request.get_mut("RequestItems") else {
        request["Limit"] = json!(1);
        return (request.to_string().into(), None);
    };
    let mut left = wanted.clone();
    let keys = wanted[NAME]["Keys"].as_array_mut().unwrap();
    left[NAME]["Keys"] = keys.split_off(1).into();
    (request.to_string().into(), Some(left))
}

fn with_unprocessed(response: &[u8], left: Value) -> Bytes {
    let mut response: Value = serde_json::from_slice(response).unwrap();
    response["UnprocessedKeys"] = left;
    response.to_string().into()
}

/// The request, which also asks for the consumed capacity.
fn asking_for_capacity(body: &[u8]) -> Vec<u8> {
    let mut request: Value = serde_json::from_slice(body).unwrap();
    request["ReturnConsumedCapacity"] = json!("TOTAL");
    request.to_string().into_bytes()
}

/// The response without the consumed capacity, and the traffic with it.
fn without_capacity(operation: &str, headers: &HeaderMap, sent: usize, response: &[u8]) -> (Bytes, Traffic) {
    let mut response: Value = serde_json::from_slice(response).unwrap();
    let traffic = Traffic::of(headers, sent, 0).with_capacity(operation, &response);
    response.as_object_mut().unwrap().remove("ConsumedCapacity");
    let response = Bytes::from(response.to_string());
    (response.clone(), Traffic { bytes_received: response.len(), ..traffic })
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::String(text) => string(text),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Object(map) => {
            AttributeValue::M(map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
        Value::Array(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        other => panic!("no such attribute is put: {other}"),
    }
}

fn plain(value: &AttributeValue) -> Value {
    use AttributeValue::{Bool, L, M, N, S};
    match value {
        S(text) => json!(text),
        N(number) => json!(number.parse::<i64>().unwrap()),
        Bool(flag) => json!(flag),
        L(list) => list.iter().map(plain).collect(),
        M(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => panic!("no such attribute is written: {other:?}"),
    }
}
