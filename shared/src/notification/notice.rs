//! A notification as it is told, and which ways it takes to its user. A new way is added here, and nowhere else.

use serde_json::{Map, Value};

use super::{Kind, Preferences, Priority, Words};
use crate::contract::Event;
use crate::id::UserId;
use crate::outbox::Delivery;
use crate::push::Push;
use crate::time::Millis;

/// All that there is to tell.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Who is told.
    pub user: UserId,
    /// The type.
    pub kind: Kind,
    /// Title and sentence, in the user's language.
    pub words: Words,
    /// How urgent it is.
    pub priority: Priority,
    /// What it is about; holds `notificationId`.
    pub data: Map<String, Value>,
    /// When it was created.
    pub created_at: Millis,
}

impl Notice {
    /// `notification:new`
    #[must_use]
    pub fn event(&self) -> Event {
        Event::NotificationNew {
            user: self.user.clone(),
            kind: self.kind.name().to_owned(),
            message: self.words.body.clone(),
            data: self.data.clone(),
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
            even_if_connected: self.priority == Priority::High || !preferences.ways(self.kind).in_app,
            tag,
            quiet_hours: preferences.quiet_hours.clone().map(Into::into),
            devices: None,
        }
    }

    /// What is owed to the user, way by way. `tag` is that of the push; without one, none is sent.
    #[must_use]
    pub fn deliveries(&self, preferences: &Preferences, tag: Option<String>) -> Vec<Delivery> {
        let in_app = preferences.ways(self.kind).in_app.then(|| Delivery::from(&self.event()));
        let push = tag.map(|tag| Delivery::Push(Box::new(self.push(tag, preferences))));
        in_app.into_iter().chain(push).collect()
    }
}
