//! `/ws`: direct messages between two members, over sockets; their history and deletion over HTTP.
//!
//! A message is stored as a message of the two people's conversation ([`crate::chats`]): numbered without gaps, with its
//! outbox. A client that lost its connection reads on after the last number that it knows, and misses no message.
//!
//! | file | what it is |
//! |---|---|
//! | `send` | `sendMessage` |
//! | `content` | what a message holds: text, or what is sealed |
//! | `deleted` | deleting a message, and the deliveries of that |
//! | `signals` | `typing`, `markAsRead` |
//! | `history` | pages of a conversation |
//! | `keys` | public keys for end-to-end encryption |

mod content;
mod deleted;
mod history;
pub mod keys;
mod send;
mod signals;

pub use content::Content;
pub use deleted::delete;
pub(crate) use deleted::message_deleted;
pub use history::{History, history};
use send::send;
use signals::{mark_as_read, typing};

use serde_json::json;

use super::framing::IncomingEvent;
use super::replies::FrameOutcome;
use super::row::Socket;
use crate::api_error::ApiError;
use crate::chats::AttachmentStore;
use crate::contract::sockets::Namespace;
use crate::outbox::WriteContext;
use crate::table::Table;

/// Whether an event is one of those that come with reading and writing, many for each message.
#[must_use]
pub fn is_signal(event: &str) -> bool {
    matches!(event, "typing" | "markAsRead")
}

/// Whether an event is of no use later. Over its limit it is dropped without an `error` event, which a client would get for each key
/// that its user types.
#[must_use]
pub fn is_ephemeral(event: &str) -> bool {
    event == "typing"
}

/// Handles an event of a client.
///
/// # Errors
/// 400 for an unknown event or data that does not fit; and as each event.
pub async fn on_event(
    (table, store): (&Table, Option<&AttachmentStore>),
    writer: &WriteContext,
    socket: &Socket,
    event: &IncomingEvent,
) -> Result<FrameOutcome, ApiError> {
    let data = event.data.clone();
    let (done, outcome) = match event.name.as_str() {
        "sendMessage" => send((table, store), writer, socket, data).await?,
        "typing" => (json!({}), FrameOutcome { ephemeral: Some(typing(socket, data)?), ..FrameOutcome::default() }),
        "markAsRead" => mark_as_read(table, writer, socket, data).await?,
        _ => return Err(ApiError::Malformed("The events here are sendMessage, typing and markAsRead".to_owned())),
    };
    Ok(outcome.acknowledging(event, Namespace::Ws, done))
}
