//! Ends the children of a stack whose own process was killed.
//!
//! A small second process reads the process groups from a pipe. When the parent is killed, the pipe closes, and the
//! watchdog ends the groups. This works on every Unix, and also ends what the children started, which a parent-death
//! signal does not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};

use crate::process::group::kill;

/// The watchdog as its parent sees it.
pub(crate) struct Watchdog {
    child: Child,
    pipe: ChildStdin,
}

impl Watchdog {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("watchdog")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal reaches a whole group; this process must outlive it.
            .process_group(0)
            .spawn()
            .context("The watchdog cannot be started")?;
        let pipe = child.stdin.take().context("The watchdog has no input")?;
        Ok(Self { child, pipe })
    }

    pub(crate) fn add(&mut self, group: i32) {
        self.tell(&format!("+{group}"));
    }

    pub(crate) fn remove(&mut self, group: i32) {
        self.tell(&format!("-{group}"));
    }

    /// Tells the watchdog that all groups have been ended.
    pub(crate) fn dismiss(mut self) {
        self.tell("dismissed");
        drop(self.pipe);
        let _ = self.child.wait();
    }

    /// Errors are ignored: the stack works without its watchdog.
    fn tell(&mut self, line: &str) {
        let _ = writeln!(self.pipe, "{line}");
    }
}

/// The second process: waits for the end of its input, then ends the groups.
pub(crate) fn watch() {
    for group in left_behind(BufReader::new(std::io::stdin())) {
        kill(group);
    }
}

/// The groups that are still running at the end of the input.
fn left_behind(input: impl BufRead) -> BTreeSet<i32> {
    let mut groups = BTreeSet::new();
    for line in input.lines().map_while(std::io::Result::ok) {
        match (line.get(..1), line.get(1..).and_then(|group| group.parse().ok())) {
            (Some("+"), Some(group)) => {
                groups.insert(group);
            }
            (Some("-"), Some(group)) => {
                groups.remove(&group);
            }
            _ => return BTreeSet::new(),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_was_not_ended_is_left_behind() {
        assert_eq!(left_behind(&b"+10\n+11\n-10\n"[..]), BTreeSet::from([11]));
    }

    #[test]
    fn a_dismissal_leaves_no_group_behind() {
        assert!(left_behind(&b"+10\ndismissed\n"[..]).is_empty());
    }
}
