//! Pusher: events, in batches, and connections to end.
//!
//! A time-out is ambiguous: the events of the request may yet arrive. So after a request without a response nothing more is sent
//! on this visit, and the next visit first asks Pusher a question that changes nothing. Until that is answered, no event is sent a
//! second time; a server that stands still for a while gets each event that was on its way at most once more. That question
//! is not an event, because an event would be a duplicate every time.

use std::time::Instant;

use futures_util::future::BoxFuture;

use super::{Due, Outcome, Transport, Visit};
use crate::clients::pusher::{AppEvent, MAX_BATCH, PusherClient, PusherError, PusherEvent};
use crate::outbox::{Delivery, TransportName};
use crate::telemetry;

/// A prefix that no channel has: the response is small however busy the app is.
const NO_CHANNEL: &str = "probe-";

#[derive(Debug)]
pub(crate) struct Pusher {
    client: PusherClient,
    /// Whether it asks before it sends: the consumer comes when something has gone wrong.
    probes: bool,
}

impl Transport for Pusher {
    fn name(&self) -> TransportName {
        TransportName::Pusher
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(self.send_all(entries, visit))
    }
}

impl Pusher {
    pub(crate) fn of_writer(client: &PusherClient) -> Self {
        Self { client: client.clone(), probes: false }
    }

    pub(crate) fn of_consumer(client: &PusherClient) -> Self {
        Self { client: client.clone(), probes: true }
    }

    /// Acknowledges each batch before it sends the next, so that a time-out repeats little.
    async fn send_all(&self, entries: Vec<Due<'_>>, visit: &Visit) {
        if self.probes
            && let Err(error) = self.client.channels(NO_CHANNEL).await
        {
            telemetry::cause(&error);
            return;
        }
        // Pusher itself tells of members, and how many are subscribed; and these subscribers are no longer there.
        let (of_gateway, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_gateways);
        of_gateway.iter().for_each(|due| visit.report(due, Outcome::Skipped));
        let mut left = entries.as_slice();
        while !left.is_empty() && Instant::now() < visit.deadline {
            let (batch, rest) = left.split_at(batch_size(left));
            let goes_on = self.send_batch(batch, visit).await;
            visit.acknowledge(batch).await;
            if !goes_on {
                return;
            }
            left = rest;
        }
    }

    /// Returns whether Pusher responded to all of it.
    async fn send_batch(&self, batch: &[Due<'_>], visit: &Visit) -> bool {
        let sent = self.request(batch).await;
        // One bad event spoils its whole batch: find it by sending the batch's events one by one.
        if batch.len() > 1 && sent.as_ref().is_err_and(PusherError::is_permanent) {
            for due in batch {
                let outcome = outcome(self.request(std::slice::from_ref(due)).await);
                let goes_on = !outcome.is_retry();
                visit.report(due, outcome);
                if !goes_on {
                    return false;
                }
            }
            return true;
        }
        let outcome = outcome(sent);
        batch.iter().for_each(|due| visit.report(due, outcome.clone()));
        !outcome.is_retry()
    }

    async fn request(&self, batch: &[Due<'_>]) -> Result<(), PusherError> {
        if let [Due { entry, .. }] = batch
            && let Delivery::Terminate { user } = &entry.delivery
        {
            return self.client.terminate(user).await;
        }
        let forwarded: Vec<&AppEvent> = batch.iter().filter_map(app_event).collect();
        if !forwarded.is_empty() {
            return self.client.forward(&forwarded).await;
        }
        let events: Vec<PusherEvent> = batch.iter().filter_map(|due| event(due).cloned()).collect();
        self.client.trigger(&events).await
    }
}

/// Whether it means something only where Carillon itself serves the channels.
fn is_gateways(due: &Due<'_>) -> bool {
    matches!(due.entry.delivery, Delivery::Member(_) | Delivery::SubscriptionCount { .. } | Delivery::ShardFanOut(_))
}

fn event<'a>(due: &Due<'a>) -> Option<&'a PusherEvent> {
    match &due.entry.delivery {
        Delivery::Pusher(message) => Some(message),
        _ => None,
    }
}

fn app_event<'a>(due: &Due<'a>) -> Option<&'a AppEvent> {
    match &due.entry.delivery {
        Delivery::AppEvent(event) => Some(event),
        _ => None,
    }
}

/// How many of these go in one request: events of one kind up to the most that a batch holds, or one that goes alone.
fn batch_size(entries: &[Due<'_>]) -> usize {
    let is_batched = |due: &Due<'_>| app_event(due).is_some_and(|event| event.batched().is_some());
    let first =
        |is_one: &dyn Fn(&Due<'_>) -> bool| entries.iter().take(MAX_BATCH).take_while(|due| is_one(due)).count();
    first(&|due| event(due).is_some()).max(first(&is_batched)).max(1)
}

fn outcome(sent: Result<(), PusherError>) -> Outcome {
    match sent {
        Ok(()) => Outcome::Delivered,
        Err(error) if error.is_permanent() => Outcome::Failed(error.to_string()),
        Err(error) if error.is_operators() => {
            telemetry::operator_error(error.log_text());
            Outcome::UNSENT
        }
        Err(error) if error.is_ambiguous() => {
            telemetry::cause(&error);
            Outcome::UNCONFIRMED
        }
        Err(error) => Outcome::unsent(&error),
    }
}
