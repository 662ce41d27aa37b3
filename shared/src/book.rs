//! Books. Your app owns their rows; Carillon reads who wrote them.

use serde::Deserialize;

use crate::id::UserId;
use crate::key::Item;
use crate::store::{StoreError, read};

/// What Carillon needs to know of a book.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Book {
    /// `authorId`: the author's user id.
    #[serde(rename = "authorId")]
    pub author: UserId,
    /// `authorName`; the name in the author's token when the row has none.
    #[serde(rename = "authorName")]
    pub author_name: Option<String>,
}

impl Book {
    /// Reads a book's row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it has no usable `authorId`.
    pub fn of_row(row: Item) -> Result<Self, StoreError> {
        read(row)
    }

    /// Whether this user wrote the book.
    #[must_use]
    pub fn is_by(&self, user: &UserId) -> bool {
        self.author == *user
    }
}
