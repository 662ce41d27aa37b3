//! Choosing a free place of a namespace.

use std::collections::BTreeSet;

use super::row::capacity;
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::table::key::{SOCKET_SHARDS, socket_shard};
use crate::table::{Query, Table, TableError, gt, text};

/// How many places are tried before it is looked up which are free. With nine of ten taken, half of all connections find one.
const GUESSES: usize = 6;

/// The search for a free place. A place that is chosen may be taken by another connection at that moment; then the search
/// goes on.
#[derive(Debug)]
pub(super) struct Slots {
    namespace: Namespace,
    guessed: BTreeSet<u16>,
}

impl Slots {
    pub(super) fn of(namespace: Namespace) -> Self {
        Self { namespace, guessed: BTreeSet::new() }
    }

    /// The next place to try; `None` when all are taken.
    pub(super) async fn next(&mut self, table: &Table, now: Millis) -> Result<Option<u16>, TableError> {
        let capacity = capacity(self.namespace);
        if self.guessed.len() < GUESSES {
            let guess = rand::random_range(0..capacity);
            if self.guessed.insert(guess) {
                return Ok(Some(guess));
            }
        }
        // A part of the places at a time: where some are free, most parts have one.
        let first = rand::random_range(0..SOCKET_SHARDS);
        for shard in (0..SOCKET_SHARDS).map(|shard| (first + shard) % SOCKET_SHARDS) {
            let taken = taken(table, self.namespace, shard, now).await?;
            let of_shard = (0..capacity).filter(|slot| slot % u16::from(SOCKET_SHARDS) == u16::from(shard));
            let free: Vec<u16> = of_shard.filter(|slot| !taken.contains(slot)).collect();
            if !free.is_empty() {
                return Ok(Some(free[rand::random_range(0..free.len())]));
            }
        }
        Ok(None)
    }
}

/// The places of one shard that are taken, by a consistent read.
async fn taken(table: &Table, namespace: Namespace, shard: u8, now: Millis) -> Result<BTreeSet<u16>, TableError> {
    // DynamoDB deletes expired rows some time later.
    let is_live = gt("expires_at", now.seconds());
    let query = Query::new(socket_shard(namespace, shard)).filter(is_live).project(&["sk"]);
    let rows = table.query_all(query).await?;
    let slot = |row: crate::table::Item| text(row.get("sk")?)?.parse().ok();
    Ok(rows.into_iter().filter_map(slot).collect())
}

/// How many connections are in a namespace.
pub(super) async fn count(table: &Table, namespace: Namespace, now: Millis) -> Result<usize, TableError> {
    let shards = (0..SOCKET_SHARDS).map(|shard| taken(table, namespace, shard, now));
    let shards = futures_util::future::try_join_all(shards).await?;
    Ok(shards.iter().map(BTreeSet::len).sum())
}
