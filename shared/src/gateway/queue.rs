//! Events for a channel with many subscribers: each shard of it has a row with the events that wait for its subscribers.
//!
//! The shards go side by side, by invocations of their own, and each of them gets the channel's events in the order in which they were
//! queued.

use std::ops::ControlFlow::{Break, Continue};

use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, ShardFanOut, WriteContext};
use crate::table::key::SUBSCRIBER_SHARDS;
use crate::table::{Key, Table, TableError, TransactItem, retry_in_a_crowd};

/// How long the row of a shard is kept after the last event, in seconds.
const KEPT_SECONDS: i64 = 24 * 3600;

/// Queues a frame for the subscribers of its shard and of all shards after it, by one transaction. The table's stream brings the rows.
///
/// # Errors
/// [`TableError::OwesTooMuch`] while too many events wait; then nothing is written.
pub(crate) async fn queue(table: &Table, request_id: &str, first: &ShardFanOut) -> Result<(), TableError> {
    let writer = WriteContext::without_delivery(request_id);
    let shards: Vec<(Key, ShardFanOut)> = (first.shard..SUBSCRIBER_SHARDS)
        .map(|shard| (Key::channel_queue(&first.channel, shard), ShardFanOut { shard, ..first.clone() }))
        .collect();
    let (writer, shards) = (&writer, &shards);
    retry_in_a_crowd((), |()| async move {
        let now = Millis::now();
        let keys: Vec<Key> = shards.iter().map(|(key, _)| key.clone()).collect();
        let rows = table.get_many(&keys, true).await?;
        let writes = shards.iter().map(|(key, of_shard)| {
            let earlier = rows.get(key).and_then(Committed::of_row);
            let owed = [Delivery::ShardFanOut(Box::new(of_shard.clone()))];
            let append = Append::new(key.clone(), earlier, owed, writer, now)?;
            Ok(append.update().set("expires_at", now.plus_seconds(KEPT_SECONDS).seconds()).into())
        });
        let writes: Vec<TransactItem> = writes.collect::<Result<_, TableError>>()?;
        Ok(if table.transact(writes).await?.is_done() { Break(()) } else { Continue(()) })
    })
    .await
}
