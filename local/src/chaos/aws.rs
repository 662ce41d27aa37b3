//! Requests of the harness itself to ministack, past the proxy. It does not check signatures.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::Request;
use serde_json::{Map, Value, json};

use super::event::{Event, Message, Seat, Word, messages_in};
use super::ledger::Remains;
use crate::relay::Relay;
use crate::state::State;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The stack's table and queues.
pub(super) struct Aws {
    relay: Relay,
    region: String,
    table: String,
    retry_queue: String,
    dead_letter_queue: String,
}

/// What has not arrived yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outstanding {
    pub(super) rows: usize,
    pub(super) retries: u64,
}

impl Outstanding {
    pub(super) fn is_nothing(self) -> bool {
        self.rows == 0 && self.retries == 0
    }
}

impl Aws {
    pub(super) fn of(state: &State) -> Self {
        Self {
            relay: Relay::to(&state.aws_endpoint),
            region: state.region.clone(),
            table: state.table_name.clone(),
            retry_queue: state.retry_queue_url.clone(),
            dead_letter_queue: state.dead_letter_queue_url.clone(),
        }
    }

    /// How many users have a profile, and so can be invited.
    pub(super) async fn profiles(&self) -> Result<usize> {
        let filter = json!({ "FilterExpression": "sk = :profile", "ExpressionAttributeValues": { ":profile": { "S": "PROFILE" } } });
        Ok(self.scan(filter).await?.len())
    }

    pub(super) async fn outstanding(&self) -> Result<Outstanding> {
        let filter = json!({ "FilterExpression": "attribute_exists(outbox)", "ConsistentRead": true });
        Ok(Outstanding { rows: self.scan(filter).await?.len(), retries: self.messages_in(&self.retry_queue).await? })
    }

    /// What is left in the table, and these dead letters.
    pub(super) async fn remains(&self, dead_letters: &[Vec<Message>]) -> Result<Remains> {
        let mut remains =
            Remains { dead: dead_letters.concat(), dead_letters: dead_letters.len(), ..Remains::default() };
        for row in self.scan(json!({ "ConsistentRead": true })).await? {
            if let Some(outbox) = row.get("outbox") {
                remains.rows_owing += 1;
                remains.owed.extend(messages_in(outbox));
            }
            remains.seats.extend(seat(&row));
            remains.committed.extend(committed(&row));
        }
        Ok(remains)
    }

    /// The events of each dead letter. Takes them from the queue.
    pub(super) async fn dead_letters(&self) -> Result<Vec<Vec<Message>>> {
        let mut letters = Vec::new();
        loop {
            let input =
                json!({ "QueueUrl": self.dead_letter_queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600 });
            let received = self.action("sqs", "AmazonSQS.ReceiveMessage", &input).await?;
            let messages = received.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
            if messages.is_empty() {
                return Ok(letters);
            }
            letters.extend(messages.iter().map(messages_in));
        }
    }

    /// How many messages a queue holds, whether they are due, taken or delayed.
    async fn messages_in(&self, queue: &str) -> Result<u64> {
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

    async fn scan(&self, mut input: Value) -> Result<Vec<Map<String, Value>>> {
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

    /// Calls an action of a service that speaks AWS's JSON protocol.
    async fn action(&self, service: &str, target: &str, input: &Value) -> Result<Value> {
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

/// The seat that a row is about, and whether the user is there.
fn seat(row: &Map<String, Value>) -> Option<(Seat, Word)> {
    let book = text(row, "pk")?.strip_prefix("ROOM#")?.to_owned();
    let user = text(row, "sk")?.strip_prefix("USER#")?.to_owned();
    let word = if row.get("present")?.get("BOOL")?.as_bool()? { Word::In } else { Word::Out };
    Some((Seat { book, user }, word))
}

/// The event that was committed with a row.
fn committed(row: &Map<String, Value>) -> Option<Event> {
    let (pk, sk) = (text(row, "pk")?, text(row, "sk")?);
    if pk.starts_with("KUDOS#") {
        return Some(Event::Kudos { session: text(row, "session_id")?.to_owned() });
    }
    if let Some(id) = sk.strip_prefix("NOTIFICATION#") {
        return Some(Event::Notification { id: id.to_owned() });
    }
    let (party, invitee) = (sk.strip_prefix("INVITATION#")?.to_owned(), pk.strip_prefix("USER#")?.to_owned());
    Some(Event::Invitation { party, invitee })
}

fn text<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    row.get(name)?.get("S")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presence_row_is_a_seat() {
        let row = json!({ "pk": { "S": "ROOM#b" }, "sk": { "S": "USER#ben" }, "present": { "BOOL": true } });
        let expected = Seat { book: "b".to_owned(), user: "ben".to_owned() };
        assert_eq!(seat(row.as_object().unwrap()), Some((expected, Word::In)));
        let other = json!({ "pk": { "S": "USER#ben" }, "sk": { "S": "PROFILE" } });
        assert_eq!(seat(other.as_object().unwrap()), None);
    }

    #[test]
    fn rows_show_what_happened() {
        let committed = |pk: &str, sk: &str| {
            let row = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "session_id": { "S": "s1" } });
            committed(row.as_object().unwrap())
        };
        assert_eq!(committed("KUDOS#k", "KUDOS"), Some(Event::Kudos { session: "s1".to_owned() }));
        assert_eq!(committed("USER#u", "NOTIFICATION#7"), Some(Event::Notification { id: "7".to_owned() }));
        let invitation = Event::Invitation { party: "p".to_owned(), invitee: "u".to_owned() };
        assert_eq!(committed("USER#u", "INVITATION#p"), Some(invitation));
        assert_eq!(committed("USER#u", "NOTIFICATIONS"), None);
    }
}
