//! Pushes that the stack's own FCM received, and the users of their devices.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::files::journal::{Reader, TRAFFIC};

/// A push as it was received.
#[derive(Deserialize)]
pub(crate) struct Push {
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    /// FCM's message.
    pub(crate) message: Map<String, Value>,
}

/// The users of devices, each from a moment on. The traffic log keeps those who unregistered since.
pub(crate) struct Devices {
    reader: Reader,
    registered: HashMap<String, Vec<(f64, String)>>,
}

/// A line of the traffic log, in milliseconds since 1970 with a digit after the point.
#[derive(Deserialize)]
struct Line {
    at: f64,
    registered: Registered,
}

#[derive(Deserialize)]
struct Registered {
    token: String,
    user: String,
}

impl Devices {
    pub(crate) fn of(logs: &Path) -> Self {
        Self { reader: Reader::of(logs, TRAFFIC), registered: HashMap::new() }
    }

    /// Takes note of what was registered since the last call.
    pub(crate) fn read(&mut self) -> Result<()> {
        let added: Vec<Line> = self.reader.read()?;
        for Line { at, registered: Registered { token, user } } in added {
            self.registered.entry(token).or_default().push((at, user));
        }
        Ok(())
    }

    /// The user who had the device when this was pushed.
    pub(crate) fn owner(&self, push: &Push) -> Option<&str> {
        // A push is noted to the millisecond.
        let at = push.at as f64 + 1.0;
        let before = self.registered.get(push.device())?.iter().rev().find(|(since, _)| *since < at);
        before.map(|(_, user)| user.as_str())
    }
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

    /// The words on the device, or what the push does without any.
    pub(crate) fn words(&self) -> [String; 2] {
        let badge = self.message.get("apns").and_then(|apns| apns.pointer("/payload/aps/badge"));
        match badge.filter(|_| !self.message.contains_key("notification")) {
            Some(badge) => [format!("The number on the app's icon: {badge}"), String::new()],
            None => ["title", "body"].map(|name| self.part(&format!("notification/{name}")).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::journal;
    use serde_json::json;
    use std::fs::OpenOptions;
    use std::io::Write as _;

    #[test]
    fn a_push_without_words_says_the_number_that_it_sets() {
        let push = |message: Value| Push { at: 1, message: message.as_object().unwrap().clone() };
        let aps = json!({ "payload": { "aps": { "badge": 3 } } });
        assert_eq!(push(json!({ "apns": aps })).words(), ["The number on the app's icon: 3", ""]);
        let words = json!({ "title": "T", "body": "B" });
        assert_eq!(push(json!({ "apns": aps, "notification": words })).words(), ["T", "B"]);
    }

    #[test]
    fn a_push_names_the_user_who_had_the_device_then() {
        let logs = std::env::temp_dir().join(format!("carillon-devices-{}", std::process::id()));
        std::fs::create_dir_all(&logs).unwrap();
        let path = journal::begin(&logs, TRAFFIC).unwrap();
        let note = |line: Value| writeln!(OpenOptions::new().append(true).open(&path).unwrap(), "{line}").unwrap();
        let to = |token: &str, at: u64| Push { at, message: json!({ "token": token }).as_object().unwrap().clone() };
        let mut devices = Devices::of(&logs);
        note(json!({ "at": 10.5, "registered": { "token": "phone", "user": "ben" } }));
        note(json!({ "at": 11.0, "wrote": { "pk": "USER#ben", "sk": "DEVICE#1", "was": null, "now": null } }));
        devices.read().unwrap();
        // Unregistering is noted nowhere.
        assert_eq!(devices.owner(&to("phone", 10)), Some("ben"));
        assert_eq!(devices.owner(&to("phone", 9_000)), Some("ben"));
        note(json!({ "at": 20.0, "registered": { "token": "phone", "user": "cy" } }));
        devices.read().unwrap();
        assert_eq!(devices.owner(&to("phone", 15)), Some("ben"));
        assert_eq!(devices.owner(&to("phone", 21)), Some("cy"));
        assert_eq!(devices.owner(&to("phone", 5)), None);
        assert_eq!(devices.owner(&to("tablet", 21)), None);
        std::fs::remove_dir_all(&logs).unwrap();
    }
}
