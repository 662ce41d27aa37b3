//! The directory of a stack: its state file, its logs, and the lock that keeps a second stack out.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::state::State;

/// The directory of a stack. Only one stack can use it at a time.
pub(crate) struct StackDirectory {
    pub(crate) path: PathBuf,
    pub(crate) logs: PathBuf,
    _lock: File,
}

impl StackDirectory {
    /// Locks the directory. `command` is the command that may have locked it already, for the error message.
    pub(crate) fn take(path: PathBuf, command: &str) -> Result<Self> {
        let logs = path.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("{} cannot be created", logs.display()))?;
        let lock = File::create(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, logs, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "`{command}` is already running in this target directory; stop it with Ctrl-C in its terminal first."
            ),
            Err(TryLockError::Error(error)) => Err(error).context("The lock of the local stack cannot be taken"),
        }
    }

    /// The link to the program that this stack runs.
    pub(crate) fn functions(&self) -> PathBuf {
        self.path.join("functions")
    }

    /// The secrets for the functions' processes. ministack itself does not have them.
    pub(crate) fn function_secrets(&self) -> PathBuf {
        self.path.join("function-secrets.json")
    }
}

impl Drop for StackDirectory {
    fn drop(&mut self) {
        State::remove(&self.path);
        // It may hold the key of a real Firebase project.
        let _ = fs::remove_file(self.function_secrets());
    }
}

/// Whether a stack uses the directory now. The state file alone may be that of a stack that was killed.
pub(super) fn is_in_use(directory: &Path) -> bool {
    let lock = File::open(directory.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
