//! What one connection is told right away, in response to what it sent. It is in no outbox: a connection that has ended
//! needs no response, and one that is told of an error has lost nothing.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::Value;

use super::row::Socket;
use crate::clients::connections::{Connections, PostError};
use crate::contract::sockets::{Address, Framing, Namespace, Outgoing, SocketError, SocketEvent as _};
use crate::contract::time::Millis;
use crate::outbox::{Audience, Emit};
use crate::problem::Problem;
use crate::table::{Table, TableError};
use crate::telemetry;

/// Tells a connection these things in order, as long as it is there.
pub async fn tell(connections: &Connections, address: &Address, told: &[Outgoing]) {
    for outgoing in told {
        let Some(text) = address.framing.write(outgoing, &address.connection) else { continue };
        match connections.post(address.stage, &address.connection, &text).await {
            Ok(()) => {}
            Err(PostError::Gone) => return,
            Err(error) => telemetry::cause(&error),
        }
    }
}

/// Tells all of a user's connections something that means nothing later.
///
/// # Errors
/// When DynamoDB fails.
pub async fn pass_on(table: &Table, connections: &Connections, emit: &Emit) -> Result<(), TableError> {
    let Audience::User(user) = &emit.to else { return Ok(()) };
    let targets = super::of_user(table, emit.namespace, user, Millis::now()).await?;
    join_all(targets.iter().map(|target| async {
        tell(connections, &target.address, &emit.said_to(&target.address)).await;
    }))
    .await;
    Ok(())
}

/// A problem as an `error` event. `event` is what was not done.
#[must_use]
pub fn error(problem: &Problem, event: Option<&str>, now: Millis) -> Value {
    let (message, event) = (problem.to_string(), event.map(str::to_owned));
    SocketError {
        error: reason(problem.status()),
        message,
        retry_after: problem.retry_after(),
        event,
        timestamp: now.iso(),
    }
    .data()
}

fn reason(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").to_owned()
}

/// An `error` event of what no request caused.
#[must_use]
pub fn error_of(status: StatusCode, message: String, now: Millis) -> Value {
    SocketError { error: reason(status), message, retry_after: None, event: None, timestamp: now.iso() }.data()
}

/// An `error` event in this namespace; or, where it is not known, in each one that the connection is in.
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
