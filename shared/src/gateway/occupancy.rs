//! Which channels have subscribers. A channel's row says so for the list of channels; whether a channel has any is read from its
//! subscribers themselves.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::row::expiry;
use crate::contract::any_channel::AnyChannel;
use crate::contract::sockets::LIFETIME_SECONDS;
use crate::contract::time::Millis;
use crate::table::key::{OCCUPIED_SHARDS, SUBSCRIBER_SHARDS, occupied_shard, subscribers};
use crate::table::{Action, Key, Query, Table, TableError, gt, item, read};

/// For how much longer than a connection of now may last a row is written, in seconds: so that few subscriptions write it.
const AHEAD_SECONDS: i64 = 6 * 3600;

#[derive(Serialize, Deserialize)]
struct OccupiedRow {
    expires_at: i64,
}

/// Notes that a channel has a subscriber. It is written again only when it would expire before the subscriber's connection.
pub(super) async fn occupy(table: &Table, channel: &AnyChannel, now: Millis) -> Result<(), TableError> {
    if !channel.is_listed() {
        return Ok(());
    }
    let key = Key::occupied_channel(channel.as_str());
    let needed = expiry(now.plus_seconds(LIFETIME_SECONDS));
    let row = table.get(&key, true).await?.map(read::<OccupiedRow>).transpose()?;
    if row.is_none_or(|row| row.expires_at < needed) {
        let row = OccupiedRow { expires_at: needed + AHEAD_SECONDS };
        table.write(Action::put(item(&key, &row)?)).await?;
    }
    Ok(())
}

/// Notes that a channel has no subscriber any more, if it has none.
pub(super) async fn vacate(table: &Table, channel: &str, now: Millis) -> Result<(), TableError> {
    let Ok(named) = AnyChannel::parse(channel) else { return Ok(()) };
    if !named.is_listed() || is_occupied(table, channel, now).await? {
        return Ok(());
    }
    table.write(Action::delete(&Key::occupied_channel(channel))).await?;
    // A subscriber that came between the two has seen the row, and did not write it.
    if is_occupied(table, channel, now).await? {
        occupy(table, &named, now).await?;
    }
    Ok(())
}

/// Takes the channels of one shard out of the list that have no subscriber: a function that was killed between two writes may leave one
/// there. Each call sees to another shard.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn tidy(table: &Table, now: Millis) -> Result<(), TableError> {
    let shard = u8::try_from(now.seconds() / 60 % i64::from(OCCUPIED_SHARDS)).unwrap_or_default();
    let listed = table.query_all(Query::new(occupied_shard(shard)).project(&["pk", "sk"])).await?;
    for channel in listed.iter().filter_map(Key::of) {
        vacate(table, &channel.sk, now).await?;
    }
    Ok(())
}

/// Whether a channel has a subscriber, by consistent reads of one row or little more of each shard.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn is_occupied(table: &Table, channel: &str, now: Millis) -> Result<bool, TableError> {
    let shards = (0..SUBSCRIBER_SHARDS).map(|shard| has_any(table, subscribers(channel, shard), now));
    Ok(try_join_all(shards).await?.contains(&true))
}

async fn has_any(table: &Table, shard: String, now: Millis) -> Result<bool, TableError> {
    let mut query = Query::new(shard).filter(gt("expires_at", now.seconds())).project(&["sk"]).limit(10);
    loop {
        let page = table.query(&query).await?;
        match (page.items.is_empty(), page.last_evaluated_key) {
            (false, _) => return Ok(true),
            (true, None) => return Ok(false),
            (true, Some(last)) => query = query.after(last),
        }
    }
}

/// How many connections are subscribed to a channel.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn subscription_count(table: &Table, channel: &str, now: Millis) -> Result<usize, TableError> {
    let is_live =
        |shard| Query::new(subscribers(channel, shard)).filter(gt("expires_at", now.seconds())).project(&["sk"]);
    let shards = (0..SUBSCRIBER_SHARDS).map(|shard| table.query_all(is_live(shard)));
    Ok(try_join_all(shards).await?.iter().map(Vec::len).sum())
}

/// The occupied channels whose names begin so.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn channels(table: &Table, prefix: &str, now: Millis) -> Result<BTreeSet<String>, TableError> {
    let of_shard = |shard| {
        let query = Query::new(occupied_shard(shard)).filter(gt("expires_at", now.seconds())).project(&["pk", "sk"]);
        table.query_all(if prefix.is_empty() { query } else { query.begins_with(prefix) })
    };
    let shards = try_join_all((0..OCCUPIED_SHARDS).map(of_shard)).await?;
    Ok(shards.iter().flatten().filter_map(Key::of).map(|key| key.sk).collect())
}
