//! The event of a new notification.

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
