//! Connections of Socket.IO that opened without a token. Their CONNECT packet has it (`auth: { token }`), and until it came they
//! are in no namespace and of no user. Also connections of plain JSON that are refused, until they know why ([`WaitingSocket::turn_away`]).
//!
//! A waiting connection is one row, in one of a few places, so that strangers fill these and no others. Which places a connection
//! may take depends on its address. So both limits hold without a counter: at most [`CAPACITY`] in all, and at most
//! [`MAX_OF_ADDRESS`] from one address. Addresses share places, so one may find fewer. Clients behind one NAT have one address,
//! and so have those behind CloudFront's.
//!
//! The heartbeat ends those that wait for over [`WAIT_SECONDS`], and so does any frame of theirs. A version from before knows no
//! waiting connections, and ends one that speaks; its client connects again.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::framing;
use super::not_entered::NotEntered;
use super::refused_handshake::RefusedHandshake;
use crate::clients::connections::{Connections, ForOpening};
use crate::contract::id::UserId;
use crate::contract::sockets::{Address, ConnectionId, Framing, Outgoing};
use crate::contract::time::Millis;
use crate::table::key::WAITING;
use crate::table::{Action, Item, Key, Query, Table, TableError, Update, Write, eq, gt, item, lt, read, retry, text};
use crate::telemetry;

/// Most waiting connections.
pub(super) const CAPACITY: u16 = 200;
/// Most waiting connections from one IPv4 address, or from one /64 of IPv6.
pub(super) const MAX_OF_ADDRESS: usize = 20;
/// How long a connection may wait for its token, in seconds.
pub(super) const WAIT_SECONDS: i64 = 10;
/// Most frames of a waiting connection: a CONNECT packet for each namespace, each a few times.
const MAX_FRAMES: i64 = 10;
/// How long a row is kept if nobody deletes it, in seconds: longer than a heartbeat takes to come, even where runs are left out.
const KEEP_SECONDS: i64 = 1800;
/// How long it may take to open, as work after the response to its handshake.
const OPENING: Duration = Duration::from_secs(3);

/// A connection that waits for its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSocket {
    slot: u16,
    /// Its `token_expires` is when it may wait no longer.
    #[serde(flatten)]
    pub address: Address,
    /// `userId` of the handshake's query: the token must name this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<UserId>,
    /// Why the handshake's token was refused: the client learns it in the namespace that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedHandshake>,
    /// How many frames came.
    frames: i64,
    expires_at: i64,
}

/// The decision on a frame of a waiting connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Admitted,
    TooMany,
    /// Another frame has signed it in meanwhile, or it has ended.
    WaitsNoMore,
}

/// The places that a connection from this address may take. API Gateway names every address; without one, all share the same
/// places.
fn places_of(source: Option<&str>) -> BTreeSet<u16> {
    // An IPv4 address may be written as one of IPv6, whose first half is the same for all.
    let source = source.and_then(|source| source.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
    let source = match source {
        // One customer has a /64, and all its addresses.
        Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        None => Vec::new(),
    };
    let mut places = BTreeSet::new();
    let mut block = Sha256::digest(&source);
    while places.len() < MAX_OF_ADDRESS {
        for pair in block.chunks_exact(2) {
            if places.len() < MAX_OF_ADDRESS {
                places.insert(u16::from_be_bytes([pair[0], pair[1]]) % CAPACITY);
            }
        }
        block = Sha256::digest(block);
    }
    places
}

/// Lets a connection from this address wait for its token: that of the user whom its handshake named, or another one than that which was
/// refused.
///
/// # Errors
/// [`NotEntered::Crowded`] beyond a limit; nothing is written then.
pub async fn wait(
    table: &Table,
    address: &Address,
    source: Option<&str>,
    (named, refused): (Option<UserId>, Option<RefusedHandshake>),
) -> Result<WaitingSocket, NotEntered> {
    let (now, places, named, refused) = (address.since, places_of(source), &named, &refused);
    retry(|| async {
        let rows = table.query_all(live(now).project(&["sk"])).await?;
        let taken: BTreeSet<u16> = rows.iter().filter_map(slot_of).collect();
        let free: Vec<u16> = places.difference(&taken).copied().collect();
        if free.is_empty() {
            return Err(NotEntered::Crowded);
        }
        let slot = free[rand::random_range(0..free.len())];
        let address = Address { token_expires: now.plus_seconds(WAIT_SECONDS), ..address.clone() };
        let expires_at = now.plus_seconds(KEEP_SECONDS).seconds();
        let (named, refused) = (named.clone(), refused.clone());
        let waiting = WaitingSocket { slot, address, named, refused, frames: 0, expires_at };
        let put = Action::put_new(item(&Key::waiting(slot), &waiting)?, now);
        // Another connection took the place: look again.
        Ok(table.write(put).await?.is_done().then_some(waiting))
    })
    .await
}

/// The rows of the waiting connections, by a consistent read.
fn live(now: Millis) -> Query {
    // DynamoDB deletes expired rows some time later.
    Query::new(WAITING).filter(gt("expires_at", now.seconds()))
}

fn slot_of(row: &Item) -> Option<u16> {
    text(row.get("sk")?)?.parse().ok()
}

/// All waiting connections.
pub(super) async fn all(table: &Table, now: Millis) -> Result<Vec<WaitingSocket>, TableError> {
    // A row of a later version that cannot be read holds its place until it expires.
    Ok(table.query_all(live(now)).await?.into_iter().filter_map(|row| read(row).ok()).collect())
}

/// Removes a waiting connection by its row, unless another one has its place by now; returns whether it did.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn forget_waiting(table: &Table, row: &Item) -> Result<bool, TableError> {
    let (Some(key), Some(connection)) = (Key::of(row), row.get("connection").and_then(text)) else { return Ok(false) };
    Ok(table.write(Action::delete(&key).when(eq("connection", connection))).await?.is_done())
}

