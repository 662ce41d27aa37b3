//! Socket.IO: several namespaces on one connection, acknowledgements, and pings from the server.

use serde_json::{Map, Value, json};

use super::{
    Answer, Asked, Incoming, IncomingEvent, Join, MAX_INCOMING_BYTES, PING_TIMEOUT_MILLISECONDS, Unreadable,
    client_message_id,
};
use crate::clients::socket_io::{Body, Frame, Header, Malformed, OpenPayload, Packet, PacketKind};
use crate::contract::sockets::{ConnectionId, Namespace, Outgoing};
use crate::json::repaired;

/// The refusal of a frame that was not read.
fn unreadable(malformed: Malformed, text: &str) -> Unreadable {
    let answer = if malformed.breaks_the_protocol() { Answer::End } else { answer(text) };
    Unreadable { why: malformed.to_string(), answer }
}

/// The answer to a refused frame, from its header alone.
pub(super) fn answer(text: &str) -> Answer {
    let Some(header) = text.strip_prefix('4').and_then(Header::read) else {
        return Answer::Error(Asked::default());
    };
    match namespace(&header.namespace) {
        Some(namespace) if !header.is_connect => {
            let payload = text.find('[').and_then(|at| repaired(&text[at..])).unwrap_or_default();
            Answer::Error(Asked {
                namespace: Some(namespace),
                event: header.event,
                client_message_id: client_message_id(&payload[1]),
                acknowledge: header.id,
            })
        }
        // No event can be sent in it.
        _ => Answer::Refusal(header.namespace),
    }
}

fn only_servers(why: &str) -> Unreadable {
    Unreadable { why: why.to_owned(), answer: Answer::End }
}

pub(super) fn read(text: &str) -> Result<Incoming, Unreadable> {
    let malformed = |why| unreadable(why, text);
    let frame = Frame::read(text).map_err(malformed)?;
    match frame.kind {
        PacketKind::Message => packet(Packet::read(frame.data).map_err(malformed)?),
        PacketKind::Close => Ok(Incoming::Close),
        // A client of protocol 4 pings only to try a transport out.
        PacketKind::Ping => Ok(Incoming::Ping(Frame { kind: PacketKind::Pong, data: frame.data }.to_string())),
        PacketKind::Pong | PacketKind::Upgrade | PacketKind::Noop => Ok(Incoming::Nothing),
        PacketKind::Open => Err(only_servers("Only the server sends an open packet")),
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
            _ => {
                let why = "There are the namespaces /dashboard and /ws".to_owned();
                return Err(Unreadable { why, answer: Answer::Refusal(path) });
            }
        });
    };
    Ok(match body {
        Body::Connect(auth) => {
            let token = auth.and_then(|mut auth| match auth.remove("token") {
                Some(Value::String(token)) => Some(token),
                _ => None,
            });
            Incoming::Join(Ok(Join { namespace, token }))
        }
        Body::Disconnect => Incoming::Leave(namespace),
        Body::Event { name, arguments } => Incoming::Event(IncomingEvent {
            namespace: Some(namespace),
            name,
            // An event of the contract has one argument, and what more there is says nothing.
            data: arguments.into_iter().next().unwrap_or_default(),
            acknowledge: id,
        }),
        // The server never asks for one.
        Body::Acknowledgement(_) => Incoming::Nothing,
        Body::Refusal { .. } => return Err(only_servers("Only the server refuses a namespace")),
    })
}

