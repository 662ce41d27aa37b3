//! The program of the alias `cargo local`: it builds the program of the local stack, and becomes it.
//!
//! `cargo run` would do that too, but it unites the features of one package alone. The build of the functions unites those of the whole
//! workspace, and would compile tokio, serde and all that stands on them once more. This build unites the same ones. It also shows what it
//! does, which `cargo run --quiet` does not.

use std::env;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

mod build;
mod disk;
mod progress;

fn main() -> ExitCode {
    match start() {
        Ok(never) => match never {},
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the program and becomes it; returns only with a sentence about what failed.
fn start() -> Result<std::convert::Infallible, String> {
    let here = env::current_exe().map_err(|error| format!("the path of this program is unknown: {error}"))?;
    let local = package()?;
    let program = here.with_file_name("carillon-local");
    let mut progress = progress::Progress::begin(Instant::now());
    let is_first = !program.exists();
    if is_first {
        progress.say(&first_words(&here));
    }
    build::build(&local, is_first, &mut progress)?;
    // It finds the repository by this.
    let error = Command::new(&program).args(env::args_os().skip(1)).env("CARGO_MANIFEST_DIR", &local).exec();
    Err(format!("{} cannot be run: {error}", program.display()))
}

/// The folder `local` of the clone: cargo says where this package is, also in a clone that was moved.
fn package() -> Result<PathBuf, String> {
    let start =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let local = start.parent().filter(|local| local.join("Cargo.toml").exists());
    local.map(Path::to_path_buf).ok_or_else(|| "run `cargo local` in the folder of your clone".to_owned())
}

/// The cost of a first start, and something to read meanwhile.
fn first_words(here: &Path) -> String {
    let target = here.parent().and_then(Path::parent).unwrap_or(here);
    let free = disk::free_gigabytes(target).map(|free| format!(" ({free} GB are free)")).unwrap_or_default();
    format!(
        "The first start compiles everything: some three minutes on two cores, and {} GB in {}{free}.\n\
         Meanwhile: README.md says what it is, docs/ARCHITECTURE.md how an event travels, docs/LOCAL.md what you can try.",
        disk::NEEDED_GIGABYTES,
        target.display()
    )
}
