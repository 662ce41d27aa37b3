//! `cargo local listen`: a real client of the running stack, or the facts on its event bus.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use contract::facts::SOURCE;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::commands::cli;
use crate::files::journal::{self, INTERVAL, Reader, TRAFFIC, time_of_day};
use crate::files::workspace::Workspace;
use crate::state::State;
use crate::state::token;

pub(crate) async fn listen(workspace: &Workspace, options: &cli::Listen) -> Result<ExitCode> {
    match &options.user_id {
        Some(user) => as_user(workspace, user),
        None => facts(workspace, options.json).await,
    }
}

/// Replaces this process with the Node program that listens as the user.
fn as_user(workspace: &Workspace, user: &str) -> Result<ExitCode> {
    let state = State::of_running(&workspace.running())?;
    // The app's own token, where only the app's issuer can sign one.
    let token = match std::env::var("CARILLON_TOKEN") {
        Ok(of_app) if !of_app.is_empty() => of_app,
        _ => token::of_user(&state, user)?,
    };
    let error = Command::new("node")
        .arg(workspace.listen().join("listen.mjs"))
        .arg(user)
        .env("CARILLON_STACK", State::path(&workspace.running()))
        // Not an argument, because arguments are visible to every user of the machine.
        .env("CARILLON_TOKEN", token)
        .exec();
    Err(error).context("Node.js cannot be started; install it and try again")
}

/// A line of the traffic log with a fact in it.
#[derive(Deserialize)]
struct FactLine {
    at: f64,
    fact: PassedFact,
}

#[derive(Deserialize)]
struct PassedFact {
    name: String,
    /// JSON text.
    detail: String,
}

impl FactLine {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment after 1970")]
    fn shown(&self) -> String {
        format!("{}  {}  {}", time_of_day(self.at as u64), self.fact.name, self.fact.detail)
    }

    /// The members of the event that say which fact it is; those that EventBridge adds, such as the account, are left out.
    fn as_event(&self) -> String {
        let detail = RawValue::from_string(self.fact.detail.clone()).unwrap_or_default();
        json!({ "source": SOURCE, "detail-type": self.fact.name, "detail": detail }).to_string()
    }
}

/// Prints the facts that ministack's event bus takes from now on.
async fn facts(workspace: &Workspace, as_json: bool) -> Result<ExitCode> {
    let directory = workspace.running();
    State::of_running(&directory)?;
    let mut reader = Reader::of(&directory.join("logs"), TRAFFIC);
    reader.read::<FactLine>()?;
    eprintln!("Ctrl-C ends this.");
    loop {
        for line in reader.read::<FactLine>()? {
            let line = if as_json { line.as_event() } else { line.shown() };
            if !journal::show(&line)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_a_line_with_its_moment_its_name_and_its_detail() {
        let line =
            r#"{"at":1795150801042.5,"fact":{"name":"kudos.given","bus":"carillon-dev","detail":"{\"id\":\"1\"}"}}"#;
        let line: FactLine = serde_json::from_str(line).unwrap();
        assert_eq!(line.shown(), r#"05:00:01.042Z  kudos.given  {"id":"1"}"#);
        assert_eq!(line.as_event(), r#"{"detail":{"id":"1"},"detail-type":"kudos.given","source":"carillon"}"#);
        assert!(serde_json::from_str::<FactLine>(r#"{"at":1,"heard":{}}"#).is_err());
    }
}
