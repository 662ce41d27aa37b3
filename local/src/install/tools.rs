//! The third-party programs of the stack, in the versions with which it was tested.
//!
//! After a successful installation, a stamp is written with everything that determines what was installed. Without the
//! stamp, or with another one, the installation is repeated.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::process::Command;

use crate::files::workspace::Workspace;
use crate::process::children::Processes;
use crate::process::step::{Step, cargo_progress};
use crate::state::settings::PusherServer;

const SOCKUDO: &str = "5.2.0";

/// Where the installed programs are.
pub(crate) struct Tools {
    pub(crate) python: PathBuf,
    pub(crate) ministack: PathBuf,
    /// The directory of what is changed in ministack when it starts.
    pub(crate) ministack_patches: PathBuf,
    /// Only installed with [`PusherServer::Sockudo`].
    pub(crate) sockudo: PathBuf,
    /// Only installed with [`Clients::OfTests`].
    pub(crate) schemathesis: PathBuf,
    /// A Python with Pusher's library; only installed with [`Clients::OfTests`].
    pub(crate) python_with_pusher: PathBuf,
}

impl Tools {
    /// Installs what is not installed yet.
    pub(crate) async fn install(
        workspace: &Workspace,
        processes: &Processes,
        python_version: &str,
        wanted: (Clients, PusherServer),
    ) -> Result<Self> {
        let (clients, pusher) = wanted;
        let installer = Installer { workspace, processes };
        let _alone = alone(&workspace.tools).await?;
        installer.ministack(python_version).await?;
        if pusher == PusherServer::Sockudo {
            installer.sockudo().await?;
        }
        installer.node_packages("Installing pusher-js", &workspace.listen()).await?;
        if clients == Clients::OfTests {
            installer.node_packages("Installing the clients for tests", &workspace.e2e()).await?;
            installer.schemathesis(python_version).await?;
            installer.pusher_for_python(python_version).await?;
        }
        let bin = workspace.tools.join("venv/bin");
        Ok(Self {
            python: bin.join("python"),
            ministack: bin.join("ministack"),
            ministack_patches: workspace.root.join("local/bridge/ministack"),
            sockudo: workspace.tools.join("bin/sockudo"),
            schemathesis: workspace.tools.join("schemathesis/bin/schemathesis"),
            python_with_pusher: workspace.tools.join("pusher-python/bin/python"),
        })
    }
}

/// Installs the Node packages of the end-to-end tests, which also have Bruno and the page, if they are not installed yet.
pub(crate) async fn install_e2e(workspace: &Workspace, processes: &Processes) -> Result<()> {
    let _alone = alone(&workspace.tools).await?;
    let installer = Installer { workspace, processes };
    installer
        .node_packages("Installing the packages of the page, of Bruno and of the tests, once", &workspace.e2e())
        .await
}

/// Waits until no other process installs into this folder, and holds that until it is dropped: each would delete what the other has begun.
async fn alone(tools: &Path) -> Result<File> {
    fs::create_dir_all(tools).with_context(|| format!("{} cannot be created", tools.display()))?;
    let path = tools.join(".lock");
    let lock = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let mut step = None;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {
                step.get_or_insert_with(|| Step::begin("Waiting for another `cargo local` that is installing"));
                tokio::time::sleep(LOCK_INTERVAL).await;
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
            }
        }
    }
    if let Some(step) = step {
        step.finish();
    }
    Ok(lock)
}

/// How often a lock is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(200);

/// Which third-party clients are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    /// Only the one that `cargo local listen` runs.
    ToListen,
    /// Also those that the end-to-end tests run, which are many times as large.
    OfTests,
}

/// Python packages of one virtual environment.
struct PythonPackages<'a> {
    title: &'a str,
    /// Name of the log.
    log: &'a str,
    requirements: PathBuf,
    python_version: &'a str,
    /// A file to put beside the packages: its name and content.
    setting: Option<(&'a str, &'a str)>,
}

struct Installer<'a> {
    workspace: &'a Workspace,
    processes: &'a Processes,
}

