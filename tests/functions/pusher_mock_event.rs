//! `POST /pusher/mock-event`

use pusher_mock_event::handle;
use serde_json::{Value, json};
use tests::{Request, World};

fn mock(body: &Value) -> Request {
    Request::new("POST /pusher/mock-event").json(body)
}

/// Its binary is known to the tests all the same.
#[tokio::test]
async fn the_function_has_no_grants() {
    let world = World::new().await;
    assert!(tests::granted(tests::Mode::Pusher).iter().all(|(binary, _)| binary != "pusher-mock-event"));
    world.as_function("pusher-mock-event", async {}).await;
}

#[tokio::test]
async fn the_mock_event_of_the_documented_example_is_sent() {
    let world = World::new().await;
    let data = json!({ "partyId": "test-party", "invitedBy": { "id": "user-123", "username": "testuser" } });
    let body = json!({ "channel": "private-user-1", "event": "party-invitation-received", "data": data });
    let reply = world.send(handle, &mock(&body)).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "message": "Event triggered" })));
    assert_eq!(world.pusher.take_sent(), [("private-user-1".to_owned(), "party-invitation-received".to_owned(), data)]);
}

#[tokio::test]
async fn mock_events_that_pusher_would_refuse_are_refused() {
    let world = World::new().await;
    for (status, body) in [
        (400, json!({})),
        (400, json!({ "channel": "", "event": "e", "data": {} })),
        (400, json!({ "channel": "a b", "event": "e", "data": {} })),
        (400, json!({ "channel": "x".repeat(165), "event": "e", "data": {} })),
        (400, json!({ "channel": "c", "event": "", "data": {} })),
        (400, json!({ "channel": "c", "event": "e".repeat(201), "data": {} })),
        (413, json!({ "channel": "c", "event": "e", "data": "x".repeat(10_240) })),
    ] {
        assert_eq!(world.send(handle, &mock(&body)).await.status, status, "{body}");
    }
    assert!(world.pusher.take_sent().is_empty());
    world.pusher.respond_always(Some(500));
    let body = json!({ "channel": "c", "event": "e", "data": {} });
    assert_eq!(world.send(handle, &mock(&body)).await.status, 502);
}
