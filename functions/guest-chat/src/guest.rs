//! The guest's side, by the token in the guest's link.

use serde_json::json;
use shared::contract::channel::Channel;
use shared::contract::chats::{RealtimeEvent, Role};
use shared::contract::event::Event as _;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Guest;
use shared::outbox::Done;
use shared::{ApiError, App, chats, hotels};

use super::Handled;
use super::chat::Side;

pub(super) async fn handle(app: &App, request: &Request, guest: &Guest) -> Handled {
    let side = Side {
        hotel: guest.hotel.clone(),
        booking: guest.booking.clone(),
        id: hotels::guest_id(&guest.hotel, &guest.booking).map_err(ApiError::internal)?,
        role: Role::Guest,
    };
    match request.route() {
        "GET /api/guest/hotel/{hotelSlug}/chat/context" => context(app, guest, &side).await,
        "GET /api/guest/hotel/{hotelSlug}/chat/messages" => side.read(app, request).await,
        "POST /api/guest/hotel/{hotelSlug}/chat/messages" => side.write(app, request, guest.name.clone()).await,
        "POST /api/guest/hotel/{hotelSlug}/chat/attachments" => side.upload(app, request).await,
        "GET /api/guest/hotel/{hotelSlug}/chat/attachments/{attachmentId}" => side.link(app, request).await,
        "DELETE /api/guest/hotel/{hotelSlug}/chat/messages/{messageId}" => side.delete(app, request).await,
        "PUT /api/guest/hotel/{hotelSlug}/chat/read" => side.mark_read(app, request).await,
        other => Err(http::no_such_route(other)),
    }
}

/// The data that a chat page needs before it subscribes.
async fn context(app: &App, guest: &Guest, side: &Side) -> Handled {
    let (head, mark) = chats::head_and_mark(&app.table, &side.conversation(), &side.id).await?;
    let channel = Channel::GuestChat(guest.hotel.clone(), guest.booking.clone());
    let context = json!({
        "pusher": { "channel": channel.to_string(), "event": RealtimeEvent::NAME },
        "hotel": guest.hotel,
        "booking": guest.booking,
        "guest": { "id": side.id, "name": guest.name },
        "unreadCount": head.unread_after(mark),
    });
    Ok(Done::now(http::ok(&context), None))
}
