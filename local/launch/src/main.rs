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
    if program.exists() {
        let mut progress = Progress::begin("Building cargo local", Instant::now());
        Build::OfLocal.run(&local, &mut progress, |_| {})?;
    } else {
        first(&here, &local, &program, First::of(&arguments))?;
    }
    // It finds the repository by this.
    let error = Command::new(&program).args(arguments).env("CARGO_MANIFEST_DIR", &local).exec();
    Err(format!("{} cannot be run: {error}", program.display()))
}

/// Builds everything that the command needs, where nothing is built yet.
fn first(here: &Path, local: &Path, program: &Path, wanted: First) -> Result<(), String> {
    let First::Stack { for_tests } = wanted else {
        let mut progress = Progress::begin("Building cargo local", Instant::now());
        progress.say("The first command compiles `cargo local`, which takes a minute or two.");
        return Build::OfLocal.run(local, &mut progress, |_| {});
    };
    let mut progress = Progress::begin("Building Carillon", Instant::now()).with_estimate();
    progress.say(&first_words(here));
    let mut installation = None;
    let built = Build::OfAll.run(local, &mut progress, |progress| {
        if installation.is_none() && program.exists() {
            installation = Some(Installation::begin(program, local, for_tests));
        }
        if let Some(Ok(installation)) = &mut installation {
            installation.pass_on(progress);
        }
    });
    let installed = match installation {
        Some(begun) => begun.and_then(|installation| installation.end(&progress)),
        None => Ok(()),
    };
    built.and(installed)
}

/// The needs of a first command.
#[derive(Debug, PartialEq, Eq)]
enum First {
    /// The stack of this clone: the functions, and the tools.
    Stack { for_tests: bool },
    /// The program of the local stack alone: a command about a running stack, or one whose functions were built elsewhere.
    Program,
}

impl First {
    fn of(arguments: &[OsString]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
        let is_asked = |name: &str| arguments.iter().any(|argument| argument == name);
        if is_asked("--help")
            || is_asked("-h")
            || arguments.iter().any(|argument| argument.starts_with("--release-dir"))
        {
            return Self::Program;
        }
        match arguments.first().map(AsRef::as_ref) {
            Some("test") => Self::Stack { for_tests: true },
            Some("chaos") | None => Self::Stack { for_tests: false },
            Some(option) if option.starts_with('-') => Self::Stack { for_tests: false },
            Some(_) => Self::Program,
        }
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
        "The first start compiles everything: some three minutes on two cores, and {} GB in {}{free}.\n\
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
        let first = |arguments: &[&str]| First::of(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        for of_stack in [&[][..], &["--port", "3001"], &["--pusher=sockudo"], &["chaos", "--seed", "1"]] {
            assert_eq!(first(of_stack), First::Stack { for_tests: false }, "{of_stack:?}");
        }
        assert_eq!(first(&["test", "kudos"]), First::Stack { for_tests: true });
        for of_program in
            [&["--help"][..], &["test", "--help"], &["token", "ben"], &["--release-dir=/tmp/release"], &["smoke"]]
        {
            assert_eq!(first(of_program), First::Program, "{of_program:?}");
        }
    }
}
