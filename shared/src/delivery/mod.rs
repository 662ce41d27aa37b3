//! Event delivery: by the writer right after its response ([`Dispatcher::inline`]), and by the function `delivery` whatever is left
//! or is not the writer's ([`Dispatcher::from_stream`], [`Dispatcher::from_queue`]).
//!
//! Delivery is at least once. An event is delivered twice when a process dies between delivering and acknowledging, and when
//! Pusher takes an event without confirming it in time.
//!
//! | file | what it is |
//! |---|---|
//! | `plan` | which entries are due and what is left after a visit: pure functions |
//! | `stream`, `retry` | what brings the consumer to rows: a batch of the table's stream, a batch of the retry queue |
//! | `visit` | one visit to several rows: attempts, outcomes, acknowledgements |
//! | `transport`, `outcome` | the trait of all transports, and how their attempts end |
//! | `pusher`, `subscribers`, `webhook`, `app_webhook`, `fcm`, `fact`, `files`, `socket`, `unread`, `notification` | one file per transport; those of leases and hotels are with them |
//! | `fan_out` | the attempt of `subscribers` at one entry |
//! | `queue`, `webhook_queue` | the retry queue and the dead-letter queue; the queue on which the app's webhooks wait |

mod app_webhook;
mod fact;
mod fan_out;
mod fcm;
mod files;
mod notification;
mod outcome;
mod plan;
mod pusher;
mod queue;
mod retry;
#[cfg(test)]
mod simulation;
mod socket;
mod stream;
mod subscribers;
mod transport;
mod unread;
mod visit;
mod webhook;
mod webhook_queue;

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;

use crate::contract::time::Millis;
use crate::outbox::{Committed, INLINE_TIMEOUT, LEASE_MARGIN, TransportName};
use crate::table::Table;
use crate::telemetry;

pub(crate) use app_webhook::AppWebhooks;
pub use app_webhook::WebhookSender;
pub(crate) use fact::Facts;
pub(crate) use fcm::Pushes;
pub(crate) use files::Files;
pub(crate) use notification::Notifications;
pub use outcome::Outcome;
pub(crate) use pusher::Pusher;
pub use queue::RetryQueue;
pub(crate) use socket::Sockets;
pub use stream::{StreamFailure, whole};
pub(crate) use subscribers::Subscribers;
pub use transport::Transport;
pub(crate) use transport::TurnedOff;
pub(crate) use unread::UnreadMessages;
pub use visit::{Due, Visit};
pub(crate) use webhook::Webhooks;
pub(crate) use webhook_queue::WebhookQueue;

use visit::Row;

/// Gives due entries to their transports, and acknowledges what was delivered.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    table: Table,
    transports: Vec<Arc<dyn Transport>>,
}

impl Dispatcher {
    /// Entries of a transport that is not among these wait.
    pub(crate) fn new(table: Table, transports: Vec<Arc<dyn Transport>>) -> Self {
        Self { table, transports }
    }

    /// Delivers what has just been committed and is under this writer's lease, within [`INLINE_TIMEOUT`]. The table's stream brings
    /// the rest to the consumer; so this has no error, only log entries. The consumer also gets the entries that a transport refuses
    /// for good: it alone may write to the dead-letter queue.
    pub async fn inline(self, rows: Vec<Committed>) {
        let (now, begun) = (Millis::now(), Instant::now());
        // One that ends so soon is left to the consumer.
        let is_ours = |until: Millis| now.until(until) > LEASE_MARGIN;
        let leased = |row: &Committed| {
            let entries = row.outbox.entries.iter().enumerate();
            entries.filter(|(_, entry)| entry.lease.is_some_and(is_ours)).map(|(place, _)| place).collect()
        };
        // The work before this may have used up some of the lease.
        let leases = rows.iter().flat_map(|row| &row.outbox.entries).filter_map(|entry| entry.lease);
        let left = leases
            .filter(|until| is_ours(*until))
            .min()
            .map_or(INLINE_TIMEOUT, |until| now.until(until).saturating_sub(LEASE_MARGIN));
        let deadline = begun + INLINE_TIMEOUT.min(left);
        let rows = rows.into_iter().map(|row| Row::new(leased(&row), row)).collect();
        let visit = Visit::of_writer(&self.table, rows, deadline);
        let sent =
            self.transports.iter().map(|transport| tokio::time::timeout_at(deadline.into(), send(transport, &visit)));
        if join_all(sent).await.iter().any(Result::is_err) {
            telemetry::note("inlineDelivery", "timed out");
        }
        visit.acknowledge_all().await;
        visit.log();
    }

    /// Tries the due entries of a consumer's visit, all transports side by side: an outage of one delays no other. An entry
    /// that a transport refuses for good becomes a dead letter.
    async fn attempt(&self, visit: &Visit, retry: &RetryQueue) {
        join_all(self.transports.iter().map(|transport| send(transport, visit))).await;
        for due in visit.entries(TransportName::None) {
            visit.report(&due, Outcome::Failed("the outbox cannot be read".to_owned()));
        }
        visit.log();
        visit.dead_letter(retry).await;
    }
}

async fn send(transport: &Arc<dyn Transport>, visit: &Visit) {
    let entries = visit.entries(transport.name());
    if !entries.is_empty() {
        transport.send(entries, visit).await;
    }
}
