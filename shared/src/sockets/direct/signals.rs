//! `typing` and `markAsRead`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::chats::{self, Conversation, Mark, MessageId, WireId};
use crate::contract::chats::{ConversationName, ConversationRead};
use crate::contract::event::Event as _;
use crate::contract::id::UserId;
use crate::contract::sockets::{MESSAGE_READ, Namespace, TYPING_START, TYPING_STOP};
use crate::contract::time::Millis;
use crate::json::{self as request, Part};
use crate::outbox::{Audience, Delivery, Emit, WriteContext};
use crate::sockets::replies::FrameOutcome;
use crate::sockets::row::Socket;
use crate::table::Table;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typing {
    receiver_id: String,
    is_typing: bool,
}

/// The event for the receiver. It is not stored, since it is stale a moment later.
///
/// # Errors
/// 400 for invalid fields.
pub(super) fn typing(socket: &Socket, data: Value) -> Result<Emit, ApiError> {
    let Typing { receiver_id, is_typing } = request::from_value(Part::Event, data)?;
    let receiver = UserId::parse(receiver_id).map_err(|error| ApiError::field("receiverId", error))?;
    let names = if is_typing { TYPING_START } else { TYPING_STOP };
    let now = Millis::now().iso();
    let data = json!({ "userId": socket.user, "senderId": socket.user, "isTyping": is_typing, "timestamp": now });
    Ok(Emit::named(Namespace::Ws, Audience::User(receiver), &names, data))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkAsRead {
    message_id: String,
    /// The other one of the conversation, for an id that does not begin with its sender.
    user_id: Option<String>,
}

/// Moves the reader's mark to this message, and tells its sender and the reader's connections, this one included. Returns the data of
/// the acknowledgement too. A message of an erased sender is marked without an event for them: by its id from before the erasure, or
/// by its new id and `userId`.
///
/// # Errors
/// 404 for an id of no message to this reader, 400 for an own message, 503 when too many change it at once.
pub(super) async fn mark_as_read(
    table: &Table,
    writer: &WriteContext,
    socket: &Socket,
    data: Value,
) -> Result<(Value, FrameOutcome), ApiError> {
    let MarkAsRead { message_id, user_id } = request::from_value(Part::Event, data)?;
    let id = match user_id.filter(|_| !message_id.contains(':')) {
        Some(user) => {
            let sender = UserId::parse(user).map_err(|error| ApiError::field("userId", error))?;
            WireId { sender, message: MessageId::parse(&message_id)? }
        }
        None => WireId::parse(&message_id)?,
    };
    if id.sender == socket.user {
        return Err(ApiError::field("messageId", "must be of a message that somebody else sent"));
    }
    let conversation = Conversation::direct(&id.sender, &socket.user);
    // Its number alone could be of any message.
    let message = chats::find(table, &conversation, &id.message).await?;
    let message = message.filter(|message| message.author.as_ref().is_none_or(|author| *author == id.sender));
    let Some(message) = message else {
        return Err(ApiError::NotFound("There is no message of this id to you".to_owned()));
    };
    let owes = |mark: Mark, at: Millis| {
        let own =
            chats::conversation_read(&socket.user, ConversationName::Direct { user_id: id.sender.clone() }, mark, at);
        let data = serde_json::to_value(own).expect("the event is strings and numbers");
        let own = Emit::named(Namespace::Ws, Audience::User(socket.user.clone()), &[ConversationRead::NAME], data);
        let data = json!({ "messageId": message_id, "readerId": socket.user, "seq": mark.seq.0, "readAt": at.iso() });
        let read = Emit::named(Namespace::Ws, Audience::User(id.sender.clone()), &[MESSAGE_READ], data);
        let read = message.author.is_some().then_some(read);
        read.into_iter().chain([own]).map(Delivery::from).collect()
    };
    let seq = id.message.seq();
    let up_to = chats::Reading { reader: &socket.user, seq };
    let marked = chats::mark_read(table, writer, &conversation, up_to, owes).await?;
    let done = json!({ "seq": marked.result.seq.0, "unread": marked.result.unread });
    Ok((done, FrameOutcome::committed(marked.pending)))
}
