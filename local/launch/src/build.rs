//! Runs cargo for the program of the local stack.

use std::env;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::progress::Progress;

/// How often the progress is drawn, and the installation looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The programs of a build.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// The program of the local stack.
    OfLocal,
    /// The functions too.
    OfAll,
}

impl Build {
    /// Builds it with the features of the whole workspace. If that fails, what cargo said is printed. `look` is called twice a second; its error
    /// ends the build.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub(crate) fn run(
        self,
        local: &Path,
        progress: &mut Progress,
        look: impl FnMut(&mut Progress) -> Result<(), String>,
    ) -> Result<(), String> {
        let programs: &[_] = match self {
            Self::OfLocal => &["--bin", "carillon-local"],
            Self::OfAll => &["--bin", "carillon-local", "--bin", "carillon-functions"],
        };
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--workspace"])
            .args(programs)
            .arg("--manifest-path")
            .arg(local.with_file_name("Cargo.toml"))
            .envs([
                ("CARGO_TERM_PROGRESS_WHEN", "always"),
                ("CARGO_TERM_PROGRESS_WIDTH", "120"),
                ("CARGO_TERM_COLOR", "never"),
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        without_this_package(&mut command);
        let mut child = command.spawn().map_err(|error| format!("{} cannot be run: {error}", cargo.display()))?;
        let output = child.stderr.take().ok_or("cargo has no output")?;
        let followed = follow(output, progress, look);
        if followed.is_err() {
            // Its compilers first, which are not found after it. All of them may have ended by themselves.
            let _ = Command::new("pkill").args(["-P", &child.id().to_string()]).stderr(Stdio::null()).status();
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| format!("cargo cannot be waited for: {error}"))?;
        let said = followed.inspect_err(|_| progress.clear())?;
        progress.end();
        if status.success() {
            return Ok(());
        }
        said.iter().for_each(|line| progress.say(line));
        match self {
            Self::OfLocal => Err("Building `cargo local` failed; correct what the compiler names above".to_owned()),
            Self::OfAll => Err("Building Carillon failed; correct what the compiler names above".to_owned()),
        }
    }
}

/// Shows cargo's progress; returns the other lines, which only a failure needs. Cargo is silent while it compiles a large crate, so the progress
/// is drawn, and `look` called, also without a line of its.
fn follow(
    output: impl Read + Send + 'static,
    progress: &mut Progress,
    mut look: impl FnMut(&mut Progress) -> Result<(), String>,
) -> Result<Vec<String>, String> {
    let (hears, lines) = mpsc::channel();
    thread::spawn(move || split(output, &hears));
    let mut said = Vec::new();
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => heard(&line, progress, &mut said),
            Err(RecvTimeoutError::Timeout) => progress.draw(),
            Err(RecvTimeoutError::Disconnected) => return Ok(said),
        }
        look(progress)?;
    }
}

/// Sends each line. Progress bars end theirs with a carriage return.
fn split(output: impl Read, hears: &Sender<String>) {
    let mut pending = Vec::new();
    for byte in BufReader::new(output).bytes().map_while(Result::ok) {
        if byte == b'\n' || byte == b'\r' {
            // After the build was ended, the other side is gone.
            let _ = hears.send(String::from_utf8_lossy(&std::mem::take(&mut pending)).into_owned());
        } else {
            pending.push(byte);
        }
    }
    let _ = hears.send(String::from_utf8_lossy(&pending).into_owned());
}

fn heard(line: &str, progress: &mut Progress, said: &mut Vec<String>) {
    let line = line.trim_end();
    if let Some((done, total, note)) = counted(line) {
        progress.advance(done, total, note);
    } else if line.trim_start().starts_with("Blocking waiting") {
        progress.wait();
    } else if !line.is_empty() && !is_routine(line) {
        said.push(line.to_owned());
    }
}

/// Parses cargo's progress, `Building [==>   ] 12/230: serde, tokio`.
fn counted(line: &str) -> Option<(u32, u32, &str)> {
    let (_, after_bar) = line.split_once("Building [")?.1.split_once("] ")?;
    let (count, note) = after_bar.split_once(':').unwrap_or((after_bar, ""));
    let (done, total) = count.trim().split_once('/')?;
    Some((done.parse().ok()?, total.parse().ok()?, note.trim()))
}

fn is_routine(line: &str) -> bool {
    ["Compiling ", "Finished ", "Fresh ", "Downloading ", "Downloaded "]
        .iter()
        .any(|start| line.trim_start().starts_with(start))
}

/// Removes the variables by which `cargo run` describes this package. A nested cargo would take them for a change and build again.
fn without_this_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_is_parsed() {
        assert_eq!(
            counted("    Building [=======>      ] 12/230: serde, tokio(build)"),
            Some((12, 230, "serde, tokio(build)"))
        );
        assert_eq!(counted("Building [       ] 0/3"), Some((0, 3, "")));
        assert_eq!(counted("   Compiling serde v1.0.0"), None);
    }

    #[test]
    fn only_what_a_failure_needs_is_kept() {
        let output = "   Compiling a v1.0.0\n    Building [>] 1/2: a\rerror[E0425]: cannot find value `x`\n\n  --> src/main.rs:1:1\nerror: could not compile `a`";
        let said = follow(output.as_bytes(), &mut Progress::hidden(), |_| Ok(())).unwrap();
        assert_eq!(
            said,
            ["error[E0425]: cannot find value `x`", "  --> src/main.rs:1:1", "error: could not compile `a`"]
        );
    }

    #[test]
    fn a_build_is_ended_when_a_look_says_so() {
        let mut looks = 0;
        let outcome = follow("\n\n\n".as_bytes(), &mut Progress::hidden(), |_| {
            looks += 1;
            if looks == 2 { Err("no such option".to_owned()) } else { Ok(()) }
        });
        assert_eq!((outcome, looks), (Err("no such option".to_owned()), 2));
    }
}
