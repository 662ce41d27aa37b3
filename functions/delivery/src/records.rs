//! The records of a batch, read one by one.

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::sqs::SqsMessage;
use serde::Deserialize;
use serde_json::{Value, json};

/// Whether a record comes from the table's stream rather than the retry queue.
pub(crate) fn is_of_stream(record: &Value) -> bool {
    record.get("dynamodb").is_some() || record.get("eventSource").is_some_and(|source| source == "aws:dynamodb")
}

/// The queue's messages that can be read, and the ids of the others.
pub(crate) fn of_queue(records: Vec<Value>) -> (Vec<SqsMessage>, Vec<String>) {
    let (mut read, mut unread) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        match SqsMessage::deserialize(&record) {
            Ok(message) => read.push(message),
            Err(_) => unread.push(text(&record, "/messageId").unwrap_or_default().to_owned()),
        }
    }
    (read, unread)
}

/// The stream's records from which a row can be visited, and the others as they are.
pub(crate) fn of_stream(records: Vec<Value>) -> (Vec<EventRecord>, Vec<Value>) {
    let (mut read, mut unread) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        match whole(&record).or_else(|| essence(&record)) {
            Some(essence) => read.push(essence),
            None => unread.push(record),
        }
    }
    (read, unread)
}

fn whole(record: &Value) -> Option<EventRecord> {
    keys(record)?;
    EventRecord::deserialize(record).ok()
}

/// The parts of a record that a visit needs. The row is read again anyway, so its keys are enough; a deleted row is not there
/// any more, so what it owed is needed too.
fn essence(record: &Value) -> Option<EventRecord> {
    let is_removed = text(record, "/eventName") == Some("REMOVE");
    let (name, side, outbox) = if is_removed {
        ("REMOVE", "OldImage", text(record, "/dynamodb/OldImage/outbox/S")?)
    } else {
        ("MODIFY", "NewImage", "")
    };
    let essence = json!({ "awsRegion": "", "eventID": "", "eventName": name, "dynamodb": {
        "Keys": keys(record)?,
        side: { "outbox": { "S": outbox } },
        "SequenceNumber": text(record, "/dynamodb/SequenceNumber"),
        "SizeBytes": 0,
    } });
    EventRecord::deserialize(essence).ok()
}

fn keys(record: &Value) -> Option<Value> {
    let key = |pointer| text(record, pointer).map(|key| json!({ "S": key }));
    Some(json!({ "pk": key("/dynamodb/Keys/pk/S")?, "sk": key("/dynamodb/Keys/sk/S")? }))
}

fn text<'a>(record: &'a Value, pointer: &str) -> Option<&'a str> {
    record.pointer(pointer)?.as_str()
}
