//! A connection of a client of Pusher opens, and a user signs in on it.

use super::row::ConnectionRow;
use crate::contract::id::UserId;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::table::{Action, Key, Table, TableError, Update, absent, eq, exists, item, read};

/// A client that hears nothing for so many seconds pings. Clients take the smaller of this and their own, 120 in pusher-js.
pub(super) const ACTIVITY_SECONDS: u32 = 120;

/// The end of a refused connection, long ago, so that `$disconnect` removes its row.
const REFUSED: Millis = Millis::epoch();

/// Keeps a connection that has just come.
///
/// # Errors
/// When DynamoDB fails.
pub async fn open(table: &Table, connection: &ConnectionId, since: Millis) -> Result<(), TableError> {
    let row = item(&Key::channel_connection(connection), &ConnectionRow::new(connection, since))?;
    table.write(Action::put(row)).await.map(drop)
}

/// Keeps a connection that is refused, until it ends. It counts as ended, so it gets no subscription.
///
/// # Errors
/// When DynamoDB fails.
pub async fn open_refused(table: &Table, connection: &ConnectionId, since: Millis) -> Result<(), TableError> {
    let mut refused = ConnectionRow::new(connection, since);
    refused.ended = Some(REFUSED);
    table.write(Action::put(item(&Key::channel_connection(connection), &refused)?)).await.map(drop)
}

/// Whether a client may still be there: nobody has noticed that its connection ended.
pub(super) async fn may_be_there(table: &Table, connection: &ConnectionId) -> Result<bool, TableError> {
    let row = table.get(&Key::channel_connection(connection), true).await?.map(read::<ConnectionRow>).transpose()?;
    Ok(row.is_some_and(|row| row.ended.is_none_or(|ended| ended == REFUSED)))
}

/// A connection, unless it has ended, by a consistent read.
pub(super) async fn find(table: &Table, connection: &ConnectionId) -> Result<Option<ConnectionRow>, TableError> {
    let row = table.get(&Key::channel_connection(connection), true).await?;
    Ok(row.map(read::<ConnectionRow>).transpose()?.filter(|row| row.ended.is_none()))
}

/// Notes who signed in, and what presence channels show of the user. Returns whether it is noted: not where somebody else has signed in
/// before, or the connection has ended.
pub(super) async fn sign_in(
    table: &Table,
    connection: &ConnectionId,
    user: &UserId,
    info: &str,
) -> Result<bool, TableError> {
    let update = Update::new(&Key::channel_connection(connection)).set("user", user).set("user_info", info);
    let update = update.when(exists("pk").and(absent("ended")).and(absent("user").or(eq("user", user))));
    Ok(table.write(update).await?.is_done())
}
