//! The stack's Pusher server: kept running, unless somebody asks at the console to see what happens without it.

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use crate::process::children::{Processes, Service};
use crate::process::standing::{Standing, standing};
use crate::services::sockudo::{Launch, Sockudo};
use crate::state::directory::StackDirectory;
use crate::state::{RunningSockudo, State};

/// Requests to the keeper of the Pusher server.
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
    directory: &'a StackDirectory,
    port: u16,
    /// The one that this program started last, while it runs. Tests start others.
    own: Option<Service<'a>>,
    starts: u32,
}

impl<'a> Keeper<'a> {
    /// `port` is the server's own.
    pub(crate) fn new(
        processes: &'a Processes,
        directory: &'a StackDirectory,
        port: u16,
        sockudo: Sockudo<'a>,
    ) -> Self {
        Self { processes, directory, port, own: Some(sockudo.service), starts: 1 }
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
            // The requester may have left.
            let _ = done.send(self.carry_out(order).await);
        }
    }

    async fn carry_out(&mut self, order: Order) -> Result<()> {
        let state = State::read(&self.directory.path)?;
        let pid = running(&state)?.pid;
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
        let sockudo = running(&state)?;
        if standing(sockudo.pid) != Standing::Gone {
            bail!("The Pusher server is running");
        }
        self.starts += 1;
        let launch = Launch {
            name: &format!("sockudo-{}", self.starts),
            command: &sockudo.command,
            arguments: &sockudo.arguments,
            port: self.port,
        };
        let service = launch.start(self.processes, self.directory).await?;
        if let Some(sockudo) = &mut state.processes.sockudo {
            sockudo.pid = service.pid();
        }
        state.write(&self.directory.path)?;
        self.own = Some(service);
        Ok(())
    }
}

fn running(state: &State) -> Result<&RunningSockudo> {
    state.processes.sockudo.as_ref().context("This stack has no Pusher server")
}

async fn ended(own: Option<&mut Service<'_>>) -> anyhow::Error {
    match own {
        Some(service) => service.ended().await,
        // It was stopped on request.
        None => std::future::pending().await,
    }
}

fn signal(pid: i32, signal: Signal) -> Result<()> {
    kill(Pid::from_raw(pid), signal).context("The Pusher server is not running")
}
