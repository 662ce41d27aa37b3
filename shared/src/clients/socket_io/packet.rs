//! Socket.IO's packets.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{Frame, Malformed, PacketKind};
use crate::json::{NotKept, canonical};

/// The namespace of packets that name none.
pub const MAIN: &str = "/";
/// Names that mean something else to clients and servers (Socket.IO documentation, "Emit cheatsheet": reserved events).
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One packet.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// Such as `/dashboard`.
    pub namespace: String,
    /// Of an event, that an acknowledgement is asked for; of an acknowledgement, which event's it is.
    pub id: Option<u64>,
    pub body: Body,
}

/// The content of a packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// From a client, that it wants to join the namespace, with its `auth`; from a server, that it has, with its `sid`.
    Connect(Option<Map<String, Value>>),
    /// The sender leaves the namespace. The connection stays.
    Disconnect,
    Event {
        name: String,
        arguments: Vec<Value>,
    },
    Acknowledgement(Vec<Value>),
    /// The server refuses the namespace.
    Refusal {
        message: String,
        data: Option<Value>,
    },
}

impl Packet {
    /// A packet of this namespace without an id.
    #[must_use]
    pub fn new(namespace: impl Into<String>, body: Body) -> Self {
        Self { namespace: namespace.into(), id: None, body }
    }

    /// Reads the data of an Engine.IO message.
    ///
    /// # Errors
    /// [`Malformed`] names the first rule that it breaks.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let kind = *text.as_bytes().first().ok_or(Malformed::PacketType)?;
        if matches!(kind, b'5' | b'6') {
            return Err(Malformed::Binary);
        }
        if !(b'0'..=b'4').contains(&kind) {
            return Err(Malformed::PacketType);
        }
        let (namespace, rest) = namespace(&text[1..])?;
        let (id, payload) = id(rest)?;
        let payload = match payload {
            "" => None,
            text => Some(serde_json::from_str::<Value>(text).map_err(|_| not_read(text))?),
        };
        let body = match (kind, payload) {
            (b'0', None) => Body::Connect(None),
            (b'0', Some(Value::Object(auth))) => Body::Connect(Some(auth)),
            (b'0', Some(_)) => return Err(Malformed::ConnectPayload),
            (b'1', None) => Body::Disconnect,
            (b'1', Some(_)) => return Err(Malformed::DisconnectPayload),
            (b'2', payload) => event(payload)?,
            (b'3', Some(Value::Array(arguments))) => Body::Acknowledgement(arguments),
            (b'3', _) => return Err(Malformed::AckPayload),
            (_, payload) => refusal(payload)?,
        };
        Ok(Self { namespace: namespace.to_owned(), id, body })
    }

    /// The frame of a WebSocket that holds this packet.
    #[must_use]
    pub fn frame(&self) -> String {
        Frame { kind: PacketKind::Message, data: &self.text() }.to_string()
    }

    /// The data of the Engine.IO message.
    #[must_use]
    pub fn text(&self) -> String {
        let (kind, payload) = match &self.body {
            Body::Connect(auth) => ('0', auth.clone().map(Value::Object)),
            Body::Disconnect => ('1', None),
            Body::Event { name, arguments } => {
                let name = std::iter::once(Value::String(name.clone()));
                ('2', Some(Value::Array(name.chain(arguments.iter().cloned()).collect())))
            }
            Body::Acknowledgement(arguments) => ('3', Some(Value::Array(arguments.clone()))),
            Body::Refusal { message, data } => ('4', Some(refusal_payload(message, data.as_ref()))),
        };
        let namespace = match self.namespace.as_str() {
            MAIN => String::new(),
            other => format!("{other},"),
        };
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        let payload = payload.map(|payload| payload.to_string()).unwrap_or_default();
        format!("{kind}{namespace}{id}{payload}")
    }
}

fn not_read(payload: &str) -> Malformed {
    NotKept::of(payload).map_or(Malformed::Json, Malformed::NotKept)
}

