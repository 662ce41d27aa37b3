//! `cargo local`: Carillon on one machine, from the deployed template and without Docker.
//!
//! It installs what is missing, builds the functions, starts ministack (AWS) and sockudo (Pusher's protocol), deploys
//! `template.yaml` and serves all of it on one address.

mod aws;
mod by_hand;
mod chaos;
mod cli;
mod console;
mod demo;
mod deploy;
mod fcm;
mod firebase;
mod front_door;
mod functions;
mod guard;
mod issuer;
mod journal;
mod listen;
mod logs;
mod mails;
mod ministack;
mod origin;
mod ports;
mod prerequisites;
mod private_file;
mod probe;
mod processes;
mod pusher_server;
mod pushes;
mod recorder;
mod relay;
mod reset;
mod run;
mod schemathesis;
mod secrets;
mod settings;
mod sockudo;
mod stack;
mod state;
mod status;
mod step;
mod tally;
mod test;
mod to_try;
mod token;
mod tools;
mod tunnel;
mod variables;
mod victims;
mod watchdog;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use cli::{Cli, Command};
use processes::Processes;
use workspace::Workspace;

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
        Some(Command::Token(options)) => token::print(&workspace, &options),
        Some(Command::Listen(options)) => listen::listen(&workspace, &options),
        Some(Command::Bruno(options)) => by_hand::bruno(&workspace, processes, &options).await,
        Some(Command::Page) => by_hand::page(&workspace, processes).await,
        Some(Command::Logs(options)) => logs::print(&workspace, &options).await,
        Some(Command::Mails(options)) => mails::print(&workspace, &options).await,
        Some(Command::Pushes(options)) => pushes::print(&workspace, &options).await,
        Some(Command::Status) => status::print(&workspace).await,
        Some(Command::Try) => to_try::print(&workspace),
        Some(Command::Reset) => reset::reset(&workspace).await,
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
