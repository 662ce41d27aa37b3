//! Kinds of delivery, by transport.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{
    Audience, ChannelWebhook, Emit, FanOut, MemberChange, Notify, OfRow, Progress, Push, ShardFanOut, Unread,
    UnseenEmail, Wake,
};
use crate::clients::pusher::{AppEvent, AppWebhook, PusherEvent};
use crate::contract::attachments::ObjectKey;
use crate::contract::event::Event;
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::time::Millis;

/// How long a direct message that was posted to a connection may stay unread before it is a notification, in seconds.
pub const UNREAD_SECONDS: i64 = 30;

/// Declares the transports, and for each the kinds of delivery that it sends: the name that is stored and counted, and the variant;
/// and how a row stores one whose content it has. Of that kind none is sent or counted: it is made whole before.
macro_rules! transports {
    ($($(#[$about:meta])* $transport:ident sends {
        $($(#[$doc:meta])* $name:literal => $kind:ident $content:tt,)*
    } $([$short:literal => $by_name:ident])?)*) => {
        /// The transport of a delivery. Deliveries of one row by one transport arrive in order; no transport waits for another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum TransportName {
            $($(#[$about])* $transport,)*
        }

        /// One thing to deliver.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Delivery {
            $($($(#[$doc])* #[serde(rename = $name)] $kind $content,)*)*
            $($(#[serde(rename = $short)] $by_name(OfRow),)?)*
            /// Of a kind that a newer version writes. It stays as it is until that version delivers it.
            #[serde(untagged)]
            Unknown(Map<String, Value>),
        }

        impl Delivery {
            /// The name of its kind, in rows and in metrics.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$kind { .. } => $name,)*)*
                    $($(Self::$by_name(_) => $short,)?)*
                    Self::Unknown(_) => "unknown",
                }
            }

            #[must_use]
            pub fn transport(&self) -> TransportName {
                match self {
                    $($(Self::$kind { .. } => TransportName::$transport,)*)*
                    $($(Self::$by_name(_) => TransportName::$transport,)?)*
                    Self::Unknown(_) => TransportName::None,
                }
            }
        }
    };
}

transports! {
    Pusher sends {
        /// An event for a Pusher channel.
        "pusher" => Pusher(PusherEvent),
        /// An event that another back end triggers, for one Pusher channel or several. A kind of its own, so that a version that would
        /// encrypt its data again, or send it to the excluded connection, leaves it to one that knows it.
        "appEvent" => AppEvent(Box<AppEvent>),
        /// The end of the connections on which a user signed in to Pusher. It follows the event that tells them why.
        "terminate" => Terminate { user: UserId },
        /// A member came to a presence channel or left it; of no use where Pusher serves the channels.
        "member" => Member(Box<MemberChange>),
        /// An event for a part of a channel's many subscribers; of no use where Pusher serves the channels.
        "shardFanOut" => ShardFanOut(Box<ShardFanOut>),
        /// How many are subscribed to a channel, counted when it is sent; of no use where Pusher serves the channels.
        "subscriptionCount" => SubscriptionCount { channel: String },
    } ["pusherOfRow" => PusherOfRow]
    /// Carillon's own webhooks, where it serves Pusher's clients itself: for its rooms, without a request.
    Webhook sends {
        "webhook" => Webhook(Box<ChannelWebhook>),
    }
    /// Webhooks to the app's own server, where Carillon serves Pusher's clients itself.
    AppWebhook sends {
        "appWebhook" => AppWebhook(Box<AppWebhook>),
    }
    /// Firebase Cloud Messaging.
    Push sends {
        "push" => Push(Box<Push>),
        /// The number of unread notifications, counted when it is sent, for the icons of a user's iPhones: without words or a sound.
        "badge" => Badge { user: UserId },
    } ["pushOfRow" => PushOfRow]
    Email sends {
        /// About a chat message that its recipient has not seen.
        "email" => Email(UnseenEmail),
    }
    /// API Gateway's WebSockets.
    Socket sends {
        "socket" => Socket(Box<Emit>),
    } ["socketOfRow" => SocketOfRow]
    /// Notifications for a hotel's staff.
    Wake sends {
        /// A guest's message, unless a member of the staff has the inbox open.
        "wake" => Wake(Box<Wake>),
    } ["wakeOfRow" => WakeOfRow]
    /// A notification for the receiver of a direct message.
    Unread sends {
        /// A direct message, unless it is read by then.
        "unread" => Unread(Box<Unread>),
    } ["unreadOfRow" => UnreadOfRow]
    /// Notifications of a change, beside its event.
    Notification sends {
        "notify" => Notify { notify: Box<Notify> },
    }
    /// The bucket of attachments.
    Files sends {
        /// The files of a message that is written: they lose the tag by which the bucket deletes what was not sent.
        #[serde(alias = "keepFiles")]
        "keepCopies" => KeepCopies { files: Vec<ObjectKey> },
        /// The files of a message that is deleted, or of nobody.
        #[serde(alias = "removeFiles")]
        "removeCopies" => RemoveCopies { files: Vec<ObjectKey> },
    }
    /// The stage's event bus.
    Facts sends {
        /// A change that other systems hear of, with the back end that made it for its user.
        "fact" => Fact {
            fact: Box<Fact>,
            #[serde(skip_serializing_if = "Option::is_none", default)]
            service: Option<UserId>,
        },
    } ["factOfRow" => FactOfRow]
    /// Sends nothing.
    None sends {
        /// An outbox that does not parse: the text as it was found. It becomes a dead letter.
        "unreadable" => Unreadable { text: String },
    }
}

/// Reads a delivery. Of a field that comes twice the last one counts, so that the entry is of the same kind once it was written again.
pub(super) fn read<'de, D: Deserializer<'de>>(fields: D) -> Result<Delivery, D::Error> {
    let fields = Map::deserialize(fields)?;
    Delivery::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}

impl Delivery {
    /// The delivery of an event to its Pusher channel.
    #[must_use]
    pub fn event<E: Event>(event: &E) -> Self {
        let channel = event.channel().to_string();
        Self::Pusher(PusherEvent { channel, name: E::NAME.to_owned(), data: event.data() })
    }

    /// The delivery of a fact. The outbox drops it where nobody asked for it, so a write names its facts always.
    #[must_use]
    pub fn fact(fact: Fact) -> Self {
        Self::Fact { fact: Box::new(fact), service: None }
    }

    /// This delivery by the name that its row has for it; `None` by a transport whose deliveries have none.
    pub(super) fn by_name(&self, name: OfRow) -> Option<Self> {
        match self.transport() {
            TransportName::Pusher => Some(Self::PusherOfRow(name)),
            TransportName::Socket => Some(Self::SocketOfRow(name)),
            TransportName::Wake => Some(Self::WakeOfRow(name)),
            TransportName::Unread => Some(Self::UnreadOfRow(name)),
            TransportName::Push => Some(Self::PushOfRow(name)),
            TransportName::Facts => Some(Self::FactOfRow(name)),
            TransportName::Email
            | TransportName::Webhook
            | TransportName::AppWebhook
            | TransportName::Notification
            | TransportName::Files
            | TransportName::None => None,
        }
    }

    /// The name of a delivery whose content the row has.
    pub(crate) fn name(&self) -> Option<&OfRow> {
        match self {
            Self::PusherOfRow(name)
            | Self::SocketOfRow(name)
            | Self::PushOfRow(name)
            | Self::FactOfRow(name)
            | Self::WakeOfRow(name)
            | Self::UnreadOfRow(name) => Some(name),
            _ => None,
        }
    }

    /// The same, as if nothing of it were sent, and what of it is left.
    pub(super) fn split(&self) -> (Self, Option<Rest>) {
        match self {
            Self::Push(push) if push.devices.is_some() => {
                let unsent = Self::Push(Box::new(Push { devices: None, ..push.as_ref().clone() }));
                (unsent, push.devices.clone().map(Rest::Devices))
            }
            Self::Socket(emit) if emit.progress.is_some() => {
                let unsent = Emit { progress: None, ..emit.as_ref().clone() }.into();
                (unsent, emit.progress.clone().map(Rest::Connections))
            }
            other => (other.clone(), None),
        }
    }

    /// The same, of which only this is left. All else stays as the row has it.
    #[must_use]
    pub(crate) fn only(self, rest: Rest) -> Self {
        match (self, rest) {
            (Self::Push(push), Rest::Devices(devices)) => {
                Self::Push(Box::new(Push { devices: Some(devices), ..*push }))
            }
            (Self::Socket(emit), Rest::Connections(progress)) => Emit { progress: Some(progress), ..*emit }.into(),
            (other, _) => other,
        }
    }

    /// Before when it is not looked at, if it is committed at this time.
    pub(super) fn not_before(&self, at: Millis) -> Option<Millis> {
        matches!(self, Self::Unread(_)).then(|| at.plus_seconds(UNREAD_SECONDS))
    }

    /// Whether it stays owed when a change of its row leaves nothing else to deliver: a fact says what was so, and a file still has to go.
    pub(super) fn outlives_changes(&self) -> bool {
        self.transport() == TransportName::Facts || matches!(self, Self::RemoveCopies { .. })
    }

    /// Whether it is about one connection, so that it means nothing once the row of that connection is deleted.
    #[must_use]
    pub fn ends_with_its_row(&self) -> bool {
        matches!(self, Self::Socket(emit) if matches!(emit.to, Audience::Connection(_)))
    }
}

/// The part of a delivery that is left when some of it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// The devices that a push has not reached, by the hashes of their tokens.
    Devices(Vec<String>),
    /// How far a socket event has got.
    Connections(Progress),
    /// How far an event has got among the subscribers of channels.
    Subscribers(FanOut),
}

impl From<Notify> for Delivery {
    fn from(notify: Notify) -> Self {
        Self::Notify { notify: Box::new(notify) }
    }
}

impl From<Emit> for Delivery {
    fn from(emit: Emit) -> Self {
        Self::Socket(Box::new(emit))
    }
}

#[cfg(test)]
mod tests {
    use crate::outbox::Outbox;

    #[test]
    fn an_entry_with_a_field_twice_is_of_the_same_kind_once_it_was_written_again() {
        let text = r#"{"owed":[{"id":"1","at":1,"kind":"pusher","channel":"a","channel":"private-user-ben","name":"n","data":"{}"}]}"#;
        let outbox = Outbox::parse(text);
        assert_eq!(outbox.entries[0].delivery.kind(), "pusher");
        assert_eq!(Outbox::parse(&outbox.text()), outbox);
    }
}
