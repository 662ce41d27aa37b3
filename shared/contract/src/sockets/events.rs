//! The events of `/dashboard`, and those of both namespaces.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::UserId;
use crate::text::{Line, Text};

/// An event that goes to connections.
pub trait SocketEvent: Serialize {
    /// The name that clients listen to.
    const NAME: &'static str;

    /// The payload.
    fn data(&self) -> Value {
        serde_json::to_value(self).expect("events are strings, booleans, numbers and maps with string keys")
    }
}

macro_rules! named {
    ($($event:ident = $name:literal),* $(,)?) => {
        $(impl SocketEvent for $event {
            const NAME: &'static str = $name;
        })*
    };
}

named! {
    Connected = "connected",
    DashboardNotification = "notification",
    UserStatus = "user_status",
    SocketError = "error",
    Subscribed = "subscribed",
    Heartbeat = "ping",
}

/// `connected`: the first event of a connection to `/dashboard`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    pub user_id: UserId,
    /// ISO 8601, as all timestamps here.
    pub timestamp: String,
    pub message: String,
}

/// `notification`: the same that `notification:new` tells, as a dashboard shows it.
#[derive(Debug, Clone, Serialize)]
pub struct DashboardNotification {
    pub title: Line,
    pub body: Text,
    /// Such as `MESSAGE`.
    pub r#type: String,
    /// `normal` or `high`
    pub priority: String,
    /// The subject. Clients drop duplicates by its `notificationId`.
    pub data: Map<String, Value>,
    pub timestamp: String,
}

/// Whether a user has any connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Online,
    Offline,
}

/// `user_status`: a user's first connection was made, or their last one ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStatus {
    pub user_id: UserId,
    pub status: Status,
    pub timestamp: String,
}

/// `error`: a client's message failed, or its connection ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketError {
    /// The reason phrase of the HTTP status that says the same, such as `Too Many Requests`.
    pub error: String,
    /// What to do.
    pub message: String,
    /// Seconds after which the same is admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The event that was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The `clientMessageId` of the message that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    pub timestamp: String,
}

/// `subscribed`: the channels that a connection is subscribed to, after each `subscribe` and `unsubscribe`.
#[derive(Debug, Clone, Serialize)]
pub struct Subscribed {
    pub channels: Vec<String>,
    /// Those that were asked for and are not open to the user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// `ping`: keeps a plain JSON connection open; nothing needs to be sent back.
#[derive(Debug, Clone, Serialize)]
pub struct Heartbeat {
    pub timestamp: String,
}
