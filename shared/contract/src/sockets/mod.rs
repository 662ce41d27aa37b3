//! WebSockets: connections, namespaces and events.

mod connection;
mod direct;
mod events;

pub use connection::{
    Address, ConnectionId, Framing, InvalidConnectionId, LIFETIME_SECONDS, Names, Namespace, Outgoing, Stage,
};
pub use direct::{
    DirectMessage, DirectMessageDeleted, MESSAGE_DELETED, MESSAGE_NEW, MESSAGE_READ, MESSAGE_SENT, Sealed,
    TYPING_START, TYPING_STOP,
};
pub use events::{
    Connected, DashboardNotification, Heartbeat, SocketError, SocketEvent, Status, Subscribed, UserStatus,
};

/// Most bytes of an event's text. API Gateway cuts what is longer than 32 KB into frames, each billed, and takes no more than
/// 128 KB (API Gateway developer guide, "Quotas for configuring and running a WebSocket API").
pub const MAX_EVENT_BYTES: usize = 32 * 1024;
