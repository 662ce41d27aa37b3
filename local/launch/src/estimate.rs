//! How long a first build still takes, by how far it is.

use std::time::Duration;

/// How a first build's time is spread over cargo's units, measured on two cores: the share that is done, and the share of the time by then. The
/// SDK's clients and `shared` are few of the units, and most of the time.
const COURSE: [(f32, f32); 11] = [
    (0.0, 0.0),
    (0.12, 0.06),
    (0.25, 0.12),
    (0.43, 0.17),
    (0.55, 0.23),
    (0.65, 0.3),
    (0.8, 0.43),
    (0.83, 0.62),
    (0.92, 0.78),
    (0.96, 0.85),
    (1.0, 1.0),
];
/// Before this share of the time, the estimate would jump about.
const LEAST_SHARE: f32 = 0.05;
/// Estimates are rounded to so many seconds, and grow by no more at once.
const STEP_SECONDS: u64 = 10;

/// Estimates the end of the build, again after each unit.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    /// The share of the time, and the moment, at which the build began: units of an earlier build are there at once, after the downloads.
    base: Option<(f32, Duration)>,
    done: u32,
    /// When all will be built.
    end: Option<Duration>,
    shown: Option<u64>,
}

impl Estimate {
    /// Such as `about 90 s left`; empty while nothing can be said.
    pub(crate) fn left(&mut self, (done, total): (u32, u32), elapsed: Duration) -> String {
        let share = share_of_time(done, total);
        let (first, begun) = *self.base.get_or_insert((share, elapsed));
        if done != self.done {
            self.done = done;
            let (built, whole) = (share - first, 1.0 - first);
            let is_known = built >= LEAST_SHARE && whole > 0.0;
            self.end = is_known.then(|| begun + elapsed.saturating_sub(begun).div_f32(built / whole));
        }
        let left =
            self.end.map_or(0, |end| end.saturating_sub(elapsed).as_secs().div_ceil(STEP_SECONDS) * STEP_SECONDS);
        let left = self.shown.map_or(left, |shown| left.min(shown + STEP_SECONDS));
        if left == 0 {
            // Too early to say, or slower than it began.
            return String::new();
        }
        self.shown = Some(left);
        format!("about {left} s left")
    }
}

/// The share of the time in which so many units are built.
fn share_of_time(done: u32, total: u32) -> f32 {
    let share = if total == 0 { 0.0 } else { (f64::from(done) / f64::from(total)) as f32 };
    COURSE
        .array_windows()
        .find(|[_, (to, _)]| share <= *to)
        .map_or(1.0, |[(from, begun), (to, ended)]| begun + (ended - begun) * (share - from) / (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_share_of_the_time_grows_with_the_units() {
        let shares: Vec<_> = (0..=400).map(|done| share_of_time(done, 400)).collect();
        assert!(shares.is_sorted(), "{shares:?}");
        assert_eq!((shares[0], shares[400], share_of_time(9, 3), share_of_time(0, 0)), (0.0, 1.0, 1.0, 0.0));
        assert!(shares[320] < 0.45, "the few that are left are the large ones: {}", shares[320]);
    }

    #[test]
    fn the_estimate_shrinks_also_while_a_large_crate_is_compiled() {
        let mut estimate = Estimate::default();
        let mut left = |done, at| estimate.left((done, 400), seconds(at));
        assert_eq!([left(1, 0), left(10, 2)], ["", ""], "too early to say");
        assert_eq!(left(172, 34), "about 170 s left");
        assert_eq!(left(172, 70), "about 140 s left");
        assert_eq!(left(172, 250), "", "slower than it began");
        assert_eq!(left(173, 250), "about 150 s left", "it grows by ten seconds at most");
    }

    #[test]
    fn units_of_an_earlier_build_and_downloads_leave_the_estimate_as_it_is() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.left((320, 400), seconds(60)), "");
        // From 43 % of the time to 62 %, a third of the rest, in 20 seconds.
        assert_eq!(estimate.left((332, 400), seconds(80)), "about 40 s left");
    }
}
