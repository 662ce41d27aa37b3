//! What goes to Pusher: events, in batches, and connections to end.
//!
//! A time-out is ambiguous: what was sent may yet arrive. So once something is not responded to, nothing more is sent on this
//! visit, and the next visit first asks Pusher a question that changes nothing. Until that is answered, no event is sent a
//! second time; a server that stands still for a while gets each event that was on its way at most once more.
//! That question is not an event, because an event would be a duplicate every time.

use std::time::Instant;

use futures_util::future::join_all;

use super::Row;
use super::plan::Fate;
use crate::clients::pusher::{Client, MAX_BATCH, Message, PusherError};
use crate::outbox::{Committed, Delivery, Way};
use crate::telemetry;

/// A prefix that no channel has: the response is small however busy the app is.
const NO_CHANNEL: &str = "probe-";

/// An entry of a row: the row's place among the rows, and the entry's in its outbox.
type Place = (usize, usize);

/// Delivers the rows' due entries of this way in order, and notes each one's fate in its row. `settle` is called with the rows
/// of which something was delivered, batch by batch, so that what a time-out cuts off is little.
pub(super) async fn deliver<F>(
    pusher: &Client,
    rows: &mut [Row],
    probes: bool,
    deadline: Instant,
    settle: impl Fn(Row) -> F,
) where
    F: Future<Output = Option<Committed>>,
{
    let due: Vec<Place> = places(rows);
    if due.is_empty() {
        return;
    }
    for (row, entry) in &due {
        rows[*row].fates[*entry] = Fate::UNTRIED;
    }
    if probes && let Err(error) = pusher.channels(NO_CHANNEL).await {
        telemetry::cause(&error);
        return;
    }
    let mut left = due.as_slice();
    while !left.is_empty() && Instant::now() < deadline {
        let batch = next_batch(rows, left);
        let fates = attempt(pusher, rows, &left[..batch]).await;
        let goes_on = fates.iter().all(|fate| !matches!(fate, Fate::Postponed { .. }));
        for ((row, entry), fate) in left[..batch].iter().zip(fates) {
            rows[*row].fates[*entry] = fate;
        }
        let mut touched: Vec<usize> = left[..batch].iter().map(|(row, _)| *row).collect();
        touched.dedup();
        let settled = join_all(touched.iter().map(|row| settle(rows[*row].clone()))).await;
        for (row, latest) in touched.into_iter().zip(settled) {
            latest.into_iter().for_each(|latest| rows[row].know_delivered(latest));
        }
        left = &left[batch..];
        if !goes_on {
            return;
        }
    }
}

fn places(rows: &[Row]) -> Vec<Place> {
    let of_row = |(place, row): (usize, &Row)| {
        let owed = &row.committed.outbox.owed;
        let due = row.due.iter().filter(|entry| owed[**entry].delivery.way() == Way::Pusher);
        due.map(|entry| (place, *entry)).collect::<Vec<_>>()
    };
    rows.iter().enumerate().flat_map(of_row).collect()
}

fn delivery<'a>(rows: &'a [Row], (row, entry): &Place) -> &'a Delivery {
    &rows[*row].committed.outbox.owed[*entry].delivery
}

/// How many of these go in one request: events up to the most that a batch holds, or one connection's end.
fn next_batch(rows: &[Row], places: &[Place]) -> usize {
    let is_event = |place: &&Place| matches!(delivery(rows, place), Delivery::Pusher(_));
    places.iter().take(MAX_BATCH).take_while(is_event).count().max(1)
}

async fn attempt(pusher: &Client, rows: &[Row], places: &[Place]) -> Vec<Fate> {
    let events: Vec<Message> = places
        .iter()
        .filter_map(|place| match delivery(rows, place) {
            Delivery::Pusher(message) => Some(message.clone()),
            _ => None,
        })
        .collect();
    let outcome = match delivery(rows, &places[0]) {
        Delivery::Terminate { user } => pusher.terminate(user).await,
        _ => pusher.trigger(&events).await,
    };
    match outcome {
        // One bad event spoils its whole batch: find it by sending the batch's events one by one.
        Err(error) if error.is_permanent() && events.len() > 1 => one_by_one(pusher, &events).await,
        outcome => vec![fate(outcome); places.len()],
    }
}

fn fate(outcome: Result<(), PusherError>) -> Fate {
    match outcome {
        Ok(()) => Fate::Delivered,
        Err(error) if error.is_permanent() => Fate::GivenUp(error.to_string()),
        Err(error) if error.is_operators() => {
            telemetry::operator_error(error.log_text());
            Fate::UNTRIED
        }
        Err(error) => {
            telemetry::cause(&error);
            if error.is_ambiguous() { Fate::TRIED } else { Fate::UNTRIED }
        }
    }
}

/// Sends the events of a refused batch singly, up to the first that Pusher does not respond to.
async fn one_by_one(pusher: &Client, events: &[Message]) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(events.len());
    for event in events {
        fates.push(fate(pusher.trigger(std::slice::from_ref(event)).await));
        if matches!(fates.last(), Some(Fate::Postponed { .. })) {
            break;
        }
    }
    fates.resize(events.len(), Fate::UNTRIED);
    fates
}
