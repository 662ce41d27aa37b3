//! Connections: their namespaces, addresses and messages.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Millis;

/// The namespace of a connection, by which it is counted. The two first are the namespaces of the contract. The last is a connection of
/// Socket.IO itself, which can be in both of them or, before it has joined any, in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Namespace {
    /// Updates of a dashboard.
    Dashboard,
    /// Direct messages.
    Ws,
    SocketIo,
}

impl Namespace {
    pub const ALL: [Self; 3] = [Self::Dashboard, Self::Ws, Self::SocketIo];

    /// The name, which is also that of the API's stage.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Ws => "ws",
            Self::SocketIo => "socketio",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|namespace| namespace.name() == name)
    }
}

impl std::fmt::Display for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A stage of the WebSocket API: that of a namespace, or that of clients of Pusher. Its name is the path of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Namespace(Namespace),
    Pusher,
}

impl Stage {
    /// How many there are.
    pub const COUNT: usize = Namespace::ALL.len() + 1;

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespace(namespace) => namespace.name(),
            Self::Pusher => "pusher",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let namespace = Namespace::named(name).map(Self::Namespace);
        namespace.or_else(|| (name == Self::Pusher.name()).then_some(Self::Pusher))
    }

    /// Its place among all, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Namespace(namespace) => namespace as usize,
            Self::Pusher => Namespace::ALL.len(),
        }
    }
}

impl From<Namespace> for Stage {
    fn from(namespace: Namespace) -> Self {
        Self::Namespace(namespace)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// API Gateway's id of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionId(String);

/// The text is not a connection's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a connection id has 1 to 128 characters of base64")]
pub struct InvalidConnectionId;

impl ConnectionId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`InvalidConnectionId`] for what is not 1 to 128 letters, digits and `+/=-_`.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidConnectionId> {
        let text = text.into();
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(is_base64) {
            return Ok(Self(text));
        }
        Err(InvalidConnectionId)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidConnectionId;
    fn try_from(text: String) -> Result<Self, InvalidConnectionId> {
        Self::parse(text)
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> String {
        id.0
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How events look on a connection's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Framing {
    /// `{"event", "data"}`; the namespace is the stage.
    Json,
    /// Socket.IO 5 over Engine.IO 4; the namespace is the packet's.
    SocketIo,
}

/// Which of two names a connection wants events by that have both, such as `message:new` and `MESSAGE_BROADCAST`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    #[default]
    Both,
    /// `message:new`
    Lower,
    /// `MESSAGE_BROADCAST`
    Upper,
}

impl Names {
    /// Whether an event of this name is wanted.
    #[must_use]
    pub fn include(self, name: &str) -> bool {
        let is_upper = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        match self {
            Self::Both => true,
            Self::Lower => !is_upper,
            Self::Upper => is_upper,
        }
    }
}

/// How to reach a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub connection: ConnectionId,
    /// The stage that it came by, and is posted to through.
    pub stage: Namespace,
    pub framing: Framing,
    #[serde(default)]
    pub names: Names,
    /// When it connected.
    pub since: Millis,
    /// When its token expires. From then on nothing is posted to it, and the heartbeat ends it.
    #[serde(default = "never")]
    pub token_expires: Millis,
}

/// The expiry in rows of before it was kept in all of them: those connections are ended by their other row.
fn never() -> Millis {
    Millis(i64::MAX)
}

/// API Gateway ends every connection after two hours; its rows are nobody's a few minutes later.
pub const LIFETIME_SECONDS: i64 = 2 * 3600 + 600;

impl Address {
    /// When the connection has surely ended.
    #[must_use]
    pub fn until(&self) -> Millis {
        self.since.plus_seconds(LIFETIME_SECONDS)
    }

    /// Whether events may be posted to it: it can still be open, and its token has not expired.
    #[must_use]
    pub fn may_hear(&self, now: Millis) -> bool {
        now < self.until() && now < self.token_expires
    }
}

/// A message to a connection, in any framing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Outgoing {
    /// The connection is open, and is pinged this often.
    Open {
        seconds: u32,
    },
    /// It has joined the namespace.
    Joined {
        namespace: Namespace,
    },
    /// It may not join the namespace of this name.
    Refused {
        namespace: String,
        message: String,
        data: Value,
    },
    /// The server ends its part in the namespace.
    Left {
        namespace: Namespace,
    },
    Event {
        namespace: Namespace,
        name: String,
        data: Value,
    },
    Acknowledgement {
        namespace: Namespace,
        id: u64,
        data: Value,
    },
    /// Are you there?
    Ping {
        at: String,
    },
    /// This text as it is.
    Text {
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_may_want_one_family_of_names() {
        assert!(Names::Both.include("message:new") && Names::Both.include("MESSAGE_BROADCAST"));
        assert!(Names::Lower.include("message:new") && !Names::Lower.include("MESSAGE_BROADCAST"));
        assert!(!Names::Upper.include("typing:start") && Names::Upper.include("TYPING_INDICATOR"));
    }

    #[test]
    fn a_connection_id_is_base64() {
        for good in ["L0SM9cOFvHcCIhw=", "d37cd0f1c0e94c5a", "A-_b+/=="] {
            assert_eq!(ConnectionId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a#b", "é", &"x".repeat(129)] {
            assert_eq!(ConnectionId::parse(bad), Err(InvalidConnectionId), "{bad:?}");
        }
    }
}
