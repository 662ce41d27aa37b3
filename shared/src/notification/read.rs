//! Marking notifications as read, so that the unread count stays true whatever happens at once.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;

use super::Counter;
use super::counter::LastDay;
use crate::http::Problem;
use crate::id::UserId;
use crate::key::{Item, Key, number};
use crate::store::{Store, StoreError, Transaction};
use crate::time::Millis;
use crate::tries::Tries;

/// A notification that is read.
#[derive(Debug)]
pub struct Marked {
    /// Since when.
    pub read_at: Millis,
}

#[derive(Deserialize)]
struct Row {
    n: i64,
    read_at: Option<Millis>,
    expires_at: i64,
}

/// Whether a text has the form of a notification's id.
pub(super) fn is_id(id: &str) -> bool {
    matches!(id.split_once('-'), Some((n, rest))
        if n.len() == 12 && n.bytes().all(|b| b.is_ascii_digit())
        && rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Marks one notification as read; one that already is keeps its time.
///
/// # Errors
/// 404 when the user has no such notification, 500 when DynamoDB fails.
pub async fn read(store: &Store, user: &UserId, id: &str, now: Millis) -> Result<Marked, Problem> {
    let unknown = || Problem::NotFound("You have no notification of this id".to_owned());
    if !is_id(id) {
        return Err(unknown());
    }
    let mut tries = Tries::new();
    loop {
        let row = store.get(&Key::notification(user, id), true).await?.ok_or_else(unknown)?;
        let row: Row = crate::store::read(row)?;
        if row.expires_at <= now.seconds() {
            return Err(unknown());
        }
        if let Some(read_at) = row.read_at {
            return Ok(Marked { read_at });
        }
        let counter = Counter::of(store, user).await?.unwrap_or_default();
        if let Some(read_at) = counter.read_all_at.filter(|_| row.n <= counter.read_up_to) {
            return Ok(Marked { read_at });
        }
        if mark(store, user, id, &row, now).await? {
            return Ok(Marked { read_at: now });
        }
        tries.again().await?;
    }
}

/// Marks the row and counts down, both or neither; answers `false` when somebody else was first.
async fn mark(store: &Store, user: &UserId, id: &str, row: &Row, read_at: Millis) -> Result<bool, StoreError> {
    let marked = Update::builder()
        .table_name(store.table())
        .set_key(Some(Key::notification(user, id).item()))
        .update_expression("SET read_at = :now")
        .condition_expression("attribute_exists(pk) AND attribute_not_exists(read_at)")
        .expression_attribute_values(":now", number(read_at.0));
    let counter = Update::builder()
        .table_name(store.table())
        .set_key(Some(Key::notification_counter(user).item()))
        .update_expression("SET unread_by_day.#day = unread_by_day.#day - :one")
        .condition_expression(
            "(attribute_not_exists(read_up_to) OR read_up_to < :n) AND attribute_exists(unread_by_day.#day)",
        )
        .expression_attribute_names("#day", LastDay::of(row.expires_at).name())
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":n", number(row.n));
    let mut writes = Vec::new();
    for update in [marked.build(), counter.build()] {
        let update = update.map_err(StoreError::dynamodb)?;
        writes.push(TransactWriteItem::builder().update(update).build());
    }
    Ok(store.transact(writes).await? == Transaction::Done)
}

/// Marks all of a user's notifications as read: one write, however many they are.
///
/// # Errors
/// When DynamoDB fails.
pub async fn read_all(store: &Store, user: &UserId, now: Millis) -> Result<(), StoreError> {
    let update = store
        .update(&Key::notification_counter(user))
        .update_expression("SET read_up_to = #last, read_all_at = :now, unread_by_day = :none")
        // A user who never got a notification has nothing to mark.
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_names("#last", "last")
        .expression_attribute_values(":now", number(now.0))
        .expression_attribute_values(":none", AttributeValue::M(Item::new()));
    crate::store::conditionally(update).await.map(drop)
}