impl Installer<'_> {
    async fn ministack(&self, python_version: &str) -> Result<()> {
        let settings = self.workspace.root.join("local/bridge/ministack.pth");
        let venv = self.workspace.tools.join("venv");
        let setting = read(&settings)?;
        let packages = PythonPackages {
            title: "Installing ministack",
            log: "python-packages",
            requirements: self.workspace.root.join("local/requirements.txt"),
            python_version,
            setting: Some(("ministack.pth", &setting)),
        };
        self.python_packages(&venv, &packages).await
    }

    async fn schemathesis(&self, python_version: &str) -> Result<()> {
        let packages = PythonPackages {
            title: "Installing schemathesis",
            log: "schemathesis",
            requirements: self.workspace.schemathesis().join("requirements.txt"),
            python_version,
            setting: None,
        };
        self.python_packages(&self.workspace.tools.join("schemathesis"), &packages).await
    }

    async fn pusher_for_python(&self, python_version: &str) -> Result<()> {
        let packages = PythonPackages {
            title: "Installing Pusher's library for Python",
            log: "pusher-python",
            requirements: self.workspace.e2e().join("requirements.txt"),
            python_version,
            setting: None,
        };
        self.python_packages(&self.workspace.tools.join("pusher-python"), &packages).await
    }

    async fn python_packages(&self, venv: &Path, packages: &PythonPackages<'_>) -> Result<()> {
        let PythonPackages { title, log, requirements, python_version, setting } = packages;
        let pins = read(requirements)?;
        let (setting_name, setting) = setting.unwrap_or_default();
        let stamp = Stamp::of_environment(venv, &[python_version, &pins, setting]);
        if stamp.is_there() && venv.join("bin/python").exists() {
            return Ok(());
        }
        let total = pins.lines().filter(|line| line.contains("==")).count() as u64;
        let create = || {
            let mut command = gently("python3");
            command.args(["-m", "venv", "--clear"]).arg(venv);
            command
        };
        let install = || {
            let mut command = gently(venv.join("bin/python"));
            command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]);
            command.arg("--requirement").arg(requirements);
            command
        };
        let log = self.log(log)?;
        let mut step = Step::begin(title);
        let mut collected = 0;
        let outcome = async {
            step.run(self.processes, &mut create(), &log, |_, _| {}).await?;
            step.run(self.processes, &mut install(), &log, |step, line| {
                if let Some(package) = line.strip_prefix("Collecting ") {
                    collected += 1;
                    step.advance(collected, total, package);
                }
            })
            .await
        };
        outcome.await.map_err(|error| {
            failed(title, &error, "check the connection to the Python package index and run `cargo local` again", &log)
        })?;
        if !setting_name.is_empty() {
            fs::write(site_packages(venv)?.join(setting_name), setting)?;
        }
        step.finish();
        stamp.write()
    }

    async fn sockudo(&self) -> Result<()> {
        let stamp = Stamp { path: self.workspace.tools.join("sockudo.carillon"), content: SOCKUDO.to_owned() };
        if stamp.is_there() && self.workspace.tools.join("bin/sockudo").exists() {
            return Ok(());
        }
        let protoc = protoc_bin_vendored::protoc_bin_path()
            .map_err(|error| anyhow!("There is no protoc for this machine, which sockudo's build needs: {error}"))?;
        // Kept after an interruption, so that the next attempt continues where this one ended.
        let build = self.workspace.tools.join("sockudo-build");
        let mut command = Command::new(cargo());
        command
            .args(["install", "sockudo", "--version", SOCKUDO, "--locked", "--force"])
            .args(["--debug", "--no-default-features", "--features", "local", "--root"])
            .arg(&self.workspace.tools)
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("PROTOC", protoc)
            // Flags for the workspace's code are not meant for third-party code.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET");
        with_progress(&mut command);
        let log = self.log("sockudo-install")?;
        let mut step = Step::begin("Building sockudo, once (two to five minutes)");
        step.run(self.processes, &mut command, &log, |step, line| {
            if let Some((done, total, note)) = cargo_progress(line) {
                step.advance(done, total, note);
            }
        })
        .await
        .map_err(|error| {
            failed(
                "Building sockudo",
                &error,
                "see the end of the log, then run `cargo local` again; it continues where it ended",
                &log,
            )
        })?;
        fs::remove_dir_all(&build).with_context(|| format!("{} cannot be removed", build.display()))?;
        step.finish();
        stamp.write()
    }

    async fn node_packages(&self, title: &str, directory: &Path) -> Result<()> {
        let stamp = Stamp {
            path: directory.join("node_modules/.carillon"),
            content: read(&directory.join("package-lock.json"))?,
        };
        if stamp.is_there() {
            return Ok(());
        }
        let mut command = gently("npm");
        command.args(["ci", "--no-audit", "--no-fund"]).current_dir(directory);
        let log = self.log("node-packages")?;
        let mut step = Step::begin(title);
        step.run(self.processes, &mut command, &log, |_, _| {}).await.map_err(|error| {
            failed(
                &format!("`npm ci` in {}", directory.display()),
                &error,
                "check the connection to the npm registry and run `cargo local` again",
                &log,
            )
        })?;
        step.finish();
        stamp.write()
    }

    /// A new, empty log.
    fn log(&self, name: &str) -> Result<PathBuf> {
        let directory = self.workspace.tools.join("logs");
        fs::create_dir_all(&directory)?;
        let log = directory.join(format!("{name}.log"));
        fs::write(&log, "")?;
        Ok(log)
    }
}

