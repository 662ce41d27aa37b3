//! `cargo local chaos`: the stack under load while its parts fail, and a count of what arrives.
//!
//! ```text
//! load ──> front door ──> functions ──> throttle ──> ministack (its stream late, repeated, out of order)
//!             ^  │         (killed)        (refuses)
//!             │  └── S3: forms, links ────────┘ (refuses, answers late)
//!             │               └──> API Gateway (late, refuses) ──> crowd (cut off)
//!             │  with --pusher sockudo, instead of API Gateway's posts:
//!             │               └──> recorder ──> sockudo (frozen, killed) ──> crowd
//!             └── webhooks, twice and in the wrong order └── webhooks
//! ```
//!
//! sockudo takes every event, so what it took was delivered. Without it, the clients are the recipients, and a client that was away missed what
//! was sent meanwhile: `duties` says who had to hear what.
//!
//! Some messages of leases' chats have a file. `files` says at the end whether each can be read, or is gone with its message.

mod attendance;
mod aws;
mod books;
mod chat;
mod crowd;
mod duties;
mod event;
mod faults;
mod files;
mod judgement;
mod ledger;
mod load;
mod options;
mod picture;
mod plan;
mod report;
mod report_line;
mod throttle;
mod verdict;
mod webhooks;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::files::journal::{Reader, TRAFFIC};
use crate::files::workspace::Workspace;
use crate::install::tools::Clients;
use crate::install::{self, prerequisites};
use crate::net::ports::{self, Detours};
use crate::process::children::Processes;
use crate::process::function_processes;
use crate::process::step::Step;
use crate::services::ministack;
use crate::services::recorder::{Note, Recorder};
use crate::stack::plan::Plan;
use crate::state::State;
use crate::state::directory::StackDirectory;
use crate::state::pusher_app::HOST;
use crate::state::settings::{LocalServer, Settings};
use aws::{Inspector, Outstanding};
use books::Books;
use crowd::Crowd;
use duties::Duties;
use event::PusherEvent;
use faults::{Damage, Faults, Server};
use load::Load;
pub(crate) use options::Options;
use picture::{Picture, Trouble};
use report::Report;
use throttle::Throttle;
use verdict::{EXAMPLES, Verdict};
use webhooks::Webhooks;

/// How often the progress is shown.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
/// How often the table and the queue are asked whether something is owed.
const OWING_INTERVAL: Duration = Duration::from_secs(1);
/// How often in a row nothing must be owed. A late webhook may still cause something.
const QUIET_LOOKS: u32 = 4;
/// How often the books are compared with the table before something is called lost, and the pauses between.
const LOOKS: u32 = 3;
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long clients may take to be subscribed again after the last failure. One whose frame was lost asks again after 15 seconds.
const RETURN_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the clients' first requests may take: to leave the users' profiles, and to subscribe to two channels each.
const INTRODUCTION_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) async fn chaos(workspace: &Workspace, processes: &Processes, options: &Options) -> Result<ExitCode> {
    function_processes::ensure_visible()?;
    let directory = StackDirectory::take(workspace.chaos_state(), "cargo local chaos")?;
    let python_version = prerequisites::check(options.pusher.into()).await?;
    let wanted = (&*python_version, Clients::ToListen, options.pusher.into());
    let tools = install::all(workspace, processes, &directory.logs, wanted).await?;
    let seed = options.seed.unwrap_or_else(rand::random);
    println!("Seed {seed}; --seed {seed} draws the same load and the same failures again.");

    let has_server = options.pusher == LocalServer::Sockudo;
    let recorder = has_server.then(|| Recorder::bind(0)).transpose()?;
    let throttled = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut ports = ports::free()?;
    ports.detours =
        Detours { ministack: Some(throttled.local_addr()?.port()), sockudo: recorder.as_ref().map(Recorder::port) };
    let books = Books::default();
    let throttle = Throttle::new(stream(seed, Draws::Throttle));
    let (is_up, sees_up) = watch::channel(true);
    let ministack = ministack::endpoint(ports.ministack_port);
    let server = format!("http://{HOST}:{}", ports.sockudo_port);
    let note: Note = {
        let books = books.clone();
        Arc::new(move |messages| books.deliver(&messages))
    };
    let recorded = async {
        match recorder {
            Some(recorder) => recorder.serve(&server, note, sees_up).await,
            None => std::future::pending().await,
        }
    };
    let proxies = async { tokio::try_join!(throttle.clone().serve(throttled, &ministack), recorded) };
    let run = async {
        let settings = Settings { channels: options.pusher.into(), ..Settings::default() };
        let plan = Plan { workspace, processes, tools: &tools, directory: &directory, ports, settings };
        let stack = plan.start(ports::claim_all(&ports, has_server)?).await?;
        let (crowd, subscriptions) = Crowd::start(workspace, processes, &directory, options.pusher)?;
        let state = State::read(&directory.path)?;
        let front_door = format!("http://127.0.0.1:{}", ports.port);
        let (aws, inspector) = (crate::services::aws::Aws::of(&state), Inspector::of(&state));
        let load = Load::new(&state, &front_door, books.clone(), subscriptions)?;
        let server = State::read(&directory.path)?.processes.sockudo.map(|first| Server {
            processes,
            directory: &directory,
            first,
            port: ports.sockudo_port,
            is_up,
            replacement: None,
            starts: 0,
        });
        let faults = Faults {
            server,
            throttle: throttle.clone(),
            webhooks: Webhooks::of(&state, &front_door),
            webhooks_sent: JoinSet::new(),
            room_users: load.room_users(),
            books: books.clone(),
            random: stream(seed, Draws::Victims),
            damage: Damage::default(),
            trouble: None,
            throttled_since: None,
            aws,
            asked: serde_json::Map::new(),
            disturbed_since: None,
            files_since: None,
            ministack_pid: state.processes.ministack.pid,
        };
        let trial = Trial { options, seed, directory: &directory, aws: inspector, books: &books, load };
        tokio::select! {
            outcome = trial.run(faults) => outcome,
            error = stack.serve(false) => Err(error),
            outcome = crowd.listen(&books) => outcome.and_then(|()| bail!("The clients have ended by themselves")),
        }
    };
    tokio::select! {
        outcome = run => outcome,
        outcome = proxies => outcome.and_then(|_| bail!("The proxies have ended by themselves")),
    }
}

