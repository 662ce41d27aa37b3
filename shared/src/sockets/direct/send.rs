//! `sendMessage`: stores a message, and tells both sides.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::Value;

use super::Content;
use crate::api_error::ApiError;
use crate::chats::{
    self, AttachmentStore, Author, Conversation, Head, Message, NewAttachments, NewMessage, Posting, Terms, direct_view,
};
use crate::contract::chats::Role;
use crate::contract::id::UserId;
use crate::contract::sockets::{DirectMessage, MESSAGE_SENT, Namespace, Outgoing};
use crate::contract::time::Millis;
use crate::http::idempotency::{self, Cause, IdempotencyKey};
use crate::json::{self as request, Part};
use crate::outbox::WriteContext;
use crate::sockets::contacts;
use crate::sockets::replies::FrameOutcome;
use crate::sockets::row::Socket;
use crate::table::Table;
use crate::telemetry;
use crate::users::profile::known_by;

/// How long a repeat of a conversation's newest message is the same message, in seconds, unless the sender names its messages.
/// Clients without names send again after a lost acknowledgement; a text that comes after another one is new.
const REPEAT_SECONDS: i64 = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    receiver_id: String,
    content: Value,
    client_message_id: Option<String>,
    #[serde(default)]
    attachment_ids: Vec<String>,
}

fn json_of(message: &DirectMessage) -> Value {
    serde_json::to_value(message).expect("a message is strings, numbers and JSON")
}

/// Stores a message; sends its receiver `message:new` and its sender `message:sent`. Returns the data of the acknowledgement too. A
/// receiver without a connection gets a notification at once, any other one if they have not read the message after 30 s.
///
/// # Errors
/// 400 for invalid fields, 404 for an unknown receiver, 409 for a file that another message has, 413 for an event over 32 KB, 422 for a
/// `clientMessageId` that was used with another text and for a file that was not uploaded for this receiver, 503 when too many write at once.
pub(super) async fn send(
    (table, store): (&Table, Option<&AttachmentStore>),
    writer: &WriteContext,
    socket: &Socket,
    data: Value,
) -> Result<(Value, FrameOutcome), ApiError> {
    let Request { receiver_id, content, client_message_id, attachment_ids } = request::from_value(Part::Event, data)?;
    let receiver = UserId::parse(receiver_id).map_err(|error| ApiError::field("receiverId", error))?;
    if receiver == socket.user {
        return Err(ApiError::field("receiverId", "must be another user"));
    }
    let attachments = NewAttachments::parse(&attachment_ids, store)?;
    let content = Content::parse(content, attachments.as_ref())?;
    let sealed = content.is_sealed();
    let text = content.text();
    let key = client_message_id.as_deref().map(|name| named(&socket.user, &receiver, name)).transpose()?;
    let conversation = Conversation::direct(&socket.user, &receiver);
    let author = Author { id: socket.user.clone(), name: socket.name.clone(), role: Role::Member };
    let adds_contacts = AtomicBool::new(false);
    let also = |head: &Head, now: Millis| {
        // Those who have both written hear when the other one comes and goes.
        let renews = head.renews_contacts(&socket.user, now);
        adds_contacts.store(renews, Ordering::Relaxed);
        if !renews {
            return Ok(Vec::new());
        }
        Ok(vec![contacts::add(&socket.user, &receiver, now)?, contacts::add(&receiver, &socket.user, now)?])
    };
    let known = known_by(&receiver);
    let terms = Terms {
        limit: None,
        key_seconds: None,
        repeat_seconds: Some(REPEAT_SECONDS),
        sealed,
        client_message_id: client_message_id.as_deref(),
        receiver: &known,
        also: &also,
    };
    let owes = |message: &Message| chats::created(&conversation, message, client_message_id.as_deref());
    let new = NewMessage { author, others: vec![receiver.clone()], text, attachments, key };
    let posting = Posting { terms, new };
    let posted = chats::post_on(table, writer, &conversation, &posting, owes).await?;

    if adds_contacts.load(Ordering::Relaxed) && !posted.is_replay {
        for user in [&socket.user, &receiver] {
            // The next one sees to it, too.
            if let Err(error) = contacts::bound(table, user).await {
                telemetry::cause(&error);
            }
        }
    }

    let mut message = direct_view(&posted.result, &receiver);
    message.client_message_id = client_message_id;
    message.duplicate = posted.is_replay;
    let done = json_of(&message);
    // A client that sends again gets the event again: the first one may not have reached it.
    let again = Outgoing::Event { namespace: Namespace::Ws, name: MESSAGE_SENT.to_owned(), data: done.clone() };
    let replies = if posted.is_replay { vec![again] } else { Vec::new() };
    Ok((done, FrameOutcome { replies, ..FrameOutcome::committed(posted.pending) }))
}

/// The key of a message that its sender named: the same name to another receiver is another message.
fn named(sender: &UserId, receiver: &UserId, name: &str) -> Result<IdempotencyKey, ApiError> {
    idempotency::check("clientMessageId", name)?;
    Ok(IdempotencyKey::of_cause(Cause::DirectMessage { sender, receiver, name }))
}
