//! Builds everything that is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::plan;
use crate::programs::Programs;

/// The version that `cargo local` has.
const SOCKUDO: &str = "5.2.0";

/// The directory of the workspace.
pub(crate) fn workspace() -> Result<PathBuf> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().map(Path::to_owned).context("bench/ is in the workspace")
}

/// The target directory of all builds. It differs from that of the deployed functions, because one feature differs.
pub(crate) fn target() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(workspace()?.join("target"), PathBuf::from);
    Ok(target.join("bench"))
}

/// Builds these programs; those that are current take only a moment.
pub(crate) fn build(needed: &plan::NeededPrograms) -> Result<Programs> {
    let (workspace, target) = (workspace()?, target()?);
    std::fs::create_dir_all(&target)?;

    // Built alone, because a common build would unify the features of its crates with those of others.
    if needed.floor {
        step("the floor");
        run(cargo(&workspace, &target).args(["--package", "bench-floor"]))?;
    }
    if needed.floor_with_sdk {
        step("the floor with a request to the table");
        run(cargo(&workspace, &target).args(["--package", "bench-floor-sdk", "--features", "shared/extra-root"]))?;
    }
    if !needed.functions.is_empty() {
        step(&needed.functions.iter().copied().collect::<Vec<_>>().join(", "));
        let mut cargo = cargo(&workspace, &target);
        // The only difference from the deployed functions: with this feature, they also trust the stand-ins' certificates.
        cargo.args(["--features", "shared/extra-root"]);
        cargo.args(needed.functions.iter().flat_map(|package| ["--package", *package]));
        run(&mut cargo)?;
    }
    let peers = workspace.join("bench/peers");
    if needed.natural_rust {
        step("the Rust peer");
        run(cargo(&peers.join("rust"), &target.join("natural")).arg("--locked"))?;
    }
    if needed.node {
        step("the Node peers");
        let (sources, node) = (peers.join("node"), target.join("node"));
        run(Command::new("npm").current_dir(&sources).args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]))?;
        run(Command::new("node").current_dir(&sources).arg("build.mjs").arg(&node))?;
        std::fs::copy(sources.join("src/runtime.mjs"), node.join("runtime.mjs"))?;
    }
    if needed.sockudo {
        step("sockudo");
        run(cargo_install(&target.join("sockudo")).args(["sockudo", "--version", SOCKUDO, "--features", "local"]))?;
    }
    programs()
}

/// The paths of what [`build`] builds.
pub(crate) fn programs() -> Result<Programs> {
    let target = target()?;
    let (carillon, natural) = (target.join("release"), target.join("natural/release"));
    Ok(Programs {
        carillon,
        variant: None,
        natural,
        node: target.join("node"),
        sockudo: target.join("sockudo/bin/sockudo"),
    })
}

fn cargo(directory: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(directory).args(["build", "--release", "--quiet", "--target-dir"]).arg(target);
    cargo
}

/// A released program of crates.io, built as its authors do, but for features that are off. It does nothing where this version is there. sockudo's
/// build needs `protoc`, on `PATH` or named by `PROTOC`.
fn cargo_install(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--locked", "--quiet", "--no-default-features", "--root"]).arg(root);
    cargo.env("CARGO_TARGET_DIR", root.join("build")).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

fn step(what: &str) {
    eprintln!("building {what}");
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status =
        command.stdout(Stdio::null()).status().with_context(|| format!("{name} is needed and does not start"))?;
    ensure!(status.success(), "{name} failed; its own words are above");
    Ok(())
}

/// The size of a zip with only this file, in MB (10^6 bytes), deflated as `cargo lambda` does it.
pub(crate) fn zip_size(file: &Path) -> Result<f64> {
    use std::io::Write as _;
    /// Bytes of the local header, the central directory and the end record, for one entry with a short name.
    const FRAME: usize = 150;
    let bytes = std::fs::read(file).with_context(|| format!("{} is not there", file.display()))?;
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(&bytes)?;
    Ok((deflated.finish()?.len() + FRAME) as f64 / 1e6)
}
