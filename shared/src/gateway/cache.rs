//! The last event of a cache channel, which a new subscriber gets at once. Source: Pusher Channels docs, "Cache channels".

use serde::{Deserialize, Serialize};

use crate::clients::pusher::PusherEvent;
use crate::contract::time::Millis;
use crate::table::{Action, Key, Table, TableError, absent, item, le, read};

/// How long an event is kept, in seconds: as long as Pusher keeps it at most.
const KEEP_SECONDS: i64 = 1800;

#[derive(Serialize, Deserialize)]
struct CachedRow {
    name: String,
    data: String,
    at: Millis,
    expires_at: i64,
}

/// Keeps an event that was committed at `at`, unless a later one is kept.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn keep(table: &Table, event: &PusherEvent, at: Millis, now: Millis) -> Result<(), TableError> {
    let expires_at = now.plus_seconds(KEEP_SECONDS).seconds();
    let row = CachedRow { name: event.name.clone(), data: event.data.clone(), at, expires_at };
    let put = Action::put(item(&Key::cached_event(&event.channel), &row)?).when(absent("pk").or(le("at", at)));
    table.write(put).await.map(drop)
}

/// The data of the event that is kept for a channel, and for how many seconds more.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn cached(table: &Table, channel: &str, now: Millis) -> Result<Option<(String, i64)>, TableError> {
    Ok(row(table, channel, now).await?.map(|row| (row.data, row.expires_at - now.seconds())))
}

/// The event that is kept for a channel.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn last(table: &Table, channel: &str, now: Millis) -> Result<Option<PusherEvent>, TableError> {
    let row = row(table, channel, now).await?;
    Ok(row.map(|CachedRow { name, data, .. }| PusherEvent { channel: channel.to_owned(), name, data }))
}

async fn row(table: &Table, channel: &str, now: Millis) -> Result<Option<CachedRow>, TableError> {
    let row = table.get(&Key::cached_event(channel), true).await?.map(read::<CachedRow>).transpose()?;
    Ok(row.filter(|row| row.expires_at > now.seconds()))
}
