//! Installs and builds: checks the prerequisites, installs tools, builds the functions.

pub(crate) mod functions;
pub(crate) mod prerequisites;
pub(crate) mod tools;

use std::path::Path;

use anyhow::Result;

use self::tools::{Clients, Tools};
use crate::files::workspace::Workspace;
use crate::process::children::Processes;
use crate::state::settings::PusherServer;

/// Installs the tools and builds the functions, at once: one waits for the network, the other for the processor. `wanted` begins with the
/// version of Python.
pub(crate) async fn all(
    workspace: &Workspace,
    processes: &Processes,
    logs: &Path,
    wanted: (&str, Clients, PusherServer),
) -> Result<Tools> {
    let (python_version, clients, pusher) = wanted;
    let installed = Tools::install(workspace, processes, python_version, (clients, pusher));
    let built = functions::build(workspace, processes, logs);
    if pusher == PusherServer::Sockudo {
        // Its build takes the processor and the memory for itself.
        let tools = installed.await?;
        built.await?;
        return Ok(tools);
    }
    Ok(tokio::try_join!(installed, built)?.0)
}
