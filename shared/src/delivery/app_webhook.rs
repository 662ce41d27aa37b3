//! Webhooks to the app's own server: the stream's consumer puts them into a queue of their own, and [`WebhookSender`] sends them from there.
//!
//! Each request waits for a server that anybody wrote. So a visit sends none: all other rows of the visit would wait with it. The
//! invocations for the queue are others than those for the stream and the retry queue, and bounded in number.
//!
//! Source: Pusher Channels docs, "Webhooks": a request without an answer of 2xx is sent again, with exponential backoff, for five minutes.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use futures_util::future::{BoxFuture, join_all};

use super::retry::back_off;
use super::webhook_queue::{QueuedWebhook, WebhookQueue};
use super::{Due, Outcome, Transport, Visit};
use crate::clients::pusher::{AppWebhook, ReportedEvent};
use crate::clients::webhook_endpoint::WebhookEndpoint;
use crate::contract::time::Millis;
use crate::gateway;
use crate::outbox::{Delivery, TransportName};
use crate::table::{Table, TableError};
use crate::telemetry;

/// How long after the first attempt a webhook is tried again.
const GIVE_UP_AFTER: Duration = Duration::from_secs(300);
/// Most events of one request (Pusher's help, "What Is The Batch Size and Batch Window For Channels Webhooks?").
const MAX_EVENTS: usize = 20;
/// Most bytes of their texts. An event of a client has 10 KB, and JSON in JSON may be twice as long; SQS takes 1 MiB.
const MAX_BYTES: usize = 128 * 1024;
/// Events further apart than this go in different requests, since all events of one have the time of its latest.
const MAX_APART: Duration = Duration::from_secs(1);

/// Puts webhooks into their queue.
#[derive(Debug)]
pub(crate) struct AppWebhooks {
    pub queue: WebhookQueue,
    pub table: Table,
}

/// Entries whose events go in one request.
struct Together<'a> {
    webhook: AppWebhook,
    bytes: usize,
    due: Vec<Due<'a>>,
}

impl Transport for AppWebhooks {
    fn name(&self) -> TransportName {
        TransportName::AppWebhook
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let checked = join_all(entries.iter().map(|due| self.is_false(due))).await;
            let mut entries = entries;
            let mut checked = checked.into_iter();
            entries.retain(|due| {
                let is_false = checked.next().unwrap_or_default();
                if is_false {
                    visit.report(due, Outcome::Skipped);
                }
                !is_false
            });
            join_all(together(&entries).iter().map(|together| self.enqueue(together, visit))).await;
        })
    }
}

impl AppWebhooks {
    /// Whether it says of a channel with subscribers that it has none: the function was killed that would have noticed.
    async fn is_false(&self, due: &Due<'_>) -> bool {
        let Delivery::AppWebhook(webhook) = &due.entry.delivery else { return false };
        let [ReportedEvent::ChannelVacated { channel }] = webhook.events.as_slice() else { return false };
        // Where that is unknown, it goes its way.
        gateway::take_back(&self.table, channel, Millis::now()).await.unwrap_or_else(|error| {
            telemetry::cause(&error);
            false
        })
    }

    async fn enqueue(&self, together: &Together<'_>, visit: &Visit) {
        let Some(first) = together.due.first() else { return };
        let webhook = match self.counted(together.webhook.clone()).await {
            Ok(webhook) => webhook,
            Err(error) => {
                let outcome = Outcome::unsent(&error);
                return together.due.iter().for_each(|due| visit.report(due, outcome.clone()));
            }
        };
        let events = webhook.events.clone();
        let queued = self.queue.put(visit.key(first), first.entry, webhook).await;
        let is_queued = queued.is_ok();
        let outcome = queued.map_or_else(|error| Outcome::unsent(&error), |()| Outcome::Queued);
        together.due.iter().for_each(|due| visit.report(due, outcome.clone()));
        if !is_queued {
            return;
        }
        visit.acknowledge(&together.due).await;
        for event in &events {
            if let Err(error) = self.forget(event).await {
                // It expires.
                telemetry::cause(&error);
            }
        }
    }

