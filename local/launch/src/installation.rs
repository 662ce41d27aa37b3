//! The tools, installed by the program of the local stack while the functions are still being built.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::progress::Progress;

/// The exit status for a refused call, as clap has it (`local/src/commands/install.rs` exits with it).
const WRONG_CALL: i32 = 2;
/// The beginning of an error, which may go on for some lines.
const ERROR: &str = "error: ";

pub(crate) struct Installation {
    /// The end of its input ends it, so it does not outlive this process. `Child` holds the other end.
    child: Child,
    /// Its output, line by line.
    lines: Receiver<String>,
    /// The lines of its error.
    error: Vec<String>,
    is_reported: bool,
}

impl Installation {
    /// Begins it: `cargo local install` with the arguments of this call, which it also checks. `None` where the program cannot be run yet: where
    /// there are no hard links, cargo copies it.
    pub(crate) fn begin(program: &Path, local: &Path, arguments: &[OsString]) -> Option<Self> {
        let mut command = Command::new(program);
        command.args(["install", "--"]).args(arguments).env("CARGO_MANIFEST_DIR", local);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let output = child.stderr.take()?;
        let (hears, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| hears.send(line))
        });
        Some(Self { child, lines, error: Vec::new(), is_reported: false })
    }

    /// Shows what it has said since the last call, and once that it failed.
    ///
    /// # Errors
    ///
    /// A sentence for the user, if the call was refused: then the build has no use.
    pub(crate) fn look(&mut self, progress: &mut Progress) -> Result<(), String> {
        let ended = self.child.try_wait();
        // To the end of its output, if it has ended.
        let lines: Vec<_> =
            if matches!(ended, Ok(Some(_))) { self.lines.iter().collect() } else { self.lines.try_iter().collect() };
        for line in lines {
            self.keep(&line);
            if !is_progress(&line) {
                progress.say_between(&line);
            }
        }
        match ended {
            Ok(Some(status)) if status.code() == Some(WRONG_CALL) => {
                Err("nothing is started; correct what is named above".to_owned())
            }
            Ok(Some(status)) if !status.success() && !self.is_reported => {
                self.is_reported = true;
                progress.say_between("The functions are still being built, for the next start; Ctrl-C ends that.");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// Its error.
    pub(crate) fn end(mut self, progress: &Progress) -> Result<(), String> {
        while let Ok(line) = self.lines.recv() {
            self.keep(&line);
            // The error is returned, and printed then.
            if self.error.is_empty() {
                progress.say(&line);
            }
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) if !self.error.is_empty() => Err(self.error.join("\n").trim_start_matches(ERROR).to_owned()),
            Ok(status) => Err(format!("the installation of the tools ended with {status}")),
            Err(error) => Err(format!("the installation cannot be waited for: {error}")),
        }
    }

    fn keep(&mut self, line: &str) {
        if line.starts_with(ERROR) || !self.error.is_empty() {
            self.error.push(line.to_owned());
        }
    }
}

/// Lines such as `Installing ministack ... 10 s`, which cargo's progress stands for.
fn is_progress(line: &str) -> bool {
    line.contains(" ...")
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    /// A program of this name that plays `cargo local install`.
    fn stand_in(name: &str, script: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("carillon-{name}-{}", std::process::id()));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn begun(program: &Path, arguments: &[&str]) -> Installation {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            // Another test's new process may still hold the file that was just written.
            match Installation::begin(program, Path::new("local"), &arguments) {
                Some(installation) => return installation,
                None => assert!(Instant::now() < limit, "it cannot be run"),
            }
        }
    }

    #[test]
    fn an_installation_that_fails_is_reported_once_and_its_error_comes_last() {
        let program =
            stand_in("fails", "echo 'Installing npm ...' >&2; echo 'error: no npm' >&2; echo 'Get it' >&2; exit 1");
        let mut installation = begun(&program, &[]);
        let mut progress = Progress::hidden();
        let limit = Instant::now() + Duration::from_secs(10);
        while !installation.is_reported {
            installation.look(&mut progress).unwrap();
            assert!(Instant::now() < limit, "the failure is not seen");
        }
        assert_eq!(installation.end(&progress), Err("no npm\nGet it".to_owned()));
        fs::remove_file(program).unwrap();
    }

    #[test]
    fn a_refused_call_ends_the_build() {
        let program = stand_in("refuses", "[ \"$1 $2 $3\" = 'install -- --prot' ] && exit 2");
        let mut installation = begun(&program, &["--prot"]);
        let limit = Instant::now() + Duration::from_secs(10);
        while installation.look(&mut Progress::hidden()).is_ok() {
            assert!(Instant::now() < limit, "the refusal is not seen");
        }
        fs::remove_file(program).unwrap();
    }

    #[test]
    fn one_that_succeeds_is_waited_for() {
        let program = stand_in("succeeds", "sleep 0.1");
        assert_eq!(begun(&program, &[]).end(&Progress::hidden()), Ok(()));
        assert!(Installation::begin(&program.with_extension("absent"), Path::new("local"), &[]).is_none());
        fs::remove_file(program).unwrap();
    }
}
