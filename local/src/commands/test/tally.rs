//! Adds up the results of test runners.

use std::fmt;

/// Passed and failed tests of all runners.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Counts the results in a line of a runner's output; most lines have none.
    pub(crate) fn count(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            // cargo: test result: ok. 12 passed; 0 failed; …
            ["test", "result:", _, passed, "passed;", failed, "failed;", ..] => {
                self.passed += number(passed);
                self.failed += number(failed);
            }
            // node: ℹ pass 12
            ["ℹ", "pass", passed] => self.passed += number(passed),
            ["ℹ", "fail" | "cancelled", failed] => self.failed += number(failed),
            _ => {}
        }
    }

    /// Counts a runner that prints no such line.
    pub(crate) fn add(&mut self, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or_default()
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "ℹ tests 9",
            "ℹ pass 7",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "✔ pass 5 (1 ms)",
        ] {
            tally.count(line);
        }
        assert_eq!(tally.to_string(), "22 passed, 3 failed");
    }
}
