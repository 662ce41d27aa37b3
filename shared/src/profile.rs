//! What a user's last token said of them.
//!
//! A webhook names a user by id alone, and `room:user-joined` shows a name and a picture. Whoever enters a room has been
//! authorized for its channel, so that is when the profile is kept.

use serde::{Deserialize, Serialize};

use crate::contract::Person;
use crate::id::UserId;
use crate::key::{Item, Key, number, string};
use crate::store::{Store, StoreError, on_heap, read};
use crate::time::Millis;

/// Profiles live this long after they were last kept, in seconds.
const LIFETIME: i64 = 90 * 24 * 3600;
/// A profile that has less than this left, in seconds, is kept again.
const RENEW: i64 = 60 * 24 * 3600;

/// A user's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: String,
    avatar: Option<String>,
    expires_at: i64,
}

impl Profile {
    /// Reads a profile's row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none.
    pub fn of_row(row: Item) -> Result<Self, StoreError> {
        read(row)
    }

    /// Whether it says this of the person, and will for a good while.
    #[must_use]
    pub fn is_current(&self, person: &Person, now: Millis) -> bool {
        self.name == person.display_name
            && self.avatar == person.avatar_url
            && self.expires_at > now.plus_seconds(RENEW).seconds()
    }

    /// The person it is about.
    #[must_use]
    pub fn person(self, user: UserId) -> Person {
        Person { user_id: user, display_name: self.name, avatar_url: self.avatar }
    }
}

/// Keeps a person's profile.
///
/// # Errors
/// When DynamoDB fails.
pub async fn keep(store: &Store, person: &Person, now: Millis) -> Result<(), StoreError> {
    let mut row = Key::profile(&person.user_id).item();
    row.insert("name".to_owned(), string(&person.display_name));
    if let Some(avatar) = &person.avatar_url {
        row.insert("avatar".to_owned(), string(avatar));
    }
    row.insert("expires_at".to_owned(), number(now.plus_seconds(LIFETIME).seconds()));
    on_heap(store.put(row).send()).await.map(drop).map_err(StoreError::dynamodb)
}
