//! The trait of all transports. Each has a file of its own.

use std::fmt;

use futures_util::future::BoxFuture;

use super::outcome::Outcome;
use super::visit::{Due, Visit};
use crate::outbox::TransportName;

/// Sends the entries of its name.
///
/// The composition root registers transports as trait objects, so that a function that registers none for pushes does not link
/// FCM's client, HTTP/2 and the time zones.
pub trait Transport: fmt::Debug + Send + Sync {
    fn name(&self) -> TransportName;

    /// Tries these entries, oldest first within each row, and begins none after `visit.deadline`.
    ///
    /// Each outcome goes to [`Visit::report`] as soon as it is known, not as a return value: a writer drops this future after
    /// two seconds, and what arrived by then is acknowledged all the same. An entry without a report was not sent.
    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()>;
}

/// The entries of each row, in order.
pub(super) fn by_row<'s, 'a>(entries: &'s [Due<'a>]) -> impl Iterator<Item = &'s [Due<'a>]> {
    entries.chunk_by(|one, next| one.row == next.row)
}

/// Stands in for a transport that was turned off: its entries have no recipient any more.
#[derive(Debug)]
pub(crate) struct TurnedOff(pub TransportName);

impl Transport for TurnedOff {
    fn name(&self) -> TransportName {
        self.0
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        entries.iter().for_each(|due| visit.report(due, Outcome::Skipped));
        Box::pin(std::future::ready(()))
    }
}
