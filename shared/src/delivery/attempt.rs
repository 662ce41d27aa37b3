//! One attempt at everything that some rows owe.

use crate::outbox::{Committed, Delivery};
use crate::pusher::{Client, Message};
use crate::telemetry;
use crate::time::Millis;

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrived.
    Delivered,
    /// It could not be delivered now.
    Postponed,
    /// It never can be delivered, for this reason.
    GivenUp(String),
}

/// Attempts the rows' entries, in order, and tells each one's fate (a list a row).
///
/// Once something is postponed, so is all that follows: Pusher is not there, and later entries of a row must not overtake
/// earlier ones. Something that Pusher refuses for good holds up nothing.
pub(super) async fn all(pusher: &Client, rows: &[Committed]) -> Vec<Vec<Fate>> {
    let messages: Vec<_> = rows
        .iter()
        .flat_map(|row| &row.outbox.owed)
        .map(|owed| {
            let Delivery::Pusher(message) = &owed.delivery;
            message.clone()
        })
        .collect();
    let mut fates = through_pusher(pusher, &messages).await.into_iter();
    let fates: Vec<Vec<_>> = rows.iter().map(|row| fates.by_ref().take(row.outbox.owed.len()).collect()).collect();
    count(rows, &fates);
    fates
}

async fn through_pusher(pusher: &Client, messages: &[Message]) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(messages.len());
    while fates.len() < messages.len() {
        let rest = &messages[fates.len()..];
        let (taken, error) = match pusher.trigger(rest).await {
            Ok(()) => (rest.len(), None),
            Err((taken, error)) => (taken, Some(error)),
        };
        fates.extend(std::iter::repeat_n(Fate::Delivered, taken));
        match error {
            None => {}
            // One bad event spoils its whole batch: find it by sending the batch's events one by one.
            Some(error) if error.is_permanent() => one_by_one(pusher, &rest[taken..], &mut fates).await,
            Some(error) => {
                telemetry::cause(&error);
                fates.resize(messages.len(), Fate::Postponed);
            }
        }
    }
    fates
}

/// Sends the events of a refused batch singly, up to the first that Pusher does not answer.
async fn one_by_one(pusher: &Client, rest: &[Message], fates: &mut Vec<Fate>) {
    for message in rest.iter().take(crate::pusher::BATCH) {
        match pusher.trigger(std::slice::from_ref(message)).await {
            Ok(()) => fates.push(Fate::Delivered),
            Err((_, error)) if error.is_permanent() => fates.push(Fate::GivenUp(error.to_string())),
            // The caller's next attempt meets the same error, and postpones all that is left.
            Err(_) => return,
        }
    }
}

fn count(rows: &[Committed], fates: &[Vec<Fate>]) {
    let now = Millis::now();
    for (row, fates) in rows.iter().zip(fates) {
        for (owed, fate) in row.outbox.owed.iter().zip(fates) {
            let outcome = match fate {
                Fate::Delivered => telemetry::Delivery::Delivered,
                Fate::Postponed => telemetry::Delivery::Postponed,
                Fate::GivenUp(_) => telemetry::Delivery::GivenUp,
            };
            telemetry::deliveries(owed.delivery.kind(), outcome, 1);
            if *fate == Fate::Postponed {
                telemetry::undelivered(now.since(row.outbox.at));
            }
        }
    }
}
