//! Sending invitations and taking them back.

use serde_json::json;

use super::row::{InvitationRow, PartyRow, ReadRow, Snapshot, State};
use super::view::Invitation;
use super::{members_only, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::{Inviter, PartyInvitationReceived};
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::notifications::{NotificationKind, Sender};
use crate::outbox::{Append, Committed, Delivery, Done, Notify, WriteContext};
use crate::table::rate_limit::{self, Limit};
use crate::table::{Action, Key, Table, TableError, TransactItem, Update, absent, eq, exists, gt, retry};

/// How many invitations a user may send: twenty at once, then one every 30 seconds.
pub const INVITATIONS: Limit = Limit { burst: 20, interval: 30_000 };
/// The name of that limit's row.
pub(super) const INVITATION_LIMIT: &str = "invitations";

/// Lifetime of an open invitation, in seconds.
pub(super) const LIFETIME_SECONDS: i64 = 30 * 24 * 3600;
/// How long a closed invitation is kept, in seconds, to distinguish "revoked" from "never invited".
pub(super) const REMEMBER_SECONDS: i64 = 7 * 24 * 3600;

/// Invites the user with this id.
///
/// # Errors
/// 403 unless the caller is a member, 404 for an unknown party or user, 409 for a user who is a member or invited
/// already, 422 for oneself, 429 over the limit, 500.
pub(super) async fn invite_user(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    inviter: &Person,
    invitee: &UserId,
) -> Result<Done<Invitation>, ApiError> {
    if inviter.user_id == *invitee {
        return Err(ApiError::Unprocessable("userId is your own id: invite somebody else".to_owned()));
    }
    let keys = vec![
        Key::member(id, &inviter.user_id),
        Key::member(id, invitee),
        Key::invitation(invitee, id),
        Key::profile(invitee),
        Key::limit(&inviter.user_id, INVITATION_LIMIT),
    ];
    retry(|| async {
        let snapshot = Snapshot::read(table, id, keys.clone()).await?;
        let now = Millis::now();
        let party = invitable(&snapshot, &inviter.user_id, invitee)?;
        let before = snapshot.invitation(invitee)?;
        if before.as_ref().is_some_and(|before| before.row.is_open(now)) {
            return Err(ApiError::Conflict(
                "They are already invited: wait for their reply, or take the invitation back first".to_owned(),
            ));
        }
        let limit = &keys[4];
        let remembered = snapshot.number(limit, "due").map(Millis);
        let due = INVITATIONS.admit(remembered, now).map_err(ApiError::TooManyRequests)?;

        let (row, append) =
            (Invite { id, party: &party.row, inviter, invitee, before: before.as_ref() }).row(writer, now)?;
        let items: [TransactItem; 5] = [
            TransactItem::check(&Key::party(id), exists("pk").and(absent("dissolved"))),
            TransactItem::check(&keys[0], exists("pk")),
            TransactItem::check(&keys[1], absent("pk")),
            put(&append, &row, before.as_ref())?.into(),
            rate_limit::count(limit, remembered, due).into(),
        ];
        let is_done = table.transact(items).await?.is_done();
        Ok(is_done.then(|| Done::now(Invitation::of(id.clone(), invitee.clone(), row), append.deliverable())))
    })
    .await
}

fn invitable(snapshot: &Snapshot, inviter: &UserId, invitee: &UserId) -> Result<ReadRow<PartyRow>, ApiError> {
    let party = snapshot.party.clone().ok_or_else(unknown_party)?;
    if !snapshot.has_member(inviter) {
        return Err(members_only());
    }
    if snapshot.has_member(invitee) {
        return Err(ApiError::Conflict("They are already a member: there is nothing to do".to_owned()));
    }
    if invitee.is_guests() || !snapshot.has(&Key::profile(invitee)) {
        return Err(ApiError::NotFound("Nobody with this id has signed in here yet: check the id, or ask them to sign in once, and invite them then".to_owned()));
    }
    Ok(party)
}

/// A new invitation.
struct Invite<'a> {
    id: &'a PartyId,
    party: &'a PartyRow,
    inviter: &'a Person,
    invitee: &'a UserId,
    /// The earlier invitation to this user.
    before: Option<&'a ReadRow<InvitationRow>>,
}

