//! A field that no document names: refused with its name, on every route that takes JSON.

use std::path::Path;

use serde_json::{Value, json};
use tests::{Reply, Request, World};

/// Pusher and its clients send these, and an app may have Pusher's clients send more (`params`).
const LENIENT: [&str; 5] =
    ["pusher-auth", "pusher-auth-form", "pusher-auth-guest", "pusher-user-auth", "pusher-webhook"];

fn event_files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut files: Vec<(String, Value)> = files
        .map(|path| {
            let event = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), event)
        })
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

/// The file's event with a field more in its body; `None` for an event without a JSON body.
fn with_unknown_field(event: &Value) -> Option<Value> {
    event["routeKey"].as_str().filter(|route| !route.starts_with('$'))?;
    let mut body: Value = serde_json::from_str(event["body"].as_str()?).ok()?;
    body.as_object_mut()?.insert("titel".to_owned(), json!("s3cret"));
    let mut event = event.clone();
    event["body"] = json!(body.to_string());
    Some(event)
}

async fn send(world: &World, name: &str, event: Value) -> Reply {
    let request = Request::of_event(event);
    match name.split('-').next().unwrap() {
        "books" => world.send(books::handle, &request).await,
        "dashboard" => world.send(dashboard::handle, &request).await,
        "device" => world.send(device_tokens::handle, &request).await,
        "guest" => world.send(guest_chat::handle, &request).await,
        "keys" => world.send(messages::handle, &request).await,
        "kudos" => world.send(kudos_create::handle, &request).await,
        "lease" => world.send(lease_chat::handle, &request).await,
        "notifications" => world.send(notifications::handle, &request).await,
        "parties" => world.send(parties::handle, &request).await,
        "pusher" if name == "pusher-mock-event" => world.send(pusher_mock_event::handle, &request).await,
        "pusher" => world.send(pusher_auth::handle, &request).await,
        other => panic!("which function takes the event files {other}-…?"),
    }
}

async fn world() -> World {
    let env = event_files().into_iter().find(|(name, _)| name == "env").unwrap().1;
    let text = |name: &str| env["Parameters"][name].as_str().unwrap().to_owned();
    let names = ["PUSHER_KEY", "PUSHER_SECRET", "JWT_SECRET"];
    let values = names.map(text);
    let world = World::with(&[0, 1, 2].map(|n| (names[n], values[n].as_str()))).await;
    // What must be there, or the request would be refused for another reason.
    for (name, event) in event_files() {
        if ["guest-chat-put-staff", "lease-chat-put"].contains(&name.as_str()) {
            assert!(send(&world, &name, event).await.status < 300, "{name}");
        }
    }
    world
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name_with_the_known_ones_and_nothing_is_written() {
    let world = world().await;
    let before = world.table.rows().await;
    let mut refused = 0;
    for (name, event) in event_files() {
        let Some(event) = with_unknown_field(&event).filter(|_| !LENIENT.contains(&name.as_str())) else { continue };
        let reply = send(&world, &name, event).await;
        let message = reply.body["message"].as_str().unwrap_or_default();
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        assert!(message.contains("unknown field `titel`, expected"), "{name}: {message}");
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
        if LENIENT.contains(&name.as_str()) && name != "pusher-webhook" {
            assert_eq!(send(&world, &name, event).await.status, 200, "{name}");
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
        (json!({ "types": { "MESSAGE": { "pusch": false } } }), "`inApp`"),
        (json!({ "quietHours": { "from": "22:00", "to": "07:00", "timezone": "UTC" } }), "`timeZone`"),
    ] {
        let reply = world.send(notifications::handle, &tests::notification::save_preferences(&body)).await;
        let message = reply.body["message"].as_str().unwrap();
        assert!(reply.status == 400 && message.contains("unknown field") && message.contains(known), "{reply:?}");
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
