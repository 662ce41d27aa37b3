//! `POST /rooms/{bookId}/presence`: puts the caller into a reading room (`room:user-joined`, `room:author-joined`).

use serde::Serialize;
use shared::contract::id::{BookId, UserId};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::observation::RoomUser;
use shared::rooms::presence;
use shared::{ApiError, App};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    book_id: BookId,
    user_id: UserId,
    is_author: bool,
    joined_at: String,
}

/// Puts the caller into the room. The response is the same if they are in it already.
///
/// # Errors
/// 400, 401, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let book = BookId::parse(request.path("bookId")).map_err(|error| ApiError::field("bookId", error))?;
    let member = RoomUser { book, user: caller.user.clone() };
    let entered = presence::enter(&app.table, &app.writer(request.request_id()), member, &caller).await?;

    let joined = |entered: presence::Entered| Joined {
        book_id: entered.member.book,
        user_id: entered.member.user,
        is_author: entered.is_author,
        joined_at: entered.joined_at.iso(),
    };
    Ok(app.finish(entered.map(|entered| http::ok(&joined(entered)))))
}
