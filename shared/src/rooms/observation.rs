//! Observations: whether a user is in a room, at a certain moment, according to a certain source.
//!
//! Two consequences: a user who calls `POST /rooms/{bookId}/presence` and never subscribes has left after a minute or two, and
//! a user who leaves by `DELETE` while another tab stays subscribed is back once Pusher's list is read.

use crate::contract::id::{BookId, UserId};
use crate::contract::time::Millis;

/// A user and a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomUser {
    pub book: BookId,
    pub user: UserId,
}

/// The source and the time of an observation that a user is in a room, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// The user's own request. It overrides every earlier observation.
    ByUser(Millis),
    /// A webhook. It overrides observations up to its own time.
    ByWebhook(Millis),
    /// Pusher's list. It overrides only observations that are older than the grace period, because a client may be
    /// about to subscribe, or a webhook about to arrive.
    ByList(Millis),
}

/// For this many seconds, Pusher's list does not override an observation.
pub const GRACE_SECONDS: i64 = 60;

impl Observation {
    /// The moment that was observed.
    #[must_use]
    pub fn time(self) -> Millis {
        match self {
            Self::ByUser(time) | Self::ByWebhook(time) | Self::ByList(time) => time,
        }
    }

    /// The time of the newest observation that this one overrides.
    pub(super) fn beats_up_to(self) -> Millis {
        match self {
            Self::ByUser(_) => Millis(i64::MAX),
            Self::ByWebhook(time) => time,
            Self::ByList(time) => time.plus_seconds(-GRACE_SECONDS),
        }
    }
}
