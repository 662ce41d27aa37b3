//! Makes things fail as planned, and heals them.

use std::time::Duration;

use anyhow::Result;
use contract::socket_id::SocketId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::books::Books;
use super::event::RoomUser;
use super::picture::{Spell, Trouble};
use super::plan::Action;
use super::throttle::{FileFaults, Throttle};
use super::webhooks::Webhooks;
use crate::process::children::{Processes, Service};
use crate::process::function_processes;
use crate::services::aws::Aws;
use crate::services::sockudo::Launch;
use crate::stack::SOCKET_API_ID;
use crate::state::RunningSockudo;
use crate::state::directory::StackDirectory;

/// The number of users in rooms with wrong webhooks at a time.
const ROOM_USERS_AT_ONCE: usize = 2;
/// How late a shard of the stream is at most, in milliseconds. A writer's lease lasts three seconds.
const SHARD_LATE_MS: u32 = 4_000;
/// The stage of Pusher's protocol.
const PUSHER_STAGE: &str = "pusher";
/// How late a post to a WebSocket is. A function waits a second for it: a post that it has given up would arrive after later ones.
const POST_LATE_MS: u32 = 500;

/// The failures so far.
#[derive(Default)]
pub(super) struct Damage {
    pub(super) spells: Vec<Spell>,
    /// When a function's process was killed.
    pub(super) kills: Vec<Duration>,
    /// How many clients were cut off.
    pub(super) cuts: u64,
    /// How many posts to WebSockets were late, and how many were refused.
    pub(super) late_posts: u64,
    pub(super) refused_posts: u64,
    /// How often a shard of the stream was late, and how often it went back.
    pub(super) late_shards: u64,
    pub(super) repeated_shards: u64,
}

/// The parts that fail.
pub(super) struct Faults<'a> {
    pub(super) ministack_pid: i32,
    /// Absent without a Pusher server.
    pub(super) server: Option<Server<'a>>,
    pub(super) throttle: Throttle,
    pub(super) webhooks: Webhooks,
    /// Webhooks that are being sent.
    pub(super) webhooks_sent: JoinSet<Result<()>>,
    /// The users in rooms that webhooks are about.
    pub(super) room_users: Vec<RoomUser>,
    pub(super) books: Books,
    pub(super) random: StdRng,
    pub(super) damage: Damage,
    /// The trouble with channels, and since when.
    pub(super) trouble: Option<(Trouble, Duration)>,
    /// When AWS began to be throttled, while it is.
    pub(super) throttled_since: Option<Duration>,
    /// Sets the faults of ministack.
    pub(super) aws: Aws,
    /// Those that are set.
    pub(super) asked: Map<String, Value>,
    /// When the stream began to be disturbed, while it is.
    pub(super) disturbed_since: Option<Duration>,
    /// When S3 began to fail, while it does.
    pub(super) files_since: Option<Duration>,
}

/// The Pusher server.
pub(super) struct Server<'a> {
    pub(super) processes: &'a Processes,
    pub(super) directory: &'a StackDirectory,
    /// As it was started first.
    pub(super) first: RunningSockudo,
    pub(super) port: u16,
    /// Tells the recorder whether it is up.
    pub(super) is_up: watch::Sender<bool>,
    /// The one that was started last, unless it is the stack's own.
    pub(super) replacement: Option<Service<'a>>,
    pub(super) starts: u32,
}

