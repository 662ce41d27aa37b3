//! Socket.IO: several namespaces on one connection, acknowledgements, and pings from the server.

use serde_json::{Map, Value, json};

use super::{Incoming, IncomingEvent, MAX_INCOMING_BYTES, Unreadable};
use crate::clients::socket_io::{Body, Frame, Handshake, Kind, Malformed, Packet};
use crate::contract::sockets::{ConnectionId, Namespace, Outgoing};

/// A client that has got no ping for the interval and this much longer closes the connection. The schedule behind the pings
/// may be late by most of a minute.
const PING_TIMEOUT_MILLISECONDS: u32 = 60_000;

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        Self(malformed.to_string())
    }
}

pub(super) fn read(text: &str) -> Result<Incoming, Unreadable> {
    let frame = Frame::read(text)?;
    match frame.kind {
        Kind::Message => packet(Packet::read(frame.data)?),
        Kind::Close => Ok(Incoming::Close),
        // A client of protocol 4 pings only to try a transport out.
        Kind::Ping => Ok(Incoming::Ping(Frame { kind: Kind::Pong, data: frame.data }.to_string())),
        Kind::Pong | Kind::Upgrade | Kind::Noop => Ok(Incoming::Nothing),
        Kind::Open => Err(Unreadable("Only the server sends an open packet".to_owned())),
    }
}

/// The namespace of this name: `/dashboard` or `/ws`.
fn namespace(path: &str) -> Option<Namespace> {
    let named = Namespace::named(path.strip_prefix('/')?)?;
    (named != Namespace::SocketIo).then_some(named)
}

fn packet(packet: Packet) -> Result<Incoming, Unreadable> {
    let Packet { namespace: path, id, body } = packet;
    let Some(namespace) = namespace(&path) else {
        return Ok(match body {
            Body::Connect(_) => Incoming::Join(Err(path)),
            Body::Disconnect => Incoming::Nothing,
            _ => return Err(Unreadable("There are the namespaces /dashboard and /ws".to_owned())),
        });
    };
    Ok(match body {
        Body::Connect(_) => Incoming::Join(Ok(namespace)),
        Body::Disconnect => Incoming::Leave(namespace),
        Body::Event { name, arguments } => Incoming::Event(IncomingEvent {
            namespace: Some(namespace),
            name,
            // An event of the contract has one argument, and what more there is says nothing.
            data: arguments.into_iter().next().unwrap_or_default(),
            acknowledge: id,
        }),
        // Nothing that is sent from here asks for one.
        Body::Acknowledgement(_) => Incoming::Nothing,
        Body::Refusal { .. } => return Err(Unreadable("Only the server refuses a namespace".to_owned())),
    })
}