impl WaitingSocket {
    /// The waiting connection of this id.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn find(table: &Table, connection: &ConnectionId, now: Millis) -> Result<Option<Self>, TableError> {
        let rows = table.query_all(live(now).filter(eq("connection", connection.as_str()))).await?;
        Ok(rows.into_iter().find_map(|row| read(row).ok()))
    }

    /// Whether it waits only to learn why it is refused.
    #[must_use]
    pub fn is_turned_away(&self) -> bool {
        self.address.framing != Framing::SocketIo
    }

    /// Whether it may wait no longer.
    #[must_use]
    pub fn is_late(&self, now: Millis) -> bool {
        self.address.token_expires <= now
    }

    /// Whether it still has its place.
    async fn still_waits(&self, table: &Table) -> Result<bool, TableError> {
        let row = table.get(&Key::waiting(self.slot), true).await?;
        Ok(row.as_ref().and_then(|row| text(row.get("connection")?)) == Some(self.address.connection.as_str()))
    }

    /// Counts a frame.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn count(&self, table: &Table) -> Result<Counted, TableError> {
        let is_this = eq("connection", self.address.connection.as_str());
        let update = Update::new(&Key::waiting(self.slot)).add("frames", 1);
        Ok(match table.write(update.when(is_this.and(lt("frames", MAX_FRAMES)))).await? {
            Write::Done(_) => Counted::Admitted,
            Write::ConditionFailed(Some(row))
                if row.get("connection").and_then(text) == Some(self.address.connection.as_str()) =>
            {
                Counted::TooMany
            }
            Write::ConditionFailed(_) => Counted::WaitsNoMore,
        })
    }

    /// Gives its place back; returns whether it still had it.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn forget(&self, table: &Table) -> Result<bool, TableError> {
        Ok(table.write(self.taken_back()).await?.is_done())
    }

    /// The write that gives its place back, and fails if it has none any more.
    pub(super) fn taken_back(&self) -> Action {
        let is_this = eq("connection", self.address.connection.as_str());
        Action::delete(&Key::waiting(self.slot)).when(is_this)
    }

    /// Ends the connection, and then gives its place back; returns whether it has. One that API Gateway does not end keeps its
    /// place, so that the next heartbeat finds it.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn end(&self, table: &Table, connections: &Connections) -> Result<bool, TableError> {
        if let Err(error) = connections.close(self.address.stage, &self.address.connection).await {
            telemetry::cause(&error);
            return Ok(false);
        }
        self.forget(table).await?;
        Ok(true)
    }

    /// Sends the open packet, by which the client learns that it may send its token. No outbox keeps it: a client that misses it
    /// connects again.
    pub async fn open(&self, table: &Table, connections: &Connections, heartbeat_seconds: u32) {
        self.post_once_open(table, connections, &Outgoing::Open { seconds: heartbeat_seconds }).await;
    }

    /// Sends this once the connection is open. A client that has hung up meanwhile is not waited for, so that a stranger keeps no process
    /// busy.
    pub(super) async fn post_once_open(&self, table: &Table, connections: &Connections, message: &Outgoing) {
        let address = &self.address;
        let Some(text) = framing::write(address.framing, message, &address.connection) else { return };
        let (stage, connection) = (address.stage.into(), &address.connection);
        let opening = ForOpening { stage, connection, text: &text, within: OPENING };
        let is_awaited = || async {
            self.still_waits(table).await.unwrap_or_else(|error| {
                telemetry::cause(&error);
                true
            })
        };
        if let Err(error) = connections.post_once_open(opening, is_awaited).await {
            telemetry::cause(&error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_addresses_of_one_customer_share_their_places() {
        assert_eq!(places_of(Some("2001:db8:1:2::1")), places_of(Some("2001:db8:1:2:ffff::9")));
        assert_ne!(places_of(Some("2001:db8:1:2::1")), places_of(Some("2001:db8:1:3::1")));
        assert_ne!(places_of(Some("192.0.2.1")), places_of(Some("192.0.2.2")));
        assert_eq!(places_of(Some("::ffff:192.0.2.1")), places_of(Some("192.0.2.1")));
        assert_eq!(places_of(None), places_of(Some("unknown")));
    }

    proptest! {
        #[test]
        fn an_address_has_twenty_places(source in any::<IpAddr>()) {
            let places = places_of(Some(&source.to_string()));
            prop_assert_eq!(places.len(), MAX_OF_ADDRESS);
            prop_assert!(places.iter().all(|place| *place < CAPACITY));
        }
    }
}
