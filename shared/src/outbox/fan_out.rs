//! How far the delivery of an event to the subscribers of channels has got.

use serde::{Deserialize, Serialize};

use super::PageStart;
use crate::contract::sockets::ConnectionId;

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
}

impl FanOut {
    /// From this place in the first channel on.
    #[must_use]
    pub fn from(start: PageStart) -> Self {
        Self { next: Some((0, start)), again: Vec::new() }
    }
}

/// A frame for the subscribers of one shard of a channel. Where a channel has many, each shard gets an entry in a row of its own, so that
/// the shards go side by side.
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
