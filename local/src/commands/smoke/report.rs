//! One line per check, and the counts.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

/// A check that failed, for the person who has to mend it.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) expected: String,
    /// Without secrets.
    pub(super) got: String,
    /// The section of the documents that helps, see [`super::sections`].
    pub(super) see: &'static str,
}

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

/// Writes what the checks find.
pub(super) struct SmokeReport<'a> {
    out: &'a mut dyn Write,
    json: bool,
    pub(super) counts: Counts,
    begun: Instant,
}

impl<'a> SmokeReport<'a> {
    pub(super) fn new(out: &'a mut dyn Write, json: bool) -> Self {
        Self { out, json, counts: Counts::default(), begun: Instant::now() }
    }

    pub(super) fn heading(&mut self, text: &str) {
        if !self.json {
            self.line(text);
        }
    }

    /// Runs a check; returns what it found, unless it failed.
    pub(super) async fn check<T>(&mut self, name: &str, work: impl Future<Output = Result<T, Mismatch>>) -> Option<T> {
        let begun = Instant::now();
        let found = work.await;
        let took = begun.elapsed();
        match found {
            Ok(found) => {
                self.counts.passed += 1;
                self.told(name, "ok", took, None);
                Some(found)
            }
            Err(failure) => {
                self.counts.failed += 1;
                self.told(name, "failed", took, Some(&failure));
                None
            }
        }
    }

    /// Notes that a check could not be made.
    pub(super) fn skip(&mut self, name: &str, reason: &str) {
        self.counts.skipped += 1;
        let line = if self.json {
            json!({ "check": name, "outcome": "skipped", "reason": reason }).to_string()
        } else {
            format!("skipped            {name}: {reason}")
        };
        self.line(&line);
    }

    /// Writes the counts.
    pub(super) fn finish(self) -> Counts {
        let Self { counts: Counts { passed, failed, skipped }, .. } = self;
        let took = self.begun.elapsed();
        let line = if self.json {
            json!({ "passed": passed, "failed": failed, "skipped": skipped, "ms": milliseconds(took) }).to_string()
        } else {
            format!("{passed} passed, {failed} failed, {skipped} skipped in {:.1} s", took.as_secs_f64())
        };
        let counts = self.counts;
        write_line(self.out, &line);
        counts
    }

    fn told(&mut self, name: &str, outcome: &str, took: Duration, failure: Option<&Mismatch>) {
        let ms = milliseconds(took);
        let line = match (self.json, failure) {
            (true, None) => json!({ "check": name, "outcome": outcome, "ms": ms }).to_string(),
            (true, Some(Mismatch { expected, got, see })) => {
                json!({ "check": name, "outcome": outcome, "ms": ms, "expected": expected, "got": got, "see": see })
                    .to_string()
            }
            (false, None) => format!("ok      {ms:>6} ms  {name}"),
            (false, Some(Mismatch { expected, got, see })) => {
                format!("FAILED  {ms:>6} ms  {name}\n  expected  {expected}\n  got       {got}\n  see       {see}")
            }
        };
        self.line(&line);
    }

    fn line(&mut self, text: &str) {
        write_line(self.out, text);
    }
}

/// The reader of the lines may stop reading, as `head` does; the exit code tells the outcome anyway.
fn write_line(out: &mut dyn Write, text: &str) {
    let _ = writeln!(out, "{text}");
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    async fn report(json: bool) -> (String, Counts) {
        let mut out = Vec::new();
        let mut report = SmokeReport::new(&mut out, json);
        report.heading("Checks");
        assert_eq!(report.check("one", async { Ok(1) }).await, Some(1));
        let failure = Mismatch { expected: "200".to_owned(), got: "500".to_owned(), see: "docs/A.md" };
        assert_eq!(report.check("two", async { Err::<(), _>(failure) }).await, None);
        report.skip("three", "no token");
        let counts = report.finish();
        (String::from_utf8(out).unwrap(), counts)
    }

    #[tokio::test]
    async fn a_person_reads_a_line_per_check_and_what_to_do_about_a_failure() {
        let (text, counts) = report(false).await;
        assert_eq!(counts, Counts { passed: 1, failed: 1, skipped: 1 });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "Checks");
        assert!(lines[1].starts_with("ok      ") && lines[1].ends_with(" ms  one"), "{text}");
        assert!(lines[2].starts_with("FAILED  ") && lines[2].ends_with(" ms  two"), "{text}");
        assert_eq!(lines[3..6], ["  expected  200", "  got       500", "  see       docs/A.md"]);
        assert_eq!(lines[6], "skipped            three: no token");
        assert!(lines[7].starts_with("1 passed, 1 failed, 1 skipped in "), "{text}");
        assert_eq!(lines.len(), 8);
        // The names of checks begin in one column.
        assert_eq!(lines[1].find("one"), lines[6].find("three"));
    }

    #[tokio::test]
    async fn a_pipeline_reads_one_object_per_line() {
        let (text, _) = report(true).await;
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in lines.iter_mut().filter(|line| line["outcome"] != "skipped") {
            assert!(line.as_object_mut().and_then(|line| line.remove("ms")).is_some_and(|ms| ms.is_u64()), "{text}");
        }
        assert_eq!(
            lines,
            [
                json!({ "check": "one", "outcome": "ok" }),
                json!({ "check": "two", "outcome": "failed", "expected": "200", "got": "500", "see": "docs/A.md" }),
                json!({ "check": "three", "outcome": "skipped", "reason": "no token" }),
                json!({ "passed": 1, "failed": 1, "skipped": 1 }),
            ]
        );
    }
}
