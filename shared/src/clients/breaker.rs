//! Keeps a process from waiting for a service that does not respond.
//!
//! After a failure the service is left alone for a second, after the next one for two, and so on up to half a minute. The first
//! caller after that tries again. Without this, an outage would hold each invocation until its time-out, and so use up the
//! account's concurrency, which functions that do not need the service need too.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::contract::time::Millis;

/// The longest time that the service is left alone, in seconds.
const MAX_SECONDS: i64 = 30;

/// The state of a process's way to one service.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: AtomicU32,
    open_until: AtomicI64,
}

impl Breaker {
    /// Whether the service is left alone at this moment.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        now.0 < self.open_until.load(Ordering::Relaxed)
    }

    /// The service responded.
    pub fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.open_until.store(0, Ordering::Relaxed);
    }

    /// The service did not respond, or could not.
    pub fn failed(&self, now: Millis) {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        let seconds = (1_i64 << before.min(5)).min(MAX_SECONDS);
        self.open_until.store(now.plus_seconds(seconds).0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_fails_is_left_alone_for_longer_each_time() {
        let (breaker, now) = (Breaker::default(), Millis(1_000_000));
        assert!(!breaker.is_open(now));
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            breaker.failed(now);
            assert!(breaker.is_open(now.plus_seconds(seconds - 1)));
            assert!(!breaker.is_open(now.plus_seconds(seconds)), "{seconds}");
        }
        breaker.succeeded();
        assert!(!breaker.is_open(now));
        breaker.failed(now);
        assert!(!breaker.is_open(now.plus_seconds(1)));
    }
}
