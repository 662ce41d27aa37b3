//! Profiles: a user's name and picture, from their last token.
//!
//! A webhook has only a user's id, but `room:user-joined` shows a name and a picture; and only a user who is known can be
//! invited to a party. So every authenticated call stores the caller's profile, after the response
//! ([`crate::app::App::authenticate`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clients::breaker::Breaker;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::table::{Action, Item, Key, Table, TableError, read, string};
use crate::telemetry;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: String,
    avatar: Option<String>,
}

impl Profile {
    /// Reads a profile's row.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it is not a profile.
    pub fn of_row(row: Item) -> Result<Self, TableError> {
        read(row)
    }

    /// Whether it has the name and the picture of this person.
    #[must_use]
    pub fn is_current(&self, person: &Person) -> bool {
        self.name == person.display_name && self.avatar == person.avatar_url
    }

    #[must_use]
    pub fn person(self, user: UserId) -> Person {
        Person { user_id: user, display_name: self.name, avatar_url: self.avatar }
    }
}

/// Stores a person's profile, with one conditional write that changes nothing if it is current.
///
/// # Errors
/// When DynamoDB fails.
async fn keep_changed(table: &Table, person: &Person) -> Result<(), TableError> {
    let key = Key::profile(&person.user_id);
    // Without a picture, `<>` has no value to compare with: the profile has changed if the attribute exists.
    let update = match &person.avatar_url {
        Some(avatar) => Action::update(&key, "SET #name = :name, #avatar = :avatar")
            .condition("attribute_not_exists(pk) OR #name <> :name OR #avatar <> :avatar")
            .value(":avatar", string(avatar)),
        None => Action::update(&key, "SET #name = :name REMOVE #avatar")
            .condition("attribute_not_exists(pk) OR #name <> :name OR attribute_exists(#avatar)"),
    };
    let update = update.name("#name", "name").name("#avatar", "avatar").value(":name", string(&person.display_name));
    table.write(update).await.map(drop)
}

/// Stores profiles after responses. It remembers the last one of each user, so that each process writes it once, however
/// many requests the user sends.
#[derive(Debug, Clone)]
pub struct ProfileWriter {
    table: Table,
    kept: Arc<Mutex<HashMap<UserId, Person>>>,
    /// Open while DynamoDB is away: nobody waits for a profile.
    breaker: Arc<Breaker>,
}

/// Most profiles that a process remembers; then it forgets all of them.
const MAX_KNOWN: usize = 10_000;

impl ProfileWriter {
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, kept: Arc::default(), breaker: Arc::default() }
    }

    /// Stores a profile, unless this process knows that it is stored. A failure is logged; the user's next request tries
    /// again.
    pub async fn keep_if_new(self, person: Person) {
        if self.breaker.is_open(Millis::now()) || self.kept().get(&person.user_id) == Some(&person) {
            return;
        }
        match keep_changed(&self.table, &person).await {
            Ok(()) => {
                self.breaker.succeeded();
                self.remember(person);
            }
            Err(error) => {
                self.breaker.failed(Millis::now());
                telemetry::cause(&error);
            }
        }
    }

    /// Takes note of what a request has just read: whether the stored profile is this one.
    pub fn note(&self, person: Person, is_stored: bool) {
        if is_stored {
            self.remember(person);
        } else {
            self.kept().remove(&person.user_id);
        }
    }

    fn remember(&self, person: Person) {
        let mut kept = self.kept();
        if kept.len() >= MAX_KNOWN {
            kept.clear();
        }
        kept.insert(person.user_id.clone(), person);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<UserId, Person>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
