//! Limits on what clients send. Events count per user, over all of the user's connections; pings, pongs and acknowledgements count per
//! connection. The counts are exact, by a conditional write of one row.
//!
//! A client beyond its limit is refused with how long to wait. Refused frames are counted too: the connection ends at three times
//! the limit, which is three times as many at once and three times the rate after that. A client below that is never ended.
//!
//! | limit | of | admits |
//! |---|---|---|
//! | [`MESSAGES`] | a user | 100 in any 60 seconds |
//! | [`SIGNALS`] | a user | `typing` and `markAsRead`: 120 at once, and 4 more each second |
//! | [`CONTROL`] | a connection | pings, pongs, acknowledgements: 200 at once, and 5 more each second |

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contract::time::Millis;
use crate::table::rate_limit::Limit;
use crate::table::{Item, Key, Table, TableError, Update, Write, absent, eq, exists, le, retry_in_a_crowd, text};

/// How long the state is kept, in seconds: longer than it says anything.
const REMEMBER_SECONDS: i64 = 3600;
/// At so many times a limit the connection ends.
const ENDS_AT: i64 = 3;

/// How often something is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many in any window of so many milliseconds, wherever it begins.
    Window { most: usize, milliseconds: i64 },
    /// A burst, and one more after each interval.
    Burst(Limit),
}

/// A limit. At a multiple of it the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Names its row.
    pub name: &'static str,
    pub pace: Pace,
    /// In words, for the client.
    pub rule: &'static str,
}

/// Events that ask for something.
pub const MESSAGES: Budget = Budget {
    name: "SOCKET_MESSAGES",
    pace: Pace::Window { most: 100, milliseconds: 60_000 },
    rule: "Send at most 100 messages a minute",
};
/// Events that come with reading and writing, many for each message.
pub const SIGNALS: Budget = Budget {
    name: "SOCKET_SIGNALS",
    pace: Pace::Burst(Limit { burst: 120, interval: 250 }),
    rule: "Send at most four typing and markAsRead events a second",
};
/// Frames that ask for nothing.
pub const CONTROL: Budget = Budget {
    name: "CONTROL",
    pace: Pace::Burst(Limit { burst: 200, interval: 200 }),
    rule: "Send at most five pings, pongs and acknowledgements a second",
};

/// The decision on a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Admitted,
    /// The next one is admitted after this time.
    Refused(Duration),
    /// The connection ends. The next one would be counted after this time.
    TooMany(Duration),
}

/// The state of a limit, as its row holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Of a window: when what was admitted in it was admitted, oldest first. Each but the first is the time since the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sent: Vec<i64>,
    /// Of a burst: the theoretical arrival time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Millis>,
    /// The theoretical arrival time of all frames, those among them that were refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Millis>,
}

impl State {
    /// When what was admitted in the window was admitted.
    fn moments(&self) -> Vec<i64> {
        let mut at = 0;
        let next = |step: &i64| {
            at += step;
            at
        };
        self.sent.iter().map(next).collect()
    }

    /// From when on this state says nothing.
    fn idle(&self, budget: &Budget) -> Millis {
        let window = match budget.pace {
            Pace::Window { milliseconds, .. } => self.moments().last().map(|last| Millis(last + milliseconds)),
            Pace::Burst(_) => self.due,
        };
        window.into_iter().chain(self.all).max().unwrap_or(Millis::epoch())
    }
}

impl Budget {
    /// How much a client may send in all, with what is refused: a multiple of what is admitted, of the rate as of the burst.
    fn ends(&self) -> Limit {
        let (burst, interval) = match self.pace {
            Pace::Burst(Limit { burst, interval }) => (burst, interval),
            Pace::Window { most, milliseconds } => {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                (most, milliseconds / most)
            }
        };
        Limit { burst: burst * ENDS_AT, interval: interval / ENDS_AT }
    }

