//! The events of notifications: a new one, and one that is read.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::event::Event;
use crate::id::UserId;
use crate::text::Text;

/// `notification:new`
#[derive(Debug, Clone, Serialize)]
pub struct NotificationNew {
    #[serde(skip)]
    pub user: UserId,
    /// Such as `MESSAGE`.
    pub r#type: String,
    /// A sentence to show.
    pub message: Text,
    /// The subject. Clients drop duplicates by its `notificationId`.
    pub data: Map<String, Value>,
}

impl Event for NotificationNew {
    const NAME: &'static str = "notification:new";

    fn channel(&self) -> Channel {
        Channel::User(self.user.clone())
    }
}

/// `notification:read`, for the user's other tabs and devices.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRead {
    #[serde(skip)]
    pub user: UserId,
    /// `None` where all of the user's notifications are read.
    pub notification_id: Option<String>,
    /// ISO 8601
    pub read_at: String,
}

impl Event for NotificationRead {
    const NAME: &'static str = "notification:read";

    fn channel(&self) -> Channel {
        Channel::User(self.user.clone())
    }
}
