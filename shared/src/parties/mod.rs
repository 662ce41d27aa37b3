//! Parties, their members and their invitations.
//!
//! A party's row has a version. Every change of the party or its members writes this row in one transaction with the
//! other rows, on the condition that the version is still the one that was read. So concurrent changes happen one after
//! another, and the row's outbox has their events in the same order.
//!
//! `BatchGetItem` is not a snapshot, and the version covers the party's row alone. So every other fact that a decision rests
//! on is a condition of its transaction: that the new owner is a member, that the caller is still one.

mod all;
mod caller;
mod change;
mod create;
mod end;
mod import;
mod invitations;
mod invite;
mod invitee;
mod leave;
mod mine;
mod read;
mod reply;
mod row;
mod view;
mod withdraw;

pub use all::{AllCursor, all};
pub use caller::PartyCaller;
pub use change::{PartyChanges, change, hand_over};
pub use create::{NewParty, create};
pub use end::end;
pub(crate) use import::{NewMember, OldInvitation, OldMember, OldParty, import_member};
pub use invitations::{InvitationCursor, InvitationPage, invitations};
pub use invite::{INVITATIONS, revoke};
pub use invitee::{Invitee, NewInvitation, invite};
pub use leave::{Removal, leave, remove};
pub use mine::{MAX_PARTIES, MineCursor, PartyPage, mine};
pub use read::{is_member, read};
pub use reply::{accept, decline};
pub use view::{Invitation, Member, Party};
pub(crate) use withdraw::withdraw;

use crate::api_error::ApiError;
use crate::contract::text::Line;
use crate::table;

/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Most bytes of the settings, as JSON text. They are part of an event, which is limited to 10 KB.
const MAX_SETTINGS: usize = 4 * 1024;

fn check_name(name: &str) -> Result<Line, ApiError> {
    Line::parse(name, MAX_NAME).map_err(|error| ApiError::field("partyName", error))
}

/// A party's settings: any JSON object; your app gives it a meaning.
pub type PartySettings = serde_json::Map<String, serde_json::Value>;

fn check_settings(settings: &PartySettings) -> Result<String, ApiError> {
    let text = serde_json::to_string(settings).map_err(ApiError::internal)?;
    if text.len() > MAX_SETTINGS {
        return Err(ApiError::TooLarge { what: "settings", bytes: text.len(), limit: MAX_SETTINGS });
    }
    Ok(text)
}

/// As [`table::retry`], for longer, since up to a thousand users may join or leave a party at once; with 503 when too many do.
async fn retry_in_a_crowd<T, F>(attempt: impl FnMut() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<Option<T>, ApiError>>,
{
    let busy = || ApiError::Unavailable("Too many join or leave this party at once; try again".to_owned());
    table::retry_in_a_crowd_or(busy, attempt).await
}

fn unknown_party() -> ApiError {
    ApiError::NotFound(
        "There is no party of this id: it has ended, or the id is wrong; GET /parties lists yours".to_owned(),
    )
}

fn members_only() -> ApiError {
    ApiError::Forbidden("Only members of the party may do this: ask one of them for an invitation".to_owned())
}

fn owner_only() -> ApiError {
    ApiError::Forbidden("Only the party's owner may do this: ask them, or have the party handed over to you".to_owned())
}
