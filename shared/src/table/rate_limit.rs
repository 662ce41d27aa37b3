//! Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371).
//!
//! A limit remembers one moment, the *theoretical arrival time*: when the next request would come if they came exactly at
//! the allowed rate. A request may come earlier than that by as much as the burst allows. The moment is all the state there
//! is, so a conditional write of it is exact however many processes share it.

use std::time::Duration;

use crate::contract::time::Millis;

/// So many at once, and one more each interval after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many may come at once.
    pub burst: i64,
    /// Milliseconds after which one more may come.
    pub interval: i64,
}

impl Limit {
    /// Admits a request: answers with the theoretical arrival time to remember.
    ///
    /// # Errors
    /// How long to wait when it comes too early; nothing is to be remembered then.
    pub fn admit(self, remembered: Option<Millis>, now: Millis) -> Result<Millis, Duration> {
        let due = remembered.unwrap_or(now).max(now);
        let next = Millis(due.0.saturating_add(self.interval));
        let early = next.0.saturating_sub(now.0).saturating_sub(self.burst.saturating_mul(self.interval));
        if early > 0 { Err(Duration::from_millis(early.unsigned_abs())) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { burst: 3, interval: 1000 };

    #[test]
    fn a_burst_is_admitted_and_then_one_an_interval() {
        let mut state = None;
        for _ in 0..3 {
            state = Some(LIMIT.admit(state, Millis(0)).unwrap());
        }
        assert_eq!(LIMIT.admit(state, Millis(0)), Err(Duration::from_millis(1000)));
        assert_eq!(LIMIT.admit(state, Millis(999)), Err(Duration::from_millis(1)));
        assert!(LIMIT.admit(state, Millis(1000)).is_ok());
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_the_burst_within_any_window(gaps in proptest::collection::vec(0_i64..2000, 1..60)) {
            let (mut state, mut now, mut admitted) = (None, 0, Vec::new());
            for gap in gaps {
                now += gap;
                if let Ok(next) = LIMIT.admit(state, Millis(now)) {
                    state = Some(next);
                    admitted.push(now);
                }
            }
            for (n, from) in admitted.iter().enumerate() {
                for (count, to) in admitted[n..].iter().enumerate() {
                    let allowed = LIMIT.burst + (to - from) / LIMIT.interval;
                    prop_assert!(i64::try_from(count).unwrap() < allowed, "{} in {} ms", count + 1, to - from);
                }
            }
        }

        #[test]
        fn whoever_waits_as_long_as_told_is_admitted(state in 0_i64..100_000, now in 0_i64..100_000) {
            if let Err(wait) = LIMIT.admit(Some(Millis(state)), Millis(now)) {
                let later = now + i64::try_from(wait.as_millis()).unwrap();
                prop_assert!(LIMIT.admit(Some(Millis(state)), Millis(later)).is_ok());
            }
        }
    }
}
