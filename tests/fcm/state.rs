//! The orders of a test, and the history of requests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::{Command, Met, Refusal, milliseconds};

/// Most collapse keys whose messages FCM keeps for a device that is offline (Firebase, "Non-collapsible and collapsible
/// messages"). Which ones is not documented; the stand-in keeps the newest.
const MAX_COLLAPSE_KEYS: usize = 4;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) met: Met,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
    pub(crate) lifetime: Option<i64>,
    pub(crate) token_status: Option<u16>,
    /// The messages that are kept for each device that is offline.
    pub(crate) offline: BTreeMap<String, Vec<Value>>,
    access_tokens: BTreeSet<String>,
    given: usize,
    refusals: BTreeMap<String, VecDeque<Refusal>>,
    pause: Duration,
    collapse_keys: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    pub(crate) fn control(&mut self, command: Command) {
        match command {
            Command::Refuse { device, refusals } => drop(self.refusals.insert(device, refusals)),
            Command::Revoke => self.access_tokens.clear(),
            Command::RefuseAccess { status } => self.token_status = status,
            Command::SetLifetime { seconds } => self.lifetime = Some(seconds),
            Command::SetPause { milliseconds } => self.pause = Duration::from_millis(milliseconds),
            Command::SetOffline { device } => drop(self.offline.insert(device, Vec::new())),
            Command::SetUp { .. } => {}
        }
    }

    /// A new access token.
    pub(crate) fn give_access(&mut self) -> String {
        self.given += 1;
        let token = format!("access-{}-{}", self.given, std::process::id());
        self.access_tokens.insert(token.clone());
        token
    }

    pub(crate) fn has_given(&self, token: &str) -> bool {
        self.access_tokens.contains(token)
    }

    /// Notes a request; returns how long it takes.
    pub(crate) fn arrives(&mut self, device: &str) -> Duration {
        self.met.requests.push((device.to_owned(), milliseconds()));
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        self.pause
    }

    /// The next error for this device.
    pub(crate) fn refusal(&mut self, device: &str) -> Option<Refusal> {
        self.refusals.get_mut(device)?.pop_front()
    }

    /// Takes a message, for the device or for when it is back.
    pub(crate) fn accept(&mut self, device: &str, message: Value) {
        if let Some(key) = collapse_key(&message) {
            let keys = self.collapse_keys.entry(device.to_owned()).or_default();
            keys.insert(key.to_owned());
            if keys.len() > MAX_COLLAPSE_KEYS {
                self.met.faults.push(format!("{} collapse keys for one device", keys.len()));
            }
        }
        match self.offline.get_mut(device) {
            Some(kept) => keep(kept, message),
            None => self.met.sent.push(message),
        }
    }
}

/// Adds a message to those that are kept for a device. One with a collapse key replaces that of the same key.
fn keep(kept: &mut Vec<Value>, message: Value) {
    if let Some(own) = collapse_key(&message) {
        kept.retain(|other| collapse_key(other) != Some(own));
    }
    kept.push(message);
    let collapsible: Vec<usize> = (0..kept.len()).filter(|index| collapse_key(&kept[*index]).is_some()).collect();
    if collapsible.len() > MAX_COLLAPSE_KEYS {
        kept.remove(collapsible[0]);
    }
}

fn collapse_key(message: &Value) -> Option<&str> {
    message["android"]["collapse_key"].as_str()
}
