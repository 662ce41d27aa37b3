//! `cargo local mails`: the e-mails that SES was given.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::commands::cli;
use crate::files::journal::{self, time_of_day};
use crate::files::workspace::Workspace;
use crate::services::mails::{Mail, sent};
use crate::state::State;

const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) async fn print(workspace: &Workspace, options: &cli::Mails) -> Result<ExitCode> {
    let directory = workspace.running();
    let mut shown = BTreeSet::new();
    let state = State::of_running(&directory)?;
    let mut none_yet = Some(format!(
        "No e-mail yet. Twenty seconds after a lease's message, its recipient gets one if they are away: write one at {}/examples/lease-chat",
        state.url
    ));
    loop {
        let mails = sent(&State::of_running(&directory)?).await?;
        if let Some(reason) = none_yet.take().filter(|_| mails.is_empty()) {
            eprintln!("{reason}");
        }
        for mail in mails {
            if shown.insert(mail.id.clone()) && !journal::show(&render(&mail))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !options.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// An e-mail as its reader would see it.
fn render(mail: &Mail) -> String {
    let text = mail.body_text.trim_end().replace('\n', "\n  ");
    format!(
        "{}  to {}, from {}\n  {}\n\n  {text}\n",
        time_of_day(mail.at()),
        mail.to.join(", "),
        mail.source,
        mail.subject
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mail_is_shown_as_its_reader_would_see_it() {
        let mail: Mail = serde_json::from_value(json!({
            "MessageId": "a", "Source": "Carillon <chat@carillon.example>", "To": ["ben@example.com"], "Subject": "A message",
            "BodyText": "One line\nand another\n", "Timestamp": 1_795_150_801.042,
        }))
        .unwrap();
        assert_eq!(
            render(&mail),
            "05:00:01.042Z  to ben@example.com, from Carillon <chat@carillon.example>\n  A message\n\n  One line\n  and another\n"
        );
    }
}
