//! What somebody says of a user in a room, and as of when.

use crate::contract::id::{BookId, UserId};
use crate::contract::time::Millis;

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seat {
    pub book: BookId,
    pub user: UserId,
}

/// Who observed that a user is in a room or is not, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// The user says so, now: whatever was observed before, they decide.
    ByUser(Millis),
    /// A webhook says so, of this moment; a newer observation wins.
    ByWebhook(Millis),
    /// Pusher's list says so, of this moment; only an observation older than the grace period gives way, since a client may
    /// be about to subscribe or to be reported.
    ByList(Millis),
}

/// How long an observation stands against Pusher's list, in seconds.
pub const GRACE_SECONDS: i64 = 60;

impl Observation {
    /// As of when.
    #[must_use]
    pub fn time(self) -> Millis {
        match self {
            Self::ByUser(time) | Self::ByWebhook(time) | Self::ByList(time) => time,
        }
    }

    /// The newest earlier observation that gives way to this one.
    pub(super) fn beats_up_to(self) -> Millis {
        match self {
            Self::ByUser(_) => Millis(i64::MAX),
            Self::ByWebhook(time) => time,
            Self::ByList(time) => time.plus_seconds(-GRACE_SECONDS),
        }
    }
}
