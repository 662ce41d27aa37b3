//! Accepting and declining invitations.

use std::ops::ControlFlow::{Break, Continue};

use serde_json::{Map, json};

use super::invite::close;
use super::read::read;
use super::row::{InvitationRow, NextVersion, PartyRow, ReadRow, Snapshot, State, put_member};
use super::view::Party;
use super::{PartyCaller, retry_in_a_crowd, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::{PartyUpdate, PartyUpdated};
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::outbox::{Committed, Delivery, Done, WriteContext};
use crate::table::{self, Key, Table, Write, retry_from};

/// Accepts an invitation: the caller becomes a member of a party of at most `max_members`. Accepting again changes nothing and sends no event.
///
/// # Errors
/// 404 when there is no such party or invitation, 409 when the invitation was revoked, declined or has expired, or the
/// party is full, 503 when too many join at once or too many events wait, 500.
pub async fn accept(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &Person,
    max_members: i64,
) -> Result<Done<Party>, ApiError> {
    let user = &caller.user_id;
    let invitation = Key::invitation(user, id);
    let pending = retry_in_a_crowd(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, user), invitation.clone()]).await?;
        let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
        if snapshot.has_member(user) {
            return Ok(Some(None));
        }
        let now = Millis::now();
        let seen = snapshot.invitation(user)?;
        let row = seen.as_ref().map(|seen| &seen.row);
        if let Err(refusal) = must_be_open(row, now).and_then(|()| must_have_room(&party.row, max_members)) {
            // The same user may have accepted after the member's row was read and before the others were.
            let member = table.get(&Key::member(id, user), true).await?;
            return member.map(|_| Some(None)).ok_or(refusal);
        }
        let Some(ReadRow { row, owing }) = seen else { return Ok(None) };
        let accepted =
            Fact::InvitationAccepted { party_id: id.clone(), user_id: user.clone(), invited_by: row.inviter };
        let fact = Delivery::fact(Fact::MemberJoined { party_id: id.clone(), user_id: user.clone() });
        let deliveries = [Delivery::event(&joined(id, caller, now)), fact];
        let next = NextVersion::new(id, party, deliveries, writer, now)?;
        let next = next.set("members", party.row.members + 1);
        let closed = close((&invitation, owing), State::Accepted, accepted, writer, now)?;
        let writes = [next.write(), put_member(id, caller, now)?, closed.into()];
        let is_done = table.transact(writes).await?.is_done();
        Ok(is_done.then(|| next.deliverable()))
    })
    .await?;
    let caller = PartyCaller { user, is_operator: false };
    Ok(Done::now(read(table, id, caller).await?, pending))
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
pub async fn decline(table: &Table, writer: &WriteContext, id: &PartyId, caller: &UserId) -> Result<(), ApiError> {
    let key = &Key::invitation(caller, id);
    // Most invitations owe nothing any more, so the row is read only if this one does.
    retry_from(None, |owing: Option<Committed>| async move {
        let now = Millis::now();
        let fact = Fact::InvitationDeclined { party_id: id.clone(), user_id: caller.clone() };
        match table.write(close((key, owing), State::Declined, fact, writer, now)?).await? {
            Write::Done(_) => Ok(Break(())),
            Write::ConditionFailed(row) => {
                let owing = row.as_ref().and_then(Committed::of_row);
                must_be_open(row.map(table::read).transpose()?.as_ref(), now)?;
                Ok(Continue(owing))
            }
        }
    })
    .await
}

pub(super) fn must_have_room(party: &PartyRow, max_members: i64) -> Result<(), ApiError> {
    if party.members < max_members {
        return Ok(());
    }
    Err(ApiError::Conflict(format!("The party is full: it has {} members", party.members)))
}

fn must_be_open(invitation: Option<&InvitationRow>, now: Millis) -> Result<(), ApiError> {
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
