//! Delivering what rows owe: at once by whoever wrote them ([`Courier::inline`]), and by the function `delivery` whatever
//! was left, or was not theirs to deliver ([`Courier::from_stream`], [`Courier::from_queue`]).
//!
//! Delivery is at least once. An event is delivered twice when a process dies between delivering and settling, and when Pusher
//! takes an event without saying so in time.
//!
//! | file | what it is |
//! |---|---|
//! | `plan` | what a visit to a row does, decided without touching anything |
//! | `stream`, `retry` | the visits: a batch of the table's stream, a batch of the retry queue |
//! | `visit` | one visit to several rows: deliver, settle, queue what is left |
//! | `pusher`, `fcm`, `socket`, `wake`, `unread`, `email` | one file per way |
//! | `email_window` | whether an e-mail goes now, later or not at all, decided without touching anything |
//! | `email_words` | what an e-mail says |
//! | `queue` | the retry queue and the dead-letter queue |

mod email;
mod email_window;
mod email_words;
mod fcm;
mod fcm_message;
mod plan;
mod pusher;
mod queue;
mod retry;
#[cfg(test)]
mod simulation;
mod socket;
mod stream;
mod unread;
mod visit;
mod wake;

use std::sync::Arc;
use std::time::Instant;

use crate::clients;
use crate::contract::time::Millis;
use crate::outbox::{Changes, Committed, INLINE_TIMEOUT, Way, settle};
use crate::settings::Settings;
use crate::table::Table;
use crate::telemetry;

pub(crate) use email::Emails;
pub(crate) use fcm::Pushes;
pub use queue::RetryQueue;
pub use stream::StreamFailure;

use plan::Fate;

/// Delivers, and settles what it delivered.
#[derive(Debug, Clone)]
pub struct Courier {
    table: Table,
    pusher: clients::pusher::Client,
    pushes: Option<Arc<dyn Pushes>>,
    emails: Option<Arc<dyn Emails>>,
    connections: Option<clients::connections::Connections>,
    settings: Option<Arc<Settings>>,
}

/// A row on a visit: the entries that are tried, and how each entry's attempt ended.
#[derive(Debug, Clone)]
struct Row {
    committed: Committed,
    due: Vec<usize>,
    fates: Vec<Fate>,
    /// Which entries' fates the row itself knows of.
    settled: Vec<bool>,
    /// The row as it was last written or read, which the next write's condition names.
    latest: Committed,
}

impl Row {
    fn new(committed: Committed, due: Vec<usize>) -> Self {
        let entries = committed.outbox.owed.len();
        let (fates, settled) = (vec![Fate::Waiting; entries], vec![false; entries]);
        Self { latest: committed.clone(), committed, due, fates, settled }
    }
}

impl Row {
    /// What is to be changed in the row after the attempts, apart from what it knows already.
    fn changes(&self) -> Changes {
        let mut changes = plan::changes(&self.committed.outbox, &self.fates);
        for (owed, settled) in self.committed.outbox.owed.iter().zip(&self.settled) {
            if *settled {
                changes.remove(&owed.id);
            }
        }
        changes
    }

    /// Notes how the entries of one way ended, which were tried on a copy of this row.
    fn take_fates(&mut self, tried: Self, way: Way) {
        for (place, fate) in tried.fates.into_iter().enumerate() {
            if self.committed.outbox.owed[place].delivery.way() == way {
                self.fates[place] = fate;
            }
        }
    }

    /// Notes that the row knows of all that was delivered by now.
    fn know_delivered(&mut self, latest: Committed) {
        for (fate, settled) in self.fates.iter().zip(&mut self.settled) {
            *settled |= matches!(fate, Fate::Delivered | Fate::Moot);
        }
        self.latest = latest;
    }
}

impl Courier {
    /// A courier between this table, this Pusher app and, where they are known, whoever sends pushes and e-mails, and API
    /// Gateway's connections.
    pub(crate) fn new(
        table: Table,
        pusher: clients::pusher::Client,
        pushes: Option<Arc<dyn Pushes>>,
        emails: Option<Arc<dyn Emails>>,
        connections: Option<clients::connections::Connections>,
    ) -> Self {
        Self { table, pusher, pushes, emails, connections, settings: None }
    }

    /// The same, which also stores notifications, as these settings say.
    pub(crate) fn notifying(self, settings: Settings) -> Self {
        Self { settings: Some(Arc::new(settings)), ..self }
    }

    /// Delivers what has just been committed and is under this writer's lease, within [`INLINE_TIMEOUT`]. What does not arrive
    /// stays owed, and the table's stream brings it to the consumer; so this has no error, only log entries.
    pub async fn inline(self, rows: Vec<Committed>) {
        let (now, deadline) = (Millis::now(), Instant::now() + INLINE_TIMEOUT);
        let leased = |row: &Committed| {
            let owed = row.outbox.owed.iter().enumerate();
            owed.filter(|(_, owed)| owed.lease.is_some_and(|until| until > now)).map(|(place, _)| place).collect()
        };
        let mut rows: Vec<_> = rows.into_iter().map(|row| Row::new(row.clone(), leased(&row))).collect();
        let mut for_sockets = rows.clone();
        // A row that owes both ways is settled once, when both are done.
        let courier = &self;
        let settle =
            |row: Row| async move { if owes_sockets(&row) { None } else { courier.settle_delivered(row).await } };
        // What was refused for good is left to the consumer too, which alone may write to the dead-letter queue.
        let to_pusher = pusher::deliver(&self.pusher, &mut rows, false, deadline, settle);
        let to_sockets = socket::deliver(courier, &mut for_sockets, deadline);
        let (to_pusher, to_sockets) = futures_util::join!(
            tokio::time::timeout(INLINE_TIMEOUT, to_pusher),
            tokio::time::timeout(INLINE_TIMEOUT, to_sockets)
        );
        if to_pusher.is_err() || to_sockets.is_err() {
            telemetry::note("inlineDelivery", "timed out");
        }
        for (row, of_sockets) in rows.iter_mut().zip(for_sockets) {
            row.take_fates(of_sockets, Way::Socket);
        }
        let mixed = rows.iter().filter(|row| owes_sockets(row));
        futures_util::future::join_all(mixed.map(|row| courier.settle_delivered(row.clone()))).await;
        visit::report(&rows);
    }

    /// Takes what was delivered out of a row; returns the row as it is then. What does not work is logged; it is delivered once
    /// more.
    async fn settle_delivered(&self, row: Row) -> Option<Committed> {
        let mut changes = row.changes();
        changes.retain(|_, left| left.is_none());
        if changes.is_empty() {
            return None;
        }
        let settled = settle(&self.table, &row.latest, &changes, |rest| rest.queue.clone()).await;
        match settled {
            Ok(rest) => Some(Committed::new(row.committed.key, rest)),
            Err(error) => {
                telemetry::cause(&error);
                None
            }
        }
    }
}

/// Whether any of what is due goes to sockets.
fn owes_sockets(row: &Row) -> bool {
    row.due.iter().any(|place| row.committed.outbox.owed[*place].delivery.way() == Way::Socket)
}
