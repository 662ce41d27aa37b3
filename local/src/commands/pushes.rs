//! `cargo local pushes`: the pushes that the stack's own FCM received.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::commands::cli;
use crate::files::journal::{self, INTERVAL, PUSHES, Reader, time_of_day};
use crate::files::workspace::Workspace;
use crate::services::pushes::{Devices, Push};
use crate::state::State;

pub(crate) async fn print(workspace: &Workspace, options: &cli::Pushes) -> Result<ExitCode> {
    let directory = workspace.running();
    let state = State::of_running(&directory)?;
    if !state.shows_pushes {
        bail!(
            "This stack pushes through a Firebase project, whose devices show it; without FIREBASE_PROJECT_ID it is shown here"
        );
    }
    let mut reader = Reader::of(&directory.join("logs"), PUSHES);
    let mut devices = Devices::of(&directory.join("logs"));
    let mut none_yet = Some(what_it_needs(&state.url));
    loop {
        let pushes: Vec<Push> = reader.read()?;
        devices.read()?;
        if let Some(reason) = none_yet.take().filter(|_| pushes.is_empty()) {
            eprintln!("{reason}");
        }
        for push in pushes {
            if !journal::show(&render(&push, devices.owner(&push)))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !options.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What to do where nothing was pushed.
fn what_it_needs(url: &str) -> String {
    format!(
        "Nothing was pushed yet. A push needs a registered device, and a user without an open page. This registers a device:\n\
         curl {url}/notifications/device-token -H \"authorization: Bearer $(cargo local token ben)\" \\\n  \
         -H 'content-type: application/json' -d '{{\"token\":\"phone-1\",\"platform\":\"android\"}}'"
    )
}

/// A push as its user would see it.
fn render(push: &Push, owner: Option<&str>) -> String {
    let device: String = push.device().chars().take(24).collect();
    let mut shown = format!("{}  to {}, device {device}", time_of_day(push.at), owner.unwrap_or("nobody known"));
    if push.part("android/priority").as_deref() == Some("HIGH") {
        shown.push_str(", high priority");
    }
    for words in push.words().iter().filter(|words| !words.is_empty()) {
        let _ = write!(shown, "\n  {words}");
    }
    if let Some(data) = push.message.get("data") {
        let _ = write!(shown, "\n  data {data}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            render(&push, Some("ben")),
            "05:00:01.042Z  to ben, device a-token-that-is-much-lon, high priority\n  Ursula\n  New message\n  data \
             {\"type\":\"MESSAGE\"}"
        );
        assert!(render(&push, None).contains("to nobody known"));
    }
}
