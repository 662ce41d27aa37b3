//! Webhooks to the app's own server, where Carillon itself serves the channels: as Pusher sends them. Source: Pusher Channels docs,
//! "Webhooks" (`/docs/channels/server_api/webhooks`).

use serde::{Deserialize, Serialize};

use crate::contract::time::Millis;
use crate::settings::WebhookType;

/// A webhook. As JSON it is the body that is signed and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppWebhook {
    /// When its events happened. A retry keeps it.
    pub time_ms: Millis,
    /// In the order in which they happened.
    pub events: Vec<ReportedEvent>,
}

/// Something that happened in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ReportedEvent {
    /// The first subscriber came.
    ChannelOccupied { channel: String },
    /// The last subscriber left.
    ChannelVacated { channel: String },
    /// A user came to a presence channel, by their first connection.
    MemberAdded { channel: String, user_id: String },
    /// A user left it, by their last connection.
    MemberRemoved { channel: String, user_id: String },
    /// A client sent an event to others.
    ClientEvent {
        channel: String,
        event: String,
        /// As the others got it.
        data: String,
        socket_id: String,
        /// The sender, on a presence channel.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        user_id: Option<String>,
    },
    /// A client subscribed to a cache channel that has no last event.
    CacheMiss { channel: String },
    /// Connections subscribed to a channel or unsubscribed.
    SubscriptionCount {
        channel: String,
        /// As of when it is sent; until then it is not known.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        subscription_count: Option<usize>,
    },
}

impl ReportedEvent {
    #[must_use]
    pub fn webhook(&self) -> WebhookType {
        match self {
            Self::ChannelOccupied { .. } => WebhookType::ChannelOccupied,
            Self::ChannelVacated { .. } => WebhookType::ChannelVacated,
            Self::MemberAdded { .. } => WebhookType::MemberAdded,
            Self::MemberRemoved { .. } => WebhookType::MemberRemoved,
            Self::ClientEvent { .. } => WebhookType::ClientEvent,
            Self::CacheMiss { .. } => WebhookType::CacheMiss,
            Self::SubscriptionCount { .. } => WebhookType::SubscriptionCount,
        }
    }
}

impl AppWebhook {
    #[must_use]
    pub fn of(event: ReportedEvent, time_ms: Millis) -> Self {
        Self { time_ms, events: vec![event] }
    }

    /// The body of its request.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("a webhook is numbers and strings")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_webhook_is_as_documented() {
        let channel = || "presence-a".to_owned();
        let user_id = || "ada".to_owned();
        let sent = ReportedEvent::ClientEvent {
            channel: channel(),
            event: "client-wave".to_owned(),
            data: "{}".to_owned(),
            socket_id: "1.2".to_owned(),
            user_id: Some(user_id()),
        };
        let events = vec![
            ReportedEvent::ChannelOccupied { channel: channel() },
            ReportedEvent::MemberAdded { channel: channel(), user_id: user_id() },
            sent,
            ReportedEvent::MemberRemoved { channel: channel(), user_id: user_id() },
            ReportedEvent::ChannelVacated { channel: channel() },
            ReportedEvent::CacheMiss { channel: "cache-a".to_owned() },
            ReportedEvent::SubscriptionCount { channel: "news".to_owned(), subscription_count: Some(7) },
        ];
        for event in &events {
            let named = serde_json::to_value(event).unwrap()["name"].clone();
            assert_eq!(named, event.webhook().name(), "the name that WEBHOOK_EVENTS has for it");
        }
        let webhook = AppWebhook { time_ms: Millis(1_327_078_148_132), events };
        let expected = json!({ "time_ms": 1_327_078_148_132_i64, "events": [
            { "name": "channel_occupied", "channel": "presence-a" },
            { "name": "member_added", "channel": "presence-a", "user_id": "ada" },
            { "name": "client_event", "channel": "presence-a", "event": "client-wave", "data": "{}", "socket_id": "1.2",
              "user_id": "ada" },
            { "name": "member_removed", "channel": "presence-a", "user_id": "ada" },
            { "name": "channel_vacated", "channel": "presence-a" },
            { "name": "cache_miss", "channel": "cache-a" },
            { "name": "subscription_count", "channel": "news", "subscription_count": 7 },
        ] });
        assert_eq!(serde_json::from_str::<Value>(&webhook.body()).unwrap(), expected);
    }
}
