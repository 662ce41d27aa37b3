//! Ending a party.
//!
//! ```text
//! party's row: dissolved, owes party-ended  -> from here on the party is unknown to everybody
//! members' rows: deleted, 100 at a time     -> after a kill the rest stays unseen, and the next call deletes it
//! ```
//!
//! A read of a member's row is a read of the party's row too, so the first write alone decides.

use super::leave::REMEMBER_SECONDS;
use super::row::{NextVersion, Snapshot};
use super::{PartyCaller, retry_in_a_crowd, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::PartyId;
use crate::contract::parties::PartyEnded;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Done, WriteContext};
use crate::table::key::{self, MEMBER};
use crate::table::{Action, Key, MAX_TRANSACTION, Query, Table, TableError, retry};

/// Ends a party for all of its members. Its invitations can no longer be accepted. For a day, a repeated call of the
/// owner's or an operator's changes nothing, but that it deletes what an earlier one may have left.
///
/// # Errors
/// 403 unless the caller is the owner or an operator, 404 for an unknown party, 500; 503 when too much of the party waits for delivery.
pub async fn end(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: PartyCaller<'_>,
) -> Result<Done<()>, ApiError> {
    let pending = retry_in_a_crowd(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller.user)]).await?;
        if snapshot.ended.as_ref().is_some_and(|row| caller.must_own(row, false).is_ok()) {
            return Ok::<_, ApiError>(Some(None));
        }
        let is_member = snapshot.has_member(caller.user);
        let party = snapshot.party.ok_or_else(unknown_party)?;
        caller.must_own(&party.row, is_member)?;
        let now = Millis::now();
        let event = PartyEnded { party_id: id.clone(), ended_by: caller.user.clone(), ended_at: now.iso() };
        let fact = Delivery::fact(Fact::PartyEnded { party_id: id.clone(), ended_by: caller.user.clone() });
        let next = NextVersion::new(id, &party, [Delivery::event(&event), fact], writer, now)?
            .set("dissolved", true)
            .set("expires_at", now.plus_seconds(REMEMBER_SECONDS).seconds());
        let is_done = table.write(next.write()).await?.is_done();
        Ok(is_done.then(|| next.deliverable()))
    })
    .await?;
    delete_members(table, id).await?;
    Ok(Done::now((), pending))
}

/// Deletes the rows of the members. New ones cannot come: joining requires the party's row as it was.
async fn delete_members(table: &Table, id: &PartyId) -> Result<(), ApiError> {
    let query = Query::new(key::party(id)).begins_with(MEMBER).project(&["pk", "sk"]);
    let keys: Vec<_> = table.query_all(query).await?.iter().filter_map(Key::of).collect();
    for keys in keys.chunks(MAX_TRANSACTION) {
        retry(|| async {
            let is_done = table.transact(keys.iter().map(Action::delete)).await?.is_done();
            Ok::<_, TableError>(is_done.then_some(()))
        })
        .await?;
    }
    Ok(())
}
