//! Delivers what other functions wrote but did not deliver: from the table's stream, and then from the retry queue.

use std::pin::Pin;
use std::time::{Duration, Instant};

use aws_lambda_events::event::{dynamodb, sqs};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::delivery::{RetryQueue, StreamFailure};
use shared::telemetry::Record;

/// The event of either source.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Trigger {
    /// A batch of the table's stream.
    Stream(dynamodb::Event),
    /// A batch of the retry queue.
    Queue(sqs::SqsEvent),
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
    let (trigger, context) = event.into_parts();
    let courier = app.courier();
    let deadline = deadline(context.deadline);
    let route = match &trigger {
        Trigger::Stream(_) => "stream",
        Trigger::Queue(_) => "retry queue",
    };
    let record = Record::new(&context.request_id, route);
    // Boxed, because the nested futures of both are too large for the compiler to lay out.
    let work: Pin<Box<dyn Future<Output = Vec<String>> + Send>> = match trigger {
        Trigger::Stream(event) => Box::pin(async {
            match courier.from_stream(event, retry, deadline).await {
                Ok(()) => Vec::new(),
                Err(StreamFailure(sequence)) => vec![sequence],
            }
        }),
        Trigger::Queue(event) => Box::pin(courier.from_queue(event, retry, deadline)),
    };
    let failed = record.scope(work).await;
    record.print();
    json!({ "batchItemFailures": failed.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
}
