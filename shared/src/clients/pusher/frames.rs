//! The frames of Pusher's protocol, version 7: those of clients, and those of servers.
//!
//! A frame is a JSON object with an `event`, mostly `data`, and `channel` where it is about one. A server writes `data` as a string
//! of JSON, but for errors; a client writes it as either. Sources: Pusher Channels docs, "Pusher Channels protocol", and for
//! `pusher:signin` and cache channels "Authenticating users" and "Cache channels".

use serde::Deserialize;
use serde_json::{Value, json};

use crate::contract::socket_id::SocketId;

/// The versions of the protocol that this speaks: clients in Java and .NET name 5. No frame differs between them.
pub const PROTOCOLS: [&str; 3] = ["5", "6", "7"];
/// Most bytes of a client's frame: API Gateway takes no larger one.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;
/// Beginning of the events that clients send each other.
const CLIENT_EVENT: &str = "client-";

/// A frame of a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientFrame {
    Subscribe(SubscribeFrame),
    Unsubscribe {
        channel: String,
    },
    /// The client signs in as a user.
    SignIn(SignInFrame),
    /// `client-…`: for the other subscribers of the channel.
    Event(ClientEvent),
    Ping,
    /// An answer to a ping, or an event of the protocol that this version does not know: nothing is to be done.
    Nothing,
}

/// `pusher:subscribe`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscribeFrame {
    pub channel: String,
    /// `key:signature`, of a private or presence channel.
    #[serde(default)]
    pub auth: Option<String>,
    /// The member, of a presence channel: JSON text that the signature covers.
    #[serde(default)]
    pub channel_data: Option<String>,
}

/// `pusher:signin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SignInFrame {
    /// `key:signature`
    pub auth: String,
    /// The user: JSON text with an `id`.
    pub user_data: String,
}

/// An event of a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientEvent {
    pub name: String,
    pub channel: String,
    /// Text as the client sent it; any other value as JSON text.
    pub data: String,
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFrame {
    #[error("A frame may have at most {MAX_FRAME_BYTES} bytes")]
    TooLong,
    #[error(r#"Send JSON like {{"event": "pusher:subscribe", "data": {{"channel": "news"}}}}"#)]
    NoFrame,
    #[error("{event} needs {needs}")]
    Incomplete { event: &'static str, needs: &'static str },
    #[error("Send your own events by names that begin with client-, to a channel that you are subscribed to")]
    NotForClients,
}

#[derive(Deserialize)]
struct Frame {
    event: String,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct OfChannel {
    channel: String,
}

impl ClientFrame {
    /// Reads what a client sent.
    ///
    /// # Errors
    /// [`UnreadableFrame`], with a sentence for the client.
    pub fn read(text: &str) -> Result<Self, UnreadableFrame> {
        if text.len() > MAX_FRAME_BYTES {
            return Err(UnreadableFrame::TooLong);
        }
        let frame: Frame = serde_json::from_str(text).map_err(|_| UnreadableFrame::NoFrame)?;
        let incomplete = |event, needs| move |_| UnreadableFrame::Incomplete { event, needs };
        match frame.event.as_str() {
            "pusher:subscribe" => {
                let subscribe = parts(frame.data).map_err(incomplete("pusher:subscribe", "data with a channel"))?;
                Ok(Self::Subscribe(subscribe))
            }
            "pusher:unsubscribe" => {
                let of: OfChannel =
                    parts(frame.data).map_err(incomplete("pusher:unsubscribe", "data with a channel"))?;
                Ok(Self::Unsubscribe { channel: of.channel })
            }
            "pusher:signin" => {
                let sign_in = parts(frame.data).map_err(incomplete("pusher:signin", "data with auth and user_data"))?;
                Ok(Self::SignIn(sign_in))
            }
            "pusher:ping" => Ok(Self::Ping),
            event if event.starts_with(CLIENT_EVENT) => {
                let channel =
                    frame.channel.ok_or(UnreadableFrame::Incomplete { event: "client-…", needs: "a channel" })?;
                let data = match frame.data {
                    Value::String(text) => text,
                    data => data.to_string(),
                };
                Ok(Self::Event(ClientEvent { name: frame.event, channel, data }))
            }
            event if event.starts_with("pusher:") || event.starts_with("pusher_internal:") => Ok(Self::Nothing),
            _ => Err(UnreadableFrame::NotForClients),
        }
    }
}

/// The parts of a frame's data, which is an object or the same as text.
fn parts<T: serde::de::DeserializeOwned>(data: Value) -> Result<T, serde_json::Error> {
    match data {
        Value::String(text) => serde_json::from_str(&text),
        data => serde_json::from_value(data),
    }
}

/// An error of the protocol. A client gives up for good at 4000 to 4099, if it is the first frame of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    NoSuchApp = 4001,
    UnsupportedProtocol = 4007,
    Unauthorized = 4009,
    /// The connection ends, and the client connects again at once.
    Reconnect = 4200,
    ClientEventRefused = 4301,
}