/// The part of a packet before its payload, and the name of its event: enough to answer a packet whose payload is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whether it joins the namespace.
    pub is_connect: bool,
    pub namespace: String,
    /// The requested acknowledgement; `None` also for an id that does not fit a `u64`.
    pub id: Option<u64>,
    pub event: Option<String>,
}

impl Header {
    /// Reads the data of an Engine.IO message as far as it goes; `None` if it is not a packet.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let kind = *text.as_bytes().first().filter(|kind| (b'0'..=b'6').contains(kind))?;
        let mut rest = &text[1..];
        if matches!(kind, b'5' | b'6') {
            // The number of attachments.
            rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix('-')?;
        }
        let (namespace, rest) = namespace(rest).ok()?;
        let payload = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let asks = matches!(kind, b'2' | b'5');
        let id = if asks { id(rest).ok().and_then(|(id, _)| id) } else { None };
        let event = asks.then(|| serde_json::from_str::<EventName>(payload).ok()).flatten().map(|name| name.0);
        Some(Self { is_connect: kind == b'0', namespace: namespace.to_owned(), id, event })
    }
}

/// The first element of an array, and nothing of the others.
struct EventName(String);

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = EventName;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array that begins with the event's name")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<EventName, A::Error> {
                let name = array.next_element()?.and_then(name_of);
                let name = name.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
                while array.next_element::<IgnoredAny>()?.is_some() {}
                Ok(EventName(name))
            }
        }
        deserializer.deserialize_seq(First)
    }
}

/// The namespace and what follows its comma. A packet that ends with its namespace needs no comma. Clients of older protocols
/// put a query behind it, which says nothing here.
fn namespace(text: &str) -> Result<(&str, &str), Malformed> {
    if !text.starts_with('/') {
        return Ok((MAIN, text));
    }
    let (namespace, rest) = match text.split_once(',') {
        Some(parts) => parts,
        None if text.bytes().any(|byte| matches!(byte, b'[' | b'{' | b'"')) => return Err(Malformed::Namespace),
        None => (text, ""),
    };
    Ok((namespace.split('?').next().unwrap_or(namespace), rest))
}

fn id(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.split_at(digits) {
        ("", rest) => Ok((None, rest)),
        (id, rest) => Ok((Some(id.parse().map_err(|_| Malformed::Id)?), rest)),
    }
}

fn event(payload: Option<Value>) -> Result<Body, Malformed> {
    let Some(Value::Array(payload)) = payload else { return Err(Malformed::EventPayload) };
    let mut payload = payload.into_iter();
    let name = payload.next().and_then(name_of).ok_or(Malformed::EventPayload)?;
    if RESERVED.contains(&name.as_str()) {
        return Err(Malformed::Reserved);
    }
    Ok(Body::Event { name, arguments: payload.collect() })
}

/// An event's name. It may be a number (socket.io-parser, `isPayloadValid`).
fn name_of(first: Value) -> Option<String> {
    match first {
        Value::String(name) => Some(name),
        Value::Number(_) => Some(canonical(&first)),
        _ => None,
    }
}

fn refusal(payload: Option<Value>) -> Result<Body, Malformed> {
    let Some(Value::Object(mut payload)) = payload else { return Err(Malformed::ErrorPayload) };
    match payload.remove("message") {
        Some(Value::String(message)) => Ok(Body::Refusal { message, data: payload.remove("data") }),
        _ => Err(Malformed::ErrorPayload),
    }
}

