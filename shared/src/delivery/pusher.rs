//! What is on its way to Pusher: events, in batches, and connections to end.

use super::attempt::Fate;
use crate::clients::pusher::{Client, MAX_BATCH, Message, PusherError};
use crate::outbox::Delivery;
use crate::telemetry;

/// Has Pusher do all of this in order, and tells each one's fate.
///
/// Once one is postponed, so is all that follows: Pusher is not there, and what a row owes later must not overtake what it
/// owed before. Something that Pusher refuses for good holds up nothing.
pub(super) async fn send(pusher: &Client, deliveries: &[Delivery]) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(deliveries.len());
    while fates.len() < deliveries.len() {
        let events = leading_events(&deliveries[fates.len()..]);
        let outcome = match &deliveries[fates.len()] {
            Delivery::Terminate { user } => terminated(pusher.terminate(user).await, &mut fates),
            _ => sent(pusher, &events, &mut fates).await,
        };
        if let Err(error) = outcome {
            telemetry::cause(&error);
            fates.resize(deliveries.len(), Fate::POSTPONED);
        }
    }
    fates
}

/// The events up to the next delivery that is none.
fn leading_events(deliveries: &[Delivery]) -> Vec<Message> {
    let event = |delivery: &Delivery| match delivery {
        Delivery::Pusher(message) => Some(message.clone()),
        _ => None,
    };
    deliveries.iter().map_while(event).collect()
}

fn terminated(outcome: Result<(), PusherError>, fates: &mut Vec<Fate>) -> Result<(), PusherError> {
    match outcome {
        Ok(()) => fates.push(Fate::Delivered),
        Err(error) if error.is_permanent() => fates.push(Fate::GivenUp(error.to_string())),
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn sent(pusher: &Client, events: &[Message], fates: &mut Vec<Fate>) -> Result<(), PusherError> {
    let (taken, error) = match pusher.trigger(events).await {
        Ok(()) => (events.len(), None),
        Err((taken, error)) => (taken, Some(error)),
    };
    fates.extend(std::iter::repeat_n(Fate::Delivered, taken));
    match error {
        None => Ok(()),
        // One bad event spoils its whole batch: find it by sending the batch's events one by one.
        Some(error) if error.is_permanent() => one_by_one(pusher, &events[taken..], fates).await,
        Some(error) => Err(error),
    }
}

/// Sends the events of a refused batch singly, up to the first that Pusher does not answer.
async fn one_by_one(pusher: &Client, rest: &[Message], fates: &mut Vec<Fate>) -> Result<(), PusherError> {
    for message in rest.iter().take(MAX_BATCH) {
        match pusher.trigger(std::slice::from_ref(message)).await {
            Ok(()) => fates.push(Fate::Delivered),
            Err((_, error)) if error.is_permanent() => fates.push(Fate::GivenUp(error.to_string())),
            Err((_, error)) => return Err(error),
        }
    }
    Ok(())
}