/// The members of a presence channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    /// Each with its `user_info`, which is JSON text.
    pub members: Vec<(String, Box<str>)>,
}

/// A frame for a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame<'a> {
    /// The first frame. A client that hears nothing for so many seconds pings.
    Established {
        socket: &'a SocketId,
        activity_seconds: u32,
    },
    Error {
        code: Option<ErrorCode>,
        message: &'a str,
    },
    Pong,
    /// With the members, of a presence channel.
    Subscribed {
        channel: &'a str,
        roster: Option<&'a Roster>,
    },
    SubscriptionRefused {
        channel: &'a str,
        status: u16,
        message: &'a str,
    },
    /// `info` is JSON text.
    MemberAdded {
        channel: &'a str,
        user: &'a str,
        info: &'a str,
    },
    MemberRemoved {
        channel: &'a str,
        user: &'a str,
    },
    /// A cache channel has no last event.
    CacheMiss {
        channel: &'a str,
    },
    /// How many connections are subscribed to the channel.
    SubscriptionCount {
        channel: &'a str,
        count: usize,
    },
    SignedIn {
        user_data: &'a str,
    },
    /// `data` is the text that was sent.
    Event {
        channel: &'a str,
        name: &'a str,
        data: &'a str,
    },
    /// Of a client. On a presence channel it says whose.
    ClientEvent {
        event: &'a ClientEvent,
        user: Option<&'a str>,
    },
    /// Tells a client that the connection is alive. It has no channel, so that clients show it to nobody.
    KeepAlive,
}

impl ServerFrame<'_> {
    /// The text of the frame.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Established { socket, activity_seconds } => {
                let data = json!({ "socket_id": socket.as_str(), "activity_timeout": activity_seconds });
                json!({ "event": "pusher:connection_established", "data": data.to_string() })
            }
            Self::Error { code, message } => {
                let code = code.map(|code| code as u16);
                json!({ "event": "pusher:error", "data": { "code": code, "message": message } })
            }
            Self::Pong => json!({ "event": "pusher:pong", "data": "{}" }),
            Self::Subscribed { channel, roster } => {
                let data = roster.map_or_else(|| "{}".to_owned(), Roster::text);
                json!({ "event": "pusher_internal:subscription_succeeded", "channel": channel, "data": data })
            }
            Self::SubscriptionRefused { channel, status, message } => {
                let data = json!({ "type": "AuthError", "error": message, "status": status }).to_string();
                json!({ "event": "pusher:subscription_error", "channel": channel, "data": data })
            }
            Self::MemberAdded { channel, user, info } => {
                let data = json!({ "user_id": user, "user_info": raw(info) }).to_string();
                json!({ "event": "pusher_internal:member_added", "channel": channel, "data": data })
            }
            Self::MemberRemoved { channel, user } => {
                let data = json!({ "user_id": user }).to_string();
                json!({ "event": "pusher_internal:member_removed", "channel": channel, "data": data })
            }
            Self::CacheMiss { channel } => json!({ "event": "pusher:cache_miss", "channel": channel, "data": "{}" }),
            Self::SubscriptionCount { channel, count } => {
                let data = json!({ "subscription_count": count }).to_string();
                json!({ "event": "pusher_internal:subscription_count", "channel": channel, "data": data })
            }
            Self::SignedIn { user_data } => {
                let data = json!({ "user_data": user_data }).to_string();
                json!({ "event": "pusher:signin_success", "data": data })
            }
            Self::Event { channel, name, data } => json!({ "event": name, "channel": channel, "data": data }),
            Self::ClientEvent { event: ClientEvent { name, channel, data }, user } => {
                let mut frame = json!({ "event": name, "channel": channel, "data": data });
                if let Some(user) = user {
                    frame["user_id"] = json!(user);
                }
                frame
            }
            // Of this name, so that the Swift client shows it to nobody, either: it has events of other names shown to global bindings.
            Self::KeepAlive => json!({ "event": "pusher_internal:subscription_count", "data": "{}" }),
        }
        .to_string()
    }
}

/// JSON text as a value; `null` for any other text.
fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

