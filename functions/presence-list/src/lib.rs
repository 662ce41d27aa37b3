//! `GET /rooms/{bookId}/presence`: the users who are in a reading room now.

use shared::contract::id::BookId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::occupants::{self, OccupantsCursor};
use shared::{ApiError, App};

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// Lists a page of the room's users. Any member may ask, as any may subscribe to the room's channel.
///
/// # Errors
/// 400 and 401, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?;
    let book = BookId::parse(request.path("bookId")).map_err(|error| ApiError::field("bookId", error))?;
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(OccupantsCursor::parse).transpose()?;
    Ok(http::ok(&occupants::occupants(&app.table, book, limit, cursor.as_ref()).await?))
}
