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

impl Default for FanOut {
    /// From the beginning.
    fn default() -> Self {
        Self { next: Some((0, PageStart::default())), again: Vec::new() }
    }
}
