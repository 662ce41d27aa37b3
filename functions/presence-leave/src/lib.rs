//! `DELETE /rooms/{bookId}/presence`: takes the caller out of a room (`room:user-left`).

use shared::contract::id::BookId;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::observation::{Observation, RoomUser};
use shared::rooms::presence;
use shared::{ApiError, App};

/// Takes the caller out of the room. The response is the same if they are not in it.
///
/// # Errors
/// 400, 401, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let book = BookId::parse(request.path("bookId")).map_err(|error| ApiError::field("bookId", error))?;
    let member = RoomUser { book, user: caller.user };
    let left =
        presence::leave(&app.table, &app.writer(request.request_id()), &member, Observation::ByUser(Millis::now()))
            .await?;
    Ok(app.finish(left.map(|_| http::no_content())))
}
