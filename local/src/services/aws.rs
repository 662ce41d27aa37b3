//! Requests to ministack, as an operator would send them to AWS. It does not check signatures.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::net::relay::Relay;
use crate::state::State;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A row of the table, in DynamoDB's JSON.
pub(crate) type Row = Map<String, Value>;

/// The stack's table and queues.
pub(crate) struct Aws {
    relay: Relay,
    region: String,
    table: String,
}

impl Aws {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            relay: Relay::to(&state.aws_endpoint),
            region: state.region.clone(),
            table: state.outputs.table_name.clone(),
        }
    }

    /// How many messages a queue holds, whether they are due, taken or delayed.
    pub(crate) async fn messages_in(&self, queue: &str) -> Result<u64> {
        const COUNTS: [&str; 3] = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let input = json!({ "QueueUrl": queue, "AttributeNames": COUNTS });
        let found = self.action("sqs", "AmazonSQS.GetQueueAttributes", &input).await?;
        let count =
            |name: &str| found.pointer(&format!("/Attributes/{name}")).and_then(Value::as_str)?.parse::<u64>().ok();
        Ok(COUNTS.iter().filter_map(|name| count(name)).sum())
    }

    /// All rows of the table that the input's filter, if it has one, lets through.
    pub(crate) async fn scan(&self, mut input: Value) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        input["TableName"] = json!(self.table);
        loop {
            let mut page = self.action("dynamodb", "DynamoDB_20120810.Scan", &input).await?;
            if let Some(Value::Array(items)) = page.get_mut("Items").map(Value::take) {
                rows.extend(items.into_iter().filter_map(|item| match item {
                    Value::Object(row) => Some(row),
                    _ => None,
                }));
            }
            match page.get_mut("LastEvaluatedKey").map(Value::take) {
                Some(last) => input["ExclusiveStartKey"] = last,
                None => return Ok(rows),
            }
        }
    }

    /// The rows that owe something.
    pub(crate) async fn owing(&self) -> Result<Vec<Row>> {
        self.scan(json!({ "FilterExpression": "attribute_exists(outbox)", "ConsistentRead": true })).await
    }

    /// The messages of a queue, due or not. They stay in the queue, and their receive counts stay as they are.
    pub(crate) async fn peek(&self, queue: &str) -> Result<Vec<QueueMessage>> {
        let queue: String = form_urlencoded::byte_serialize(queue.as_bytes()).collect();
        let request = Request::get(format!("/_ministack/sqs/messages?QueueUrl={queue}")).body(())?;
        let kept: Value = serde_json::from_slice(self.send(request, String::new()).await?.body())?;
        Ok(messages_in(kept.get("messages").unwrap_or(&Value::Null)))
    }

    /// Puts a message into a queue.
    pub(crate) async fn send_message(&self, queue: &str, body: &str) -> Result<()> {
        let input = json!({ "QueueUrl": queue, "MessageBody": body });
        self.action("sqs", "AmazonSQS.SendMessage", &input).await.map(drop)
    }

    /// Takes a message out of a queue, if it is there.
    pub(crate) async fn remove(&self, queue: &str, id: &str) -> Result<()> {
        /// For how many seconds a received message is hidden.
        const HIDDEN_SECONDS: u32 = 2;
        loop {
            let input = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": HIDDEN_SECONDS });
            let received = self.action("sqs", "AmazonSQS.ReceiveMessage", &input).await?;
            let received = received.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
            if received.is_empty() {
                return Ok(());
            }
            if let Some(found) =
                received.iter().find(|message| message.get("MessageId").and_then(Value::as_str) == Some(id))
            {
                let input = json!({ "QueueUrl": queue, "ReceiptHandle": found.get("ReceiptHandle") });
                return self.action("sqs", "AmazonSQS.DeleteMessage", &input).await.map(drop);
            }
        }
    }

    /// Replaces the faults that happen in ministack on request (`local/bridge/ministack/faults.py`). Returns how often each has
    /// happened so far.
    pub(crate) async fn set_faults(&self, faults: &Value) -> Result<Map<String, Value>> {
        let request = Request::put("/_carillon/faults").body(())?;
        let mut answer: Value = serde_json::from_slice(self.send(request, faults.to_string()).await?.body())?;
        match answer.get_mut("counts").map(Value::take) {
            Some(Value::Object(counts)) => Ok(counts),
            _ => bail!("ministack's answer has no counts of faults"),
        }
    }

    /// The keys of all objects of a bucket (Amazon S3 API reference, `ListObjectsV2`).
    pub(crate) async fn objects(&self, bucket: &str) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut continued = String::new();
        loop {
            let request = Request::get(format!("/{bucket}?list-type=2{continued}"));
            let request = request.header("authorization", self.credential("s3")).body(())?;
            let page = self.send(request, String::new()).await?;
            let page = String::from_utf8_lossy(page.body()).into_owned();
            keys.extend(elements(&page, "Key").map(str::to_owned));
            let Some(token) = elements(&page, "NextContinuationToken").next() else { return Ok(keys) };
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            continued = format!("&continuation-token={token}");
        }
    }

    /// The tags of an object, by name and value; `None` if it is gone (Amazon S3 API reference, `GetObjectTagging`).
    pub(crate) async fn object_tags(&self, bucket: &str, key: &str) -> Result<Option<Vec<(String, String)>>> {
        let request = Request::get(format!("/{bucket}/{key}?tagging"));
        let request = request.header("authorization", self.credential("s3")).body(())?;
        match self.answer(request, String::new()).await? {
            response if response.status().is_success() => {
                let tags = String::from_utf8_lossy(response.body()).into_owned();
                let pairs = elements(&tags, "Key").zip(elements(&tags, "Value"));
                Ok(Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
            }
            response if response.status() == StatusCode::NOT_FOUND => Ok(None),
            response => bail!("ministack did not tell the tags of {key}: {}", response.status()),
        }
    }

    /// Invokes a function with this payload, without waiting for its response.
    pub(crate) async fn invoke(&self, function: &str, payload: &Value) -> Result<()> {
        let request = Request::post(format!("/2015-03-31/functions/{function}:live/invocations"))
            .header("authorization", self.credential("lambda"))
            .header("x-amz-invocation-type", "Event")
            .body(())?;
        self.send(request, payload.to_string()).await.map(drop)
    }

    /// The faults that ministack plays now.
    pub(crate) async fn faults(&self) -> Result<Map<String, Value>> {
        let request = Request::get("/_carillon/faults").body(())?;
        let mut answer: Value = serde_json::from_slice(self.send(request, String::new()).await?.body())?;
        match answer.get_mut("faults").map(Value::take) {
            Some(Value::Object(faults)) => Ok(faults),
            _ => bail!("ministack's answer has no faults"),
        }
    }

    /// Sets one of them, or ends it. The others go on.
    pub(crate) async fn set_fault(&self, name: &str, fault: Option<Value>) -> Result<()> {
        let mut faults = self.faults().await?;
        match fault {
            Some(fault) => drop(faults.insert(name.to_owned(), fault)),
            None => drop(faults.remove(name)),
        }
        self.set_faults(&Value::Object(faults)).await.map(drop)
    }

    /// Ends a connection to this stage of a WebSocket API, as API Gateway does after two hours; returns whether it was open.
    pub(crate) async fn end_connection(&self, api: &str, stage: &str, connection: &str) -> Result<bool> {
        let connection: String = form_urlencoded::byte_serialize(connection.as_bytes()).collect();
        let request = Request::delete(format!("/_aws/execute-api/{api}/{stage}/@connections/{connection}"))
            .header("authorization", self.credential("execute-api"))
            .body(())?;
        match self.answer(request, String::new()).await? {
            response if response.status().is_success() => Ok(true),
            response if response.status() == StatusCode::GONE => Ok(false),
            response => bail!("ministack did not end a connection: {}", response.status()),
        }
    }

    /// The names of the deployed functions.
    pub(crate) async fn functions(&self) -> Result<Vec<String>> {
        let path = "/2015-03-31/functions/?MaxItems=1000";
        let request = Request::get(path).header("authorization", self.credential("lambda")).body(())?;
        let listed: Value = serde_json::from_slice(self.send(request, String::new()).await?.body())?;
        let functions = listed.get("Functions").and_then(Value::as_array).into_iter().flatten();
        Ok(functions.filter_map(|function| Some(function.get("FunctionName")?.as_str()?.to_owned())).collect())
    }

    fn credential(&self, service: &str) -> String {
        let scope = format!("test/20260101/{}/{service}/aws4_request", self.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    }

    async fn answer(&self, request: Request<()>, body: String) -> Result<Response<Bytes>> {
        let (parts, ()) = request.into_parts();
        let sent = self.relay.send(parts, body.into());
        let response = tokio::time::timeout(REQUEST_TIMEOUT, sent).await.ok().and_then(Result::ok);
        response.context("ministack did not answer")
    }

    async fn send(&self, request: Request<()>, body: String) -> Result<Response<Bytes>> {
        let response = self.answer(request, body).await?;
        if !response.status().is_success() {
            bail!("ministack answered {}: {}", response.status(), String::from_utf8_lossy(response.body()));
        }
        Ok(response)
    }

    /// Calls an action of a service that speaks AWS's JSON protocol.
    pub(crate) async fn action(&self, service: &str, target: &str, input: &Value) -> Result<Value> {
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("authorization", self.credential(service))
            .body(())?;
        let response = self.send(request, input.to_string()).await.with_context(|| format!("{target} failed"))?;
        serde_json::from_slice(response.body()).with_context(|| format!("ministack's answer to {target} is no JSON"))
    }
}

/// The texts of all elements of this name, which have no attributes and no others in them.
fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let end = format!("</{name}>");
    let parts: Vec<_> = xml.split(&format!("<{name}>")).skip(1).collect();
    parts.into_iter().filter_map(move |rest| Some(rest.split_once(&end)?.0))
}

