//! Taking a user who is erased out of a party.

use super::leave::Departure;
use super::row::Snapshot;
use super::{hand_over, leave, members_only, unknown_party};
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::outbox::{Committed, Done, WriteContext};
use crate::table::key::{self, MEMBER};
use crate::table::{AttributeValue, Item, Key, Query, Table, text};

/// How often it is tried again because the heir, too, has left meanwhile.
const MAX_HEIRS: usize = 5;

/// Takes a user out of a party. An owner's party goes to the member who has been in it longest; where no other member has a row, it
/// ends, whatever it counts. Succeeds for a user who is not in it, and for a party that has ended.
///
/// # Errors
/// 503 when too much of the party waits for delivery, 500.
pub(crate) async fn withdraw(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    user: &UserId,
) -> Result<Vec<Committed>, ApiError> {
    let mut pending = Vec::new();
    for _ in 0..MAX_HEIRS {
        // Boxed, here and below: an erasure holds these futures within its own.
        match Box::pin(leave(table, writer, id, user)).await {
            Ok(done) => {
                pending.extend(done.pending);
                return Ok(pending);
            }
            // Not a member, or the party has ended.
            Err(ApiError::NotFound(_) | ApiError::Forbidden(_)) => return Ok(pending),
            Err(ApiError::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
        let Some(heir) = oldest_other(table, id, user).await? else {
            match Box::pin(leave_as_last(table, writer, id, user)).await {
                Ok(None) => continue,
                Ok(Some(done)) => pending.extend(done.pending),
                Err(ApiError::NotFound(_) | ApiError::Forbidden(_)) => {}
                Err(other) => return Err(other),
            }
            return Ok(pending);
        };
        match Box::pin(hand_over(table, writer, id, user, &heir)).await {
            Ok(done) => pending.extend(done.pending),
            Err(ApiError::NotFound(_) | ApiError::Forbidden(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(ApiError::Unavailable("Too many changes at once in a party of the user's; try again".to_owned()))
}

/// As [`leave`], of an owner besides whom no member has a row, whatever the party counts: it is dissolved. `None` when another member
/// has a row, or the party has changed meanwhile.
///
/// # Errors
/// 403 unless the caller is a member, 404 for an unknown party, 500.
async fn leave_as_last(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &UserId,
) -> Result<Option<Done<()>>, ApiError> {
    let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller)]).await?;
    let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
    let member = snapshot.member(caller)?.ok_or_else(members_only)?;
    // The party is read first: a member who joins after that changes it, and the write fails.
    if party.row.owner != *caller || oldest_other(table, id, caller).await?.is_some() {
        return Ok(None);
    }
    Departure::of_last(id, party, caller, &member).write(table, writer).await
}

/// The member who has been in the party longest, apart from this one. It takes the key and the moment alone, so that no row of a
/// member is in the way.
async fn oldest_other(table: &Table, id: &PartyId, user: &UserId) -> Result<Option<UserId>, ApiError> {
    let rows = table.query_all(Query::new(key::party(id)).begins_with(MEMBER)).await?;
    let member = |row: &Item| UserId::parse(row.get("sk").and_then(text)?.strip_prefix(MEMBER)?).ok();
    let others = rows.iter().filter_map(|row| Some((joined_at(row), member(row)?)));
    Ok(others.filter(|(_, member)| member != user).min_by_key(|(joined_at, _)| *joined_at).map(|(_, member)| member))
}

/// When a member joined; as late as can be where the row does not say.
fn joined_at(row: &Item) -> i64 {
    match row.get("joined_at") {
        Some(AttributeValue::N(number)) => number.parse().unwrap_or(i64::MAX),
        _ => i64::MAX,
    }
}
