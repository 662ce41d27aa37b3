//! A hotel's staff. Their rows are the hotel's own app's to put, or a service's, by a route.

use super::guest::must_not_be_guests;
use crate::api_error::ApiError;
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::outbox::membership::{self, is_member};
use crate::outbox::{Done, WriteContext};
use crate::table::key::{self, STAFF};
use crate::table::{Action, Item, Key, Query, Table, TableError};

/// Whether a user is of a hotel's staff: one consistent read.
///
/// # Errors
/// When DynamoDB fails.
pub async fn is_staff(table: &Table, hotel: &HotelSlug, user: &UserId) -> Result<bool, TableError> {
    if user.is_guests() {
        return Ok(false);
    }
    let row = table.get(&Key::staff(hotel, user), true).await?;
    Ok(row.is_some_and(|row| is_member(&row)))
}

/// Up to `limit` hotels of whose staff a user is, and whether these are all. The index, which is a moment late, names them, and a
/// consistent read confirms each. A row that the app itself wrote is not in the index.
///
/// # Errors
/// When DynamoDB fails.
pub async fn hotels_of(table: &Table, user: &UserId, limit: u8) -> Result<(Vec<HotelSlug>, bool), TableError> {
    let found = table.query(&Query::of_index(key::hotels_of(user)).limit(limit.into())).await?;
    let hotel = |row: &Item| HotelSlug::parse(Key::of(row)?.pk.strip_prefix(key::HOTEL)?).ok();
    let mut hotels: Vec<_> = found.items.iter().filter_map(hotel).collect();
    let keys: Vec<_> = hotels.iter().map(|hotel| Key::staff(hotel, user)).collect();
    let rows = table.get_many(&keys, true).await?;
    hotels.retain(|hotel| rows.get(&Key::staff(hotel, user)).is_some_and(is_member));
    Ok((hotels, found.last_evaluated_key.is_none()))
}

/// A hotel's staff.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn staff(table: &Table, hotel: &HotelSlug) -> Result<Vec<UserId>, TableError> {
    let rows = table.query_all(Query::new(key::hotel(hotel)).begins_with(STAFF)).await?;
    Ok(rows.iter().filter_map(member_of).collect())
}

/// The member of the staff whose row this is; `None` for one who was removed.
pub(super) fn member_of(row: &Item) -> Option<UserId> {
    let user = UserId::parse(Key::of(row)?.sk.strip_prefix(STAFF)?).ok()?;
    (is_member(row) && !user.is_guests()).then_some(user)
}

/// Makes a user a member of a hotel's staff. Doing it twice is the same.
///
/// # Errors
/// 422 for an id that looks like a guest's, 500 when DynamoDB fails.
pub async fn put_staff(table: &Table, hotel: &HotelSlug, user: &UserId) -> Result<(), ApiError> {
    must_not_be_guests(user)?;
    let hotels = key::hotels_of(user);
    Ok(membership::put(table, &Key::staff(hotel, user), Some((&hotels, hotel.as_str()))).await?)
}

/// The write of a member of the staff from another system's data.
///
/// # Errors
/// 422 for an id that looks like a guest's.
pub(crate) fn imported_staff(hotel: &HotelSlug, user: &UserId, since: Millis, now: Millis) -> Result<Action, ApiError> {
    must_not_be_guests(user)?;
    let hotels = key::hotels_of(user);
    Ok(membership::imported(&Key::staff(hotel, user), Some((&hotels, hotel.as_str())), since, now))
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
    Ok(membership::remove(table, writer, &Key::staff(hotel, user), user, terminate).await?)
}
