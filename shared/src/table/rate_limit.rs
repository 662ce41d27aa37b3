//! Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371).
//!
//! The only state of a limit is one moment, the *theoretical arrival time*: when the next request would come if
//! requests came exactly at the allowed rate. A request may come earlier by as much as the burst allows. A conditional
//! write of the state keeps the limit exact, however many processes share it.

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use super::{
    Action, AttributeValue, Item, Key, Table, TableError, Update, Write, absent, gt, le, retry_from, unchanged,
};
use crate::contract::time::Millis;

/// How much longer than its time the state of a limit is kept that is counted by additions, in seconds.
const REMEMBER_SECONDS: i64 = 3600;

/// A number of requests at once, and one more after each interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most requests at once.
    pub burst: i64,
    /// Milliseconds after which one more request is admitted.
    pub interval: i64,
}

impl Limit {
    /// Admits a request; returns the new theoretical arrival time, to be stored.
    ///
    /// # Errors
    /// How long to wait, if the request comes too early; the state stays as it is.
    pub fn admit(self, remembered: Option<Millis>, now: Millis) -> Result<Millis, Duration> {
        self.admit_several(1, remembered, now)
    }

    /// As [`Limit::admit`], for what counts as this many requests.
    ///
    /// # Errors
    /// As [`Limit::admit`].
    pub(crate) fn admit_several(
        self,
        requests: i64,
        remembered: Option<Millis>,
        now: Millis,
    ) -> Result<Millis, Duration> {
        let due = remembered.unwrap_or(now).max(now);
        let next = Millis(due.0.saturating_add(self.interval.saturating_mul(requests)));
        let early = next.0.saturating_sub(now.0).saturating_sub(self.burst.saturating_mul(self.interval));
        if early > 0 { Err(Duration::from_millis(early.unsigned_abs())) } else { Ok(next) }
    }
}

/// The theoretical arrival time that a limit's row holds.
pub(crate) fn due(row: &Item) -> Option<Millis> {
    match row.get("due")? {
        AttributeValue::N(due) => due.parse().ok().map(Millis),
        _ => None,
    }
}

/// Stores what [`Limit::admit`] returned, if the row still holds what was remembered. It is part of the transaction of what it
/// admits, so that what fails does not count.
pub(crate) fn count(limit: &Key, remembered: Option<Millis>, due: Millis) -> Action {
    let expires_at = due.plus_seconds(60).seconds();
    Update::new(limit).set("due", due).set("expires_at", expires_at).when(unchanged("due", remembered)).into()
}

/// Requests to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) requests: i64,
    /// The time that the row held last, as far as is known. It saves a request, and need not be right.
    pub(crate) remembered: Option<Millis>,
}

/// Counts so many requests in a limit's row, if they fit: `Ok` with the new theoretical arrival time, `Err` with how long to wait. Each
/// update is an addition, so that processes that count at the same time do not make each other repeat.
pub(crate) async fn take(
    table: &Table,
    key: &Key,
    limit: Limit,
    Wanted { requests, remembered }: Wanted,
    now: Millis,
) -> Result<Result<Millis, Duration>, TableError> {
    let latest = now.0.saturating_add((limit.burst - requests).saturating_mul(limit.interval));
    let is_idle = remembered.is_none_or(|due| due <= now);
    Ok(
        match add(table, key, Addition { cost: requests.saturating_mul(limit.interval), latest, is_idle }, now).await? {
            Added::Due(due) => Ok(due),
            Added::TooEarly(due) => Err(Duration::from_millis(due.0.saturating_sub(latest).max(1).unsigned_abs())),
        },
    )
}

/// Counts so many requests in a limit's row, however many there were. Returns how long the next one then has to wait; `None` if it
/// need not.
pub(crate) async fn charge(
    table: &Table,
    key: &Key,
    limit: Limit,
    requests: i64,
    now: Millis,
) -> Result<Option<Duration>, TableError> {
    let (Added::Due(due) | Added::TooEarly(due)) = add(
        table,
        key,
        Addition { cost: requests.saturating_mul(limit.interval), latest: i64::MAX, is_idle: false },
        now,
    )
    .await?;
    let wait = limit.admit(Some(due), now).err();
    Ok(wait)
}

/// How an addition ended: with the theoretical arrival time after it, or with the one that made it too early.
enum Added {
    Due(Millis),
    TooEarly(Millis),
}

/// An addition to a limit's row, in milliseconds.
struct Addition {
    cost: i64,
    /// A row past this is left alone.
    latest: i64,
    /// Whether the row's time is probably past.
    is_idle: bool,
}

async fn add(table: &Table, key: &Key, addition: Addition, now: Millis) -> Result<Added, TableError> {
    let Addition { cost, latest, is_idle } = addition;
    let next = Millis(now.0.saturating_add(cost));
    // The row stays as long as its time may be to come.
    let longest = if latest == i64::MAX { now } else { Millis(latest.saturating_add(cost)) };
    retry_from(is_idle, |mut is_idle| async move {
        loop {
            let expires_at = longest.plus_seconds(REMEMBER_SECONDS).seconds();
            let update = Update::new(key).set("expires_at", expires_at);
            let update = if is_idle {
                update.set("due", next).when(absent("due").or(le("due", now)))
            } else {
                update.add("due", cost).when(gt("due", now).and(le("due", latest)))
            };
            let row = match table.write(update.returning_new()).await? {
                Write::Done(row) => return Ok(Break(Added::Due(row.as_ref().and_then(due).unwrap_or(next)))),
                Write::ConditionFailed(row) => row,
            };
            let found = row.as_ref().and_then(due);
            if let Some(due) = found.filter(|due| due.0 > latest.max(now.0)) {
                return Ok(Break(Added::TooEarly(due)));
            }
            let was_idle = std::mem::replace(&mut is_idle, found.is_none_or(|due| due <= now));
            if was_idle == is_idle {
                // Another process counted between the two.
                return Ok(Continue(is_idle));
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { burst: 3, interval: 1000 };

    #[test]
    fn a_burst_is_admitted_and_then_one_request_per_interval() {
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
        fn no_window_admits_more_than_the_rate_and_the_burst(gaps in proptest::collection::vec(0_i64..2000, 1..60)) {
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
        fn a_client_that_waits_as_long_as_told_is_admitted(state in 0_i64..100_000, now in 0_i64..100_000) {
            if let Err(wait) = LIMIT.admit(Some(Millis(state)), Millis(now)) {
                let later = now + i64::try_from(wait.as_millis()).unwrap();
                prop_assert!(LIMIT.admit(Some(Millis(state)), Millis(later)).is_ok());
            }
        }
    }
}
