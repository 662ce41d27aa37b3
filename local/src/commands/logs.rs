//! `cargo local logs`: the functions' log lines, in a readable form.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::commands::cli;
use crate::files::journal::{self, FUNCTIONS, INTERVAL, Reader, time_of_day};
use crate::files::workspace::Workspace;
use crate::state::State;
use crate::state::function_names::{name_in_template, names_in};

/// A line that a function printed.
#[derive(Deserialize)]
struct Entry {
    /// Milliseconds since 1970.
    at: u64,
    /// The deployed function's name.
    function: String,
    text: String,
}

pub(crate) async fn print(workspace: &Workspace, options: &cli::Logs) -> Result<ExitCode> {
    let directory = workspace.running();
    State::read(&directory)?;
    if let Some(wanted) = &options.function {
        let template = std::fs::read_to_string(workspace.root.join("template.yaml"))?;
        check_function(wanted, &names_in(&template))?;
    }
    let mut shown = false;
    let mut reader = Reader::of(&directory.join("logs"), FUNCTIONS);
    loop {
        let entries: Vec<Entry> = reader.read()?;
        for entry in entries.into_iter().filter(|entry| entry.is_wanted(options)) {
            shown = true;
            let line = if options.json { entry.text } else { entry.render() };
            if !journal::show(&line)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if let (Some(id), false, false) = (&options.request, options.follow, shown) {
            bail!(
                "No line is about the request {id}. Its stack may have been reset or started again since, and a function that still \
                 works on it has written nothing yet: --follow waits"
            );
        }
        if !options.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

impl Entry {
    /// The name in the template: `KudosCreate` of `carillon-local-KudosCreate-A3691961FEC16`.
    fn name(&self) -> &str {
        name_in_template(&self.function)
    }

    /// The log line; `None` for anything else that a process prints, such as the reason why it cannot start.
    fn line(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.text).ok()
    }

    fn is_wanted(&self, options: &cli::Logs) -> bool {
        let line = self.line();
        let of_function = |wanted: &String| plain(self.name()).starts_with(&plain(wanted));
        let of_request = |id: &String| line.as_ref().is_some_and(|line| is_about(line, id));
        options.function.as_ref().is_none_or(of_function)
            && options.request.as_ref().is_none_or(of_request)
            && (!options.errors || line.as_ref().is_none_or(is_error))
    }

    fn render(&self) -> String {
        let mut shown = format!("{} {:<17}", time_of_day(self.at), self.name());
        match self.line() {
            Some(line) => render(&line, &mut shown),
            None => shown.extend([" ", &self.text]),
        }
        shown
    }
}

/// Fails unless the name of a function begins so.
fn check_function(wanted: &str, names: &[&str]) -> Result<()> {
    let is_one = |name: &&str| plain(name).starts_with(&plain(wanted));
    if !plain(wanted).is_empty() && names.iter().any(is_one) {
        return Ok(());
    }
    bail!("The name of no function begins with {wanted:?}. There are {}", names.join(", "))
}

/// `kudos-create`, `KudosCreate` and `kudos_create` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether it is the request's own line, or that of an invocation that delivered what the request caused.
fn is_about(line: &Map<String, Value>, id: &str) -> bool {
    let is_own = line.get("requestId").and_then(Value::as_str) == Some(id);
    let caused = |deliveries: &Vec<Value>| deliveries.iter().any(|one| one.get(0).and_then(Value::as_str) == Some(id));
    is_own || line.get("deliveries").and_then(Value::as_array).is_some_and(caused)
}

fn is_error(line: &Map<String, Value>) -> bool {
    let failed = line.get("level").and_then(Value::as_str) == Some("error");
    failed || line.get("status").and_then(Value::as_u64).is_some_and(|status| status >= 400)
}

/// Members that are shown first, or not at all: what CloudWatch alone reads.
const PLACED: [&str; 9] =
    ["level", "requestId", "route", "status", "durationMs", "answeredMs", "outcome", "_aws", "Stage"];

fn render(line: &Map<String, Value>, shown: &mut String) {
    let text = |name: &str| match line.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut add = |part: &str| {
        if !part.is_empty() {
            let _ = write!(shown, "  {part}");
        }
    };
    add(&text("route"));
    add(&text("status"));
    add(&line.get("durationMs").and_then(Value::as_f64).map(|ms| format!("{ms:.1} ms")).unwrap_or_default());
    if text("outcome") != "ok" {
        add(&text("outcome"));
    }
    for name in line.keys().filter(|name| !PLACED.contains(&name.as_str())) {
        match name.as_str() {
            "causes" => add(&format!("because: {}", list(&line[name], "; "))),
            // The counts say the same, without the requests' ids.
            "deliveries" => {}
            _ => add(&format!("{name}={}", text(name))),
        }
    }
    add(&text("requestId"));
}

fn list(value: &Value, separator: &str) -> String {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::cli::{Cli, Command};
    use clap::Parser;
    use serde_json::json;

    fn entry(function: &str, text: &str) -> Entry {
        Entry { at: 1_795_150_801_042, function: function.to_owned(), text: text.to_owned() }
    }

    fn kudos() -> Entry {
        let line = json!({
            "level": "info", "requestId": "7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57", "route": "POST /kudos", "outcome": "ok", "status": 201, "answeredMs": 4.2,
            "durationMs": 9.04, "deliveries": [["7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57", "pusher", "delivered"]], "Deliveries.pusher.delivered": 1,
            "Stage": "dev", "_aws": {},
        });
        entry("carillon-local-KudosCreate-A3691961FEC16", &line.to_string())
    }

    fn retry() -> Entry {
        let line = json!({
            "level": "error", "requestId": "r-2", "route": "retry queue", "outcome": "failed", "durationMs": 1.0,
            "causes": ["Pusher did not answer"], "deliveries": [["7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57", "pusher", "postponed"]],
        });
        entry("carillon-local-Delivery-342B3E41E7A5D", &line.to_string())
    }

    fn wanted(entry: &Entry, arguments: &[&str]) -> bool {
        match Cli::try_parse_from([&["local", "logs"], arguments].concat()).ok().and_then(|cli| cli.command) {
            Some(Command::Logs(options)) => entry.is_wanted(&options),
            _ => panic!("{arguments:?} are no arguments of logs"),
        }
    }

    #[test]
    fn a_line_is_readable() {
        assert_eq!(
            kudos().render(),
            "05:00:01.042Z KudosCreate        POST /kudos  201  9.0 ms  Deliveries.pusher.delivered=1  7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57"
        );
        assert_eq!(
            retry().render(),
            "05:00:01.042Z Delivery           retry queue  1.0 ms  failed  because: Pusher did not answer  r-2"
        );
        let raw = entry("carillon-local-Health-1", "set the environment variable PUSHER_KEY");
        assert_eq!(raw.render(), "05:00:01.042Z Health            set the environment variable PUSHER_KEY");
    }

    #[test]
    fn a_function_is_found_by_the_beginning_of_its_name_however_it_is_written() {
        for name in ["kudos-create", "KudosCreate", "kudos"] {
            assert!(wanted(&kudos(), &["--function", name]), "{name}");
            assert!(!wanted(&retry(), &["--function", name]), "{name}");
        }
    }

    #[test]
    fn an_error_about_an_unknown_function_comes_at_once_and_lists_the_functions() {
        let template = include_str!("../../../template.yaml");
        let names = names_in(template);
        assert!(names.len() > 20 && names.contains(&"KudosCreate") && !names.contains(&"Table"), "{names:?}");
        for wanted in ["kudos", "PusherAuth", "delivery"] {
            assert!(check_function(wanted, &names).is_ok(), "{wanted}");
        }
        for wanted in ["nope", "", "kudos-creates", "table"] {
            let message = check_function(wanted, &names).unwrap_err().to_string();
            assert!(message.contains(&format!("{wanted:?}")) && message.contains("KudosCreate, "), "{message}");
        }
    }

    #[test]
    fn a_request_is_found_with_what_it_caused() {
        assert!(wanted(&kudos(), &["--request", "7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57"]));
        assert!(
            wanted(&retry(), &["--request", "7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57"]),
            "it delivered what r-1 caused"
        );
        assert!(!wanted(&kudos(), &["--request", "00000000-5b1d-4a43-9d2e-1c6b8f3e0a57"]));
    }

    #[test]
    fn errors_are_failures_refusals_and_output_that_is_not_a_log_line() {
        assert!(!wanted(&kudos(), &["--errors"]));
        assert!(wanted(&retry(), &["--errors"]));
        assert!(wanted(&entry("f", "thread 'main' panicked"), &["--errors"]));
        assert!(wanted(&entry("f", r#"{"level":"info","status":401}"#), &["--errors"]));
    }
}
