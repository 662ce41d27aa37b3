//! A direct message that its receiver may not have seen, although it was posted to a connection of theirs.

use serde::{Deserialize, Serialize};

use super::Notify;
use crate::contract::id::UserId;

/// The outbox keeps no text of it. When the entry is due, the delivery looks up the receiver's read mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    pub sender: UserId,
    /// Its number in the conversation.
    pub seq: u64,
    /// The notification, the same that a receiver without a connection gets at once, so that there is one of both.
    pub notify: Notify,
}
