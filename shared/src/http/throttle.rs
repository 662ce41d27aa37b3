//! How often one user may ask, in each process: no I/O, and so no exact limit across processes. It keeps one client that
//! loops from filling a function; API Gateway's throttling in the template bounds all clients together.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::api_error::ApiError;
use crate::contract::id::UserId;

/// Users that are remembered before those who have been quiet are forgotten.
const MAX_USERS: usize = 10_000;

/// A limit for each user.
#[derive(Debug)]
pub struct Throttle(DefaultKeyedRateLimiter<UserId>);

impl Throttle {
    /// So many requests at once, and so many each second after.
    #[must_use]
    pub fn new(at_once: NonZeroU32, per_second: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_second(per_second).allow_burst(at_once)))
    }

    /// Counts a request of this user's.
    ///
    /// # Errors
    /// 429 beyond the limit, with how long to wait.
    pub fn admit(&self, user: &UserId) -> Result<(), ApiError> {
        if self.0.len() > MAX_USERS {
            self.0.retain_recent();
        }
        let early = |until: governor::NotUntil<_>| {
            ApiError::TooManyRequests(until.wait_time_from(DefaultClock::default().now()))
        };
        self.0.check_key(user).map_err(early)
    }
}
