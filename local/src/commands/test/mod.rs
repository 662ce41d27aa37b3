//! `cargo local test`: runs all tests.

pub(super) mod files;
mod schemathesis;
mod tally;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use self::tally::Tally;
use crate::commands::cli;
use crate::files::journal::{self, PUSHES};
use crate::files::workspace::Workspace;
use crate::install::functions;
use crate::install::tools::{Clients, Tools, cargo};
use crate::install::{self, prerequisites};
use crate::net::ports;
use crate::process::children::Processes;
use crate::services::fcm::StandIn;
use crate::services::webhooks::WebhookStandIn;
use crate::stack::plan::Plan;
use crate::state::State;
use crate::state::directory::StackDirectory;
use crate::state::issuer::Issuer;
use crate::state::settings::{LocalServer, PushTarget, Settings};

/// Interval of looking in the state file for a process that a test has replaced.
const STATE_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) async fn test(workspace: &Workspace, processes: &Processes, options: &cli::Test) -> Result<ExitCode> {
    let files = files::chosen(&workspace.e2e(), options)?;
    println!("{}", what_runs(options));
    let directory = StackDirectory::take(workspace.test_state(), "cargo local test")?;
    let python_version = prerequisites::check(options.pusher.into()).await?;
    let wanted = (&*python_version, Clients::OfTests, options.pusher.into());
    let tools = install::all(workspace, processes, &directory.logs, wanted).await?;

    let mut tally = Tally::default();
    let mut succeeded = true;
    // Everything, which the tests with sockudo only add to.
    let is_all = options.files.is_empty() && options.pusher == LocalServer::Gateway;
    if !options.e2e_only && !options.schemathesis_only && is_all {
        succeeded &= stream(processes, "cargo test", &mut unit_tests(workspace), &mut tally).await?;
    }
    let ports = ports::free()?;
    let listener = ports::claim_all(&ports, options.pusher == LocalServer::Sockudo)?;
    let (firebase, fcm) = StandIn::new().await?;
    let fcm = fcm.serve(firebase.clone(), journal::begin(&directory.logs, PUSHES)?);
    let (webhook_url, webhooks) = match options.pusher {
        LocalServer::Gateway => {
            let (address, stand_in) = WebhookStandIn::new()?;
            (Some(address.parse().map_err(anyhow::Error::msg)?), Some(stand_in))
        }
        LocalServer::Sockudo => (None, None),
    };
    let webhooks = async {
        match webhooks {
            Some(stand_in) => stand_in.serve().await,
            None => std::future::pending().await,
        }
    };
    let pushes = PushTarget::Tests(firebase);
    // Listeners that ask for none take no notice.
    let subscription_counts = options.pusher == LocalServer::Gateway;
    let channels = options.pusher.into();
    // tests/e2e/cookies.test.mjs
    let issuer = Issuer { cookie: Some("carillon-token".to_owned()), ..Issuer::default() };
    let settings = Settings { issuer, pushes, channels, webhook_url, subscription_counts, ..Settings::default() };
    let plan = Plan { workspace, processes, tools: &tools, directory: &directory, ports, settings };
    let stack = plan.start(listener).await?;
    let against_stack = async {
        let mut succeeded = true;
        if !options.schemathesis_only {
            // The contract is checked after the tests: it asks what they met.
            let contract = is_all.then(|| vec![workspace.e2e().join("contract.mjs")]);
            for files in std::iter::once(files).chain(contract) {
                let mut end_to_end = end_to_end(workspace, &tools, &directory.path, options, &files)?;
                succeeded &= stream(processes, "node", &mut end_to_end, &mut tally).await?;
            }
        }
        if options.schemathesis_only || (options.extra.is_empty() && is_all) {
            let state = State::read(&directory.path)?;
            let mut command = schemathesis::command(workspace, &tools, &directory, &state, &options.extra)?;
            succeeded &= conformity(processes, &mut command, options, &mut tally).await?;
        }
        anyhow::Ok(succeeded)
    };
    tokio::select! {
        outcome = against_stack => succeeded &= outcome?,
        error = stack.serve(false) => return Err(error),
        ended = webhooks => return Err(ended.err().unwrap_or_else(|| anyhow!("The receiver of webhooks has ended"))),
        ended = fcm => return Err(ended.err().unwrap_or_else(|| anyhow!("The stand-in for FCM has ended by itself"))),
        never = adopt_replaced(processes, &directory.path) => match never {},
    }
    adopt(processes, &directory.path);
    println!("\n{tally}");
    Ok(if succeeded && tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn what_runs(options: &cli::Test) -> String {
    let what = if !options.files.is_empty() {
        "These files' end-to-end tests, against a stack of their own on free ports."
    } else if options.schemathesis_only {
        "schemathesis, against a stack of its own on free ports."
    } else if options.pusher == LocalServer::Sockudo {
        let reasons = files::OF_SOCKUDO.map(|(file, reason)| format!("\n  {file:17} {reason}"));
        return format!(
            "The end-to-end tests of what a Pusher server can decide differently, against a stack with sockudo on free ports:{}",
            reasons.concat()
        );
    } else if options.e2e_only {
        "The end-to-end tests, against a stack of their own on free ports."
    } else {
        "The unit tests of the workspace, then the end-to-end tests against a stack of their own on free ports."
    };
    what.to_owned()
}

fn unit_tests(workspace: &Workspace) -> Command {
    let mut command = Command::new(cargo());
    command
        .args(["test", "--workspace", "--no-fail-fast", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &workspace.target);
    functions::without_this_package(&mut command);
    command
}

fn end_to_end(
    workspace: &Workspace,
    tools: &Tools,
    state: &Path,
    options: &cli::Test,
    files: &[PathBuf],
) -> Result<Command> {
    let mut command = Command::new("node");
    command
        // The default reporter depends on where the output goes.
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(&options.extra)
        .args(files)
        .current_dir(&workspace.root)
        .env("CARILLON_STACK", State::path(state))
        .env("CARILLON_PYTHON", &tools.python_with_pusher)
        // That of ministack, which brings boto3.
        .env("CARILLON_PYTHON_WITH_BOTO3", &tools.python)
        // This program, for tests that run `cargo local`. A second cargo would wait for this one's lock.
        .env("CARILLON_LOCAL", std::env::current_exe()?);
    Ok(command)
}

/// Runs schemathesis, which counts as one test.
async fn conformity(
    processes: &Processes,
    command: &mut Command,
    options: &cli::Test,
    tally: &mut Tally,
) -> Result<bool> {
    // More examples take longer.
    let timeout = if options.extra.is_empty() { schemathesis::TIMEOUT } else { Duration::MAX };
    let outcome = tokio::time::timeout(timeout, stream(processes, "schemathesis", command, tally)).await;
    let succeeded = outcome.map_err(|_| anyhow!("schemathesis took more than {} s", timeout.as_secs()))??;
    tally.add(succeeded);
    Ok(succeeded)
}

/// Runs tests, prints their output and counts the results in it.
async fn stream(processes: &Processes, name: &str, command: &mut Command, tally: &mut Tally) -> Result<bool> {
    let (mut process, mut output) = processes.start_piped(name, command)?;
    let mut screen = tokio::io::stdout();
    let (mut line, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let read = output.read(&mut chunk).await?;
        let said = chunk.get(..read).unwrap_or_default();
        screen.write_all(said).await?;
        screen.flush().await?;
        for &byte in said {
            if byte == b'\n' {
                tally.count(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
            }
        }
        if read == 0 {
            return Ok(process.wait().await?.success());
        }
    }
}

/// Tests may end sockudo and start another, which has to be stopped with the rest.
async fn adopt_replaced(processes: &Processes, state: &Path) -> std::convert::Infallible {
    loop {
        adopt(processes, state);
        tokio::time::sleep(STATE_INTERVAL).await;
    }
}

fn adopt(processes: &Processes, state: &Path) {
    if let Some(sockudo) = State::read(state).ok().and_then(|state| state.processes.sockudo) {
        processes.adopt(sockudo.pid);
    }
}
