//! Notifications of a change, beside its event: its receiver may be away.
//!
//! The notification has a row, and that row owes its own events and pushes. So a visit to the change only creates it, once for the change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::unread::of_notification;
use super::{Due, Outcome, Transport, Visit};
use crate::contract::time::Millis;
use crate::notifications::{self, OfChange};
use crate::outbox::{Delivery, Notify, TransportName};
use crate::settings::Settings;
use crate::table::{Key, Table, TableError, text};

/// How long after a change its sender may still be without a profile, which is written after the response to their first request. A
/// function has ten seconds. If it was killed before that, nobody is notified.
const FIRST_PROFILE: Duration = Duration::from_secs(30);
/// Notifications that are created at once.
const MAX_AT_ONCE: usize = 8;

/// Creates notifications.
#[derive(Debug)]
pub(crate) struct Notifications {
    pub table: Table,
    pub settings: Arc<Settings>,
}

impl Transport for Notifications {
    fn name(&self) -> TransportName {
        TransportName::Notification
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let attempts: Vec<_> = entries.iter().map(|due| self.attempt(due, visit)).collect();
            stream::iter(attempts).buffer_unordered(MAX_AT_ONCE).collect().await
        })
    }
}

impl Notifications {
    async fn attempt(&self, due: &Due<'_>, visit: &Visit) {
        let Delivery::Notify { notify } = &due.entry.delivery else { return };
        if Instant::now() >= visit.deadline {
            return;
        }
        let outcome = match self.is_so(visit.key(due), notify).await {
            Ok(true) => match notifications::create_of_change(&self.table, &self.settings, notify).await {
                Ok(OfChange::SenderUnknown) if due.entry.at.until(Millis::now()) < FIRST_PROFILE => Outcome::UNSENT,
                created => of_notification(created.map(|created| created == OfChange::Created)),
            },
            Ok(false) => Outcome::Skipped,
            Err(error) => Outcome::unsent(&error),
        };
        visit.report(due, outcome);
    }

    /// Whether the row that owes it has the state still that it is about.
    async fn is_so(&self, row: &Key, notify: &Notify) -> Result<bool, TableError> {
        let Some(state) = &notify.while_state else { return Ok(true) };
        let row = self.table.get(row, true).await?;
        Ok(row.is_some_and(|row| row.get("state").and_then(text) == Some(state)))
    }
}
