//! `POST /pusher/webhook`: takes Pusher's word on who entered and left a room.

use std::collections::HashMap;

use serde_json::json;
use shared::App;
use shared::channel::{Channel, ChannelName};
use shared::http::{self, Problem, Request, Response, ResponseExt as _};
use shared::id::UserId;
use shared::presence::{self, Change, Moment, Seat};
use shared::pusher::WebhookEvent;
use shared::reconcile::observe_join;
use shared::store::StoreError;
use shared::telemetry;
use shared::time::Millis;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

/// Users whose changes are written side by side.
const AT_ONCE: usize = 16;

/// Which way a user went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    In,
    Out,
}

/// Observes each member event of a room; every other event is none of ours.
///
/// # Errors
/// 401 unless Pusher signed it in the last five minutes, 400 when it is no webhook. 500 when the table fails: Pusher then
/// sends the webhook again, and what was already observed changes nothing.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let webhook = app.webhook(&request)?;
    let steps = steps(webhook.events);
    telemetry::note("members", steps.len());

    let moment = Moment::At(Millis(webhook.time_ms));
    let changes: Vec<Option<Change>> = stream::iter(steps)
        .map(|(seat, steps)| observe(app, seat, steps, moment))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?
        .into_iter()
        .flatten()
        .collect();
    let rows = changes.into_iter().flat_map(presence::deliverable).collect();
    Ok(http::ok(&json!({})).then(app.deliver(rows)))
}

/// What each user did in each room, in order.
fn steps(events: Vec<WebhookEvent>) -> Vec<(Seat, Vec<Step>)> {
    let mut places = HashMap::new();
    let mut steps: Vec<(Seat, Vec<Step>)> = Vec::new();
    for event in events {
        let step = match event.name.as_str() {
            "member_added" => Step::In,
            "member_removed" => Step::Out,
            _ => continue,
        };
        let Some(seat) = seat(&event) else { continue };
        let place = *places.entry(seat.clone()).or_insert_with(|| {
            steps.push((seat, Vec::new()));
            steps.len() - 1
        });
        steps[place].1.push(step);
    }
    steps
}

fn seat(event: &WebhookEvent) -> Option<Seat> {
    let Channel::Room(book) = Channel::of(&ChannelName::parse(&event.channel).ok()?)? else {
        return None;
    };
    Some(Seat { book, user: UserId::parse(event.user_id.as_deref()?).ok()? })
}

async fn observe(app: &App, seat: Seat, steps: Vec<Step>, moment: Moment) -> Result<Vec<Option<Change>>, StoreError> {
    let mut changes = Vec::with_capacity(steps.len());
    for step in steps {
        let observed = match step {
            Step::In => observe_join(&app.store, &seat, moment).await?,
            Step::Out => presence::leave(&app.store, &seat, moment).await?,
        };
        changes.push(observed.change);
    }
    Ok(changes)
}
