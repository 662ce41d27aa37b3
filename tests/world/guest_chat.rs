//! A hotel's guest and its staff.

use guest_chat::handle;
use serde_json::{Value, json};

use crate::{Reply, Request, World, guest_token, token_with};

/// The path below which a guest's routes are.
const GUEST: &str = "/api/guest/hotel/{hotelSlug}/chat";

/// The guest of `BK-2025-0123` at killarney calls a route, such as `GET /messages`, as the guest's page does.
pub fn as_guest(route: &str) -> Request {
    as_guest_of("BK-2025-0123", route)
}

/// The guest of this booking at killarney calls a route.
pub fn as_guest_of(booking: &str, route: &str) -> Request {
    with_token(&guest_token("killarney", booking), route)
}

/// Calls a guest's route with this token.
pub fn with_token(token: &str, route: &str) -> Request {
    let (method, path) = route.split_once(' ').unwrap();
    Request::new(&format!("{method} {GUEST}{path}")).path("hotelSlug", "killarney").query("token", token)
}

/// A member of killarney's staff calls a route of the chat of `BK-2025-0123`, such as `GET /messages`.
pub fn as_staff(user: &str, route: &str) -> Request {
    let (method, path) = route.split_once(' ').unwrap();
    let request = Request::new(&format!("{method} /hotels/{{hotelSlug}}/chats/{{bookingId}}{path}")).by(user);
    request.path("hotelSlug", "killarney").path("bookingId", "BK-2025-0123")
}

/// A member of killarney's staff looks at the inbox.
pub fn inbox(user: &str) -> Request {
    Request::new("GET /hotels/{hotelSlug}/chats").by(user).path("hotelSlug", "killarney")
}

/// A service calls a route.
pub fn as_service(route: &str) -> Request {
    Request::new(route).bearer(&token_with("pms", &json!({ "roles": ["service"] })))
}

/// Makes these users killarney's staff.
pub async fn hire(world: &World, staff: &[&str]) {
    for user in staff {
        let put = as_service("PUT /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
        assert_eq!(world.send(handle, &put.path("userId", user)).await.status, 204);
    }
}

/// The guest writes; returns the message.
pub async fn guest_writes(world: &World, text: &str) -> Value {
    written(world.send(handle, &as_guest("POST /messages").json(&json!({ "message": text }))).await)
}

/// A member of the staff writes; returns the message.
pub async fn staff_writes(world: &World, user: &str, text: &str) -> Value {
    written(world.send(handle, &as_staff(user, "POST /messages").json(&json!({ "message": text }))).await)
}

fn written(reply: Reply) -> Value {
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["message"].clone()
}
