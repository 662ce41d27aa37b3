//! Which failures are worth another try, and after what pause (AWS SDKs and Tools Reference, "Retry behavior", mode
//! `standard`): up to four tries for DynamoDB, full jitter, and a quota that stops retries while a service is down.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::CallError;

/// Tries of one call, the first included.
pub(super) const TRIES: u32 = 4;
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// Codes by which a service says that it is asked too much.
const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
];

/// Why a call may be worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The service is asked too much; it needs time.
    Throttled,
    /// A connection broke or a host stumbled; the next is likely to work.
    Transient,
}

impl Failure {
    fn of(error: &CallError) -> Option<Self> {
        match error {
            CallError::NoAnswer { .. } => Some(Self::Transient),
            CallError::Refused(refusal) if THROTTLING.contains(&refusal.code.as_str()) => Some(Self::Throttled),
            CallError::Refused(refusal) => {
                let passes = matches!(refusal.status, 500 | 502 | 503 | 504)
                    || matches!(refusal.code.as_str(), "RequestTimeout" | "RequestTimeoutException");
                passes.then_some(Self::Transient)
            }
            CallError::Unreadable { .. } => None,
        }
    }

    /// What a retry takes of the quota.
    fn cost(self) -> u32 {
        match self {
            Self::Throttled => 5,
            Self::Transient => 14,
        }
    }

    /// The longest pause before the second try; later ones double.
    fn pause(self) -> Duration {
        match self {
            Self::Throttled => Duration::from_secs(1),
            Self::Transient => Duration::from_millis(25),
        }
    }
}

/// Retries that a process may still make: one that failed is paid for, and a call that works gives the price of one back.
#[derive(Debug)]
pub(super) struct Quota(AtomicU32);

impl Quota {
    const FULL: u32 = 500;

    pub(super) fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// How long to wait before the next try; `None` when there is to be none. `tries` is how many there were.
    pub(super) fn pause(&self, error: &CallError, tries: u32) -> Option<Duration> {
        let failure = Failure::of(error)?;
        if tries >= TRIES {
            return None;
        }
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(failure.cost())).ok()?;
        let most = failure.pause().saturating_mul(1 << (tries - 1)).min(LONGEST);
        let asked = if let CallError::Refused(refusal) = error { refusal.retry_after } else { None };
        Some(asked.map_or_else(|| most.mul_f64(rand::random()), |asked| asked.min(LONGEST)))
    }

    /// A call worked, after so many tries.
    pub(super) fn worked(&self, tries: u32) {
        let back = if tries > 1 { Failure::Transient.cost() } else { 1 };
        let returned = |left: u32| (left < Self::FULL).then(|| (left + back).min(Self::FULL));
        // Full already: nothing to do.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, returned);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Refusal;
    use super::*;

    fn refused(status: u16, code: &str) -> CallError {
        let refusal = Refusal { status, code: code.to_owned(), ..Refusal::default() };
        CallError::Refused(Box::new(refusal))
    }

    #[test]
    fn what_passes_is_tried_four_times_in_all() {
        let quota = Quota::new();
        for tries in 1..4 {
            let pause = quota.pause(&refused(500, "InternalServerError"), tries).unwrap();
            assert!(pause <= Duration::from_millis(25 << (tries - 1)), "{pause:?}");
        }
        assert_eq!(quota.pause(&refused(500, "InternalServerError"), 4), None);
    }

    #[test]
    fn what_is_wrong_is_not_repeated() {
        let quota = Quota::new();
        for (status, code) in [
            (400, "ValidationException"),
            (400, "ConditionalCheckFailedException"),
            (400, "TransactionCanceledException"),
            (400, "ResourceNotFoundException"),
            (403, "AccessDeniedException"),
            (413, ""),
        ] {
            assert_eq!(quota.pause(&refused(status, code), 1), None, "{code}");
        }
    }

    #[test]
    fn throttling_is_given_time_and_may_name_it() {
        let quota = Quota::new();
        let throttled = refused(400, "ProvisionedThroughputExceededException");
        let longest = (0..50).filter_map(|_| quota.pause(&throttled, 2)).max().unwrap();
        assert!(longest > Duration::from_millis(500) && longest <= Duration::from_secs(2), "{longest:?}");
        let named = Refusal {
            status: 400,
            code: "ThrottlingException".to_owned(),
            retry_after: Some(Duration::from_millis(70)),
            ..Refusal::default()
        };
        assert_eq!(quota.pause(&CallError::Refused(Box::new(named)), 1), Some(Duration::from_millis(70)));
    }

    #[test]
    fn a_service_that_is_down_is_left_alone_until_something_works() {
        let quota = Quota::new();
        let down = refused(503, "");
        let retries = std::iter::from_fn(|| quota.pause(&down, 1)).count();
        assert_eq!(retries, 500 / 14);
        quota.worked(2);
        assert!(quota.pause(&down, 1).is_some());
        assert!(quota.pause(&down, 1).is_none());
    }
}
