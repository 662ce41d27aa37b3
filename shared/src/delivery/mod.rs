//! Delivering what rows owe: at once by whoever wrote them ([`Courier::inline`]), and by the function `delivery` whatever
//! was left, or was not theirs to deliver ([`Courier::from_stream`], [`Courier::from_queue`]).
//!
//! Delivery is at least once. An event is delivered twice when a process dies between delivering and clearing.

mod attempt;
mod fcm;
mod fcm_message;
mod pusher;
mod queue;
mod retry;
mod settle;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::clients;
use crate::outbox::{Committed, Settlement, settle};
use crate::table::Table;
use crate::telemetry;

pub(crate) use fcm::Pushes;
pub use queue::RetryQueue;
pub use stream::StreamFailure;

use attempt::Fate;

/// How long the writer itself tries to deliver. The consumer leaves rows alone that are younger.
pub const INLINE_BOUND: Duration = Duration::from_secs(2);

/// Delivers, and keeps the books.
#[derive(Debug, Clone)]
pub struct Courier {
    table: Table,
    pusher: clients::pusher::Client,
    pushes: Option<Arc<dyn Pushes>>,
}

impl Courier {
    /// A courier between this table, this Pusher app and, where pushes are sent, whoever sends them.
    pub(crate) fn new(table: Table, pusher: clients::pusher::Client, pushes: Option<Arc<dyn Pushes>>) -> Self {
        Self { table, pusher, pushes }
    }

    /// Delivers what has just been committed and is immediate, within [`INLINE_BOUND`]. What does not arrive stays owed, and
    /// the table's stream brings it to the consumer; so this has no error, only log entries.
    pub async fn inline(self, rows: Vec<Committed>) {
        let done = async {
            let fates = attempt::all(&self, &rows, |_, owed| owed.delivery.is_immediate()).await;
            // What was refused for good is left to the consumer too, which alone may write to the dead-letter queue.
            join_all(rows.iter().zip(&fates).map(|(row, fates)| self.clear(row, fates))).await;
        };
        if tokio::time::timeout(INLINE_BOUND, done).await.is_err() {
            telemetry::note("inlineDelivery", "timed out");
        }
    }

    async fn clear(&self, row: &Committed, fates: &[Fate]) {
        let delivered = row.outbox.owed.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Delivered);
        let settlement: Settlement<'_> = delivered.map(|(owed, _)| (owed.id.as_str(), None)).collect();
        if let Err(error) = settle(&self.table, row, &settlement).await {
            telemetry::cause(&error);
        }
    }
}
