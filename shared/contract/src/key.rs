//! All key formats of the table. No other module builds keys.
//!
//! | row | pk | sk |
//! |---|---|---|
//! | book (`PUT /books/{bookId}`, or your app itself) | `BOOK#{bookId}` | `BOOK` |
//! | profile | `USER#{userId}` | `PROFILE` |
//! | entry of the index by a user's e-mail address | `USER#{userId}` | `EMAIL` |
//! | presence | `ROOM#{bookId}` | `USER#{userId}` |
//! | kudos | `KUDOS#{kudosId}` | `KUDOS` |
//! | notification | `USER#{userId}` | `NOTIFICATION#{notificationId}` |
//! | notification counter | `USER#{userId}` | `NOTIFICATIONS` |
//! | notification preferences | `USER#{userId}` | `PREFERENCES` |
//! | device | `USER#{userId}` | `DEVICE#{hash of the token}` |
//! | device's owner | `DEVICE#{hash of the token}` | `OWNER` |
//! | idempotency | `IDEMPOTENCY#{hash}` | `IDEMPOTENCY` |
//! | party | `PARTY#{partyId}` | `PARTY` |
//! | party member | `PARTY#{partyId}` | `MEMBER#{userId}` |
//! | party invitation | `USER#{userId}` | `INVITATION#{partyId}` |
//! | connection | `SOCKET#{connectionId}` | `SOCKET` |
//! | place of a connection in a namespace | `SOCKETS#{namespace}#{shard}` | `{slot}` |
//! | a user's connections in a namespace | `USER#{userId}` | `SOCKETS#{namespace}` |
//! | event for dashboards | `SOCKETEVENT#{id}` | `SOCKETEVENT` |
//! | request to trigger events, of Pusher's HTTP API; event of a client, of which a webhook tells | `APPEVENT#{id}` | `APPEVENT` |
//! | public key of a user | `USER#{userId}` | `PUBLICKEY` |
//! | contact | `USER#{userId}` | `CONTACT#{userId}` |
//! | conversation in which a user has neither written nor read yet | `USER#{userId}` | `CONVERSATION#{the conversation's pk}` |
//! | when a connection of Socket.IO was last heard of | `HEARD#{shard}` | `{connectionId}` |
//! | rate limit of a connection | `SOCKET#{connectionId}` | `LIMIT#{what}` |
//! | connection of Socket.IO that has not signed in | `WAITING` | `{slot}` |
//! | heartbeat of all connections | `HEARTBEATS` | `{when it was due, in ms, 13 digits}` |
//! | connection of a client of Pusher | `CONNECTION#{connectionId}` | `CONNECTION` |
//! | subscription of a connection | `CONNECTION#{connectionId}` | `SUBSCRIPTION#{channel}` |
//! | subscriber of a channel | `SUBSCRIBERS#{shard}#{channel}` | `{connectionId}` |
//! | member of a presence channel who is there | `PRESENCE#{channel}` | `{the member's id}` |
//! | channel that has or had subscribers | `OCCUPIED#{shard}` | `{channel}` |
//! | last event of a cache channel | `CACHE#{channel}` | `CACHE` |
//! | that a cache channel had no event | `CACHE#{channel}` | `MISS` |
//! | grant of a channel of dashboards | `USER#{userId}` | `CHANNEL#DASHBOARD#{channel}` |
//! | member of a channel of the app's own | `USER#{userId}` | `CHANNELMEMBER#{channel}` |
//! | rate limit | `USER#{userId}` | `LIMIT#{what}` |
//! | staff member of a hotel (written by your app, too) | `HOTEL#{slug}` | `STAFF#{userId}` |
//! | newest message of a conversation | `CHAT#GUEST#{slug}#{bookingId}`, `CHAT#LEASE#{bailId}`, `CHAT#DIRECT#{userId}#{userId}` | `HEAD` |
//! | message | as the conversation's | `MSG#{seq, 12 digits}` |
//! | idempotency of a message | as the conversation's | `KEY#{hash}` |
//! | read mark | as the conversation's | `READ#{userId}` |
//! | window of a guest's e-mails | as the conversation's | `EMAIL#{userId}` |
//! | attachment of a message, or of none yet | as the conversation's | `ATTACHMENT#{attachmentId}` |
//! | lease | `LEASE#{bailId}` | `LEASE` |
//! | request of a lease | `LEASE#{bailId}` | `REQUEST#{requestId}` |
//! | window of a lease's e-mails to a user | `LEASE#{bailId}` | `EMAIL#{userId}` |
//! | reconciliation's place | `RECONCILE` | `ROOMS` |
//! | progress of a user's erasure | `ERASURE#{hash of the user}` | `ERASURE` |
//!
//! | in the index | gsi1pk | gsi1sk |
//! |---|---|---|
//! | a user, by name: the profile | `NAME#{hash of the name}` | user |
//! | a user, by e-mail address | `EMAIL#{hash of the address}` | user |
//! | a hotel's open conversations, by their newest message | `CHATS#HOTEL#{slug}` | time of that message |
//! | a hotel's closed conversations | `CHATS#HOTEL#{slug}#CLOSED` | likewise |
//! | the conversations in which a user wrote or read, by their read mark | `AUTHOR#{userId}` | the conversation's pk |
//! | connections of clients of Pusher | `CONNECTIONS#{shard}` | time of connecting, connection id |
//! | users who are in rooms | `PRESENT#{shard}` | the room's pk and user |
//! | the parties that a user is a member of | `MEMBERSHIPS#{userId}` | time of joining, party |
//! | kudos for a user | `KUDOS#RECEIVED#{userId}` | time, kudos |
//! | the hotels of whose staff a user is | `HOTELS#{userId}` | slug |
//!
//! Ids hold no `#`, so different ids always have different keys. A channel's name may, and is last.

