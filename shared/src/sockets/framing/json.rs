//! Plain JSON: `{"event": "subscribe", "data": {…}}` both ways. For wscat and the native WebSocket.

use serde::Deserialize;
use serde_json::Value;

use super::{Incoming, IncomingEvent, Unreadable};
use crate::contract::sockets::{Heartbeat, Outgoing, SocketEvent};

#[derive(Deserialize)]
struct Message {
    event: String,
    #[serde(default)]
    data: Value,
}

pub(super) fn read(text: &str) -> Result<Incoming, Unreadable> {
    let message = serde_json::from_str::<Message>(text);
    let unreadable = |_| Unreadable(r#"Send JSON like {"event": "subscribe", "data": {}}"#.to_owned());
    let Message { event, data } = message.map_err(unreadable)?;
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
    fn what_is_no_event_is_refused_with_an_example() {
        for text in ["", "hello", "[]", r#"{"data":{}}"#, r#"{"event":7}"#, r#"{"event":"a"} x"#, r#"42["a"]"#] {
            assert!(read(text).unwrap_err().0.contains("{\"event\""), "{text}");
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
