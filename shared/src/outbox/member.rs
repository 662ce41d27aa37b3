//! Members of presence channels come and go, where Carillon itself serves Pusher's clients.

use serde::{Deserialize, Serialize};

use crate::clients::pusher::WebhookEvent;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;

/// A member came to a presence channel or left it: a frame for its other subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    pub channel: String,
    /// The member's id.
    pub user: String,
    /// The member's `user_info`, as JSON text; `None` of one who left.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub info: Option<String>,
    /// The connection by which it changed, which knows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub except: Option<ConnectionId>,
}

/// An event of a webhook, as Pusher would send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelWebhook {
    #[serde(flatten)]
    pub event: WebhookEvent,
    /// When it happened.
    pub time_ms: Millis,
}
