//! What sends deliveries: one implementation of [`Transport`] per file.

use std::fmt;

use futures_util::future::BoxFuture;

use super::Visit;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Owed, TransportName};
use crate::telemetry;

/// Sends the entries of its name.
///
/// The composition root registers transports as trait objects, so that a function that registers none for pushes does not link
/// FCM's client, HTTP/2 and the time zones.
pub trait Transport: fmt::Debug + Send + Sync {
    fn name(&self) -> TransportName;

    /// Tries these entries, oldest first within each row, and begins none after `visit.deadline`.
    ///
    /// Each outcome goes to [`Visit::report`] as soon as it is known, and is no return value: a writer drops this future after
    /// two seconds, and what arrived by then is acknowledged all the same. An entry without a report was not sent.
    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()>;
}

/// An entry that is due. Only a visit makes them, so a transport can report on no entry but its own.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    pub entry: &'a Owed,
    /// The row's place in the visit.
    pub(super) row: usize,
}

/// How the attempt at an entry ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Delivered,
    /// It has no recipient: the user has no device, say.
    Skipped,
    /// It waits for this time. Nothing has failed.
    NotYet(Millis),
    /// It was not delivered now.
    Retry {
        /// Not to be tried before this.
        not_before: Option<Millis>,
        /// What of it is left, when some of it arrived.
        rest: Option<Delivery>,
        /// Whether it was sent, so that it may have arrived.
        tried: bool,
    },
    /// It can never be delivered, for this reason.
    Failed(String),
}

impl Outcome {
    pub(crate) const UNSENT: Self = Self::Retry { not_before: None, rest: None, tried: false };
    /// It was sent, and nobody confirmed that it arrived.
    pub(crate) const UNCONFIRMED: Self = Self::Retry { not_before: None, rest: None, tried: true };

    /// It was not sent because of this error, which is logged.
    pub(crate) fn unsent(error: &(dyn std::error::Error + 'static)) -> Self {
        telemetry::cause(error);
        Self::UNSENT
    }

    pub(crate) fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// Its name in the log and in metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Skipped => "moot",
            Self::NotYet(_) => "waiting",
            Self::Retry { .. } => "postponed",
            Self::Failed(_) => "given-up",
        }
    }
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
