//! For trying by hand: the Bruno collection and a page. Both run programs of `tests/e2e`, so they install these first:
//! `npx` would offer a stranger's package where they are missing.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::commands::cli;
use crate::files::workspace::Workspace;
use crate::install::tools;
use crate::process::children::Processes;
use crate::state::State;
use crate::state::token;

/// Another back end.
const SERVICE: &str = "billing";

/// `cargo local bruno`: replaces this process with Bruno's own, which sends the collection's requests to the running stack.
pub(crate) async fn bruno(workspace: &Workspace, processes: &Processes, options: &cli::Bruno) -> Result<ExitCode> {
    let collection = workspace.root.join("docs/bruno");
    check(&collection, &options.requests)?;
    let state = State::of_running(&workspace.running())?;
    let mut variables = vec![
        ("baseUrl", state.url.clone()),
        ("pusherAppId", state.pusher.app_id.clone()),
        ("pusherKey", state.pusher.key.clone()),
        ("pusherSecret", state.pusher.secret.clone().unwrap_or_default()),
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
        .current_dir(collection);
    for (name, value) in variables {
        command.arg("--env-var").arg(format!("{name}={value}"));
    }
    Err(command.exec()).context("Node.js cannot be started")
}

/// Fails unless each of these is in the collection.
fn check(collection: &Path, requests: &[PathBuf]) -> Result<()> {
    let Some(missing) = requests.iter().find(|request| !collection.join(request).exists()) else {
        return Ok(());
    };
    let entries = fs::read_dir(collection).with_context(|| format!("{} cannot be read", collection.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".bru") || !name.contains('.')).collect();
    names.retain(|name| name != "environments");
    names.sort();
    bail!(
        "docs/bruno has no {}. It has {}, and files in these folders, such as parties/create.bru",
        missing.display(),
        names.join(", ")
    )
}

/// `cargo local page`: replaces this process with the one that serves the page.
pub(crate) async fn page(workspace: &Workspace, processes: &Processes) -> Result<ExitCode> {
    let directory = workspace.running();
    State::of_running(&directory)?;
    tools::install_e2e(workspace, processes).await?;
    let mut command = Command::new("node");
    command.arg(workspace.e2e().join("page/serve.mjs")).env("CARILLON_STACK", State::path(&directory));
    Err(command.exec()).context("Node.js cannot be started")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_an_unknown_request_lists_the_collection() {
        let collection = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bruno"));
        let checked = |names: &[&str]| check(collection, &names.iter().map(PathBuf::from).collect::<Vec<_>>());
        for good in [&[][..], &["parties"], &["kudos.bru", "parties/create.bru"]] {
            assert!(checked(good).is_ok(), "{good:?}");
        }
        let message = checked(&["parties", "nope"]).unwrap_err().to_string();
        assert!(
            message.contains("no nope") && message.contains("kudos.bru") && message.contains("parties"),
            "{message}"
        );
        assert!(!message.contains("README") && !message.contains("environments"), "{message}");
    }
}
