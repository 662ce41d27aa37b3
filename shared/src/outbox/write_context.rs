//! The context of a write: its request, and whether this process delivers right after its response.

use std::time::Duration;

use super::{Delivery, TransportName};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::settings::{FactsWanted, NotificationsOf, WebhookTypes};

/// How long the writer itself tries to deliver.
pub const INLINE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a lease is longer than that: the writer's clock and the consumer's may differ, and an acknowledgement takes a write.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_secs(1);

/// The writer of a row.
#[derive(Debug, Clone)]
pub struct WriteContext {
    /// The id of the request that the write is for. Every log line about its deliveries names it.
    pub request_id: String,
    /// Whether this process delivers what goes to Pusher, once it has responded.
    pub delivers: bool,
    /// Whether it delivers what goes to WebSockets.
    pub posts: bool,
    /// The webhooks that the app wants of changes in its channels.
    pub webhooks: WebhookTypes,
    /// Whether the subscribers of channels get their number.
    pub counts: bool,
    /// The changes that their receiver gets a notification about.
    pub notifications_of: NotificationsOf,
    /// The changes that other systems hear of.
    pub facts: FactsWanted,
    /// The back end that sent the request for its user, by the id in its token.
    pub service: Option<UserId>,
}

impl WriteContext {
    /// A writer that delivers nothing itself: all is left to the stream's consumer.
    #[must_use]
    pub fn without_delivery(request_id: &str) -> Self {
        Self {
            request_id: request_id.to_owned(),
            delivers: false,
            posts: false,
            webhooks: WebhookTypes::default(),
            counts: false,
            notifications_of: NotificationsOf::default(),
            facts: FactsWanted::default(),
            service: None,
        }
    }

    /// As [`WriteContext::without_delivery`], with these facts.
    pub(crate) fn of_consumer(request_id: &str, facts: FactsWanted) -> Self {
        Self { facts, ..Self::without_delivery(request_id) }
    }

    /// The delivery as its row owes it; `None` for a fact that nobody asked for.
    pub(super) fn owed(&self, delivery: Delivery) -> Option<Delivery> {
        match delivery {
            Delivery::Fact { fact, service } => {
                let fact = Box::new(self.facts.of(*fact)?);
                Some(Delivery::Fact { fact, service: service.or_else(|| self.service.clone()) })
            }
            other => Some(other),
        }
    }

    /// The same, which leaves all that it writes to the stream's consumer.
    pub(crate) fn left_to_consumer(&self) -> Self {
        Self { delivers: false, posts: false, ..self.clone() }
    }

    /// Whether this process delivers it right after its response.
    pub(super) fn delivers_itself(&self, delivery: &Delivery) -> bool {
        match delivery.transport() {
            TransportName::Pusher => self.delivers,
            TransportName::Socket => self.posts,
            _ => false,
        }
    }

    /// Until when a delivery that is committed now is its writer's alone, where the writer delivers it.
    pub(super) fn lease(now: Millis) -> Millis {
        now.plus_seconds((INLINE_TIMEOUT + LEASE_MARGIN).as_secs().cast_signed())
    }
}
