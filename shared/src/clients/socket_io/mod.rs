//! Socket.IO protocol 5 over Engine.IO protocol 4, as text: packets in, packets out, no I/O.
//!
//! Written from the published protocols: <https://socket.io/docs/v4/engine-io-protocol/> and
//! <https://socket.io/docs/v4/socket-io-protocol/>. A frame of a WebSocket holds one Engine.IO packet, and a message of those
//! one Socket.IO packet:
//!
//! ```text
//! 42/ws,7["typing",{"isTyping":true}]
//! │││   ││
//! │││   │└ payload: the event's name and its arguments
//! │││   └ acknowledgement id: the receiver answers with 43/ws,7[…]
//! ││└ namespace, up to the comma; none for the main one
//! │└ Socket.IO: event
//! └ Engine.IO: message
//! ```
//!
//! Binary attachments are refused: API Gateway's WebSockets send text only, so nothing could ever answer them.
//!
//! A frame that cannot be read either breaks the protocol ([`Malformed::breaks_the_protocol`]) or has a payload that this server does
//! not accept. Then its [`Header`] says how to answer.
//!
//! | file | what it is |
//! |---|---|
//! | `engine` | Engine.IO's packets, and the handshake of its open packet |
//! | `packet` | Socket.IO's packets |

pub mod engine;
pub mod packet;

pub use engine::{Frame, OpenPayload, PacketKind};
pub use packet::{Body, Header, MAIN, Packet};

use crate::json::NotKept;

/// Why a frame is not a packet that can be taken. Names the rule, and nothing of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("The frame is empty: it must be an Engine.IO packet")]
    Empty,
    #[error("The frame is no packet of Engine.IO 4: it must begin with a digit from 0 to 6")]
    EnginePacket,
    #[error("Binary data cannot be sent here: the server takes text only; encode it, as base64 say")]
    Binary,
    #[error("The message is no packet of Socket.IO 5: it must begin with a digit from 0 to 6")]
    PacketType,
    #[error("The namespace must be followed by a comma")]
    Namespace,
    #[error("The acknowledgement id is too large")]
    Id,
    #[error("The payload is not JSON")]
    Json,
    #[error(transparent)]
    NotKept(NotKept),
    #[error("The payload of CONNECT must be an object")]
    ConnectPayload,
    #[error("A DISCONNECT has no payload")]
    DisconnectPayload,
    #[error("The payload of an EVENT must be an array that begins with the event's name, which is text or a number")]
    EventPayload,
    #[error("The event's name is one that Socket.IO reserves")]
    Reserved,
    #[error("The payload of an ACK must be an array")]
    AckPayload,
    #[error("The payload of CONNECT_ERROR must be an object with a message")]
    ErrorPayload,
}

impl Malformed {
    /// Whether a client of Socket.IO never sends such a frame. Socket.IO's own server ends the connection after one. Other frames are
    /// well-formed, but this server does not accept them.
    #[must_use]
    pub fn breaks_the_protocol(self) -> bool {
        !matches!(self, Self::Binary | Self::Id | Self::NotKept(_))
    }
}
