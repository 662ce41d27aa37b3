//! The WebSocket API: passes handshakes on to the stage that an address belongs to, and then every byte both ways.
//!
//! On AWS this is the stages' own addresses, or a CloudFront distribution that rewrites `/socket.io/` as here. API Gateway ends a
//! connection after two hours; here, the signal SIGUSR2 to this process ends all that there are, so that a test need not wait.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Notify;

/// The address of the WebSocket API, without a stage.
#[derive(Clone)]
pub(super) struct Sockets {
    address: String,
    client: Client<HttpConnector, Body>,
    /// Ends all connections.
    cuts: Arc<Notify>,
}

/// The stage of an address.
fn stage(path: &str) -> Option<&'static str> {
    match path {
        "/dashboard" | "/dashboard/" => Some("dashboard"),
        "/ws" | "/ws/" => Some("ws"),
        // Socket.IO's clients always ask for this one, with the slash.
        "/socket.io/" | "/socket.io" | "/socketio" | "/socketio/" => Some("socketio"),
        _ => None,
    }
}

/// Whether a request asks for a WebSocket.
pub(super) fn is_handshake(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

impl Sockets {
    /// `address` has no slash at the end.
    pub(super) fn new(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { address: address.to_owned(), client, cuts: Arc::default() }
    }

    /// Ends all connections that there are, without a word to either side.
    pub(super) fn cut(&self) {
        self.cuts.notify_waiters();
    }

    /// Handles one handshake, and then the connection until either side ends it.
    pub(super) async fn handle(&self, mut request: Request) -> Response {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = stage(request.uri().path()).map(|stage| format!("{}/{stage}{query}", self.address));
        let Some(Ok(address)) = address.map(|address| address.parse::<Uri>()) else {
            return StatusCode::FORBIDDEN.into_response();
        };
        let client_side = hyper::upgrade::on(&mut request);
        let (mut parts, _) = request.into_parts();
        parts.uri = address;
        let Ok(mut response) = self.client.request(Request::from_parts(parts, Body::empty())).await else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let server_side = hyper::upgrade::on(&mut response);
            let cut = self.cuts.clone().notified_owned();
            tokio::spawn(async move {
                if let (Ok(client), Ok(server)) = tokio::join!(client_side, server_side) {
                    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
                    // Whichever side ends first, the other hears of it by its own end.
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        () = cut => {}
                    }
                }
            });
        } else {
            // A refusal is an ordinary response.
            response.headers_mut().remove(CONNECTION);
        }
        response.map(Body::new)
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
            ("/dashboard/online", None),
            ("/wsx", None),
        ] {
            assert_eq!(stage(path), expected, "{path}");
        }
    }
}
