//! How attempts end.

use std::collections::HashMap;

use crate::contract::time::Millis;
use crate::outbox::Rest;
use crate::telemetry;

/// How the attempt at an entry ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Delivered,
    /// It has moved to a queue of its own, and is no longer this row's.
    Queued,
    /// It has no recipient: the user has no device, say.
    Skipped,
    /// It waits for this time. It has not failed.
    NotYet(Millis),
    /// It was not delivered now.
    Retry {
        /// Not to be tried before this.
        not_before: Option<Millis>,
        /// The part that is left, when some of it arrived.
        rest: Option<Rest>,
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
            Self::Queued => "queued",
            Self::Skipped => "moot",
            Self::NotYet(_) => "waiting",
            Self::Retry { .. } => "postponed",
            Self::Failed(_) => "given-up",
        }
    }
}

/// The outcomes by entry id. An entry that is not in it was not tried.
pub(crate) type Outcomes = HashMap<String, Outcome>;
