//! The profiles that a process keeps and remembers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::profile::{Claimed, Profile, keep_changed, shown};
use crate::clients::breaker::Breaker;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::identity::Identity;
use crate::table::{Item, Key, Table, TableError};
use crate::telemetry;

/// Stores profiles after responses, and knows how others see a caller. It remembers both of each user, so that each process writes
/// a profile once in 15 minutes and reads it once a minute, however many requests the user sends.
#[derive(Debug, Clone)]
pub struct Profiles {
    table: Table,
    known: Arc<Mutex<HashMap<UserId, Known>>>,
    /// Open while DynamoDB is away: nobody waits for a profile.
    breaker: Arc<Breaker>,
}

/// The memory that a process has of a user.
#[derive(Debug, Default)]
struct Known {
    /// The claims that the stored profile had then.
    stored: Option<(Claimed, Millis)>,
    /// The profile, and when it was read.
    read: Option<(Profile, Millis)>,
}

/// Most users that a process remembers; then it forgets all of them.
const MAX_KNOWN: usize = 10_000;
/// How long an HTTP request may show a name after another back end has put a new one, in milliseconds. A WebSocket shows the name
/// of its handshake as long as it is open, at most two hours.
const FRESH: i64 = 60_000;
/// How long a process takes claims for stored, in milliseconds. Another process may have stored those of another token since.
const STORED: i64 = 15 * 60_000;

impl Known {
    fn has_stored(&self, claimed: &Claimed, now: Millis) -> bool {
        self.stored.as_ref().is_some_and(|(stored, at)| now.since(*at) < STORED && stored.includes(claimed))
    }
}

impl Profiles {
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, known: Arc::default(), breaker: Arc::default() }
    }

    /// The caller as others see them, by at most one eventually consistent read a minute. While the table fails, by the last profile
    /// that was read, or else as their token says.
    pub async fn person(&self, caller: &Identity) -> Person {
        let now = Millis::now();
        let known = self.known().get(&caller.user).and_then(|known| known.read.clone());
        let is_fresh = known.as_ref().is_some_and(|(_, at)| now.since(*at) < FRESH);
        let earlier = known.map(|(profile, _)| profile);
        if is_fresh || self.breaker.is_open(now) {
            return shown(earlier, caller);
        }
        let found = self.table.get(&Key::profile(&caller.user), false).await;
        let profile = self.checked(found).map(|row| self.read(&caller.user, row));
        shown(profile.or(earlier), caller)
    }

    /// Stores a profile, unless this process knows that it is stored. A failure is logged; the user's next request tries
    /// again.
    pub async fn keep_if_new(self, claimed: Claimed) {
        let now = Millis::now();
        let is_stored = self.known().get(&claimed.user).is_some_and(|known| known.has_stored(&claimed, now));
        if is_stored || self.breaker.is_open(now) {
            return;
        }
        let kept = keep_changed(&self.table, &claimed).await;
        if let Some(row) = self.checked(kept) {
            self.read(&claimed.user, row);
            self.remember(&claimed.user.clone(), |known| known.stored = Some((claimed, now)));
        }
    }

    /// Remembers this profile, which the request has just read. Returns the caller as others see them by it.
    pub fn note(&self, caller: &Identity, profile: Option<Profile>) -> Person {
        let claimed = Claimed::of(caller);
        let profile = profile.unwrap_or_default();
        let now = Millis::now();
        let stored = profile.is_current(&claimed).then_some((claimed, now));
        let read = Some((profile.clone(), now));
        self.remember(&caller.user, |known| *known = Known { stored, read });
        shown(Some(profile), caller)
    }

    /// Makes the next request read the profile: another back end has put it.
    pub fn forget(&self, user: &UserId) {
        self.known().remove(user);
    }

    /// Takes note of whether the table works.
    fn checked<T>(&self, found: Result<T, TableError>) -> Option<T> {
        match found {
            Ok(found) => {
                self.breaker.succeeded();
                Some(found)
            }
            Err(error) => {
                self.breaker.failed(Millis::now());
                telemetry::cause(&error);
                None
            }
        }
    }

    /// Remembers the profile in a row.
    fn read(&self, user: &UserId, row: Option<Item>) -> Profile {
        let profile = Profile::or_none(row).unwrap_or_default();
        self.remember(user, |known| known.read = Some((profile.clone(), Millis::now())));
        profile
    }

    fn remember(&self, user: &UserId, change: impl FnOnce(&mut Known)) {
        let mut known = self.known();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        change(known.entry(user.clone()).or_default());
    }

    fn known(&self) -> MutexGuard<'_, HashMap<UserId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, SdkConfig};
    use serde_json::json;

    use super::*;
    use crate::clients::https::HttpClient;
    use crate::table::item;

    fn row(more: serde_json::Value) -> Option<Item> {
        Some(item(&Key::profile(&UserId::parse("ada").unwrap()), &more).unwrap())
    }

    #[tokio::test]
    async fn a_table_that_fails_does_not_make_the_tokens_name_replace_the_one_that_was_put() {
        // Without a region, each request fails before it is sent.
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let profiles = Profiles::new(Table::new(config, HttpClient::default(), "none"));
        let ada = Identity::named("ada", "Of The Token");
        let name = async || profiles.person(&ada).await.display_name;
        assert_eq!(name().await, "Of The Token", "nothing was read yet");
        profiles.read(&ada.user, row(json!({ "putName": "Countess" })));
        let age = |known: &mut Known| known.read.as_mut().unwrap().1 = Millis::epoch();
        profiles.remember(&ada.user, age);
        assert!(profiles.breaker.is_open(Millis::now()));
        assert_eq!(name().await, "Countess", "while the breaker is open");
        profiles.breaker.succeeded();
        assert_eq!(name().await, "Countess", "when the read fails");
    }

    #[tokio::test]
    async fn a_profile_that_the_request_has_read_is_not_read_again() {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let profiles = Profiles::new(Table::new(config, HttpClient::default(), "none"));
        let ada = Identity::named("ada", "Of The Token");
        let noted = profiles.note(&ada, Profile::or_none(row(json!({ "putName": "Countess" }))));
        assert_eq!(noted.display_name, "Countess");
        assert_eq!(profiles.person(&ada).await, noted);
    }
}
