//! `cargo local mails`: the e-mails that SES was given. ministack plays SES, and keeps them.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use http::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::cli;
use crate::journal::{self, time_of_day};
use crate::relay::Relay;
use crate::state::State;
use crate::workspace::Workspace;

const INTERVAL: Duration = Duration::from_secs(1);

/// An e-mail as ministack keeps it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Mail {
    #[serde(rename = "MessageId")]
    pub(crate) id: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) to: Vec<String>,
    #[serde(default)]
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) body_text: String,
    #[serde(default)]
    pub(crate) body_html: Option<String>,
    /// Seconds since 1970.
    timestamp: f64,
}

impl Mail {
    /// Milliseconds since 1970.
    pub(crate) fn at(&self) -> u64 {
        // In range: a moment of this century.
        (self.timestamp * 1000.0) as u64
    }

    fn render(&self) -> String {
        let text = self.body_text.trim_end().replace('\n', "\n  ");
        format!(
            "{}  to {}, from {}\n  {}\n\n  {text}\n",
            time_of_day(self.at()),
            self.to.join(", "),
            self.source,
            self.subject
        )
    }
}

pub(crate) async fn print(workspace: &Workspace, options: &cli::Mails) -> Result<ExitCode> {
    let directory = workspace.running();
    let mut shown = BTreeSet::new();
    loop {
        for mail in sent(&State::read(&directory)?).await? {
            if shown.insert(mail.id.clone()) && !journal::show(&mail.render())? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !options.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// All of them, oldest first.
pub(crate) async fn sent(state: &State) -> Result<Vec<Mail>> {
    let request = Request::get("/_ministack/ses/messages").body(())?;
    let response = Relay::to(&state.aws_endpoint).send(request.into_parts().0, Default::default()).await;
    let response = response.ok().filter(|response| response.status().is_success());
    let kept: Value = serde_json::from_slice(response.context("ministack does not say what it sent")?.body())?;
    Ok(mails_in(&kept))
}

/// ministack keeps a list for each account.
fn mails_in(kept: &Value) -> Vec<Mail> {
    let accounts = kept.get("messages").and_then(Value::as_object).into_iter().flat_map(|accounts| accounts.values());
    let kept = accounts.filter_map(Value::as_array).flatten();
    let mut mails: Vec<Mail> = kept.filter_map(|mail| serde_json::from_value(mail.clone()).ok()).collect();
    mails.sort_by(|one, other| one.timestamp.total_cmp(&other.timestamp));
    mails
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(id: &str, at: f64) -> Value {
        json!({
            "MessageId": id, "Source": "Carillon <chat@carillon.example>", "To": ["ben@example.com"], "CC": [], "BCC": [],
            "Subject": "A message", "BodyText": "One line\nand another\n", "BodyHtml": "<p>One line</p>", "Timestamp": at, "Type": "Email",
        })
    }

    #[test]
    fn mails_are_listed_oldest_first() {
        let all = mails_in(
            &json!({ "messages": { "000000000000": [kept("b", 2.0), kept("a", 1.0)], "1": [kept("c", 3.0)] } }),
        );
        assert_eq!(all.iter().map(|mail| mail.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!(mails_in(&json!({})).is_empty());
    }

    #[test]
    fn a_mail_is_shown_as_its_reader_would_see_it() {
        let mail: Mail = serde_json::from_value(kept("a", 1_795_150_801.042)).unwrap();
        assert_eq!(
            mail.render(),
            "05:00:01.042Z  to ben@example.com, from Carillon <chat@carillon.example>\n  A message\n\n  One line\n  and another\n"
        );
    }
}
