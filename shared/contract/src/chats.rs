//! The events of chats, and a message as clients see it.

use serde::{Deserialize, Serialize};

use crate::attachments::Attachment;
use crate::channel::Channel;
use crate::event::Event;
use crate::id::{BookingId, HotelSlug, LeaseId, UserId};
use crate::text::{Line, Text};

/// As what somebody takes part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A hotel's guest.
    Guest,
    /// A member of a hotel's staff.
    Staff,
    /// A lease's client.
    Client,
    /// A lease's notary.
    Notary,
    /// Works for a lease's notary.
    Clerk,
    /// Signs a lease beside its client.
    #[serde(rename = "co-tenant")]
    CoTenant,
    /// One of two who write to each other.
    Member,
}

impl Role {
    /// On whose side somebody of this role is: in a lease, the client's or the notary's. Rows have the side where the version before reads a
    /// role, since it knows no other.
    #[must_use]
    pub fn side(self) -> Self {
        match self {
            Self::Clerk => Self::Notary,
            Self::CoTenant => Self::Client,
            other => other,
        }
    }

    /// The role itself, where the side does not say it.
    #[must_use]
    pub fn beside_side(self) -> Option<Self> {
        (self.side() != self).then_some(self)
    }
}

/// The author of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorView {
    /// `null` once the author's account is erased.
    pub id: Option<UserId>,
    /// Empty once the author's account is erased.
    pub name: Line,
    pub role: Role,
}

/// A message of a chat. A guest's chat calls its text `message`, a lease's chat `content`; a deleted message has neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// By which duplicates are dropped.
    pub id: String,
    /// Its number in the conversation, from 1 without gaps.
    pub seq: u64,
    pub author: AuthorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Text>,
    /// Its files. Left out for a message without files, and for a deleted one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// ISO 8601
    pub created_at: String,
    /// ISO 8601
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// The reader of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reader {
    pub id: UserId,
    pub role: Role,
}

/// Whether a hotel's staff has something to do in a guest's chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatState {
    Open,
    Closed,
}

/// A member of a hotel's staff, as the others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffMember {
    pub id: UserId,
    pub name: Line,
}

/// `user_info` of a member of the presence channel of a guest's chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestChatMember {
    /// The guest's. The guest sees a member of the staff by name only once they write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
    pub role: Role,
}

/// A change of a guest's chat, by the payload's `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum GuestChatChange {
    /// A new message.
    ChatMessage { message: MessageView },
    /// A message was deleted; the rest of it keeps its `id` and `seq`.
    MessageDeleted { message: MessageView },
    /// The reader has read all messages up to this number.
    MessagesRead {
        reader: Reader,
        seq: u64,
        /// ISO 8601
        read_at: String,
    },
    /// The staff assigned, closed or reopened the chat. Only they hear of it.
    ChatUpdated {
        state: ChatState,
        /// `null` for nobody.
        assigned_to: Option<StaffMember>,
        /// The member of the staff who changed it.
        by: StaffMember,
        /// ISO 8601
        updated_at: String,
    },
}

/// `realtime_event`, on a guest's channel and on that of the hotel's staff.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RealtimeEvent {
    #[serde(skip)]
    pub channel: Channel,
    #[serde(flatten)]
    pub change: GuestChatChange,
    /// On the staff's channel: which chat it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<BookingId>,
}

impl Event for RealtimeEvent {
    const NAME: &'static str = "realtime_event";

    fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

/// Which conversation it is, as its participants see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum ConversationName {
    /// With another user.
    Direct { user_id: UserId },
    /// About a lease.
    Lease { bail_id: LeaseId },
    /// Of a hotel with a guest.
    Guest { hotel_slug: HotelSlug, booking_id: BookingId },
}

/// `conversation:read`, for the reader's other tabs and devices. Of direct messages, it goes to the reader's connections of `/ws`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRead {
    #[serde(skip)]
    pub reader: UserId,
    #[serde(flatten)]
    pub conversation: ConversationName,
    /// The reader has read all messages up to this number.
    pub seq: u64,
    /// How many messages came after it.
    pub unread_count: u64,
    /// ISO 8601
    pub read_at: String,
}

impl Event for ConversationRead {
    const NAME: &'static str = "conversation:read";

    fn channel(&self) -> Channel {
        Channel::User(self.reader.clone())
    }
}
