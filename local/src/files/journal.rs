//! Files of JSON lines that one program of the stack appends to and a command shows.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// Output of the functions.
pub(crate) const FUNCTIONS: &str = "functions.jsonl";

/// Pushes.
pub(crate) const PUSHES: &str = "pushes.jsonl";

/// Changes of outboxes, and the messages of WebSockets.
pub(crate) const TRAFFIC: &str = "traffic.jsonl";

/// How often a file that is followed is looked at.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);

/// A new, empty file, which only its owner may read.
pub(crate) fn begin(logs: &Path, name: &str) -> Result<PathBuf> {
    let path = logs.join(name);
    let _ = fs::remove_file(&path);
    let created = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
    created.with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

/// Reads a file from its beginning, and again from the beginning after a reset.
pub(crate) struct Reader {
    path: PathBuf,
    position: u64,
    /// The beginning of a line whose end is not written yet.
    pending: Vec<u8>,
}

impl Reader {
    pub(crate) fn of(logs: &Path, name: &str) -> Self {
        Self { path: logs.join(name), position: 0, pending: Vec::new() }
    }

    /// The entries that were added since the last call. Lines that do not parse are left out.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Result<Vec<T>> {
        let mut added = Vec::new();
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.path.display())),
        };
        if file.metadata()?.len() < self.position {
            (self.position, self.pending) = (0, Vec::new());
        }
        file.seek(SeekFrom::Start(self.position))?;
        self.position += file.read_to_end(&mut added)? as u64;
        self.pending.extend(added);
        let complete = self.pending.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.pending.drain(..complete).collect();
        Ok(lines.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// Prints a line. Returns whether anybody still reads: `cargo local logs | head` ends quietly.
pub(crate) fn show(line: &str) -> Result<bool> {
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("Nothing can be printed"),
    }
}

/// A moment as the time of day in UTC, to the millisecond.
pub(crate) fn time_of_day(millis: u64) -> String {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let (hours, minute) = (minutes / 60, minutes % 60);
    format!("{:02}:{minute:02}:{second:02}.{millis:03}Z", hours % 24)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_reader_gets_whole_lines_and_starts_again_when_the_file_does() {
        let directory = std::env::temp_dir().join(format!("carillon-journal-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut reader = Reader::of(&directory, "j");
        assert!(reader.read::<Value>().unwrap().is_empty(), "there is no file yet");
        let path = begin(&directory, "j").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let append =
            |text: &str| OpenOptions::new().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        append("{\"a\":1}\nnonsense\n{\"a\":");
        assert_eq!(reader.read::<Value>().unwrap(), [json!({ "a": 1 })]);
        append("2}\n");
        assert_eq!(reader.read::<Value>().unwrap(), [json!({ "a": 2 })]);
        begin(&directory, "j").unwrap();
        append("{\"a\":3}\n");
        assert_eq!(reader.read::<Value>().unwrap(), [json!({ "a": 3 })]);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_moment_is_shown_as_a_time_of_day() {
        assert_eq!(time_of_day(0), "00:00:00.000Z");
        assert_eq!(time_of_day(1_795_150_801_042), "05:00:01.042Z");
    }
}
