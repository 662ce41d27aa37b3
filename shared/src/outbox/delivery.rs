//! What can be delivered, and how.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Audience, Emit, OwedEmail, Push, Unread, Wake};
use crate::clients::pusher::Message;
use crate::contract::event::Event;
use crate::contract::id::UserId;
use crate::contract::time::Millis;

/// How long a direct message that was posted to a connection may stay unread before it is a notification, in seconds.
pub const UNREAD_SECONDS: i64 = 30;

/// One thing to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An event for a Pusher channel.
    Pusher(Message),
    /// The end of the connections on which a user signed in to Pusher. It goes the same way as events, so that it follows the
    /// event that tells them why.
    Terminate { user: UserId },
    /// A push to the user's devices.
    Push(Box<Push>),
    /// An e-mail about a chat message that its recipient has not seen.
    Email(OwedEmail),
    /// An event for connections of API Gateway's WebSockets.
    Socket(Box<Emit>),
    /// A guest's message, for the staff of the hotel if nobody of them is looking.
    Wake(Box<Wake>),
    /// A direct message that is a notification, too, unless it is read by then.
    Unread(Box<Unread>),
    /// An outbox that is no JSON of an outbox: the text as it was found.
    Unreadable(String),
    /// Of a kind that a newer version writes. It stays as it is until that version delivers it.
    Unknown(Map<String, Value>),
}

/// Deliveries of one row that go the same way arrive in order; no way waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    Pusher,
    Push,
    Email,
    Socket,
    /// To a hotel's staff, as notifications.
    Wake,
    /// To the receiver of a direct message, as a notification.
    Unread,
    /// To nobody: what cannot be read.
    None,
}

impl Delivery {
    /// The delivery of an event to its Pusher channel.
    #[must_use]
    pub fn event<E: Event>(event: &E) -> Self {
        let channel = event.channel().to_string();
        Self::Pusher(Message { channel, name: E::NAME.to_owned(), data: event.data() })
    }

    /// The name of its kind, in metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pusher(_) => "pusher",
            Self::Terminate { .. } => "terminate",
            Self::Push(_) => "push",
            Self::Email(_) => "email",
            Self::Socket(_) => "socket",
            Self::Wake(_) => "wake",
            Self::Unread(_) => "unread",
            Self::Unreadable(_) => "unreadable",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The way that it goes.
    #[must_use]
    pub fn way(&self) -> Way {
        match self {
            Self::Pusher(_) | Self::Terminate { .. } => Way::Pusher,
            Self::Push(_) => Way::Push,
            Self::Email(_) => Way::Email,
            Self::Socket(_) => Way::Socket,
            Self::Wake(_) => Way::Wake,
            Self::Unread(_) => Way::Unread,
            Self::Unreadable(_) | Self::Unknown(_) => Way::None,
        }
    }

    /// Before when it is not looked at, if it is committed at this time.
    pub(super) fn not_before(&self, at: Millis) -> Option<Millis> {
        matches!(self, Self::Unread(_)).then(|| at.plus_seconds(UNREAD_SECONDS))
    }

    /// Whether it is about one connection, so that it means nothing once the row of that connection is deleted.
    #[must_use]
    pub fn ends_with_its_row(&self) -> bool {
        matches!(self, Self::Socket(emit) if matches!(emit.to, Audience::Connection(_)))
    }
}

impl From<Emit> for Delivery {
    fn from(emit: Emit) -> Self {
        Self::Socket(Box::new(emit))
    }
}

/// The kinds that this version knows, as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Known {
    Pusher(Message),
    Terminate { user: UserId },
    Push(Box<Push>),
    Email(OwedEmail),
    Socket(Box<Emit>),
    Wake(Box<Wake>),
    Unread(Box<Unread>),
    Unreadable { text: String },
}

impl Serialize for Delivery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Pusher(message) => Known::Pusher(message).serialize(serializer),
            Self::Terminate { user } => Known::Terminate { user }.serialize(serializer),
            Self::Push(push) => Known::Push(push).serialize(serializer),
            Self::Email(email) => Known::Email(email).serialize(serializer),
            Self::Socket(emit) => Known::Socket(emit).serialize(serializer),
            Self::Wake(wake) => Known::Wake(wake).serialize(serializer),
            Self::Unread(unread) => Known::Unread(unread).serialize(serializer),
            Self::Unreadable(text) => Known::Unreadable { text }.serialize(serializer),
            Self::Unknown(fields) => fields.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Delivery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        Ok(match serde_json::from_value(Value::Object(fields.clone())) {
            Ok(Known::Pusher(message)) => Self::Pusher(message),
            Ok(Known::Terminate { user }) => Self::Terminate { user },
            Ok(Known::Push(push)) => Self::Push(push),
            Ok(Known::Email(email)) => Self::Email(email),
            Ok(Known::Socket(emit)) => Self::Socket(emit),
            Ok(Known::Wake(wake)) => Self::Wake(wake),
            Ok(Known::Unread(unread)) => Self::Unread(unread),
            Ok(Known::Unreadable { text }) => Self::Unreadable(text),
            Err(_) => Self::Unknown(fields),
        })
    }
}
