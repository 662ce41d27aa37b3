//! Marking notifications as read, so that the unread count stays true whatever happens at once.

use serde::Deserialize;

use super::Counter;
use super::counter::LastDay;
use crate::http::Problem;
use crate::id::UserId;
use crate::key::{AttributeValue, Item, Key, number};
use crate::store::{Action, Store, StoreError, Transaction};
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
    let marked = Action::update(&Key::notification(user, id), "SET read_at = :now")
        .condition("attribute_exists(pk) AND attribute_not_exists(read_at)")
        .value(":now", number(read_at.0));
    let expression = "SET unread_by_day.#day = unread_by_day.#day - :one";
    let counted = Action::update(&Key::notification_counter(user), expression)
        .condition("(attribute_not_exists(read_up_to) OR read_up_to < :n) AND attribute_exists(unread_by_day.#day)")
        .name("#day", LastDay::of(row.expires_at).name())
        .value(":one", number(1))
        .value(":n", number(row.n));
    Ok(store.transact([marked, counted]).await? == Transaction::Done)
}

/// Marks all of a user's notifications as read: one write, however many they are.
///
/// # Errors
/// When DynamoDB fails.
pub async fn read_all(store: &Store, user: &UserId, now: Millis) -> Result<(), StoreError> {
    let expression = "SET read_up_to = #last, read_all_at = :now, unread_by_day = :none";
    let update = Action::update(&Key::notification_counter(user), expression)
        // A user who never got a notification has nothing to mark.
        .condition("attribute_exists(pk)")
        .name("#last", "last")
        .value(":now", number(now.0))
        .value(":none", AttributeValue::M(Item::new()));
    store.write(update).await.map(drop)
}
