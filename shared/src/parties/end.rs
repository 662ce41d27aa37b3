//! Ending a party.
//!
//! ```text
//! party's row: dissolved, owes party-ended  -> from here on there is no such party, for anybody
//! members' rows: deleted, 100 at a time     -> what a kill leaves of them is seen by nobody, and the next call deletes it
//! ```
//!
//! Whoever reads a member's row reads the party's row with it, so the first write alone decides.

use super::leave::REMEMBER_SECONDS;
use super::row::{NextVersion, Snapshot};
use super::{members_only, owner_only, unknown_party};
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::PartyEnded;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Done, Writer};
use crate::problem::Problem;
use crate::table::key::{self, MEMBER};
use crate::table::{
    Action, AttributeValue, Backoff, Key, MAX_TRANSACTION, Query, Table, Transaction, Write, number, string,
};

/// Ends the caller's party for all of its members. Its invitations can no longer be accepted. For a day, a repeated call of the
/// owner's changes nothing, but that it deletes what an earlier one may have left.
///
/// # Errors
/// 403 unless the caller is the owner, 404 for an unknown party, 500; 503 when too much of the party waits for delivery.
pub async fn end(table: &Table, writer: &Writer, id: &PartyId, caller: &UserId) -> Result<Done<()>, Problem> {
    let mut backoff = Backoff::new();
    let owed = loop {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller)]).await?;
        if snapshot.ended.as_ref().is_some_and(|row| row.owner == *caller) {
            break None;
        }
        let is_member = snapshot.has_member(caller);
        let party = snapshot.party.ok_or_else(unknown_party)?;
        if party.row.owner != *caller {
            return Err(if is_member { owner_only() } else { members_only() });
        }
        let now = Millis::now();
        let event = PartyEnded { party_id: id.clone(), ended_by: caller.clone(), ended_at: now.iso() };
        let next = NextVersion::new(id, &party, [Delivery::event(&event)], writer, now)?
            .set("dissolved", AttributeValue::Bool(true))
            .set("expires_at", number(now.plus_seconds(REMEMBER_SECONDS).seconds()));
        if let Write::Done(_) = table.write(next.write()).await? {
            break next.deliverable();
        }
        backoff.wait().await?;
    };
    delete_members(table, id).await?;
    Ok(Done::now((), owed))
}

/// Deletes the rows of the members. Nobody becomes one any more: that takes the party's row as it was.
async fn delete_members(table: &Table, id: &PartyId) -> Result<(), Problem> {
    let query = Query::new("pk = :party AND begins_with(sk, :member)")
        .value(":party", string(key::party(id)))
        .value(":member", string(MEMBER))
        .project("pk, sk");
    let keys: Vec<_> = table.query_all(query).await?.iter().filter_map(Key::of).collect();
    for keys in keys.chunks(MAX_TRANSACTION) {
        let mut backoff = Backoff::new();
        while table.transact(keys.iter().map(Action::delete)).await? != Transaction::Done {
            backoff.wait().await?;
        }
    }
    Ok(())
}
