//! `cargo local pushes`: what the stack's own FCM was given.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::aws::{Aws, text};
use crate::cli;
use crate::journal::{self, INTERVAL, PUSHES, Reader, time_of_day};
use crate::state::State;
use crate::workspace::Workspace;

/// A push as it was received.
#[derive(Deserialize)]
pub(crate) struct Push {
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    /// FCM's message.
    pub(crate) message: Map<String, Value>,
}

pub(crate) async fn print(workspace: &Workspace, options: &cli::Pushes) -> Result<ExitCode> {
    let directory = workspace.running();
    let state = State::read(&directory)?;
    if !state.shows_pushes {
        bail!(
            "This stack pushes through a Firebase project, whose devices show it; without FIREBASE_PROJECT_ID it is shown here"
        );
    }
    let mut reader = Reader::of(&directory.join("logs"), PUSHES);
    let mut owners = owners(&Aws::of(&state)).await?;
    loop {
        let pushes: Vec<Push> = reader.read()?;
        if pushes.iter().any(|push| !owners.contains_key(push.device())) {
            // The stack may have been reset, and the table is another one then.
            owners = self::owners(&Aws::of(&State::read(&directory)?)).await?;
        }
        for push in pushes {
            if !journal::show(&push.render(owners.get(push.device()).map(String::as_str)))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !options.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Whose each registered device is.
pub(crate) async fn owners(aws: &Aws) -> Result<BTreeMap<String, String>> {
    let filter = json!({ "FilterExpression": "begins_with(sk, :device)", "ExpressionAttributeValues": { ":device": { "S": "DEVICE#" } } });
    let rows = aws.scan(filter).await?;
    let owner = |row| Some((text(row, "token")?.to_owned(), text(row, "pk")?.strip_prefix("USER#")?.to_owned()));
    Ok(rows.iter().filter_map(owner).collect())
}

impl Push {
    pub(crate) fn device(&self) -> &str {
        self.message.get("token").and_then(Value::as_str).unwrap_or_default()
    }

    /// Text in the message, such as `notification/title`.
    pub(crate) fn part(&self, pointer: &str) -> Option<String> {
        let mut parts = pointer.split('/');
        let first = parts.next().and_then(|name| self.message.get(name));
        parts.try_fold(first?, |value, name| value.get(name)).and_then(Value::as_str).map(str::to_owned)
    }

    fn render(&self, owner: Option<&str>) -> String {
        let device: String = self.device().chars().take(24).collect();
        let mut shown = format!("{}  to {}, device {device}", time_of_day(self.at), owner.unwrap_or("nobody known"));
        if self.part("android/priority").as_deref() == Some("HIGH") {
            shown.push_str(", high priority");
        }
        for part in ["notification/title", "notification/body"] {
            let _ = write!(shown, "\n  {}", self.part(part).unwrap_or_default());
        }
        let data = self.message.get("data").cloned().unwrap_or_default();
        let _ = write!(shown, "\n  data {data}");
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_shown_as_its_user_would_see_it() {
        let push: Push = serde_json::from_value(json!({
            "at": 1_795_150_801_042_u64,
            "message": {
                "token": "a-token-that-is-much-longer-than-a-line",
                "notification": { "title": "Ursula", "body": "New message" },
                "data": { "type": "MESSAGE" },
                "android": { "priority": "HIGH" },
            },
        }))
        .unwrap();
        assert_eq!(
            push.render(Some("ben")),
            "05:00:01.042Z  to ben, device a-token-that-is-much-lon, high priority\n  Ursula\n  New message\n  data \
             {\"type\":\"MESSAGE\"}"
        );
        assert!(push.render(None).contains("to nobody known"));
    }
}
