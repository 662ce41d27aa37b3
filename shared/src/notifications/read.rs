//! Marks notifications as read. The unread count stays right under concurrent writes.

use super::Counter;
use super::counter::LastDay;
use super::row::NotificationRow;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{self, AttributeValue, Item, Key, Table, TableError, Update, absent, eq, exists, lt, retry};

/// A notification that is marked as read.
#[derive(Debug)]
pub struct Marked {
    /// When it was first marked.
    pub read_at: Millis,
}

/// Whether a text has the form of a notification's id.
pub(super) fn is_id(id: &str) -> bool {
    matches!(id.split_once('-'), Some((n, rest))
        if n.len() == 12 && n.bytes().all(|b| b.is_ascii_digit())
        && rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

pub(super) fn unknown() -> ApiError {
    ApiError::NotFound("You have no notification of this id: it has expired or was deleted, or the id is wrong; GET /notifications lists yours".to_owned())
}

/// Marks one notification as read. One that is read already keeps its time.
///
/// # Errors
/// 404 when the user has no such notification, 500 when DynamoDB fails.
pub async fn read(table: &Table, user: &UserId, id: &str, now: Millis) -> Result<Marked, ApiError> {
    if !is_id(id) {
        return Err(unknown());
    }
    retry(|| async {
        let row = table.get(&Key::notification(user, id), true).await?.ok_or_else(unknown)?;
        let row: NotificationRow = table::read(row)?;
        if row.expires_at <= now.seconds() {
            return Err(unknown());
        }
        if let Some(read_at) = row.read_at {
            return Ok(Some(Marked { read_at }));
        }
        let counter = Counter::of(table, user).await?.unwrap_or_default();
        if let Some(read_at) = counter.read_all_at.filter(|_| row.n <= counter.read_up_to) {
            return Ok(Some(Marked { read_at }));
        }
        Ok(mark(table, user, id, &row, now).await?.then_some(Marked { read_at: now }))
    })
    .await
}

/// Marks the row and decrements the count in one transaction; returns `false` when another writer was first.
async fn mark(
    table: &Table,
    user: &UserId,
    id: &str,
    row: &NotificationRow,
    read_at: Millis,
) -> Result<bool, TableError> {
    // A row that was deleted meanwhile has expired.
    let is_unread = absent("read_at").and(eq("expires_at", row.expires_at));
    let marked = Update::new(&Key::notification(user, id)).set("read_at", read_at).when(is_unread);
    Ok(table.transact([marked, count_down(user, row)]).await?.is_done())
}

/// The write that counts an unread notification no longer, if it still counts.
pub(super) fn count_down(user: &UserId, row: &NotificationRow) -> Update {
    let day = LastDay::of(row.expires_at).name();
    Update::new(&Key::notification_counter(user))
        .add(("unread_by_day", day.clone()), -1)
        .when(absent("read_up_to").or(lt("read_up_to", row.n)))
        .when(exists(("unread_by_day", day)))
}

/// Marks all of a user's notifications as read, with one write.
pub async fn read_all(table: &Table, user: &UserId, now: Millis) -> Result<(), TableError> {
    let update = Update::new(&Key::notification_counter(user))
        .copy("read_up_to", "last")
        .set("read_all_at", now)
        .set("unread_by_day", AttributeValue::M(Item::new()))
        // A user without notifications has no row to change.
        .when(exists("pk"));
    table.write(update).await.map(drop)
}
