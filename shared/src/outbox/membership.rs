//! Rows that say that a user belongs to something: a hotel's staff, the members of a channel of the app's own.
//!
//! The row of a removed member stays for a day with the attribute `removed`, because it owes the end of the member's connections.

use super::{Append, Committed, Delivery, Done, WriteContext};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Action, IntoValue as _, Item, Key, Table, TableError, Update, exists, retry, string};

/// How long the row of a removed member is kept, in seconds: for its deliveries.
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// Marks a removed member.
const REMOVED: &str = "removed";

/// Whether this is the row of a member who was not removed.
#[must_use]
pub fn is_member(row: &Item) -> bool {
    !row.contains_key(REMOVED)
}

/// Makes a user a member, found in the index at this place, if it says one. Doing it twice is the same.
///
/// # Errors
/// When DynamoDB fails.
pub async fn put(table: &Table, key: &Key, in_index: Option<(&str, &str)>) -> Result<(), TableError> {
    let update = Update::new(key).set_default("since", Millis::now());
    let update = in_index.iter().fold(update, |update, (pk, sk)| update.set("gsi1pk", *pk).set("gsi1sk", *sk));
    table.write(update.remove(REMOVED).remove("expires_at")).await?;
    Ok(())
}

/// The row of a member from another system's data, unless there is one already; also not where a member was removed.
pub(crate) fn imported(key: &Key, in_index: Option<(&str, &str)>, since: Millis, now: Millis) -> Action {
    let mut row = key.item();
    row.insert("since".to_owned(), since.into_value());
    if let Some((pk, sk)) = in_index {
        row.insert("gsi1pk".to_owned(), string(pk));
        row.insert("gsi1sk".to_owned(), string(sk));
    }
    Action::put_unless_live(row, now)
}

/// Removes a member, and with `terminate` ends their connections to Pusher, which cannot end a single subscription. Removing a user
/// who is not a member succeeds.
///
/// # Errors
/// When DynamoDB fails.
pub async fn remove(
    table: &Table,
    writer: &WriteContext,
    key: &Key,
    user: &UserId,
    terminate: bool,
) -> Result<Done<()>, TableError> {
    retry(|| async {
        let Some(row) = table.get(key, true).await?.filter(is_member) else {
            return Ok(Some(Done::now((), None)));
        };
        let now = Millis::now();
        let cut_off = terminate.then(|| Delivery::Terminate { user: user.clone() });
        let append = Append::new(key.clone(), Committed::of_row(&row), cut_off, writer, now)?;
        let expires_at = now.plus_seconds(REMEMBER_SECONDS).seconds();
        let update = append.update().set(REMOVED, true).set("expires_at", expires_at);
        let update = update.remove("gsi1pk").remove("gsi1sk");
        let is_done = table.write(update.when(exists("pk"))).await?.is_done();
        Ok(is_done.then(|| Done::now((), append.deliverable())))
    })
    .await
}
