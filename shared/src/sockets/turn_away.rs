//! Reasons for clients that may not connect, and that cannot read the status of a refused handshake.

use std::future::ready;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::framing::{self, Asked};
use super::replies;
use crate::api_error::ApiError;
use crate::clients::connections::{Connections, ForOpening, PostError};
use crate::contract::sockets::{Address, Outgoing, SocketError, SocketEvent as _};
use crate::contract::time::Millis;
use crate::telemetry;

/// How long a connection may take to open, as work after the response to its handshake.
const OPENING: Duration = Duration::from_secs(3);

/// Why the token of a handshake was refused, for a client of Socket.IO that waits to hear it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedHandshake {
    told: String,
    /// 401 or 403.
    status: u16,
}

impl RefusedHandshake {
    /// `None` for an error that says nothing of the token.
    #[must_use]
    pub fn of(error: &ApiError) -> Option<Self> {
        let status = error.status().as_u16();
        matches!(status, 401 | 403).then(|| Self { told: error.to_string(), status })
    }

    /// The error again. The handshake's line of the log has the cause.
    #[must_use]
    pub fn error(&self) -> ApiError {
        let told = self.told.clone();
        if self.status == 403 { ApiError::Forbidden(told) } else { ApiError::Unauthenticated { told, cause: None } }
    }
}

/// Tells a client of plain JSON that opens a connection why it is refused, by an `error` event, and ends the connection. It has no row,
/// so nobody knows whether its client still waits.
pub async fn turn_away(connections: &Connections, address: &Address, error: &ApiError) {
    let data = replies::error(error, &Asked::default(), Millis::now());
    let event = Outgoing::Event { namespace: address.stage, name: SocketError::NAME.to_owned(), data };
    let (stage, connection) = (address.stage.into(), &address.connection);
    if let Some(text) = framing::write(address.framing, &event, connection) {
        let opening = ForOpening { stage, connection, text: &text, within: OPENING };
        match connections.post_once_open(opening, || ready(true)).await {
            Ok(()) | Err(PostError::Gone) => {}
            Err(error) => telemetry::cause(&error),
        }
    }
    if let Err(error) = connections.close(address.stage, connection).await {
        telemetry::cause(&error);
    }
}
