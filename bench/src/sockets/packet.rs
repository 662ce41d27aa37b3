//! Packets that a client of Socket.IO reads (protocol 5 over Engine.IO 4), as far as this benchmark needs them.

use serde_json::Value;

/// A frame from the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packet {
    /// The connection is open.
    Open,
    Ping,
    /// In the namespace of this name, such as `/ws`.
    Joined(String),
    Event {
        name: String,
        data: Value,
    },
    Acknowledged,
    /// A refusal, in the server's words.
    Refused(String),
}

impl Packet {
    /// Reads a frame; `None` for one that a client of this kind has no use for.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (kind, rest) = (text.get(..1)?, text.get(1..)?);
        match kind {
            "0" => Some(Self::Open),
            "2" => Some(Self::Ping),
            "4" => Self::read_message(rest),
            _ => None,
        }
    }

    fn read_message(text: &str) -> Option<Self> {
        let (kind, rest) = (text.get(..1)?, text.get(1..)?);
        let (namespace, rest) = match rest.split_once(',') {
            Some((namespace, rest)) if namespace.starts_with('/') => (namespace, rest),
            _ => ("/", rest),
        };
        let rest = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        match kind {
            "0" => Some(Self::Joined(namespace.to_owned())),
            "2" => {
                let mut arguments: Vec<Value> = serde_json::from_str(rest).ok()?;
                let data = if arguments.len() > 1 { arguments.swap_remove(1) } else { Value::Null };
                let name = arguments.first()?.as_str()?.to_owned();
                if name == "error" {
                    return Some(Self::Refused(data.to_string()));
                }
                Some(Self::Event { name, data })
            }
            "3" => Some(Self::Acknowledged),
            "4" => Some(Self::Refused(format!("{namespace}: {rest}"))),
            _ => None,
        }
    }

    /// The name by which it is waited for.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Open => "open",
            Self::Ping => "ping",
            Self::Joined(namespace) => namespace,
            Self::Event { name, .. } => name,
            Self::Acknowledged => "acknowledged",
            Self::Refused(_) => "refused",
        }
    }

    /// A field of an event's data, if it is text.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Event { data, .. } => data[name].as_str(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_are_read_as_the_protocol_writes_them() {
        assert_eq!(Packet::read(r#"0{"sid":"a","pingInterval":30000}"#), Some(Packet::Open));
        assert_eq!(Packet::read("2"), Some(Packet::Ping));
        assert_eq!(Packet::read(r#"40/ws,{"sid":"a"}"#), Some(Packet::Joined("/ws".to_owned())));
        let event = Packet::Event { name: "activity".to_owned(), data: json!({ "type": "x" }) };
        assert_eq!(Packet::read(r#"42/dashboard,["activity",{"type":"x"}]"#), Some(event.clone()));
        assert_eq!(Packet::read(r#"42/dashboard,7["activity",{"type":"x"}]"#), Some(event.clone()));
        assert_eq!(Packet::read(r#"42["activity",{"type":"x"}]"#), Some(event.clone()));
        assert_eq!((event.name(), event.field("type")), ("activity", Some("x")));
        assert_eq!(Packet::read(r#"43/ws,7[{"ok":true}]"#), Some(Packet::Acknowledged));
    }

    #[test]
    fn a_refusal_keeps_its_reason() {
        let refused = Packet::read(r#"44/ws,{"message":"full"}"#);
        assert_eq!(refused, Some(Packet::Refused(r#"/ws: {"message":"full"}"#.to_owned())));
        let error = Packet::read(r#"42/ws,["error",{"message":"no"}]"#);
        assert_eq!(error, Some(Packet::Refused(r#"{"message":"no"}"#.to_owned())));
    }

    #[test]
    fn other_frames_are_nothing() {
        for text in ["", "3", "6", "4", "42/ws,{", "42[]", "42[7]", "49", "é"] {
            assert_eq!(Packet::read(text), None, "{text}");
        }
    }
}
