//! The WebSocket API: passes handshakes on to the stage that an address belongs to, and then every byte both ways.
//!
//! On AWS this is the stages' own addresses, or a CloudFront distribution that rewrites `/socket.io/` and `/app/{key}` as here. API Gateway ends a
//! connection after two hours; here, the signal SIGUSR2 to this process ends all that there are, so that a test need not wait.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};

use crate::net::tunnel::Tunnel;
use crate::state::settings::PusherServer;

/// The address of the WebSocket API, without a stage.
#[derive(Clone)]
pub(super) struct Sockets {
    address: String,
    pusher: PusherServer,
    tunnel: Tunnel,
}

/// The stage of an address. As on AWS, it may end with a slash (API Gateway developer guide, "Use wscat to connect to a WebSocket
/// API"), and all further paths are refused.
fn stage(path: &str, pusher: PusherServer) -> Option<&'static str> {
    match path {
        "/dashboard" | "/dashboard/" => Some("dashboard"),
        "/ws" | "/ws/" => Some("ws"),
        // Socket.IO's clients always ask for this one, with the slash.
        "/socket.io/" | "/socket.io" | "/socketio" | "/socketio/" => Some("socketio"),
        "/pusher" | "/pusher/" if pusher == PusherServer::Gateway => Some("pusher"),
        _ => None,
    }
}

/// The stage and query that an address leads to, such as `ws?token=…`. Clients of Pusher's protocol ask for `/app/{key}`, and a stage has no
/// further path: the key becomes the parameter `appKey`, as by the distribution's function in `template.yaml`.
fn destination(path: &str, query: Option<&str>, pusher: PusherServer) -> Option<String> {
    let key = path.strip_prefix("/app/").filter(|key| !key.is_empty() && !key.contains('/'));
    let Some(key) = key.filter(|_| pusher == PusherServer::Gateway) else {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        return Some(format!("{}{query}", stage(path, pusher)?));
    };
    let is_other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some("appKey");
    let mut query: String =
        query.unwrap_or_default().split('&').filter(is_other).map(|pair| format!("{pair}&")).collect();
    query.push_str("appKey=");
    for byte in key.bytes() {
        // A percent sign begins an encoded byte.
        if byte.is_ascii_alphanumeric() || b"_.~%-".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(format!("pusher?{query}"))
}

impl Sockets {
    /// `address` has no slash at the end.
    pub(super) fn new(address: &str, pusher: PusherServer) -> Self {
        Self { address: address.to_owned(), pusher, tunnel: Tunnel::new() }
    }

    /// Ends all connections that there are, without a word to either side.
    pub(super) fn cut(&self) {
        self.tunnel.cut();
    }

    /// Handles one handshake, and then the connection until either side ends it.
    pub(super) async fn handle(&self, request: Request) -> Response {
        let destination = destination(request.uri().path(), request.uri().query(), self.pusher);
        let address = destination.map(|destination| format!("{}/{destination}", self.address));
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
            ("/pusher/more", None),
        ] {
            for pusher in [PusherServer::Sockudo, PusherServer::Gateway] {
                assert_eq!(stage(path, pusher), expected, "{path}");
            }
        }
        assert_eq!(stage("/pusher", PusherServer::Gateway), Some("pusher"));
        assert_eq!(stage("/pusher", PusherServer::Sockudo), None);
    }

    #[test]
    fn the_key_of_pushers_clients_moves_into_the_query() {
        let to = |address: &str| {
            let address: Uri = address.parse().unwrap();
            destination(address.path(), address.query(), PusherServer::Gateway)
        };
        let asked = "/app/carillon-local?protocol=7&client=js&version=8.6.0&flash=false";
        let expected = "pusher?protocol=7&client=js&version=8.6.0&flash=false&appKey=carillon-local";
        assert_eq!(to(asked).as_deref(), Some(expected));
        assert_eq!(to("/app/a").as_deref(), Some("pusher?appKey=a"));
        // The path decides, and no key adds a parameter.
        assert_eq!(to("/app/a?appKey=b&protocol=7&appKey").as_deref(), Some("pusher?protocol=7&appKey=a"));
        assert_eq!(to("/app/a&token=b+c=%20").as_deref(), Some("pusher?appKey=a%26token%3Db%2Bc%3D%20"));
        assert_eq!(to("/pusher?appKey=a").as_deref(), Some("pusher?appKey=a"), "a client that knows the stage");
        assert_eq!(to("/ws?token=t").as_deref(), Some("ws?token=t"));
        for refused in ["/app", "/app/", "/app/a/b", "/apps/a", "/pusher/app/a"] {
            assert_eq!(to(refused), None, "{refused}");
        }
        assert_eq!(
            destination("/app/a", None, PusherServer::Sockudo),
            None,
            "the Pusher server has an address of its own"
        );
    }
}
