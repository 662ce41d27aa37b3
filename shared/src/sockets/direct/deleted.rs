//! The events of the deletion of a direct message.

use crate::chats::Message;
use crate::contract::id::UserId;
use crate::contract::sockets::{DirectMessageDeleted, MESSAGE_DELETED, Namespace};
use crate::outbox::{Audience, Delivery, Emit};

/// The events for both sides. They name the message, and not its author.
pub(crate) fn message_deleted(first: &UserId, second: &UserId, left: &Message) -> Vec<Delivery> {
    let deleted_at = left.deleted_at.unwrap_or(left.created_at).iso();
    let told = |to: &UserId, other: &UserId| -> Delivery {
        let event = DirectMessageDeleted {
            user_id: other.clone(),
            seq: left.seq.0,
            deleted_at: deleted_at.clone(),
            timestamp: deleted_at.clone(),
        };
        let data = serde_json::to_value(event).expect("the event is strings and a number");
        Emit::named(Namespace::Ws, Audience::User(to.clone()), &[MESSAGE_DELETED], data).into()
    };
    vec![told(first, second), told(second, first)]
}
