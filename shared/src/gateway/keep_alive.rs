//! Keeps the connections of clients of Pusher open, and removes those that have ended without a word.
//!
//! A client that hears nothing for two minutes pings, which is a message in, an invocation and a message
//! out. A frame that it shows to nobody, each minute, costs two messages in that time, and finds out who is gone.

use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::count;
use super::end::disconnect;
use super::occupancy::{self, Listed, StillOccupied};
use super::outcome::Gateway;
use super::row::{of_index, until};
use crate::clients::connections::Posted;
use crate::clients::pusher::frames::ServerFrame;
use crate::contract::any_channel::AnyChannel;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::WriteContext;
use crate::table::key::{CONNECTION_SHARDS, connections_shard};
use crate::table::{Query, Table, TableError};
use crate::telemetry;

/// Connections that are seen to at once.
const MAX_AT_ONCE: usize = 64;
/// Connections of a page.
const PAGE: u16 = 500;
/// How old a connection is before it is seen to, in seconds.
const OPENING_SECONDS: i64 = 10;

/// The result of a round.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeepAliveReport {
    /// Connections that were found.
    pub connections: usize,
    /// Removed, since they had ended without a word.
    pub gone: usize,
    /// Unknown: API Gateway did not answer, or the table failed.
    pub failed: usize,
    /// Time was up before all were seen to.
    pub cut: bool,
}

/// One round over all connections, until `deadline`. The stream brings the entries that tell others.
///
/// # Errors
/// When the connections cannot be listed. The next round tries again.
pub async fn keep_alive(
    gateway: &Gateway,
    writer: &WriteContext,
    deadline: Instant,
) -> Result<KeepAliveReport, TableError> {
    let writer = writer.left_to_consumer();
    let (mut report, text) = (KeepAliveReport::default(), ServerFrame::KeepAlive.text());
    // Each round starts at another shard, so that one that is cut off leaves out others than the last one.
    let first = u8::try_from(Millis::now().seconds() / 60 % i64::from(CONNECTION_SHARDS)).unwrap_or_default();
    for shard in (0..CONNECTION_SHARDS).map(|shard| (first + shard) % CONNECTION_SHARDS) {
        let mut query = Query::of_index(connections_shard(shard)).limit(PAGE);
        loop {
            if Instant::now() >= deadline {
                report.cut = true;
                return Ok(report);
            }
            let page = gateway.table().query(&query).await?;
            let found: Vec<_> = page.items.iter().filter_map(of_index).collect();
            report.connections += found.len();
            let seen = found.into_iter().map(|(since, id)| {
                tokio::time::timeout_at(deadline.into(), of_one(gateway, &writer, id, since, &text))
            });
            let seen: Vec<_> = seen.collect();
            let mut seen = stream::iter(seen).buffer_unordered(MAX_AT_ONCE);
            while let Some(beat) = seen.next().await {
                match beat {
                    Ok(Beat::Kept | Beat::Noticed) => {}
                    Ok(Beat::Gone) => report.gone += 1,
                    Ok(Beat::Failed) => report.failed += 1,
                    Err(_) => report.cut = true,
                }
            }
            match page.last_evaluated_key {
                Some(last) => query = query.after(last),
                None => break,
            }
        }
    }
    if let Ok(tidied) = tokio::time::timeout_at(deadline.into(), tidy(gateway.table(), &writer, Millis::now())).await {
        tidied?;
    }
    Ok(report)
}

/// Takes channels out of the list that have no subscriber, and puts those back that have some: a function that was killed between two writes
/// may leave either.
///
/// # Errors
/// The first failure of the table. The channels that are left come again eight minutes later.
async fn tidy(table: &Table, writer: &WriteContext, now: Millis) -> Result<(), TableError> {
    let listed = occupancy::some_listed(table, now).await?;
    let tidied = listed.into_iter().map(|listed| tidy_one(table, writer, listed, now));
    let tidied: Vec<_> = tidied.collect();
    // To the end, also after a failure: one that is cut off between its two looks at a channel may leave it unlisted.
    let tidied: Vec<_> = stream::iter(tidied).buffer_unordered(MAX_AT_ONCE).collect().await;
    tidied.into_iter().collect()
}

async fn tidy_one(table: &Table, writer: &WriteContext, listed: Listed, now: Millis) -> Result<(), TableError> {
    let Listed { channel, is_vacant } = listed;
    let left = occupancy::vacate(table, writer, &channel, now).await?;
    let Ok(channel) = AnyChannel::parse(&channel) else { return Ok(()) };
    if is_vacant && left == StillOccupied::Yes {
        occupancy::occupy(table, writer, &channel, now).await?;
    }
    if (is_vacant && left == StillOccupied::Yes) || left == StillOccupied::Again {
        count::changed(table, writer, &channel, now).await;
    }
    Ok(())
}

enum Beat {
    Kept,
    Gone,
    /// Its end was noticed before.
    Noticed,
    Failed,
}

async fn of_one(gateway: &Gateway, writer: &WriteContext, id: ConnectionId, since: Millis, text: &str) -> Beat {
    let now = Millis::now();
    // One that has just come may not be open yet, and nothing may come before its greeting.
    if now < since.plus_seconds(OPENING_SECONDS) {
        return Beat::Kept;
    }
    if now < until(since) {
        match gateway.poster().post(&id, text).await {
            Posted::Arrived => return Beat::Kept,
            Posted::Gone => {}
            Posted::Later | Posted::Never | Posted::TooLarge(_) => return Beat::Failed,
        }
    }
    match disconnect(gateway.table(), writer, &id, now).await {
        Ok(ended) if ended.is_replay => Beat::Noticed,
        Ok(_) => Beat::Gone,
        Err(error) => {
            telemetry::cause(&error);
            Beat::Failed
        }
    }
}
