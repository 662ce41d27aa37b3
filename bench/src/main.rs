//! `cargo bench-peers`: measures Carillon's functions against the floor (a bare function) and against peers that do the
//! same work.
//!
//! Each module uses only those below it in this list (`tests/functions/module_map.rs` holds that):
//!
//! ```text
//! sockets       WebSockets: a server, its clients, and the table of both
//! report        the tables, and their place in bench/RESULTS.md
//! targets       the targets, and whether a run reached them
//! cost          the price of a million operations
//! prices        prices, from tests/prices.toml
//! figures       the figures of each system for each piece of work
//! instructions  instructions under valgrind
//! measure       rounds of processes, and a sample of each
//! counted       requests and units, from tests/budgets.toml
//! setup         builds the programs
//! plan          what a run measures, the programs for it, and how long it takes
//! world         the processes that are measured: commands, environment, stand-ins
//! programs      the files of the built programs
//! work          the measured work: events, rows, responses
//! stand_in      DynamoDB, Pusher and Secrets Manager
//! event         events of API Gateway and DynamoDB
//! system        the measured systems
//! runtime_api   the Lambda Runtime API
//! http1         HTTP/1.1 over a socket
//! certificates  certificates for the stand-ins
//! statistics    medians and percentiles
//! ```
//!
//! - **The host** (`runtime_api`) is the Lambda Runtime API on loopback. Its own time is in every row, and so in the floor.
//! - **The floor** is a bare `lambda_runtime` that returns its event. For work that makes one request to the table, the floor makes
//!   the same request by `aws-sdk-dynamodb`, configured as in Carillon.
//! - **Node** does the same work with the official `pusher`, `jsonwebtoken` and AWS SDK v3, each function bundled and minified by
//!   esbuild. Where there is a choice, Node gets the advantage: a loop of thirty lines instead of AWS's runtime client, DynamoDB's
//!   plain commands instead of the document client, open connections, no checks of input, no log line. The run fails if the
//!   stand-ins count other requests than Carillon's.
//! - **Natural Rust** is a first version: every crate with its default features, cargo's own release profile.
//! - **DynamoDB and Pusher** are stand-ins on 127.0.0.1 that answer at once, over TLS 1.3 or plain. Programs that load the system's
//!   roots load all of those and the run's own certificate authority.
//! - Processes start in turns, A B C, then C B A. Ratios are taken within a round. Logs go to `/dev/null`.
//!
//! The measured binaries differ from deployed ones by one cargo feature, `shared/extra-root`, which trusts the certificate in the
//! file that `CARILLON_EXTRA_ROOT` names. They are built in a directory of their own (`target/bench`), so that they are not
//! deployed by mistake.
//!
//! Loopback leaves out distance. On AWS a request to DynamoDB takes milliseconds, the same for every system. The work around the
//! requests and their number can be compared. Lambda gives a starting function a full processor, and later a share in proportion
//! to its memory.

mod certificates;
mod cost;
mod counted;
mod event;
mod figures;
mod http1;
mod instructions;
mod measure;
mod plan;
mod prices;
mod programs;
mod report;
mod runtime_api;
mod setup;
mod sockets;
mod stand_in;
mod statistics;
mod system;
mod targets;
mod work;
mod world;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use figures::Row;
use measure::Measured;
use plan::Plan;
use programs::Programs;
use system::System;
use work::Work;
use world::World;

/// Measures Carillon's functions against the floor (a bare function) and against the same work in Node and in natural
/// Rust.
#[derive(Parser)]
struct Cli {
    /// Processes started of each system for each piece of work; 21, or 7 in a quick run.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only work whose name and transport hold this, such as `private`, `kudos plain`, `sockets`, `channels` or `memory`.
    #[arg(long)]
    only: Option<String>,
    /// Another directory of Carillon's binaries, measured beside these, without the peers.
    #[arg(long)]
    variant: Option<PathBuf>,
    /// Build and measure only one piece of work, with its floor and its peers: the first that `--only` names, or private-user. Takes
    /// ten minutes from nothing on two cores. Of sockets, a short run with few clients.
    #[arg(long)]
    quick: bool,
    /// Measure what was built last, as it is.
    #[arg(long)]
    built: bool,
    /// Put the tables into bench/RESULTS.md too.
    #[arg(long, conflicts_with = "quick")]
    write: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let plan = Plan::new(cli.only.as_deref(), cli.quick, cli.rounds, cli.variant.is_some())?;
    eprintln!("{}", plan.summary(cli.built));
    let built = if cli.built { setup::programs()? } else { setup::build(&plan.programs())? };
    let programs = Programs { variant: cli.variant.clone(), ..built };
    // A directory for this run only, so that two runs do not overwrite each other's certificates.
    let directory = setup::target()?.join(format!("run-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let certificates = certificates::Certificates::make(&directory)?;
    let stand_ins = stand_in::StandIns::start(&certificates.server)?;
    let world = World { programs, stand_ins, certificates, directory };

    let mut rows = Vec::new();
    for work in &plan.works {
        let systems = plan.systems(work);
        eprintln!("measuring {}", work.title());
        let measured = measure::measure(&world, work, &systems, plan.rounds)?;
        rows.extend(row(&world, work, &measured, &systems, plan.quick)?);
    }
    if plan.quick && !rows.is_empty() {
        println!("{}", report::quick(&rows, plan.rounds)?);
    } else if !rows.is_empty() {
        publish(&cli, report::Block::Functions, &report::tables(&rows, plan.rounds)?)?;
    }
    if plan.sockets {
        publish(&cli, report::Block::Sockets, &sockets::measure(&world, &plan)?)?;
    }
    if plan.channels {
        publish(&cli, report::Block::Channels, &sockets::channels::measure(&world, &plan)?)?;
    }
    if plan.memory {
        publish(&cli, report::Block::FanOut, &sockets::fan_out::measure(&world, plan.memory_rounds())?)?;
    }
    std::fs::remove_dir_all(&world.directory)?;
    Ok(())
}

/// Prints the tables, and puts them into the page where that is wanted.
fn publish(cli: &Cli, block: report::Block, tables: &str) -> Result<()> {
    println!("{tables}");
    if cli.write { report::write(block, tables) } else { Ok(()) }
}

fn row(world: &World, work: &Work, measured: &Measured, systems: &[System], quick: bool) -> Result<Vec<Row>> {
    let counts = !quick && instructions::can_be_counted();
    systems
        .iter()
        .map(|system| {
            // Node compiles while it runs, so its count under valgrind would mean nothing.
            let counted = counts && *system != System::Node;
            let instructions = if counted { Some(instructions::count(world, work, *system)?) } else { None };
            let zip = setup::zip_size(&world.programs.file(*system, work))?;
            Ok(Row::new(work, *system, measured, zip, instructions))
        })
        .collect()
}
