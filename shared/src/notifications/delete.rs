//! Deletes a notification.
//!
//! The row stays until it expires, without its text and without an outbox: a row that is removed while it owes something would
//! become dead letters.

use super::Counter;
use super::read::{count_down, is_id, unknown};
use super::row::NotificationRow;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox;
use crate::problem::Problem;
use crate::table::{self, Action, Backoff, Key, Table, Transaction, Write, number, string};

/// By how many seconds clocks may differ: a deleted notification has expired by all of them.
const CLOCKS: i64 = 3600;

/// Deletes one notification, read or unread, and what of it is not yet delivered. One that is deleted, or has expired, already
/// stays so. What it says leaves the row at once, and DynamoDB removes the row later, as it does those that expire: a row that
/// was removed while it owed something would be a dead letter.
///
/// # Errors
/// 404 for what is no notification's id, 500 when DynamoDB fails.
pub async fn delete(table: &Table, user: &UserId, id: &str, now: Millis) -> Result<(), Problem> {
    if !is_id(id) {
        return Err(unknown());
    }
    let mut backoff = Backoff::new();
    loop {
        let Some(row) = table.get(&Key::notification(user, id), true).await? else {
            return Ok(());
        };
        let row: NotificationRow = table::read(row)?;
        if row.expires_at <= now.seconds() {
            return Ok(());
        }
        let counter = Counter::of(table, user).await?.unwrap_or_default();
        let empty = empty(user, id, now);
        let is_done = if row.read_at.is_some() || row.n <= counter.read_up_to {
            matches!(table.write(empty.condition("attribute_exists(pk)")).await?, Write::Done(_))
        } else {
            let unread = empty
                .condition("attribute_exists(pk) AND attribute_not_exists(read_at) AND expires_at = :expires")
                .value(":expires", number(row.expires_at));
            table.transact([unread, count_down(user, &row)]).await? == Transaction::Done
        };
        if is_done {
            return Ok(());
        }
        backoff.wait().await?;
    }
}

/// The update that leaves nothing of a notification but its number.
fn empty(user: &UserId, id: &str, now: Millis) -> Action {
    let expression = "SET message = :nothing, #data = :none, expires_at = :gone REMOVE title, #outbox";
    Action::update(&Key::notification(user, id), expression)
        .name("#data", "data")
        .name("#outbox", outbox::ATTRIBUTE)
        .value(":nothing", string(""))
        .value(":none", string("{}"))
        .value(":gone", number(now.plus_seconds(-CLOCKS).seconds()))
}
