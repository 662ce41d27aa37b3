//! `info`: how many are subscribed to the channels of an event. Pusher counts when it takes the event. Here the event is stored first, so
//! the server of the channels is asked before that. A channel that it does not count, or not in time, has no counts in the response.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::Triggered;
use super::request::Count;
use crate::channel_server::ChannelServer;
use crate::contract::any_channel::TO_USER;
use crate::contract::channel::is_presence;
use crate::contract::time::Millis;
use crate::telemetry;

/// How long all questions of one request may take.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How many questions are on their way at once.
const AT_ONCE: usize = 20;

/// The response to an event: `{}`, or with `info` the counts of each of its channels.
pub async fn of_event(server: &ChannelServer, triggered: &Triggered) -> Value {
    let Some(counts) = &triggered.counts else { return json!({}) };
    let channels: BTreeSet<&String> = triggered.event.channels.iter().collect();
    let asked = channels.iter().map(|channel| one(server, (*channel).clone(), counts.clone())).collect();
    let found = within_time(asked).await;
    json!({ "channels": channels.into_iter().zip(found).collect::<BTreeMap<_, _>>() })
}

/// The response to a batch: `{}`, or if any event has `info` the counts of each event's channel, at its place.
pub async fn of_batch(server: &ChannelServer, batch: &[Triggered]) -> Value {
    if batch.iter().all(|triggered| triggered.counts.is_none()) {
        return json!({});
    }
    let asked = batch
        .iter()
        .map(|Triggered { event, counts }| one(server, event.channels.concat(), counts.clone().unwrap_or_default()));
    json!({ "batch": within_time(asked.collect()).await })
}

/// The answers, in order.
async fn within_time(asked: Vec<impl Future<Output = Map<String, Value>>>) -> Vec<Map<String, Value>> {
    let deadline = Instant::now() + TIMEOUT;
    let questions = stream::iter(asked).map(|question| timeout_at(deadline, question)).buffered(AT_ONCE);
    questions.map(Result::unwrap_or_default).collect().await
}

/// The counts of a channel.
async fn one(server: &ChannelServer, channel: String, counts: BTreeSet<Count>) -> Map<String, Value> {
    let own = if is_presence(&channel) { Count::Users } else { Count::Subscriptions };
    let is_counted = counts.contains(&own) && !channel.starts_with(TO_USER);
    if !is_counted || server.is_shut(Millis::now()) {
        return Map::new();
    }
    let info = own.name();
    match server.state(&channel, Some(info)).await {
        Ok(answer) => answer.get(info).map(|count| (info.to_owned(), count.clone())).into_iter().collect(),
        Err(error) => {
            telemetry::failure(error.log_text());
            Map::new()
        }
    }
}
