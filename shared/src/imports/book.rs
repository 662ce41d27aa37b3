//! Books.

use super::job::ReadJob;
use super::line::LineFields;
use crate::api_error::ApiError;
use crate::contract::id::BookId;
use crate::contract::time::Millis;
use crate::rooms;
use crate::table::{Key, LineDigest};

/// `{"kind": "book", "id", "authorId", "authorName"?, "title"?}`
pub(super) fn book(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let book: BookId = fields.parsed("id")?;
    let key = Key::book(&book);
    Ok(ReadJob::row(book.as_str().to_owned(), &key, rooms::book::imported(book, fields.rest()?)?))
}