mod partition;
mod row_kind;

use serde::{Deserialize, Serialize};

use crate::attachments::AttachmentId;
use crate::channel::OwnChannel;
use crate::id::{BookId, HotelSlug, LeaseId, PartyId, UserId};
use crate::sockets::{ConnectionId, Namespace};
use crate::time::Millis;

pub use partition::*;
pub use row_kind::RowKind;

use partition::shard;

/// A primary key of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    #[must_use]
    pub fn book(book: &BookId) -> Self {
        Self::new(format!("BOOK#{book}"), "BOOK")
    }

    /// A user's profile, from their last token.
    #[must_use]
    pub fn profile(user: &UserId) -> Self {
        Self::new(self::user(user), "PROFILE")
    }

    /// The entry of the index by a user's e-mail address.
    #[must_use]
    pub fn email_entry(user: &UserId) -> Self {
        Self::new(self::user(user), "EMAIL")
    }

    /// Whether a user is in a room.
    #[must_use]
    pub fn presence(book: &BookId, user: &UserId) -> Self {
        Self::new(room(book), format!("USER#{user}"))
    }

    #[must_use]
    pub fn kudos(id: &str) -> Self {
        Self::new(format!("{KUDOS}{id}"), "KUDOS")
    }

    #[must_use]
    pub fn notification(user: &UserId, id: &str) -> Self {
        Self::new(self::user(user), format!("{NOTIFICATION}{id}"))
    }

    /// The counter of a user's notifications.
    #[must_use]
    pub fn notification_counter(user: &UserId) -> Self {
        Self::new(self::user(user), "NOTIFICATIONS")
    }

    /// How a user wants to be notified.
    #[must_use]
    pub fn preferences(user: &UserId) -> Self {
        Self::new(self::user(user), "PREFERENCES")
    }

    /// A user's device, by the hash of its token.
    #[must_use]
    pub fn device(user: &UserId, hash: &str) -> Self {
        Self::new(self::user(user), format!("{DEVICE}{hash}"))
    }

    /// The owner of a device.
    #[must_use]
    pub fn device_owner(hash: &str) -> Self {
        Self::new(format!("{DEVICE}{hash}"), "OWNER")
    }

    /// An idempotency key that has its own row, apart from what the request creates.
    #[must_use]
    pub fn idempotency(hash: &str) -> Self {
        Self::new(format!("IDEMPOTENCY#{hash}"), "IDEMPOTENCY")
    }

    #[must_use]
    pub fn party(party: &PartyId) -> Self {
        Self::new(self::party(party), "PARTY")
    }

    #[must_use]
    pub fn member(party: &PartyId, user: &UserId) -> Self {
        Self::new(self::party(party), format!("{MEMBER}{user}"))
    }

    #[must_use]
    pub fn invitation(user: &UserId, party: &PartyId) -> Self {
        Self::new(self::user(user), format!("{INVITATION}{party}"))
    }

    /// The state of a rate limit of a user.
    #[must_use]
    pub fn limit(user: &UserId, what: &str) -> Self {
        Self::new(self::user(user), format!("LIMIT#{what}"))
    }

    /// A connection.
    #[must_use]
    pub fn socket(connection: &ConnectionId) -> Self {
        Self::new(format!("SOCKET#{connection}"), "SOCKET")
    }

    /// A place in a namespace, which holds one connection.
    #[must_use]
    pub fn socket_place(namespace: Namespace, slot: u16) -> Self {
        let shard = u8::try_from(slot % u16::from(SOCKET_SHARDS)).expect("less than SOCKET_SHARDS, which is a u8");
        Self::new(socket_shard(namespace, shard), format!("{slot:05}"))
    }

    /// The connections of a user in a namespace.
    #[must_use]
    pub fn user_sockets(namespace: Namespace, user: &UserId) -> Self {
        Self::new(self::user(user), format!("SOCKETS#{namespace}"))
    }

    /// An event that another back end sends to dashboards.
    #[must_use]
    pub fn socket_event(id: &str) -> Self {
        Self::new(format!("SOCKETEVENT#{id}"), "SOCKETEVENT")
    }

    /// A request of Pusher's HTTP API, with the events that it triggers; an event of a client, with its webhook; or facts of a change whose own
    /// row goes.
    #[must_use]
    pub fn app_event(id: &str) -> Self {
        Self::new(format!("APPEVENT#{id}"), "APPEVENT")
    }

    /// A user's public key, for messages that are encrypted from end to end.
    #[must_use]
    pub fn public_key(user: &UserId) -> Self {
        Self::new(self::user(user), "PUBLICKEY")
    }

    /// That a user has exchanged direct messages with another.
    #[must_use]
    pub fn contact(user: &UserId, other: &UserId) -> Self {
        Self::new(self::user(user), format!("{CONTACT}{other}"))
    }

    /// That a conversation is in a user's list, though they have neither written nor read in it.
    #[must_use]
    pub fn listed_conversation(user: &UserId, chat: &str) -> Self {
        Self::new(self::user(user), format!("{CONVERSATION}{chat}"))
    }

    /// When a connection of Socket.IO was last heard of.
    #[must_use]
    pub fn heard(connection: &ConnectionId) -> Self {
        Self::new(heard_shard(shard(connection.as_str(), SOCKET_SHARDS)), connection.as_str())
    }

    /// A place of those connections of Socket.IO that have not signed in yet.
    #[must_use]
    pub fn waiting(slot: u16) -> Self {
        Self::new(WAITING, format!("{slot:05}"))
    }

    /// The state of a rate limit of a connection.
    #[must_use]
    pub fn socket_limit(connection: &ConnectionId, what: &str) -> Self {
        Self::new(format!("SOCKET#{connection}"), format!("LIMIT#{what}"))
    }

    /// A heartbeat of all connections. Sort keys order as the moments do.
    #[must_use]
    pub fn heartbeat(due: Millis) -> Self {
        Self::new("HEARTBEATS", format!("{:013}", due.0))
    }

    /// A connection of a client of Pusher.
    #[must_use]
    pub fn channel_connection(connection: &ConnectionId) -> Self {
        Self::new(connection_rows(connection), "CONNECTION")
    }

    /// A subscription of such a connection.
    #[must_use]
    pub fn subscription(connection: &ConnectionId, channel: &str) -> Self {
        Self::new(connection_rows(connection), format!("{SUBSCRIPTION}{channel}"))
    }

    /// The same, found by the channel.
    #[must_use]
    pub fn subscriber(channel: &str, connection: &ConnectionId) -> Self {
        let shard = shard(connection.as_str(), SUBSCRIBER_SHARDS);
        Self::new(subscribers(channel, shard), connection.as_str())
    }

    /// An event that is owed to the subscribers of one shard of a channel.
    #[must_use]
    pub fn shard_fan_out(event: &str, shard: u8) -> Self {
        Self::new(format!("FANOUT#{event}"), shard.to_string())
    }

    /// That somebody is in a presence channel.
    #[must_use]
    pub fn present_member(channel: &str, member: &str) -> Self {
        Self::new(present_members(channel), member)
    }

    /// Whether a channel has subscribers.
    #[must_use]
    pub fn occupied_channel(channel: &str) -> Self {
        Self::new(occupied_shard(shard(channel, OCCUPIED_SHARDS)), channel)
    }

    /// The last event of a cache channel.
    #[must_use]
    pub fn cached_event(channel: &str) -> Self {
        Self::new(format!("CACHE#{channel}"), "CACHE")
    }

    /// That a client subscribed to a cache channel without an event.
    #[must_use]
    pub fn cache_miss(channel: &str) -> Self {
        Self::new(format!("CACHE#{channel}"), "MISS")
    }

    /// That a user may subscribe to a channel of dashboards.
    #[must_use]
    pub fn channel_grant(user: &UserId, channel: &str) -> Self {
        Self::new(self::user(user), format!("CHANNEL#DASHBOARD#{channel}"))
    }

    /// That a user is a member of a channel of the app's own.
    #[must_use]
    pub fn channel_member(user: &UserId, channel: &OwnChannel) -> Self {
        Self::new(self::user(user), format!("CHANNELMEMBER#{}", channel.as_str()))
    }

    /// A member of a hotel's staff.
    #[must_use]
    pub fn staff(hotel: &HotelSlug, user: &UserId) -> Self {
        Self::new(self::hotel(hotel), format!("{STAFF}{user}"))
    }

    /// The head of a conversation: its newest message.
    #[must_use]
    pub fn chat_head(chat: &str) -> Self {
        Self::new(chat, "HEAD")
    }

    /// A message, by its number.
    #[must_use]
    pub fn chat_message(chat: &str, seq: u64) -> Self {
        Self::new(chat, format!("{CHAT_MESSAGE}{seq:012}"))
    }

    /// The idempotency key of a message; the hash is of its author and the key.
    #[must_use]
    pub fn chat_key(chat: &str, hash: &str) -> Self {
        Self::new(chat, format!("KEY#{hash}"))
    }

    /// How far somebody has read a conversation.
    #[must_use]
    pub fn chat_read(chat: &str, user: &UserId) -> Self {
        Self::new(chat, format!("{CHAT_READ}{user}"))
    }

    /// When a guest was last sent an e-mail about their conversation.
    #[must_use]
    pub fn chat_email(chat: &str, user: &UserId) -> Self {
        Self::new(chat, format!("EMAIL#{user}"))
    }

    /// A file that was uploaded to a conversation, or is about to be.
    #[must_use]
    pub fn chat_attachment(chat: &str, id: &AttachmentId) -> Self {
        Self::new(chat, format!("ATTACHMENT#{id}"))
    }

    #[must_use]
    pub fn lease(lease: &LeaseId) -> Self {
        Self::new(self::lease(lease), "LEASE")
    }

    #[must_use]
    pub fn lease_request(lease: &LeaseId, id: &str) -> Self {
        Self::new(self::lease(lease), format!("{REQUEST}{id}"))
    }

    /// When a user was last sent an e-mail about a lease's chat.
    #[must_use]
    pub fn lease_email(lease: &LeaseId, user: &UserId) -> Self {
        Self::new(self::lease(lease), format!("EMAIL#{user}"))
    }

    /// The place at which the reconciliation of rooms continues.
    #[must_use]
    pub fn reconcile() -> Self {
        Self::new("RECONCILE", "ROOMS")
    }

    /// How far the erasure of a user has come, by the hash of the user's id.
    #[must_use]
    pub fn erasure(hash: &str) -> Self {
        Self::new(format!("ERASURE#{hash}"), "ERASURE")
    }
}