impl Roster {
    /// As `pusher_internal:subscription_succeeded` has it.
    fn text(&self) -> String {
        let ids: Vec<&str> = self.members.iter().map(|(user, _)| user.as_str()).collect();
        let hash: serde_json::Map<String, Value> =
            self.members.iter().map(|(user, info)| (user.clone(), raw(info))).collect();
        json!({ "presence": { "count": ids.len(), "ids": ids, "hash": hash } }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<ClientFrame, UnreadableFrame> {
        ClientFrame::read(text)
    }

    #[test]
    fn a_subscription_has_a_channel_and_perhaps_a_signature() {
        let public = read(r#"{"event":"pusher:subscribe","data":{"auth":"","channel":"news"}}"#);
        let expected = SubscribeFrame { channel: "news".into(), auth: Some(String::new()), channel_data: None };
        assert_eq!(public, Ok(ClientFrame::Subscribe(expected)));
        let presence = r#"{"event":"pusher:subscribe","data":{"auth":"k:s","channel":"presence-a","channel_data":"{\"user_id\":1}"}}"#;
        let Ok(ClientFrame::Subscribe(presence)) = read(presence) else { panic!("{presence}") };
        assert_eq!(presence.channel_data.as_deref(), Some(r#"{"user_id":1}"#));
        // As clients in other languages write it.
        let as_text = r#"{"event":"pusher:subscribe","data":"{\"channel\":\"news\"}"}"#;
        assert!(matches!(read(as_text), Ok(ClientFrame::Subscribe(subscribe)) if subscribe.channel == "news"));
    }

    #[test]
    fn frames_that_ask_for_nothing_are_nothing() {
        for text in [r#"{"event":"pusher:pong","data":{}}"#, r#"{"event":"pusher:later"}"#] {
            assert_eq!(read(text), Ok(ClientFrame::Nothing), "{text}");
        }
        assert_eq!(read(r#"{"event":"pusher:ping","data":{}}"#), Ok(ClientFrame::Ping));
    }

    #[test]
    fn a_refused_frame_says_what_to_send() {
        for (text, told) in [
            ("", "Send JSON like {\"event\""),
            ("[]", "Send JSON like"),
            (r#"{"event":"pusher:subscribe"}"#, "pusher:subscribe needs data with a channel"),
            (r#"{"event":"pusher:subscribe","data":{"channel":7}}"#, "needs data with a channel"),
            (r#"{"event":"pusher:signin","data":{"auth":"k:s"}}"#, "needs data with auth and user_data"),
            (r#"{"event":"client-typing","data":{}}"#, "needs a channel"),
            (r#"{"event":"order-shipped","channel":"private-a","data":{}}"#, "begin with client-"),
            (
                &format!(r#"{{"event":"client-a","channel":"private-a","data":"{}"}}"#, "x".repeat(MAX_FRAME_BYTES)),
                "at most",
            ),
        ] {
            assert!(read(text).unwrap_err().to_string().contains(told), "{text}");
        }
    }

    #[test]
    fn frames_are_as_documented() {
        let socket = SocketId::parse("1.2").unwrap();
        let roster =
            Roster { members: vec![("ada".into(), r#"{"name":"Ada"}"#.into()), ("ben".into(), "null".into())] };
        for (frame, text) in [
            (
                ServerFrame::Established { socket: &socket, activity_seconds: 120 },
                r#"{"data":"{\"activity_timeout\":120,\"socket_id\":\"1.2\"}","event":"pusher:connection_established"}"#,
            ),
            (
                ServerFrame::Subscribed { channel: "presence-a", roster: Some(&roster) },
                r#"{"channel":"presence-a","data":"{\"presence\":{\"count\":2,\"hash\":{\"ada\":{\"name\":\"Ada\"},\"ben\":null},\"ids\":[\"ada\",\"ben\"]}}","event":"pusher_internal:subscription_succeeded"}"#,
            ),
            (
                ServerFrame::Error { code: Some(ErrorCode::NoSuchApp), message: "no" },
                r#"{"data":{"code":4001,"message":"no"},"event":"pusher:error"}"#,
            ),
            (
                ServerFrame::MemberAdded { channel: "presence-a", user: "ada", info: r#"{"name":"Ada"}"# },
                r#"{"channel":"presence-a","data":"{\"user_id\":\"ada\",\"user_info\":{\"name\":\"Ada\"}}","event":"pusher_internal:member_added"}"#,
            ),
            (
                ServerFrame::SubscriptionCount { channel: "news", count: 7 },
                r#"{"channel":"news","data":"{\"subscription_count\":7}","event":"pusher_internal:subscription_count"}"#,
            ),
            (
                ServerFrame::Event { channel: "news", name: "out", data: "{\"a\":1}" },
                r#"{"channel":"news","data":"{\"a\":1}","event":"out"}"#,
            ),
        ] {
            let (is, should_be): (Value, Value) =
                (serde_json::from_str(&frame.text()).unwrap(), serde_json::from_str(text).unwrap());
            assert_eq!(is, should_be);
        }
        assert!(!ServerFrame::KeepAlive.text().contains("channel"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = read(&text);
        }

        #[test]
        fn a_client_event_arrives_as_it_was_sent(name in "client-[a-z]{1,9}", channel in "private-[a-z]{1,9}", data in ".*") {
            let sent = json!({ "event": name, "channel": channel, "data": data }).to_string();
            let Ok(ClientFrame::Event(event)) = read(&sent) else { return Err(TestCaseError::fail(sent)) };
            let frame: Value = serde_json::from_str(&ServerFrame::ClientEvent { event: &event, user: None }.text()).unwrap();
            prop_assert_eq!(frame, serde_json::from_str::<Value>(&sent).unwrap());
            let object = json!({ "event": name, "channel": channel, "data": { "text": data } });
            let Ok(ClientFrame::Event(event)) = read(&object.to_string()) else { return Err(TestCaseError::fail(sent)) };
            prop_assert_eq!(serde_json::from_str::<Value>(&event.data).unwrap(), object["data"].clone());
        }
    }
}
