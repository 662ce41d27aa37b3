//! Delivers what other functions wrote but did not deliver: from the table's stream, and then from the retry queue. Sends webhooks from their
//! queue.

mod records;

use std::pin::Pin;
use std::time::{Duration, Instant};

use aws_lambda_events::event::{dynamodb, sqs};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::delivery::{RetryQueue, StreamFailure};
use shared::telemetry::{self, Record};

/// A batch of either source. A record that cannot be read costs itself alone.
#[derive(Debug)]
pub struct Trigger(Batch);

#[derive(Debug)]
enum Batch {
    /// A batch of the table's stream. A record that is reported as failed holds up its shard until it expires, a day later; so
    /// those that cannot be read become dead letters.
    Stream { event: dynamodb::Event, unread: Vec<Value> },
    /// A batch of the retry queue, or of that of webhooks. The messages of these ids cannot be read: they come back until the queue gives them up.
    Queue { event: sqs::SqsEvent, unread: Vec<String> },
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Records {
            #[serde(rename = "Records")]
            records: Vec<Value>,
        }
        let Records { records } = Records::deserialize(deserializer)?;
        let is_stream = records.iter().any(records::is_of_stream);
        Ok(Self(if is_stream {
            let (read, unread) = records::of_stream(records);
            let mut event = dynamodb::Event::default();
            event.records = read;
            Batch::Stream { event, unread }
        } else {
            let (read, unread) = records::of_queue(records);
            let mut event = sqs::SqsEvent::default();
            event.records = read;
            Batch::Queue { event, unread }
        }))
    }
}

/// Kept back from the function's time-out, to acknowledge and queue what the last attempts left.
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
    let (Trigger(batch), context) = event.into_parts();
    let (dispatcher, deadline) = (app.dispatcher(), deadline(context.deadline));
    let (route, webhooks) = match &batch {
        Batch::Stream { .. } => ("stream", None),
        Batch::Queue { event, .. } => match app.webhook_sender().filter(|webhooks| webhooks.takes(event)) {
            Some(webhooks) => ("webhooks", Some(webhooks)),
            None => ("retry queue", None),
        },
    };
    let record = Record::new(&context.request_id, route);
    // Boxed, because the nested futures of both are too large for the compiler to lay out.
    let work: Pin<Box<dyn Future<Output = Vec<String>> + Send>> = match batch {
        Batch::Stream { event, unread } => Box::pin(async move {
            let unread = dispatcher.dead_letter_records(&unread, retry).await;
            let read = dispatcher.from_stream(event, retry, deadline).await;
            [unread, read].into_iter().filter_map(|done| done.err().map(|StreamFailure(sequence)| sequence)).collect()
        }),
        Batch::Queue { event, unread } => Box::pin(async move {
            for id in &unread {
                telemetry::failure(format!("the message {id} cannot be read"));
            }
            let mut failed = match webhooks {
                Some(webhooks) => webhooks.from_queue(&event).await,
                None => dispatcher.from_queue(event, retry, deadline).await,
            };
            failed.extend(unread);
            failed
        }),
    };
    let failed = record.scope(work).await;
    record.print();
    json!({ "batchItemFailures": failed.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
}
