//! `cargo local reset`: an empty stack, without starting it again.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::files::workspace::Workspace;
use crate::state::State;

/// Deploying takes seconds.
const TIMEOUT: Duration = Duration::from_secs(180);
const INTERVAL: Duration = Duration::from_millis(100);

/// Asks the process that runs the stack to start over, and waits until it has.
pub(crate) async fn reset(workspace: &Workspace) -> Result<ExitCode> {
    let directory = workspace.running();
    let before = State::of_running(&directory)?;
    let pid = Pid::from_raw(before.processes.cargo_local.pid);
    kill(pid, Signal::SIGUSR1).context("The local stack cannot be told")?;
    let begun = Instant::now();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let now =
            State::read(&directory).context("The stack ended while it started over; its own terminal says why")?;
        if now.resets > before.resets {
            println!(
                "The stack is empty but for the demo's book and the staff of its hotel. Tokens, addresses and open connections are what they were."
            );
            return Ok(ExitCode::SUCCESS);
        }
        if begun.elapsed() > TIMEOUT {
            bail!("The stack did not start over within {} seconds; see its own terminal", TIMEOUT.as_secs());
        }
    }
}
