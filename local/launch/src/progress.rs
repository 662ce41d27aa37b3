//! The progress of the build: a line that changes on a terminal, elsewhere a line now and then.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

const TITLE: &str = "Building cargo local";
/// How often a line is printed where none can be overwritten.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// A build that takes less is not worth a word: each later command looks whether there is something to build.
const PATIENCE: Duration = Duration::from_secs(1);
/// The functions and their deployment take so many times as long as this program, on any machine.
const REST: u32 = 2;
const BAR: u32 = 30;
const WIDTH: usize = 100;

pub(crate) struct Progress {
    begun: Instant,
    /// When something was printed last.
    printed: Option<Instant>,
    way: Way,
}

#[derive(PartialEq)]
enum Way {
    Overwritten,
    Plain,
    #[cfg(test)]
    Hidden,
}

impl Progress {
    pub(crate) fn begin(begun: Instant) -> Self {
        let way = if stderr().is_terminal() { Way::Overwritten } else { Way::Plain };
        Self { begun, printed: None, way }
    }

    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self { begun: Instant::now(), printed: None, way: Way::Hidden }
    }

    /// Shows that `done` of `total` crates are built, and which are being built.
    pub(crate) fn advance(&mut self, done: u32, total: u32, note: &str) {
        self.show(&bar(done, total, self.begun.elapsed(), note), &format!(", {done} of {total}"));
    }

    /// Shows that another cargo has to end first.
    pub(crate) fn wait(&mut self) {
        let note = "waiting for another cargo in this target directory";
        self.show(&format!("{TITLE}  {note}"), &format!(", {note}"));
    }

    fn show(&mut self, line: &str, plain: &str) {
        if self.begun.elapsed() < PATIENCE {
            return;
        }
        match self.way {
            Way::Overwritten => {
                let line: String = line.chars().take(WIDTH).collect();
                // The terminal that is gone is nobody's.
                let _ = write!(stderr(), "\r\x1b[K{line}").and_then(|()| stderr().flush());
                self.printed = Some(Instant::now());
            }
            Way::Plain if self.printed.is_none_or(|printed| printed.elapsed() >= PLAIN_INTERVAL) => {
                let _ = writeln!(stderr(), "{TITLE} ... {} s{plain}", self.begun.elapsed().as_secs());
                self.printed = Some(Instant::now());
            }
            _ => {}
        }
    }

    /// Ends the line that changes; says how long it took, if anything was shown. On a first start, the time tells how fast the machine is.
    pub(crate) fn end(&mut self, is_first: bool) {
        if self.way == Way::Overwritten && self.printed.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        if self.printed.take().is_some() {
            let took = self.begun.elapsed();
            let rest =
                if is_first { format!("; the rest takes about {} s", (took * REST).as_secs()) } else { String::new() };
            self.say(&format!("{TITLE}: {:.1} s{rest}", took.as_secs_f32()));
        }
    }

    /// Prints a line of its own.
    pub(crate) fn say(&self, line: &str) {
        let _ = writeln!(stderr(), "{line}");
    }
}

fn bar(done: u32, total: u32, elapsed: Duration, note: &str) -> String {
    let full = (BAR * done.min(total)).checked_div(total).unwrap_or(0);
    let (full, empty) = ("=".repeat(full as usize), " ".repeat((BAR - full) as usize));
    format!("{TITLE}  [{full}>{empty}] {done}/{total}  {} s  {note}", elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_never_fuller() {
        assert_eq!(bar(0, 0, Duration::ZERO, ""), format!("{TITLE}  [>{}] 0/0  0 s  ", " ".repeat(30)));
        assert!(
            bar(190, 190, Duration::from_secs(61), "local")
                .contains(&format!("[{}>] 190/190  61 s  local", "=".repeat(30)))
        );
        assert!(bar(9, 3, Duration::ZERO, "").contains("=>] 9/3"));
    }
}
