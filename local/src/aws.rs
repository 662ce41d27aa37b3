//! Requests to ministack, as an operator would send them to AWS. It does not check signatures.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::Request;
use serde_json::{Map, Value, json};

use crate::relay::Relay;
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
            table: state.deployed.table_name.clone(),
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

    /// Calls an action of a service that speaks AWS's JSON protocol.
    pub(crate) async fn action(&self, service: &str, target: &str, input: &Value) -> Result<Value> {
        let scope = format!("test/20260101/{}/{service}/aws4_request", self.region);
        let credential = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("authorization", credential)
            .body(())?;
        let sent = self.relay.send(request.into_parts().0, input.to_string().into());
        let response = tokio::time::timeout(REQUEST_TIMEOUT, sent).await.ok().and_then(Result::ok);
        let response = response.with_context(|| format!("ministack did not answer {target}"))?;
        if !response.status().is_success() {
            let said = String::from_utf8_lossy(response.body());
            bail!("ministack answered {target} with {}: {said}", response.status());
        }
        serde_json::from_slice(response.body()).with_context(|| format!("ministack's answer to {target} is no JSON"))
    }
}

/// An attribute that is text.
pub(crate) fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.get("S")?.as_str()
}
