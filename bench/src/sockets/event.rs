//! The events that API Gateway's WebSocket API sends to a function, of the same size as on AWS (API Gateway developer guide, "Set up
//! a WebSocket API integration request", and Lambda's proxy integration).

use serde_json::{Value, json};

use crate::event::millis;

/// Why a function is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Connect,
    Message,
    Disconnect,
}

impl Route {
    fn key_and_kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Connect => ("$connect", "CONNECT"),
            Self::Message => ("$default", "MESSAGE"),
            Self::Disconnect => ("$disconnect", "DISCONNECT"),
        }
    }
}

/// The event of a message, or of a connection's end.
pub(super) fn event(route: Route, stage: &str, connection: &str, body: Option<&str>) -> Value {
    let (key, kind) = route.key_and_kind();
    let mut event = json!({
        "requestContext": {
            "routeKey": key, "eventType": kind, "extendedRequestId": "UKvTpjKgIAMEVwQ=", "requestTime": "20/Nov/2026:05:18:15 +0000",
            "messageDirection": "IN", "stage": stage, "connectedAt": millis(), "requestTimeEpoch": millis(),
            "identity": {
                "sourceIp": "198.51.100.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
            },
            "requestId": "UKvTpjKgIAMEVwQ=", "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "connectionId": connection, "apiId": "abcdefghij"
        },
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        event["body"] = json!(body);
    }
    event
}

/// The event of a handshake.
pub(super) fn handshake(connection: &str, target: &Target) -> Value {
    let mut event = event(Route::Connect, &target.stage, connection, None);
    let headers = [
        ("Host", "abcdefghij.execute-api.us-east-1.amazonaws.com"),
        ("Origin", "https://app.example.com"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
        ("X-Amzn-Trace-Id", "Root=1-691e9c1a-0d1c5f0e3b0a4f6a7c9d2e11"),
        ("X-Forwarded-For", "198.51.100.7"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    for (name, value) in headers {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    for (name, value) in &target.query {
        event["queryStringParameters"][name] = json!(value);
        event["multiValueQueryStringParameters"][name] = json!([value]);
    }
    event
}

/// Where a handshake goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) stage: String,
    pub(super) query: Vec<(String, String)>,
}

impl Target {
    /// Reads a request's path and query. The clients here escape nothing in it.
    pub(super) fn read(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { stage: path.trim_matches('/').to_owned(), query }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_has_its_stage_its_query_and_no_body() {
        let target = Target::read("/socketio/?EIO=4&token=a.b.c");
        assert_eq!(target.stage, "socketio");
        let event = handshake("c1", &target);
        assert_eq!(event["requestContext"]["routeKey"], "$connect");
        assert_eq!(event["requestContext"]["stage"], "socketio");
        assert_eq!(event["queryStringParameters"]["token"], "a.b.c");
        assert_eq!(event["multiValueQueryStringParameters"]["EIO"], json!(["4"]));
        assert!(event.get("body").is_none());
    }

    #[test]
    fn a_message_has_no_headers() {
        let event = event(Route::Message, "ws", "c1", Some("3"));
        assert_eq!((&event["requestContext"]["eventType"], &event["body"]), (&json!("MESSAGE"), &json!("3")));
        assert!(event.get("headers").is_none());
    }
}