/// A message of a queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueueMessage {
    pub(crate) id: String,
    pub(crate) body: String,
    /// Seconds since 1970.
    pub(crate) sent: u64,
    /// When it is due next, in seconds since 1970.
    pub(crate) due: u64,
    /// How often it was received.
    pub(crate) received: u64,
    /// Attributes that the sender gave it.
    pub(crate) attributes: Value,
}

/// ministack lists them by account, region and queue.
fn messages_in(kept: &Value) -> Vec<QueueMessage> {
    match kept {
        Value::Object(parts) => parts.values().flat_map(messages_in).collect(),
        Value::Array(messages) => messages.iter().filter_map(QueueMessage::of).collect(),
        _ => Vec::new(),
    }
}

impl QueueMessage {
    fn of(message: &Value) -> Option<Self> {
        let number = |name: &str| message.get(name).and_then(Value::as_u64).unwrap_or_default();
        Some(Self {
            id: message.get("MessageId")?.as_str()?.to_owned(),
            body: message.get("Body")?.as_str()?.to_owned(),
            sent: number("SentTimestamp"),
            due: number("VisibleAt"),
            received: number("ReceiveCount"),
            attributes: message.get("MessageAttributes").cloned().unwrap_or_default(),
        })
    }
}

/// An attribute that is text.
pub(crate) fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.get("S")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_a_list() {
        let list = "<ListBucketResult><Name>b</Name><Contents><Key>chats/1</Key></Contents><Contents><Key>chats/2</Key></Contents></ListBucketResult>";
        assert_eq!(elements(list, "Key").collect::<Vec<_>>(), ["chats/1", "chats/2"]);
        assert_eq!(elements(list, "NextContinuationToken").next(), None);
    }

    #[test]
    fn messages_are_found_in_every_region() {
        let message =
            |id: &str| json!({ "MessageId": id, "Body": "{}", "SentTimestamp": 1, "VisibleAt": 2, "ReceiveCount": 3 });
        let kept = json!({ "000000000000": { "us-east-1": { "q": [message("a")] }, "eu-west-1": { "q": [message("b"), {}] } } });
        let found = messages_in(&kept);
        assert_eq!(
            found.iter().map(|message| message.id.as_str()).collect::<std::collections::BTreeSet<_>>(),
            ["a", "b"].into()
        );
        assert_eq!(
            found.iter().map(|message| (message.sent, message.due, message.received)).collect::<Vec<_>>(),
            [(1, 2, 3); 2]
        );
    }
}
