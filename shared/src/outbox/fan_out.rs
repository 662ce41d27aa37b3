//! How far the delivery of an event to the subscribers of channels has got.

use serde::{Deserialize, Serialize};

use super::PageStart;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;

/// The place at which a fan-out goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FanOut {
    /// Which of the event's channels is next, and where in it; `None` once all pages were sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<(usize, PageStart)>,
    /// Subscribers of earlier pages that could not be reached then, each with its channel's place.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub again: Vec<(usize, ConnectionId)>,
    /// Since when some could not be reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused_since: Option<Millis>,
    /// Whether it has reached anybody.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub reached: bool,
}

impl FanOut {
    /// From this place in the first channel on.
    #[must_use]
    pub fn from(start: PageStart) -> Self {
        Self { next: Some((0, start)), again: Vec::new(), refused_since: None, reached: false }
    }

    /// Notes that it has reached so many, and since when it cannot reach those that are left.
    pub(crate) fn note_refusals(&mut self, reached: usize, now: Millis) {
        self.reached |= reached > 0;
        if !self.again.is_empty() {
            self.refused_since.get_or_insert(now);
        } else if reached > 0 {
            self.refused_since = None;
        }
    }

    /// Whether some could not be reached for so many seconds.
    pub(crate) fn is_refused_for(&self, seconds: i64, now: Millis) -> bool {
        self.refused_since.is_some_and(|since| now >= since.plus_seconds(seconds))
    }
}

/// A frame for the subscribers of one shard of a channel, in a row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardFanOut {
    pub channel: String,
    pub shard: u8,
    /// The frame's text.
    pub text: String,
    /// This connection does not get it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub except: Option<ConnectionId>,
    /// Each connection ends once it has got it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub closes: bool,
}
