//! The three forms in which a WebSocket's messages are events: plain JSON, Socket.IO over Engine.IO, and Pusher's protocol.

use serde_json::Value;

use crate::services::recorder::PusherEvent;

/// The stage of Pusher's protocol.
pub(super) const PUSHER: &str = "pusher";

/// An event in a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) namespace: String,
    pub(super) event: String,
    /// As JSON text.
    pub(super) data: String,
}

/// The event in a message of this stage; `None` for keep-alives and other messages.
pub(super) fn read(stage: &str, body: &str) -> Option<Said> {
    if stage == "socketio" { of_socket_io(body) } else { plain(stage, body) }
}

fn plain(namespace: &str, body: &str) -> Option<Said> {
    let message: Value = serde_json::from_str(body).ok()?;
    let event = message.get("event")?.as_str()?;
    if matches!(event, "ping" | "pong") {
        return None;
    }
    let data = message.get("data").map(Value::to_string).unwrap_or_default();
    Some(Said { namespace: namespace.to_owned(), event: event.to_owned(), data })
}

/// `42/dashboard,7["name",{…}]`: Engine.IO's message, Socket.IO's event, the namespace, an acknowledgement's number.
fn of_socket_io(body: &str) -> Option<Said> {
    let rest = body.strip_prefix("42")?;
    let (namespace, rest) = match rest.strip_prefix('/') {
        Some(named) => named.split_once(',')?,
        None => ("", rest),
    };
    let rest = rest.trim_start_matches(|character: char| character.is_ascii_digit());
    let parts: Vec<Value> = serde_json::from_str(rest).ok()?;
    let event = parts.first()?.as_str()?.to_owned();
    let data = parts.get(1).map(Value::to_string).unwrap_or_default();
    let namespace = namespace.split_once('?').map_or(namespace, |(name, _)| name).to_owned();
    Some(Said { namespace, event, data })
}

/// The event in a message of Pusher's protocol; `None` for the protocol's own messages, such as pings and subscriptions.
pub(super) fn of_pusher(body: &str) -> Option<PusherEvent> {
    let message: Value = serde_json::from_str(body).ok()?;
    let text = |name: &str| Some(message.get(name)?.as_str()?.to_owned());
    let (name, channel) = (text("event")?, text("channel")?);
    if name.starts_with("pusher:") || name.starts_with("pusher_internal:") {
        return None;
    }
    // The server sends a string, and clients send any value.
    let data = text("data").or_else(|| message.get("data").map(Value::to_string)).unwrap_or_default();
    Some(PusherEvent { channel, name, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pushers_protocol_the_events_of_channels_are_read() {
        let event = |name: &str, data: &str| {
            Some(PusherEvent { channel: "private-a".to_owned(), name: name.to_owned(), data: data.to_owned() })
        };
        for (body, expected) in [
            (r#"{"event":"shipped","channel":"private-a","data":"{\"n\":1}"}"#, event("shipped", "{\"n\":1}")),
            (r#"{"event":"client-typing","channel":"private-a","data":{"n":1}}"#, event("client-typing", r#"{"n":1}"#)),
            (r#"{"event":"shipped","channel":"private-a"}"#, event("shipped", "")),
            (r#"{"event":"pusher:subscribe","data":{"channel":"private-a"}}"#, None),
            (r#"{"event":"pusher_internal:subscription_succeeded","channel":"private-a","data":"{}"}"#, None),
            (r#"{"event":"pusher:cache_miss","channel":"private-a"}"#, None),
            (r#"{"event":"pusher:ping","data":{}}"#, None),
            ("nonsense", None),
        ] {
            assert_eq!(of_pusher(body), expected, "{body}");
        }
    }

    fn said(stage: &str, body: &str) -> Option<(String, String, String)> {
        read(stage, body).map(|said| (said.namespace, said.event, said.data))
    }

    fn event(namespace: &str, event: &str, data: &str) -> Option<(String, String, String)> {
        Some((namespace.to_owned(), event.to_owned(), data.to_owned()))
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(said("ws", r#"{"event":"typing","data":{"a":1}}"#), event("ws", "typing", r#"{"a":1}"#));
        assert_eq!(said("dashboard", r#"{"event":"joined"}"#), event("dashboard", "joined", ""));
        assert_eq!(said("socketio", r#"42/dashboard,["event",{"a":1}]"#), event("dashboard", "event", r#"{"a":1}"#));
        assert_eq!(said("socketio", r#"42/ws,17["sendMessage",{}]"#), event("ws", "sendMessage", "{}"));
        assert_eq!(said("socketio", r#"42["hello"]"#), event("", "hello", ""));
    }

    #[test]
    fn frames_without_an_event_are_left_out() {
        for (stage, body) in [
            ("socketio", "2"),
            ("socketio", "40/dashboard,"),
            ("socketio", "42/dashboard"),
            ("socketio", "42{}"),
            ("ws", r#"{"event":"ping"}"#),
            ("ws", "nonsense"),
            ("ws", "[]"),
        ] {
            assert_eq!(said(stage, body), None, "{stage} {body}");
        }
    }
}
