//! The directories of the repository and of the local stack.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The directories that the local stack reads and writes.
pub(crate) struct Workspace {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    /// The directory with the functions' binaries, in the target directory.
    pub(crate) binaries: PathBuf,
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
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the package is a directory of the workspace")
            .to_path_buf();
        Ok(Self { root, target, binaries, tools })
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
    fn the_target_directory_is_the_tagged_one() {
        let tagged = |directory: &Path| directory == Path::new("/build");
        assert_eq!(target_of(Path::new("/build/debug"), tagged), Path::new("/build"));
        assert_eq!(target_of(Path::new("/build/arm/debug"), tagged), Path::new("/build"));
        assert_eq!(target_of(Path::new("/other/debug"), |_| false), Path::new("/other"));
    }
}
