//! [schemathesis](https://pypi.org/project/schemathesis/) against the running stack: it sends what `docs/openapi.yaml` allows
//! and what it forbids, and every response must be one that the document describes. Which checks, and how many requests, is in
//! `tests/schemathesis/schemathesis.toml`.

use std::time::Duration;

use anyhow::Result;
use tokio::process::Command;

use crate::files::workspace::Workspace;
use crate::install::tools::Tools;
use crate::state::State;
use crate::state::directory::StackDirectory;
use crate::state::guest::Guest;
use crate::state::token;

/// Most time for a run without further arguments.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20 * 60);

/// The user of most requests.
const MEMBER: &str = "schemathesis";
/// The guest whose token the guests' routes get: the address of most of them names another hotel.
const GUEST: Guest = Guest { hotel: "killarney", booking: "schemathesis", name: "Schemathesis", email: None };
/// Another back end, for what is for services only.
const SERVICE: &str = "billing";

/// The command, with tokens for the stack of this state.
pub(crate) fn command(
    workspace: &Workspace,
    tools: &Tools,
    directory: &StackDirectory,
    state: &State,
    extra: &[String],
) -> Result<Command> {
    let mut command = Command::new(&tools.schemathesis);
    command
        .arg("--no-color")
        .arg("--config-file")
        .arg(workspace.schemathesis().join("schemathesis.toml"))
        .arg("run")
        .arg(workspace.root.join("docs/openapi.yaml"))
        .args(["--url", &state.url])
        .args(extra)
        // It writes its own files where it is started.
        .current_dir(&directory.path)
        .env("SCHEMATHESIS_HOOKS", workspace.schemathesis().join("hooks.py"))
        // Not arguments, because arguments are visible to every user of the machine.
        .env("CARILLON_MEMBER", token::of_user(state, MEMBER)?)
        .env("CARILLON_GUEST", token::of_guest(state, GUEST, token::HOURS)?)
        .env("CARILLON_SERVICE", token::with_roles(state, SERVICE, &["service".to_owned()])?);
    Ok(command)
}
