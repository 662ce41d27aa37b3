//! The events that clients bind to: names and payloads, word for word as seeds 000 and 001 list them.
//!
//! `docs/asyncapi.yaml` says the same for machines; a test holds the two together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::id::{BookId, PartyId, UserId};

/// Most bytes of an event's data (Pusher Channels: 10 KB).
pub const MAX_EVENT_BYTES: usize = 10 * 1024;

/// A person as events and presence show them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// What they are called; the user id when the token has no name.
    pub display_name: String,
    /// Picture, or `null`.
    pub avatar_url: Option<String>,
}

/// `user_info` of a reading room's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomMember {
    /// The member.
    #[serde(flatten)]
    pub person: Person,
    /// Whether they wrote the book.
    pub is_author: bool,
}

/// `user_info` of a party's member (seed 001, "Member Presence").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyPresenceMember {
    /// What they are called.
    pub username: String,
    /// Picture, if they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// Who invited somebody (seed 001, `PartyInvitationEvent.invitedBy`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inviter {
    /// The user's id.
    pub id: UserId,
    /// What they are called.
    pub username: String,
}

/// What changed in a party (seed 001, `PartyUpdateEvent.updateType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyUpdate {
    /// Somebody accepted an invitation.
    MemberJoined,
    /// Somebody left or was removed.
    MemberLeft,
    /// Name, settings or owner changed.
    SettingsChanged,
}

/// Something that happened, for whoever listens on its channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// `room:user-joined`
    UserJoined {
        /// The room's book.
        book: BookId,
        /// Who joined.
        person: Person,
    },
    /// `room:user-left`
    UserLeft {
        /// The room's book.
        book: BookId,
        /// Who left.
        user: UserId,
    },
    /// `room:author-joined`
    AuthorJoined {
        /// The room's book.
        book: BookId,
        /// The book's author.
        author: UserId,
        /// The author's name.
        name: String,
    },
    /// `kudos:received`
    KudosReceived {
        /// Who is told.
        receiver: UserId,
        /// Who gave them.
        from: Person,
        /// The reading session they are for.
        session_id: String,
        /// The book that was read.
        book_title: String,
    },
    /// `notification:new`
    NotificationNew {
        /// Who is told.
        user: UserId,
        /// The notification's type, such as `MESSAGE`.
        kind: String,
        /// A sentence to show.
        message: String,
        /// What it is about; holds `notificationId`, to drop duplicates by.
        data: Map<String, Value>,
    },
    /// `party-invitation-received`
    PartyInvitationReceived {
        /// Who is told.
        invitee: UserId,
        /// The party.
        party: PartyId,
        /// The party's name.
        name: String,
        /// Who invited them.
        invited_by: Inviter,
        /// When, as ISO 8601.
        invited_at: String,
    },
    /// `party-updated`
    PartyUpdated {
        /// The party, whose members are told.
        party: PartyId,
        /// What kind of change it was.
        update: PartyUpdate,
        /// What changed.
        data: Map<String, Value>,
        /// When, as ISO 8601.
        updated_at: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Left<'a> {
    user_id: &'a UserId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Author<'a> {
    author_id: &'a UserId,
    author_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kudos<'a> {
    from_user: &'a Person,
    session_id: &'a str,
    book_title: &'a str,
}

#[derive(Serialize)]
struct New<'a> {
    r#type: &'a str,
    message: &'a str,
    data: &'a Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invitation<'a> {
    party_id: &'a PartyId,
    party_name: &'a str,
    invited_by: &'a Inviter,
    invited_at: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Updated<'a> {
    party_id: &'a PartyId,
    update_type: PartyUpdate,
    data: &'a Map<String, Value>,
    updated_at: &'a str,
}

impl Event {
    /// The name that clients bind to.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserJoined { .. } => "room:user-joined",
            Self::UserLeft { .. } => "room:user-left",
            Self::AuthorJoined { .. } => "room:author-joined",
            Self::KudosReceived { .. } => "kudos:received",
            Self::NotificationNew { .. } => "notification:new",
            Self::PartyInvitationReceived { .. } => "party-invitation-received",
            Self::PartyUpdated { .. } => "party-updated",
        }
    }

    /// The channel it is sent on.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::UserJoined { book, .. } | Self::UserLeft { book, .. } | Self::AuthorJoined { book, .. } => {
                Channel::Room(book.clone())
            }
            Self::KudosReceived { receiver: user, .. } | Self::NotificationNew { user, .. } => {
                Channel::User(user.clone())
            }
            Self::PartyInvitationReceived { invitee, .. } => Channel::User(invitee.clone()),
            Self::PartyUpdated { party, .. } => Channel::Party(party.clone()),
        }
    }

    /// The payload, as JSON text.
    #[must_use]
    pub fn data(&self) -> String {
        let json = match self {
            Self::UserJoined { person, .. } => serde_json::to_string(person),
            Self::UserLeft { user, .. } => serde_json::to_string(&Left { user_id: user }),
            Self::AuthorJoined { author, name, .. } => {
                serde_json::to_string(&Author { author_id: author, author_name: name })
            }
            Self::KudosReceived { from, session_id, book_title, .. } => {
                serde_json::to_string(&Kudos { from_user: from, session_id, book_title })
            }
            Self::NotificationNew { kind, message, data, .. } => {
                serde_json::to_string(&New { r#type: kind, message, data })
            }
            Self::PartyInvitationReceived { party, name, invited_by, invited_at, .. } => {
                serde_json::to_string(&Invitation { party_id: party, party_name: name, invited_by, invited_at })
            }
            Self::PartyUpdated { party, update, data, updated_at } => {
                serde_json::to_string(&Updated { party_id: party, update_type: *update, data, updated_at })
            }
        };
        json.expect("strings, booleans and maps with string keys always serialize")
    }
}
