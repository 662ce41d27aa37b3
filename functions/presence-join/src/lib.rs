//! `POST /rooms/{bookId}/presence`: puts the caller into a reading room (`room:user-joined`, `room:author-joined`).

use serde::Serialize;
use shared::contract::id::{BookId, UserId};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::observation::Seat;
use shared::rooms::presence;
use shared::{App, Problem};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    book_id: BookId,
    user_id: UserId,
    is_author: bool,
    joined_at: String,
}

/// Puts the caller into the room; responds alike if they are in it already.
///
/// # Errors
/// 400, 401, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    let book = BookId::parse(request.path("bookId")).map_err(|error| Problem::field("bookId", error))?;
    let seat = Seat { book, user: caller.user.clone() };
    let entered = presence::enter(&app.table, &app.writer(request.request_id()), seat, &caller).await?;

    let joined = |entered: presence::Entered| Joined {
        book_id: entered.seat.book,
        user_id: entered.seat.user,
        is_author: entered.is_author,
        joined_at: entered.joined_at.iso(),
    };
    Ok(app.finish(entered.map(|entered| http::ok(&joined(entered)))))
}
