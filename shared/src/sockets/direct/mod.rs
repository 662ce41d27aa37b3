//! `/ws`: direct messages between two members, over sockets; their history over HTTP.
//!
//! A message is stored as a message of the two people's conversation ([`crate::chats`]): numbered without gaps, with what it
//! owes. Whoever has lost their connection reads on after the last number that they know, and misses nothing.
//!
//! | file | what it is |
//! |---|---|
//! | `send` | `sendMessage` |
//! | `content` | what a message holds: text, or what is sealed |
//! | `id` | ids on the wire |
//! | `signals` | `typing`, `markAsRead` |
//! | `history` | pages of a conversation |
//! | `keys` | public keys for end-to-end encryption |

mod content;
mod history;
mod id;
pub mod keys;
mod send;
mod signals;

pub use content::Content;
pub use history::{History, history};
pub use id::WireId;
pub use send::send;
pub use signals::{mark_as_read, typing};

use serde_json::{Value, json};

use super::row::Socket;
use crate::contract::sockets::Outgoing;
use crate::outbox::{Committed, Emit, Writer};
use crate::problem::Problem;
use crate::table::Table;

/// What comes of an event.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the acknowledgement holds.
    pub done: Value,
    /// For this connection alone.
    pub told: Vec<Outgoing>,
    /// Rows whose deliveries are this process's.
    pub owed: Vec<Committed>,
    /// For somebody's connections, of no use later: in no outbox.
    pub passing: Option<Emit>,
}

/// Whether an event is one of those that come with reading and writing, many for each message.
#[must_use]
pub fn is_signal(event: &str) -> bool {
    matches!(event, "typing" | "markAsRead")
}

/// Whether an event is of no use later. Beyond its limit it is left out, and a client that did not ask is not told: an `error` for
/// each key that is typed would help nobody.
#[must_use]
pub fn is_passing(event: &str) -> bool {
    event == "typing"
}

/// Does what a client asked for.
///
/// # Errors
/// 400 for an event that there is not or whose data does not fit; and as each event.
pub async fn on_event(
    table: &Table,
    writer: &Writer,
    socket: &Socket,
    name: &str,
    data: Value,
) -> Result<Outcome, Problem> {
    match name {
        "sendMessage" => send(table, writer, socket, data).await,
        "typing" => Ok(Outcome { done: json!({}), passing: Some(typing(socket, data)?), ..Outcome::default() }),
        "markAsRead" => mark_as_read(table, writer, socket, data).await,
        _ => Err(Problem::Malformed("The events here are sendMessage, typing and markAsRead".to_owned())),
    }
}
