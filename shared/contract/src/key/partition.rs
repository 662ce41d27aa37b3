//! Partition keys, in the table and in its index; beginnings of keys; and how many partitions share what one would be too slow for.

use crate::id::{BookId, BookingId, HotelSlug, LeaseId, PartyId, UserId};
use crate::sockets::{ConnectionId, Namespace};

/// Partition key of a user's rows.
#[must_use]
pub fn user(user: &UserId) -> String {
    format!("{USER}{user}")
}

/// Beginning of the partition key of a user's rows.
pub const USER: &str = "USER#";

/// Partition key, in the index, of the users who have the name with this hash.
#[must_use]
pub fn with_name(hash: &str) -> String {
    format!("NAME#{hash}")
}

/// Partition key, in the index, of the users who have the e-mail address with this hash.
#[must_use]
pub fn with_email(hash: &str) -> String {
    format!("EMAIL#{hash}")
}

/// Beginning of a notification's sort key.
pub const NOTIFICATION: &str = "NOTIFICATION#";
/// Beginning of a device's sort key.
pub const DEVICE: &str = "DEVICE#";

/// Partition key of a party and its members.
#[must_use]
pub fn party(party: &PartyId) -> String {
    format!("{PARTY}{party}")
}

/// Beginning of the partition key of a party.
pub const PARTY: &str = "PARTY#";

/// Partition key, in the index, of the parties that a user is a member of.
#[must_use]
pub fn memberships(user: &UserId) -> String {
    format!("MEMBERSHIPS#{user}")
}

/// Beginning of the partition key of kudos.
pub const KUDOS: &str = "KUDOS#";

/// Partition key, in the index, of the kudos for a user.
#[must_use]
pub fn kudos_received(user: &UserId) -> String {
    format!("KUDOS#RECEIVED#{user}")
}

/// Beginning of a party member's sort key.
pub const MEMBER: &str = "MEMBER#";

/// Partition key of a lease and its requests.
#[must_use]
pub fn lease(lease: &LeaseId) -> String {
    format!("{LEASE}{lease}")
}

/// Beginning of the partition key of a lease.
pub const LEASE: &str = "LEASE#";

/// Beginning of a request's sort key.
pub const REQUEST: &str = "REQUEST#";
/// Beginning of a contact's sort key.
pub const CONTACT: &str = "CONTACT#";

/// Beginning of the sort key of a conversation in a user's list.
pub const CONVERSATION: &str = "CONVERSATION#";

/// Beginning of an invitation's sort key.
pub const INVITATION: &str = "INVITATION#";

/// Partition key of a hotel's rows.
#[must_use]
pub fn hotel(hotel: &HotelSlug) -> String {
    format!("{HOTEL}{hotel}")
}

/// Beginning of the partition key of a hotel's rows.
pub const HOTEL: &str = "HOTEL#";

/// Partition key, in the index, of the hotels of whose staff a user is.
#[must_use]
pub fn hotels_of(user: &UserId) -> String {
    format!("HOTELS#{user}")
}

/// Beginning of a staff member's sort key.
pub const STAFF: &str = "STAFF#";

/// Partition key of a guest's conversation with a hotel.
#[must_use]
pub fn guest_chat(hotel: &HotelSlug, booking: &BookingId) -> String {
    format!("{GUEST_CHAT}{hotel}#{booking}")
}

/// Beginning of the partition key of a guest's conversation.
pub const GUEST_CHAT: &str = "CHAT#GUEST#";

/// Partition key of a lease's conversation.
#[must_use]
pub fn lease_chat(lease: &LeaseId) -> String {
    format!("{LEASE_CHAT}{lease}")
}

/// Beginning of the partition key of a lease's conversation.
pub const LEASE_CHAT: &str = "CHAT#LEASE#";

/// Partition key of the conversation of two members.
#[must_use]
pub fn direct_chat(first: &UserId, second: &UserId) -> String {
    format!("{DIRECT_CHAT}{first}#{second}")
}

/// Beginning of the partition key of the conversation of two members.
pub const DIRECT_CHAT: &str = "CHAT#DIRECT#";

/// Beginning of a message's sort key.
pub const CHAT_MESSAGE: &str = "MSG#";
/// Beginning of the sort keys of read marks, in a conversation's partition.
pub const CHAT_READ: &str = "READ#";

