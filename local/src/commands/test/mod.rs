//! `cargo local test`: runs all tests.

mod schemathesis;
mod tally;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use self::tally::Tally;
use crate::commands::cli;
use crate::files::journal::{self, PUSHES};
use crate::files::workspace::Workspace;
use crate::install::functions;
use crate::install::prerequisites;
use crate::install::tools::{Clients, Tools, cargo};
use crate::net::ports;
use crate::process::children::Processes;
use crate::services::fcm::StandIn;
use crate::stack::plan::Plan;
use crate::state::State;
use crate::state::directory::StackDirectory;
use crate::state::settings::{PushTarget, PusherServer, Settings};

/// How the names of files begin whose tests need [`PusherServer::Gateway`].
const OF_GATEWAY: &str = "pusher-gateway";
/// Interval of looking in the state file for a process that a test has replaced.
const STATE_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) async fn test(workspace: &Workspace, processes: &Processes, options: &cli::Test) -> Result<ExitCode> {
    let files = files(&workspace.e2e(), options)?;
    println!("{}", what_runs(options));
    let directory = StackDirectory::take(workspace.test_state(), "cargo local test")?;
    let python_version = prerequisites::check(options.pusher).await?;
    let tools = Tools::install(workspace, processes, &python_version, (Clients::OfTests, options.pusher)).await?;
    functions::build(workspace, processes, &directory.logs).await?;

    let mut tally = Tally::default();
    let mut succeeded = true;
    if !options.e2e_only && !options.schemathesis_only && options.files.is_empty() {
        succeeded &= stream(processes, "cargo test", &mut unit_tests(workspace), &mut tally).await?;
    }
    let ports = ports::free()?;
    let listener = ports::claim_all(&ports, options.pusher == PusherServer::Sockudo)?;
    let (firebase, fcm) = StandIn::new().await?;
    let fcm = fcm.serve(firebase.clone(), journal::begin(&directory.logs, PUSHES)?);
    let settings = Settings { pushes: PushTarget::Tests(firebase), pusher: options.pusher, ..Settings::default() };
    let plan = Plan { workspace, processes, tools: &tools, directory: &directory, ports, settings };
    let stack = plan.start(listener).await?;
    let against_stack = async {
        let mut succeeded = true;
        if !options.schemathesis_only {
            // The contract is checked after the tests: it asks what they met.
            let contract = options.files.is_empty().then(|| vec![workspace.e2e().join("contract.mjs")]);
            for files in std::iter::once(files).chain(contract) {
                let mut end_to_end = end_to_end(workspace, &tools, &directory.path, options, &files)?;
                succeeded &= stream(processes, "node", &mut end_to_end, &mut tally).await?;
            }
        }
        if options.schemathesis_only || (options.extra.is_empty() && options.files.is_empty()) {
            let state = State::read(&directory.path)?;
            let mut command = schemathesis::command(workspace, &tools, &directory, &state, &options.extra)?;
            succeeded &= conformity(processes, &mut command, options, &mut tally).await?;
        }
        anyhow::Ok(succeeded)
    };
    tokio::select! {
        outcome = against_stack => succeeded &= outcome?,
        error = stack.serve(false) => return Err(error),
        ended = fcm => return Err(ended.err().unwrap_or_else(|| anyhow!("The stand-in for FCM has ended by itself"))),
        never = adopt_replaced(processes, &directory.path) => match never {},
    }
    adopt(processes, &directory.path);
    println!("\n{tally}");
    Ok(if succeeded && tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn what_runs(options: &cli::Test) -> &'static str {
    if !options.files.is_empty() {
        "These files' end-to-end tests, against a stack of their own on free ports."
    } else if options.schemathesis_only {
        "schemathesis, against a stack of its own on free ports."
    } else if options.e2e_only {
        "The end-to-end tests, against a stack of their own on free ports."
    } else {
        "The unit tests of the workspace, then the end-to-end tests against a stack of their own on free ports."
    }
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
        // This program, for tests that run `cargo local`. A second cargo would wait for this one's lock.
        .env("CARILLON_LOCAL", std::env::current_exe()?);
    Ok(command)
}

/// The files whose tests are run: those that are named, or all that can pass with this server of Pusher's protocol.
fn files(directory: &Path, options: &cli::Test) -> Result<Vec<PathBuf>> {
    let all = test_files(directory)?;
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let runs_here = |path: &PathBuf| options.pusher == PusherServer::Gateway || !name(path).starts_with(OF_GATEWAY);
    if options.files.is_empty() {
        return Ok(all.into_iter().filter(runs_here).collect());
    }
    let mut named = Vec::new();
    for asked in &options.files {
        let asked = name(asked);
        let Some(path) = all.iter().find(|path| [asked.clone(), format!("{asked}.test.mjs")].contains(&name(path)))
        else {
            bail!("{} has no {asked} and no {asked}.test.mjs", directory.display());
        };
        if !runs_here(path) {
            bail!("{} needs --pusher gateway", name(path));
        }
        named.push(path.clone());
    }
    Ok(named)
}

fn test_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("There are no tests in {}", directory.display());
    }
    files.sort();
    Ok(files)
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::commands::cli::{Cli, Command};

    fn chosen(arguments: &[&str]) -> Result<Vec<String>, String> {
        let Some(Command::Test(options)) = Cli::parse_from([&["local", "test"], arguments].concat()).command else {
            panic!("not parsed as the test command");
        };
        let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/e2e"));
        let files = files(directory, &options).map_err(|error| error.to_string())?;
        Ok(files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn all_files_run_but_those_that_need_another_server_of_pushers_protocol() {
        let with_sockudo = chosen(&[]).unwrap();
        assert!(with_sockudo.len() > 30 && with_sockudo.contains(&"kudos.test.mjs".to_owned()), "{with_sockudo:?}");
        let with_gateway = chosen(&["--pusher", "gateway"]).unwrap();
        let more: Vec<_> = with_gateway.iter().filter(|name| !with_sockudo.contains(name)).collect();
        assert_eq!(more, ["pusher-gateway.test.mjs"]);
    }

    #[test]
    fn files_are_named_by_path_by_name_or_by_what_they_are_about() {
        let named = ["tests/e2e/kudos.test.mjs", "rooms.test.mjs", "sockets"];
        assert_eq!(chosen(&named), Ok(["kudos", "rooms", "sockets"].map(|name| format!("{name}.test.mjs")).into()));
        assert!(chosen(&["kudo"]).unwrap_err().contains("has no kudo and no kudo.test.mjs"));
        let refused = chosen(&["pusher-gateway"]).unwrap_err();
        assert_eq!(refused, "pusher-gateway.test.mjs needs --pusher gateway");
        assert_eq!(chosen(&["--pusher", "gateway", "pusher-gateway"]), Ok(vec!["pusher-gateway.test.mjs".to_owned()]));
    }
}
