//! The WebSocket API: passes handshakes on to the stage that an address belongs to, and then every byte both ways.
//!
//! On AWS this is the stages' own addresses, or a CloudFront distribution that rewrites `/socket.io/` as here. API Gateway ends a
//! connection after two hours; here, the signal SIGUSR2 to this process ends all that there are, so that a test need not wait.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};

use crate::net::tunnel::Tunnel;

/// The address of the WebSocket API, without a stage.
#[derive(Clone)]
pub(super) struct Sockets {
    address: String,
    tunnel: Tunnel,
}

/// The stage of an address. As on AWS, it may end with a slash (API Gateway developer guide, "Use wscat to connect to a WebSocket
/// API"), and all further paths are refused.
fn stage(path: &str) -> Option<&'static str> {
    match path {
        "/dashboard" | "/dashboard/" => Some("dashboard"),
        "/ws" | "/ws/" => Some("ws"),
        // Socket.IO's clients always ask for this one, with the slash.
        "/socket.io/" | "/socket.io" | "/socketio" | "/socketio/" => Some("socketio"),
        _ => None,
    }
}

impl Sockets {
    /// `address` has no slash at the end.
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), tunnel: Tunnel::new() }
    }

    /// Ends all connections that there are, without a word to either side.
    pub(super) fn cut(&self) {
        self.tunnel.cut();
    }

    /// Handles one handshake, and then the connection until either side ends it.
    pub(super) async fn handle(&self, request: Request) -> Response {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = stage(request.uri().path()).map(|stage| format!("{}/{stage}{query}", self.address));
        let Some(Ok(address)) = address.map(|address| address.parse::<Uri>()) else {
            return StatusCode::FORBIDDEN.into_response();
        };
        let opened = self.tunnel.open(request, address).await;
        opened.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_stage_or_none() {
        for (path, expected) in [
            ("/dashboard", Some("dashboard")),
            ("/ws", Some("ws")),
            ("/socket.io/", Some("socketio")),
            ("/", None),
            ("/dashboard/", Some("dashboard")),
            ("/dashboard/online", None),
            ("/ws/more", None),
            ("/socketio/more", None),
            ("/socket.io/more", None),
            ("/wsx", None),
        ] {
            assert_eq!(stage(path), expected, "{path}");
        }
    }
}
