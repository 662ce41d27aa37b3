//! `cargo local listen`: a real client of the running stack.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::commands::cli;
use crate::files::workspace::Workspace;
use crate::state::State;
use crate::state::token;

/// Replaces this process with the Node program that listens as the user.
pub(crate) fn listen(workspace: &Workspace, options: &cli::Listen) -> Result<ExitCode> {
    let state = State::of_running(&workspace.running())?;
    // The app's own token, where only the app's issuer can sign one.
    let token = match std::env::var("CARILLON_TOKEN") {
        Ok(of_app) if !of_app.is_empty() => of_app,
        _ => token::of_user(&state, &options.user_id)?,
    };
    let error = Command::new("node")
        .arg(workspace.listen().join("listen.mjs"))
        .arg(&options.user_id)
        .env("CARILLON_STACK", State::path(&workspace.running()))
        // Not an argument, because arguments are visible to every user of the machine.
        .env("CARILLON_TOKEN", token)
        .exec();
    Err(error).context("Node.js cannot be started; install it and try again")
}
