//! Books. Your app writes their rows; Carillon reads the author from them.

use serde::Deserialize;

use crate::contract::id::{BookId, UserId};
use crate::table::{Item, Key, Table, TableError, read};
use crate::users::profile::Profile;

/// What Carillon reads of a book.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Book {
    pub author_id: UserId,
    /// Absent when the row has no name; then the name in the author's token is used.
    pub author_name: Option<String>,
}

impl Book {
    /// Reads a book's row.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it has no valid `authorId`.
    pub fn of_row(row: Item) -> Result<Self, TableError> {
        read(row)
    }

    /// Whether this user wrote the book.
    #[must_use]
    pub fn is_by(&self, user: &UserId) -> bool {
        self.author_id == *user
    }
}

/// A book, by an eventually consistent read.
///
/// # Errors
/// When DynamoDB fails or the row cannot be read.
pub async fn get(table: &Table, book: &BookId) -> Result<Option<Book>, TableError> {
    table.get(&Key::book(book), false).await?.map(Book::of_row).transpose()
}

/// A book and a user's profile, in one request; either may be missing.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn get_with_profile(
    table: &Table,
    book: &BookId,
    user: &UserId,
) -> Result<(Option<Book>, Option<Profile>), TableError> {
    let keys = [Key::book(book), Key::profile(user)];
    let (mut found_book, mut found_profile) = (None, None);
    for row in table.get_many(&keys, false).await? {
        match Key::of(&row) {
            Some(key) if key == keys[0] => found_book = Some(Book::of_row(row)?),
            _ => found_profile = Some(Profile::of_row(row)?),
        }
    }
    Ok((found_book, found_profile))
}
