//! The consumer (the function `delivery`): the batches of the stream and the messages of the retry queue.

use std::time::{Duration, Instant};

use aws_lambda_events::event::{dynamodb, sqs};
use serde_json::{Value, json};
use shared::contract::time::Millis;
use shared::delivery::{RetryQueue, StreamFailure, whole};
use shared::outbox::Outbox;

use crate::World;

/// The retry queue, as the consumer sees it.
pub fn retry_queue(world: &World) -> RetryQueue {
    world.app_of("delivery").retry_queue().unwrap()
}

/// Makes all rows with an outbox this many seconds older. The consumer leaves a new row to the function that wrote it.
pub async fn age(world: &World, seconds: i64) {
    for ((pk, sk), row) in world.table.rows().await {
        let Some(text) = row.get("outbox").and_then(Value::as_str) else {
            continue;
        };
        let mut outbox = Outbox::parse(text);
        let earlier = |time: Millis| time.plus_seconds(-seconds);
        for owed in &mut outbox.entries {
            owed.at = earlier(owed.at);
            owed.lease = owed.lease.map(earlier);
            owed.not_before = owed.not_before.map(earlier);
            if let Some(fan_out) = &mut owed.fan_out {
                fan_out.refused_since = fan_out.refused_since.map(earlier);
            }
        }
        if let Some(queue) = &mut outbox.queue {
            queue.until = earlier(queue.until);
        }
        world.table.set_text((&pk, &sk), "outbox", &outbox.text()).await;
    }
}

/// A batch of the stream with one record for each row, as it is now.
pub async fn batch(world: &World) -> dynamodb::Event {
    let records = world.table.rows().await.into_iter().enumerate().map(|(n, ((pk, sk), row))| {
        let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let mut image = keys.clone();
        if let Some(outbox) = row.get("outbox") {
            image["outbox"] = json!({ "S": outbox });
        }
        json!({ "eventID": n.to_string(), "eventName": "INSERT", "awsRegion": "eu-west-1", "dynamodb": {
            "ApproximateCreationDateTime": 1_795_150_800, "Keys": keys, "NewImage": image,
            "SequenceNumber": format!("{}", 100 + n), "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES" } })
    });
    serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
}

/// Gives the consumer a batch of all rows.
pub async fn consume(world: &World) -> Result<(), StreamFailure> {
    let event = batch(world).await;
    give(world, event).await
}

/// Gives the consumer these messages of the retry queue; returns the ids of those that must come back.
pub async fn receive(world: &World, messages: sqs::SqsEvent) -> Vec<String> {
    let (dispatcher, queue) = (world.app_of("delivery").dispatcher(), retry_queue(world));
    world.as_function("delivery", dispatcher.from_queue(messages, &queue, deadline())).await
}

/// Gives the consumer a batch of the stream.
pub async fn give(world: &World, event: dynamodb::Event) -> Result<(), StreamFailure> {
    let (dispatcher, queue) = (world.app_of("delivery").dispatcher(), retry_queue(world));
    world.as_function("delivery", dispatcher.from_stream(event, &queue, deadline())).await
}

/// Until when the consumer may begin an attempt: as long as any test lasts.
pub fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// A message of the retry queue with this body, received this many times.
pub fn message(body: &Value, received: u32) -> sqs::SqsEvent {
    serde_json::from_value(json!({ "Records": [{
        "messageId": "m-1", "receiptHandle": "r-1", "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": received.to_string() }, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:retry", "awsRegion": "eu-west-1" }] }))
    .unwrap()
}

/// Messages of the queue of webhooks with these bodies, first received so many seconds ago, and this many times since.
pub fn webhooks(bodies: &[Value], seconds_ago: i64, received: u32) -> sqs::SqsEvent {
    let first = Millis::now().plus_seconds(-seconds_ago).0;
    let record = |(n, body): (usize, &Value)| {
        json!({ "messageId": format!("m-{n}"), "receiptHandle": format!("r-{n}"), "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": received.to_string(), "ApproximateFirstReceiveTimestamp": first.to_string() },
            "messageAttributes": {}, "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:webhooks", "awsRegion": "eu-west-1" })
    };
    let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// Gives the consumer messages of the queue of webhooks; returns the ids of those that must come back.
pub async fn send_webhooks(world: &World, messages: &sqs::SqsEvent) -> Vec<String> {
    let sender = world.app_of("delivery").webhook_sender().expect("the world has a receiver");
    world.as_function("delivery", sender.from_queue(messages)).await
}

/// Gives the consumer a message of the retry queue; returns whether the consumer is done with it.
pub async fn retry(world: &World, body: &Value) -> bool {
    receive(world, message(body, 1)).await.is_empty()
}

/// The deliveries in the outboxes of all rows, whole also where the row has them by name.
pub async fn owed(world: &World) -> Vec<Value> {
    let rows = world.table.every_item().await;
    let owed = rows.iter().filter_map(whole).flat_map(|row| row.outbox.entries);
    owed.map(|entry| serde_json::to_value(entry).unwrap()).collect()
}