/// Partition key, in the index, of a hotel's conversations.
#[must_use]
pub fn hotel_chats(hotel: &HotelSlug) -> String {
    format!("CHATS#HOTEL#{hotel}")
}

/// Partition key, in the index, of a hotel's conversations that are closed.
#[must_use]
pub fn hotel_closed_chats(hotel: &HotelSlug) -> String {
    format!("CHATS#HOTEL#{hotel}{CLOSED}")
}

/// End of the partition key of closed conversations. No slug ends so.
const CLOSED: &str = "#CLOSED";

/// Whether this is such a partition.
#[must_use]
pub fn is_of_closed_chats(gsi1pk: &str) -> bool {
    gsi1pk.ends_with(CLOSED)
}

/// Partition key, in the index, of a user's read marks. Messages of earlier versions are there, too.
#[must_use]
pub fn author(user: &UserId) -> String {
    format!("AUTHOR#{user}")
}

/// Partition key of a room's presence rows.
#[must_use]
pub fn room(book: &BookId) -> String {
    format!("{ROOM}{book}")
}

/// Beginning of the partition key of a room.
pub const ROOM: &str = "ROOM#";

/// How many partitions of the index hold the users who are in rooms. A single one would limit the write rate.
pub const PRESENT_SHARDS: u8 = 8;

/// Partition key, in the index, of the users who are in the rooms of one shard.
#[must_use]
pub fn present_shard(shard: u8) -> String {
    format!("PRESENT#{shard}")
}

/// The shard of a room.
#[must_use]
pub fn shard_of(book: &BookId) -> u8 {
    shard(book.as_str(), PRESENT_SHARDS)
}

/// One of `of` shards, always the same for a text.
pub(super) fn shard(text: &str, of: u8) -> u8 {
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    u8::try_from(sum % u32::from(of)).expect("less than `of`, which is a u8")
}

/// Partition key of the connections that have not signed in. They are few.
pub const WAITING: &str = "WAITING";

/// How many partitions hold the places of a namespace.
pub const SOCKET_SHARDS: u8 = 4;

/// Partition key of the places of one shard of a namespace.
#[must_use]
pub fn socket_shard(namespace: Namespace, shard: u8) -> String {
    format!("SOCKETS#{namespace}#{shard}")
}

/// Partition key of the rows of one shard that say when connections were last heard of.
#[must_use]
pub fn heard_shard(shard: u8) -> String {
    format!("HEARD#{shard}")
}

/// Partition key of a connection of a client of Pusher, and of its subscriptions.
#[must_use]
pub fn connection_rows(connection: &ConnectionId) -> String {
    format!("CONNECTION#{connection}")
}

/// Beginning of a subscription's sort key.
pub const SUBSCRIPTION: &str = "SUBSCRIPTION#";

/// How many partitions of the index hold the connections of clients of Pusher.
pub const CONNECTION_SHARDS: u8 = 8;

/// Partition key, in the index, of the connections of one shard.
#[must_use]
pub fn connections_shard(shard: u8) -> String {
    format!("CONNECTIONS#{shard}")
}

/// The shard of a connection.
#[must_use]
pub fn shard_of_connection(connection: &ConnectionId) -> u8 {
    shard(connection.as_str(), CONNECTION_SHARDS)
}

/// How many partitions hold the subscribers of a channel. One takes 1,000 write units a second, and a subscription takes two of its
/// channel's: four take 2,000 subscriptions a second to one channel. An event reads each of them.
pub const SUBSCRIBER_SHARDS: u8 = 4;

/// Partition key of the subscribers of one shard of a channel.
#[must_use]
pub fn subscribers(channel: &str, shard: u8) -> String {
    format!("SUBSCRIBERS#{shard}#{channel}")
}

/// Partition key of those who are in a presence channel.
#[must_use]
pub fn present_members(channel: &str) -> String {
    format!("PRESENCE#{channel}")
}

/// How many partitions hold the occupied channels.
pub const OCCUPIED_SHARDS: u8 = 8;

/// Partition key of the occupied channels of one shard.
#[must_use]
pub fn occupied_shard(shard: u8) -> String {
    format!("OCCUPIED#{shard}")
}