    /// Decides on a frame; returns the state after it, `None` where it stays as it is.
    fn decide(&self, state: &State, now: Millis) -> (Admission, Option<State>) {
        let all = match self.ends().admit(state.all, now) {
            Ok(all) => Some(all),
            Err(wait) => return (Admission::TooMany(wait), None),
        };
        let admitted = match self.pace {
            Pace::Burst(limit) => {
                limit.admit(state.due, now).map(|due| State { due: Some(due), all, ..State::default() })
            }
            Pace::Window { most, milliseconds } => {
                // Clocks of processes differ a little, and moments must not go backwards.
                let newest = state.moments().last().copied().unwrap_or(now.0).max(now.0);
                let mut moments = state.moments();
                moments.retain(|at| at + milliseconds > newest);
                if moments.len() < most {
                    moments.push(newest);
                    let steps = std::iter::once(0).chain(moments.iter().copied()).zip(&moments);
                    Ok(State { sent: steps.map(|(before, at)| at - before).collect(), all, ..State::default() })
                } else {
                    Err(now.until(Millis(moments[moments.len() - most] + milliseconds)))
                }
            }
        };
        match admitted {
            Ok(state) => (Admission::Admitted, Some(state)),
            Err(wait) => (Admission::Refused(wait), Some(State { all, ..state.clone() })),
        }
    }
}

/// The state in a limit's row, as it is stored.
fn state_of(row: &Item) -> Option<String> {
    text(row.get("state")?).map(str::to_owned)
}

/// The row that counts frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedIn {
    /// A limit's own row.
    Limit,
    /// The row that says when a connection was last heard of: now.
    Heard,
}

/// Counts a frame, in this row.
///
/// # Errors
/// When DynamoDB fails or too many frames are counted at once.
pub(super) async fn count(
    table: &Table,
    key: &Key,
    budget: &Budget,
    row: CountedIn,
    now: Millis,
) -> Result<Admission, TableError> {
    let counted = count_in(table, key, budget, (row, false), now).await?;
    Ok(counted.expect("the write makes the row where there is none"))
}

/// As [`count`], if the row exists; otherwise it writes nothing and returns `None`.
///
/// # Errors
/// As [`count`].
pub(super) async fn count_if_there(
    table: &Table,
    key: &Key,
    budget: &Budget,
    row: CountedIn,
    now: Millis,
) -> Result<Option<Admission>, TableError> {
    count_in(table, key, budget, (row, true), now).await
}

