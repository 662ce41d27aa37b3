//! Groups of processes.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Ends a process group. It is not an error if the group has ended already.
pub(crate) fn kill(group: i32) {
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}
