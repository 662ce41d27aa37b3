//! The progress and the summary of an import.

use std::time::{Duration, Instant};

use super::place::FilePlace;

/// How often the progress is printed.
const EVERY: Duration = Duration::from_secs(2);
/// The ends of lines, in the order of the summary's columns.
const RESULTS: [&str; 4] = ["created", "unchanged", "skipped", "failed"];

pub(super) struct ImportTally {
    began: Instant,
    shown: Instant,
    /// Lines and bytes that an earlier run had sent.
    lines: u64,
    offset: u64,
}

impl ImportTally {
    pub(super) fn new(place: &FilePlace) -> Self {
        let now = Instant::now();
        Self { began: now, shown: now, lines: place.lines, offset: place.offset }
    }

    /// Prints the progress, every two seconds.
    pub(super) fn show(&mut self, place: &FilePlace) {
        if self.shown.elapsed() >= EVERY {
            self.shown = Instant::now();
            eprintln!(
                "{}",
                progress(place, place.lines - self.lines, place.offset - self.offset, self.began.elapsed())
            );
        }
    }

    /// Prints the summary: how many lines of each kind ended in each way.
    pub(super) fn finish(&self, place: &FilePlace) {
        let (lines, seconds) = (place.lines - self.lines, self.began.elapsed().as_secs_f64());
        println!("{lines} lines in {seconds:.0} s");
        println!("{}", summary(place));
    }
}

fn progress(place: &FilePlace, lines: u64, bytes: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64().max(0.001);
    let percent = place.offset * 100 / place.size.max(1);
    let left = (place.size - place.offset.min(place.size)) as f64 * seconds / bytes.max(1) as f64;
    let rate = lines as f64 / seconds;
    format!("{} lines ({percent}%), {rate:.0} lines/s, about {left:.0} s left, {} failed", place.lines, place.failed())
}

fn summary(place: &FilePlace) -> String {
    let mut text = format!("{:<14}{}", "kind", RESULTS.map(|result| format!("{result:>11}")).concat());
    for (kind, ends) in &place.kinds {
        let count = |result: &str| format!("{:>11}", ends.get(result).unwrap_or(&0));
        text += &format!("\n{kind:<14}{}", RESULTS.map(count).concat());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_tells_rate_and_remaining_time_and_the_summary_each_kind() {
        let mut place = FilePlace::new(1_000, String::new());
        (place.lines, place.offset) = (200, 250);
        place.kinds.insert("book".to_owned(), [("created".to_owned(), 199), ("failed".to_owned(), 1)].into());
        let shown = progress(&place, 200, 250, Duration::from_secs(10));
        assert_eq!(shown, "200 lines (25%), 20 lines/s, about 30 s left, 1 failed");
        let lines: Vec<_> = summary(&place).lines().map(str::to_owned).collect();
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["book", "199", "0", "0", "1"]);
    }
}
