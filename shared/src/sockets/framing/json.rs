//! Plain JSON: `{"event": "subscribe", "data": {…}}` both ways. For wscat and the native WebSocket.

use serde::Deserialize;
use serde_json::Value;

use super::{Asked, Incoming, IncomingEvent, Unreadable, client_message_id};
use crate::contract::sockets::{Heartbeat, Outgoing, SocketEvent};
use crate::json::{NotKept, repaired};

#[derive(Deserialize)]
struct Message {
    event: String,
    #[serde(default)]
    data: Value,
}

/// The event that a refused text was meant to be.
pub(super) fn asked(text: &str) -> Asked {
    let message = repaired(text).unwrap_or_default();
    Asked {
        event: message["event"].as_str().map(str::to_owned),
        client_message_id: client_message_id(&message["data"]),
        ..Asked::default()
    }
}

pub(super) fn read(text: &str) -> Result<Incoming, Unreadable> {
    let unreadable = |_| {
        let asked = asked(text);
        match NotKept::of(text).filter(|_| asked.event.is_some()) {
            Some(why) => Unreadable::event(why.to_string(), asked),
            None => Unreadable::event(r#"Send JSON like {"event": "subscribe", "data": {}}"#, asked),
        }
    };
    let Message { event, data } = serde_json::from_str::<Message>(text).map_err(unreadable)?;
    Ok(match event.as_str() {
        // For clients that answer the server's ping, or keep their connection open themselves.
        "pong" => Incoming::Nothing,
        "ping" => Incoming::Ping(self::event("pong", &data)),
        _ => Incoming::Event(IncomingEvent { namespace: None, name: event, data, acknowledge: None }),
    })
}

pub(super) fn write(outgoing: &Outgoing) -> Option<String> {
    match outgoing {
        Outgoing::Event { name, data, .. } => Some(event(name, data)),
        Outgoing::Ping { at } => Some(event(Heartbeat::NAME, &Heartbeat { timestamp: at.clone() }.data())),
        Outgoing::Text { text } => Some(text.clone()),
        // The WebSocket itself says that it is open or closed, and there is no namespace but its own.
        Outgoing::Open { .. }
        | Outgoing::Joined { .. }
        | Outgoing::Refused { .. }
        | Outgoing::Left { .. }
        | Outgoing::Acknowledgement { .. } => None,
    }
}

fn event(name: &str, data: &Value) -> String {
    format!(r#"{{"event":{},"data":{data}}}"#, Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_lines_of_wscat_are_events() {
        let line = r#"{"event": "subscribe", "data": {"channels": ["referrals", "events"]}}"#;
        let Ok(Incoming::Event(event)) = read(line) else { panic!("{line}") };
        assert_eq!((event.name.as_str(), &event.data["channels"][1]), ("subscribe", &json!("events")));
        assert!(matches!(read(r#"{"event":"x"}"#), Ok(Incoming::Event(event)) if event.data.is_null()));
    }

    #[test]
    fn a_frame_without_an_event_is_refused_with_an_example() {
        for text in ["", "hello", "[]", r#"{"data":{}}"#, r#"{"event":7}"#, r#"{"event":"a"} x"#, r#"42["a"]"#] {
            assert!(read(text).unwrap_err().why.contains("{\"event\""), "{text}");
        }
    }

    #[test]
    fn a_frame_beyond_this_readers_bounds_is_refused_with_the_reason() {
        let deep = format!(r#"{{"event":"subscribe","data":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for (text, why) in [(r#"{"event":"subscribe","data":"\ud83d"}"#, "lone surrogate"), (&deep, "levels deep")] {
            let refused = read(text).unwrap_err();
            assert!(refused.why.contains(why), "{refused}");
            let asked = Asked { event: Some("subscribe".to_owned()), ..Asked::default() };
            assert_eq!(refused.answer, super::super::Answer::Error(asked));
        }
    }

    #[test]
    fn a_ping_is_answered_and_a_pong_is_not() {
        assert_eq!(read(r#"{"event":"pong"}"#), Ok(Incoming::Nothing));
        let pong = r#"{"event":"pong","data":null}"#.to_owned();
        assert_eq!(read(r#"{"event":"ping"}"#), Ok(Incoming::Ping(pong)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = read(&text);
        }
    }
}
