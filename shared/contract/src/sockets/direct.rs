//! The events of `/ws`: direct messages. Those that have two names are sent by both.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attachments::Attachment;
use crate::id::UserId;
use crate::text::Line;

/// A message arrived: names of one event.
pub const MESSAGE_NEW: [&str; 2] = ["message:new", "MESSAGE_BROADCAST"];
/// A message was stored, for its sender.
pub const MESSAGE_SENT: &str = "message:sent";
/// A message lost its content: its sender deleted it, or their account was erased.
pub const MESSAGE_DELETED: &str = "message:deleted";
/// The other one has read messages.
pub const MESSAGE_READ: &str = "message:read";
/// The other one types.
pub const TYPING_START: [&str; 2] = ["typing:start", "TYPING_INDICATOR"];
/// The other one types no more.
pub const TYPING_STOP: [&str; 2] = ["typing:stop", "TYPING_INDICATOR"];

/// A direct message, as both sides see it. One whose sender's account was erased has no sender, receiver and content any more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectMessage {
    /// By which duplicates are dropped, and which `markAsRead` takes.
    pub id: String,
    /// Its number in the conversation, from 1 without gaps.
    pub seq: u64,
    pub sender_id: Option<UserId>,
    /// Empty where there is no sender.
    pub sender_name: Line,
    pub receiver_id: Option<UserId>,
    /// Text, or what is sealed; `null` once it is deleted.
    pub content: Value,
    /// Its files. Left out for a message without files, and for a deleted one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// ISO 8601
    pub created_at: String,
    /// The same, under the name that all events here have.
    pub timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
    /// Of `message:sent`: as the sender named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// Of `message:sent`: it was stored before, and not again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

/// `message:deleted`: a message lost its content.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectMessageDeleted {
    /// The other one of the conversation.
    pub user_id: UserId,
    /// Which of its messages.
    pub seq: u64,
    /// Its id as its receiver got it; absent where its sender's account was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// ISO 8601
    pub deleted_at: String,
    pub timestamp: String,
}

/// A content that is encrypted from end to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sealed {
    /// In base64.
    pub ciphertext: String,
    /// In base64.
    pub nonce: String,
    /// Which of the receiver's keys it is for.
    pub key_version: u32,
}
