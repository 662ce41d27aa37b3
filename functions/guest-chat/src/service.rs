//! What only services may do: say who a hotel's staff are, and erase what a user wrote.

use shared::App;
use shared::chats::{self, EraseCursor};
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;

use super::{Handled, hotel, no_such_route, user};

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Handled {
    caller.must_be_service()?;
    match request.route() {
        "PUT /hotels/{hotelSlug}/staff/{userId}" => {
            chats::put_staff(&app.table, &hotel(request)?, &user(request)?).await?;
            Ok(Done::now(http::no_content(), None))
        }
        "DELETE /hotels/{hotelSlug}/staff/{userId}" => {
            let (writer, terminate) = (app.writer(request.request_id()), app.settings.terminate_removed);
            let removed =
                chats::remove_staff(&app.table, &writer, &hotel(request)?, &user(request)?, terminate).await?;
            Ok(removed.map(|()| http::no_content()))
        }
        "DELETE /conversations/authors/{userId}" => {
            let cursor = request.query("cursor").map(EraseCursor::parse).transpose()?;
            let writer = app.writer(request.request_id());
            let erased = chats::erase(&app.table, &writer, &user(request)?, cursor.as_ref()).await?;
            Ok(erased.map(|erased| http::ok(&erased)))
        }
        other => Err(no_such_route(other)),
    }
}
