//! `GET` and `DELETE /notifications/{notificationId}`, and notifications in the sender's own words.

use notifications::handle;
use serde_json::{Value, json};
use tests::consumer::{age, consume, owed};
use tests::devices::with_devices;
use tests::notification::notify;
use tests::{Reply, Request, World, token_with};

fn one(method: &str, user: &str, id: &str) -> Request {
    Request::new(&format!("{method} /notifications/{{notificationId}}")).by(user).path("notificationId", id)
}

async fn show(world: &World, id: &str) -> Reply {
    world.send(handle, &one("GET", "ada", id)).await
}

async fn delete(world: &World, id: &str) -> u16 {
    world.send(handle, &one("DELETE", "ada", id)).await.status
}

async fn list(world: &World) -> Value {
    world.send(handle, &Request::new("GET /notifications").by("ada")).await.body
}

/// An id that no notification has, and the id of another user's.
const UNKNOWN: [&str; 3] = ["x", "000000000009-0123456789abcdef0123456789abcdef", "../1"];

#[tokio::test]
async fn a_notification_is_shown_as_the_list_shows_it() {
    let world = World::new().await;
    let (first, second) = (notify(&world, json!({})).await, notify(&world, json!({ "priority": "high" })).await);
    world.send(handle, &one("GET", "ada", &first)).await;
    let listed = list(&world).await["notifications"].clone();
    assert_eq!(
        (show(&world, &second).await.body, show(&world, &first).await.body),
        (listed[0].clone(), listed[1].clone())
    );
    assert_eq!(listed[0]["title"], "New Message");

    world.send(handle, &Request::new("POST /notifications/read-all").by("ada")).await;
    assert!(show(&world, &first).await.body["readAt"].is_string(), "read with all others");
    for id in UNKNOWN {
        assert_eq!(show(&world, id).await.status, 404, "{id}");
    }
    assert_eq!(world.send(handle, &one("GET", "eve", &first)).await.status, 404, "it is nobody else's");
    let nobody = Request::new("GET /notifications/{notificationId}").path("notificationId", &first);
    assert_eq!(world.send(handle, &nobody).await.status, 401);
}

#[tokio::test]
async fn a_deleted_notification_is_gone_and_not_counted_and_deleting_it_again_gets_the_same_response() {
    let world = World::new().await;
    let (unread, read) = (notify(&world, json!({})).await, notify(&world, json!({})).await);
    let mark = Request::new("POST /notifications/{notificationId}/read").by("ada").path("notificationId", &read);
    world.send(handle, &mark).await;
    for (id, left) in [(&read, 1), (&unread, 0)] {
        for _ in 0..2 {
            assert_eq!(delete(&world, id).await, 204);
        }
        let page = list(&world).await;
        assert_eq!((&page["unreadCount"], page["notifications"].as_array().unwrap().len()), (&json!(left), left));
        assert_eq!(show(&world, id).await.status, 404);
        assert_eq!(world.send(handle, &one("DELETE", "eve", id)).await.status, 204, "eve has none either");
    }
    assert_eq!(world.send(handle, &mark).await.status, 404);
    let rows = serde_json::to_string(&world.table.rows().await.into_values().collect::<Vec<_>>()).unwrap();
    assert!(!rows.contains("Ben"), "what it said is erased: {rows}");
    for id in ["x", "../1"] {
        assert_eq!(delete(&world, id).await, 404, "{id}");
    }
    let nobody = Request::new("DELETE /notifications/{notificationId}").path("notificationId", &read);
    assert_eq!(world.send(handle, &nobody).await.status, 401);
}

#[tokio::test]
async fn pending_deliveries_of_a_deleted_notification_are_dropped_without_a_dead_letter() {
    let world = with_devices(&["phone"]).await;
    let id = notify(&world, json!({})).await;
    assert_eq!(owed(&world).await.len(), 1, "the push");
    assert_eq!(delete(&world, &id).await, 204);
    assert!(owed(&world).await.is_empty());
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert!(world.fcm.take_sent().is_empty());
    assert!(world.queues.sent("dead-letter").is_empty() && world.queues.sent("retry").is_empty());
}

#[tokio::test]
async fn a_notification_created_again_with_its_key_stays_deleted() {
    let world = World::new().await;
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let request = Request::new("POST /notifications").bearer(&service).header("idempotency-key", "k");
    let request = request.json(&json!({ "userId": "ada", "type": "SYSTEM" }));
    let id = world.send(handle, &request).await.body["notificationId"].as_str().unwrap().to_owned();
    assert_eq!(delete(&world, &id).await, 204);
    assert_eq!(world.send(handle, &request).await.body["notificationId"], id);
    assert!(list(&world).await["notifications"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_text_of_the_senders_own_takes_the_place_of_the_types_everywhere() {
    let world = with_devices(&["phone"]).await;
    let (title, body) = ("Your parcel is on its way", "It arrives on Friday.\nNobody need be at home.");
    let id = notify(&world, json!({ "type": "PROJECT_UPDATE", "title": title, "body": body })).await;
    let event = &world.pusher.take_sent()[0];
    assert_eq!((event.1.as_str(), &event.2["message"]), ("notification:new", &json!(body)));
    assert_eq!(event.2.as_object().unwrap().len(), 3, "the event has its documented fields and no other");
    let shown = show(&world, &id).await.body;
    assert_eq!((&shown["title"], &shown["message"]), (&json!(title), &json!(body)));
    consume(&world).await.unwrap();
    assert_eq!(world.fcm.take_sent()[0]["notification"], json!({ "title": title, "body": body }));
}

#[tokio::test]
async fn of_title_and_body_either_may_be_the_senders_own() {
    let world = World::new().await;
    for (own, title, message) in [
        (json!({ "title": "Own" }), "Own", "Ben sent you a message"),
        (json!({ "body": "Own" }), "New Message", "Own"),
        (json!({ "title": null, "body": null }), "New Message", "Ben sent you a message"),
        (
            json!({ "type": "SYSTEM", "title": "Own", "data": { "title": "Data's", "message": "Data's" } }),
            "Own",
            "Data's",
        ),
    ] {
        let id = notify(&world, own).await;
        let shown = show(&world, &id).await.body;
        assert_eq!((&shown["title"], &shown["message"]), (&json!(title), &json!(message)));
    }
}

#[tokio::test]
async fn a_text_that_cannot_be_shown_is_refused_and_not_cut() {
    let world = World::new().await;
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    for bad in [
        json!({ "title": "" }),
        json!({ "title": " " }),
        json!({ "title": "x".repeat(101) }),
        json!({ "title": "two\nlines" }),
        json!({ "title": 7 }),
        json!({ "body": "" }),
        json!({ "body": "\n" }),
        json!({ "body": "x".repeat(501) }),
        json!({ "body": "bell\u{7}" }),
        json!({ "body": ["x"] }),
    ] {
        let mut body = json!({ "userId": "ada", "type": "MESSAGE" });
        body.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let reply = world.send(handle, &Request::new("POST /notifications").bearer(&service).json(&body)).await;
        assert_eq!(reply.status, 400, "{bad} {reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
    let longest = json!({ "title": "é".repeat(100), "body": "é".repeat(500) });
    assert_eq!(show(&world, &notify(&world, longest.clone()).await).await.body["message"], longest["body"]);
}