/// The uses of the seed. Each has a sequence of its own, so that one does not depend on how often another draws.
#[derive(Clone, Copy)]
enum Draws {
    Plan,
    Load,
    Victims,
    Throttle,
}

fn stream(seed: u64, draws: Draws) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(4).wrapping_add(draws as u64))
}

/// One run.
struct Trial<'a> {
    options: &'a Options,
    seed: u64,
    directory: &'a StackDirectory,
    aws: Inspector,
    books: &'a Books,
    load: Load,
}

impl Trial<'_> {
    async fn run(&self, mut faults: Faults<'_>) -> Result<ExitCode> {
        self.introduce().await?;
        self.books.begin();
        self.fail_under_load(&mut faults).await?;
        let load_end = self.books.now();
        let settled = self.settle().await?;
        if self.await_return().await {
            // Those who return to a room cause events.
            self.settle().await?;
        }
        self.conclude(&faults, load_end, settled).await
    }

    /// Makes the users known and lets them subscribe, before anything fails.
    async fn introduce(&self) -> Result<()> {
        let subscriptions = self.load.introduce().await?;
        let begun = Instant::now();
        while self.aws.profiles().await? < self.load.people() || self.books.attendance().count() < subscriptions {
            if begun.elapsed() > INTRODUCTION_TIMEOUT {
                bail!(
                    "{} of {} users had a profile after {} seconds, and {} of {subscriptions} subscriptions were confirmed",
                    self.aws.profiles().await?,
                    self.load.people(),
                    INTRODUCTION_TIMEOUT.as_secs(),
                    self.books.attendance().count(),
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    async fn fail_under_load(&self, faults: &mut Faults<'_>) -> Result<()> {
        let lasting = self.options.lasting();
        let plan = match self.options.calm {
            true => Vec::new(),
            false => plan::draw(&mut stream(self.seed, Draws::Plan), lasting, self.options.pusher),
        };
        let mut random = stream(self.seed, Draws::Load);
        let mut step = Step::begin("Load and failures");
        // One that no client has to hear is waiting until the end.
        let so_far = if self.clients_are_recipients() { "heard" } else { "delivered" };
        let progress = async {
            loop {
                let (accepted, waiting) = {
                    let ledger = self.books.ledger();
                    (ledger.accepted_so_far(), ledger.waiting())
                };
                let note = format!("{accepted} events accepted, {waiting} of them not {so_far} yet");
                step.advance(self.books.now().as_secs(), lasting.as_secs(), &note);
                tokio::time::sleep(PROGRESS_INTERVAL).await;
            }
        };
        tokio::select! {
            outcome = async {
                tokio::try_join!(self.load.run(&mut random, self.options.rate, lasting), faults.run(plan))
            } => drop(outcome?),
            never = progress => never,
        }
        step.finish();
        Ok(())
    }

    /// Waits until nothing is owed; returns how long that took, unless patience ran out.
    async fn settle(&self) -> Result<Option<Duration>> {
        let begun = Instant::now();
        let mut step = Step::begin("Waiting until nothing is owed");
        let (mut quiet_looks, mut quiet_since) = (0, None);
        while quiet_looks < QUIET_LOOKS && begun.elapsed() < self.options.patience() {
            let outstanding = self.aws.outstanding().await?;
            if outstanding.is_nothing() {
                quiet_looks += 1;
                quiet_since.get_or_insert(begun.elapsed());
            } else {
                (quiet_looks, quiet_since) = (0, None);
            }
            let Outstanding { rows, retries } = outstanding;
            let note = format!("{rows} rows owe, {retries} messages in the retry queue");
            step.advance(begun.elapsed().as_secs(), self.options.patience().as_secs(), &note);
            tokio::time::sleep(OWING_INTERVAL).await;
        }
        step.finish();
        Ok(quiet_since.filter(|_| quiet_looks == QUIET_LOOKS))
    }

    /// Waits until the clients are subscribed again, as far as the server does not refuse it; the verdict names those that are not. Returns
    /// whether one was not.
    async fn await_return(&self) -> bool {
        let begun = Instant::now();
        let mut has_waited = false;
        while self.clients_are_recipients()
            && !self.books.attendance().absent().is_empty()
            && begun.elapsed() < RETURN_TIMEOUT
        {
            has_waited = true;
            tokio::time::sleep(OWING_INTERVAL).await;
        }
        has_waited
    }

    fn clients_are_recipients(&self) -> bool {
        self.options.pusher == LocalServer::Gateway
    }

    /// Compares the books with the table. Webhooks and reconciliation may change a user in a room at any time, so what looks wrong is
    /// looked at again.
    async fn judge(&self, cuts: u64) -> Result<Verdict> {
        let dead_letters = self.aws.dead_letters().await?;
        for _ in 1..LOOKS {
            let verdict = self.look(&dead_letters, cuts).await?;
            if verdict.is_good() {
                return Ok(verdict);
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        self.look(&dead_letters, cuts).await
    }

    /// `cuts` is how many connections were ended on purpose.
    async fn look(&self, dead_letters: &[Vec<PusherEvent>], cuts: u64) -> Result<Verdict> {
        let remains = self.aws.remains(dead_letters).await?;
        let duties = match self.options.pusher {
            LocalServer::Sockudo => None,
            LocalServer::Gateway => {
                let lines = Reader::of(&self.directory.logs, TRAFFIC).read()?;
                Some(Duties::of(lines, &self.books.attendance()))
            }
        };
        let files = self.load.judge_files(&remains.files).await;
        let mut verdict = self.books.ledger().judge(&remains, duties.as_ref());
        verdict.examples.extend(files.examples.iter().take(EXAMPLES).cloned());
        verdict.files = files;
        if self.clients_are_recipients() {
            let attendance = self.books.attendance();
            verdict.absent = attendance.absent();
            verdict.is_calm = self.options.calm;
            verdict.unplanned_ends = attendance.ends().saturating_sub(cuts);
        }
        Ok(verdict)
    }

    async fn conclude(&self, faults: &Faults<'_>, load_end: Duration, settled: Option<Duration>) -> Result<ExitCode> {
        let verdict = self.judge(faults.damage.cuts).await?;
        let backlog = self.books.ledger().backlog(&verdict.unheard);
        let Damage { spells, kills, .. } = &faults.damage;
        let total = verdict.total();
        let picture = Picture {
            title: format!(
                "Accepted and not delivered: {} events at {} commands a second, {} lost (seed {})",
                total.accepted, self.options.rate, total.lost, self.seed
            ),
            backlog: &backlog,
            spells,
            kills,
            load_end,
            end: self.books.now(),
        };
        let path = self.directory.path.join("backlog.svg");
        fs::write(&path, picture.svg()).with_context(|| format!("{} cannot be written", path.display()))?;
        let report = Report {
            verdict: &verdict,
            commands: &self.load.commands(),
            failures: failures(faults),
            settled,
            seed: self.seed,
            picture: path.display().to_string(),
        };
        println!("\n{}", report.text());
        Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The failures, in words.
fn failures(faults: &Faults<'_>) -> String {
    let Damage { spells, kills, cuts, late_shards, repeated_shards, late_posts, refused_posts } = &faults.damage;
    let (refused_files, late_files) = faults.throttle.of_files();
    let spells_of = |trouble: Trouble| {
        let of_it: Vec<_> = spells.iter().filter(|spell| spell.trouble == trouble).collect();
        let lasting: Duration = of_it.iter().map(|spell| spell.to.saturating_sub(spell.from)).sum();
        format!("{} times ({:.1} s)", of_it.len(), lasting.as_secs_f32())
    };
    let of_channels = match faults.server {
        Some(_) => format!(
            "Pusher frozen {} and killed {}, {} webhooks sent twice and in the wrong order",
            spells_of(Trouble::Frozen),
            spells_of(Trouble::Gone),
            faults.webhooks.taken()
        ),
        None => format!(
            "posts to WebSockets late {} with {late_posts} posts and refused {} with {refused_posts} posts, {cuts} clients cut off",
            spells_of(Trouble::Held),
            spells_of(Trouble::Refused),
        ),
    };
    format!(
        "{of_channels}, AWS throttled {} with {} requests refused, the stream disturbed {} with shards late {late_shards} times and \
         repeated {repeated_shards} times, S3 failing {} with {refused_files} requests refused and {late_files} answered late, \
         {} processes of functions killed",
        spells_of(Trouble::Throttled),
        faults.throttle.refused(),
        spells_of(Trouble::Disturbed),
        spells_of(Trouble::FilesFailing),
        kills.len(),
    )
}
