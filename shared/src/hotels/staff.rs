//! A hotel's staff. Their rows are the hotel's own app's to put, or a service's, by a route.

use super::guest::is_guests;
use crate::api_error::ApiError;
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::key::{self, STAFF};
use crate::table::{Item, Key, Query, Table, TableError, Update, exists, retry};

/// How long the row of a removed member is kept, in seconds: for its deliveries.
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// Marks a removed member.
const REMOVED: &str = "removed";

/// Whether a user is of a hotel's staff: one consistent read.
///
/// # Errors
/// When DynamoDB fails.
pub async fn is_staff(table: &Table, hotel: &HotelSlug, user: &UserId) -> Result<bool, TableError> {
    if is_guests(user) {
        return Ok(false);
    }
    let row = table.get(&Key::staff(hotel, user), true).await?;
    Ok(row.is_some_and(|row| is_member(&row)))
}

fn is_member(row: &Item) -> bool {
    !row.contains_key(REMOVED)
}

/// A hotel's staff.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn staff(table: &Table, hotel: &HotelSlug) -> Result<Vec<UserId>, TableError> {
    let rows = table.query_all(Query::new(key::hotel(hotel)).begins_with(STAFF)).await?;
    let user = |row: &Item| UserId::parse(Key::of(row)?.sk.strip_prefix(STAFF)?).ok();
    Ok(rows.iter().filter(|row| is_member(row)).filter_map(user).filter(|user| !is_guests(user)).collect())
}

/// Makes a user a member of a hotel's staff. Doing it twice is the same.
///
/// # Errors
/// 422 for an id that looks like a guest's, 500 when DynamoDB fails.
pub async fn put_staff(table: &Table, hotel: &HotelSlug, user: &UserId) -> Result<(), ApiError> {
    if is_guests(user) {
        return Err(ApiError::Unprocessable(
            "Ids that begin with guest; are the guests': send the id of a member".to_owned(),
        ));
    }
    let update = Update::new(&Key::staff(hotel, user)).set_default("since", Millis::now());
    table.write(update.remove(REMOVED).remove("expires_at")).await?;
    Ok(())
}

/// Removes a user from a hotel's staff, and with `terminate` ends their connections, since they are still subscribed. Removing
/// a user who is not a member succeeds.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn remove_staff(
    table: &Table,
    writer: &WriteContext,
    hotel: &HotelSlug,
    user: &UserId,
    terminate: bool,
) -> Result<Done<()>, ApiError> {
    let key = Key::staff(hotel, user);
    retry(|| async {
        let Some(row) = table.get(&key, true).await?.filter(is_member) else {
            return Ok(Some(Done::now((), None)));
        };
        let now = Millis::now();
        let cut_off = terminate.then(|| Delivery::Terminate { user: user.clone() });
        let append = Append::new(key.clone(), Committed::of_row(&row), cut_off, writer, now)?;
        let expires_at = now.plus_seconds(REMEMBER_SECONDS).seconds();
        let update = append.update().set(REMOVED, true).set("expires_at", expires_at);
        let is_done = table.write(update.when(exists("pk"))).await?.is_done();
        Ok(is_done.then(|| Done::now((), append.deliverable())))
    })
    .await
}
