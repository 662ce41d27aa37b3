//! Books: who wrote them, as the app's own back end says.

use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::contract::id::{BookId, UserId};
use crate::contract::text::Line;
use crate::table::{Action, Item, Key, Table, TableError, Update, absent, read};
use crate::users::profile::Profile;

/// A book's attributes that Carillon reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Book {
    pub author_id: UserId,
    /// Absent when the row has no name; then the name in the author's token is used.
    pub author_name: Option<Line>,
}

/// Longest title, in characters.
const MAX_TITLE: usize = 500;
/// Longest name of an author, in characters, as that of a caller.
const MAX_NAME: usize = 128;

/// A book as another back end sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBook {
    author_id: String,
    author_name: Option<String>,
    title: Option<String>,
}

/// A book as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub book_id: BookId,
    pub author_id: UserId,
    pub author_name: Option<Line>,
    pub title: Option<Line>,
}

/// Keeps what is said of a book. A name or title that is left out is forgotten; attributes that the app has put into the row
/// itself stay.
///
/// # Errors
/// 400 for invalid fields, 500 when DynamoDB fails.
pub async fn put(table: &Table, book_id: BookId, new: NewBook) -> Result<Kept, ApiError> {
    let kept = new.checked(book_id)?;
    table.write(kept.update()).await?;
    Ok(kept)
}

/// The write of a book from another system's data, unless there is one already.
///
/// # Errors
/// 400 for invalid fields.
pub(crate) fn imported(book_id: BookId, new: NewBook) -> Result<Action, ApiError> {
    Ok(new.checked(book_id)?.update().when(absent("pk")).into())
}

impl NewBook {
    fn checked(self, book_id: BookId) -> Result<Kept, ApiError> {
        let Self { author_id, author_name, title } = self;
        let author_id = UserId::parse(author_id).map_err(|error| ApiError::field("authorId", error))?;
        let line = |text: Option<String>, most, field| {
            let line = text.map(|text| Line::parse(&text, most)).transpose();
            line.map_err(|error| ApiError::field(field, error))
        };
        let (author_name, title) = (line(author_name, MAX_NAME, "authorName")?, line(title, MAX_TITLE, "title")?);
        Ok(Kept { book_id, author_id, author_name, title })
    }
}

impl Kept {
    fn update(&self) -> Update {
        Update::new(&Key::book(&self.book_id))
            .set("authorId", &self.author_id)
            .replace("authorName", self.author_name.as_ref())
            .replace("title", self.title.as_ref())
    }
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
pub async fn get(table: &Table, book: &BookId) -> Result<Option<Book>, TableError> {
    table.get(&Key::book(book), false).await?.map(Book::of_row).transpose()
}

/// A book and a user's profile, in one request; either may be missing.
pub async fn get_with_profile(
    table: &Table,
    book: &BookId,
    user: &UserId,
) -> Result<(Option<Book>, Option<Profile>), TableError> {
    let [book, profile] = table.get_each([&Key::book(book), &Key::profile(user)], false).await?;
    Ok((book.map(Book::of_row).transpose()?, Profile::or_none(profile)))
}
