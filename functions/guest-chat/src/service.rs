//! The routes for services only: a hotel's staff, and the erasure of a user's messages.

use shared::erasure::{self, MessageCursor};
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::{App, hotels};

use super::{Handled, hotel, user};

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Handled {
    caller.must_be_service()?;
    match request.route() {
        "PUT /hotels/{hotelSlug}/staff/{userId}" => {
            hotels::put_staff(&app.table, &hotel(request)?, &user(request)?).await?;
            Ok(Done::now(http::no_content(), None))
        }
        "DELETE /hotels/{hotelSlug}/staff/{userId}" => {
            let (writer, terminate) = (app.writer(request.request_id()), app.settings.terminate_removed);
            let removed =
                hotels::remove_staff(&app.table, &writer, &hotel(request)?, &user(request)?, terminate).await?;
            Ok(removed.map(|()| http::no_content()))
        }
        "DELETE /conversations/authors/{userId}" => {
            let cursor = request.query("cursor").map(MessageCursor::parse).transpose()?;
            let writer = app.writer(request.request_id());
            let erased = erasure::erase_messages(&app.table, &writer, &user(request)?, cursor.as_ref()).await?;
            Ok(erased.map(|erased| http::ok(&erased)))
        }
        other => Err(http::no_such_route(other)),
    }
}
