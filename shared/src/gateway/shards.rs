//! An event for a channel with many subscribers is divided: each shard of them gets a row that owes the event to this shard alone. The table's
//! stream brings the rows to several invocations, so the shards go side by side.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Serialize;

use crate::contract::time::Millis;
use crate::outbox::{ATTRIBUTE, Committed, Delivery, Outbox, ShardFanOut, WriteContext};
use crate::table::key::SUBSCRIBER_SHARDS;
use crate::table::{Action, Key, Table, TableError};
use crate::telemetry;

/// How long the row of a shard is kept, in seconds. As long as it is there, the event is not divided a second time.
const KEPT_SECONDS: i64 = 24 * 3600;
/// The pause between two looks whether the shards have got an event.
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

/// Writes a row for this shard and for each one after it. A row that is there already, from an attempt that was cut off, stays as it is.
///
/// # Errors
/// When DynamoDB fails. It may be repeated.
pub(crate) async fn divide(table: &Table, of: Divided<'_>, first: &ShardFanOut) -> Result<(), TableError> {
    let (now, writer) = (Millis::now(), WriteContext::without_delivery(of.request_id));
    let row = ShardRow { expires_at: now.plus_seconds(KEPT_SECONDS).seconds() };
    let puts = (first.shard..SUBSCRIBER_SHARDS).map(|shard| {
        let owed = Delivery::ShardFanOut(Box::new(ShardFanOut { shard, ..first.clone() }));
        let committed = Committed::new(Key::shard_fan_out(of.id, shard), Outbox::new([owed], &writer, now));
        Ok(Action::put_new(committed.item(&row)?, now))
    });
    let puts: Vec<Action> = puts.collect::<Result<_, TableError>>()?;
    let written = join_all(puts.into_iter().map(|put| table.write(put))).await;
    written.into_iter().try_for_each(|write| write.map(drop))
}

/// Waits until this shard and each one after it have got a divided event, or until `deadline`. The rows owe it either way.
pub(crate) async fn delivered(table: &Table, of: Divided<'_>, first: &ShardFanOut, deadline: Instant) {
    let mut left: Vec<Key> = (first.shard..SUBSCRIBER_SHARDS).map(|shard| Key::shard_fan_out(of.id, shard)).collect();
    while Instant::now() + PAUSE < deadline {
        tokio::time::sleep(PAUSE).await;
        match table.get_many(&left, true).await {
            Ok(rows) => left.retain(|key| rows.get(key).is_some_and(|row| row.contains_key(ATTRIBUTE))),
            Err(error) => return telemetry::cause(&error),
        }
        if left.is_empty() {
            return;
        }
    }
}
