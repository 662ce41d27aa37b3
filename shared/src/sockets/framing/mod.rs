//! Framings: how events look on the wire. Each is one file that reads the frames of clients and writes the frames
//! for them; the rest is the same for all.
//!
//! | file | clients | chosen by |
//! |---|---|---|
//! | `json` | native WebSocket, wscat | nothing else |
//! | `socket_io` | socket.io-client 3 and 4, `transports: ["websocket"]` | `EIO=4` in the query |
//!
//! No frame is compressed: API Gateway negotiates no compression for WebSockets.

mod json;
mod socket_io;

use std::fmt;

use serde_json::Value;

use crate::contract::sockets::{ConnectionId, Framing, Namespace, Outgoing};
use crate::http::idempotency;

/// Most bytes of what a client may send: API Gateway's limit for a frame, and so for what a client sends without fragments.
pub const MAX_INCOMING_BYTES: usize = 32 * 1024;

/// Engine.IO's `pingTimeout`, of either side: a client that gets no ping for the interval and this much longer closes the connection,
/// and the heartbeat ends one from which nothing came for this long after a ping. A run of the schedule may be late by most of a minute.
pub const PING_TIMEOUT_MILLISECONDS: u32 = 60_000;

/// A frame of a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// It wants to join a namespace; `Err` holds the name of one that there is not.
    Join(Result<Join, String>),
    /// It leaves a namespace.
    Leave(Namespace),
    Event(IncomingEvent),
    /// It ends the connection.
    Close,
    /// A frame that needs no action, such as the response to a ping.
    Nothing,
    /// A ping, to be answered with this text.
    Ping(String),
}

/// A request to join a namespace.
#[derive(Clone, PartialEq, Eq)]
pub struct Join {
    pub namespace: Namespace,
    /// The `token` of the packet's `auth`, if it is text. After a sign-in by a packet, a further packet needs none, and a token
    /// must be the same user's. After a sign-in by the handshake, it is ignored.
    pub token: Option<String>,
}

/// No log has the token.
impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Join({})", self.namespace)
    }
}

/// An event from a client.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingEvent {
    /// Where it was sent; `None` where the stage says so.
    pub namespace: Option<Namespace>,
    pub name: String,
    pub data: Value,
    /// The client asked for an acknowledgement under this id.
    pub acknowledge: Option<u64>,
}

impl IncomingEvent {
    /// Whom to answer when it is refused.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked {
            namespace: self.namespace,
            event: Some(self.name.clone()),
            client_message_id: client_message_id(&self.data),
            acknowledge: self.acknowledge,
        }
    }
}

/// A frame that cannot be read. It has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// For the client.
    pub why: String,
    pub answer: Answer,
}

impl Unreadable {
    /// A frame that is answered by an `error` event.
    #[must_use]
    pub fn event(why: impl Into<String>, asked: Asked) -> Self {
        Self { why: why.into(), answer: Answer::Error(asked) }
    }
}

/// How a client is told that what it sent was refused. The connection stays, but for the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// By an `error` event, and by the acknowledgement that it asked for.
    Error(Asked),
    /// By the refusal of the namespace of this name.
    Refusal(String),
    /// By an `error` event, after which the connection ends: it breaks the protocol, so what follows could mean anything.
    End,
}

/// The event that is refused, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Where it was sent; `None` where it is not known, or the stage says so.
    pub namespace: Option<Namespace>,
    pub event: Option<String>,
    /// The name that the client gave to the message.
    pub client_message_id: Option<String>,
    /// The client asked for an acknowledgement under this id.
    pub acknowledge: Option<u64>,
}

/// The client's name of the message in an event's data, if it is one.
fn client_message_id(data: &Value) -> Option<String> {
    let id = data.get("clientMessageId")?.as_str()?;
    idempotency::check("clientMessageId", id).ok().map(|()| id.to_owned())
}

/// The framing that the query of the handshake asks for: its `EIO`.
///
/// # Errors
/// For a version of Engine.IO other than 4, with a sentence for the client.
pub fn asked_for(engine_io: Option<&str>) -> Result<Framing, &'static str> {
    match engine_io {
        None => Ok(Framing::Json),
        Some("4") => Ok(Framing::SocketIo),
        Some(_) => Err("EIO must be 4: use socket.io-client 3 or 4"),
    }
}

/// Reads what a client sent.
///
/// # Errors
/// [`Unreadable`], with a sentence for the client.
pub fn read(framing: Framing, text: &str) -> Result<Incoming, Unreadable> {
    if text.len() > MAX_INCOMING_BYTES {
        let why = format!("A message may have at most {MAX_INCOMING_BYTES} bytes");
        let answer = match framing {
            Framing::Json => Answer::Error(json::asked(text)),
            Framing::SocketIo => socket_io::answer(text),
        };
        return Err(Unreadable { why, answer });
    }
    match framing {
        Framing::Json => json::read(text),
        Framing::SocketIo => socket_io::read(text),
    }
}

/// The frame for this connection; `None` if the framing cannot express it.
#[must_use]
pub fn write(framing: Framing, outgoing: &Outgoing, connection: &ConnectionId) -> Option<String> {
    match framing {
        Framing::Json => json::write(outgoing),
        Framing::SocketIo => socket_io::write(outgoing, connection),
    }
}