    /// The webhook with the counts that were left open. Those of a channel without subscribers come after the last one left.
    async fn counted(&self, mut webhook: AppWebhook) -> Result<AppWebhook, TableError> {
        for event in &mut webhook.events {
            if let ReportedEvent::SubscriptionCount { channel, subscription_count } = event {
                *subscription_count = Some(gateway::take_count(&self.table, channel).await?);
            }
        }
        Ok(webhook)
    }

    /// Deletes a row that was kept for this event alone.
    async fn forget(&self, event: &ReportedEvent) -> Result<(), TableError> {
        match event {
            ReportedEvent::MemberRemoved { channel, user_id } => {
                gateway::forget_member(&self.table, channel, user_id).await
            }
            ReportedEvent::ChannelVacated { channel }
            | ReportedEvent::SubscriptionCount { channel, subscription_count: Some(0) } => {
                gateway::forget_channel(&self.table, channel).await
            }
            _ => Ok(()),
        }
    }
}

/// The entries in groups, in order.
fn together<'a>(entries: &[Due<'a>]) -> Vec<Together<'a>> {
    let mut groups: Vec<Together<'a>> = Vec::new();
    for due in entries {
        let Delivery::AppWebhook(webhook) = &due.entry.delivery else { continue };
        let bytes = webhook.body().len();
        match groups.last_mut().filter(|group| group.has_room(webhook, bytes)) {
            Some(group) => {
                group.webhook.time_ms = group.webhook.time_ms.max(webhook.time_ms);
                group.webhook.events.extend(webhook.events.iter().cloned());
                group.bytes += bytes;
                group.due.push(*due);
            }
            None => groups.push(Together { webhook: webhook.as_ref().clone(), bytes, due: vec![*due] }),
        }
    }
    groups
}

impl Together<'_> {
    fn has_room(&self, more: &AppWebhook, bytes: usize) -> bool {
        let (one, other) = (self.webhook.time_ms, more.time_ms);
        let apart = one.until(other).max(other.until(one));
        self.webhook.events.len() + more.events.len() <= MAX_EVENTS
            && self.bytes + bytes <= MAX_BYTES
            && apart <= MAX_APART
    }
}

/// Sends webhooks from their queue to the app's own server.
#[derive(Debug, Clone)]
pub struct WebhookSender {
    endpoint: WebhookEndpoint,
    queue: WebhookQueue,
}

impl WebhookSender {
    pub(crate) fn new(endpoint: WebhookEndpoint, queue: WebhookQueue) -> Self {
        Self { endpoint, queue }
    }

    /// Whether a batch comes from the queue of webhooks.
    #[must_use]
    pub fn takes(&self, event: &SqsEvent) -> bool {
        self.queue.is_source_of(event)
    }

    /// Sends the webhooks of a batch, side by side; returns the ids of the messages that must come back. One that has failed for five minutes
    /// becomes a dead letter.
    pub async fn from_queue(&self, event: &SqsEvent) -> Vec<String> {
        let left = join_all(event.records.iter().map(|message| self.attempt(message))).await;
        let again = event.records.iter().zip(left).filter(|(_, is_done)| !is_done);
        again.map(|(message, _)| message.message_id.clone().unwrap_or_default()).collect()
    }

    /// Returns whether the message is done with.
    async fn attempt(&self, message: &SqsMessage) -> bool {
        let Some(queued) = QueuedWebhook::read(message) else {
            telemetry::failure("a message of the queue of webhooks cannot be read".to_owned());
            return false;
        };
        let Err(error) = self.endpoint.send(&queued.webhook).await else {
            queued.log("delivered");
            return true;
        };
        telemetry::cause(&error);
        let left = GIVE_UP_AFTER.saturating_sub(queued.first_received().until(Millis::now()));
        if left.is_zero() {
            let reason = format!("for five minutes, {}", telemetry::chain(&error));
            match self.queue.dead_letter(&queued, &reason).await {
                Ok(()) => {
                    queued.log("given-up");
                    return true;
                }
                Err(error) => telemetry::cause(&error),
            }
        }
        queued.log("postponed");
        let pause = back_off(queued.received(), rand::random());
        // The last attempt is at the end of the five minutes.
        let pause = if left.is_zero() { pause } else { pause.min(left) };
        if let Err(error) = self.queue.postpone(&queued, pause).await {
            // The queue's own visibility time-out brings it back, only later.
            telemetry::cause(&error);
        }
        false
    }
}
