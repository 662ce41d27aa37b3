//! A field that no document names: refused with its name, on every route that takes JSON.

use serde_json::{Value, json};
use tests::{Request, World};

use crate::every_route::{event_files, world};
use crate::handlers::send;

/// Pusher and its clients send these, and an app may have Pusher's clients send more (`params`).
const LENIENT: [&str; 8] = [
    "pusher-api-batch",
    "pusher-api-event",
    "pusher-api-terminate",
    "pusher-auth",
    "pusher-auth-form",
    "pusher-auth-guest",
    "pusher-user-auth",
    "pusher-webhook",
];

/// The file's event with a field more in its body; `None` for an event without a JSON body.
fn with_unknown_field(event: &Value) -> Option<Value> {
    event["routeKey"].as_str().filter(|route| !route.starts_with('$'))?;
    let mut body: Value = serde_json::from_str(event["body"].as_str()?).ok()?;
    body.as_object_mut()?.insert("titel".to_owned(), json!("s3cret"));
    let mut event = event.clone();
    event["body"] = json!(body.to_string());
    Some(event)
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name_with_the_known_ones_and_nothing_is_written() {
    let world = world().await;
    let before = world.table.rows().await;
    let mut refused = 0;
    for (name, event) in event_files() {
        let Some(event) = with_unknown_field(&event).filter(|_| !LENIENT.contains(&name.as_str())) else { continue };
        let reply = send(&world, event).await;
        let message = reply.body["message"].as_str().unwrap_or_default();
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        assert!(message.starts_with("titel is not a field of ") && message.contains(": there "), "{name}: {message}");
        assert!(!reply.line.to_string().contains("titel"), "{name}: {}", reply.line);
        assert_eq!(reply.line["outcome"], "body: unknown field", "{name}: {}", reply.line);
        refused += 1;
    }
    assert_eq!(world.table.rows().await, before);
    assert!(world.pusher.take_sent().is_empty());
    assert!(refused >= 18, "{refused}");
}

#[tokio::test]
async fn an_unknown_field_of_pushers_clients_is_ignored() {
    let world = world().await;
    for (name, event) in event_files() {
        let Some(event) = with_unknown_field(&event) else { continue };
        if LENIENT.contains(&name.as_str()) && name != "pusher-webhook" && !name.starts_with("pusher-api-") {
            assert_eq!(send(&world, event).await.status, 200, "{name}");
        }
    }
    let form = "socket_id=1.2&channel_name=private-user-ada&device=phone";
    let request = Request::new("POST /pusher/auth").bearer(&tests::token("ada")).form(form);
    let world = World::new().await;
    assert_eq!(world.send(pusher_auth::handle, &request).await.status, 200);
}

#[tokio::test]
async fn an_unknown_field_within_another_is_refused_too() {
    let world = World::new().await;
    for (body, known) in [
        (json!({ "types": { "MESSAGE": { "pusch": false } } }), "inApp"),
        (json!({ "quietHours": { "from": "22:00", "to": "07:00", "timezone": "UTC" } }), "timeZone"),
    ] {
        let reply = world.send(notifications::handle, &tests::notification::save_preferences(&body)).await;
        let message = reply.body["message"].as_str().unwrap();
        assert!(reply.status == 400 && message.contains(" is not a field of ") && message.contains(known), "{reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn an_unknown_field_to_delete_a_device_by_deletes_none() {
    let world = World::new().await;
    world.send(device_tokens::handle, &tests::devices::register("ada", "phone")).await;
    let before = world.table.rows().await;
    for body in [json!({ "tokens": "phone" }), json!({ "token": "phone", "all": false })] {
        let request = Request::new("DELETE /notifications/device-token").by("ada").json(&body);
        assert_eq!(world.send(device_tokens::handle, &request).await.status, 400);
    }
    assert_eq!(world.table.rows().await, before);
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused_before_anything_is_done() {
    let world = World::new().await;
    world.send(device_tokens::handle, &tests::devices::register("ada", "phone")).await;
    world.send(device_tokens::handle, &tests::devices::register("ada", "tablet")).await;
    let before = world.table.rows().await;
    let twice = |request: Request, name: &str, values: [&str; 2]| {
        values.iter().fold(request, |request, value| request.query(name, value))
    };
    let refused = |reply: &tests::Reply, name: &str| {
        assert_eq!(reply.status, 400, "{reply:?}");
        let message = reply.body["message"].as_str().unwrap();
        assert_eq!(message, format!("{name} is in the query more than once: send it once"));
        assert_eq!(reply.line["outcome"], "query: repeated parameter");
    };
    let delete = Request::new("DELETE /notifications/device-token").by("ada");
    let reply = world.send(device_tokens::handle, &twice(delete, "token", ["phone", "tablet"])).await;
    refused(&reply, "token");
    let list = Request::new("GET /kudos").by("ada");
    refused(&world.send(kudos_list::handle, &twice(list.clone(), "limit", ["1", "2"])).await, "limit");
    refused(&world.send(kudos_list::handle, &twice(list, "limit", ["1", "1"])).await, "limit");
    let unsubscribe = Request::new("GET /email/unsubscribe");
    let reply = world.send(email_unsubscribe::handle, &twice(unsubscribe, "user", ["a", "b"])).await;
    refused(&reply, "user");
    let mut handshake = Request::socket("$connect", "ws", "c1").asking("token", &tests::token("ada")).event().clone();
    handshake["multiValueQueryStringParameters"]["token"] = json!([tests::token("ada"), tests::token("ben")]);
    refused(&world.send(socket_connect::handle, &Request::of_event(handshake)).await, "token");
    assert_eq!(world.table.rows().await, before);
    let monitor = twice(Request::new("GET /health"), "t", ["1", "2"]);
    assert_eq!(world.send(health::handle, &monitor).await.status, 200, "what nobody reads may come twice");
}
