//! Inviting a user who is named by id, e-mail address or user name.

use serde::Deserialize;

use super::invite::{INVITATION_LIMIT, INVITATIONS, invite_user};
use super::row::Snapshot;
use super::view::Invitation;
use super::{members_only, unknown_party};
use crate::api_error::ApiError;
use crate::contract::email::EmailAddress;
use crate::contract::id::{PartyId, UserId};
use crate::contract::person::Person;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Done, WriteContext};
use crate::table::rate_limit::{Wanted, take};
use crate::table::{Key, Table};
use crate::users::find::find;
use crate::users::known_as::KnownAs;

/// Longest user name, in characters, as in a token.
const MAX_NAME: usize = 128;

/// A member's request: exactly one of the three.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitation {
    user_id: Option<String>,
    email: Option<String>,
    username: Option<String>,
}

/// A user who is to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invitee {
    Id(UserId),
    KnownAs(KnownAs),
}

impl NewInvitation {
    /// Whom it names.
    ///
    /// # Errors
    /// 400 unless it has exactly one of the three, in its form.
    pub fn invitee(self) -> Result<Invitee, ApiError> {
        match (self.user_id, self.email, self.username) {
            (Some(id), None, None) => {
                Ok(Invitee::Id(UserId::parse(id).map_err(|error| ApiError::field("userId", error))?))
            }
            (None, Some(email), None) => {
                let address = EmailAddress::parse(email).map_err(|error| ApiError::field("email", error))?;
                Ok(Invitee::KnownAs(KnownAs::Email(address)))
            }
            (None, None, Some(name)) => {
                let name = Line::parse(&name, MAX_NAME).map_err(|error| ApiError::field("username", error))?;
                Ok(Invitee::KnownAs(KnownAs::Username(name)))
            }
            _ => Err(ApiError::Malformed("Send exactly one of userId, email and username".to_owned())),
        }
    }
}

/// Invites a user.
///
/// # Errors
/// 403 unless the caller is a member, 404 for an unknown party or user, 409 for a user who is a member or invited already and for a name that
/// several have, 422 for oneself, 429 over the limit, 500.
pub async fn invite(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    inviter: &Person,
    invitee: &Invitee,
) -> Result<Done<Invitation>, ApiError> {
    let known_as = match invitee {
        Invitee::Id(user) => return invite_user(table, writer, id, inviter, user).await,
        Invitee::KnownAs(known_as) => known_as,
    };
    must_be_member(table, id, &inviter.user_id).await?;
    let invited = match find(table, known_as, &inviter.user_id).await {
        Ok(user) => {
            invite_user(table, writer, id, inviter, &user).await.map_err(|refusal| without_member(known_as, refusal))
        }
        Err(refusal) => Err(refusal),
    };
    match invited {
        Err(told @ (ApiError::NotFound(_) | ApiError::Conflict(_))) => {
            count(table, &inviter.user_id).await?;
            Err(told)
        }
        other => other,
    }
}

/// Nobody else may look for users by name.
async fn must_be_member(table: &Table, party: &PartyId, caller: &UserId) -> Result<(), ApiError> {
    let snapshot = Snapshot::read(table, party, vec![Key::member(party, caller)]).await?;
    if snapshot.party.is_none() {
        return Err(unknown_party());
    }
    if snapshot.has_member(caller) { Ok(()) } else { Err(members_only()) }
}

/// The refusal, which does not tell whether an address is that of a member or of somebody who is invited.
fn without_member(known_as: &KnownAs, refusal: ApiError) -> ApiError {
    match (known_as, refusal) {
        (KnownAs::Email(_), ApiError::Conflict(_)) => {
            ApiError::Conflict("They are a member or invited already: wait for their reply".to_owned())
        }
        (_, refusal) => refusal,
    }
}

/// Counts a refusal that tells whether there is such a user, like an invitation that was sent. The caller hears of it only once it is
/// counted, so many requests at once tell no more than one after another.
async fn count(table: &Table, caller: &UserId) -> Result<(), ApiError> {
    let one = Wanted { requests: 1, remembered: None };
    let counted = take(table, &Key::limit(caller, INVITATION_LIMIT), INVITATIONS, one, Millis::now()).await?;
    counted.map(drop).map_err(ApiError::TooManyRequests)
}
