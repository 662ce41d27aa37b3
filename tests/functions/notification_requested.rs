//! The event `NotificationRequested` on EventBridge

use notifications::{handle, requested};
use serde_json::{Value, json};
use shared::api_error::ApiError;
use tests::consumer::owed;
use tests::{Request, World};

/// EventBridge brings an event with this id and detail.
pub(crate) async fn put(world: &World, id: &str, detail: Value) -> Result<(), ApiError> {
    let event = json!({ "version": "0", "id": id, "detail-type": "NotificationRequested", "source": "shop.orders",
        "account": "123456789012", "time": "2026-11-20T05:00:00Z", "region": "eu-west-1", "resources": [], "detail": detail });
    let done = requested(world.app_of("notifications"), serde_json::from_value(event).unwrap());
    world.as_function("notifications", done).await
}

#[tokio::test]
async fn a_notification_requested_event_does_what_the_route_does() {
    let world = World::with_push().await;
    put(&world, "e-1", json!({ "userId": "ada", "type": "MESSAGE", "data": { "senderName": "Ben" } })).await.unwrap();
    let sent = world.pusher.take_sent();
    assert_eq!(
        (sent.len(), sent[0].0.as_str(), &sent[0].2["message"]),
        (1, "private-user-ada", &json!("Ben sent you a message"))
    );
    let page = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!((&page["unreadCount"], &page["notifications"][0]["type"]), (&json!(1), &json!("MESSAGE")));
    let owed = owed(&world).await;
    assert!(owed.iter().any(|owed| owed["kind"] == "push"), "{owed:?}");
}

#[tokio::test]
async fn a_notification_requested_event_may_have_the_apps_own_type() {
    let world = World::new().await;
    let own =
        json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives on Friday." });
    put(&world, "e-1", own.clone()).await.unwrap();
    let sent = world.pusher.take_sent();
    assert_eq!((&sent[0].2["type"], &sent[0].2["message"]), (&own["type"], &own["body"]));
    let page = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!(page["notifications"][0]["title"], own["title"]);
}

#[tokio::test]
async fn a_notification_requested_event_delivered_twice_notifies_once() {
    let world = World::new().await;
    let detail = json!({ "userId": "ada", "type": "SYSTEM" });
    for id in ["e-1", "e-1", "e-2"] {
        put(&world, id, detail.clone()).await.unwrap();
    }
    assert_eq!(world.pusher.take_sent().len(), 2);
}

#[tokio::test]
async fn an_invalid_notification_requested_event_fails_so_that_its_destination_keeps_it() {
    let world = World::new().await;
    for detail in [
        json!({}),
        json!("text"),
        json!({ "userId": "a b", "type": "SYSTEM" }),
        json!({ "userId": "ada", "type": "X" }),
        json!({ "userId": "ada", "type": "SYSTEM", "titel": "Tonight" }),
    ] {
        assert!(matches!(put(&world, "e", detail).await, Err(ApiError::Malformed(_) | ApiError::Unreadable { .. })));
    }
    assert!(world.table.rows().await.is_empty());
}
