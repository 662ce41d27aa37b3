//! Delivering what rows owe: at once by whoever wrote them ([`Courier::inline`]), and by the function `delivery` whatever
//! was left ([`Courier::from_stream`], [`Courier::from_queue`]).
//!
//! Delivery is at least once. An event is delivered twice when a process dies between delivering and clearing.

mod attempt;
mod queue;
mod retry;
mod stream;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;

use crate::outbox::{Committed, settle};
use crate::pusher;
use crate::store::Store;
use crate::telemetry;

pub use queue::RetryQueue;
pub use stream::StreamFailure;

use attempt::Fate;

/// How long the writer itself tries to deliver. The consumer leaves rows alone that are younger.
pub const INLINE_BOUND: Duration = Duration::from_secs(2);

/// Delivers, and keeps the books.
#[derive(Debug, Clone)]
pub struct Courier {
    store: Store,
    pusher: pusher::Client,
}

impl Courier {
    /// A courier between this table and this Pusher app.
    #[must_use]
    pub fn new(store: Store, pusher: pusher::Client) -> Self {
        Self { store, pusher }
    }

    /// Delivers what has just been committed, within [`INLINE_BOUND`]. What does not arrive stays owed, and the table's
    /// stream brings it to the consumer; so this has no error, only log entries.
    pub async fn inline(self, rows: Vec<Committed>) {
        let done = async {
            let fates = attempt::all(&self.pusher, &rows).await;
            // What was refused for good is left to the consumer too, which alone may write to the dead-letter queue.
            join_all(
                rows.iter().zip(&fates).map(|(row, fates)| self.settle(row, fates, |fate| *fate == Fate::Delivered)),
            )
            .await;
        };
        if tokio::time::timeout(INLINE_BOUND, done).await.is_err() {
            telemetry::note("inlineDelivery", "timed out");
        }
    }

    async fn settle(&self, row: &Committed, fates: &[Fate], is_settled: impl Fn(&Fate) -> bool) {
        let entries = row.outbox.owed.iter().zip(fates).filter(|(_, fate)| is_settled(fate));
        let settled: HashSet<_> = entries.map(|(owed, _)| owed.id.as_str()).collect();
        if let Err(error) = settle(&self.store, row, &settled).await {
            telemetry::cause(&error);
        }
    }
}
