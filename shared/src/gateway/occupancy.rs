//! Which channels have subscribers. A channel's row says so for the list of channels, and owes `channel_occupied` when the first one comes,
//! and `channel_vacated` when the last one goes. Whether a channel has any is read from its subscribers themselves.

use std::collections::BTreeSet;
use std::ops::ControlFlow::{Break, Continue};

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::row::expiry;
use crate::clients::pusher::ReportedEvent;
use crate::contract::any_channel::AnyChannel;
use crate::contract::sockets::LIFETIME_SECONDS;
use crate::contract::time::Millis;
use crate::outbox::{ATTRIBUTE, Append, Committed, Delivery, Entry, Undone, WriteContext};
use crate::settings::WebhookType;
use crate::table::key::{OCCUPIED_SHARDS, SUBSCRIBER_SHARDS, occupied_shard, subscribers};
use crate::table::{Action, Key, Query, Table, TableError, absent, exists, gt, read, retry_in_a_crowd, unchanged};

/// For how much longer than a connection of now may last a row is written, in seconds: so that few subscriptions write it.
const AHEAD_SECONDS: i64 = 6 * 3600;
/// A return within this time counts as no absence (Pusher Channels docs, "Webhooks", "Webhook request delay": up to three seconds).
const GRACE_SECONDS: i64 = 3;
/// How long the row of a channel without subscribers is kept at most, in seconds: it goes once its webhook is delivered ([`forget`]).
const REMEMBER_SECONDS: i64 = 24 * 3600;

/// A channel's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OccupiedRow {
    expires_at: i64,
    /// That the last subscriber left, and the row is there for what it owes alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    vacant: bool,
    /// When its subscribers may be counted again, if they are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_count: Option<Millis>,
}

/// The row as it was read, with what it owes.
pub(super) struct SeenChannel {
    row: Option<OccupiedRow>,
    pub(super) owes: Option<Committed>,
}

/// Whether a channel has subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StillOccupied {
    Yes,
    /// Its row said for a moment that it has none.
    Again,
    No,
}

impl SeenChannel {
    pub(super) async fn find(table: &Table, key: &Key) -> Result<Self, TableError> {
        let row = table.get(key, true).await?;
        let owes = row.as_ref().and_then(Committed::of_row);
        Ok(Self { row: row.map(read).transpose()?, owes })
    }

    pub(super) fn is_occupied(&self) -> bool {
        self.row.as_ref().is_some_and(|row| !row.vacant)
    }

    pub(super) fn next_count(&self) -> Option<Millis> {
        self.row.as_ref()?.next_count
    }

    /// The write of this row in place of the one that was read.
    fn put(&self, append: &Append, row: &OccupiedRow) -> Result<Action, TableError> {
        let seen = self.row.as_ref();
        let is_as_read = unchanged("expires_at", seen.map(|seen| seen.expires_at))
            .and(if seen.is_some_and(|seen| seen.vacant) { exists("vacant") } else { absent("vacant") });
        Ok(append.put(row)?.when(is_as_read))
    }
}

/// Notes that a channel has a subscriber. It is written again only when it would expire before the subscriber's connection. A return takes a
/// departure back that nobody has heard of.
pub(super) async fn occupy(
    table: &Table,
    writer: &WriteContext,
    channel: &AnyChannel,
    now: Millis,
) -> Result<(), TableError> {
    if !channel.is_listed() {
        return Ok(());
    }
    let key = &Key::occupied_channel(channel.as_str());
    let needed = expiry(now.plus_seconds(LIFETIME_SECONDS));
    retry_in_a_crowd((), |()| async move {
        let seen = SeenChannel::find(table, key).await?;
        if seen.is_occupied() && seen.row.as_ref().is_some_and(|row| row.expires_at >= needed) {
            return Ok(Break(()));
        }
        let event = ReportedEvent::ChannelOccupied { channel: channel.as_str().to_owned() };
        let report = Delivery::report(event, writer, now).filter(|_| !seen.is_occupied());
        let append = Append::undoing((key.clone(), seen.owes.clone()), report, departure, writer, now)?;
        let row = OccupiedRow { expires_at: needed + AHEAD_SECONDS, vacant: false, next_count: seen.next_count() };
        let is_done = table.write(seen.put(&append, &row)?).await?.is_done();
        Ok(if is_done { Break(()) } else { Continue(()) })
    })
    .await
}

/// How a return treats an entry: one that tells of the departure is undone.
fn departure(delivery: &Delivery) -> Undone {
    let is_departure = matches!(delivery, Delivery::AppWebhook(webhook)
        if webhook.events.iter().all(|event| event.webhook() == WebhookType::ChannelVacated));
    if is_departure { Undone::Turn } else { Undone::No }
}

/// Notes that a channel has no subscriber any more, if it has none; returns whether it has some.
pub(super) async fn vacate(
    table: &Table,
    writer: &WriteContext,
    channel: &str,
    now: Millis,
) -> Result<StillOccupied, TableError> {
    let Ok(named) = AnyChannel::parse(channel) else { return Ok(StillOccupied::No) };
    if !named.is_listed() || is_occupied(table, channel, now).await? {
        return Ok(StillOccupied::Yes);
    }
    let is_told = writer.webhooks.contains(WebhookType::ChannelVacated)
        || (writer.webhooks.contains(WebhookType::SubscriptionCount) && named.is_counted());
    if is_told || !forget_unless_owing(table, channel).await? {
        leave(table, writer, &named, now).await?;
    }
    // A subscriber that came between the two has seen the row, and did not write it.
    if is_occupied(table, channel, now).await? {
        occupy(table, writer, &named, now).await?;
        return Ok(StillOccupied::Again);
    }
    Ok(StillOccupied::No)
}

