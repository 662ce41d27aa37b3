//! How long a first build still takes, by how far it is.

use std::time::Duration;

/// How a first build's time is spread over cargo's units, measured on two cores: the share that is done, and the share of the time by then. The
/// SDK's clients and `shared` are few of the units, and most of the time.
const COURSE: [(f32, f32); 9] = [
    (0.0, 0.0),
    (0.12, 0.05),
    (0.4, 0.15),
    (0.52, 0.2),
    (0.67, 0.3),
    (0.81, 0.42),
    (0.84, 0.56),
    (0.92, 0.75),
    (1.0, 1.0),
];
/// Before this share of the time, the estimate would jump about.
const LEAST_SHARE: f32 = 0.04;
/// Estimates are rounded to so many seconds.
const STEP_SECONDS: u64 = 10;

/// Estimates the end of the build, again after each unit.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    done: u32,
    whole: Option<Duration>,
}

impl Estimate {
    /// Such as `about 90 s left`; empty while nothing can be said.
    pub(crate) fn left(&mut self, (done, total): (u32, u32), elapsed: Duration) -> String {
        if done != self.done {
            self.done = done;
            let share = share_of_time(done, total);
            self.whole = (share >= LEAST_SHARE).then(|| elapsed.div_f32(share));
        }
        let Some(left) = self.whole.map(|whole| whole.saturating_sub(elapsed).as_secs()) else {
            return String::new();
        };
        match left.div_ceil(STEP_SECONDS) * STEP_SECONDS {
            0 => "nearly done".to_owned(),
            left => format!("about {left} s left"),
        }
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

    #[test]
    fn the_share_of_the_time_grows_with_the_units() {
        let shares: Vec<_> = (0..=400).map(|done| share_of_time(done, 400)).collect();
        assert!(shares.is_sorted(), "{shares:?}");
        assert_eq!((shares[0], shares[400], share_of_time(9, 3), share_of_time(0, 0)), (0.0, 1.0, 1.0, 0.0));
        assert!(shares[320] < 0.45, "the few that are left are the large ones: {}", shares[320]);
    }

    #[test]
    fn what_is_left_shrinks_also_while_a_large_crate_is_compiled() {
        let mut estimate = Estimate::default();
        let mut left = |done, seconds| estimate.left((done, 400), Duration::from_secs(seconds));
        assert_eq!(left(10, 2), "", "too early to say");
        assert_eq!(left(160, 30), "about 170 s left");
        assert_eq!(left(160, 70), "about 130 s left");
        assert_eq!(left(160, 250), "nearly done", "slower than it began");
        assert_eq!(left(400, 200), "nearly done");
    }
}
