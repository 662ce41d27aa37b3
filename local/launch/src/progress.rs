//! The progress of the build: a line that changes on a terminal, elsewhere a line now and then.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use crate::estimate::Estimate;

/// How often a line is printed where none can be overwritten.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// A build that takes less is not worth a word: each later command looks whether there is something to build.
const PATIENCE: Duration = Duration::from_secs(1);
const BAR: u32 = 20;
/// A terminal of 80 columns would break a longer line, and keep the parts.
const WIDTH: usize = 79;

pub(crate) struct Progress {
    title: &'static str,
    begun: Instant,
    /// Of a first build alone: nobody waits for a later one.
    estimate: Option<Estimate>,
    state: State,
    /// When something was printed last.
    printed: Option<Instant>,
    way: Way,
}

enum State {
    Begun,
    Waiting,
    Building { done: u32, total: u32, note: String },
}

#[derive(PartialEq)]
enum Way {
    Overwritten,
    Plain,
    #[cfg(test)]
    Hidden,
}

impl Progress {
    pub(crate) fn begin(title: &'static str, begun: Instant) -> Self {
        let way = if stderr().is_terminal() { Way::Overwritten } else { Way::Plain };
        Self { title, begun, estimate: None, state: State::Begun, printed: None, way }
    }

    /// Also says how long it still takes.
    pub(crate) fn with_estimate(self) -> Self {
        Self { estimate: Some(Estimate::default()), ..self }
    }

    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self {
            title: "Building",
            begun: Instant::now(),
            estimate: None,
            state: State::Begun,
            printed: None,
            way: Way::Hidden,
        }
    }

    /// Shows that `done` of `total` crates are built, and which are being built.
    pub(crate) fn advance(&mut self, done: u32, total: u32, note: &str) {
        self.state = State::Building { done, total, note: note.to_owned() };
        self.draw();
    }

    /// Shows that another cargo has to end first.
    pub(crate) fn wait(&mut self) {
        self.state = State::Waiting;
        self.draw();
    }

    /// Shows the same again, with the time that has passed.
    pub(crate) fn draw(&mut self) {
        match &self.state {
            State::Begun => {}
            State::Waiting => {
                let note = "waiting for another cargo in this target directory";
                self.show(&format!("{}  {note}", self.title), &format!(", {note}"));
            }
            State::Building { done, total, note } => {
                let (of, elapsed) = ((*done, *total), self.begun.elapsed());
                // A line has no room for both.
                let (left, note) = match &mut self.estimate {
                    Some(estimate) => (estimate.left(of, elapsed), ""),
                    None => (String::new(), note.as_str()),
                };
                let left = if left.is_empty() { left } else { format!(", {left}") };
                let line = bar(self.title, of, elapsed, &left, note);
                let plain = format!(", {} of {}{left}", of.0, of.1);
                self.show(&line, &plain);
            }
        }
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
                let _ = writeln!(stderr(), "{} ... {} s{plain}", self.title, self.begun.elapsed().as_secs());
                self.printed = Some(Instant::now());
            }
            _ => {}
        }
    }

    /// Ends the line that changes; says how long it took, if anything was shown.
    pub(crate) fn end(&mut self) {
        self.clear();
        if self.printed.take().is_some() {
            self.say(&format!("{}: {:.1} s", self.title, self.begun.elapsed().as_secs_f32()));
        }
    }

    /// Prints a line of its own while the build goes on.
    pub(crate) fn say_between(&self, line: &str) {
        self.clear();
        self.say(line);
    }

    /// Removes the line that changes.
    pub(crate) fn clear(&self) {
        if self.way == Way::Overwritten && self.printed.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    /// Prints a line of its own.
    pub(crate) fn say(&self, line: &str) {
        let _ = writeln!(stderr(), "{line}");
    }
}

fn bar(title: &str, (done, total): (u32, u32), elapsed: Duration, left: &str, note: &str) -> String {
    let full = (BAR * done.min(total)).checked_div(total).unwrap_or(0);
    let (full, empty) = ("=".repeat(full as usize), " ".repeat((BAR - full) as usize));
    format!("{title}  [{full}>{empty}] {done}/{total}  {} s{left}  {note}", elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_never_fuller() {
        assert_eq!(
            bar("Building", (0, 0), Duration::ZERO, "", ""),
            format!("Building  [>{}] 0/0  0 s  ", " ".repeat(BAR as usize))
        );
        assert!(
            bar("Building", (190, 190), Duration::from_secs(61), ", nearly done", "local")
                .contains(&format!("[{}>] 190/190  61 s, nearly done  local", "=".repeat(BAR as usize)))
        );
        assert!(bar("Building", (9, 3), Duration::ZERO, "", "").contains("=>] 9/3"));
    }
}
