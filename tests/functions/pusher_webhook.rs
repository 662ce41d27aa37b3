//! `POST /pusher/webhook`

use hmac::{Hmac, Mac as _};
use pusher_webhook::handle;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::contract::time::Millis;
use tests::{PREVIOUS, PUSHER, Request, World};

fn signed(body: &str, (key, secret): (&str, &str)) -> Request {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let request = Request::new("POST /pusher/webhook").header("content-type", "application/json").body(body);
    request.header("x-pusher-key", key).header("x-pusher-signature", &signature)
}

fn webhook_at(time: i64, events: &Value) -> Request {
    signed(&json!({ "time_ms": time, "events": events }).to_string(), PUSHER)
}

fn webhook(events: &Value) -> Request {
    webhook_at(Millis::now().0, events)
}

fn event(name: &str, user: &str) -> Value {
    json!({ "name": name, "channel": "presence-room-emma", "user_id": user })
}

fn names(world: &World) -> Vec<String> {
    world.pusher.take_sent().into_iter().map(|(_, name, _)| name).collect()
}

#[tokio::test]
async fn members_who_come_and_go_are_told_to_the_room() {
    let world = World::new().await;
    let reply = world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({})));
    assert_eq!(names(&world), ["room:user-joined"]);
    world.send(handle, &webhook(&json!([event("member_removed", "ada")]))).await;
    assert_eq!(names(&world), ["room:user-left"]);
}

#[tokio::test]
async fn a_member_is_shown_with_the_profile_that_their_token_had() {
    let world = World::new().await;
    let auth = Request::new("POST /pusher/auth").by("ada");
    let auth = auth.json(&json!({ "socket_id": "1.2", "channel_name": "presence-room-emma" }));
    world.send(pusher_auth::handle, &auth).await;
    world.send(handle, &webhook(&json!([event("member_added", "ada"), event("member_added", "ben")]))).await;
    let mut shown: Vec<_> = world.pusher.take_sent().into_iter().map(|(_, _, data)| data).collect();
    shown.sort_by_key(|data| data["userId"].to_string());
    let ada = json!({ "userId": "ada", "displayName": "Ada", "avatarUrl": "https://example.com/ada.png" });
    let ben = json!({ "userId": "ben", "displayName": "ben", "avatarUrl": null });
    assert_eq!(shown, [ada, ben]);
}

#[tokio::test]
async fn an_author_is_recognised_by_a_webhook_too() {
    let world = World::new().await;
    world.table.put_book("emma", "ada", "A. L.").await;
    world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!(names(&world), ["room:user-joined", "room:author-joined"]);
}

#[tokio::test]
async fn a_change_that_was_already_told_over_http_is_not_told_again() {
    let world = World::new().await;
    let join = Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    world.send(presence_join::handle, &join).await;
    world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!(names(&world), ["room:user-joined"]);
}

#[tokio::test]
async fn a_replay_and_an_older_webhook_change_nothing() {
    let world = World::new().await;
    let now = Millis::now().0;
    let added = webhook_at(now - 2000, &json!([event("member_added", "ada")]));
    let removed = webhook_at(now - 1000, &json!([event("member_removed", "ada")]));
    for request in [&added, &added, &removed, &added, &removed] {
        assert_eq!(world.send(handle, request).await.status, 200);
    }
    assert_eq!(names(&world), ["room:user-joined", "room:user-left"]);
}

#[tokio::test]
async fn events_of_one_webhook_apply_in_their_order() {
    let world = World::new().await;
    let list = json!([event("member_added", "ada"), event("member_removed", "ada"), event("member_added", "ada")]);
    world.send(handle, &webhook(&list)).await;
    let row = world.table.row("ROOM#emma", "USER#ada").await.unwrap();
    assert_eq!(row["present"], true);
    let owed = row["outbox"].as_str().unwrap();
    assert_eq!(owed.matches("room:user-").count() + names(&world).len(), 3, "{owed}");
}

#[tokio::test]
async fn a_batch_of_ten_members_takes_one_request_to_pusher() {
    let world = World::new().await;
    let list: Vec<_> = (0..10).map(|n| event("member_added", &format!("user{n}"))).collect();
    world.send(handle, &webhook(&json!(list))).await;
    assert_eq!(world.pusher.take_batches(), [10]);
}

#[tokio::test]
async fn what_is_none_of_ours_is_taken_and_ignored() {
    let world = World::new().await;
    let list = json!([
        { "name": "channel_occupied", "channel": "presence-room-emma" },
        { "name": "of tomorrow", "channel": "presence-room-emma", "user_id": "ada", "more": [1] },
        { "name": "member_added", "channel": "presence-other", "user_id": "ada" },
        { "name": "member_added", "channel": "presence-room-emma" },
        { "name": "member_added", "channel": "presence-room-emma", "user_id": "not ours|1" },
        { "name": "member_added", "channel": "#server-to-user-ada", "user_id": "ada" },
        { "name": "client_event", "channel": "private-user-ada", "event": "client-x", "data": "{}", "socket_id": "1.2" },
    ]);
    assert_eq!(world.send(handle, &webhook(&list)).await.status, 200);
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn what_pusher_did_not_sign_just_now_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let now = Millis::now().0;
    let body = json!({ "time_ms": now, "events": [event("member_added", "ada")] }).to_string();
    let stale = |offset: i64| webhook_at(now + offset, &json!([event("member_added", "ada")]));
    let cases = [
        (401, Request::new("POST /pusher/webhook").body(&body)),
        (401, signed(&body, PUSHER).header("x-pusher-signature", "")),
        (401, signed(&body, PUSHER).header("x-pusher-signature", &"0".repeat(64))),
        (401, signed(&body, ("unknown-key", PUSHER.1))),
        (401, signed(&body, (PREVIOUS.0, PUSHER.1))),
        (401, signed(&body, PUSHER).body(&body.replace("ada", "eve"))),
        (401, signed(&body, PUSHER).body(&format!("{body} "))),
        (401, stale(-5 * 60_000 - 1000)),
        (401, stale(10 * 60_000)),
        (401, stale(i64::MIN / 2)),
        (400, signed("not json", PUSHER)),
        (400, signed("{}", PUSHER)),
        (400, signed(&json!({ "time_ms": "now", "events": [] }).to_string(), PUSHER)),
        (413, signed(&"x".repeat(1024 * 1024 + 1), PUSHER)),
    ];
    for (status, request) in cases {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:.300?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn the_previous_key_still_counts_during_rotation_and_only_then() {
    let body = json!({ "time_ms": Millis::now().0, "events": [event("member_added", "ada")] }).to_string();
    let world = World::new().await;
    assert_eq!(world.send(handle, &signed(&body, PREVIOUS)).await.status, 200);
    let after = World::with(&[("PUSHER_PREVIOUS_KEY", ""), ("PUSHER_PREVIOUS_SECRET", "")]).await;
    assert_eq!(after.send(handle, &signed(&body, PREVIOUS)).await.status, 401);
}

#[tokio::test]
async fn a_table_that_fails_has_pusher_send_the_webhook_again() {
    let world = World::new().await;
    let request = webhook(&json!([event("member_added", "ada")]));
    world.table.fail("UpdateItem");
    assert_eq!(world.send(handle, &request).await.status, 500);
    world.table.mend();
    assert_eq!(world.send(handle, &request).await.status, 200);
    assert_eq!(names(&world), ["room:user-joined"]);
}
