//! The events that clients bind to: names and payloads, word for word as seed 000 lists them.
//!
//! `docs/asyncapi.yaml` says the same for machines; a test holds the two together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::id::{BookId, UserId};

/// Most bytes of an event's data (Pusher Channels: 10 KB).
pub const MAX_EVENT_BYTES: usize = 10 * 1024;

/// A person as events and presence show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        };
        json.expect("strings, booleans and maps with string keys always serialize")
    }
}
