//! The rows of connections.
//!
//! | row | holds | found by |
//! |---|---|---|
//! | connection | who it is, until when their token holds, which namespaces it is in | the connection's id |
//! | place | the connection that has this place of a namespace, and its channels | the namespace, a page at a time |
//! | a user's connections | how to reach each of them in a namespace | the user |
//!
//! A namespace has a fixed number of places, and a connection takes a free one by a conditional put. So the limit is exact
//! without a counter: nothing is counted that could drift, and no row is written by everybody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::id::UserId;
use crate::contract::sockets::{Address, Namespace};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Committed, Target};
use crate::table::{Item, Key, Table, TableError, read};

/// Most connections of a user in a namespace.
pub const MAX_OF_USER: usize = 5;

/// Most connections in a namespace. A connection of Socket.IO can be in either namespace or in both, so there may be as many as
/// of both together.
#[must_use]
pub fn capacity(namespace: Namespace) -> u16 {
    match namespace {
        Namespace::Dashboard | Namespace::Ws => 1_000,
        Namespace::SocketIo => 2_000,
    }
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    #[serde(flatten)]
    pub address: Address,
    pub user: UserId,
    /// As the token says.
    pub name: Line,
    /// Channels of dashboards that the token opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The place in each namespace that it is in.
    pub namespaces: BTreeMap<Namespace, u16>,
    /// Whether the version of `socket-message` by which it joined a namespace of Socket.IO notes pongs. Without, silence says
    /// nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) notes_pongs: bool,
    /// Whether a packet's token signed it in. The others have their user from the handshake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed_in_by_packet: bool,
    pub(super) expires_at: i64,
}

impl Socket {
    /// A connection that is in no namespace yet.
    #[must_use]
    pub fn new(address: Address, user: UserId, name: Line) -> Self {
        let expires_at = address.until().seconds();
        Self {
            address,
            user,
            name,
            channels: Vec::new(),
            namespaces: BTreeMap::new(),
            notes_pongs: false,
            signed_in_by_packet: false,
            expires_at,
        }
    }

    /// Whether it is in this namespace.
    #[must_use]
    pub fn is_in(&self, namespace: Namespace) -> bool {
        self.namespaces.contains_key(&namespace)
    }

    /// The connection of this id, by a consistent read.
    pub async fn find(table: &Table, key: &Key) -> Result<Option<Self>, TableError> {
        table.get(key, true).await?.map(read).transpose()
    }
}

/// A place of a namespace that a connection has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PlaceRow {
    pub(super) slot: u16,
    pub(super) namespace: Namespace,
    pub(super) user: UserId,
    /// Its subscriptions, oldest first.
    pub(super) channels: Vec<String>,
    pub(super) expires_at: i64,
    #[serde(flatten)]
    pub(super) address: Address,
}

impl PlaceRow {
    pub(super) fn new(socket: &Socket, namespace: Namespace, slot: u16) -> Self {
        Self {
            slot,
            namespace,
            user: socket.user.clone(),
            channels: Vec::new(),
            expires_at: socket.expires_at,
            address: socket.address.clone(),
        }
    }

    pub(super) fn into_target(self) -> Target {
        Target { user: self.user, slot: self.slot, namespace: self.namespace, address: self.address }
    }
}

/// The connections of a user in a namespace.
#[derive(Debug, Clone, Default)]
pub(super) struct UserRow {
    pub(super) entries: Vec<TakenSlot>,
    /// Which change of the row this is; 0 for none.
    pub(super) version: i64,
    /// Of the limit on how often the user's connections enter the namespace: its theoretical arrival time.
    pub(super) entered: Option<Millis>,
    /// Of the limit on how often others are told that the user is gone: its theoretical arrival time.
    pub(super) reported: Option<Millis>,
    /// The row's pending deliveries.
    pub(super) owes: Option<Committed>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TakenSlot {
    pub(super) slot: u16,
    #[serde(flatten)]
    pub(super) address: Address,
}

#[derive(Deserialize)]
struct Stored {
    /// JSON: a map of maps would be three times as large.
    connections: String,
    version: i64,
    #[serde(default)]
    entered: Option<Millis>,
    #[serde(default)]
    reported: Option<Millis>,
}

impl UserRow {
    pub(super) fn of_row(row: Option<Item>) -> Result<Self, TableError> {
        let Some(row) = row else {
            return Ok(Self::default());
        };
        let (key, owes) = (Key::of(&row), Committed::of_row(&row));
        let Stored { connections, version, entered, reported } = read(row)?;
        let entries = serde_json::from_str(&connections).map_err(|error| TableError::corrupt(key, error))?;
        Ok(Self { entries, version, entered, reported, owes })
    }

    /// Whether an event may be sent to any of them.
    pub(super) fn is_there(&self, now: Millis) -> bool {
        self.entries.iter().any(|entry| entry.address.may_hear(now))
    }

    /// Those that can still be open, whether or not they may hear anything.
    pub(super) fn open(&self, now: Millis) -> Vec<TakenSlot> {
        self.entries.iter().filter(|entry| entry.address.until() > now).cloned().collect()
    }
}
