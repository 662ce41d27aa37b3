//! The directories of the repository and of the local stack.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The directories that the local stack reads and writes.
pub(crate) struct Workspace {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    /// The directory with the built programs, in the target directory.
    binaries: PathBuf,
    /// The directory of installed tools.
    pub(crate) tools: PathBuf,
}

impl Workspace {
    /// Finds them from the path of the running program, so that a moved target directory needs no setting.
    pub(crate) fn locate() -> Result<Self> {
        let executable = std::env::current_exe().context("The path of this program is unknown")?;
        let binaries = executable.parent().context("This program is in no directory")?.to_path_buf();
        let target = target_of(&binaries, |directory| directory.join("CACHEDIR.TAG").exists());
        let tools = std::env::var_os("CARILLON_TOOLS_DIR").map_or_else(|| target.join("tools"), PathBuf::from);
        let at_run_time = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = root_of(at_run_time.as_deref(), Path::new(env!("CARGO_MANIFEST_DIR")), is_this_package)?;
        Ok(Self { root, target, binaries, tools })
    }

    /// The program that is every function (`local/functions`).
    pub(crate) fn functions(&self) -> PathBuf {
        self.binaries.join("carillon-functions")
    }

    /// The end-to-end tests, which are an npm package.
    pub(crate) fn e2e(&self) -> PathBuf {
        self.root.join("tests/e2e")
    }

    /// The settings of schemathesis.
    pub(crate) fn schemathesis(&self) -> PathBuf {
        self.root.join("tests/schemathesis")
    }

    /// The client that `cargo local listen` runs.
    pub(crate) fn listen(&self) -> PathBuf {
        self.root.join("local/listen")
    }

    /// The files of the stack that `cargo local` runs.
    pub(crate) fn state(&self) -> PathBuf {
        self.target.join("local")
    }

    /// The files of the stack that commands are about: that of `cargo local`, or the one whose `stack.json` the variable
    /// `CARILLON_STACK` names.
    pub(crate) fn running(&self) -> PathBuf {
        let named = std::env::var_os("CARILLON_STACK").map(PathBuf::from);
        named.and_then(|file| file.parent().map(Path::to_path_buf)).unwrap_or_else(|| self.state())
    }

    /// The files of the stack that `cargo local test` runs, so that both can run at once.
    pub(crate) fn test_state(&self) -> PathBuf {
        self.target.join("local-test")
    }

    /// The files of the stack that `cargo local chaos` runs, and the picture that it leaves.
    pub(crate) fn chaos_state(&self) -> PathBuf {
        self.target.join("chaos")
    }
}

/// The repository of this package. `cargo local` says at run time where the package is; the directory that the compiler saw may be
/// that of a clone that was moved, or of another clone with the same target directory.
fn root_of(at_run_time: Option<&Path>, compiled_in: &Path, is_this_package: impl Fn(&Path) -> bool) -> Result<PathBuf> {
    let package = at_run_time.into_iter().chain([compiled_in]).find(|directory| is_this_package(directory));
    let root = package.and_then(Path::parent).with_context(|| {
        let lost = compiled_in.parent().unwrap_or(compiled_in).display();
        format!("Carillon's clone is no longer at {lost}; run `cargo local` in the folder where it is now")
    })?;
    Ok(root.to_path_buf())
}

fn is_this_package(directory: &Path) -> bool {
    directory.join("bridge/deploy.py").exists()
}

/// Cargo tags its target directory. With a target triple it is two levels up, otherwise one.
fn target_of(binaries: &Path, is_tagged: impl Fn(&Path) -> bool) -> PathBuf {
    binaries
        .ancestors()
        .skip(1)
        .take(2)
        .find(|directory| is_tagged(directory))
        .or(binaries.parent())
        .unwrap_or(binaries)
        .to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_where_cargo_says_and_else_where_it_was_compiled() {
        let root = |at_run_time: Option<&str>, there: &[&str]| {
            let is_there = |directory: &Path| there.iter().any(|path| Path::new(path) == directory);
            root_of(at_run_time.map(Path::new), Path::new("/old/local"), is_there).map_err(|error| error.to_string())
        };
        assert_eq!(root(Some("/moved/local"), &["/moved/local"]), Ok("/moved".into()));
        assert_eq!(root(Some("/moved/local"), &["/moved/local", "/old/local"]), Ok("/moved".into()), "a shared target");
        assert_eq!(root(None, &["/old/local"]), Ok("/old".into()), "started without cargo");
        assert_eq!(root(Some("/an/app"), &["/old/local"]), Ok("/old".into()), "started by another package's cargo");
        let error = root(None, &[]).unwrap_err();
        assert!(error.contains("/old") && error.contains("cargo local"), "{error}");
        assert!(is_this_package(Path::new(env!("CARGO_MANIFEST_DIR"))));
    }

    #[test]
    fn the_target_directory_is_the_tagged_one() {
        let tagged = |directory: &Path| directory == Path::new("/build");
        assert_eq!(target_of(Path::new("/build/debug"), tagged), Path::new("/build"));
        assert_eq!(target_of(Path::new("/build/arm/debug"), tagged), Path::new("/build"));
        assert_eq!(target_of(Path::new("/other/debug"), |_| false), Path::new("/other"));
    }
}
