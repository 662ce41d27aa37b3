//! What a user's last token said of them.
//!
//! A webhook names a user by id alone, and `room:user-joined` shows a name and a picture. Whoever enters a room has been
//! authorized for its channel, so that is when the profile is kept. A party's routes keep it too, and so know whom one may
//! invite: those who have been here.

use serde::{Deserialize, Serialize};

use crate::contract::Person;
use crate::id::UserId;
use crate::key::{Item, Key, string};
use crate::store::{Store, StoreError, conditionally, read};

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
    /// [`StoreError::Corrupt`] when it is none.
    pub fn of_row(row: Item) -> Result<Self, StoreError> {
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
pub async fn keep_changed(store: &Store, person: &Person) -> Result<(), StoreError> {
    let update = store
        .update(&Key::profile(&person.user_id))
        .condition_expression("attribute_not_exists(pk) OR #name <> :name OR #avatar <> :avatar")
        .expression_attribute_names("#name", "name")
        .expression_attribute_names("#avatar", "avatar")
        .expression_attribute_values(":name", string(&person.display_name));
    // Without a picture, an absent attribute is right and a present one is not; `<>` holds for neither.
    let update = match &person.avatar_url {
        Some(avatar) => update
            .update_expression("SET #name = :name, #avatar = :avatar")
            .expression_attribute_values(":avatar", string(avatar)),
        None => update
            .update_expression("SET #name = :name REMOVE #avatar")
            .condition_expression("attribute_not_exists(pk) OR #name <> :name OR attribute_exists(#avatar)"),
    };
    conditionally(update).await.map(drop)
}

/// Keeps a person's profile.
///
/// # Errors
/// When DynamoDB fails.
pub async fn keep(store: &Store, person: &Person) -> Result<(), StoreError> {
    let mut row = Key::profile(&person.user_id).item();
    row.insert("name".to_owned(), string(&person.display_name));
    if let Some(avatar) = &person.avatar_url {
        row.insert("avatar".to_owned(), string(avatar));
    }
    store.put(row).send().await.map(drop).map_err(StoreError::dynamodb)
}
