//! An event for a channel with many subscribers is divided: each shard of them gets a row that owes the event to this shard alone. The table's
//! stream brings the rows to several invocations, so the shards go side by side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Serialize;

use crate::contract::time::Millis;
use crate::outbox::{Committed, Delivery, Entry, Outbox, ShardFanOut, WriteContext};
use crate::table::key::SUBSCRIBER_SHARDS;
use crate::table::{Action, Item, Key, Table, TableError};
use crate::telemetry;

/// How long the row of a shard is kept, in seconds. As long as it is there, the event is not divided a second time.
const KEPT_SECONDS: i64 = 24 * 3600;
/// The pause between two looks whether the shards have got their events.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct ShardRow {
    expires_at: i64,
}

/// The cause of the rows of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Divided<'a> {
    /// Names the entry that is divided, among all rows, and its channel.
    pub(crate) id: &'a str,
    pub(crate) request_id: &'a str,
}

/// Writes a row for this shard and for each one after it, and notes it in `rows`. A row that is there already, from an attempt that was cut
/// off, stays as it is.
///
/// # Errors
/// When DynamoDB fails. It may be repeated.
pub(crate) async fn divide(
    table: &Table,
    of: Divided<'_>,
    first: &ShardFanOut,
    rows: &DividedRows,
) -> Result<(), TableError> {
    let (now, writer) = (Millis::now(), WriteContext::without_delivery(of.request_id));
    let row = ShardRow { expires_at: now.plus_seconds(KEPT_SECONDS).seconds() };
    let puts = (first.shard..SUBSCRIBER_SHARDS).map(|shard| {
        let owed = Delivery::ShardFanOut(Box::new(ShardFanOut { shard, ..first.clone() }));
        let committed = Committed::new(Key::shard_fan_out(of.id, shard), Outbox::new([owed], &writer, now));
        Ok(Action::put_new(committed.item(&row)?, now))
    });
    let puts: Vec<Action> = puts.collect::<Result<_, TableError>>()?;
    let written = join_all(puts.into_iter().map(|put| table.write(put))).await;
    rows.keys().extend((first.shard..SUBSCRIBER_SHARDS).map(|shard| Key::shard_fan_out(of.id, shard)));
    written.into_iter().try_for_each(|write| write.map(drop))
}

/// The rows of the shards among which events were divided: their writer waits for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct DividedRows(Arc<Mutex<Vec<Key>>>);

impl DividedRows {
    fn keys(&self) -> MutexGuard<'_, Vec<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all pages of these shards are sent, or until `deadline`. The rows owe the events either way.
    pub(crate) async fn sent(&self, table: &Table, deadline: Instant) {
        let mut left = std::mem::take(&mut *self.keys());
        while !left.is_empty() && Instant::now() + PAUSE < deadline {
            tokio::time::sleep(PAUSE).await;
            match tokio::time::timeout_at(deadline.into(), table.get_many(&left, true)).await {
                Ok(Ok(rows)) => left.retain(|key| rows.get(key).is_some_and(has_pages_left)),
                Ok(Err(error)) => return telemetry::cause(&error),
                Err(_) => return,
            }
        }
    }
}

/// Connections that could not be reached at once hold up no other.
fn has_pages_left(row: &Item) -> bool {
    let has_left = |entry: &Entry| entry.fan_out.as_ref().is_none_or(|so_far| so_far.next.is_some());
    Committed::of_row(row).is_some_and(|row| row.outbox.entries.iter().any(has_left))
}