pub(super) fn write(outgoing: &Outgoing, connection: &ConnectionId) -> Option<String> {
    let in_namespace = |namespace: Namespace, body| Packet::new(format!("/{namespace}"), body);
    let packet = match outgoing {
        Outgoing::Open { seconds } => {
            let handshake = Handshake {
                sid: connection.to_string(),
                upgrades: Vec::new(),
                ping_interval: seconds.saturating_mul(1000),
                ping_timeout: PING_TIMEOUT_MILLISECONDS,
                max_payload: u32::try_from(MAX_INCOMING_BYTES).unwrap_or(u32::MAX),
            };
            return Some(handshake.frame());
        }
        Outgoing::Ping { .. } => return Some(Frame { kind: Kind::Ping, data: "" }.to_string()),
        Outgoing::Text { text } => return Some(text.clone()),
        Outgoing::Joined { namespace } => {
            // Socket.IO's own ids differ by namespace, too.
            let sid = json!(format!("{connection}.{namespace}"));
            in_namespace(*namespace, Body::Connect(Some(Map::from_iter([("sid".to_owned(), sid)]))))
        }
        Outgoing::Refused { namespace, message, data } => {
            let data = Some(data.clone()).filter(|data| !data.is_null());
            Packet::new(namespace, Body::Refusal { message: message.clone(), data })
        }
        Outgoing::Left { namespace } => in_namespace(*namespace, Body::Disconnect),
        Outgoing::Event { namespace, name, data } => {
            in_namespace(*namespace, Body::Event { name: name.clone(), arguments: vec![data.clone()] })
        }
        Outgoing::Acknowledgement { namespace, id, data } => {
            let arguments = Some(data.clone()).filter(|data| *data != Value::Null).into_iter().collect();
            Packet { id: Some(*id), ..in_namespace(*namespace, Body::Acknowledgement(arguments)) }
        }
    };
    Some(packet.frame())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn connection() -> ConnectionId {
        ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap()
    }

    #[test]
    fn one_connection_speaks_of_two_namespaces() {
        assert_eq!(read("40/dashboard,"), Ok(Incoming::Join(Ok(Namespace::Dashboard))));
        assert_eq!(read(r#"40/ws,{"token":"x"}"#), Ok(Incoming::Join(Ok(Namespace::Ws))));
        assert_eq!(read("41/ws,"), Ok(Incoming::Leave(Namespace::Ws)));
        let Ok(Incoming::Event(event)) = read(r#"42/ws,7["typing",{"isTyping":true},"more"]"#) else { panic!() };
        assert_eq!((event.namespace, event.name.as_str()), (Some(Namespace::Ws), "typing"));
        assert_eq!((event.data, event.acknowledge), (json!({ "isTyping": true }), Some(7)));
    }

    #[test]
    fn an_unknown_namespace_is_joined_by_nobody() {
        for (text, name) in [("40", "/"), ("40/admin,", "/admin"), ("40/socketio,", "/socketio")] {
            assert_eq!(read(text), Ok(Incoming::Join(Err(name.to_owned()))), "{text}");
        }
        assert!(read(r#"42["subscribe",{}]"#).unwrap_err().0.contains("/dashboard"));
    }

    #[test]
    fn binary_and_broken_frames_are_refused_with_a_reason() {
        for text in ["bAQID", r#"451-/ws,["a",{"_placeholder":true,"num":0}]"#] {
            assert!(read(text).unwrap_err().0.contains("Binary"), "{text}");
        }
        for text in ["", "hello", "9", "42/ws,{", r#"44/ws,{"message":"no"}"#, "0{}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_client_is_told_is_what_the_protocol_says() {
        let write = |outgoing: Outgoing| write(&outgoing, &connection()).unwrap();
        let open =
            r#"0{"sid":"L0SM9cOFvHcCIhw=","upgrades":[],"pingInterval":30000,"pingTimeout":60000,"maxPayload":32768}"#;
        assert_eq!(write(Outgoing::Open { seconds: 30 }), open);
        assert_eq!(write(Outgoing::Ping { at: String::new() }), "2");
        let namespace = Namespace::Dashboard;
        assert_eq!(write(Outgoing::Joined { namespace }), r#"40/dashboard,{"sid":"L0SM9cOFvHcCIhw=.dashboard"}"#);
        assert_eq!(write(Outgoing::Left { namespace }), "41/dashboard,");
        let event = Outgoing::Event { namespace, name: "activity".to_owned(), data: json!({ "type": "x" }) };
        assert_eq!(write(event), r#"42/dashboard,["activity",{"type":"x"}]"#);
        let acknowledgement = Outgoing::Acknowledgement { namespace, id: 7, data: json!({ "ok": true }) };
        assert_eq!(write(acknowledgement), r#"43/dashboard,7[{"ok":true}]"#);
        let data = json!({ "retryAfter": 3 });
        let refused = Outgoing::Refused { namespace: "/admin".to_owned(), message: "no".to_owned(), data };
        assert_eq!(write(refused), r#"44/admin,{"data":{"retryAfter":3},"message":"no"}"#);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "4[0-6](/(ws|dashboard),)?[0-9]{0,3}[\\[\\]{}\":a-z]{0,20}|.*") {
            let _ = read(&text);
        }
    }
}
