//! An event as the console shows it.

use serde::Serialize;

use crate::services::recorder::PusherEvent;

/// An event that arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    /// When it arrived, in milliseconds since 1970.
    pub(super) at: f64,
    pub(super) way: Way,
    /// The channel; of a WebSocket, the namespace and the user.
    pub(super) channel: String,
    pub(super) event: String,
    /// The payload, as JSON text.
    pub(super) data: String,
    /// From the write that owes it to its arrival; absent where no row owed it.
    pub(super) ms: Option<f64>,
    /// The request that caused it.
    pub(super) request_id: Option<String>,
    /// Whether it arrived before.
    pub(super) again: bool,
}

/// How an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Way {
    /// To the Pusher server, from the functions or another server; without one, from the functions to a client.
    Pusher,
    /// From one client of Pusher's protocol to the others.
    Client,
    /// To a client of a WebSocket.
    Socket,
    /// From a client of a WebSocket.
    FromSocket,
    /// To the event bus, for other systems.
    Fact,
}

impl Seen {
    /// An event without a known write; `message` has its receiver, name and payload.
    pub(super) fn new(at: f64, way: Way, message: PusherEvent) -> Self {
        let PusherEvent { channel, name, data } = message;
        Self { at, way, channel, event: name, data, ms: None, request_id: None, again: false }
    }
}
