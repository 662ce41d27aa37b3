//! Builds the functions.

use std::fs;
use std::path::Path;

use anyhow::Result;
use tokio::process::Command;

use crate::files::workspace::Workspace;
use crate::install::tools::{cargo, failed, with_progress};
use crate::process::children::Processes;
use crate::process::step::{Step, cargo_progress};

/// Builds all of them as one program (`local/functions`). The features are those of the whole workspace, so `cargo local test` builds no crate
/// again.
pub(crate) async fn build(workspace: &Workspace, processes: &Processes, logs: &Path) -> Result<()> {
    let mut command = Command::new(cargo());
    command
        .args(["build", "--workspace", "--bin", "carillon-functions", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &workspace.target);
    with_progress(&mut command);
    without_this_package(&mut command);
    let log = logs.join("build.log");
    fs::write(&log, "")?;
    let mut step = Step::begin("Building the functions");
    let outcome = step
        .run(processes, &mut command, &log, |step, line| {
            if let Some((done, total, note)) = cargo_progress(line) {
                step.advance(done, total, note);
            } else if line.starts_with("Blocking waiting") {
                step.advance(0, 0, "waiting for another cargo in this target directory");
            }
        })
        .await;
    if let Err(error) = outcome {
        for line in fs::read_to_string(&log)?.lines().filter(|line| !is_progress(line)) {
            eprintln!("{line}");
        }
        return Err(failed("Building the functions", &error, "correct what the compiler names above", &log));
    }
    step.finish();
    Ok(())
}

/// Removes the variables by which `cargo run` describes this package. A nested cargo would take them for a change and
/// build again.
pub(crate) fn without_this_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
}

fn is_progress(line: &str) -> bool {
    let line = line.trim_start();
    ["Compiling ", "Building [", "Finished ", "Blocking ", "Fresh "].iter().any(|start| line.starts_with(start))
}
