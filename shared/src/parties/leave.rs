//! Leaving a party, and removing a member.

use serde_json::{Map, json};

use super::row::{MemberRow, NextVersion, PartyRow, ReadRow, Snapshot, delete_member};
use super::{PartyCaller, members_only, retry_in_a_crowd, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::{PartyUpdate, PartyUpdated};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Done, WriteContext};
use crate::table::{Key, Table};

/// How long a dissolved party's row is kept, in seconds, so that its outbox can be delivered.
pub(super) const REMEMBER_SECONDS: i64 = 24 * 3600;

/// Leaves a party. When the last member leaves, the party is dissolved.
///
/// # Errors
/// 403 unless the caller is a member, 404 for an unknown party, 409 for an owner while there are other members, 500.
pub async fn leave(table: &Table, writer: &WriteContext, id: &PartyId, caller: &UserId) -> Result<Done<()>, ApiError> {
    retry_in_a_crowd(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller)]).await?;
        let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
        let member = snapshot.member(caller)?.ok_or_else(members_only)?;
        let is_owner = party.row.owner == *caller;
        if is_owner && party.row.members > 1 {
            let told = "Hand the party over first: PUT /parties/{partyId}/owner with another member's userId";
            return Err(ApiError::Conflict(told.to_owned()));
        }
        let departure = Departure {
            id,
            party,
            user: caller,
            member: &member,
            removed_by: None,
            terminate: false,
            dissolves: is_owner,
        };
        if let Some(done) = departure.write(table, writer).await? {
            return Ok(Some(done));
        }
        Ok(None)
    })
    .await
}

/// A removal of a member from a party.
#[derive(Debug, Clone, Copy)]
pub struct Removal<'a> {
    pub user: &'a UserId,
    /// Whether their connections end.
    pub terminate: bool,
}

/// Removes another member from a party.
///
/// # Errors
/// 403 unless the caller is the owner or an operator, 404 when there is no such party or member, 409 for the owner, 500.
pub async fn remove(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: PartyCaller<'_>,
    Removal { user, terminate }: Removal<'_>,
) -> Result<Done<()>, ApiError> {
    retry_in_a_crowd(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller.user), Key::member(id, user)]).await?;
        let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
        let is_member = snapshot.has_member(caller.user);
        if !is_member && !caller.is_operator {
            return Err(members_only());
        }
        caller.must_own(&party.row, is_member)?;
        let none =
            || ApiError::NotFound("The party has no such member: GET /parties/{partyId} lists its members".to_owned());
        let member = snapshot.member(user)?.ok_or_else(none)?;
        if party.row.owner == *user {
            let told = "The user owns the party: hand it over for them (PUT /parties/{partyId}/owner with On-Behalf-Of), or end it";
            return Err(ApiError::Conflict(told.to_owned()));
        }
        let departure =
            Departure { id, party, user, member: &member, removed_by: Some(caller.user), terminate, dissolves: false };
        if let Some(done) = departure.write(table, writer).await? {
            return Ok(Some(done));
        }
        Ok(None)
    })
    .await
}

/// A member's departure from a party, by their own will or the owner's.
pub(super) struct Departure<'a> {
    id: &'a PartyId,
    party: &'a ReadRow<PartyRow>,
    user: &'a UserId,
    member: &'a MemberRow,
    removed_by: Option<&'a UserId>,
    /// Whether to end the member's connections.
    terminate: bool,
    /// Whether the party ends with this departure.
    dissolves: bool,
}

impl<'a> Departure<'a> {
    /// The departure of the last member, which dissolves the party.
    pub(super) fn of_last(
        id: &'a PartyId,
        party: &'a ReadRow<PartyRow>,
        user: &'a UserId,
        member: &'a MemberRow,
    ) -> Self {
        Self { id, party, user, member, removed_by: None, terminate: false, dissolves: true }
    }

    /// Writes it; `None` when the party has changed since it was read.
    pub(super) async fn write(self, table: &Table, writer: &WriteContext) -> Result<Option<Done<()>>, ApiError> {
        let Departure { id, party, user, member, removed_by, terminate, dissolves } = self;
        let now = Millis::now();
        let mut data = Map::new();
        data.insert("userId".to_owned(), json!(user));
        data.insert("username".to_owned(), json!(member.username));
        data.insert("removedBy".to_owned(), json!(removed_by));
        let update_type = PartyUpdate::MemberLeft;
        let event = PartyUpdated { party_id: id.clone(), update_type, data, updated_at: now.iso() };
        // The event comes first. Then a removed member's connections are closed, because they are still subscribed.
        let cut_off = terminate.then(|| Delivery::Terminate { user: user.clone() });
        let (party_id, user_id) = (id.clone(), user.clone());
        let fact = match removed_by {
            Some(owner) => Fact::MemberRemoved { party_id, user_id, removed_by: owner.clone() },
            None => Fact::MemberLeft { party_id, user_id },
        };
        let ended = dissolves.then(|| Fact::PartyEnded { party_id: id.clone(), ended_by: user.clone() });
        let facts = std::iter::once(fact).chain(ended).map(Delivery::fact);
        let deliveries = std::iter::once(Delivery::event(&event)).chain(cut_off).chain(facts);
        let mut next = NextVersion::new(id, party, deliveries, writer, now)?.set("members", party.row.members - 1);
        if dissolves {
            next = next.set("dissolved", true);
            next = next.set("expires_at", now.plus_seconds(REMEMBER_SECONDS).seconds());
        }
        let is_done = table.transact([next.write(), delete_member(id, user)]).await?.is_done();
        Ok(is_done.then(|| Done::now((), next.deliverable())))
    }
}
