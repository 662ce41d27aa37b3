//! `cargo local`: Carillon on one machine, from the deployed template and without Docker.
//!
//! It installs what is missing, builds the functions, starts ministack (AWS) and, if asked, sockudo (a server of Pusher's protocol),
//! deploys `template.yaml` and serves all of it on one address.
//!
//! Each module uses only those below it in this list (`tests/functions/module_map.rs` holds that):
//!
//! ```text
//! commands    one file per command, and the command line
//! chaos       `cargo local chaos`: load, failures, and a count of what arrived
//! stack       the whole stack: deployed, started in order, emptied
//! front_door  the one address of the API: CORS, limits, the example pages
//! console     the page that shows what happens, and its requests
//! services    ministack, sockudo, FCM: how they are started, what they were sent
//! install     prerequisites, tools, the build of the functions
//! state       stack.json and its parts: outputs, secrets, issuer, tokens, people
//! net         ports, origins, the guard, requests and WebSockets that are passed on
//! process     child processes and their watchdog, steps with a progress bar
//! files       directories, logs, private files, the --env-file
//! ```

mod chaos;
mod commands;
mod console;
mod files;
mod front_door;
mod install;
mod net;
mod process;
mod services;
mod stack;
mod state;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use commands::cli::{Cli, Command};
use commands::{by_hand, import, listen, logs, mails, pushes, reset, run, smoke, status, test, to_try, token};
use files::workspace::Workspace;
use process::children::Processes;
use process::watchdog;

// One thread is enough for a developer's traffic, and keeps the order of events easy to follow.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Watchdog) = cli.command {
        watchdog::watch();
        return ExitCode::SUCCESS;
    }
    let processes = Processes::default();
    let outcome = tokio::select! {
        outcome = execute(cli, &processes) => outcome,
        outcome = interrupted() => outcome,
    };
    processes.stop_all();
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn execute(cli: Cli, processes: &Processes) -> Result<ExitCode> {
    let workspace = Workspace::locate()?;
    match cli.command {
        None => run::run(&workspace, processes, &cli.run).await,
        Some(Command::Test(options)) => test::test(&workspace, processes, &options).await,
        Some(Command::Chaos(options)) => chaos::chaos(&workspace, processes, &options).await,
        Some(Command::Smoke(options)) => smoke::smoke(&workspace, &options).await,
        Some(Command::Import(options)) => import::import(&workspace, &options).await,
        Some(Command::Token(options)) => token::print(&workspace, &options),
        Some(Command::Listen(options)) => listen::listen(&workspace, &options).await,
        Some(Command::Bruno(options)) => by_hand::bruno(&workspace, processes, &options).await,
        Some(Command::Page) => by_hand::page(&workspace, processes).await,
        Some(Command::Logs(options)) => logs::print(&workspace, &options).await,
        Some(Command::Mails(options)) => mails::print(&workspace, &options).await,
        Some(Command::Pushes(options)) => pushes::print(&workspace, &options).await,
        Some(Command::Status) => status::print(&workspace).await,
        Some(Command::Try) => to_try::print(&workspace),
        Some(Command::Reset) => reset::reset(&workspace).await,
        Some(Command::Install(options)) => commands::install::install(&workspace, processes, &options).await,
        Some(Command::Watchdog) => Ok(ExitCode::SUCCESS),
    }
}

/// Returns at the first signal to stop; `main` then stops the children.
async fn interrupted() -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    eprintln!("\nStopping.");
    // The exit code that a shell reports after Ctrl-C.
    Ok(ExitCode::from(130))
}
