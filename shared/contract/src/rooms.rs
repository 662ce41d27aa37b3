//! The events of reading rooms: who enters and leaves, and kudos.

use serde::Serialize;

use crate::channel::Channel;
use crate::event::Event;
use crate::id::{BookId, UserId};
use crate::person::Person;
use crate::text::Line;

/// `user_info` of a room's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomMember {
    #[serde(flatten)]
    pub person: Person,
    /// Whether they wrote the book.
    pub is_author: bool,
}

/// `room:user-joined`
#[derive(Debug, Clone, Serialize)]
pub struct UserJoined {
    #[serde(skip)]
    pub book: BookId,
    #[serde(flatten)]
    pub person: Person,
}

impl Event for UserJoined {
    const NAME: &'static str = "room:user-joined";

    fn channel(&self) -> Channel {
        Channel::Room(self.book.clone())
    }
}

/// `room:user-left`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLeft {
    #[serde(skip)]
    pub book: BookId,
    pub user_id: UserId,
}

impl Event for UserLeft {
    const NAME: &'static str = "room:user-left";

    fn channel(&self) -> Channel {
        Channel::Room(self.book.clone())
    }
}

/// `room:author-joined`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorJoined {
    #[serde(skip)]
    pub book: BookId,
    pub author_id: UserId,
    pub author_name: Line,
}

impl Event for AuthorJoined {
    const NAME: &'static str = "room:author-joined";

    fn channel(&self) -> Channel {
        Channel::Room(self.book.clone())
    }
}

/// `kudos:received`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KudosReceived {
    #[serde(skip)]
    pub receiver: UserId,
    pub from_user: Person,
    /// The reading session that the kudos are for.
    pub session_id: String,
    pub book_title: Line,
}

impl Event for KudosReceived {
    const NAME: &'static str = "kudos:received";

    fn channel(&self) -> Channel {
        Channel::User(self.receiver.clone())
    }
}
