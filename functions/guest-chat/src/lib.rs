//! A hotel's guests and its staff: everything under `/api/guest/hotel/{hotelSlug}/chat` but the authorization of its channel,
//! everything under `/hotels/{hotelSlug}`, and `/conversations/authors/{userId}`.

mod chat;
mod guest;
mod service;
mod staff;

use shared::contract::id::{BookingId, HotelSlug, UserId};
use shared::http::{ReadRequest as _, Request, Response};
use shared::outbox::Done;
use shared::{ApiError, App};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404, 413, 415, 422, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let route = request.route();
    // Boxed, because the runtime moves a handler's future several times.
    let done = match route.split_once(' ').map_or(route, |(_, path)| path) {
        path if path.starts_with("/api/guest/") => {
            let guest = app.authenticate_guest(&request).await?;
            Box::pin(guest::handle(app, &request, &guest)).await
        }
        path if path.starts_with("/hotels/{hotelSlug}/chats") || path == "/hotels/{hotelSlug}/staff" => {
            let caller = app.authenticate(&request).await?;
            Box::pin(staff::handle(app, &request, &caller)).await
        }
        _ => {
            let caller = app.authenticate(&request).await?;
            Box::pin(service::handle(app, &request, &caller)).await
        }
    }?;
    Ok(app.finish(done))
}

/// The response of a route, with the rows that can be delivered after it.
type Handled = Result<Done<Response>, ApiError>;

fn hotel(request: &Request) -> Result<HotelSlug, ApiError> {
    HotelSlug::parse(request.path("hotelSlug")).map_err(|error| ApiError::field("hotelSlug", error))
}

fn booking(request: &Request) -> Result<BookingId, ApiError> {
    BookingId::parse(request.path("bookingId")).map_err(|error| ApiError::field("bookingId", error))
}

fn user(request: &Request) -> Result<UserId, ApiError> {
    UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))
}
