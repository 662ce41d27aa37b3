//! When each connection of Socket.IO was last heard of. Its pongs and acknowledgements say that its client is there. Its events
//! are not noted, which would be one more write: a client that asks for something answers pings as well.
//!
//! The rows are apart from the connections' own, in a few partitions by the connection's id, so that a pong is one write without a
//! read, and a heartbeat reads them all with a few queries. A connection's first pong or acknowledgement makes its row, after its
//! connection was found: nobody makes rows who has not signed in. A row goes with its connection.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use super::admit::{self, Admission, CONTROL, CountedIn};
use crate::contract::sockets::{ConnectionId, Framing};
use crate::contract::time::Millis;
use crate::table::key::{SOCKET_SHARDS, heard_shard};
use crate::table::{Action, Item, Key, Query, Table, TableError, Update, gt, text};

/// How long a row is kept, in seconds, if nobody deletes it: longer than any interval of the heartbeat.
const KEEP_SECONDS: i64 = 3600;
/// A connection counts as heard of for so many seconds after it was made.
const OPENING_SECONDS: i64 = 10;

/// As [`control`], of a connection that was heard of before: one write without a read. `None`, and no write, where it was not.
///
/// # Errors
/// As `admit::count`.
pub async fn pong(table: &Table, connection: &ConnectionId, now: Millis) -> Result<Option<Admission>, TableError> {
    admit::count_if_there(table, &Key::heard(connection), &CONTROL, CountedIn::Heard, now).await
}

/// Counts a frame that asks for nothing, and notes that its connection, which has signed in, was heard of.
///
/// # Errors
/// As `admit::count`.
pub async fn control(
    table: &Table,
    connection: &ConnectionId,
    framing: Framing,
    now: Millis,
) -> Result<Admission, TableError> {
    match framing {
        Framing::SocketIo => admit::count(table, &Key::heard(connection), &CONTROL, CountedIn::Heard, now).await,
        // Plain JSON has no pings that a client must answer.
        Framing::Json => {
            let key = Key::socket_limit(connection, CONTROL.name);
            admit::count(table, &key, &CONTROL, CountedIn::Limit, now).await
        }
    }
}

/// Notes that a connection which was made at `since` was heard of.
pub async fn note(table: &Table, connection: &ConnectionId, since: Millis, now: Millis) -> Result<(), TableError> {
    if now < since.plus_seconds(OPENING_SECONDS) {
        return Ok(());
    }
    let expires_at = now.plus_seconds(KEEP_SECONDS).seconds();
    let update = Update::new(&Key::heard(connection)).set("heard", now).set("expires_at", expires_at);
    table.write(update).await.map(drop)
}

/// The write that removes what is known of a connection.
pub(super) fn forget(connection: &ConnectionId) -> Action {
    Action::delete(&Key::heard(connection))
}

/// When each connection was last heard of, where that is known.
pub(super) async fn all(table: &Table, now: Millis) -> Result<HashMap<String, Millis>, TableError> {
    // DynamoDB deletes expired rows some time later.
    let live = |shard| Query::new(heard_shard(shard)).filter(gt("expires_at", now.seconds()));
    let shard = |shard| table.query_all(live(shard).project(&["sk", "heard"]));
    let shards = try_join_all((0..SOCKET_SHARDS).map(shard)).await?;
    Ok(shards.into_iter().flatten().filter_map(|row| Some((text(row.get("sk")?)?.to_owned(), heard(&row)?))).collect())
}

fn heard(row: &Item) -> Option<Millis> {
    row.get("heard")?.as_n().ok()?.parse().ok().map(Millis)
}

/// Whether a connection that was made at `connected` is old enough to have been heard of at `then` or later.
pub(super) fn is_due(connected: Millis, then: Millis) -> bool {
    connected.plus_seconds(OPENING_SECONDS) < then
}

/// Whether a connection was heard of at this time or later. `known` is what [`all`] said some time ago; where that is not enough,
/// its row is read.
pub(super) async fn is_since(
    table: &Table,
    connection: &ConnectionId,
    known: Option<Millis>,
    then: Millis,
) -> Result<bool, TableError> {
    if known.is_some_and(|heard| heard >= then) {
        return Ok(true);
    }
    let row = table.get(&Key::heard(connection), true).await?;
    Ok(row.as_ref().and_then(heard).is_some_and(|heard| heard >= then))
}
