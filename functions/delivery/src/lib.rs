//! Delivers what other functions wrote but did not deliver: from the table's stream, and then from the retry queue.

use std::pin::Pin;
use std::time::{Duration, Instant};

use aws_lambda_events::event::{dynamodb, sqs};
use lambda_runtime::LambdaEvent;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::delivery::{RetryQueue, StreamFailure};
use shared::telemetry::Record;

/// A batch of either source. A record that cannot be read costs itself: Lambda brings it again, and the others are handled.
#[derive(Debug)]
pub struct Trigger {
    batch: Batch,
    /// The ids of the records that cannot be read.
    unread: Vec<String>,
}

#[derive(Debug)]
enum Batch {
    /// A batch of the table's stream.
    Stream(dynamodb::Event),
    /// A batch of the retry queue.
    Queue(sqs::SqsEvent),
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Records {
            #[serde(rename = "Records")]
            records: Vec<Value>,
        }
        let Records { records } = Records::deserialize(deserializer)?;
        // Only a record of a stream has an image of a row.
        let is_stream = records.iter().any(|record| record.get("dynamodb").is_some());
        let mut unread = Vec::new();
        let batch = if is_stream {
            let mut event = dynamodb::Event::default();
            event.records = readable(records, &mut unread, |record| record.pointer("/dynamodb/SequenceNumber"));
            Batch::Stream(event)
        } else {
            let mut event = sqs::SqsEvent::default();
            event.records = readable(records, &mut unread, |record| record.get("messageId"));
            Batch::Queue(event)
        };
        Ok(Self { batch, unread })
    }
}

/// The records that can be read; the ids of the others are added to `unread`.
fn readable<T: DeserializeOwned>(
    records: Vec<Value>,
    unread: &mut Vec<String>,
    id: impl Fn(&Value) -> Option<&Value>,
) -> Vec<T> {
    let mut read = Vec::with_capacity(records.len());
    for record in records {
        let id = id(&record).and_then(Value::as_str).unwrap_or_default().to_owned();
        match serde_json::from_value(record) {
            Ok(record) => read.push(record),
            Err(_) => unread.push(id),
        }
    }
    read
}

/// Kept back from the function's time-out, to settle and queue what the last attempts left.
const RESERVE: Duration = Duration::from_secs(8);
/// The time for a batch where nobody says when the function will be stopped.
const DEFAULT_BUDGET: Duration = Duration::from_secs(20);

/// Until when attempts may begin. `stop` is when Lambda stops the function, in milliseconds since 1970; 0 for not known.
fn deadline(stop: u64) -> Instant {
    let left = Millis::now().until(Millis(i64::try_from(stop).unwrap_or(i64::MAX)));
    Instant::now() + if stop == 0 { DEFAULT_BUDGET } else { left.saturating_sub(RESERVE) }
}

/// Handles a batch; returns the records that Lambda must retry (`ReportBatchItemFailures`).
pub async fn handle(app: &App, retry: &RetryQueue, event: LambdaEvent<Trigger>) -> Value {
    let (Trigger { batch, unread }, context) = event.into_parts();
    let courier = app.courier();
    let deadline = deadline(context.deadline);
    let route = match &batch {
        Batch::Stream(_) => "stream",
        Batch::Queue(_) => "retry queue",
    };
    let record = Record::new(&context.request_id, route);
    for id in &unread {
        record.cause(&format!("the record {id} cannot be read"));
    }
    // Boxed, because the nested futures of both are too large for the compiler to lay out.
    let work: Pin<Box<dyn Future<Output = Vec<String>> + Send>> = match batch {
        Batch::Stream(event) => Box::pin(async {
            match courier.from_stream(event, retry, deadline).await {
                Ok(()) => Vec::new(),
                Err(StreamFailure(sequence)) => vec![sequence],
            }
        }),
        Batch::Queue(event) => Box::pin(courier.from_queue(event, retry, deadline)),
    };
    let mut failed = record.scope(work).await;
    failed.extend(unread);
    record.print();
    json!({ "batchItemFailures": failed.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
}
