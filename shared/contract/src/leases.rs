//! The events of a lease's chat, on `presence-bail-{bailId}`.
//!
//! `client-typing` is not among them: it goes from client to client through Pusher.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::chats::{MessageView, Reader, Role};
use crate::event::Event;
use crate::id::{LeaseId, UserId};
use crate::text::{Line, Text};

/// `user_info` of a participant in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseMember {
    pub name: Line,
    pub role: Role,
}

/// One of a lease's people, as its requests show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasePerson {
    pub id: UserId,
    pub name: Line,
    pub role: Role,
}

/// `new-message`: the message as `GET /leases/{bailId}/messages` lists it.
#[derive(Debug, Clone, Serialize)]
pub struct LeaseMessage {
    #[serde(skip)]
    pub lease: LeaseId,
    #[serde(flatten)]
    pub message: MessageView,
}

impl Event for LeaseMessage {
    const NAME: &'static str = "new-message";

    fn channel(&self) -> Channel {
        Channel::Lease(self.lease.clone())
    }
}

/// `message-deleted`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseMessageDeleted {
    #[serde(skip)]
    pub lease: LeaseId,
    pub message_id: String,
    pub seq: u64,
    /// ISO 8601
    pub deleted_at: String,
}

impl Event for LeaseMessageDeleted {
    const NAME: &'static str = "message-deleted";

    fn channel(&self) -> Channel {
        Channel::Lease(self.lease.clone())
    }
}

/// `messages-read`: somebody has read all messages up to a number. Clients that do not know it miss nothing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseMessagesRead {
    #[serde(skip)]
    pub lease: LeaseId,
    pub reader: Reader,
    pub seq: u64,
    /// ISO 8601
    pub read_at: String,
}

impl Event for LeaseMessagesRead {
    const NAME: &'static str = "messages-read";

    fn channel(&self) -> Channel {
        Channel::Lease(self.lease.clone())
    }
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestStatus {
    Pending,
    Accepted,
    Refused,
    Done,
}

/// To whom a request is addressed: one participant, or all of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestAddressee {
    User {
        #[serde(rename = "userId")]
        user_id: UserId,
    },
    Role {
        role: Role,
    },
}

impl RequestAddressee {
    /// Whether a participant is addressed by this.
    #[must_use]
    pub fn names(&self, user: &UserId, role: Role) -> bool {
        match self {
            Self::User { user_id } => user_id == user,
            Self::Role { role: named } => *named == role,
        }
    }
}

/// `request-updated`: the whole request, as `GET /leases/{bailId}/requests` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRequest {
    #[serde(skip)]
    pub lease: LeaseId,
    /// Names the request within its lease.
    pub id: String,
    pub title: Line,
    /// Empty where nothing more was said.
    pub description: Text,
    pub status: RequestStatus,
    /// Absent where it is for the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RequestAddressee>,
    /// The participant who asked.
    pub created_by: LeasePerson,
    /// ISO 8601
    pub created_at: String,
    /// The participant who changed the status last; `null` before the first change.
    pub updated_by: Option<LeasePerson>,
    /// ISO 8601
    pub updated_at: String,
}

impl Event for LeaseRequest {
    const NAME: &'static str = "request-updated";

    fn channel(&self) -> Channel {
        Channel::Lease(self.lease.clone())
    }
}
