//! A DynamoDB table of the test's own, behind a door that counts and can be told to fail.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::server::serve;

/// Its name.
pub(crate) const NAME: &str = "carillon";

/// A row, as plain JSON values.
pub(crate) type Row = BTreeMap<String, Value>;

#[derive(Default)]
struct Door {
    requests: Mutex<BTreeMap<String, usize>>,
    failing: Mutex<Vec<String>>,
}

/// The table.
pub struct Table {
    client: Client,
    endpoint: String,
    door: Arc<Door>,
}

impl Table {
    /// A new table. The clients of one function have one endpoint, so requests for SQS come here too, and are passed on.
    pub(crate) async fn new(sqs: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
        let door = Arc::new(Door::default());
        let state = Behind { door: door.clone(), dynamodb: behind, sqs, client: reqwest_client() };
        let endpoint = format!("http://127.0.0.1:{}", serve(Router::new().fallback(pass).with_state(state)).await);
        let config = config(&endpoint).await;
        let table = Self { client: Client::new(&config), endpoint, door };
        table.create().await;
        table
    }

    /// What the template's resource `Table` says.
    async fn create(&self) {
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
        let answer = reqwest_client()
            .post(&self.endpoint)
            .header("x-amz-target", "DynamoDB_20120810.CreateTable")
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20261120T000000Z")
            .body(table.to_string())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        self.forget_requests();
    }

    /// What the function's clients are made of.
    pub(crate) async fn sdk_config(&self) -> SdkConfig {
        config(&self.endpoint).await
    }

    /// All rows, by `pk` and `sk`.
    pub async fn rows(&self) -> BTreeMap<(String, String), Row> {
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

    /// The row of this key.
    pub async fn row(&self, pk: &str, sk: &str) -> Option<Row> {
        self.rows().await.remove(&(pk.to_owned(), sk.to_owned()))
    }

    /// Puts a row of strings.
    pub async fn put(&self, attributes: &[(&str, &str)]) {
        let item: HashMap<_, _> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), shared::key::string(*value))).collect();
        self.client.put_item().table_name(NAME).set_item(Some(item)).send().await.unwrap();
        self.forget_requests();
    }

    /// Sets a number in a row.
    pub async fn set_number(&self, (pk, sk): (&str, &str), name: &str, value: i64) {
        let key =
            HashMap::from([("pk".to_owned(), shared::key::string(pk)), ("sk".to_owned(), shared::key::string(sk))]);
        let update = self.client.update_item().table_name(NAME).set_key(Some(key)).update_expression("SET #n = :n");
        let update = update.expression_attribute_names("#n", name);
        update.expression_attribute_values(":n", shared::key::number(value)).send().await.unwrap();
        self.forget_requests();
    }

    /// Puts a book.
    pub async fn put_book(&self, book: &str, author: &str, name: &str) {
        let pk = format!("BOOK#{book}");
        self.put(&[("pk", &pk), ("sk", "BOOK"), ("title", book), ("authorId", author), ("authorName", name)]).await;
    }

    /// How many requests of each operation the functions made since the last call.
    pub fn take_requests(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut *self.door.requests.lock().unwrap())
    }

    fn forget_requests(&self) {
        self.take_requests();
    }

    fn forget(&self, operation: &str) {
        self.door.requests.lock().unwrap().remove(operation);
    }

    /// Makes every request of this operation fail from now on.
    pub fn fail(&self, operation: &str) {
        self.door.failing.lock().unwrap().push(operation.to_owned());
    }

    /// Makes everything work again.
    pub fn mend(&self) {
        self.door.failing.lock().unwrap().clear();
    }
}

async fn config(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await
}

fn reqwest_client() -> reqwest::Client {
    shared::tls::http_client(std::time::Duration::from_secs(10)).unwrap()
}

#[derive(Clone)]
struct Behind {
    door: Arc<Door>,
    dynamodb: String,
    sqs: String,
    client: reqwest::Client,
}

async fn pass(
    State(Behind { door, dynamodb, sqs, client }): State<Behind>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], Bytes) {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    *door.requests.lock().unwrap().entry(operation.clone()).or_default() += 1;
    let json = [("content-type", "application/x-amz-json-1.0")];
    if door.failing.lock().unwrap().contains(&operation) {
        let error = Bytes::from_static(
            br#"{"__type":"com.amazon.coral.service#InternalServerError","message":"told to fail"}"#,
        );
        return (StatusCode::INTERNAL_SERVER_ERROR, json, error);
    }
    let mut request = client.post(if target.starts_with("AmazonSQS") { sqs } else { dynamodb }).body(body.to_vec());
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), json, answer.bytes().await.unwrap())
}

fn plain(value: &aws_sdk_dynamodb::types::AttributeValue) -> Value {
    use aws_sdk_dynamodb::types::AttributeValue::{Bool, M, N, S};
    match value {
        S(text) => json!(text),
        N(number) => json!(number.parse::<i64>().unwrap()),
        Bool(flag) => json!(flag),
        M(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => panic!("no such attribute is written: {other:?}"),
    }
}
