//! The staff's side: the inbox, their colleagues, and any of the hotel's chats: its messages, whom it is assigned to, whether it is open.

use serde_json::json;
use shared::contract::chats::{Role, StaffMember};
use shared::contract::id::HotelSlug;
use shared::hotels::{self, ChatPatch, InboxCursor, InboxFilter, MAX_CHATS, MAX_STAFF, StaffCursor};
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::{ApiError, App};

use super::chat::Side;
use super::{Handled, booking, hotel};

const DEFAULT_CHATS: u8 = 20;
const DEFAULT_STAFF: u8 = 50;
/// The routes that are open to operators, too.
const OPERATORS: [&str; 3] =
    ["GET /hotels/{hotelSlug}/chats", "GET /hotels/{hotelSlug}/chats/{bookingId}", "GET /hotels/{hotelSlug}/staff"];

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Handled {
    let hotel = hotel(request)?;
    let is_operator = caller.is_operator() && OPERATORS.contains(&request.route());
    if !is_operator && !hotels::is_staff(&app.table, &hotel, &caller.user).await? {
        return Err(ApiError::Forbidden(
            "Only the hotel's staff may do this: a service adds a member with PUT /hotels/{hotelSlug}/staff/{userId}"
                .to_owned(),
        ));
    }
    match request.route() {
        "GET /hotels/{hotelSlug}/chats" => return inbox(app, request, caller, &hotel).await,
        "GET /hotels/{hotelSlug}/staff" => return staff(app, request, &hotel).await,
        _ => {}
    }
    let side = Side { hotel, booking: booking(request)?, id: caller.user.clone(), role: Role::Staff };
    match request.route() {
        "GET /hotels/{hotelSlug}/chats/{bookingId}" => {
            let chat = hotels::chat(&app.table, (&side.hotel, &side.booking), &side.id).await?;
            Ok(Done::now(http::ok(&json!({ "chat": chat })), None))
        }
        "PATCH /hotels/{hotelSlug}/chats/{bookingId}" => {
            let patch = request.json::<ChatPatch>()?;
            let by = StaffMember { id: side.id, name: app.person(caller).await.display_name };
            let writer = app.writer(request.request_id());
            let chat = (&side.hotel, &side.booking);
            let changed = hotels::change_chat(&app.table, &writer, chat, &by, &patch).await?;
            Ok(changed.map(|chat| http::ok(&json!({ "chat": chat }))))
        }
        "GET /hotels/{hotelSlug}/chats/{bookingId}/messages" => side.read(app, request).await,
        "POST /hotels/{hotelSlug}/chats/{bookingId}/messages" => {
            side.write(app, request, app.person(caller).await.display_name).await
        }
        "POST /hotels/{hotelSlug}/chats/{bookingId}/attachments" => side.upload(app, request).await,
        "GET /hotels/{hotelSlug}/chats/{bookingId}/attachments/{attachmentId}" => side.link(app, request).await,
        "DELETE /hotels/{hotelSlug}/chats/{bookingId}/messages/{messageId}" => side.delete(app, request).await,
        "PUT /hotels/{hotelSlug}/chats/{bookingId}/read" => side.mark_read(app, request).await,
        other => Err(http::no_such_route(other)),
    }
}

async fn staff(app: &App, request: &Request, hotel: &HotelSlug) -> Handled {
    let limit = request.limit(DEFAULT_STAFF, MAX_STAFF)?;
    let cursor = request.query("cursor").map(StaffCursor::parse).transpose()?;
    let page = hotels::list_staff(&app.table, hotel, limit, cursor.as_ref()).await?;
    Ok(Done::now(http::ok(&page), None))
}

async fn inbox(app: &App, request: &Request, caller: &Identity, hotel: &HotelSlug) -> Handled {
    let limit = request.limit(DEFAULT_CHATS, MAX_CHATS)?;
    let cursor = request.query("cursor").map(InboxCursor::parse).transpose()?;
    let filter = InboxFilter::parse(request.query("state"), request.query("assignedTo"), &caller.user)?;
    let inbox = hotels::inbox(&app.table, (hotel, &caller.user), limit, cursor, &filter).await?;
    Ok(Done::now(http::ok(&inbox), None))
}
