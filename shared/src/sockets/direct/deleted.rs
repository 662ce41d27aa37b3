//! Deleting a direct message, and the events of that.

use crate::api_error::ApiError;
use crate::chats::{self, Conversation, Deletion, Message, MessageId, WireId, direct_view};
use crate::contract::id::UserId;
use crate::contract::sockets::{DirectMessage, DirectMessageDeleted, MESSAGE_DELETED, Namespace};
use crate::outbox::{Audience, Delivery, Done, Emit, WriteContext};
use crate::table::Table;

/// Deletes a message that the caller sent to another user. Both sides hear of it; deleting twice is the same. `id` is the message's
/// id, with or without its sender.
///
/// # Errors
/// 403 for a message of the other one's, 404 when there is no such message, 503 when too many write at once, 500.
pub async fn delete(
    table: &Table,
    writer: &WriteContext,
    (caller, other): (&UserId, &UserId),
    id: &str,
) -> Result<Done<DirectMessage>, ApiError> {
    let message = if id.contains(':') {
        let WireId { sender, message } = WireId::parse(id)?;
        if sender != *caller && sender != *other {
            return Err(ApiError::NotFound(format!("You and {other} have exchanged no message of this id")));
        }
        message
    } else {
        MessageId::parse(id)?
    };
    let deletion = Deletion { id: &message, author: caller };
    let owes = |left: &Message| message_deleted(caller, other, left);
    let deleted = chats::delete(table, writer, &Conversation::direct(caller, other), deletion, owes).await?;
    Ok(deleted.map(|left| direct_view(&left, other)))
}

/// The events for both sides. They name the message, and its author only by its id, which an erased message has lost.
pub(crate) fn message_deleted(first: &UserId, second: &UserId, left: &Message) -> Vec<Delivery> {
    let deleted_at = left.deleted_at.unwrap_or(left.created_at).iso();
    let message_id = left.author.clone().map(|sender| WireId { sender, message: left.id.clone() }.to_string());
    let told = |to: &UserId, other: &UserId| -> Delivery {
        let event = DirectMessageDeleted {
            user_id: other.clone(),
            seq: left.seq.0,
            message_id: message_id.clone(),
            deleted_at: deleted_at.clone(),
            timestamp: deleted_at.clone(),
        };
        let data = serde_json::to_value(event).expect("the event is strings and a number");
        Emit::named(Namespace::Ws, Audience::User(to.clone()), &[MESSAGE_DELETED], data).into()
    };
    vec![told(first, second), told(second, first)]
}
