//! A pending socket event: its content, its audience, and how far its delivery got.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contract::id::UserId;
use crate::contract::sockets::{Address, Namespace, Outgoing, SocketEvent};
use crate::contract::time::Millis;

/// A socket event. The transport reads its connections when it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emit {
    pub namespace: Namespace,
    pub to: Audience,
    pub say: Say,
    /// After this it is of no use to anybody, and is dropped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Millis>,
    /// The notification that a user without a connection gets instead.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub or_notify: Option<Notify>,
    /// How far it has got, when some of it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub progress: Option<Progress>,
}

/// A notification for a user: for one without a connection, or of a change beside its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    pub user: UserId,
    /// Such as `MESSAGE`.
    pub r#type: String,
    pub data: Map<String, Value>,
    /// The same each time it is delivered, so that it is created once.
    pub id: String,
    /// The `state` that the row which owes it must have still; `None` where any is right.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub while_state: Option<String>,
}

/// The content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Say {
    /// An event, by each of its names that a connection wants.
    Event { names: Vec<String>, data: Value },
    /// Any other message to a connection.
    Other(Outgoing),
    /// Which of the user's contacts are there, as far as it is known when this is delivered: an event for each.
    ContactsOnline,
}

/// The connections that get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Audience {
    /// One connection.
    Connection(Target),
    /// All of a user's in the namespace.
    User(UserId),
    /// All that are subscribed to the channel.
    Channel(String),
    /// All in the namespace.
    Everybody,
    /// All of those whom this user has exchanged messages with.
    Contacts(UserId),
}

/// How far a fan-out has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Connections of earlier pages that could not be reached then.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub again: Vec<Target>,
    /// Where the next page starts; `None` once there is no further page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<PageStart>,
}

/// Where a page starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageStart {
    /// The part of the index.
    pub shard: u8,
    /// The last one of the page before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<String>,
}

/// A connection in a namespace, with all that it takes to remove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub user: UserId,
    /// Its place in the namespace.
    pub slot: u16,
    pub namespace: Namespace,
    #[serde(flatten)]
    pub address: Address,
}

impl Emit {
    /// An event for all of a user's connections.
    #[must_use]
    pub fn to_user<E: SocketEvent>(namespace: Namespace, user: &UserId, event: &E) -> Self {
        Self::event(namespace, Audience::User(user.clone()), event)
    }

    /// An event.
    #[must_use]
    pub fn event<E: SocketEvent>(namespace: Namespace, to: Audience, event: &E) -> Self {
        Self::named(namespace, to, &[E::NAME], event.data())
    }

    /// An event that has several names.
    #[must_use]
    pub fn named(namespace: Namespace, to: Audience, names: &[&str], data: Value) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { namespace, to, say: Say::Event { names, data }, until: None, or_notify: None, progress: None }
    }

    /// A message to one connection.
    #[must_use]
    pub fn to_connection(target: &Target, say: Say) -> Self {
        let (namespace, to) = (target.namespace, Audience::Connection(target.clone()));
        Self { namespace, to, say, until: None, or_notify: None, progress: None }
    }

    /// The same, dropped where it is not delivered by then.
    #[must_use]
    pub fn until(self, until: Millis) -> Self {
        Self { until: Some(until), ..self }
    }

    /// The same, and where the user has no connection, this notification.
    #[must_use]
    pub fn or_notify(self, notify: Notify) -> Self {
        Self { or_notify: Some(notify), ..self }
    }

    /// The messages to this connection, in order.
    #[must_use]
    pub fn said_to(&self, address: &Address) -> Vec<Outgoing> {
        match &self.say {
            Say::Other(outgoing) => vec![outgoing.clone()],
            // The delivery looks them up.
            Say::ContactsOnline => Vec::new(),
            Say::Event { names, data } => {
                let wanted = names.iter().filter(|name| address.names.include(name));
                let event = |name: &String| Outgoing::Event {
                    namespace: self.namespace,
                    name: name.clone(),
                    data: data.clone(),
                };
                wanted.map(event).collect()
            }
        }
    }
}
