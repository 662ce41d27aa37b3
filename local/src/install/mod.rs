//! Installs and builds: checks the prerequisites, installs tools, builds the functions.

pub(crate) mod functions;
pub(crate) mod prerequisites;
pub(crate) mod tools;

use std::path::Path;

use anyhow::{Result, anyhow};

use self::tools::{Clients, Tools};
use crate::files::workspace::Workspace;
use crate::process::children::Processes;
use crate::process::step;
use crate::state::settings::PusherServer;

/// Installs the tools alone, where the functions of a release are run.
pub(crate) async fn without_functions(
    workspace: &Workspace,
    processes: &Processes,
    (python_version, clients, pusher): (&str, Clients, PusherServer),
) -> Result<Tools> {
    Tools::install(workspace, processes, python_version, (clients, pusher)).await
}

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
    // A failure of one does not end the other, so that one run reports both. The functions may take minutes, so that of the tools is shown
    // at once, too.
    let installed = async {
        let outcome = installed.await;
        if let Err(error) = &outcome {
            step::show(&format!(
                "error: {error:#}\nThe functions are still being built, for the next start; Ctrl-C ends that."
            ));
        }
        outcome
    };
    let (installed, built) = tokio::join!(installed, built);
    both(installed, built)
}

/// The tools, or both errors.
fn both<T>(installed: Result<T>, built: Result<()>) -> Result<T> {
    match (installed, built) {
        (Err(of_tools), Err(of_build)) => Err(anyhow!("{of_tools:#}\nerror: {of_build:#}")),
        (Ok(_), Err(error)) => Err(error),
        (installed, Ok(())) => installed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_errors_are_reported() {
        let failed = |what: &str| anyhow!("{what} failed");
        let text = |outcome: Result<()>| outcome.map_err(|error| format!("{error:#}"));
        assert_eq!(text(both(Ok(()), Ok(()))), Ok(()));
        assert_eq!(text(both(Err(failed("npm")), Ok(()))), Err("npm failed".to_owned()));
        assert_eq!(text(both(Ok(()), Err(failed("cargo")))), Err("cargo failed".to_owned()));
        let both = text(both::<()>(Err(failed("npm")), Err(failed("cargo"))));
        assert_eq!(both, Err("npm failed\nerror: cargo failed".to_owned()));
    }
}
