//! `POST /rooms/{bookId}/presence`: puts the caller into a room (`room:user-joined`, `room:author-joined`).

use serde::Serialize;
use shared::App;
use shared::book::Book;
use shared::http::{self, Problem, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::id::{BookId, UserId};
use shared::key::Key;
use shared::presence::{self, Moment, Seat};
use shared::time::Millis;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    book_id: BookId,
    user_id: UserId,
    is_author: bool,
    joined_at: String,
}

/// Joins, or finds the caller already there.
///
/// # Errors
/// 400, 401 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    let book_id = BookId::parse(request.path("bookId")).map_err(|error| error.in_field("bookId"))?;
    let book = app.store.get(&Key::book(&book_id), false).await?.map(Book::of_row).transpose()?;

    let now = Millis::now();
    let seat = Seat { book: book_id, user: caller.user.clone() };
    let observed = presence::join(&app.store, &seat, &caller.person(), book.as_ref(), Moment::Now(now)).await?;
    let joined = Joined {
        is_author: book.is_some_and(|book| book.is_by(&seat.user)),
        book_id: seat.book,
        user_id: seat.user,
        joined_at: observed.joined_at.unwrap_or(now).iso(),
    };
    Ok(http::ok(&joined).then(app.deliver(presence::deliverable(observed.change))))
}
