//! The stack's Pusher server: kept running, unless somebody asks at the console to see what happens without it.

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use crate::processes::{Processes, Service};
use crate::sockudo::{Launch, Sockudo};
use crate::stack::Place;
use crate::state::State;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// It hangs: connections stay open, nothing answers.
    Freeze,
    Thaw,
    /// It ends at once, as in a crash.
    Kill,
    Start,
}

/// An order, and who waits for it to be carried out.
pub(crate) struct Request {
    pub(crate) order: Order,
    pub(crate) done: oneshot::Sender<Result<()>>,
}

/// Where orders are sent.
pub(crate) type Orders = mpsc::Sender<Request>;

/// Carries an order out.
pub(crate) async fn order(orders: &Orders, order: Order) -> Result<()> {
    let (done, is_done) = oneshot::channel();
    orders.send(Request { order, done }).await.context("The stack is ending")?;
    is_done.await.context("The stack is ending")?
}

/// The running server.
pub(crate) struct Keeper<'a> {
    processes: &'a Processes,
    place: &'a Place,
    port: u16,
    /// The one that this program started last, while it runs. Tests start others.
    own: Option<Service<'a>>,
    starts: u32,
}

impl<'a> Keeper<'a> {
    /// `port` is the server's own.
    pub(crate) fn new(processes: &'a Processes, place: &'a Place, port: u16, sockudo: Sockudo<'a>) -> Self {
        Self { processes, place, port, own: Some(sockudo.service), starts: 1 }
    }

    /// Carries orders out until the server ends by itself; returns why it did. Where `may_end`, others end it and start it, too.
    pub(crate) async fn serve(mut self, mut orders: mpsc::Receiver<Request>, may_end: bool) -> anyhow::Error {
        loop {
            let request = tokio::select! {
                error = ended(self.own.as_mut()), if !may_end => return error,
                request = orders.recv() => request,
            };
            let Some(Request { order, done }) = request else {
                return anyhow!("Nobody can give orders to the Pusher server any more");
            };
            // Who asked may have left.
            let _ = done.send(self.carry_out(order).await);
        }
    }

    async fn carry_out(&mut self, order: Order) -> Result<()> {
        let state = State::read(&self.place.directory)?;
        let pid = state.processes.sockudo.pid;
        match order {
            Order::Freeze => signal(pid, Signal::SIGSTOP),
            Order::Thaw => signal(pid, Signal::SIGCONT),
            Order::Kill => {
                signal(pid, Signal::SIGKILL)?;
                self.own = None;
                Ok(())
            }
            Order::Start => self.start(state).await,
        }
    }

    async fn start(&mut self, mut state: State) -> Result<()> {
        if standing(state.processes.sockudo.pid) != Standing::Gone {
            bail!("The Pusher server is running");
        }
        self.starts += 1;
        let launch = Launch {
            name: &format!("sockudo-{}", self.starts),
            command: &state.processes.sockudo.command,
            arguments: &state.processes.sockudo.arguments,
            port: self.port,
        };
        let service = launch.start(self.processes, &self.place.directory, &self.place.logs).await?;
        state.processes.sockudo.pid = service.pid();
        state.write(&self.place.directory)?;
        self.own = Some(service);
        Ok(())
    }
}

async fn ended(own: Option<&mut Service<'_>>) -> anyhow::Error {
    match own {
        Some(service) => service.ended().await,
        // Somebody asked for that.
        None => std::future::pending().await,
    }
}

fn signal(pid: i32, signal: Signal) -> Result<()> {
    kill(Pid::from_raw(pid), signal).context("The Pusher server is not running")
}

/// How a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
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

    #[test]
    fn a_process_runs_or_stands_still_or_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert_eq!(standing(pid), Standing::Up);
        signal(pid, Signal::SIGSTOP).unwrap();
        while standing(pid) != Standing::Frozen {
            std::thread::yield_now();
        }
        signal(pid, Signal::SIGKILL).unwrap();
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
