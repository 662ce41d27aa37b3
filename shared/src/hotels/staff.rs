//! A hotel's staff. Their rows are the hotel's own app's to put, or a service's, by a route.

use super::guest::is_guests;
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, Writer};
use crate::problem::Problem;
use crate::table::key::{self, STAFF};
use crate::table::{Action, AttributeValue, Backoff, Item, Key, Query, Table, TableError, Write, number, string};

/// How long the row of a removed member is kept, in seconds: for what it owes.
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
    let query = Query::new("pk = :hotel AND begins_with(sk, :staff)")
        .value(":hotel", string(key::hotel(hotel)))
        .value(":staff", string(STAFF));
    let rows = table.query_all(query).await?;
    let user = |row: &Item| UserId::parse(Key::of(row)?.sk.strip_prefix(STAFF)?).ok();
    Ok(rows.iter().filter(|row| is_member(row)).filter_map(user).filter(|user| !is_guests(user)).collect())
}

/// Makes a user a member of a hotel's staff. Doing it twice is the same.
///
/// # Errors
/// 422 for an id that looks like a guest's, 500 when DynamoDB fails.
pub async fn put_staff(table: &Table, hotel: &HotelSlug, user: &UserId) -> Result<(), Problem> {
    if is_guests(user) {
        return Err(Problem::Unprocessable(
            "Ids that begin with guest; are the guests': send the id of a member".to_owned(),
        ));
    }
    let update =
        Action::update(&Key::staff(hotel, user), "SET since = if_not_exists(since, :now) REMOVE removed, expires_at");
    table.write(update.value(":now", number(Millis::now().0))).await?;
    Ok(())
}

/// Removes a user from a hotel's staff, and with `terminate` ends their connections, since they are still subscribed. Removing
/// a user who is not a member succeeds.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn remove_staff(
    table: &Table,
    writer: &Writer,
    hotel: &HotelSlug,
    user: &UserId,
    terminate: bool,
) -> Result<Done<()>, Problem> {
    let key = Key::staff(hotel, user);
    let mut backoff = Backoff::new();
    loop {
        let Some(row) = table.get(&key, true).await?.filter(is_member) else {
            return Ok(Done::now((), None));
        };
        let now = Millis::now();
        let cut_off = terminate.then(|| Delivery::Terminate { user: user.clone() });
        let append = Append::new(key.clone(), Committed::of_row(&row), cut_off, writer, now)?;
        let update = Action::update(&key, format!("SET removed = :true, expires_at = :expires{}", append.set()))
            .condition(format!("attribute_exists(pk) AND {}", append.unchanged()))
            .value(":true", AttributeValue::Bool(true))
            .value(":expires", number(now.plus_seconds(REMEMBER_SECONDS).seconds()));
        if let Write::Done(_) = table.write(append.bind(update)).await? {
            return Ok(Done::now((), append.deliverable()));
        }
        backoff.wait().await?;
    }
}
