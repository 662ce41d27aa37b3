//! The end of a connection: its subscriptions go, and the others in its channels hear of it.

use futures_util::stream::{self, StreamExt as _};

use super::row::{ConnectionRow, ConnectionState};
use super::subscription::{Ended, remove};
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::{Done, WriteContext};
use crate::table::{Action, Key, Table, TableError, Update, Write, absent, exists, read};

/// How long the row of a connection that has ended is kept, in milliseconds: a subscription that was being written when the connection
/// ended, by a function that was killed then, is found by it.
const REMEMBER_MILLISECONDS: i64 = 60_000;
/// Subscriptions that are removed at once.
const MAX_AT_ONCE: usize = 16;

/// Removes the subscriptions of a connection that has ended. It may be repeated, and goes on where it was cut off. The first time, the
/// connection's row stays; the keep-alive comes back for it, which is a replay. The pending rows tell others.
///
/// # Errors
/// When DynamoDB fails or others keep changing its rows.
pub async fn disconnect(
    table: &Table,
    writer: &WriteContext,
    connection: &ConnectionId,
    now: Millis,
) -> Result<Done<()>, TableError> {
    let key = Key::channel_connection(connection);
    let ended = Update::new(&key).set("ended", now).when(exists("pk").and(absent("ended")));
    let (is_replay, ended_before) = match table.write(ended).await? {
        Write::Done(_) => (false, None),
        Write::ConditionFailed(row) => (true, row.map(read::<ConnectionRow>).transpose()?.and_then(|row| row.ended)),
    };
    let channels: Vec<String> = ConnectionState::read(table, connection).await?.subscriptions.into_keys().collect();
    // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
    let removed: Vec<_> =
        channels.iter().map(|channel| remove(table, writer, Ended { connection, channel }, now)).collect();
    let removed: Vec<_> = stream::iter(removed).buffer_unordered(MAX_AT_ONCE).collect().await;
    let pending = removed.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    if ended_before.is_some_and(|then| then.0 < now.0 - REMEMBER_MILLISECONDS) {
        table.write(Action::delete(&key)).await?;
    }
    Ok(Done { result: (), is_replay, pending })
}
