//! Facts: puts them on the stage's event bus, from which EventBridge's rules hand them to other systems.
//!
//! A request has one fact of each row, so the next one of a row goes only once the one before it was taken. EventBridge hands events to
//! targets without an order of its own; consumers sort by `time` and `id`.

use std::time::Instant;

use futures_util::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};

use super::transport::by_row;
use super::{Due, Outcome, Transport, Visit};
use crate::clients::aws::AwsError;
use crate::clients::event_bus::{BusEvent, BusOutcome, EventBus, MAX_BYTES, MAX_ENTRIES};
use crate::outbox::{Delivery, Entry, TransportName};
use crate::telemetry;

/// Requests at once.
const MAX_REQUESTS_AT_ONCE: usize = 4;

/// Puts facts on the bus.
#[derive(Debug)]
pub(crate) struct Facts {
    pub bus: EventBus,
}

/// A fact with what it is on the bus.
struct UnsentFact<'s, 'a> {
    due: &'s Due<'a>,
    event: BusEvent,
    /// The facts of the same row that come after it.
    next: &'s [Due<'a>],
}

impl<'s, 'a> UnsentFact<'s, 'a> {
    /// The first of a row's facts.
    fn first(of_row: &'s [Due<'a>]) -> Option<Self> {
        let (due, next) = of_row.split_first()?;
        Some(Self { due, event: on_bus(due.entry)?, next })
    }
}

impl Transport for Facts {
    fn name(&self) -> TransportName {
        TransportName::Facts
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut unsent: Vec<_> = by_row(&entries).filter_map(UnsentFact::first).collect();
            while !unsent.is_empty() && Instant::now() < visit.deadline {
                let mut next = Vec::new();
                for batches in batches(unsent).chunks(MAX_REQUESTS_AT_ONCE) {
                    if Instant::now() >= visit.deadline {
                        return;
                    }
                    let put = join_all(batches.iter().map(|batch| self.put(batch, visit))).await;
                    // The bus does not respond: the rest waits for the next visit, so that other transports' rows do not wait for it.
                    if put.contains(&Reached::No) {
                        return;
                    }
                    let went = batches.iter().flatten().filter(|sent| visit.is_done_with(sent.due));
                    next.extend(went.filter_map(|sent| UnsentFact::first(sent.next)));
                }
                unsent = next;
            }
        })
    }
}

/// Whether the bus responded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
}

impl Facts {
    /// Puts a batch and reports its outcomes.
    async fn put(&self, batch: &[UnsentFact<'_, '_>], visit: &Visit) -> Reached {
        let events: Vec<_> = batch.iter().map(|unsent| unsent.event.clone()).collect();
        let results = match self.bus.put(&events).await {
            Ok(results) => results,
            Err(error @ AwsError::NoResponse { .. }) => {
                telemetry::cause(&error);
                batch.iter().for_each(|unsent| visit.report(unsent.due, Outcome::UNCONFIRMED));
                return Reached::No;
            }
            Err(AwsError::Refused { status, code, .. }) => match (BusOutcome::of_error(status, &code), batch) {
                // One of several may be at fault. Each goes alone then.
                (BusOutcome::Refused(_), [_, _, ..]) => return self.put_each(batch, visit).await,
                (put, _) => vec![put; batch.len()],
            },
        };
        for (unsent, put) in batch.iter().zip(results) {
            visit.report(unsent.due, outcome(put));
        }
        let due: Vec<_> = batch.iter().map(|unsent| *unsent.due).collect();
        visit.acknowledge(&due).await;
        Reached::Yes
    }

    async fn put_each(&self, batch: &[UnsentFact<'_, '_>], visit: &Visit) -> Reached {
        for unsent in batch {
            let one = std::slice::from_ref(unsent);
            if Box::pin(self.put(one, visit)).await == Reached::No {
                return Reached::No;
            }
        }
        Reached::Yes
    }
}

fn outcome(put: BusOutcome) -> Outcome {
    match put {
        BusOutcome::Taken => Outcome::Delivered,
        BusOutcome::Refused(code) => Outcome::Failed(format!("EventBridge refused the fact with {code}")),
        BusOutcome::Later(code) => {
            telemetry::note("eventBus", code);
            Outcome::UNSENT
        }
        BusOutcome::Operator(code) => {
            telemetry::operator_error(format!(
                "EventBridge did not take a fact: {code}; see whether the bus exists, and the function's permission events:PutEvents"
            ));
            Outcome::UNSENT
        }
    }
}

/// In requests that EventBridge takes.
fn batches<'s, 'a>(unsent: Vec<UnsentFact<'s, 'a>>) -> Vec<Vec<UnsentFact<'s, 'a>>> {
    let mut batches: Vec<Vec<UnsentFact<'s, 'a>>> = Vec::new();
    let mut bytes = 0;
    for one in unsent {
        bytes += one.event.detail.len();
        match batches.last_mut().filter(|batch| batch.len() < MAX_ENTRIES && bytes <= MAX_BYTES) {
            Some(batch) => batch.push(one),
            None => {
                bytes = one.event.detail.len();
                batches.push(vec![one]);
            }
        }
    }
    batches
}

/// The event of an entry. Its id and its time are the entry's, so they are the same each time it is sent.
fn on_bus(entry: &Entry) -> Option<BusEvent> {
    let Delivery::Fact { fact, service } = &entry.delivery else { return None };
    let (name, fields) = fact.named();
    let mut detail = Map::from_iter([("id".to_owned(), json!(entry.id)), ("time".to_owned(), json!(entry.at.iso()))]);
    detail.extend(service.as_ref().map(|service| ("service".to_owned(), json!(service))));
    detail.extend(fields);
    Some(BusEvent { name, time: entry.at, detail: Value::Object(detail).to_string() })
}
