//! The program of the alias `cargo local`: it builds the program of the local stack, and becomes it.
//!
//! `cargo run` would do that too, but it unites the features of one package alone. The build of the functions unites those of the whole
//! workspace, and would compile tokio, serde and all that stands on them once more. This build unites the same ones. It also shows what it
//! does, which `cargo run --quiet` does not.
//!
//! A first start builds the functions with it, so that no core waits for the other: while the largest crate of the functions is compiled, the
//! program of the local stack is. As soon as that is there, it installs the tools beside the rest of the build.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

mod build;
mod disk;
mod estimate;
mod installation;
mod progress;

use build::Build;
use installation::Installation;
use progress::Progress;

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
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    if starts_a_stack(&arguments) && !here.with_file_name("carillon-functions").exists() {
        build_all(&here, &local, &program, &arguments)?;
    }
    // Also if the first start of another terminal has just removed the program.
    let mut progress = Progress::begin("Building cargo local", Instant::now());
    Build::OfLocal.run(&local, &mut progress, |_| Ok(()))?;
    // It finds the repository by this.
    let error = Command::new(&program).args(arguments).env("CARGO_MANIFEST_DIR", &local).exec();
    Err(format!("{} cannot be run: {error}", program.display()))
}

/// Builds the functions too, and installs the tools beside that.
fn build_all(here: &Path, local: &Path, program: &Path, arguments: &[OsString]) -> Result<(), String> {
    let mut progress = Progress::begin("Building Carillon", Instant::now()).with_estimate();
    progress.say(&first_words(here));
    // One of an earlier build may be an old one. Cargo puts one that is not old there again.
    let _ = fs::remove_file(program);
    let mut installation = None;
    Build::OfAll.run(local, &mut progress, |progress| {
        if installation.is_none() && program.exists() {
            installation = Installation::begin(program, local, arguments);
        }
        installation.as_mut().map_or(Ok(()), |installation| installation.look(progress))
    })?;
    installation.map_or(Ok(()), |installation| installation.end(&progress))
}

/// Whether the command starts a stack with the functions of this clone. The others are about a running stack, or the functions of a release.
fn starts_a_stack(arguments: &[OsString]) -> bool {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let is_asked = |option: &str| arguments.iter().any(|argument| argument == option);
    if is_asked("--help") || is_asked("-h") || arguments.iter().any(|argument| argument.starts_with("--release-dir")) {
        return false;
    }
    match arguments.first() {
        Some(command) => command.starts_with('-') || *command == "test" || *command == "chaos",
        None => true,
    }
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
        "The first start compiles the whole stack: some three minutes on two cores, and {} GB in {}{free}.\n\
         Meanwhile: README.md says what it is, docs/ARCHITECTURE.md how an event travels, docs/LOCAL.md what you can try.",
        disk::NEEDED_GIGABYTES,
        target.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_built_for_a_stack_of_this_clone_alone() {
        let starts = |arguments: &[&str]| starts_a_stack(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        for of_stack in
            [&[][..], &["--port", "3001"], &["--pusher=sockudo"], &["chaos", "--seed", "1"], &["test", "kudos"]]
        {
            assert!(starts(of_stack), "{of_stack:?}");
        }
        for of_program in
            [&["--help"][..], &["test", "--help"], &["token", "ben"], &["--release-dir=/tmp/release"], &["smoke"]]
        {
            assert!(!starts(of_program), "{of_program:?}");
        }
    }
}