/// An item of the AWS SDK.
#[cfg(feature = "dynamodb")]
type Item = std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>;

#[cfg(feature = "dynamodb")]
impl Key {
    /// The key as an item with two attributes.
    #[must_use]
    pub fn item(&self) -> Item {
        let string = |text: &String| aws_sdk_dynamodb::types::AttributeValue::S(text.clone());
        [("pk".to_owned(), string(&self.pk)), ("sk".to_owned(), string(&self.sk))].into()
    }

    /// The key of an item, if it has one.
    #[must_use]
    pub fn of(item: &Item) -> Option<Self> {
        let part = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Self { pk: part("pk")?, sk: part("sk")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn different_ids_never_share_a_key(a in "[-a-zA-Z0-9_=@,.;]{1,20}", b in "[-a-zA-Z0-9_=@,.;]{1,20}") {
            let (book, user) = (BookId::parse(a.clone()).unwrap(), UserId::parse(b.clone()).unwrap());
            let swapped = (BookId::parse(b.clone()).unwrap(), UserId::parse(a.clone()).unwrap());
            prop_assert_eq!(a == b, Key::presence(&book, &user) == Key::presence(&swapped.0, &swapped.1));
            prop_assert_ne!(Key::profile(&user), Key::notification_counter(&user));
        }

        #[test]
        fn every_book_has_a_shard(a in "[-a-zA-Z0-9_=@,.;]{1,128}") {
            prop_assert!(shard_of(&BookId::parse(a).unwrap()) < PRESENT_SHARDS);
        }
    }
}
