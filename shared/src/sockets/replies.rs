//! The replies to a frame. The function sends them at once, and no outbox keeps them: a connection that has ended needs no reply,
//! and a client that misses an `error` event has lost nothing.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use super::framing::{self, Asked, IncomingEvent};
use super::row::Socket;
use crate::api_error::ApiError;
use crate::clients::connections::{Connections, PostError};
use crate::contract::sockets::{Address, Framing, Namespace, Outgoing, SocketError, SocketEvent as _};
use crate::contract::time::Millis;
use crate::outbox::{Audience, Committed, Emit};
use crate::table::{Table, TableError};
use crate::telemetry;

/// The outcome of a frame that a client sent.
#[derive(Debug, Default)]
pub struct FrameOutcome {
    /// For the connection itself, in order.
    pub replies: Vec<Outgoing>,
    /// Rows whose outbox entries this process delivers.
    pub committed: Vec<Committed>,
    /// For another user's connections. It is of no use later, so no outbox keeps it.
    pub ephemeral: Option<Emit>,
    /// Whether the connection is closed after its replies.
    pub closes: bool,
}

impl FrameOutcome {
    /// Replies alone.
    #[must_use]
    pub fn replies(replies: impl IntoIterator<Item = Outgoing>) -> Self {
        Self { replies: replies.into_iter().collect(), ..Self::default() }
    }

    /// Rows alone.
    #[must_use]
    pub fn committed(committed: Vec<Committed>) -> Self {
        Self { committed, ..Self::default() }
    }

    /// Adds the acknowledgement, if the client asked for one.
    #[must_use]
    pub fn acknowledging(mut self, event: &IncomingEvent, namespace: Namespace, data: Value) -> Self {
        let acknowledgement =
            |id| Outgoing::Acknowledgement { namespace, id, data: json!({ "ok": true, "data": data }) };
        self.replies.extend(event.acknowledge.map(acknowledgement));
        self
    }
}

/// Sends these to a connection, in order, until it is gone.
pub async fn send(connections: &Connections, address: &Address, replies: &[Outgoing]) {
    for outgoing in replies {
        let Some(text) = framing::write(address.framing, outgoing, &address.connection) else { continue };
        match connections.post(address.stage, &address.connection, &text).await {
            Ok(()) => {}
            Err(PostError::Gone) => return,
            Err(error) => telemetry::cause(&error),
        }
    }
}

/// Sends an event to all connections of a user, once, without an outbox.
pub async fn send_ephemeral(table: &Table, connections: &Connections, emit: &Emit) -> Result<(), TableError> {
    let Audience::User(user) = &emit.to else { return Ok(()) };
    let targets = super::of_user(table, emit.namespace, user, Millis::now()).await?;
    join_all(targets.iter().map(|target| async {
        send(connections, &target.address, &emit.said_to(&target.address)).await;
    }))
    .await;
    Ok(())
}

/// The data of an `error` event. `asked` is what was refused.
#[must_use]
pub fn error(error: &ApiError, asked: &Asked, now: Millis) -> Value {
    SocketError {
        error: reason(error.status()),
        message: error.to_string(),
        retry_after: error.retry_after(),
        event: asked.event.clone(),
        client_message_id: asked.client_message_id.clone(),
        timestamp: now.iso(),
    }
    .data()
}

fn reason(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").to_owned()
}

/// The data of an `error` event that no frame caused.
#[must_use]
pub fn error_of(status: StatusCode, message: String, now: Millis) -> Value {
    let (error, timestamp) = (reason(status), now.iso());
    SocketError { error, message, retry_after: None, event: None, client_message_id: None, timestamp }.data()
}

/// An `error` event in this namespace. Without one, an event in each namespace that the connection is in.
#[must_use]
pub fn error_events(socket: &Socket, namespace: Option<Namespace>, data: &Value) -> Vec<Outgoing> {
    let named = namespace.filter(|namespace| socket.is_in(*namespace));
    let all = socket.namespaces.keys().copied().filter(|namespace| *namespace != Namespace::SocketIo);
    let namespaces: Vec<Namespace> = match (named, socket.address.framing) {
        (Some(named), _) => vec![named],
        (None, Framing::Json) => vec![socket.address.stage],
        (None, Framing::SocketIo) => all.collect(),
    };
    let event = |namespace| Outgoing::Event { namespace, name: SocketError::NAME.to_owned(), data: data.clone() };
    namespaces.into_iter().map(event).collect()
}
