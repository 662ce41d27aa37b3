//! Delivers what a function wrote and could not deliver itself: from the table's stream, then from the retry queue.

use std::pin::Pin;

use aws_lambda_events::event::{dynamodb, sqs};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::App;
use shared::delivery::{RetryQueue, StreamFailure};
use shared::telemetry::Record;

/// What triggers the function: either source's event, told apart by its records.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Trigger {
    /// A batch of the table's stream.
    Stream(dynamodb::Event),
    /// A batch of the retry queue.
    Queue(sqs::SqsEvent),
}

/// Looks after a batch, and answers with what must come back (`ReportBatchItemFailures`).
pub async fn handle(app: &App, retry: &RetryQueue, event: LambdaEvent<Trigger>) -> Value {
    let (trigger, context) = event.into_parts();
    let courier = app.courier();
    let route = match &trigger {
        Trigger::Stream(_) => "stream",
        Trigger::Queue(_) => "retry queue",
    };
    let record = Record::new(&context.request_id, route);
    // Boxed: the layout of the futures of both consumers, nested, is more than the compiler follows.
    let work: Pin<Box<dyn Future<Output = Vec<String>> + Send>> = match trigger {
        Trigger::Stream(event) => Box::pin(async {
            match courier.from_stream(event, retry).await {
                Ok(()) => Vec::new(),
                Err(StreamFailure(sequence)) => vec![sequence],
            }
        }),
        Trigger::Queue(event) => Box::pin(courier.from_queue(event, retry)),
    };
    let failed = record.scope(work).await;
    record.print();
    json!({ "batchItemFailures": failed.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
}
