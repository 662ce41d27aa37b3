//! Child processes. Each leads a process group, so that the processes that it starts end with it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::process::group::kill;
use crate::process::watchdog::Watchdog;

/// Every group that was started and has not been waited for.
#[derive(Default)]
pub(crate) struct Processes {
    groups: Mutex<Vec<i32>>,
    watchdog: Mutex<Option<Watchdog>>,
}

impl Processes {
    /// Starts a command in a new process group, without input.
    pub(crate) fn start(&self, name: &str, command: &mut Command) -> Result<Process<'_>> {
        self.spawn(name, command.stdin(Stdio::null()))
    }

    fn spawn(&self, name: &str, command: &mut Command) -> Result<Process<'_>> {
        self.watch()?;
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} cannot be started from {:?}", command.as_std().get_program()))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).context("A new process has no id")?;
        self.lock_groups().push(group);
        self.tell(|watchdog| watchdog.add(group));
        Ok(Process { name: name.to_owned(), group, child, processes: self })
    }

    /// The same, with standard output and standard error in one pipe.
    pub(crate) fn start_piped(&self, name: &str, command: &mut Command) -> Result<(Process<'_>, Receiver)> {
        let (output, input) = std::io::pipe()?;
        command.stdout(input.try_clone()?).stderr(input);
        let process = self.start(name, command)?;
        // The command would keep the pipe's other end open, and the pipe would never end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok((process, Receiver::from_owned_fd(output.into())?))
    }

    /// The same for a program that keeps running; its output goes to a log file.
    pub(crate) fn start_service(&self, name: &str, command: &mut Command, logs: &Path) -> Result<Service<'_>> {
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        command.stdout(file.try_clone()?).stderr(file);
        Ok(Service { process: self.start(name, command)?, log })
    }

    /// The same for a program that takes orders on its standard input and reports on its standard output.
    /// Its errors go to a log file.
    pub(crate) fn start_dialogue(&self, name: &str, command: &mut Command, logs: &Path) -> Result<Dialogue<'_>> {
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let mut process = self.spawn(name, command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file))?;
        let input = process.child.stdin.take().with_context(|| format!("{name} has no input"))?;
        let output = process.child.stdout.take().with_context(|| format!("{name} has no output"))?;
        Ok(Dialogue { _process: process, input, output })
    }

    /// Ends every group with SIGKILL: they hold no state to save, and sockudo takes up to a minute to end on SIGTERM.
    pub(crate) fn stop_all(&self) {
        for group in std::mem::take(&mut *self.lock_groups()) {
            kill(group);
        }
        if let Some(watchdog) = self.lock_watchdog().take() {
            watchdog.dismiss();
        }
    }

    /// Adds a group that another program of the stack has started.
    pub(crate) fn adopt(&self, group: i32) {
        let mut groups = self.lock_groups();
        if !groups.contains(&group) {
            groups.push(group);
            self.tell(|watchdog| watchdog.add(group));
        }
    }

    fn forget(&self, group: i32) {
        self.lock_groups().retain(|&other| other != group);
        self.tell(|watchdog| watchdog.remove(group));
    }

    fn watch(&self) -> Result<()> {
        let mut watchdog = self.lock_watchdog();
        if watchdog.is_none() {
            *watchdog = Some(Watchdog::start()?);
        }
        Ok(())
    }

    fn tell(&self, message: impl FnOnce(&mut Watchdog)) {
        if let Some(watchdog) = self.lock_watchdog().as_mut() {
            message(watchdog);
        }
    }

    fn lock_groups(&self) -> std::sync::MutexGuard<'_, Vec<i32>> {
        self.groups.lock().expect("nothing panics while it holds the list")
    }

    fn lock_watchdog(&self) -> std::sync::MutexGuard<'_, Option<Watchdog>> {
        self.watchdog.lock().expect("nothing panics while it holds the watchdog")
    }
}

/// A running child. Its whole group ends when it is dropped.
pub(crate) struct Process<'a> {
    name: String,
    group: i32,
    child: Child,
    processes: &'a Processes,
}

impl Process<'_> {
    pub(crate) fn pid(&self) -> i32 {
        self.group
    }

    /// Waits for the child to end.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.with_context(|| format!("{} cannot be waited for", self.name))
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        kill(self.group);
        // A killed process ends within milliseconds. Without this wait it stays as a zombie where there is no init
        // process to collect it, as in many containers.
        for _ in 0..1000 {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                _ => break,
            }
        }
        self.processes.forget(self.group);
    }
}

/// A program that is talked with. It ends when this is dropped.
pub(crate) struct Dialogue<'a> {
    _process: Process<'a>,
    pub(crate) input: ChildStdin,
    pub(crate) output: ChildStdout,
}

/// A program that is meant to run until it is stopped.
pub(crate) struct Service<'a> {
    process: Process<'a>,
    log: PathBuf,
}

impl Service<'_> {
    pub(crate) fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Waits until the program ends by itself; returns the error.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        let log = self.log.display();
        match self.process.wait().await {
            Ok(status) => anyhow::anyhow!("{} ended by itself ({status}); its log is {log}", self.process.name),
            Err(error) => error,
        }
    }

    /// Waits until the probe succeeds, the program ends, or half a minute has passed.
    pub(crate) async fn ready(&mut self, mut probe: impl AsyncFnMut() -> bool) -> Result<()> {
        const READY_TIMEOUT: Duration = Duration::from_secs(30);
        const PROBE_INTERVAL: Duration = Duration::from_millis(20);
        let name = self.process.name.clone();
        let log = self.log.clone();
        let probing = async {
            while !probe().await {
                tokio::time::sleep(PROBE_INTERVAL).await;
            }
        };
        tokio::select! {
            error = self.ended() => Err(error),
            outcome = tokio::time::timeout(READY_TIMEOUT, probing) => outcome.map_err(|_| anyhow::anyhow!(
                "{name} did not get ready within {} seconds; its log is {}", READY_TIMEOUT.as_secs(), log.display()
            )),
        }
    }
}