/// Deletes a channel's row; returns whether that is done: not where it owes something.
async fn forget_unless_owing(table: &Table, channel: &str) -> Result<bool, TableError> {
    let delete = Action::delete(&Key::occupied_channel(channel)).when(absent(ATTRIBUTE));
    Ok(table.write(delete).await?.is_done())
}

/// Whether an entry of a channel's row tells the number of its subscribers.
pub(super) fn is_count(entry: &Entry) -> bool {
    match &entry.delivery {
        Delivery::SubscriptionCount { .. } => true,
        Delivery::AppWebhook(webhook) => {
            webhook.events.iter().any(|event| event.webhook() == WebhookType::SubscriptionCount)
        }
        _ => false,
    }
}

/// Notes in the row that the channel has no subscribers, and that it owes the webhook of that.
async fn leave(table: &Table, writer: &WriteContext, channel: &AnyChannel, now: Millis) -> Result<(), TableError> {
    let is_counted = channel.is_counted();
    let channel = channel.as_str();
    let key = &Key::occupied_channel(channel);
    // This process will not be there when it is due.
    let writer = &writer.left_to_consumer();
    retry_in_a_crowd((), |()| async move {
        let seen = SeenChannel::find(table, key).await?;
        if !seen.is_occupied() {
            if seen.row.is_some() && seen.owes.is_none() {
                forget(table, channel).await?;
            }
            return Ok(Break(()));
        }
        let vacated = ReportedEvent::ChannelVacated { channel: channel.to_owned() };
        let count = ReportedEvent::SubscriptionCount { channel: channel.to_owned(), subscription_count: None };
        let vacated = Delivery::report(vacated, writer, now);
        let count = is_counted.then(|| Delivery::report(count, writer, now)).flatten();
        let is_replaced = |entry: &Entry| {
            is_count(entry) && count.as_ref().is_some_and(|count| count.transport() == entry.delivery.transport())
        };
        let then = Some(now.plus_seconds(GRACE_SECONDS));
        let reports = vacated.into_iter().chain(count.clone()).map(|report| (report, then));
        let append = Append::replacing((key.clone(), seen.owes.clone()), reports, is_replaced, writer, now)?;
        let row = OccupiedRow {
            expires_at: now.plus_seconds(REMEMBER_SECONDS).seconds(),
            vacant: true,
            next_count: seen.next_count(),
        };
        let is_done = table.write(seen.put(&append, &row)?).await?.is_done();
        Ok::<_, TableError>(if is_done { Break(()) } else { Continue(()) })
    })
    .await
}

/// Deletes the row of a channel without subscribers, once it owes nothing any more.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn forget(table: &Table, channel: &str) -> Result<(), TableError> {
    let nobody = exists("vacant").and(absent(ATTRIBUTE));
    table.write(Action::delete(&Key::occupied_channel(channel)).when(nobody)).await.map(drop)
}

/// A channel with a row, and whether the row says that the channel has no subscribers.
pub(super) struct Listed {
    pub(super) channel: String,
    pub(super) is_vacant: bool,
}

/// The channels of one shard of the list. Each minute it is another shard.
pub(super) async fn some_listed(table: &Table, now: Millis) -> Result<Vec<Listed>, TableError> {
    let shard = u8::try_from(now.seconds() / 60 % i64::from(OCCUPIED_SHARDS)).unwrap_or_default();
    let listed = table.query_all(Query::new(occupied_shard(shard)).project(&["pk", "sk", "vacant"])).await?;
    let listed = listed.iter().filter_map(|row| Some((Key::of(row)?.sk, row.contains_key("vacant"))));
    Ok(listed.map(|(channel, is_vacant)| Listed { channel, is_vacant }).collect())
}

/// Takes the departures of a channel back that has subscribers, although its row says that it has none: the function was killed that
/// would have looked again. Returns whether that was so.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub(crate) async fn take_back(table: &Table, channel: &str, now: Millis) -> Result<bool, TableError> {
    if !is_occupied(table, channel, now).await? {
        return Ok(false);
    }
    let key = &Key::occupied_channel(channel);
    retry_in_a_crowd((), |()| async move {
        let seen = SeenChannel::find(table, key).await?;
        if seen.row.is_none() || seen.is_occupied() {
            // A return that was noted comes after the departure.
            return Ok(Break(false));
        }
        let is_kept = |delivery: &Delivery| (departure(delivery) == Undone::No).then(|| delivery.clone());
        let append = Append::rewriting(key.clone(), seen.owes.clone(), is_kept);
        let expires_at = expiry(now.plus_seconds(LIFETIME_SECONDS)) + AHEAD_SECONDS;
        let row = OccupiedRow { expires_at, vacant: false, next_count: seen.next_count() };
        let is_done = table.write(seen.put(&append, &row)?).await?.is_done();
        Ok(if is_done { Break(true) } else { Continue(()) })
    })
    .await
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
        let is_listed = gt("expires_at", now.seconds()).and(absent("vacant"));
        let query = Query::new(occupied_shard(shard)).filter(is_listed).project(&["pk", "sk"]);
        table.query_all(if prefix.is_empty() { query } else { query.begins_with(prefix) })
    };
    let shards = try_join_all((0..OCCUPIED_SHARDS).map(of_shard)).await?;
    Ok(shards.iter().flatten().filter_map(Key::of).map(|key| key.sk).collect())
}
