//! When heartbeats are due, and which there were.
//!
//! Each one that was done is a row. So an interval over a minute skips none, whatever run of the function it falls into; and a
//! client is only found silent if it was pinged.

use serde::{Deserialize, Serialize};

use crate::contract::time::Millis;
use crate::table::{Action, Key, Query, Table, TableError, item, read};

/// From one run of the function to the next.
const RUN_MILLISECONDS: i64 = 60_000;
/// How far back heartbeats are looked up, in seconds: longer than the longest interval, 540, and a run that was left out.
const LOOK_BACK_SECONDS: i64 = 20 * 60;

/// By how much two heartbeats may be closer than their distance in the plan, in milliseconds: one starts late, or its pings take a
/// while. Without it a client would be judged against the one before, a whole interval later.
const CLOSER_MILLISECONDS: i64 = 5_000;

/// A heartbeat that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// When it was due.
    pub due: Millis,
    /// When the first ping was sent.
    pub begun: Millis,
    /// When the last ping was sent.
    pub ended: Millis,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    beat: Beat,
    expires_at: i64,
}

/// The heartbeats of the run that begins at this time, given when the last one was due. Where minutes are multiples of the interval
/// that is at the run's beginning and after each interval; otherwise the interval goes on from run to run, and some runs have
/// none.
#[must_use]
pub fn plan(from: Millis, interval_seconds: u32, last: Option<Millis>) -> Vec<Millis> {
    let interval = i64::from(interval_seconds) * 1000;
    let first = match last {
        Some(last) if RUN_MILLISECONDS % interval != 0 => Millis(last.0 + interval).max(from),
        _ => from,
    };
    let end = from.0 + RUN_MILLISECONDS;
    std::iter::successors(Some(first), |due| Some(Millis(due.0 + interval))).take_while(|due| due.0 < end).collect()
}

/// The last heartbeats, the newest first.
pub async fn past(table: &Table, now: Millis) -> Result<Vec<Beat>, TableError> {
    let from = Key::heartbeat(now.plus_seconds(-LOOK_BACK_SECONDS));
    let query = Query::new(from.pk).greater_than(&from.sk).descending();
    table.query_all(query).await?.into_iter().map(read).collect()
}

/// Keeps a heartbeat.
pub async fn keep(table: &Table, beat: Beat) -> Result<(), TableError> {
    let row = Row { beat, expires_at: beat.due.plus_seconds(2 * LOOK_BACK_SECONDS).seconds() };
    table.write(Action::put(item(&Key::heartbeat(beat.due), &row)?)).await.map(drop)
}

/// The last heartbeat whose pings are to be answered by now, if clients have about so many milliseconds. A client that was silent since it
/// began is gone.
#[must_use]
pub fn to_be_answered(past: &[Beat], milliseconds: i64, now: Millis) -> Option<Millis> {
    let ended_by = now.0 - milliseconds + CLOSER_MILLISECONDS;
    past.iter().filter(|beat| beat.ended.0 <= ended_by).map(|beat| beat.begun).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beat(at: i64) -> Beat {
        Beat { due: Millis(at), begun: Millis(at), ended: Millis(at + 300) }
    }

    #[test]
    fn a_run_beats_at_its_beginning_and_after_each_interval() {
        let from = Millis(1_795_150_817_000);
        let after = |seconds: &[i64]| seconds.iter().map(|s| from.plus_seconds(*s)).collect::<Vec<_>>();
        // Whenever the last one was: a schedule that was deployed again has other seconds.
        for last in [None, Some(from.plus_seconds(-30)), Some(from.plus_seconds(-11)), Some(Millis(0))] {
            assert_eq!(plan(from, 30, last), after(&[0, 30]));
            assert_eq!(plan(from, 10, last), after(&[0, 10, 20, 30, 40, 50]));
            assert_eq!(plan(from, 60, last), after(&[0]));
        }
        assert_eq!(plan(from, 45, None), after(&[0, 45]));
        assert_eq!(plan(from, 45, Some(from.plus_seconds(-15))), after(&[30]));
        assert_eq!(plan(from, 540, None), after(&[0]));
        assert_eq!(plan(from, 540, Some(from.plus_seconds(-480))), after(&[]));
        assert_eq!(plan(from, 540, Some(from.plus_seconds(-481))), after(&[59]));
        assert_eq!(plan(from, 540, Some(from.plus_seconds(-600))), after(&[0]), "a run was left out");
    }

    #[test]
    fn pings_are_to_be_answered_once_the_last_of_them_is_old_enough() {
        let past = [beat(90_000), beat(60_000), beat(30_000), beat(0)];
        assert_eq!(to_be_answered(&past, 60_000, Millis(80_000)), Some(Millis(0)));
        assert_eq!(to_be_answered(&past, 60_000, Millis(90_300)), Some(Millis(30_000)));
        assert_eq!(to_be_answered(&past[3..], 60_000, Millis(54_000)), None);
        assert_eq!(to_be_answered(&[], 60_000, Millis(60_299)), None);
    }

    #[test]
    fn a_silent_client_is_found_two_intervals_after_its_ping_however_long_pings_take() {
        for took in [0, 1, 300, 2_000, 4_500] {
            for late in [-400, 0, 400] {
                let beat = |at: i64| Beat { due: Millis(at), begun: Millis(at), ended: Millis(at + took) };
                let past = [beat(60_000), beat(30_000)];
                assert_eq!(to_be_answered(&past, 60_000, Millis(90_000 + late)), Some(Millis(30_000)), "{took} {late}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_two_heartbeats_are_further_apart_than_the_interval(
            interval in 10_u32..=540,
            start in 0_i64..60,
            // The schedule's seconds may be one off.
            late in proptest::collection::vec(-1_i64..=1, 40),
        ) {
            let mut beats: Vec<Millis> = Vec::new();
            for (run, late) in late.into_iter().enumerate() {
                let from = Millis((start + 60 * i64::try_from(run).unwrap() + late) * 1000);
                beats.extend(plan(from, interval, beats.last().copied()));
            }
            for two in beats.windows(2) {
                let apart = two[1].0 - two[0].0;
                // Minutes of the schedule are as long as it makes them; an interval that goes on from run to run is exact.
                let most = i64::from(interval) * 1000 + 2_000;
                prop_assert!((1..=most).contains(&apart), "{apart} ms");
            }
        }
    }
}
