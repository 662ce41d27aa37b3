//! Webhooks that a write owes, if the app wants them.

use super::{Delivery, WriteContext};
use crate::clients::pusher::{AppWebhook, ReportedEvent};
use crate::contract::time::Millis;

impl Delivery {
    /// The webhook of an event, if the app wants those of its type.
    pub(crate) fn report(event: ReportedEvent, writer: &WriteContext, at: Millis) -> Option<Self> {
        let is_wanted = writer.webhooks.contains(event.webhook());
        is_wanted.then(|| Self::AppWebhook(Box::new(AppWebhook::of(event, at))))
    }
}
