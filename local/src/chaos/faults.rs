//! Makes things fail as planned, and heals them.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::books::Books;
use super::event::RoomUser;
use super::picture::{Spell, Trouble};
use super::plan::Action;
use super::throttle::Throttle;
use super::webhooks::Webhooks;
use crate::process::children::{Processes, Service};
use crate::process::function_processes;
use crate::services::aws::Aws;
use crate::services::sockudo::Launch;
use crate::state::RunningSockudo;
use crate::state::directory::StackDirectory;

/// The number of users in rooms with wrong webhooks at a time.
const ROOM_USERS_AT_ONCE: usize = 2;
/// How late a shard of the stream is at most, in milliseconds. A writer's lease lasts three seconds.
const SHARD_LATE_MS: u32 = 4_000;

/// The failures so far.
#[derive(Default)]
pub(super) struct Damage {
    pub(super) spells: Vec<Spell>,
    /// When a function's process was killed.
    pub(super) kills: Vec<Duration>,
    /// How often a shard of the stream was late, and how often it went back.
    pub(super) late_shards: u64,
    pub(super) repeated_shards: u64,
}

/// The parts that fail.
pub(super) struct Faults<'a> {
    pub(super) processes: &'a Processes,
    pub(super) directory: &'a StackDirectory,
    pub(super) ministack_pid: i32,
    /// As it was started first.
    pub(super) sockudo: RunningSockudo,
    pub(super) sockudo_port: u16,
    pub(super) throttle: Throttle,
    /// Tells the recorder whether the Pusher server is up.
    pub(super) is_up: watch::Sender<bool>,
    pub(super) webhooks: Webhooks,
    /// Webhooks that are being sent.
    pub(super) webhooks_sent: JoinSet<Result<()>>,
    /// The users in rooms that webhooks are about.
    pub(super) room_users: Vec<RoomUser>,
    pub(super) books: Books,
    pub(super) random: StdRng,
    pub(super) pusher: PusherState<'a>,
    pub(super) damage: Damage,
    /// When AWS began to be throttled, while it is.
    pub(super) throttled_since: Option<Duration>,
    /// Sets the faults of ministack.
    pub(super) aws: Aws,
    /// When the stream began to be disturbed, while it is.
    pub(super) disturbed_since: Option<Duration>,
}

/// The Pusher server's state, and since when.
#[derive(Default)]
pub(super) struct PusherState<'a> {
    trouble: Option<(Trouble, Duration)>,
    /// The server that was started last, unless it is the stack's own.
    replacement: Option<Service<'a>>,
    starts: u32,
}

impl Faults<'_> {
    /// Goes through the plan, and heals everything in the end.
    pub(super) async fn run(&mut self, plan: Vec<(Duration, Action)>) -> Result<()> {
        for (at, action) in plan {
            tokio::time::sleep(at.saturating_sub(self.books.now())).await;
            self.take(action).await?;
        }
        self.heal().await?;
        while let Some(sent) = self.webhooks_sent.join_next().await {
            sent??;
        }
        Ok(())
    }

    /// Starts or continues what does not run.
    async fn heal(&mut self) -> Result<()> {
        self.unthrottle();
        self.settle_stream().await?;
        match self.pusher.trouble {
            Some((Trouble::Frozen, _)) => self.thaw(),
            Some(_) => self.start_pusher().await?,
            None => {}
        }
        Ok(())
    }

    async fn take(&mut self, action: Action) -> Result<()> {
        match action {
            Action::FreezePusher => {
                signal(self.pusher_pid(), Signal::SIGSTOP);
                self.pusher.trouble = Some((Trouble::Frozen, self.books.now()));
            }
            Action::ThawPusher => self.thaw(),
            Action::KillPusher => {
                signal(self.pusher_pid(), Signal::SIGKILL);
                self.is_up.send_replace(false);
                self.pusher.trouble = Some((Trouble::Gone, self.books.now()));
            }
            Action::StartPusher => self.start_pusher().await?,
            Action::Throttle { services, share } => {
                self.throttle.begin(services, share);
                self.throttled_since = Some(self.books.now());
            }
            Action::Unthrottle => self.unthrottle(),
            Action::DisturbStream { late, repeats } => {
                let stream = json!({ "late": late, "lateMs": SHARD_LATE_MS, "repeats": repeats });
                let seed = self.random.random::<u32>();
                self.aws.set_faults(&json!({ "stream": stream, "seed": seed })).await?;
                self.disturbed_since = Some(self.books.now());
            }
            Action::SettleStream => self.settle_stream().await?,
            Action::KillFunction => {
                if let Some(victim) = function_processes::of(self.ministack_pid).choose(&mut self.random) {
                    signal(victim.pid, Signal::SIGKILL);
                    self.damage.kills.push(self.books.now());
                }
            }
            Action::Webhooks => self.send_wrong(),
        }
        Ok(())
    }

    fn pusher_pid(&self) -> i32 {
        self.pusher.replacement.as_ref().map_or(self.sockudo.pid, Service::pid)
    }

    fn thaw(&mut self) {
        signal(self.pusher_pid(), Signal::SIGCONT);
        self.end_trouble();
    }

    async fn start_pusher(&mut self) -> Result<()> {
        self.pusher.starts += 1;
        let launch = Launch {
            name: &format!("sockudo-{}", self.pusher.starts + 1),
            command: &self.sockudo.command,
            arguments: &self.sockudo.arguments,
            port: self.sockudo_port,
        };
        self.pusher.replacement = Some(launch.start(self.processes, self.directory).await?);
        self.is_up.send_replace(true);
        self.end_trouble();
        Ok(())
    }

    fn end_trouble(&mut self) {
        if let Some((trouble, from)) = self.pusher.trouble.take() {
            self.damage.spells.push(Spell { trouble, from, to: self.books.now() });
        }
    }

    fn unthrottle(&mut self) {
        self.throttle.end();
        if let Some(from) = self.throttled_since.take() {
            self.damage.spells.push(Spell { trouble: Trouble::Throttled, from, to: self.books.now() });
        }
    }

    async fn settle_stream(&mut self) -> Result<()> {
        let Some(from) = self.disturbed_since.take() else { return Ok(()) };
        let counts = self.aws.set_faults(&json!({})).await?;
        let count = |name: &str| counts.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
        (self.damage.late_shards, self.damage.repeated_shards) = (count("late"), count("repeats"));
        self.damage.spells.push(Spell { trouble: Trouble::Disturbed, from, to: self.books.now() });
        Ok(())
    }

    fn send_wrong(&mut self) {
        for room_user in self.room_users.choose_multiple(&mut self.random, ROOM_USERS_AT_ONCE) {
            // Tasks of their own, so that a slow response puts off no other step.
            self.webhooks_sent.spawn(self.webhooks.clone().send_wrong(room_user.clone()));
        }
    }
}

/// A process that has ended by itself needs no signal.
fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}
