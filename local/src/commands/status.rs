//! `cargo local status`: whether the stack is up and well.

use std::process::ExitCode;

use anyhow::Result;
use http::Uri;

use crate::files::workspace::Workspace;
use crate::net::probe;
use crate::services::aws::Aws;
use crate::services::jwks;
use crate::state::State;
use crate::state::pusher_app::APP_ID;
use crate::state::settings::PusherServer;

/// The findings, one per line.
struct Status<'a> {
    state: &'a State,
    healthy: bool,
    ministack: bool,
    /// `None` for a stack without one.
    sockudo: Option<bool>,
    /// Rows that owe something, messages that wait in the retry queue, and dead letters.
    undelivered: Option<(usize, u64, u64)>,
    logs: String,
    /// Why the keys of the app's issuer cannot be read.
    without_keys: Option<String>,
}

/// Fails when a part does not answer.
pub(crate) async fn print(workspace: &Workspace) -> Result<ExitCode> {
    let directory = workspace.running();
    let state = State::of_running(&directory)?;
    let health: Uri = format!("{}/health", state.url.replace("localhost", "127.0.0.1")).parse()?;
    let ministack: Uri = format!("{}/_ministack/health", state.aws_endpoint).parse()?;
    let (healthy, ministack, sockudo, without_keys) = tokio::join!(
        probe::succeeds(&health),
        probe::succeeds(&ministack),
        sockudo(&state),
        jwks::failure(&state.issuer)
    );
    let undelivered = if ministack { undelivered(&state).await.ok() } else { None };
    let logs = directory.join("logs").display().to_string();
    let status = Status { state: &state, healthy, ministack, sockudo, undelivered, logs, without_keys };
    println!("{}", status.render());
    Ok(if status.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn sockudo(state: &State) -> Option<bool> {
    state.processes.sockudo.as_ref()?;
    let up = format!("http://{}:{}/up/{}", state.pusher.host, state.pusher.port, APP_ID).parse();
    Some(match up {
        Ok(up) => probe::succeeds(&up).await,
        Err(_) => false,
    })
}

async fn undelivered(state: &State) -> Result<(usize, u64, u64)> {
    let aws = Aws::of(state);
    Ok((
        aws.owing().await?.len(),
        aws.messages_in(&state.outputs.retry_queue_url).await?,
        aws.messages_in(&state.outputs.dead_letter_queue_url).await?,
    ))
}

impl Status<'_> {
    fn is_well(&self) -> bool {
        self.healthy
            && self.ministack
            && self.sockudo != Some(false)
            && self.undelivered.is_some()
            && self.without_keys.is_none()
    }

    fn render(&self) -> String {
        let State { url, aws_endpoint, pusher, issuer, processes, .. } = self.state;
        let word = |is_up| if is_up { "answers" } else { "DOES NOT ANSWER" };
        let keys = match &self.without_keys {
            Some(reason) => format!(", which CANNOT BE READ ({reason}): requests get 500"),
            None => String::new(),
        };
        let undelivered = match self.undelivered {
            Some(counts) => undelivered_text(counts),
            None => "unknown".to_owned(),
        };
        let scheme = if pusher.tls { "wss" } else { "ws" };
        let channels = format!("{scheme}://{}:{}, key {}", pusher.host, pusher.port, pusher.key);
        let channels = match self.sockudo {
            Some(is_up) => format!("  sockudo     {}, {channels}", word(is_up)),
            None if pusher.server == PusherServer::Hosted => format!("  channels    {channels}"),
            None => format!("  channels    the functions', {channels}"),
        };
        [
            format!("{url} (process {})", processes.cargo_local.pid),
            format!("  functions   {} (GET /health)", if self.healthy { "well" } else { "NOT WELL" }),
            format!("  ministack   {}, {aws_endpoint}", word(self.ministack)),
            channels,
            format!("  tokens      {}{keys}", issuer.describe()),
            format!("  undelivered {undelivered}"),
            format!("  console     {url}/console"),
            format!("  logs        {} (`cargo local logs` shows the functions')", self.logs),
        ]
        .join("\n")
    }
}

/// Every row that owes something is looked at once more some seconds later, so a check that is due does not say that a delivery failed.
fn undelivered_text((rows, checks, dead): (usize, u64, u64)) -> String {
    let rows = if rows == 1 { "1 row owes something".to_owned() } else { format!("{rows} rows owe something") };
    let dead = if dead == 1 { "1 dead letter".to_owned() } else { format!("{dead} dead letters") };
    match checks {
        0 => format!("{rows}, {dead}"),
        1 => format!("{rows}, {dead}; 1 check of a row is due"),
        _ => format!("{rows}, {dead}; {checks} checks of rows are due"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_due_is_told_apart_from_what_is_owed() {
        assert_eq!(undelivered_text((0, 0, 0)), "0 rows owe something, 0 dead letters");
        assert_eq!(undelivered_text((1, 1, 1)), "1 row owes something, 1 dead letter; 1 check of a row is due");
        assert_eq!(undelivered_text((2, 3, 0)), "2 rows owe something, 0 dead letters; 3 checks of rows are due");
    }
}
