//! The rows of connections and of their subscriptions, which share a partition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::id::UserId;
use crate::contract::sockets::{ConnectionId, LIFETIME_SECONDS};
use crate::contract::time::Millis;
use crate::table::key::{SUBSCRIPTION, connection_rows, connections_shard, shard_of_connection};
use crate::table::{Item, Key, Query, Table, TableError, read, text};

/// How much longer than the connection its rows are kept, in seconds: the keep-alive removes those that have ended, and tells others.
const MARGIN_SECONDS: i64 = 3600;

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConnectionRow {
    /// When it connected.
    pub(super) since: Millis,
    /// The user who signed in on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
    /// That user's `user_info` in presence channels: JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user_info: Option<String>,
    /// When its end was noticed. From then on it gets no subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Millis>,
    expires_at: i64,
    gsi1pk: String,
    gsi1sk: String,
}

impl ConnectionRow {
    pub(super) fn new(connection: &ConnectionId, since: Millis) -> Self {
        Self {
            since,
            user: None,
            user_info: None,
            ended: None,
            expires_at: expiry(until(since)),
            gsi1pk: connections_shard(shard_of_connection(connection)),
            gsi1sk: format!("{:013}#{connection}", since.0),
        }
    }
}

/// A subscription, as its connection has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SubscriptionRow {
    /// When API Gateway received the frame that made it, or that ended it.
    pub(super) at: Millis,
    /// Whether it goes on.
    pub(super) on: bool,
    /// As whom, in a presence channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) member: Option<String>,
    pub(super) expires_at: i64,
}

/// When a connection that came then has surely ended: API Gateway ends every connection after two hours.
pub(super) fn until(since: Millis) -> Millis {
    since.plus_seconds(LIFETIME_SECONDS)
}

/// When rows of a connection that may last until then expire, in seconds.
pub(super) fn expiry(until: Millis) -> i64 {
    until.plus_seconds(MARGIN_SECONDS).seconds()
}

/// When a connection came and its id, as the index has them.
pub(super) fn of_index(row: &Item) -> Option<(Millis, ConnectionId)> {
    let (since, connection) = text(row.get("gsi1sk")?)?.split_once('#')?;
    Some((Millis(since.parse().ok()?), ConnectionId::parse(connection).ok()?))
}

/// A connection with its subscriptions by channel, those among them that have ended.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    connection: Option<ConnectionRow>,
    pub(super) subscriptions: BTreeMap<String, SubscriptionRow>,
}

impl ConnectionState {
    /// By one consistent request.
    pub(super) async fn read(table: &Table, connection: &ConnectionId) -> Result<Self, TableError> {
        let mut state = Self::default();
        for row in table.query_all(Query::new(connection_rows(connection))).await? {
            let Some(key) = Key::of(&row) else { continue };
            match key.sk.strip_prefix(SUBSCRIPTION) {
                Some(channel) => {
                    state.subscriptions.insert(channel.to_owned(), read(row)?);
                }
                None => state.connection = Some(read(row)?),
            }
        }
        Ok(state)
    }

    /// The connection, unless it has ended.
    pub(super) fn open(&self) -> Option<&ConnectionRow> {
        self.connection.as_ref().filter(|connection| connection.ended.is_none())
    }
}
