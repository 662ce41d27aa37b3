//! The tools, installed by the program of the local stack while the functions are still being built.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::progress::Progress;

pub(crate) struct Installation {
    child: Child,
    /// Its output, line by line.
    lines: Receiver<String>,
}

impl Installation {
    /// Begins it: `cargo local install`.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub(crate) fn begin(program: &Path, local: &Path, for_tests: bool) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.arg("install").args(for_tests.then_some("--for-tests")).env("CARGO_MANIFEST_DIR", local);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let output = child.stderr.take().ok_or("the installation has no output")?;
        let (hears, lines) = mpsc::channel();
        thread::spawn(move || {
            let said = BufReader::new(output).lines().map_while(Result::ok);
            said.filter(|line| !is_progress(line)).try_for_each(|line| hears.send(line))
        });
        Ok(Self { child, lines })
    }

    /// Shows what it has said since the last call.
    pub(crate) fn pass_on(&mut self, progress: &mut Progress) {
        for line in self.lines.try_iter() {
            progress.say_between(&line);
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// A sentence for the user, after those that it said itself.
    pub(crate) fn end(mut self, progress: &Progress) -> Result<(), String> {
        self.lines.iter().for_each(|line| progress.say(&line));
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err("the tools could not be installed; mend what the error above names".to_owned()),
            Err(error) => Err(format!("the installation cannot be waited for: {error}")),
        }
    }
}

/// Lines such as `Installing ministack ... 10 s`; its bar shows no more here, beside cargo's.
fn is_progress(line: &str) -> bool {
    line.contains(" ...")
}
