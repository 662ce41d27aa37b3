//! `cargo local install -- ARGUMENTS`, which a first start runs beside its build (`local/launch`). It checks the call, so that a mistake is
//! reported before everything is built, and installs the tools. sockudo is left to the call itself: its build takes the processor.

use std::iter;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser as _;
use tokio::sync::oneshot;

use crate::commands::cli::{Cli, Command, Install};
use crate::commands::run;
use crate::commands::test::files;
use crate::files::variables::Variables;
use crate::files::workspace::Workspace;
use crate::install::prerequisites;
use crate::install::tools::{Clients, Tools};
use crate::net::ports;
use crate::process::children::Processes;
use crate::state::settings::PusherServer;

/// The exit status for a refused call, as clap has it; the launcher then ends the build.
const WRONG_CALL: u8 = 2;

/// Ends with its input, whose other end the launcher holds.
pub(crate) async fn install(workspace: &Workspace, processes: &Processes, options: &Install) -> Result<ExitCode> {
    let call = match Cli::try_parse_from(iter::once("cargo local".into()).chain(options.call.iter().cloned())) {
        Ok(call) => call,
        Err(error) => {
            // To stderr, where the launcher reads it.
            eprint!("{error}");
            return Ok(ExitCode::from(WRONG_CALL));
        }
    };
    let (clients, pusher) = match checked(workspace, &call).await {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(WRONG_CALL));
        }
    };
    let python_version = prerequisites::check(pusher).await?;
    tokio::select! {
        installed = Tools::install(workspace, processes, &python_version, (clients, PusherServer::Gateway)) => {
            installed?;
            Ok(ExitCode::SUCCESS)
        }
        () = end_of_input() => bail!("`cargo local` has ended"),
    }
}

/// The clients and the Pusher server of the call, unless it is refused.
async fn checked(workspace: &Workspace, call: &Cli) -> Result<(Clients, PusherServer)> {
    Ok(match &call.command {
        Some(Command::Test(options)) => {
            files::chosen(&workspace.e2e(), options)?;
            (Clients::OfTests, options.pusher.into())
        }
        Some(Command::Chaos(options)) => (Clients::ToListen, options.pusher.into()),
        _ => {
            run::check(&call.run)?;
            ports::claim_all(&call.run.ports, call.run.pusher == PusherServer::Sockudo)?;
            // A pipe can be read once, and the call itself has to.
            let env_file = call.run.env_file.as_deref().filter(|file| file.is_file() || !file.exists());
            Variables::read(env_file).await?;
            (Clients::ToListen, call.run.pusher)
        }
    })
}

async fn end_of_input() {
    let (ends, ended) = oneshot::channel();
    // Not a task of the runtime, which would wait for it at the end.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ends.send(());
    });
    let _ = ended.await;
}
