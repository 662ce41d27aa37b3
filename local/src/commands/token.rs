//! `cargo local token`: prints a token for the running stack.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::commands::cli;
use crate::files::workspace::Workspace;
use crate::state::State;
use crate::state::demo::GUEST_NAME;
use crate::state::guest::Guest;
use crate::state::token::{Bearer, of_guest, sign};

pub(crate) fn print(workspace: &Workspace, options: &cli::Token) -> Result<ExitCode> {
    let state = State::of_running(&workspace.running())?;
    if let (Some(hotel), Some(booking)) = (&options.hotel, &options.booking) {
        let name = options.name.as_deref().unwrap_or(GUEST_NAME);
        println!("{}", of_guest(&state, Guest { hotel, booking, name, email: None }, options.hours)?);
        return Ok(ExitCode::SUCCESS);
    }
    let user_id = options.user_id.as_deref().context("Say whose token: a user's id, or --hotel and --booking")?;
    let bearer = Bearer {
        user_id,
        name: options.name.as_deref().or(state.demo.name_of(user_id)),
        picture: options.avatar.as_deref(),
        roles: &options.roles,
        channels: &options.channels,
    };
    println!("{}", sign(&state, bearer, options.hours)?);
    Ok(ExitCode::SUCCESS)
}
