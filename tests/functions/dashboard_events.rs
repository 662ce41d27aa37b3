//! Events of other back ends on their way to dashboards, through dead, slow and killed parts.

use serde_json::{Value, json};
use tests::consumer::{self, age, consume, owed};
use tests::{Reply, Request, World, token_with};

use crate::sockets::{connect, connect_io, emit, say};

fn service() -> String {
    token_with("backend", &json!({ "roles": ["service"] }))
}

fn event(body: &Value) -> Request {
    Request::new("POST /dashboard/events").bearer(&service()).json(body)
}

async fn send(world: &World, body: &Value) -> Reply {
    world.send(dashboard::handle, &event(body)).await
}

async fn crowd(world: &World, connections: usize) {
    for n in 0..connections {
        connect(world, "dashboard", &format!("c{n}"), &format!("u{n}")).await;
    }
    world.sockets.take_posted();
}

fn announcements(world: &World) -> Vec<String> {
    let posted = world.sockets.take_posted().into_iter();
    let mut to: Vec<String> =
        posted.filter(|(.., text)| text.contains("announcement")).map(|(_, connection, _)| connection).collect();
    to.sort();
    to
}

const MAINTENANCE: &str = "Scheduled maintenance tonight";

fn announcement() -> Value {
    json!({ "event": "announcement", "data": { "title": "System Maintenance", "body": MAINTENANCE } })
}

#[tokio::test]
async fn an_event_goes_to_a_user_to_a_channel_or_to_everybody() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    connect(&world, "dashboard", "a2", "ada").await;
    connect_io(&world, "b1", "bob").await;
    say(&world, "socketio", "b1", "40/dashboard,").await;
    connect(&world, "ws", "w1", "ada").await;
    emit(&world, "dashboard", "a1", "subscribe", &json!({ "channels": ["referrals"] })).await;
    world.sockets.take_posted();
    let to = |world: &World| {
        let mut to: Vec<_> = world.sockets.take_posted().into_iter().map(|(_, to, text)| (to, text)).collect();
        to.sort();
        to
    };
    let stats = json!({ "connections": 150, "timestamp": "2025-12-01T10:00:00.000Z" });
    assert_eq!(send(&world, &json!({ "event": "stats_update", "data": stats })).await.status, 202);
    let everybody = to(&world);
    assert_eq!(everybody.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["a1", "a2", "b1"]);
    let mut told = serde_json::from_str::<Value>(&everybody[0].1).unwrap();
    let io: Value = serde_json::from_str(everybody[2].1.strip_prefix("42/dashboard,").unwrap()).unwrap();
    assert_eq!(io, json!(["stats_update", told["data"]]));
    assert!(told["data"].as_object_mut().unwrap().remove("eventId").is_some_and(|id| id.is_string()));
    assert_eq!(told, json!({ "event": "stats_update", "data": stats }));
    send(&world, &json!({ "event": "activity", "userId": "ada", "data": { "type": "x" } })).await;
    assert_eq!(to(&world).len(), 2);
    send(&world, &json!({ "event": "activity", "channel": "referrals", "data": { "type": "x" } })).await;
    assert_eq!(to(&world).iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["a1"]);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_event_has_the_id_of_its_response_so_that_a_duplicate_is_known() {
    let world = World::new().await;
    crowd(&world, 1).await;
    for event in ["announcement", "activity", "stats_update"] {
        let sent = send(&world, &json!({ "event": event, "data": {} })).await;
        let told = world.sockets.take_of("c0");
        assert_eq!(told[0]["data"]["eventId"], sent.body["eventId"], "{event}");
        assert!(sent.body["eventId"].is_string());
    }
    send(&world, &json!({ "event": "activity", "data": { "eventId": "own" } })).await;
    assert_eq!(world.sockets.take_of("c0")[0]["data"]["eventId"], "own");
}

