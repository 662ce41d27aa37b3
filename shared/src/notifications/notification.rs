//! A notification, and how it is delivered.

use serde_json::{Map, Value};

use super::{NotificationKind, Preferences, Priority, Words};
use crate::contract::id::UserId;
use crate::contract::notifications::NotificationNew;
use crate::contract::sockets::{DashboardNotification, Namespace};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Emit, Push};

/// The content of a notification.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The recipient.
    pub user: UserId,
    pub kind: NotificationKind,
    /// Title and sentence, in the user's language.
    pub words: Words,
    pub priority: Priority,
    /// Its subject, and `notificationId`.
    pub data: Map<String, Value>,
    pub created_at: Millis,
}

impl Notification {
    /// `notification:new`
    #[must_use]
    pub fn event(&self) -> NotificationNew {
        NotificationNew {
            user: self.user.clone(),
            r#type: self.kind.name().to_owned(),
            message: self.words.body.clone(),
            data: self.data.clone(),
        }
    }

    /// `notification`, for the user's dashboards.
    #[must_use]
    pub fn dashboard(&self) -> DashboardNotification {
        DashboardNotification {
            title: self.words.title.clone(),
            body: self.words.body.clone(),
            r#type: self.kind.name().to_owned(),
            priority: self.priority.name().to_owned(),
            data: self.data.clone(),
            timestamp: self.created_at.iso(),
        }
    }

    fn push(&self, tag: String, preferences: &Preferences) -> Push {
        Push {
            user: self.user.clone(),
            r#type: self.kind.name().to_owned(),
            title: self.words.title.clone(),
            body: self.words.body.clone(),
            data: self.data.clone(),
            high: self.priority == Priority::High,
            even_if_connected: self.priority == Priority::High
                || preferences.push_while_connected
                || !preferences.of(self.kind).in_app,
            tag,
            quiet_hours: preferences.quiet_hours.clone().map(Into::into),
            devices: None,
        }
    }

    /// The deliveries that the user's preferences ask for. `tag` is the tag of the push; without it, there is no push.
    #[must_use]
    pub fn deliveries(&self, preferences: &Preferences, tag: Option<String>) -> Vec<Delivery> {
        let in_app = preferences.of(self.kind).in_app.then(|| Delivery::event(&self.event()));
        let dashboard = preferences
            .of(self.kind)
            .in_app
            .then(|| Emit::to_user(Namespace::Dashboard, &self.user, &self.dashboard()).into());
        let push = tag.map(|tag| Delivery::Push(Box::new(self.push(tag, preferences))));
        in_app.into_iter().chain(dashboard).chain(push).collect()
    }
}
