//! `PUT /books/{bookId}`: another back end tells who wrote a book, so that its reading room knows its author.

use shared::contract::id::BookId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::book;
use shared::{ApiError, App};

/// Keeps what is said of the book, in place of what was said before.
///
/// # Errors
/// 400, 401, 403, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?.must_be_service()?;
    let id = BookId::parse(request.path("bookId")).map_err(|error| ApiError::field("bookId", error))?;
    let kept = book::put(&app.table, id, request.json()?).await?;
    Ok(http::ok(&kept))
}
