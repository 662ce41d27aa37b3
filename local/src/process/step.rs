//! Long steps: shows their progress on the screen and writes their output to a log.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::process::children::Processes;

/// How often a step prints a line where no progress bar can be drawn.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// The bars of all steps, one below the other: two may run at once.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Shows the progress of a step: by a bar on a terminal, elsewhere by a line now and then.
pub(crate) struct Step {
    title: String,
    bar: ProgressBar,
    begun: Instant,
    last_line: Instant,
}

impl Step {
    pub(crate) fn begin(title: &str) -> Self {
        let bar = BARS.add(ProgressBar::no_length());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg}")
                .expect("the template is a constant and sound"),
        );
        bar.set_prefix(title.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if bar.is_hidden() {
            eprintln!("{title} ...");
        }
        Self { title: title.to_owned(), bar, begun: Instant::now(), last_line: Instant::now() }
    }

    /// Shows the share of the work that is done; a total of zero means that it is not known.
    pub(crate) fn advance(&mut self, done: u64, total: u64, note: &str) {
        if total > 0 && self.bar.length() != Some(total) {
            self.bar.set_style(
                ProgressStyle::with_template("{spinner} {prefix}  [{bar:30}] {pos}/{len}  {elapsed}  {wide_msg}")
                    .expect("the template is a constant and sound")
                    .progress_chars("=> "),
            );
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(note.to_owned());
        self.still_working();
    }

    fn still_working(&mut self) {
        if self.bar.is_hidden() && self.last_line.elapsed() >= PLAIN_INTERVAL {
            self.last_line = Instant::now();
            let share = self.bar.length().map(|total| format!(", {} of {total}", self.bar.position()));
            eprintln!("{} ... {} s{}", self.title, self.begun.elapsed().as_secs(), share.unwrap_or_default());
        }
    }

    pub(crate) fn finish(self) {
        let is_hidden = self.bar.is_hidden();
        self.bar.finish_and_clear();
        let line = format!("{}: {:.1} s", self.title, self.begun.elapsed().as_secs_f32());
        print(&line, is_hidden);
    }

    /// Runs a command to its end. Each line of its output goes to the log and to `on_line`.
    pub(crate) async fn run(
        &mut self,
        processes: &Processes,
        command: &mut Command,
        log: &Path,
        mut on_line: impl FnMut(&mut Self, &str),
    ) -> Result<()> {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("{} cannot be written", log.display()))?;
        let (mut process, mut output) = processes.start_piped(&self.title, command)?;
        let (mut pending, mut chunk) = (Vec::new(), [0; 8192]);
        loop {
            let Ok(read) = tokio::time::timeout(PLAIN_INTERVAL, output.read(&mut chunk)).await else {
                self.still_working();
                continue;
            };
            let read = read?;
            pending.extend_from_slice(chunk.get(..read).unwrap_or_default());
            // Progress bars end their lines with a carriage return.
            while let Some(end) = pending.iter().position(|&byte| byte == b'\n' || byte == b'\r') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                if line.ends_with(b"\n") {
                    file.write_all(&line)?;
                }
                on_line(self, String::from_utf8_lossy(&line).trim());
            }
            if read == 0 {
                file.write_all(&pending)?;
                break;
            }
        }
        let status = process.wait().await?;
        if !status.success() {
            self.bar.finish_and_clear();
            bail!("{status}");
        }
        Ok(())
    }
}

/// Prints lines while steps are going on.
pub(crate) fn show(lines: &str) {
    print(lines, BARS.is_hidden());
}

/// Prints above the bars of other steps. The line of a terminal that is gone is for nobody.
fn print(lines: &str, is_hidden: bool) {
    if is_hidden {
        eprintln!("{lines}");
    } else {
        let _ = BARS.println(lines);
    }
}

/// Parses cargo's progress, `Building [==>   ] 12/230: serde, tokio`.
pub(crate) fn cargo_progress(line: &str) -> Option<(u64, u64, &str)> {
    let (_, after_bar) = line.split_once("Building [")?.1.split_once("] ")?;
    let (count, note) = after_bar.split_once(':').unwrap_or((after_bar, ""));
    let (done, total) = count.trim().split_once('/')?;
    Some((done.parse().ok()?, total.parse().ok()?, note.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_is_parsed() {
        assert_eq!(
            cargo_progress("Building [=======>      ] 12/230: serde, tokio(build)"),
            Some((12, 230, "serde, tokio(build)"))
        );
        assert_eq!(cargo_progress("Building [       ] 0/3"), Some((0, 3, "")));
        assert_eq!(cargo_progress("   Compiling serde v1.0.0"), None);
    }
}
