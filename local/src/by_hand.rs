//! What there is to try by hand: the Bruno collection and a page. Both run programs of `tests/e2e`, so they install these first:
//! `npx` would offer a stranger's package where they are missing.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cli;
use crate::processes::Processes;
use crate::state::State;
use crate::token;
use crate::tools;
use crate::workspace::Workspace;

/// Another back end.
const SERVICE: &str = "billing";

/// `cargo local bruno`: replaces this process with Bruno's own, which sends the collection's requests to the running stack.
pub(crate) async fn bruno(workspace: &Workspace, processes: &Processes, options: &cli::Bruno) -> Result<ExitCode> {
    let state = State::read(&workspace.running())?;
    let mut variables = vec![
        ("baseUrl", state.url.clone()),
        ("pusherKey", state.pusher.key.clone()),
        ("pusherSecret", state.pusher.secret.clone()),
        ("serviceToken", token::with_roles(&state, SERVICE, &["service".to_owned()])?),
        ("guestToken", token::of_guest(&state, state.demo.guest(), token::HOURS)?),
        ("hotelSlug", state.demo.hotel_slug.clone()),
        ("bookingId", state.demo.booking_id.clone()),
    ];
    for (name, user, full_name) in [("adaToken", "ada", "Ada"), ("benToken", "ben", "Ben")] {
        variables.push((name, token::of_person(&state, user, full_name, None)?));
    }
    tools::install_e2e(workspace, processes).await?;
    let mut command = Command::new("node");
    command
        .arg(workspace.e2e().join("node_modules/@usebruno/cli/bin/bru.js"))
        .arg("run")
        .args(&options.requests)
        .args(["-r", "--env", "local"])
        .current_dir(workspace.root.join("docs/bruno"));
    for (name, value) in variables {
        command.arg("--env-var").arg(format!("{name}={value}"));
    }
    Err(command.exec()).context("Node.js cannot be started")
}

/// `cargo local page`: replaces this process with the one that serves the page.
pub(crate) async fn page(workspace: &Workspace, processes: &Processes) -> Result<ExitCode> {
    let directory = workspace.running();
    State::read(&directory)?;
    tools::install_e2e(workspace, processes).await?;
    let mut command = Command::new("node");
    command.arg(workspace.e2e().join("page/serve.mjs")).env("CARILLON_STACK", State::path(&directory));
    Err(command.exec()).context("Node.js cannot be started")
}