/// Proof of a finished installation.
struct Stamp {
    path: PathBuf,
    content: String,
}

impl Stamp {
    /// Its programs name the environment's path in their first line, so one in a folder that was moved is installed again.
    fn of_environment(venv: &Path, contents: &[&str]) -> Self {
        let content = format!("{}\n{}", venv.display(), contents.join("\n"));
        Self { path: venv.join(".carillon"), content }
    }

    fn is_there(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|content| content == self.content)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.content).with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// A program that leaves the processor to the compilers: it waits for the network anyway, and a core is idle while the largest crate is
/// compiled.
fn gently(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(program);
    command
}

/// The cargo that runs this program, so that a toolchain override applies to nested runs too.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Makes cargo print its progress bar into a pipe too.
pub(crate) fn with_progress(command: &mut Command) {
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "120")
        .env("CARGO_TERM_COLOR", "never");
}

/// The error of a step that failed, with what to do: `advice`, unless the disk is full.
pub(crate) fn failed(what: &str, error: &anyhow::Error, advice: &str, log: &Path) -> anyhow::Error {
    let said = fs::read_to_string(log).unwrap_or_default();
    let is_full = said.contains(FULL) || format!("{error:#}").contains(FULL);
    let advice = if is_full { "the disk is full: free some of it and run `cargo local` again" } else { advice };
    anyhow!("{what} failed ({error:#}): {advice}. The full log is {}", log.display())
}

/// Every system and program says this of a full disk.
const FULL: &str = "No space left on device";

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn site_packages(venv: &Path) -> Result<PathBuf> {
    let lib = venv.join("lib");
    fs::read_dir(&lib)?
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages")))
        .find(|path| path.is_dir())
        .with_context(|| format!("{} has no site-packages", lib.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_whatever_the_step_waits_for() {
        let log = std::env::temp_dir().join(format!("carillon-full-{}", std::process::id()));
        let message = |said: &str| {
            fs::write(&log, said).unwrap();
            failed("Installing ministack", &anyhow!("exit status: 1"), "check the connection", &log).to_string()
        };
        assert!(
            message("Collecting boto3\n").contains("failed (exit status: 1): check the connection. The full log is")
        );
        let full = message("OSError: [Errno 28] No space left on device\n");
        assert!(full.contains("the disk is full: free some of it") && !full.contains("connection"), "{full}");
        fs::remove_file(&log).unwrap();
        let unwritten =
            failed("Installing ministack", &anyhow!("No space left on device"), "check the connection", &log);
        assert!(unwritten.to_string().contains("the disk is full"), "{unwritten}");
    }

    #[tokio::test]
    async fn one_process_installs_at_a_time() {
        let folder = std::env::temp_dir().join(format!("carillon-lock-{}", std::process::id()));
        let first = alone(&folder).await.unwrap();
        let waiting = tokio::time::timeout(LOCK_INTERVAL * 2, alone(&folder)).await;
        assert!(waiting.is_err(), "a second one does not wait");
        drop(first);
        alone(&folder).await.unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_python_environment_in_a_moved_folder_is_installed_again() {
        let folder = std::env::temp_dir().join(format!("carillon-moved-{}", std::process::id()));
        let [before, after] = ["before", "after"].map(|name| folder.join(name));
        fs::create_dir_all(&before).unwrap();
        Stamp::of_environment(&before, &["3.12.1"]).write().unwrap();
        fs::rename(&before, &after).unwrap();
        assert!(!Stamp::of_environment(&after, &["3.12.1"]).is_there());
        fs::rename(&after, &before).unwrap();
        assert!(Stamp::of_environment(&before, &["3.12.1"]).is_there());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_stamp_holds_for_its_content_only() {
        let path = std::env::temp_dir().join(format!("carillon-stamp-{}", std::process::id()));
        let stamp = |content: &str| Stamp { path: path.clone(), content: content.to_owned() };
        assert!(!stamp("5.2.0").is_there());
        stamp("5.2.0").write().unwrap();
        assert!(stamp("5.2.0").is_there());
        assert!(!stamp("5.3.0").is_there());
        fs::remove_file(&path).unwrap();
    }
}
