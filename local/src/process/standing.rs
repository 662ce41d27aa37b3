//! Whether a process runs, stands still or is gone.

use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::Serialize;

/// How a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    Up,
    Frozen,
    Gone,
}

/// How the process of this id is. Where there is no `/proc`, one that is stopped looks like one that runs.
pub(crate) fn standing(pid: i32) -> Standing {
    if kill(Pid::from_raw(pid), None).is_err() {
        return Standing::Gone;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    match state_in(&stat) {
        Some('T') => Standing::Frozen,
        // It has ended, and nobody has waited for it.
        Some('Z' | 'X') => Standing::Gone,
        _ => Standing::Up,
    }
}

/// The letter after the program's name, which is in parentheses and may have some itself.
fn state_in(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::Signal;

    #[test]
    fn a_process_runs_or_stands_still_or_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert_eq!(standing(pid), Standing::Up);
        kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
        while standing(pid) != Standing::Frozen {
            std::thread::yield_now();
        }
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        while standing(pid) != Standing::Gone {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(standing(pid), Standing::Gone);
    }

    #[test]
    fn a_programs_name_may_have_parentheses() {
        assert_eq!(state_in("12 (a (b) c) T 1 12"), Some('T'));
        assert_eq!(state_in(""), None);
    }
}
