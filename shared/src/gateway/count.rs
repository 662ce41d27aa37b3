//! Subscribers get their number, and so does the app's own server. The channel's row owes it without the number, which is counted
//! when it is sent: so one entry tells of all changes before. Source: Pusher Channels docs, "Events", `pusher:subscription_count`.
//!
//! A change writes the row only if no entry waits there that will be counted after it. So of a crowd that subscribes at once, a few write.

use std::ops::ControlFlow::{Break, Continue};

use super::occupancy::{SeenChannel, subscription_count};
use crate::clients::pusher::ReportedEvent;
use crate::contract::any_channel::AnyChannel;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Entry, WriteContext};
use crate::settings::WebhookType;
use crate::table::{Key, Table, TableError, Update, absent, exists, retry_in_a_crowd};

/// A channel of more subscribers is counted at most once in [`MANY_SECONDS`], as at Pusher.
const MANY: usize = 100;
const MANY_SECONDS: i64 = 5;
/// While a count is on its way, the changes of so many seconds are counted together.
const TOGETHER_SECONDS: i64 = 2;
/// An entry that is due sooner may be counted already, by a function with another clock.
const MARGIN_SECONDS: i64 = 1;

/// Owes the subscribers of a channel that has some their new number; returns the row, if this writer delivers it.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub(super) async fn changed(
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
        let pending = seen.owes.iter().flat_map(|owes| &owes.outbox.entries).filter(|entry| is_count(entry));
        let pending = pending.map(|entry| entry.not_before.unwrap_or(Millis::epoch())).max();
        if pending.is_some_and(|then| then > now.plus_seconds(MARGIN_SECONDS)) {
            return Ok(Break(None));
        }
        let then =
            pending.map(|_| now.plus_seconds(TOGETHER_SECONDS)).max(seen.next_count()).filter(|then| *then > now);
        let (seen, owed) = (seen.owes, owed.iter().cloned());
        let append = match then {
            Some(then) => Append::new(key.clone(), seen, owed, &writer.left_to_consumer(), now)?.not_before(then),
            None => Append::new(key.clone(), seen, owed, writer, now)?,
        };
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

fn is_count(entry: &Entry) -> bool {
    match &entry.delivery {
        Delivery::SubscriptionCount { .. } => true,
        Delivery::AppWebhook(webhook) => {
            webhook.events.iter().any(|event| event.webhook() == WebhookType::SubscriptionCount)
        }
        _ => false,
    }
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
