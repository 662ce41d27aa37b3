//! Subscribers get their number, and so does the app's own server. The channel's row owes it without the number, which is counted
//! when it is sent: so one entry tells of all changes before. Source: Pusher Channels docs, "Events", `pusher:subscription_count`.
//!
//! A change writes the row only if no entry waits there that will be counted after it. So of a crowd that subscribes at once, a few write.
//! While nothing is delivered, at most two wait for the subscribers and two for the server.

use std::ops::ControlFlow::{Break, Continue};

use super::occupancy::{SeenChannel, is_count, subscription_count};
use crate::clients::pusher::ReportedEvent;
use crate::contract::any_channel::AnyChannel;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Entry, WriteContext};
use crate::table::{Key, Table, TableError, Update, absent, exists, retry_in_a_crowd};
use crate::telemetry;

/// A channel of more subscribers is counted at most once in [`MANY_SECONDS`], as at Pusher.
const MANY: usize = 100;
const MANY_SECONDS: i64 = 5;
/// While a count is on its way, the changes of so many seconds are counted together.
const TOGETHER_SECONDS: i64 = 2;
/// An entry that is due sooner may be counted already, by a function with another clock.
const MARGIN_SECONDS: i64 = 1;

/// Owes the subscribers of a channel that has some their new number; returns the row, if this writer delivers it.
///
/// The change itself is done and stays so if its number cannot be owed, which is logged: then the next change tells it.
pub(super) async fn changed(
    table: &Table,
    writer: &WriteContext,
    channel: &AnyChannel,
    now: Millis,
) -> Option<Committed> {
    owe(table, writer, channel, now).await.unwrap_or_else(|error| {
        telemetry::cause(&error);
        None
    })
}

async fn owe(
    table: &Table,
    writer: &WriteContext,
    channel: &AnyChannel,
    now: Millis,
) -> Result<Option<Committed>, TableError> {
    let owed = owed(writer, channel, now);
    if owed.is_empty() {
        return Ok(None);
    }
    let (key, owed) = (&Key::occupied_channel(channel.as_str()), &owed);
    retry_in_a_crowd((), |()| async move {
        let seen = SeenChannel::find(table, key).await?;
        if !seen.is_occupied() {
            // A writer that finds it occupied all the same owes the number.
            return Ok(Break(None));
        }
        let missing: Vec<_> = owed.iter().filter_map(|delivery| missing(delivery, &seen, now)).collect();
        if missing.is_empty() {
            return Ok(Break(None));
        }
        let replaces = |entry: &Entry| is_count(entry) && missing.iter().any(|(new, _)| is_same_way(entry, new));
        let append = Append::replacing((key.clone(), seen.owes), missing.clone(), replaces, writer, now)?;
        let update = append.update().when(exists("expires_at").and(absent("vacant")));
        let is_done = table.write(update).await?.is_done();
        Ok(if is_done { Break(append.deliverable()) } else { Continue(()) })
    })
    .await
}

fn owed(writer: &WriteContext, channel: &AnyChannel, now: Millis) -> Vec<Delivery> {
    if !channel.is_counted() {
        return Vec::new();
    }
    let channel = channel.as_str().to_owned();
    let frame = writer.counts.then(|| Delivery::SubscriptionCount { channel: channel.clone() });
    let event = ReportedEvent::SubscriptionCount { channel, subscription_count: None };
    frame.into_iter().chain(Delivery::report(event, writer, now)).collect()
}

/// The delivery with its time, unless an entry that goes the same way will be counted after this change.
fn missing(delivery: &Delivery, seen: &SeenChannel, now: Millis) -> Option<(Delivery, Option<Millis>)> {
    let entries = seen.owes.iter().flat_map(|owes| &owes.outbox.entries);
    let pending = entries.filter(|entry| is_count(entry) && is_same_way(entry, delivery));
    // One that has reached some subscribers was counted before.
    let pending = pending.map(|entry| entry.not_before.filter(|_| entry.fan_out.is_none()).unwrap_or(Millis::epoch()));
    let pending = pending.max();
    if pending.is_some_and(|then| then > now.plus_seconds(MARGIN_SECONDS)) {
        return None;
    }
    let then = pending.map(|_| now.plus_seconds(TOGETHER_SECONDS)).max(seen.next_count()).filter(|then| *then > now);
    Some((delivery.clone(), then))
}

fn is_same_way(entry: &Entry, delivery: &Delivery) -> bool {
    entry.delivery.transport() == delivery.transport()
}

/// Counts the subscribers of a channel for the message that goes to them. If they are many, the next count is some seconds later.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn take(table: &Table, channel: &str) -> Result<usize, TableError> {
    let now = Millis::now();
    let count = subscription_count(table, channel, now).await?;
    if count > MANY {
        let next = Update::new(&Key::occupied_channel(channel)).set("next_count", now.plus_seconds(MANY_SECONDS));
        table.write(next.when(exists("expires_at"))).await?;
    }
    Ok(count)
}