impl Server<'_> {
    fn pid(&self) -> i32 {
        self.replacement.as_ref().map_or(self.first.pid, Service::pid)
    }

    fn kill(&self) {
        signal(self.pid(), Signal::SIGKILL);
        self.is_up.send_replace(false);
    }

    async fn start(&mut self) -> Result<()> {
        self.starts += 1;
        let launch = Launch {
            name: &format!("sockudo-{}", self.starts + 1),
            command: &self.first.command,
            arguments: &self.first.arguments,
            port: self.port,
        };
        self.replacement = Some(launch.start(self.processes, self.directory).await?);
        self.is_up.send_replace(true);
        Ok(())
    }
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
        self.settle_files();
        match self.trouble {
            Some((Trouble::Frozen, _)) => self.thaw(),
            Some((Trouble::Gone, _)) => self.start_pusher().await?,
            Some(_) => self.free_posts().await?,
            None => {}
        }
        Ok(())
    }

    async fn take(&mut self, action: Action) -> Result<()> {
        match action {
            Action::FreezePusher => {
                if let Some(server) = &self.server {
                    signal(server.pid(), Signal::SIGSTOP);
                    self.trouble = Some((Trouble::Frozen, self.books.now()));
                }
            }
            Action::ThawPusher => self.thaw(),
            Action::KillPusher => {
                if let Some(server) = &self.server {
                    server.kill();
                    self.trouble = Some((Trouble::Gone, self.books.now()));
                }
            }
            Action::StartPusher => self.start_pusher().await?,
            Action::HoldPosts => {
                self.ask("posts", Some(json!({ "heldMs": POST_LATE_MS }))).await?;
                self.trouble = Some((Trouble::Held, self.books.now()));
            }
            Action::RefusePosts { share } => {
                self.ask("posts", Some(json!({ "refused": share }))).await?;
                self.trouble = Some((Trouble::Refused, self.books.now()));
            }
            Action::FreePosts => self.free_posts().await?,
            Action::CutClient => self.cut_client().await?,
            Action::Throttle { services, share } => {
                self.throttle.begin(services, share);
                self.throttled_since = Some(self.books.now());
            }
            Action::Unthrottle => self.unthrottle(),
            Action::DisturbStream { late, repeats } => {
                let stream = json!({ "late": late, "lateMs": SHARD_LATE_MS, "repeats": repeats });
                self.asked.insert("seed".to_owned(), json!(self.random.random::<u32>()));
                self.ask("stream", Some(stream)).await?;
                self.disturbed_since = Some(self.books.now());
            }
            Action::SettleStream => self.settle_stream().await?,
            Action::DisturbFiles { refused, late } => {
                self.throttle.begin_files(FileFaults { refused, late });
                self.files_since = Some(self.books.now());
            }
            Action::SettleFiles => self.settle_files(),
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

    async fn cut_client(&mut self) -> Result<()> {
        let sockets = self.books.attendance().sockets();
        let chosen = sockets.choose(&mut self.random).and_then(|socket| SocketId::parse(socket).ok()?.connection());
        if let Some(connection) = chosen {
            self.damage.cuts +=
                u64::from(self.aws.end_connection(SOCKET_API_ID, PUSHER_STAGE, connection.as_str()).await?);
        }
        Ok(())
    }

    /// Sets a fault of ministack beside the others, or ends it. Keeps count of what happened.
    async fn ask(&mut self, fault: &str, value: Option<Value>) -> Result<()> {
        match value {
            Some(value) => drop(self.asked.insert(fault.to_owned(), value)),
            None => drop(self.asked.remove(fault)),
        }
        let counts = self.aws.set_faults(&Value::Object(self.asked.clone())).await?;
        let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
        (self.damage.late_shards, self.damage.repeated_shards) = (count("late"), count("repeats"));
        (self.damage.late_posts, self.damage.refused_posts) = (count("heldPosts"), count("refusedPosts"));
        Ok(())
    }

    fn thaw(&mut self) {
        if let Some(server) = &self.server {
            signal(server.pid(), Signal::SIGCONT);
        }
        self.end_trouble();
    }

    async fn start_pusher(&mut self) -> Result<()> {
        if let Some(server) = &mut self.server {
            server.start().await?;
        }
        self.end_trouble();
        Ok(())
    }

    async fn free_posts(&mut self) -> Result<()> {
        self.ask("posts", None).await?;
        self.end_trouble();
        Ok(())
    }

    fn end_trouble(&mut self) {
        if let Some((trouble, from)) = self.trouble.take() {
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
        self.ask("stream", None).await?;
        self.damage.spells.push(Spell { trouble: Trouble::Disturbed, from, to: self.books.now() });
        Ok(())
    }

    fn settle_files(&mut self) {
        self.throttle.end_files();
        if let Some(from) = self.files_since.take() {
            self.damage.spells.push(Spell { trouble: Trouble::FilesFailing, from, to: self.books.now() });
        }
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
