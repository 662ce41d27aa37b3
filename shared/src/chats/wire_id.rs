//! The id of a direct message on the wire: its sender and its id in the conversation. With the sender and the reader the
//! conversation is known, so `markAsRead` needs no other lookup.

use std::fmt;

use super::{Conversation, ConversationKind, Message, MessageId};
use crate::api_error::ApiError;
use crate::contract::id::UserId;

/// `{senderId}:{id}`; a user id holds no colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireId {
    pub sender: UserId,
    pub message: MessageId,
}

impl WireId {
    /// Parses an id.
    ///
    /// # Errors
    /// 404 for any other text: no message has such an id.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let unknown = || {
            let told = "There is no message of this id: take the id of a message that you received, and send userId, the other \
                one's id, with one that does not begin with its sender";
            ApiError::NotFound(told.to_owned())
        };
        let (sender, message) = text.split_once(':').ok_or_else(unknown)?;
        let sender = UserId::parse(sender).map_err(|_| unknown())?;
        Ok(Self { sender, message: MessageId::parse(message).map_err(|_| unknown())? })
    }
}

/// The id of a direct message on the wire. Once its sender's account is erased, it does not name the sender.
pub(super) fn of_direct(message: &Message) -> String {
    match message.author.clone() {
        Some(sender) => WireId { sender, message: message.id.clone() }.to_string(),
        None => message.id.to_string(),
    }
}

/// The id of a message as its readers have it.
pub(super) fn shown_id(conversation: &Conversation, message: &Message) -> String {
    match conversation.kind() {
        ConversationKind::Direct(..) => of_direct(message),
        ConversationKind::Guest(..) | ConversationKind::Lease(_) => message.id.to_string(),
    }
}

impl fmt::Display for WireId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sender, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_prints_as_it_was_read(user in "[-a-zA-Z0-9_=@,.;]{1,128}", seq in 1_u64..999_999_999_999, id in "[0-9a-f]{32}") {
            let text = format!("{user}:{seq:012}-{id}");
            let wire = WireId::parse(&text).unwrap();
            prop_assert_eq!(wire.message.seq().0, seq);
            prop_assert_eq!(wire.to_string(), text);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = WireId::parse(&text);
        }
    }
}
