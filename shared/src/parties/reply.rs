//! Accepting and declining invitations.

use serde_json::{Map, json};

use super::invite::close;
use super::read::read;
use super::row::{InvitationRow, NextVersion, PartyRow, Snapshot, State, put_member};
use super::view::Party;
use super::{MAX_MEMBERS, unknown_party};
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::{PartyUpdate, PartyUpdated};
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Done, WriteContext};
use crate::table::{self, Key, Table, Write, retry};

/// Accepts an invitation: the caller becomes a member. Accepting again changes nothing and sends no event.
///
/// # Errors
/// 404 when there is no such party or invitation, 409 when the invitation was revoked, declined or has expired, or the
/// party is full, 500.
pub async fn accept(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &Person,
) -> Result<Done<Party>, ApiError> {
    let user = &caller.user_id;
    let invitation = Key::invitation(user, id);
    let pending = retry(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, user), invitation.clone()]).await?;
        let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
        if snapshot.has_member(user) {
            return Ok(Some(None));
        }
        let now = Millis::now();
        let invitation_row = snapshot.invitation(user)?.map(|seen| seen.row);
        if let Err(refusal) = must_be_open(invitation_row, now).and_then(|()| must_have_room(&party.row)) {
            // The same user may have accepted after the member's row was read and before the others were.
            let member = table.get(&Key::member(id, user), true).await?;
            return member.map(|_| Some(None)).ok_or(refusal);
        }
        let next = NextVersion::new(id, party, [Delivery::event(&joined(id, caller, now))], writer, now)?;
        let next = next.set("members", party.row.members + 1);
        let writes = [next.write(), put_member(id, caller, now)?, close(&invitation, State::Accepted, now).into()];
        let is_done = table.transact(writes).await?.is_done();
        Ok(is_done.then(|| next.deliverable()))
    })
    .await?;
    Ok(Done::now(read(table, id, user).await?, pending))
}

fn joined(id: &PartyId, person: &Person, now: Millis) -> PartyUpdated {
    let mut data = Map::new();
    data.insert("userId".to_owned(), json!(person.user_id));
    data.insert("username".to_owned(), json!(person.display_name));
    data.insert("avatar".to_owned(), json!(person.avatar_url));
    PartyUpdated { party_id: id.clone(), update_type: PartyUpdate::MemberJoined, data, updated_at: now.iso() }
}

/// Declines an invitation. No event is sent.
///
/// # Errors
/// 404 when there is no such invitation, 409 when it is no longer open, 500.
pub async fn decline(table: &Table, id: &PartyId, caller: &UserId) -> Result<(), ApiError> {
    let now = Millis::now();
    match table.write(close(&Key::invitation(caller, id), State::Declined, now)).await? {
        Write::Done(_) => Ok(()),
        Write::ConditionFailed(row) => must_be_open(row.map(table::read).transpose()?, now),
    }
}

fn must_have_room(party: &PartyRow) -> Result<(), ApiError> {
    if party.members < MAX_MEMBERS {
        return Ok(());
    }
    Err(ApiError::Conflict(format!("The party is full: it has {MAX_MEMBERS} members")))
}

fn must_be_open(invitation: Option<InvitationRow>, now: Millis) -> Result<(), ApiError> {
    let conflict = |message: &str| Err(ApiError::Conflict(message.to_owned()));
    match invitation {
        None => Err(ApiError::NotFound(
            "You are not invited to this party, or no longer: GET /party-invitations lists your invitations".to_owned(),
        )),
        Some(row) if row.is_open(now) => Ok(()),
        Some(row) => match row.state {
            State::Pending => conflict("The invitation is too old; ask for a new one"),
            State::Accepted => conflict("The invitation was already accepted; ask for a new one"),
            State::Declined => conflict("You declined this invitation; ask for a new one"),
            State::Revoked => conflict("The invitation was taken back"),
        },
    }
}
