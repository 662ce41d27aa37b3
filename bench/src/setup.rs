//! Everything that is measured, built from its sources.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::system::Programs;

/// Carillon's functions that do the work.
const CARILLON: &[&str] = &["pusher-auth", "kudos-create", "pusher-webhook", "delivery"];

/// The workspace's directory.
pub(crate) fn workspace() -> Result<PathBuf> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().map(Path::to_owned).context("bench/ is in the workspace")
}

/// Where everything is built: apart from what is deployed, since one feature differs.
pub(crate) fn target() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(workspace()?.join("target"), PathBuf::from);
    Ok(target.join("bench"))
}

/// Builds all of it; what is built already takes a moment.
pub(crate) fn build() -> Result<Programs> {
    let (workspace, target) = (workspace()?, target()?);
    std::fs::create_dir_all(&target)?;

    // Alone: built together with others, its crates would have their features too.
    step("the floor");
    run(cargo(&workspace, &target).args(["--package", "bench-floor"]))?;
    run(cargo(&workspace, &target).args(["--package", "bench-floor-sdk", "--features", "shared/extra-root"]))?;

    step("Carillon's functions");
    let mut cargo = cargo(&workspace, &target);
    // The one feature by which these differ from the deployed ones: they trust the stand-ins' certificates too.
    cargo.args(["--features", "shared/extra-root"]);
    cargo.args(CARILLON.iter().flat_map(|package| ["--package", *package]));
    run(&mut cargo)?;

    step("the Rust peer");
    let peers = workspace.join("bench/peers");
    run(self::cargo(&peers.join("rust"), &target.join("natural")).arg("--locked"))?;

    step("the Node peers");
    let (sources, node) = (peers.join("node"), target.join("node"));
    run(Command::new("npm").current_dir(&sources).args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]))?;
    run(Command::new("node").current_dir(&sources).arg("build.mjs").arg(&node))?;
    std::fs::copy(sources.join("src/runtime.mjs"), node.join("runtime.mjs"))?;

    programs()
}

/// What [`build`] builds, wherever it is.
pub(crate) fn programs() -> Result<Programs> {
    let target = target()?;
    let (carillon, natural) = (target.join("release"), target.join("natural/release"));
    Ok(Programs { carillon, variant: None, natural, node: target.join("node") })
}

fn cargo(directory: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(directory).args(["build", "--release", "--quiet", "--target-dir"]).arg(target);
    cargo
}

fn step(what: &str) {
    eprintln!("building {what}; the first time takes minutes");
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status =
        command.stdout(Stdio::null()).status().with_context(|| format!("{name} is needed and does not start"))?;
    ensure!(status.success(), "{name} failed; its own words are above");
    Ok(())
}

/// The size of a zip with this file alone, in MB (10^6 bytes): deflated as `cargo lambda` does it.
pub(crate) fn zip_size(file: &Path) -> Result<f64> {
    use std::io::Write as _;
    /// Local header, central directory and end of a zip with one entry and a short name.
    const FRAME: usize = 150;
    let bytes = std::fs::read(file).with_context(|| format!("{} is not there", file.display()))?;
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(&bytes)?;
    Ok((deflated.finish()?.len() + FRAME) as f64 / 1e6)
}
