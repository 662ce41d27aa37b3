//! `DELETE /rooms/{bookId}/presence`: takes the caller out of a room (`room:user-left`).

use shared::App;
use shared::http::{self, Problem, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::id::BookId;
use shared::presence::{self, Moment, Seat};
use shared::time::Millis;

/// Leaves, or finds the caller already gone.
///
/// # Errors
/// 400, 401 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    let book = BookId::parse(request.path("bookId")).map_err(|error| error.in_field("bookId"))?;
    let seat = Seat { book, user: caller.user };
    let observed = presence::leave(&app.store, &seat, Moment::Now(Millis::now())).await?;
    Ok(http::no_content().then(app.deliver(presence::deliverable(observed.change))))
}
