//! A share of one processor, as Lambda gives it by memory: in each period a process runs for its share and then stands still until the
//! next one.
//!
//! It is done by signals and needs no privilege. This program reads the processor time of the process, stops it (SIGSTOP) when the time
//! of the period is used up, and lets it go on (SIGCONT) with the next period. An overrun is taken off the next period, so the share
//! is exact on average. Waiting for a response uses up nothing, as with the kernel's own quota (`cpu.max`), with which
//! a fan-out of 256, 512 and 1,024 MB took as long (820, 393 and 337 ms; by signals 817, 401 and 334).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// An assumption: AWS documents the share, and not in what slices a function gets it.
const PERIOD: Duration = Duration::from_millis(20);
/// The shortest pause between two looks at the clock of the process.
const LOOK: Duration = Duration::from_micros(100);

/// Limits its process until it is dropped.
pub(super) struct Share {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Share {
    /// Gives this process a share of one processor. With 1 or more it is not limited: Carillon's functions have one thread.
    pub(super) fn of(process: u32, share: f64) -> Result<Self> {
        let clock = Clock::of(process)?;
        let is_over = Arc::<AtomicBool>::default();
        let thread = (share < 1.0).then(|| {
            let is_over = is_over.clone();
            thread::spawn(move || limit(&clock, PERIOD.mul_f64(share), &is_over))
        });
        Ok(Self { is_over, thread })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // An error means that it has panicked; the process is killed after this anyway.
            let _ = thread.join();
        }
    }
}

/// The processor time of a process.
pub(super) struct Clock {
    process: Pid,
    clock: ClockId,
}

impl Clock {
    pub(super) fn of(process: u32) -> Result<Self> {
        let process = Pid::from_raw(i32::try_from(process)?);
        let clock = clock_getcpuclockid(process).context("the process has no clock")?;
        Ok(Self { process, clock })
    }

    /// The time that all threads of the process have spent on a processor.
    pub(super) fn read(&self) -> Result<Duration> {
        Ok(self.clock.now().context("the process has ended")?.into())
    }

    /// An error means that the process has ended.
    fn send(&self, signal: Signal) -> Result<()> {
        kill(self.process, signal).context("the process has ended")
    }
}

/// Limits the process to this much processor time per [`PERIOD`], until it is over or the process ends.
fn limit(clock: &Clock, quota: Duration, is_over: &AtomicBool) {
    let mut overrun = Duration::ZERO;
    while !is_over.load(Ordering::Relaxed) {
        match period(clock, quota, overrun) {
            Ok(further) => overrun = further,
            Err(_) => return,
        }
    }
}

/// One period; returns by how much the process has overrun its time. It runs when this returns.
fn period(clock: &Clock, quota: Duration, overrun: Duration) -> Result<Duration> {
    let (began, before) = (Instant::now(), clock.read()?);
    let allowed = quota.saturating_sub(overrun);
    loop {
        let used = clock.read()?.saturating_sub(before);
        let left = PERIOD.saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        if used >= allowed {
            clock.send(Signal::SIGSTOP)?;
            thread::sleep(left);
            // Read while it stands still.
            let used = clock.read().map(|now| now.saturating_sub(before));
            clock.send(Signal::SIGCONT)?;
            return Ok((overrun + used?).saturating_sub(quota));
        }
        // A single thread cannot use up the rest sooner than this.
        thread::sleep((allowed - used).min(left).max(LOOK));
    }
    let used = clock.read()?.saturating_sub(before);
    Ok((overrun + used).saturating_sub(quota))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;
    use crate::measure::Process;

    fn busy() -> Process {
        Process(std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
    }

    #[test]
    fn a_busy_process_gets_its_share_and_no_more() {
        let process = busy();
        let clock = Clock::of(process.0.id()).unwrap();
        let share = Share::of(process.0.id(), 0.2).unwrap();
        let (began, before) = (Instant::now(), clock.read().unwrap());
        let (mut used, mut time) = (Duration::ZERO, Duration::ZERO);
        // On a busy machine, it may get less for a while, and the thread that stops it may come late: it makes up for that in the next periods.
        let is_shared = |used: Duration, time: Duration| {
            (time.mul_f64(0.02)..=time.mul_f64(0.2) + PERIOD).contains(&used) && time > Duration::from_millis(600)
        };
        while !is_shared(used, time) && time < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(50));
            (used, time) = (clock.read().unwrap() - before, began.elapsed());
        }
        drop(share);
        assert!(is_shared(used, time), "{used:?} of {time:?}");
    }

    #[test]
    fn a_process_runs_on_without_a_limit_once_the_share_is_dropped() {
        let process = busy();
        let clock = Clock::of(process.0.id()).unwrap();
        drop(Share::of(process.0.id(), 0.05).unwrap());
        let before = clock.read().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while clock.read().unwrap() - before < PERIOD * 5 {
            assert!(Instant::now() < until, "it stands still");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn the_end_of_the_process_ends_its_limit() {
        let process = busy();
        let share = Share::of(process.0.id(), 0.05).unwrap();
        drop(process);
        drop(share);
    }
}