async fn count_in(
    table: &Table,
    key: &Key,
    budget: &Budget,
    (row, must_be_there): (CountedIn, bool),
    now: Millis,
) -> Result<Option<Admission>, TableError> {
    retry_in_a_crowd(true, |is_first| async move {
        // Most have sent nothing for a while. The first write assumes that, instead of a read. After a pause the row is read again:
        // the frames of one client come many at once, and all are counted in it.
        let mut is_assumed = is_first;
        let mut seen = if is_first { None } else { table.get(key, true).await?.as_ref().and_then(state_of) };
        loop {
            let state = match &seen {
                Some(text) => {
                    serde_json::from_str(text).map_err(|error| TableError::corrupt(Some(key.clone()), error))?
                }
                None => State::default(),
            };
            let (admission, next) = budget.decide(&state, now);
            let Some(next) = next else { return Ok(Break(Some(admission))) };
            let update = Update::new(key)
                .set("state", serde_json::to_string(&next).expect("a state is numbers"))
                .set("idle_at", next.idle(budget))
                .set("expires_at", now.plus_seconds(REMEMBER_SECONDS).seconds());
            let update = if row == CountedIn::Heard { update.set("heard", now) } else { update };
            let update = update.when(match &seen {
                None if must_be_there => exists("pk").and(absent("idle_at").or(le("idle_at", now))),
                None => absent("idle_at").or(le("idle_at", now)),
                Some(seen) => eq("state", seen),
            });
            let Write::ConditionFailed(found) = table.write(update).await? else {
                return Ok(Break(Some(admission)));
            };
            if must_be_there && found.is_none() {
                return Ok(Break(None));
            }
            if !std::mem::take(&mut is_assumed) {
                // Another frame was counted meanwhile.
                return Ok(Continue(false));
            }
            seen = found.as_ref().and_then(state_of);
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When frames that come at these times are admitted, and what the last one met.
    fn play(budget: &Budget, times: impl IntoIterator<Item = i64>) -> (Vec<i64>, Option<Admission>) {
        let (mut state, mut admitted, mut last) = (State::default(), Vec::new(), None);
        for now in times {
            let (admission, next) = budget.decide(&state, Millis(now));
            if admission == Admission::Admitted {
                admitted.push(now);
            }
            // As the row keeps it.
            state = next.map_or(state, |next| serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap());
            last = Some(admission);
        }
        (admitted, last)
    }

    #[test]
    fn a_hundred_messages_at_once_are_admitted_and_the_next_one_a_minute_later() {
        let start = 1_764_579_600_000;
        let (admitted, last) = play(&MESSAGES, (0..101).map(|_| start));
        assert_eq!((admitted.len(), last), (100, Some(Admission::Refused(Duration::from_secs(60)))));
        let times = (0..100).map(|_| start).chain([start + 59_999, start + 60_000]);
        assert_eq!(play(&MESSAGES, times).0.last(), Some(&(start + 60_000)));
    }

    #[test]
    fn a_client_that_goes_on_at_three_times_its_limit_is_ended() {
        for (budget, most) in [(MESSAGES, 300), (SIGNALS, 360), (CONTROL, 600)] {
            assert!(matches!(play(&budget, (0..most).map(|_| 0)).1, Some(Admission::Refused(_))), "{budget:?}");
            assert!(matches!(play(&budget, (0..=most).map(|_| 0)).1, Some(Admission::TooMany(_))), "{budget:?}");
        }
    }

    /// Sends frames for so many minutes at a steady rate, in per cent of a limit's; returns the decision on each.
    fn steadily(budget: &Budget, percent: i64, minutes: i64) -> Vec<Admission> {
        let interval = match budget.pace {
            Pace::Window { most, milliseconds } => milliseconds / i64::try_from(most).unwrap(),
            Pace::Burst(limit) => limit.interval,
        };
        let (mut state, mut met, start) = (State::default(), Vec::new(), 1_764_579_600_000);
        let times = (0..).map(|n| n * interval * 100 / percent);
        for at in times.take_while(|at| *at < minutes * 60_000) {
            let (admission, next) = budget.decide(&state, Millis(start + at));
            met.push(admission);
            state = next.unwrap_or(state);
        }
        met
    }

    #[test]
    fn a_client_a_little_above_a_limit_is_refused_now_and_then_and_never_ended() {
        for budget in [MESSAGES, SIGNALS, CONTROL] {
            for (percent, minutes) in [(125, 60), (290, 30)] {
                let met = steadily(&budget, percent, minutes);
                let ended = met.iter().position(|admission| matches!(admission, Admission::TooMany(_)));
                assert_eq!(ended, None, "{budget:?} at {percent} %");
                assert!(met.iter().any(|admission| matches!(admission, Admission::Refused(_))), "{budget:?}");
            }
        }
    }

    #[test]
    fn a_client_at_four_times_a_limit_is_ended_within_minutes() {
        for budget in [MESSAGES, SIGNALS, CONTROL] {
            let met = steadily(&budget, 400, 5);
            assert!(met.iter().any(|admission| matches!(admission, Admission::TooMany(_))), "{budget:?}");
        }
    }

    #[test]
    fn the_row_of_a_limit_is_small() {
        let start = 1_764_579_600_000;
        let mut state = State::default();
        for n in 0..100 {
            state = MESSAGES.decide(&state, Millis(start + n * 599)).1.unwrap();
        }
        let length = serde_json::to_string(&state).unwrap().len();
        assert!(length < 900, "{length}: over 1 KB it costs two write units");
    }

    proptest! {
        #[test]
        fn no_window_of_a_minute_admits_more_than_100_messages(
            gaps in proptest::collection::vec(prop_oneof![Just(0_i64), 0_i64..50, 0_i64..3_000], 1..400)
        ) {
            let times = gaps.into_iter().scan(0, |now, gap| { *now += gap; Some(*now) });
            let (admitted, _) = play(&MESSAGES, times);
            for window in admitted.windows(101) {
                prop_assert!(window[100] - window[0] >= 60_000, "101 in {} ms", window[100] - window[0]);
            }
        }

        #[test]
        fn a_client_that_waits_as_long_as_told_is_admitted(gaps in proptest::collection::vec(0_i64..800, 1..200)) {
            for budget in [MESSAGES, SIGNALS, CONTROL] {
                let mut times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
                while let Some(Admission::Refused(wait)) = play(&budget, times.clone()).1 {
                    let then = times.last().unwrap() + i64::try_from(wait.as_millis()).unwrap();
                    times.push(then);
                    prop_assert_eq!(play(&budget, times.clone()).1, Some(Admission::Admitted));
                }
            }
        }
    }
}
