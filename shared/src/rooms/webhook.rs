//! Webhooks about rooms: who entered and left.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt as _};

use super::observation::{Observation, RoomUser};
use super::presence;
use crate::clients::pusher::{MEMBER_ADDED, MEMBER_REMOVED, Webhook, WebhookEvent};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{Committed, WriteContext};
use crate::table::{Table, TableError};
use crate::telemetry;

/// Most users whose changes are written at the same time.
const MAX_AT_ONCE: usize = 16;

/// Whether a user entered or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    In,
    Out,
}

/// The result of a webhook.
#[derive(Debug, Default)]
pub struct Observed {
    /// The rows whose events are to be delivered.
    pub pending: Vec<Committed>,
    /// Why some user's event could not be written. The other users' were.
    pub failure: Option<TableError>,
}

/// Observes each member event of a room; other events are ignored. One user's failure is that user's alone: when Pusher sends
/// the webhook again, what was already observed changes nothing.
pub async fn observe(table: &Table, writer: &WriteContext, webhook: Webhook) -> Observed {
    let steps = steps(webhook.events.into_vec());
    telemetry::note("members", steps.len());
    let observation = Observation::ByWebhook(Millis(webhook.time_ms));
    let outcomes = stream::iter(steps).map(|(member, steps)| follow(table, writer, member, steps, observation));
    let mut observed = Observed::default();
    // In order: the room hears of its members as they came and went, not as the table took them.
    let mut outcomes = outcomes.buffered(MAX_AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(rows) => observed.pending.extend(rows),
            Err(error) => {
                telemetry::cause(&error);
                // A row that owes too much owes no less when the webhook comes again; healing will find the user.
                if !matches!(error, TableError::OwesTooMuch(_)) {
                    observed.failure = Some(error);
                }
            }
        }
    }
    observed
}

/// The steps of each user in each room, in order.
fn steps(events: Vec<WebhookEvent>) -> Vec<(RoomUser, Vec<Step>)> {
    let mut places = HashMap::new();
    let mut steps: Vec<(RoomUser, Vec<Step>)> = Vec::new();
    for event in events {
        let step = match event.name.as_str() {
            MEMBER_ADDED => Step::In,
            MEMBER_REMOVED => Step::Out,
            _ => continue,
        };
        let Some(member) = member(&event) else { continue };
        let place = *places.entry(member.clone()).or_insert_with(|| {
            steps.push((member, Vec::new()));
            steps.len() - 1
        });
        steps[place].1.push(step);
    }
    steps
}

fn member(event: &WebhookEvent) -> Option<RoomUser> {
    let Channel::Room(book) = Channel::of(&ChannelName::parse(&event.channel).ok()?)? else {
        return None;
    };
    Some(RoomUser { book, user: UserId::parse(event.user_id.as_deref()?).ok()? })
}

async fn follow(
    table: &Table,
    writer: &WriteContext,
    member: RoomUser,
    steps: Vec<Step>,
    observation: Observation,
) -> Result<Vec<Committed>, TableError> {
    let mut rows = Vec::with_capacity(steps.len());
    for step in steps {
        let observed = match step {
            Step::In => presence::join_by_id(table, writer, &member, observation).await?,
            Step::Out => presence::leave(table, writer, &member, observation).await?,
        };
        rows.extend(observed.pending);
    }
    Ok(rows)
}