impl Invite<'_> {
    /// Its row, with the outbox that the row then has.
    fn row(self, writer: &WriteContext, now: Millis) -> Result<(InvitationRow, Append), TableError> {
        let Self { id, party, inviter, invitee, before } = self;
        let key = Key::invitation(invitee, id);
        let event = PartyInvitationReceived {
            invitee: invitee.clone(),
            party_id: id.clone(),
            party_name: party.name.clone(),
            invited_by: Inviter { id: inviter.user_id.clone(), username: inviter.display_name.clone() },
            invited_at: now.iso(),
        };
        let earlier = before.and_then(|before| before.owing.clone());
        let row = InvitationRow {
            sk: key.sk.clone(),
            party_name: party.name.clone(),
            inviter: inviter.user_id.clone(),
            inviter_name: inviter.display_name.clone(),
            invited_at: now,
            state: State::Pending,
            expires_at: now.plus_seconds(LIFETIME_SECONDS).seconds(),
        };
        let notify = writer.notifications_of.invitations.then(|| of_invitation(inviter, &event, now));
        let fact = Delivery::fact(Fact::InvitationSent {
            party_id: id.clone(),
            user_id: invitee.clone(),
            invited_by: inviter.user_id.clone(),
        });
        let deliveries = [Delivery::event(&event)].into_iter().chain(notify).chain([fact]);
        let append = Append::new(key, earlier, deliveries, writer, now)?;
        Ok((row, append))
    }
}

/// The notification, for an invitee who does not see the event. A user who is invited again is notified again; an invitation that was answered
/// or taken back meanwhile is not worth one.
fn of_invitation(inviter: &Person, event: &PartyInvitationReceived, now: Millis) -> Delivery {
    let PartyInvitationReceived { invitee, party_id, party_name, .. } = event;
    let sender = Sender { id: &inviter.user_id, name: &inviter.display_name };
    let more = [("partyId", json!(party_id)), ("partyName", json!(party_name))];
    let change = format!("invitation {party_id} {}", now.0);
    let notify = sender.notifies(invitee, NotificationKind::PartyInvitation, more, &change);
    Notify { while_state: Some(State::Pending.name().to_owned()), ..notify }.into()
}

/// Puts the invitation, on the condition that the earlier one has not changed since it was read.
fn put(append: &Append, row: &InvitationRow, before: Option<&ReadRow<InvitationRow>>) -> Result<Action, TableError> {
    let Some(before) = before else {
        return Ok(Action::put_new(append.committed().item(row)?, row.invited_at));
    };
    let is_same = eq("invited_at", before.row.invited_at).and(eq("state", before.row.state));
    Ok(append.put(row)?.when(is_same))
}

/// Takes an invitation back.
///
/// # Errors
/// 403 unless the caller is the owner or invited them, 404 when there is no such party or open invitation, 500.
pub async fn revoke(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &UserId,
    invitee: &UserId,
) -> Result<(), ApiError> {
    let key = Key::invitation(invitee, id);
    retry(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller), key.clone()]).await?;
        let party = snapshot.party.as_ref().ok_or_else(unknown_party)?;
        if !snapshot.has_member(caller) {
            return Err(members_only());
        }
        let none = || {
            ApiError::NotFound("There is no open invitation for this user: it was accepted, declined or taken back, has expired, or never was".to_owned())
        };
        let now = Millis::now();
        let ReadRow { row: invitation, owing } =
            snapshot.invitation(invitee)?.filter(|seen| seen.row.is_open(now)).ok_or_else(none)?;
        // The rows were read at different moments, so the transaction checks what gives the caller the right.
        let right = if invitation.inviter == *caller {
            TransactItem::check(&Key::member(id, caller), exists("pk"))
        } else if party.row.owner == *caller {
            TransactItem::check(&Key::party(id), eq("owner", caller))
        } else {
            let told = "Only the party's owner or whoever invited them may take it back";
            return Err(ApiError::Forbidden(told.to_owned()));
        };
        let fact = Fact::InvitationWithdrawn {
            party_id: id.clone(),
            user_id: invitee.clone(),
            withdrawn_by: caller.clone(),
        };
        let revoked = close((&key, owing), State::Revoked, fact, writer, now)?;
        let revoked = revoked.when(eq("invited_at", invitation.invited_at));
        let is_done = table.transact([revoked.into(), right]).await?.is_done();
        Ok(is_done.then_some(()))
    })
    .await
}

/// Closes an open invitation, which owes `owing` if it is to owe this fact, too.
pub(super) fn close(
    (key, owing): (&Key, Option<Committed>),
    state: State,
    fact: Fact,
    writer: &WriteContext,
    now: Millis,
) -> Result<Update, TableError> {
    Ok(Append::update_with_fact(key, owing, fact, writer, now)?
        .set("state", state)
        .set("expires_at", now.plus_seconds(REMEMBER_SECONDS).seconds())
        .when(eq("state", State::Pending).and(gt("expires_at", now.seconds()))))
}
