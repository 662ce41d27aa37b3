//! `POST /kudos`

use kudos_create::handle;
use serde_json::{Value, json};
use tests::{Request, World, token, token_with};

fn kudos() -> Value {
    json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" })
}

fn from_ada() -> Request {
    Request::new("POST /kudos").by("ada").json(&kudos())
}

#[tokio::test]
async fn kudos_reach_the_receiver_in_the_documented_shape() {
    let world = World::new().await;
    let reply = world.send(handle, &from_ada()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.body.as_object().unwrap().len(), 2);
    assert!(reply.body["kudosId"].is_string());
    assert!(reply.body["createdAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(reply.headers["x-request-id"], "request-1");
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.headers["content-type"], "application/json");
    let from = json!({ "userId": "ada", "displayName": "Ada", "avatarUrl": "https://example.com/ada.png" });
    let expected = json!({ "fromUser": from, "sessionId": "s1", "bookTitle": "Emma" });
    assert_eq!(world.pusher.take_sent(), [("private-user-ben".to_owned(), "kudos:received".to_owned(), expected)]);
}

#[tokio::test]
async fn kudos_cost_one_write_before_the_response_and_one_to_clear_the_outbox() {
    let world = World::new().await;
    world.knows(&token("ada")).await;
    world.send_and_kill(handle, &from_ada()).await;
    assert_eq!(world.table.take_requests(), [("PutItem".to_owned(), 1)].into());
    world.send(handle, &from_ada()).await;
    assert_eq!(world.table.take_requests(), [("PutItem".to_owned(), 1), ("UpdateItem".to_owned(), 1)].into());
}

#[tokio::test]
async fn kudos_stay_in_the_outbox_until_they_are_delivered() {
    let world = World::new().await;
    world.send(handle, &from_ada()).await;
    let (key, row) = world.table.rows().await.pop_first().unwrap();
    assert!(!row.contains_key("outbox"), "{key:?}");

    for status in [500, 503, 429, 401, 400] {
        let world = World::new().await;
        world.pusher.respond_always(Some(status));
        assert_eq!(world.send(handle, &from_ada()).await.status, 201, "the row is committed, so it is done");
        let (_, row) = world.table.rows().await.pop_first().unwrap();
        assert!(row["outbox"].as_str().unwrap().contains("kudos:received"), "{status}");
    }
}

#[tokio::test]
async fn kudos_are_sent_again_at_once_when_pusher_stumbles() {
    let world = World::new().await;
    world.pusher.respond_next(&[500, 429]);
    let reply = world.send(handle, &from_ada()).await;
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert_eq!(reply.line["Deliveries.pusher.delivered"], 1);
}

#[tokio::test]
async fn kudos_requested_twice_with_one_key_are_given_once() {
    let world = World::new().await;
    let with_key = from_ada().header("idempotency-key", "k-1");
    let first = world.send(handle, &with_key).await;
    let second = world.send(handle, &with_key).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert_eq!(world.table.rows().await.len(), 1);

    let other_body = Request::new("POST /kudos").by("ada").header("idempotency-key", "k-1");
    let other_body = other_body.json(&json!({ "receiverId": "ben", "sessionId": "s2", "bookTitle": "Emma" }));
    assert_eq!(world.send(handle, &other_body).await.status, 422);
    let other_caller = Request::new("POST /kudos").by("eve").header("idempotency-key", "k-1").json(&kudos());
    assert_eq!(world.send(handle, &other_caller).await.status, 201, "keys are the caller's own");
    assert_eq!(world.table.rows().await.len(), 2);
}

#[tokio::test]
async fn invalid_kudos_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let with = |changes: Value| {
        let mut body = kudos();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Request::new("POST /kudos").by("ada").json(&body)
    };
    let raw = |body: &str| Request::new("POST /kudos").by("ada").header("content-type", "application/json").body(body);
    let cases = [
        (422, with(json!({ "receiverId": "ada" }))),
        (400, with(json!({ "receiverId": "" }))),
        (400, with(json!({ "receiverId": 7 }))),
        (400, with(json!({ "receiverId": "b en" }))),
        (400, with(json!({ "receiverId": "ben\n" }))),
        (400, with(json!({ "receiverId": "x".repeat(129) }))),
        (400, with(json!({ "sessionId": "" }))),
        (400, with(json!({ "sessionId": "s".repeat(129) }))),
        (400, with(json!({ "bookTitle": "" }))),
        (400, with(json!({ "bookTitle": "  " }))),
        (400, with(json!({ "bookTitle": "Em\u{0}ma" }))),
        (400, with(json!({ "bookTitle": "é".repeat(501) }))),
        (400, with(json!({ "bookTitle": null }))),
        (413, with(json!({ "bookTitle": "x".repeat(70_000) }))),
        (400, raw("")),
        (400, raw("{")),
        (400, raw("[]")),
        (400, raw("\"text\"")),
        (400, raw(&"[".repeat(5_000))),
        (400, Request::new("POST /kudos").by("ada").header("content-type", "application/json")),
        (415, Request::new("POST /kudos").by("ada").form("receiverId=ben&sessionId=s1&bookTitle=Emma")),
        (415, Request::new("POST /kudos").by("ada").body(&kudos().to_string())),
        (400, from_ada().header("idempotency-key", "")),
        (400, from_ada().header("idempotency-key", "with space")),
        (400, from_ada().header("idempotency-key", &"k".repeat(256))),
        (401, Request::new("POST /kudos").json(&kudos())),
        (401, Request::new("POST /kudos").bearer("nonsense").json(&kudos())),
        (401, Request::new("POST /kudos").bearer(&token_with("ada", &json!({ "exp": 1 }))).json(&kudos())),
        (401, Request::new("POST /kudos").bearer(&token_with("ada", &json!({ "aud": "guest" }))).json(&kudos())),
    ];
    for (status, request) in cases {
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
        assert_eq!(reply.body.as_object().unwrap().len(), 2, "{reply:?}");
        assert!(reply.body["error"].is_string() && reply.body["message"].as_str().unwrap().len() > 10, "{reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn kudos_are_an_error_when_the_table_fails() {
    let world = World::new().await;
    world.table.fail("PutItem");
    let reply = world.send(handle, &from_ada()).await;
    assert_eq!(reply.status, 500);
    assert!(!reply.body.to_string().contains("DynamoDB"), "causes are for the log: {}", reply.body);
    assert_eq!(reply.line["level"], "error");
    assert!(reply.line["causes"].to_string().contains("told to fail"), "{}", reply.line);
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn kudos_leave_no_secret_in_the_log() {
    let world = World::new().await;
    world.pusher.respond_always(Some(401));
    let line = world.send(handle, &from_ada()).await.line.to_string();
    for secret in [tests::PUSHER.1, tests::JWT_SECRET, "auth_signature", "eyJ", "Emma"] {
        assert!(!line.contains(secret), "{line}");
    }
}
