//! Webhooks, where Carillon itself serves Pusher's clients: rooms learn who came and left, without a request.

use futures_util::future::BoxFuture;

use super::{Due, Outcome, Transport, Visit};
use crate::clients::pusher::{MEMBER_REMOVED, Webhook};
use crate::gateway;
use crate::outbox::{ChannelWebhook, Delivery, TransportName, WriteContext};
use crate::rooms;
use crate::settings::FactsWanted;
use crate::table::Table;
use crate::telemetry;

/// Observes members of rooms.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub table: Table,
    pub facts: FactsWanted,
}

impl Transport for Webhooks {
    fn name(&self) -> TransportName {
        TransportName::Webhook
    }

    /// One after the other: a member who left comes after the same member who came.
    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for due in &entries {
                let Delivery::Webhook(webhook) = &due.entry.delivery else { continue };
                let request = due.entry.request_id.as_deref().unwrap_or_default();
                visit.report(due, self.observe(request, webhook).await);
                visit.acknowledge(std::slice::from_ref(due)).await;
                if webhook.event.name == MEMBER_REMOVED
                    && let Some(member) = webhook.event.user_id.as_deref()
                    && let Err(error) = gateway::forget_member(&self.table, &webhook.event.channel, member).await
                {
                    // It expires.
                    telemetry::cause(&error);
                }
            }
        })
    }
}

impl Webhooks {
    async fn observe(&self, request: &str, webhook: &ChannelWebhook) -> Outcome {
        let writer = WriteContext::of_consumer(request, self.facts);
        let webhook = Webhook { time_ms: webhook.time_ms.0, events: vec![webhook.event.clone()].into() };
        // The stream brings the rooms' own entries.
        match rooms::webhook::observe(&self.table, &writer, webhook).await.failure {
            None => Outcome::Delivered,
            Some(error) => Outcome::unsent(&error),
        }
    }
}
