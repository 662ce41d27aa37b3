//! Parties: who is in them, who is invited, what they are called.
//!
//! A party's row has a version, and every change of the party or its members writes that row in one transaction with the
//! rows it concerns, on the condition that the version is still the one that the decision was made on. So two changes at
//! once follow one another, and the row's outbox tells them in that order.

mod answer;
mod change;
mod create;
mod invitations;
mod invite;
mod leave;
mod read;
mod row;
mod view;

pub use answer::{accept, decline};
pub use change::{Changes, change, hand_over};
pub use create::{NewParty, create};
pub use invitations::{Cursor, InvitationPage, invitations};
pub use invite::{INVITATIONS, invite, revoke};
pub use leave::{leave, remove};
pub use read::{is_member, read};
pub use view::{Invitation, Member, Party};

use crate::problem::Problem;

/// Most members: what a presence channel holds (Pusher Channels: 100).
pub const MAX_MEMBERS: i64 = 100;
/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Most bytes of the settings, as JSON text: they are part of an event, which holds 10 KB.
const MAX_SETTINGS: usize = 4 * 1024;

fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Problem::field("partyName", format!("must be 1 to {MAX_NAME} characters without control characters")))
}

/// A party's settings, which are the app's own: any JSON object.
pub type Settings = serde_json::Map<String, serde_json::Value>;

fn check_settings(settings: &Settings) -> Result<String, Problem> {
    let text = serde_json::to_string(settings).map_err(Problem::internal)?;
    if text.len() > MAX_SETTINGS {
        return Err(Problem::TooLarge { what: "The settings", limit: MAX_SETTINGS });
    }
    Ok(text)
}

fn unknown_party() -> Problem {
    Problem::NotFound("There is no party of this id".to_owned())
}

fn members_only() -> Problem {
    Problem::Forbidden("Only members of the party may do this".to_owned())
}

fn owner_only() -> Problem {
    Problem::Forbidden("Only the party's owner may do this".to_owned())
}
