//! `cargo local`: starts the stack, prints its addresses, and keeps the stack running.

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};

use crate::commands::cli;
use crate::commands::to_try;
use crate::files::journal::{self, PUSHES};
use crate::files::release::Release;
use crate::files::variables::Variables;
use crate::files::workspace::Workspace;
use crate::install::tools::Clients;
use crate::install::{self, prerequisites};
use crate::net::ports;
use crate::process::children::Processes;
use crate::services::fcm::StandIn;
use crate::services::jwks;
use crate::stack::plan::Plan;
use crate::state::directory::StackDirectory;
use crate::state::firebase::Firebase;
use crate::state::issuer::Issuer;
use crate::state::settings::{self, Channels, PushTarget, PusherServer, Settings};

/// Refuses options that go not together.
pub(crate) fn check(options: &cli::Run) -> Result<()> {
    if options.pusher != PusherServer::Gateway && (options.webhook_url.is_some() || options.subscription_counts) {
        bail!("--webhook-url and --subscription-counts are of Carillon's own channels: leave out --pusher");
    }
    Ok(())
}

pub(crate) async fn run(workspace: &Workspace, processes: &Processes, options: &cli::Run) -> Result<ExitCode> {
    check(options)?;
    let release = options.release_dir.as_deref().map(Release::open).transpose()?;
    let directory = StackDirectory::take(workspace.state(), "cargo local")?;
    // First, because what follows takes minutes.
    let listener = ports::claim_all(&options.ports, options.pusher == PusherServer::Sockudo)?;
    let python_version = prerequisites::check(options.pusher).await?;
    let variables = Variables::read(options.env_file.as_deref()).await?;
    let issuer = Issuer::read(&variables)?;
    let channels = Channels::read(options.pusher, &variables)?;
    for warning in settings::warnings(&variables, &channels) {
        eprintln!("warning: {warning}");
    }
    // After all that may refuse the file: making the stand-in's RSA key takes a while.
    let (pushes, stand_in) = match Firebase::read(&variables) {
        Some(of_app) => (PushTarget::Google(of_app), None),
        None => {
            let (firebase, stand_in) = StandIn::new().await?;
            (PushTarget::Shown(firebase), Some(stand_in))
        }
    };
    let webhook_url = options.webhook_url.clone();
    let settings = Settings {
        origins: options.origins.clone(),
        issuer,
        pushes,
        channels,
        webhook_url,
        subscription_counts: options.subscription_counts,
        release,
    };
    let file = journal::begin(&directory.logs, PUSHES)?;
    let fcm =
        settings.pushes.firebase().cloned().zip(stand_in).map(|(firebase, stand_in)| stand_in.serve(firebase, file));
    let wanted = (&*python_version, Clients::ToListen, options.pusher);
    let tools = match settings.release {
        Some(_) => install::without_functions(workspace, processes, wanted).await?,
        None => install::all(workspace, processes, &directory.logs, wanted).await?,
    };
    let plan = Plan { workspace, processes, tools: &tools, directory: &directory, ports: options.ports, settings };
    let stack = plan.start(listener).await?;
    println!("{}", to_try::first_lines(&stack.state.url));
    if let Some(reason) = jwks::failure(&stack.state.issuer).await {
        eprintln!(
            "\nwarning: the keys at JWT_JWKS_URL cannot be read ({reason}). Until they can, each request with a token gets 500."
        );
    }
    tokio::select! {
        error = stack.serve(true) => Err(error),
        error = played(fcm) => Err(error),
    }
}

/// Plays FCM, where that is asked for; returns why it ended.
async fn played(fcm: Option<impl Future<Output = Result<()>>>) -> anyhow::Error {
    match fcm {
        Some(fcm) => fcm.await.err().unwrap_or_else(|| anyhow!("The stand-in for FCM has ended by itself")),
        None => std::future::pending().await,
    }
}
