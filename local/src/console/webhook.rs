//! Client events. They pass through no function, but the Pusher server sends webhooks of them.

use axum::body::Bytes;
use axum::extract::State;
use hmac::{Hmac, Mac};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use sha2::Sha256;

use super::feed::now;
use super::parts::Console;
use super::seen::{Seen, Way};
use crate::services::recorder::PusherEvent;

#[derive(Deserialize)]
struct Webhook {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    name: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    data: serde_json::Value,
}

/// Takes a webhook of client events.
pub(super) async fn take(State(console): State<Console>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-pusher-signature").and_then(|value| hex::decode(value.as_bytes()).ok());
    if !signature.is_some_and(|signature| is_signed(&console.0.stack.pusher_secret, &body, &signature)) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(webhook) = serde_json::from_slice::<Webhook>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    for seen in webhook.events.into_iter().filter(|event| event.name == "client_event").map(seen) {
        console.0.feed.show(seen);
    }
    StatusCode::OK
}

fn is_signed(secret: &str, body: &[u8], signature: &[u8]) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok())
}

fn seen(event: Event) -> Seen {
    let Event { channel, event, data, .. } = event;
    let data = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
    Seen::new(now(), Way::Client, PusherEvent { channel, name: event, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_pusher_server_signed_is_believed() {
        let body = br#"{"events":[]}"#;
        let signature = Hmac::<Sha256>::new_from_slice(b"secret").unwrap().chain_update(body).finalize().into_bytes();
        assert!(is_signed("secret", body, &signature));
        assert!(!is_signed("another", body, &signature));
        assert!(!is_signed("secret", b"{}", &signature));
        assert!(!is_signed("secret", body, b""));
    }

    #[test]
    fn a_client_event_is_shown_with_its_data_as_text() {
        let event = json!({ "name": "client_event", "channel": "presence-bail-1", "event": "client-typing", "data": "{\"a\":1}" });
        let seen = seen(serde_json::from_value(event).unwrap());
        assert_eq!(
            (seen.channel.as_str(), seen.event.as_str(), seen.data.as_str()),
            ("presence-bail-1", "client-typing", "{\"a\":1}")
        );
        assert_eq!((seen.way, seen.ms), (Way::Client, None));
    }
}