#[tokio::test]
async fn one_connection_that_cannot_be_posted_to_does_not_hold_up_the_others() {
    let world = World::new().await;
    crowd(&world, 20).await;
    world.sockets.answer("c3", Some(400));
    send(&world, &announcement()).await;
    assert_eq!(announcements(&world).len(), 19);
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert!(announcements(&world).is_empty() && owed(&world).await.is_empty());
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn bad_events_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let long = "x".repeat(17_000);
    for (body, status) in [
        (json!({ "event": "connected" }), 400),
        (json!({ "event": "announcement", "userId": "a b" }), 400),
        (json!({ "event": "announcement", "userId": "ada", "channel": "x" }), 400),
        (json!({ "event": "announcement", "channel": "" }), 400),
        (json!({ "data": {} }), 400),
        (json!({ "event": "announcement", "data": { "a": long, "b": long } }), 413),
    ] {
        assert_eq!(send(&world, &body).await.status, status, "{body:.80}");
    }
    let member = Request::new("POST /dashboard/events").by("ada").json(&announcement());
    assert_eq!(world.send(dashboard::handle, &member).await.status, 403);
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn a_repeated_request_announces_once() {
    let world = World::new().await;
    crowd(&world, 2).await;
    let request = event(&announcement()).header("idempotency-key", "k1");
    let first = world.send(dashboard::handle, &request).await;
    let second = world.send(dashboard::handle, &request).await;
    assert_eq!((second.status, &second.body), (202, &first.body));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(announcements(&world), ["c0", "c1"]);
    let other = event(&json!({ "event": "activity" })).header("idempotency-key", "k1");
    assert_eq!(world.send(dashboard::handle, &other).await.status, 422);
}

#[tokio::test]
async fn a_key_is_new_again_once_its_day_is_over_though_its_row_is_still_there() {
    let world = World::new().await;
    crowd(&world, 1).await;
    let first = event(&announcement()).header("idempotency-key", "k1");
    world.send(dashboard::handle, &first).await;
    for ((pk, sk), row) in world.table.rows().await {
        if row.contains_key("fingerprint") {
            world.table.set_number((&pk, &sk), "expires_at", 1_000).await;
        }
    }
    world.sockets.take_posted();
    let other = event(&json!({ "event": "activity" })).header("idempotency-key", "k1");
    for (request, name) in [(&other, "activity"), (&other, "")] {
        let reply = world.send(dashboard::handle, request).await;
        assert_eq!((reply.status, reply.headers.contains_key("idempotent-replayed")), (202, name.is_empty()));
        let told: Vec<_> = world.sockets.take_of("c0").iter().map(|event| event["event"].clone()).collect();
        assert_eq!(told, if name.is_empty() { vec![] } else { vec![json!(name)] });
    }
}

#[tokio::test]
async fn an_announcement_that_is_killed_half_way_goes_on_from_the_stream() {
    let world = World::new().await;
    crowd(&world, 60).await;
    world.send_and_kill(dashboard::handle, &event(&announcement())).await;
    assert!(announcements(&world).is_empty());
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(announcements(&world).len(), 60);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_fan_out_that_is_cut_off_goes_on_where_it_was() {
    let world = World::new().await;
    crowd(&world, 60).await;
    world.send_and_kill(dashboard::handle, &event(&announcement())).await;
    age(&world, 10).await;
    // The consumer is killed once it has posted to some: pages of the four parts of the index, noted one by one.
    world.sockets.stall_after(Some(40));
    tokio::select! {
        _ = consume(&world) => panic!("it was not killed"),
        () = world.sockets.stalled() => {}
    }
    world.sockets.stall_after(None);
    let before = announcements(&world);
    let progress = owed(&world).await[0]["progress"].clone();
    assert!(progress["next"]["shard"].as_u64().unwrap() > 0, "{progress}");
    age(&world, 10).await;
    consume(&world).await.unwrap();
    let after = announcements(&world);
    let all: std::collections::BTreeSet<_> = before.iter().chain(&after).collect();
    assert_eq!(all.len(), 60);
    assert!(after.len() < 60, "it began anew");
}

#[tokio::test]
async fn one_slow_or_failing_connection_holds_up_no_other_and_gets_the_event_later() {
    let world = World::new().await;
    crowd(&world, 20).await;
    world.sockets.answer("c3", Some(500));
    world.sockets.stall("c4");
    world.sockets.answer("c5", Some(429));
    send(&world, &announcement()).await;
    assert_eq!(announcements(&world).len(), 17);
    let again = owed(&world).await[0]["progress"]["again"].as_array().unwrap().len();
    assert_eq!(again, 3);
    for connection in ["c3", "c5"] {
        world.sockets.answer(connection, None);
    }
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(announcements(&world), ["c3", "c5"]);
}

#[tokio::test]
async fn a_post_that_times_out_may_have_arrived_and_is_not_repeated_at_once() {
    let world = World::new().await;
    crowd(&world, 1).await;
    let posts_of_an_announcement = async || {
        world.sockets.take_begun();
        send(&world, &announcement()).await;
        world.sockets.take_begun()
    };
    assert_eq!(posts_of_an_announcement().await, 1);
    world.sockets.answer("c0", Some(503));
    assert_eq!(posts_of_an_announcement().await, 2, "what was refused did not arrive");
    world.sockets.stall("c0");
    world.sockets.answer("c0", None);
    assert_eq!(posts_of_an_announcement().await, 1);
}

#[tokio::test]
async fn while_api_gateway_is_away_an_event_waits_in_the_queue() {
    let world = World::new().await;
    crowd(&world, 3).await;
    world.sockets.answer_always(Some(503));
    assert_eq!(send(&world, &announcement()).await.status, 202);
    age(&world, 10).await;
    consume(&world).await.unwrap();
    let waiting = world.queues.sent("retry");
    assert_eq!(waiting.len(), 1);
    world.sockets.answer_always(None);
    assert!(consumer::retry(&world, &waiting[0].body).await);
    assert_eq!(announcements(&world).len(), 3);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_event_that_api_gateway_refuses_for_good_is_a_dead_letter() {
    let world = World::new().await;
    crowd(&world, 1).await;
    world.sockets.answer_always(Some(413));
    send(&world, &announcement()).await;
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(world.queues.sent("dead-letter").len(), 1);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn back_ends_see_all_who_are_online_and_members_one_user() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    connect(&world, "dashboard", "a2", "ada").await;
    connect(&world, "dashboard", "b1", "bob").await;
    let online = Request::new("GET /dashboard/online").bearer(&service());
    assert_eq!(world.send(dashboard::handle, &online).await.body, json!({ "onlineUsers": 2, "connections": 3 }));
    let by_member = Request::new("GET /dashboard/online").by("ada");
    assert_eq!(world.send(dashboard::handle, &by_member).await.status, 403);
    connect(&world, "ws", "w1", "walter").await;
    for (user, is_online) in [("ada", true), ("walter", true), ("eve", false)] {
        let one = Request::new("GET /dashboard/online/{userId}").by("bob").path("userId", user);
        assert_eq!(world.send(dashboard::handle, &one).await.body, json!({ "userId": user, "online": is_online }));
    }
}
