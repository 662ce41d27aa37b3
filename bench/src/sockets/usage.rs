//! How much processor time a process has used, as the kernel counts it.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// The unit of the times in `/proc/{pid}/stat`: a hundredth of a second on every Linux that Rust runs on (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// The time that a process and all of its threads have spent on a processor. `process` is its id, or `self`.
pub(super) fn processor_time(process: &str) -> Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let stat =
        std::fs::read_to_string(&path).with_context(|| format!("{path}: Linux only, or the process has ended"))?;
    parse(&stat).with_context(|| format!("{path} has another form"))
}

/// `utime` and `stime`, the fields 14 and 15. The second field is the program's name in parentheses, which may hold anything.
fn parse(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let ticks = |field: Option<&str>| field?.parse::<u32>().ok();
    Some(TICK * (ticks(fields.next())? + ticks(fields.next())?))
}

/// Lets this program have as many connections open as the system permits: each client is two of its files.
pub(super) fn allow_many_files() -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).context("the limit of open files cannot be raised")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a) b (c) R 1 7 7 0 -1 4194304 100 0 0 0 123 27 0 0 20 0 1 0 100 1000 10 18446744073709551615";
        assert_eq!(parse(stat), Some(Duration::from_millis(1500)));
        assert_eq!(parse("7 (a) R 1"), None);
        assert!(processor_time("self").is_ok());
    }
}
