//! Requests of HTTP to addresses of WebSockets. AWS refuses them in words that name no cause; here a client learns what to change.
//!
//! socket.io-client begins with HTTP long-polling by default, and shows only "xhr poll error" for a refused request. So it gets
//! a session whose every namespace is refused, with the reason: a `connect_error`. The CloudFront distribution of the template does the same.

use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, UPGRADE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::json;

/// As a handshake with another transport is refused.
const NO_POLLING: &str =
    "transport must be websocket: set transports: [\"websocket\"], since there is no HTTP long-polling here";
/// Between the packets of a response (Engine.IO protocol 4, "Message encoding").
const SEPARATOR: char = '\u{1e}';

/// The response to such a request, and none to any other.
pub(super) fn response<B>(request: &Request<B>) -> Option<Response> {
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_socket_io = matches!(path, "/socket.io" | "/socketio");
    let is_app = path.strip_prefix("/app/").is_some_and(|key| !key.is_empty() && !key.contains('/'));
    let has = |pair: &str| request.uri().query().is_some_and(|query| query.split('&').any(|one| one == pair));
    if is_socket_io && has("EIO=4") && has("transport=polling") {
        return Some(polled(request.method(), request.uri().query().is_some_and(|query| query.contains("sid="))));
    }
    if request.method() != Method::GET || !(is_socket_io || is_app || matches!(path, "/ws" | "/dashboard")) {
        return None;
    }
    let told = format!("{path} is an address of WebSockets: connect to it with a client of them, by ws:// or wss://");
    let body = json!({ "error": "Upgrade Required", "message": told }).to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (UPGRADE, "websocket"), (CACHE_CONTROL, "no-store")];
    Some((StatusCode::UPGRADE_REQUIRED, headers, body).into_response())
}

/// The answer to a client that polls. One with a session is about to close it.
fn polled(method: &Method, has_session: bool) -> Response {
    let text = match (method, has_session) {
        (&Method::GET, false) => session(),
        (&Method::GET, true) => "1".to_owned(),
        _ => "ok".to_owned(),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, text).into_response()
}

/// The packet that opens a session, and the refusal of each namespace.
fn session() -> String {
    let open =
        json!({ "sid": "refused", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000 });
    let refusal = json!({ "message": NO_POLLING });
    let refusals = ["/dashboard,", "/ws,", ""].map(|namespace| format!("44{namespace}{refusal}"));
    [format!("0{open}")].into_iter().chain(refusals).collect::<Vec<_>>().join(&SEPARATOR.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn asked(method: &str, address: &str) -> Option<(StatusCode, String)> {
        let (parts, body) = response(&Request::builder().method(method).uri(address).body(()).unwrap())?.into_parts();
        Some((parts.status, String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().into()).unwrap()))
    }

    #[tokio::test]
    async fn a_client_that_polls_is_refused_in_each_namespace() {
        for path in ["/socket.io/", "/socket.io", "/socketio/"] {
            let (status, body) = asked("GET", &format!("{path}?EIO=4&transport=polling&t=x")).await.unwrap();
            let packets: Vec<_> = body.split('\u{1e}').collect();
            assert_eq!((status, packets.len()), (StatusCode::OK, 4), "{body}");
            assert!(packets[0].starts_with("0{") && packets[1].starts_with("44/dashboard,{"), "{body}");
            assert!(packets[2].starts_with("44/ws,{") && packets[3].starts_with("44{"), "{body}");
        }
        let of_a_session = "/socket.io/?EIO=4&transport=polling&sid=refused";
        assert_eq!(asked("POST", of_a_session).await.unwrap().1, "ok");
        assert_eq!(asked("GET", of_a_session).await.unwrap().1, "1");
    }

    #[tokio::test]
    async fn a_request_of_http_to_an_address_of_websockets_gets_the_reason() {
        for path in ["/ws", "/ws/", "/dashboard?token=t", "/socket.io/?EIO=3&transport=polling", "/app/carillon-local"]
        {
            let (status, body) = asked("GET", path).await.unwrap();
            assert_eq!(status, StatusCode::UPGRADE_REQUIRED, "{path}");
            assert!(body.contains("is an address of WebSockets") && !body.contains("token"), "{body}");
        }
    }

    #[tokio::test]
    async fn every_other_request_goes_on() {
        let others = [("GET", "/dashboard/online"), ("POST", "/dashboard/events"), ("GET", "/kudos"), ("POST", "/ws")];
        for (method, path) in [("GET", "/app"), ("GET", "/app/a/b"), ("GET", "/apps/1/channels")].iter().chain(&others)
        {
            assert_eq!(asked(method, path).await, None, "{method} {path}");
        }
    }
}
