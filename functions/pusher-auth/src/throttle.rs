//! How often one user may ask, in each process: no I/O, and so no exact limit across processes. It keeps one client that
//! has run wild from filling the function; API Gateway's throttling in the template bounds all of them together.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use shared::Problem;
use shared::contract::id::UserId;

/// At once: a client that connects again asks for each of its channels anew.
const BURST: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// And so many each second after.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Users that are remembered before those who have been quiet are forgotten.
const MANY: usize = 10_000;

static ASKED: LazyLock<DefaultKeyedRateLimiter<UserId>> =
    LazyLock::new(|| RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(BURST)));

/// Counts a question of this user's.
///
/// # Errors
/// 429 beyond the limit, with how long to wait.
pub(super) fn admit(user: &UserId) -> Result<(), Problem> {
    if ASKED.len() > MANY {
        ASKED.retain_recent();
    }
    let early =
        |until: governor::NotUntil<_>| Problem::TooManyRequests(until.wait_time_from(DefaultClock::default().now()));
    ASKED.check_key(user).map_err(early)
}
