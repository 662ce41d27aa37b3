//! Events, told apart by their content.

use contract::channel::{Channel, ChannelName};
use contract::event::Event as _;
use contract::leases::{LeaseMessage, LeaseMessageDeleted};
use contract::notifications::NotificationNew;
use contract::parties::{PartyInvitationReceived, PartyUpdated};
use contract::rooms::{KudosReceived, UserJoined, UserLeft};
use serde::Deserialize as _;
use serde_json::Value;

pub(super) use crate::services::recorder::PusherEvent;

/// An event that happens once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Kudos { session: String },
    Notification { id: String },
    Invitation { party: String, invitee: String },
    Renamed { party: String, name: String },
    MemberJoined { party: String, user: String },
    MemberLeft { party: String, user: String },
    Message { lease: String, seq: u64 },
    MessageDeleted { lease: String, seq: u64 },
}

/// The lines of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Kudos,
    Notifications,
    Invitations,
    Parties,
    Messages,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::Kudos, Self::Notifications, Self::Invitations, Self::Parties, Self::Messages];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kudos => "kudos",
            Self::Notifications => "notifications",
            Self::Invitations => "invitations",
            Self::Parties => "party updates",
            Self::Messages => "messages",
        }
    }
}

impl Event {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Kudos { .. } => Kind::Kudos,
            Self::Notification { .. } => Kind::Notifications,
            Self::Invitation { .. } => Kind::Invitations,
            Self::Renamed { .. } | Self::MemberJoined { .. } | Self::MemberLeft { .. } => Kind::Parties,
            Self::Message { .. } | Self::MessageDeleted { .. } => Kind::Messages,
        }
    }
}

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RoomUser {
    pub(super) book: String,
    pub(super) user: String,
}

/// Whether the user is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Word {
    In,
    Out,
}

/// The position of an event among those of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// The row, by its channel.
    pub(super) row: String,
    /// When the change was committed, in ISO 8601. A row's changes follow one another, so a later one has a later time.
    pub(super) at: String,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    Event {
        event: Event,
        position: Option<Position>,
    },
    /// Joins and departures of one user in a room may cancel out before they are delivered, so only the last word counts.
    Presence {
        room_user: RoomUser,
        word: Word,
    },
}

impl PusherEvent {
    /// Its content; `None` for an event that no command of the load causes.
    pub(super) fn statement(&self) -> Option<Statement> {
        let data: Value = serde_json::from_str(&self.data).ok()?;
        let text = |pointer: &str| data.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let event = match self.name.as_str() {
            KudosReceived::NAME => Event::Kudos { session: text("/sessionId")? },
            NotificationNew::NAME => Event::Notification { id: text("/data/notificationId")? },
            PartyInvitationReceived::NAME => Event::Invitation {
                party: text("/partyId")?,
                invitee: match self.contract_channel()? {
                    Channel::User(user) => user.into(),
                    _ => return None,
                },
            },
            PartyUpdated::NAME => {
                let party = text("/partyId")?;
                match text("/updateType")?.as_str() {
                    "settings-changed" => Event::Renamed { party, name: text("/data/partyName")? },
                    "member-joined" => Event::MemberJoined { party, user: text("/data/userId")? },
                    "member-left" => Event::MemberLeft { party, user: text("/data/userId")? },
                    _ => return None,
                }
            }
            LeaseMessage::NAME => Event::Message { lease: self.lease()?, seq: data.get("seq")?.as_u64()? },
            LeaseMessageDeleted::NAME => {
                Event::MessageDeleted { lease: self.lease()?, seq: data.get("seq")?.as_u64()? }
            }
            UserJoined::NAME => return self.presence(text("/userId")?, Word::In),
            UserLeft::NAME => return self.presence(text("/userId")?, Word::Out),
            _ => return None,
        };
        let position = text("/updatedAt").map(|at| Position { row: self.channel.clone(), at });
        Some(Statement::Event { event, position })
    }

    fn presence(&self, user: String, word: Word) -> Option<Statement> {
        let Channel::Room(book) = self.contract_channel()? else { return None };
        Some(Statement::Presence { room_user: RoomUser { book: book.into(), user }, word })
    }

    /// The lease whose chat the channel is.
    fn lease(&self) -> Option<String> {
        match self.contract_channel()? {
            Channel::Lease(lease) => Some(lease.into()),
            _ => None,
        }
    }

    fn contract_channel(&self) -> Option<Channel> {
        Channel::of(&ChannelName::parse(&self.channel).ok()?)
    }
}

/// The messages anywhere in a JSON value or in JSON text within it: an outbox or a dead letter of whatever version.
pub(super) fn messages_in(value: &Value) -> Vec<PusherEvent> {
    if let Ok(message) = PusherEvent::deserialize(value) {
        return vec![message];
    }
    match value {
        Value::Array(values) => values.iter().flat_map(messages_in).collect(),
        Value::Object(fields) => fields.values().flat_map(messages_in).collect(),
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).map(|value| messages_in(&value)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statement(channel: &str, name: &str, data: &Value) -> Option<Statement> {
        PusherEvent { channel: channel.to_owned(), name: name.to_owned(), data: data.to_string() }.statement()
    }

    #[test]
    fn each_event_of_the_load_is_told_apart() {
        let kudos = statement("private-user-ben", "kudos:received", &json!({ "sessionId": "s1" }));
        assert_eq!(kudos, Some(Statement::Event { event: Event::Kudos { session: "s1".to_owned() }, position: None }));
        let renamed = json!({ "partyId": "p", "updateType": "settings-changed", "data": { "partyName": "n" },
            "updatedAt": "2026-11-20T05:18:15.123Z" });
        let position = Position { row: "private-party-p".to_owned(), at: "2026-11-20T05:18:15.123Z".to_owned() };
        let event = Event::Renamed { party: "p".to_owned(), name: "n".to_owned() };
        let expected = Statement::Event { event, position: Some(position) };
        assert_eq!(statement("private-party-p", "party-updated", &renamed), Some(expected));
        let message = |name: &str| statement("presence-bail-b", name, &json!({ "id": "000000000007-a", "seq": 7 }));
        let of_lease = |event| Some(Statement::Event { event, position: None });
        assert_eq!(message("new-message"), of_lease(Event::Message { lease: "b".to_owned(), seq: 7 }));
        assert_eq!(message("message-deleted"), of_lease(Event::MessageDeleted { lease: "b".to_owned(), seq: 7 }));
        let room_user = RoomUser { book: "b".to_owned(), user: "ben".to_owned() };
        let left = statement("presence-room-b", "room:user-left", &json!({ "userId": "ben" }));
        assert_eq!(left, Some(Statement::Presence { room_user, word: Word::Out }));
        assert_eq!(statement("presence-room-b", "room:author-joined", &json!({ "authorId": "ben" })), None);
        assert_eq!(statement("private-user-ben", "kudos:received", &json!([])), None);
    }

    #[test]
    fn messages_are_found_wherever_they_are() {
        let message = json!({ "kind": "pusher", "channel": "c", "name": "n", "data": "{}" });
        let outbox = json!({ "at": 1, "owed": [message, { "kind": "terminate", "user": "ben" }] });
        assert_eq!(messages_in(&json!({ "outbox": { "S": outbox.to_string() } })).len(), 1);
        assert_eq!(messages_in(&json!({ "pk": "a", "given_up": message, "reason": "[" })).len(), 1);
        assert!(messages_in(&json!({ "pk": "a", "sk": "b" })).is_empty());
    }
}
