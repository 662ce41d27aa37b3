//! Counts for the pictures, per second: events that arrived, their delays, and pending deliveries.

use std::collections::VecDeque;

use serde::Serialize;

/// How many seconds are kept.
const SECONDS: usize = 600;
/// Percentiles are of the arrivals of so many seconds, since one second alone has few.
const WINDOW: usize = 10;

/// One second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Second {
    /// Its end, in seconds since 1970.
    pub(super) at: u64,
    /// How many events arrived in it.
    pub(super) arrived: usize,
    /// Milliseconds from write to arrival, of the last ten seconds' events; absent where there were none.
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    /// Deliveries that are owed at its end.
    pub(super) owed: usize,
}

/// Counts.
#[derive(Default)]
pub(super) struct Meter {
    arrived: usize,
    waits: Vec<f64>,
    /// The waits of the seconds before, newest last.
    recent: VecDeque<Vec<f64>>,
    seconds: VecDeque<Second>,
}

impl Meter {
    /// An event arrived; `ms` where its write is known.
    pub(super) fn count(&mut self, ms: Option<f64>) {
        self.arrived += 1;
        self.waits.extend(ms);
    }

    /// Ends a second.
    pub(super) fn tick(&mut self, at: u64, owed: usize) -> Second {
        self.recent.push_back(std::mem::take(&mut self.waits));
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let mut waits: Vec<f64> = self.recent.iter().flatten().copied().collect();
        waits.sort_unstable_by(f64::total_cmp);
        let arrived = std::mem::take(&mut self.arrived);
        let second = Second { at, arrived, p50: percentile(&waits, 50), p99: percentile(&waits, 99), owed };
        self.seconds.push_back(second.clone());
        if self.seconds.len() > SECONDS {
            self.seconds.pop_front();
        }
        second
    }

    /// The seconds so far, oldest first.
    pub(super) fn seconds(&self) -> Vec<Second> {
        self.seconds.iter().cloned().collect()
    }
}

/// The nearest rank of sorted values.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_ranks() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (Some(100.0), Some(198.0)));
        assert_eq!((percentile(&[7.0], 50), percentile(&[7.0], 99)), (Some(7.0), Some(7.0)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_second_has_its_own_count_and_the_percentiles_of_ten() {
        let mut meter = Meter::default();
        meter.count(Some(5.0));
        meter.count(None);
        assert_eq!(meter.tick(1, 3), Second { at: 1, arrived: 2, p50: Some(5.0), p99: Some(5.0), owed: 3 });
        for at in 2..=10 {
            assert_eq!(meter.tick(at, 0).p50, Some(5.0), "second {at}");
        }
        assert_eq!(meter.tick(11, 0), Second { at: 11, arrived: 0, p50: None, p99: None, owed: 0 });
        for at in 12..2000 {
            meter.tick(at, 0);
        }
        assert_eq!(meter.seconds().len(), SECONDS);
    }
}
