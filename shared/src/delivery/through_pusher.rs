//! Events on their way to Pusher, in batches.

use super::attempt::Fate;
use crate::pusher::{Client, Message};
use crate::telemetry;

/// Sends the events in order, and tells each one's fate.
///
/// Once one is postponed, so is all that follows: Pusher is not there, and later events of a row must not overtake earlier
/// ones. Something that Pusher refuses for good holds up nothing.
pub(super) async fn through_pusher(pusher: &Client, messages: &[Message]) -> Vec<Fate> {
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
                fates.resize(messages.len(), Fate::POSTPONED);
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
