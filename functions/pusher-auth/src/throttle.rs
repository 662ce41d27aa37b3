//! A rate limit for each user, in each process. It needs no I/O, so it is not exact across processes. It stops a single
//! faulty client from using up the function's capacity. API Gateway's throttling, in the template, limits all clients
//! together.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use shared::Problem;
use shared::contract::id::UserId;

/// Most requests at once: a client that reconnects authorizes each of its channels again.
const MAX_BURST: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// Most requests per second after that.
const MAX_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Most users remembered; above it, users without recent requests are forgotten.
const MAX_USERS: usize = 10_000;

static LIMITER: LazyLock<DefaultKeyedRateLimiter<UserId>> =
    LazyLock::new(|| RateLimiter::keyed(Quota::per_second(MAX_PER_SECOND).allow_burst(MAX_BURST)));

/// Counts a request of this user.
///
/// # Errors
/// 429 over the limit, with the time to wait.
pub(super) fn admit(user: &UserId) -> Result<(), Problem> {
    if LIMITER.len() > MAX_USERS {
        LIMITER.retain_recent();
    }
    let early =
        |until: governor::NotUntil<_>| Problem::TooManyRequests(until.wait_time_from(DefaultClock::default().now()));
    LIMITER.check_key(user).map_err(early)
}