pub(super) fn write(outgoing: &Outgoing, connection: &ConnectionId) -> Option<String> {
    let in_namespace = |namespace: Namespace, body| Packet::new(format!("/{namespace}"), body);
    let packet = match outgoing {
        Outgoing::Open { seconds } => {
            let handshake = OpenPayload {
                sid: connection.to_string(),
                upgrades: Vec::new(),
                ping_interval: seconds.saturating_mul(1000),
                ping_timeout: PING_TIMEOUT_MILLISECONDS,
                max_payload: u32::try_from(MAX_INCOMING_BYTES).unwrap_or(u32::MAX),
            };
            return Some(handshake.frame());
        }
        Outgoing::Ping { .. } => return Some(Frame { kind: PacketKind::Ping, data: "" }.to_string()),
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
        let join = |namespace, token: Option<&str>| {
            Ok(Incoming::Join(Ok(Join { namespace, token: token.map(str::to_owned) })))
        };
        assert_eq!(read("40/dashboard,"), join(Namespace::Dashboard, None));
        assert_eq!(read(r#"40/ws,{"token":"x","more":1}"#), join(Namespace::Ws, Some("x")));
        for other in [r#"40/ws,{"token":7}"#, r#"40/ws,{"token":null}"#, r#"40/ws,{"auth":"x"}"#, "40/ws,{}"] {
            assert_eq!(read(other), join(Namespace::Ws, None), "{other}");
        }
        assert!(!format!("{:?}", read(r#"40/ws,{"token":"secret"}"#)).contains("secret"));
        assert_eq!(read("41/ws,"), Ok(Incoming::Leave(Namespace::Ws)));
        let Ok(Incoming::Event(event)) = read(r#"42/ws,7["typing",{"isTyping":true},"more"]"#) else { panic!() };
        assert_eq!((event.namespace, event.name.as_str()), (Some(Namespace::Ws), "typing"));
        assert_eq!((event.data, event.acknowledge), (json!({ "isTyping": true }), Some(7)));
    }

    #[test]
    fn an_unknown_namespace_cannot_be_joined() {
        for (text, name) in [("40", "/"), ("40/admin,", "/admin"), ("40/socketio,", "/socketio")] {
            assert_eq!(read(text), Ok(Incoming::Join(Err(name.to_owned()))), "{text}");
        }
        let refused = read(r#"42["subscribe",{}]"#).unwrap_err();
        assert!(refused.why.contains("/dashboard"));
        assert_eq!(refused.answer, Answer::Refusal("/".to_owned()));
    }

    #[test]
    fn a_frame_that_breaks_the_protocol_ends_the_connection() {
        for text in [
            "",
            "hello",
            "9",
            "4",
            "4abc",
            "42/ws,{",
            "42/ws,{}",
            r#"42/ws,["disconnect"]"#,
            r#"42/ws["a"]"#,
            "40/ws,[]",
            "41/ws,{}",
            "43/ws,7{}",
            r#"44/ws,{"message":"no"}"#,
            "0{}",
        ] {
            assert_eq!(read(text).unwrap_err().answer, Answer::End, "{text}");
        }
    }

    #[test]
    fn a_frame_that_is_only_not_taken_here_is_answered() {
        let asked = |namespace, event: Option<&str>, acknowledge| {
            Answer::Error(Asked { namespace, event: event.map(str::to_owned), client_message_id: None, acknowledge })
        };
        let send = (Some(Namespace::Ws), Some("sendMessage"), Some(7));
        let deep = format!(r#"42/ws,7["sendMessage",{}{}]"#, "[".repeat(200), "]".repeat(200));
        for (text, why, answer) in [
            (r#"42/ws,7["sendMessage",{"content":"\ud83d"}]"#, "surrogate", asked(send.0, send.1, send.2)),
            (&deep, "deep", asked(send.0, send.1, send.2)),
            (r#"451-/ws,7["sendMessage",{"_placeholder":true}]"#, "Binary", asked(send.0, send.1, send.2)),
            ("bAQID", "Binary", asked(None, None, None)),
            (r#"42/ws,99999999999999999999["typing",{}]"#, "id", asked(send.0, Some("typing"), None)),
            (r#"40/ws,{"token":"\ud83d"}"#, "surrogate", Answer::Refusal("/ws".to_owned())),
            (r#"42/admin,7["a","\ud83d"]"#, "surrogate", Answer::Refusal("/admin".to_owned())),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.why.contains(why), "{refused}");
            assert_eq!(refused.answer, answer, "{text:.60}");
        }
        let large = format!(r#"42/ws,7["sendMessage",{{"content":"{}"}}]"#, "x".repeat(MAX_INCOMING_BYTES));
        let refused = super::super::read(crate::contract::sockets::Framing::SocketIo, &large).unwrap_err();
        assert_eq!(refused.answer, asked(send.0, send.1, send.2));
    }

    #[test]
    fn frames_for_clients_are_as_in_the_protocol() {
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
