//! The queue on which webhooks wait for the app's own server.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};

use super::queue::{DeadLetters, MessageQueue, QueueError, Waiting};
use super::retry;
use crate::clients::pusher::AppWebhook;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Entry};
use crate::settings::Queues;
use crate::table::Key;
use crate::telemetry;

/// The queue of webhooks, and the dead-letter queue behind it.
#[derive(Debug, Clone)]
pub(crate) struct WebhookQueue {
    queue: MessageQueue,
    dead_letters: DeadLetters,
}

/// A message of the queue. It has the shape of a dead letter, so that a person can replay it from either queue.
pub(super) struct QueuedWebhook<'a> {
    pub(super) webhook: AppWebhook,
    key: Key,
    entry: Entry,
    message: &'a SqsMessage,
}

impl WebhookQueue {
    /// `None` for a stack without such a queue.
    pub(crate) fn new(config: &SdkConfig, queues: &Queues) -> Option<Self> {
        let url = queues.webhooks.clone()?;
        let sqs = aws_sdk_sqs::Client::new(config);
        let dead_letters = DeadLetters(MessageQueue::new(&sqs, queues.dead_letter.clone()));
        Some(Self { queue: MessageQueue::new(&sqs, url), dead_letters })
    }

    /// Whether a batch comes from this queue.
    pub(super) fn is_source_of(&self, batch: &SqsEvent) -> bool {
        let arn = batch.records.first().and_then(|message| message.event_source_arn.as_deref());
        arn.is_some_and(|arn| self.queue.has_arn(arn))
    }

    /// Adds a webhook that the row of this key owed. `entry` is the first of those that go in it.
    pub(super) async fn put(&self, key: &Key, entry: &Entry, webhook: AppWebhook) -> Result<(), QueueError> {
        let delivery = Delivery::AppWebhook(Box::new(webhook));
        let entry = Entry { lease: None, not_before: None, delivery, ..entry.clone() };
        let waiting = Waiting { key: key.clone(), id: None, given_up: Some(entry), reason: None };
        self.queue.send(&waiting, Duration::ZERO).await
    }

    /// Hides a webhook for this long. Without a receipt, the queue's own visibility time-out does.
    pub(super) async fn postpone(&self, queued: &QueuedWebhook<'_>, delay: Duration) -> Result<(), QueueError> {
        match &queued.message.receipt_handle {
            Some(receipt) => self.queue.hide(receipt, delay).await,
            None => Ok(()),
        }
    }

    /// Keeps a webhook for a person to look at.
    pub(super) async fn dead_letter(&self, queued: &QueuedWebhook<'_>, reason: &str) -> Result<(), QueueError> {
        self.dead_letters.keep(&queued.key, &queued.entry, reason).await
    }
}

impl<'a> QueuedWebhook<'a> {
    /// `None` for a message of another shape.
    pub(super) fn read(message: &'a SqsMessage) -> Option<Self> {
        let Waiting { key, given_up, .. } = serde_json::from_str(message.body.as_deref()?).ok()?;
        let entry = given_up?;
        let Delivery::AppWebhook(webhook) = &entry.delivery else { return None };
        Some(Self { webhook: webhook.as_ref().clone(), key, entry, message })
    }

    /// Logs how an attempt ended.
    pub(super) fn log(&self, outcome: &str) {
        telemetry::delivery(self.entry.request_id.as_deref(), self.entry.delivery.kind(), outcome);
    }

    /// When the first attempt was. Without the attribute, it is this one.
    pub(super) fn first_received(&self) -> Millis {
        let attribute = self.message.attributes.get("ApproximateFirstReceiveTimestamp");
        attribute.and_then(|text| text.parse().ok()).map_or_else(Millis::now, Millis)
    }

    /// How often it was received, this time included.
    pub(super) fn received(&self) -> u32 {
        retry::received(self.message)
    }
}
