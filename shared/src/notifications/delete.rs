//! Deletes a notification.
//!
//! The row stays until it expires, without its text, and owes nothing but facts: a row that is removed while it owes something would
//! become dead letters.

use super::Counter;
use super::read::{count_down, is_id, unknown};
use super::row::NotificationRow;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, WriteContext};
use crate::table::{self, IMPORTED, Key, Table, Update, absent, eq, exists, retry};

/// By how many seconds clocks may differ: a deleted notification has expired by all of them.
const CLOCKS: i64 = 3600;

/// Deletes one notification, read or unread, with its pending deliveries; facts stay, because they say what was so. Deleting it twice is the same. Its texts leave the row at
/// once, and DynamoDB removes the row later, as it does those that expire: a row that is removed with an outbox becomes a dead
/// letter.
///
/// # Errors
/// 404 for a text without the form of an id, 500 when DynamoDB fails.
pub async fn delete(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    id: &str,
    now: Millis,
) -> Result<(), ApiError> {
    if !is_id(id) {
        return Err(unknown());
    }
    retry(|| async {
        let key = Key::notification(user, id);
        let Some(row) = table.get(&key, true).await? else {
            return Ok(Some(()));
        };
        let owing = Committed::of_row(&row);
        let row: NotificationRow = table::read(row)?;
        if row.expires_at <= now.seconds() {
            return Ok(Some(()));
        }
        let counter = Counter::of(table, user).await?.unwrap_or_default();
        let empty = empty(Append::instead(key, owing, [], writer, now).update(), now);
        let is_done = if row.read_at.is_some() || counter.has_read(row.n) {
            table.write(empty.when(exists("pk"))).await?.is_done()
        } else {
            let unread = empty.when(absent("read_at").and(eq("expires_at", row.expires_at)));
            table.transact([unread, count_down(user, &row)]).await?.is_done()
        };
        Ok(is_done.then_some(()))
    })
    .await
}

/// The update that leaves nothing of a notification but its number.
fn empty(update: Update, now: Millis) -> Update {
    update
        .set("message", "")
        .set("data", "{}")
        .set("expires_at", now.plus_seconds(-CLOCKS).seconds())
        .remove("title")
        .remove(IMPORTED)
}
