//! What a user's last token said of them.
//!
//! A webhook names a user by id alone, and `room:user-joined` shows a name and a picture. Whoever enters a room has been
//! authorized for its channel, so that is when the profile is kept: after the answer. So are those of users who ask for
//! their own channel, or call a party's routes; whom one may invite is whoever has been here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::table::{Action, Item, Key, Table, TableError, read, string};
use crate::telemetry;

/// A user's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: String,
    avatar: Option<String>,
}

impl Profile {
    /// Reads a profile's row.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it is none.
    pub fn of_row(row: Item) -> Result<Self, TableError> {
        read(row)
    }

    /// Whether it says just this of the person.
    #[must_use]
    pub fn is_current(&self, person: &Person) -> bool {
        self.name == person.display_name && self.avatar == person.avatar_url
    }

    /// The person it is about.
    #[must_use]
    pub fn person(self, user: UserId) -> Person {
        Person { user_id: user, display_name: self.name, avatar_url: self.avatar }
    }
}

/// Keeps a person's profile, if the table has none or another: one write, refused where there is nothing to change.
///
/// # Errors
/// When DynamoDB fails.
async fn keep_changed(table: &Table, person: &Person) -> Result<(), TableError> {
    let key = Key::profile(&person.user_id);
    // Without a picture, an absent attribute is right and a present one is not; `<>` holds for neither.
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

/// Keeps profiles after answers, and remembers which it kept, so that a user who asks often costs one write in each
/// process.
#[derive(Debug, Clone)]
pub struct ProfileWriter {
    table: Table,
    kept: Arc<Mutex<HashSet<Person>>>,
}

/// Profiles that a process remembers; then it starts anew.
const MAX_KNOWN: usize = 10_000;

impl ProfileWriter {
    /// A writer that has written none yet.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, kept: Arc::default() }
    }

    /// Keeps a profile, unless this process already has. What does not work is logged, and tried at the next occasion.
    pub async fn keep_if_new(self, person: Person) {
        if !self.kept().contains(&person) {
            self.keep(person).await;
        }
    }

    /// Keeps a profile. What does not work is logged, and tried at the next occasion.
    pub async fn keep(self, person: Person) {
        match keep_changed(&self.table, &person).await {
            Ok(()) => {
                let mut kept = self.kept();
                if kept.len() >= MAX_KNOWN {
                    kept.clear();
                }
                kept.insert(person);
            }
            Err(error) => telemetry::cause(&error),
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashSet<Person>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
