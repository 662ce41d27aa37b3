//! A connection of a client of Pusher opens, and a user signs in on it.

use super::row::ConnectionRow;
use crate::contract::id::UserId;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::table::{Action, Key, Table, TableError, Update, absent, eq, exists, item, read};

/// A client that hears nothing for so many seconds pings. Clients take the smaller of this and their own, 120 in pusher-js.
pub(super) const ACTIVITY_SECONDS: u32 = 120;

/// Keeps a connection that has just come.
///
/// # Errors
/// When DynamoDB fails.
pub async fn open(table: &Table, connection: &ConnectionId, since: Millis) -> Result<(), TableError> {
    let row = item(&Key::channel_connection(connection), &ConnectionRow::new(connection, since))?;
    table.write(Action::put(row)).await.map(drop)
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