fn refusal_payload(message: &str, data: Option<&Value>) -> Value {
    match data {
        Some(data) => json!({ "message": message, "data": data }),
        None => json!({ "message": message }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(value: Value) -> Option<Map<String, Value>> {
        value.as_object().cloned()
    }

    fn event(namespace: &str, id: Option<u64>, name: &str, arguments: &[Value]) -> Packet {
        let body = Body::Event { name: name.to_owned(), arguments: arguments.to_vec() };
        Packet { id, ..Packet::new(namespace, body) }
    }

    /// The examples of the published protocol ("Packet encoding" and "Sample session"), in the order of the page, but for those
    /// with binary data.
    #[test]
    fn the_examples_of_the_published_protocol_are_read_and_written() {
        let sid = json!({ "sid": "oSO0OpakMV_3jnilAAAA" });
        let refused = |message: &str| Body::Refusal { message: message.to_owned(), data: None };
        let examples = [
            (r#"2["foo"]"#, event(MAIN, None, "foo", &[])),
            (r#"2/admin,["bar"]"#, event("/admin", None, "bar", &[])),
            (r#"212["foo"]"#, event(MAIN, Some(12), "foo", &[])),
            (r#"3/admin,13["bar"]"#, {
                Packet { id: Some(13), ..Packet::new("/admin", Body::Acknowledgement(vec![json!("bar")])) }
            }),
            (r#"4{"message":"Not authorized"}"#, Packet::new(MAIN, refused("Not authorized"))),
            ("0", Packet::new(MAIN, Body::Connect(None))),
            (r#"0{"sid":"oSO0OpakMV_3jnilAAAA"}"#, Packet::new(MAIN, Body::Connect(map(sid)))),
            (r#"2["hey","Jude"]"#, event(MAIN, None, "hey", &[json!("Jude")])),
            (r#"2["message",1,"2",{"3":["4"]}]"#, {
                event(MAIN, None, "message", &[json!(1), json!("2"), json!({ "3": ["4"] })])
            }),
            (r#"0/admin,{"token":"123"}"#, Packet::new("/admin", Body::Connect(map(json!({ "token": "123" }))))),
            ("1/admin,", Packet::new("/admin", Body::Disconnect)),
            ("1", Packet::new(MAIN, Body::Disconnect)),
        ];
        for (text, packet) in examples {
            assert_eq!(Packet::read(text).as_ref(), Ok(&packet), "{text}");
            assert_eq!(packet.text(), text);
        }
    }

    #[test]
    fn a_namespace_may_end_the_packet_and_its_query_is_left_out() {
        let joined = Packet::new("/dashboard", Body::Connect(None));
        for text in ["0/dashboard,", "0/dashboard", "0/dashboard?token=x,", "0/dashboard?token=x"] {
            assert_eq!(Packet::read(text).as_ref(), Ok(&joined), "{text}");
        }
    }

    #[test]
    fn binary_packets_are_refused_by_name() {
        for text in [r#"51-["baz",{"_placeholder":true,"num":0}]"#, r#"61-/admin,15["bar"]"#, "5", "6"] {
            assert_eq!(Packet::read(text), Err(Malformed::Binary), "{text}");
        }
    }

    #[test]
    fn each_malformed_packet_is_refused_by_its_rule() {
        for (text, why) in [
            ("", Malformed::PacketType),
            ("7", Malformed::PacketType),
            ("é", Malformed::PacketType),
            (r#"2/admin["bar"]"#, Malformed::Namespace),
            (r#"299999999999999999999["bar"]"#, Malformed::Id),
            (r#"2["bar""#, Malformed::Json),
            (r#"2/admin,["bar"]x"#, Malformed::Json),
            ("0[]", Malformed::ConnectPayload),
            ("1{}", Malformed::DisconnectPayload),
            ("2", Malformed::EventPayload),
            ("2[]", Malformed::EventPayload),
            ("2{}", Malformed::EventPayload),
            ("2[{}]", Malformed::EventPayload),
            (r#"2["disconnect"]"#, Malformed::Reserved),
            ("3{}", Malformed::AckPayload),
            ("31", Malformed::AckPayload),
            ("4", Malformed::ErrorPayload),
            (r#"4{"data":1}"#, Malformed::ErrorPayload),
        ] {
            assert_eq!(Packet::read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_number_is_an_events_name_too() {
        for (text, name) in [("2[7]", "7"), (r#"2[7.0,{"a":1}]"#, "7"), ("2[-1.5]", "-1.5"), ("2/ws,7[0]", "0")] {
            let Ok(Packet { body: Body::Event { name: read, .. }, .. }) = Packet::read(text) else { panic!("{text}") };
            assert_eq!(read, name, "{text}");
            assert_eq!(Header::read(text).unwrap().event.as_deref(), Some(name), "{text}");
        }
        assert_eq!(Header::read(r#"2/ws,7[7,"\ud83d"]"#).unwrap().event.as_deref(), Some("7"));
    }

    /// Each reason, with frames of it and whether Socket.IO's own server ends the connection over them: by what engine.io-parser
    /// 5.2.3 and socket.io-parser 4.2.7 say of them, and for a refusal, which they read, by the type that a server does not take.
    #[test]
    fn a_frame_breaks_the_protocol_where_socket_ios_own_parser_says_so() {
        let deep = format!(r#"42["a",{}{}]"#, "[".repeat(200), "]".repeat(200));
        let frames: [(Malformed, bool, &[&str]); 15] = [
            (Malformed::Empty, true, &[""]),
            (Malformed::EnginePacket, true, &["7", "abc"]),
            (Malformed::Binary, false, &["bAQID", r#"451-["a",{"_placeholder":true,"num":0}]"#]),
            (Malformed::PacketType, true, &["4", "47", "4é"]),
            (Malformed::Namespace, true, &[r#"42/admin["bar"]"#]),
            (Malformed::Id, false, &[r#"4299999999999999999999["a"]"#]),
            (Malformed::Json, true, &[r#"42["bar""#, r#"42/admin,["bar"]x"#]),
            (Malformed::NotKept(NotKept::NotUnicode), false, &[r#"42["\ud83d"]"#, r#"42["a",1e999]"#, "42[1e999]"]),
            (Malformed::NotKept(NotKept::TooDeep), false, &[&deep]),
            (Malformed::ConnectPayload, true, &["40[]", r#"40"x""#, "40null"]),
            (Malformed::DisconnectPayload, true, &["41{}"]),
            (Malformed::EventPayload, true, &["42[]", "42{}", "42[{}]", "42[null]", "42[true]", r#"42[["a"]]"#]),
            (Malformed::Reserved, true, &[r#"42["disconnect"]"#]),
            (Malformed::AckPayload, true, &["43{}"]),
            (Malformed::ErrorPayload, true, &["44", r#"44{"data":1}"#, r#"44"no""#]),
        ];
        for (why, ends, texts) in frames {
            assert_eq!(why.breaks_the_protocol(), ends, "{why:?}");
            for text in texts {
                let read = Frame::read(text).and_then(|frame| Packet::read(frame.data));
                assert_eq!(read, Err(why), "{text:.60}");
            }
        }
        for taken in ["42[7]", "42[7.5,1]", "42[-1]", r#"42["a"]"#, "43[]", "40{}", "41"] {
            assert!(Frame::read(taken).and_then(|frame| Packet::read(frame.data)).is_ok(), "{taken}");
        }
    }

    #[test]
    fn an_array_that_is_nested_without_end_is_refused_and_overflows_nothing() {
        let deep = format!(r#"2["a",{}]"#, "[".repeat(100_000));
        assert_eq!(Packet::read(&deep), Err(Malformed::Json));
        let deep = format!(r#"2/ws,7["a",{}{}]"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Packet::read(&deep), Err(Malformed::NotKept(NotKept::TooDeep)));
        assert_eq!(Header::read(&deep).unwrap().id, Some(7));
    }

    #[test]
    fn the_header_of_a_packet_that_only_this_reader_refuses_is_read() {
        let header = |namespace: &str, id, event: Option<&str>| Header {
            is_connect: false,
            namespace: namespace.to_owned(),
            id,
            event: event.map(str::to_owned),
        };
        let deep = format!(r#"2/ws,7["sendMessage",{}{}]"#, "[".repeat(200), "]".repeat(200));
        for (text, why, read) in [
            (
                r#"2/ws,7["sendMessage",{"content":"\ud83d"}]"#,
                NotKept::NotUnicode,
                header("/ws", Some(7), Some("sendMessage")),
            ),
            (r#"2["a","\udc00\ud83d x"]"#, NotKept::NotUnicode, header(MAIN, None, Some("a"))),
            (r#"2["\ud83d",1]"#, NotKept::NotUnicode, header(MAIN, None, None)),
            (r#"2/ws,["a",1e999]"#, NotKept::NotUnicode, header("/ws", None, Some("a"))),
            (&deep, NotKept::TooDeep, header("/ws", Some(7), Some("sendMessage"))),
        ] {
            assert_eq!(Packet::read(text), Err(Malformed::NotKept(why)), "{text:.60}");
            assert_eq!(Header::read(text), Some(read), "{text:.60}");
        }
        let attachment = r#"52-/ws,7["sendMessage",{"_placeholder":true,"num":0}]"#;
        assert_eq!(Packet::read(attachment), Err(Malformed::Binary));
        assert_eq!(Header::read(attachment), Some(header("/ws", Some(7), Some("sendMessage"))));
        let joins = Header { is_connect: true, ..header("/ws", None, None) };
        assert_eq!(Header::read(r#"0/ws,{"token":"\ud83d"}"#), Some(joins));
        assert_eq!(Header::read(r#"299999999999999999999["bar"]"#), Some(header(MAIN, None, Some("bar"))));
        for none in ["", "7", "é", "5", r#"2/admin["bar"]"#] {
            assert_eq!(Header::read(none), None, "{none}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            let object = proptest::collection::btree_map(".*", inner, 0..4);
            prop_oneof![list, object.prop_map(|map| Value::Object(map.into_iter().collect()))]
        })
    }

    fn body() -> impl Strategy<Value = Body> {
        let values = || proptest::collection::vec(json_value(), 0..4);
        let object = || proptest::collection::btree_map(".*", json_value(), 0..4).prop_map(|m| m.into_iter().collect());
        prop_oneof![
            proptest::option::of(object()).prop_map(Body::Connect),
            Just(Body::Disconnect),
            (".*", values())
                .prop_filter("reserved", |(name, _)| !RESERVED.contains(&name.as_str()))
                .prop_map(|(name, arguments)| Body::Event { name, arguments }),
            values().prop_map(Body::Acknowledgement),
            (".*", proptest::option::of(json_value())).prop_map(|(message, data)| Body::Refusal { message, data }),
        ]
    }

    proptest! {
        #[test]
        fn every_packet_is_read_as_it_was_written(
            namespace in prop_oneof![Just(MAIN.to_owned()), "/[-_a-z/0-9]{1,12}"],
            id in proptest::option::of(any::<u64>()),
            body in body(),
        ) {
            let packet = Packet { namespace, id, body };
            prop_assert_eq!(Packet::read(&packet.text()), Ok(packet.clone()));
            let frame = packet.frame();
            prop_assert_eq!(Frame::read(&frame).unwrap().kind, PacketKind::Message);
        }

        #[test]
        fn the_header_of_a_packet_is_the_packets(
            namespace in prop_oneof![Just(MAIN.to_owned()), "/[-_a-z/0-9]{1,12}"],
            id in proptest::option::of(any::<u64>()),
            name in "[a-zA-Z:]{1,12}",
        ) {
            let read = Header::read(&event(&namespace, id, &name, &[json!({ "a": [1] })]).text());
            prop_assert_eq!(read, Some(Header { is_connect: false, namespace, id, event: Some(name) }));
        }

        #[test]
        fn no_text_panics(text in "[0-9/,\\[\\]{}\":a-z?-]{0,40}|.*") {
            let _ = Packet::read(&text);
            let _ = Header::read(&text);
        }
    }
}
