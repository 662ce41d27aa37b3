//! `cargo local import`: sends a file of lines to `POST /imports`, of the local stack or a deployed one.
//!
//! | file | what it is |
//! |---|---|
//! | `chunk` | as many lines of the file as a request takes |
//! | `sender` | a request, until each of its lines has an end |
//! | `place` | how far the file has been sent, in a file beside it |
//! | `tally` | the counts, the progress and the summary |

mod chunk;
mod place;
mod sender;
mod tally;

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, value_parser};
use serde_json::json;

use self::chunk::{Chunk, Chunks};
use self::place::FilePlace;
use self::sender::{LineEnd, LineSender};
use self::tally::ImportTally;
use super::smoke::address::Address;
use super::smoke::http::Http;
use super::smoke::secret::Secret;
use super::smoke::wire::Connector;
use crate::files::workspace::Workspace;
use crate::state::State;
use crate::state::token;

/// The local service that imports.
const SERVICE: &str = "import";

// No `Debug`: a field is a token.
#[derive(Args)]
pub(crate) struct ImportOptions {
    /// The lines, as docs/MIGRATE.md has them written from a database
    file: PathBuf,
    /// Address of a deployed stack's HTTP API, its output ApiUrl. Without it, the running local stack gets the lines
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A token with the role service. Other users of this machine see arguments, so rather set the environment variable
    /// CARILLON_SERVICE_TOKEN
    #[arg(long)]
    token: Option<String>,
    /// Sends the file from its beginning, also where an earlier run has sent it: then each line should be unchanged
    #[arg(long)]
    again: bool,
    /// Time-out of each request, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 35, value_parser = value_parser!(u64).range(1..=120))]
    timeout: u64,
}

/// The file `{file}{suffix}` beside a file.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Sends the file. Fails if a line does.
pub(crate) async fn import(workspace: &Workspace, options: &ImportOptions) -> Result<ExitCode> {
    let file = &options.file;
    let mut source = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bytes = source.metadata()?.len();
    let sender = sender(workspace, options)?;
    let (at, failed, reasons) =
        (beside(file, ".import.json"), beside(file, ".failed.ndjson"), beside(file, ".failed.txt"));
    let ids = beside(file, ".ids.ndjson");
    let known = if options.again { None } else { FilePlace::read(&at, bytes, sender.address()) };
    let mut place = match known {
        Some(place) => {
            eprintln!("Going on after line {} (--again begins anew)", place.lines);
            place
        }
        None => {
            for old in [&failed, &reasons, &ids] {
                let _ = fs::remove_file(old);
            }
            FilePlace::new(bytes, sender.address())
        }
    };
    source.seek(SeekFrom::Start(place.offset))?;
    let mut chunks = Chunks::new(BufReader::new(source));
    let mut tally = ImportTally::new(&place);
    while let Some(chunk) = chunks.next(place.lines)? {
        let ends = match sender.send(&chunk).await {
            Ok(ends) => ends,
            Err(error) => {
                tally.finish(&place);
                return Err(
                    error.context(format!("Stopped after line {}: run the command again to go on", place.lines))
                );
            }
        };
        keep_failed(&chunk, &ends, &failed, &reasons)?;
        keep_ids(&ends, &ids)?;
        place.add(&chunk, &ends);
        place.write(&at)?;
        tally.show(&place);
    }
    tally.finish(&place);
    if place.failed() == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} has the lines that failed, {} the reasons: correct them, and import that file.",
        failed.display(),
        reasons.display()
    );
    Ok(ExitCode::FAILURE)
}

fn sender(workspace: &Workspace, options: &ImportOptions) -> Result<LineSender> {
    let given = options.token.clone().or_else(|| std::env::var("CARILLON_SERVICE_TOKEN").ok());
    let given = given.as_deref().and_then(Secret::new);
    let (address, token) = match &options.url {
        Some(url) => (Address::of_http(url).context("--url")?, given),
        None => {
            let state = State::of_running(&workspace.running())?;
            let signed = || token::with_roles(&state, SERVICE, &["service".to_owned()]).ok();
            let token = given.or_else(|| signed().as_deref().and_then(Secret::new));
            (Address::of_http(&state.url.replace("localhost", "127.0.0.1"))?, token)
        }
    };
    let Some(token) = token else {
        bail!("Give a token with the role service, in the environment variable CARILLON_SERVICE_TOKEN or as --token");
    };
    let timeout = Duration::from_secs(options.timeout);
    Ok(LineSender::new(Http { address, connector: Connector::new(), timeout }, token))
}

/// Keeps which rows have another id here. Where a run stopped between this and its place, the next one writes the same once more.
fn keep_ids(ends: &[LineEnd], path: &Path) -> Result<()> {
    let line = |end: &LineEnd| {
        let (id, stored_as) = end.ids.as_ref()?;
        Some(format!("{}\n", json!({ "kind": end.kind, "id": id, "storedAs": stored_as })))
    };
    let lines: String = ends.iter().filter_map(line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let append = || OpenOptions::new().create(true).append(true).open(path)?.write_all(lines.as_bytes());
    append().with_context(|| format!("{} cannot be written", path.display()))
}

/// Keeps the lines that failed, and why.
fn keep_failed(chunk: &Chunk, ends: &[LineEnd], failed: &Path, reasons: &Path) -> Result<()> {
    for ((number, text), end) in chunk.lines.iter().zip(ends).filter(|(_, end)| end.result == "failed") {
        let append = |path: &Path, line: &str| -> std::io::Result<()> {
            writeln!(OpenOptions::new().create(true).append(true).open(path)?, "{line}")
        };
        append(failed, text).with_context(|| format!("{} cannot be written", failed.display()))?;
        append(reasons, &format!("line {number}: {}", end.reason))?;
    }
    Ok(())
}
