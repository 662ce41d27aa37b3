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

#[tokio::test]
async fn the_room_gets_an_event_for_each_member_who_comes_or_goes() {
    let world = World::new().await;
    let reply = world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({})));
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
    world.send(handle, &webhook(&json!([event("member_removed", "ada")]))).await;
    assert_eq!(world.pusher.take_names(), ["room:user-left"]);
}

#[tokio::test]
async fn a_member_is_shown_with_the_profile_from_their_token() {
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
async fn a_webhook_announces_the_author_too() {
    let world = World::new().await;
    world.table.put_book("emma", "ada", "A. L.").await;
    world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!(world.pusher.take_names(), ["room:user-joined", "room:author-joined"]);
}

#[tokio::test]
async fn a_webhook_does_not_repeat_a_change_that_was_made_over_http() {
    let world = World::new().await;
    let join = Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    world.send(presence_join::handle, &join).await;
    world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}

#[tokio::test]
async fn a_replayed_or_older_webhook_changes_nothing() {
    let world = World::new().await;
    let now = Millis::now().0;
    let added = webhook_at(now - 2000, &json!([event("member_added", "ada")]));
    let removed = webhook_at(now - 1000, &json!([event("member_removed", "ada")]));
    for request in [&added, &added, &removed, &added, &removed] {
        assert_eq!(world.send(handle, request).await.status, 200);
    }
    assert_eq!(world.pusher.take_names(), ["room:user-joined", "room:user-left"]);
}

#[tokio::test]
async fn a_departure_that_overtakes_its_arrival_leaves_nobody_in_the_room() {
    let world = World::new().await;
    let now = Millis::now().0;
    world.send(handle, &webhook_at(now - 1000, &json!([event("member_removed", "ada")]))).await;
    world.send(handle, &webhook_at(now - 2000, &json!([event("member_added", "ada")]))).await;
    assert_eq!(world.table.row("ROOM#emma", "USER#ada").await.unwrap()["present"], false);
    assert_eq!(world.pusher.take_names(), [""; 0], "the room never saw ada");
    world.send(handle, &webhook_at(now, &json!([event("member_added", "ada")]))).await;
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}

#[tokio::test]
async fn events_of_one_webhook_are_applied_in_order() {
    let world = World::new().await;
    let list = json!([event("member_added", "ada"), event("member_removed", "ada"), event("member_added", "ada")]);
    world.send(handle, &webhook(&list)).await;
    let row = world.table.row("ROOM#emma", "USER#ada").await.unwrap();
    assert_eq!(row["present"], true);
    assert_eq!(
        world.pusher.take_names(),
        ["room:user-joined"],
        "who goes and comes before anybody was told did neither"
    );
    assert!(!row.contains_key("outbox"), "{row:?}");
}

#[tokio::test]
async fn the_room_hears_of_its_members_in_the_order_in_which_they_came_and_went() {
    let world = World::new().await;
    world.send(handle, &webhook(&json!([event("member_added", "ada")]))).await;
    world.pusher.take_names();
    let hold = tests::Hold::default();
    world.table.inject("UpdateItem", &[tests::Fault::Held(hold.clone())]);
    let request = webhook(&json!([event("member_removed", "ada"), event("member_added", "ben")]));
    let bens_is_written = async {
        while world.table.row("ROOM#emma", "USER#ben").await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    let (reply, ()) = tokio::join!(world.send(handle, &request), hold.meanwhile(bens_is_written));
    assert_eq!(
        (reply.status, world.pusher.take_names()),
        (200, vec!["room:user-left".to_owned(), "room:user-joined".to_owned()])
    );
}

#[tokio::test]
async fn a_webhook_of_ten_members_takes_one_request_to_pusher() {
    let world = World::new().await;
    let list: Vec<_> = (0..10).map(|n| event("member_added", &format!("user{n}"))).collect();
    world.send(handle, &webhook(&json!(list))).await;
    assert_eq!(world.pusher.take_batches(), [10]);
}

#[tokio::test]
async fn unknown_events_of_a_webhook_are_accepted_and_ignored() {
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
async fn a_foreign_event_does_not_cost_any_other() {
    let world = World::new().await;
    let list = json!([
        { "name": "member_added", "channel": "presence-of-another-app", "user_id": 7 },
        event("member_added", "ada"),
        { "name": 7 }, "text", null, [], { "channel": null },
        event("member_added", "ben"),
    ]);
    let reply = world.send(handle, &webhook(&list)).await;
    assert_eq!((reply.status, world.pusher.take_names()), (200, vec!["room:user-joined".to_owned(); 2]), "{reply:?}");
    let no_list = signed(&json!({ "time_ms": Millis::now().0, "events": {} }).to_string(), PUSHER);
    assert_eq!(world.send(handle, &no_list).await.status, 400, "what is no list is no webhook");
}

#[tokio::test]
async fn a_foreign_event_that_no_value_can_hold_does_not_cost_any_other() {
    let deep = format!(r#"{{"name":"client_event","data":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let deeper = format!(r#"{{"name":"client_event","data":{}1{}}}"#, "[".repeat(4_000), "]".repeat(4_000));
    for odd in [
        r#"{"name":"client_event","data":"\ud83d"}"#,
        r#"{"name":"client_event","\ud83d":1}"#,
        r#"{"name":"client_event","n":1e400}"#,
        r#"{"name":"\udc00"}"#,
        "1e400",
        &deep,
        &deeper,
    ] {
        let world = World::new().await;
        let events = format!("[{odd},{},{odd}]", event("member_added", "ada"));
        let body = format!(r#"{{"time_ms":{},"events":{events}}}"#, Millis::now().0);
        let reply = world.send(handle, &signed(&body, PUSHER)).await;
        assert_eq!(
            (reply.status, world.pusher.take_names()),
            (200, vec!["room:user-joined".to_owned()]),
            "{odd:.80} {reply:?}"
        );
    }
}

#[tokio::test]
async fn a_webhook_that_pusher_did_not_sign_recently_is_refused_and_nothing_is_written() {
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
async fn a_webhook_signed_with_the_previous_key_is_accepted_during_rotation_only() {
    let body = json!({ "time_ms": Millis::now().0, "events": [event("member_added", "ada")] }).to_string();
    let world = World::new().await;
    assert_eq!(world.send(handle, &signed(&body, PREVIOUS)).await.status, 200);
    let after = World::with(&[("PUSHER_PREVIOUS_KEY", ""), ("PUSHER_PREVIOUS_SECRET", "")]).await;
    assert_eq!(after.send(handle, &signed(&body, PREVIOUS)).await.status, 401);
}

#[tokio::test]
async fn a_webhook_is_an_error_when_the_table_fails_so_that_pusher_sends_it_again() {
    let world = World::new().await;
    let request = webhook(&json!([event("member_added", "ada")]));
    world.table.fail("UpdateItem");
    assert_eq!(world.send(handle, &request).await.status, 500);
    world.table.recover();
    assert_eq!(world.send(handle, &request).await.status, 200);
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}
