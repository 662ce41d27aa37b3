//! A lease of the client ada and the notary ben, and its chat.

use lease_chat::handle;
use serde_json::{Value, json};

use crate::{Reply, Request, World, token_with};

/// The key of the links' signatures.
pub const LINK_KEY: &str = "a-key-of-links-of-at-least-32-bytes";

/// A world in which e-mail is on, with the lease `b1`.
pub async fn with_email() -> World {
    with_email_and(&[]).await
}

/// The same with these further environment variables.
pub async fn with_email_and(more: &[(&str, &str)]) -> World {
    let email = [
        ("EMAIL_FROM", "chat@example.com"),
        ("EMAIL_LINK_KEY", LINK_KEY),
        ("EMAIL_CONFIGURATION_SET", "carillon-test"),
        ("APP_URL", "https://app.example.com"),
        ("API_URL", "https://api.example.com"),
    ];
    let world = World::with(&more.iter().chain(&email).copied().collect::<Vec<_>>()).await;
    put(&world, json!({})).await;
    world
}

/// Puts the lease `b1`, with these further fields.
pub async fn put(world: &World, more: Value) -> Reply {
    let mut body = json!({ "clientId": "ada", "notaryId": "ben", "title": "12 rue des Lilas" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let service = token_with("leases", &json!({ "roles": ["service"] }));
    let request = Request::new("PUT /leases/{bailId}").bearer(&service).path("bailId", "b1").json(&body);
    world.send(handle, &request).await
}

/// A request to this route of the lease `b1`.
pub fn ask(user: &str, route: &str) -> Request {
    Request::new(route).by(user).path("bailId", "b1")
}

/// The request with which this user writes.
pub fn message(user: &str, content: &str) -> Request {
    ask(user, "POST /leases/{bailId}/messages").json(&json!({ "content": content }))
}

/// Lets this user write; returns the message.
pub async fn write(world: &World, user: &str, content: &str) -> Value {
    let reply = world.send(handle, &message(user, content)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["message"].clone()
}

/// Makes this user known, with this address in the token.
pub async fn known(world: &World, user: &str, address: &str) {
    let token = token_with(user, &json!({ "email": address }));
    world.send(handle, &Request::new("GET /leases/{bailId}").bearer(&token).path("bailId", "b1")).await;
}
