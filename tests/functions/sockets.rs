//! WebSockets: the handshake, what clients send, limits, heartbeats.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::ApiError;
use shared::contract::sockets::{ConnectionId, Namespace};
use shared::contract::time::Millis;
use shared::sockets::beats::Beat;
use shared::sockets::heartbeat::HeartbeatReport;
use shared::sockets::{self, Handshake};
use tests::consumer::{self, consume, owed};
use tests::{Reply, Request, World, token, token_with};

/// A handshake with plain JSON; the connection can be posted to.
pub(crate) async fn connect(world: &World, stage: &str, connection: &str, user: &str) -> Reply {
    world.sockets.open(connection);
    let request = Request::socket("$connect", stage, connection);
    world.send(socket_connect::handle, &request.asking("token", &token(user)).asking("userId", user)).await
}

/// A handshake with Socket.IO.
pub(crate) async fn connect_io(world: &World, connection: &str, user: &str) -> Reply {
    world.sockets.open(connection);
    let request =
        Request::socket("$connect", "socketio", connection).asking("EIO", "4").asking("transport", "websocket");
    world.send(socket_connect::handle, &request.asking("token", &token(user))).await
}

pub(crate) async fn say(world: &World, stage: &str, connection: &str, text: &str) -> Reply {
    world.send(socket_message::handle, &Request::socket("$default", stage, connection).body(text)).await
}

pub(crate) async fn emit(world: &World, stage: &str, connection: &str, event: &str, data: &Value) -> Reply {
    say(world, stage, connection, &json!({ "event": event, "data": data }).to_string()).await
}

pub(crate) async fn disconnect(world: &World, stage: &str, connection: &str) -> Reply {
    world.sockets.kill(connection);
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", stage, connection)).await
}

/// Makes every connection this many seconds older.
pub(crate) async fn age(world: &World, seconds: i64) {
    for ((pk, sk), row) in world.table.rows().await {
        if let Some(since) = row.get("since").and_then(Value::as_i64) {
            world.table.set_number((&pk, &sk), "since", since - seconds * 1000).await;
        }
        if let Some(text) = row.get("connections").and_then(Value::as_str) {
            let mut list: Value = serde_json::from_str(text).unwrap();
            for entry in list.as_array_mut().unwrap() {
                entry["since"] = json!(entry["since"].as_i64().unwrap() - seconds * 1000);
            }
            world.table.set_text((&pk, &sk), "connections", &list.to_string()).await;
        }
    }
}

/// As if nothing had been sent for a while: the limits say nothing.
pub(crate) async fn rest(world: &World) {
    for ((pk, sk), row) in world.table.rows().await {
        if row.contains_key("idle_at") {
            world.table.set_number((&pk, &sk), "idle_at", 0).await;
        }
    }
}

/// Lets the token of this connection expire.
async fn expire(world: &World, connection: &str) {
    for ((pk, sk), row) in world.table.rows().await {
        if row.get("connection").and_then(Value::as_str) == Some(connection) {
            world.table.set_number((&pk, &sk), "token_expires", 1_000).await;
        }
        if let Some(text) = row.get("connections").and_then(Value::as_str) {
            let mut list: Value = serde_json::from_str(text).unwrap();
            for entry in list.as_array_mut().unwrap().iter_mut().filter(|entry| entry["connection"] == connection) {
                entry["token_expires"] = json!(1_000);
            }
            world.table.set_text((&pk, &sk), "connections", &list.to_string()).await;
        }
    }
}

pub(crate) async fn count(world: &World, namespace: Namespace) -> usize {
    sockets::count(&world.app.table, namespace, Millis::now()).await.unwrap()
}

pub(crate) async fn beat(world: &World) -> HeartbeatReport {
    one_beat(world, &[]).await
}

/// A heartbeat after these.
pub(crate) async fn one_beat(world: &World, past: &[Beat]) -> HeartbeatReport {
    let deadline = Instant::now() + Duration::from_secs(30);
    let one = socket_heartbeat::one(world.app_of("socket-heartbeat"), Millis::now(), past, "r", deadline);
    world.as_function("socket-heartbeat", one).await.unwrap().0
}

/// A heartbeat whose last ping was sent so many seconds ago.
fn ended(seconds_ago: i64) -> Beat {
    let ended = Millis::now().plus_seconds(-seconds_ago);
    Beat { due: ended.plus_seconds(-1), begun: ended.plus_seconds(-1), ended }
}

/// A run of the schedule that was due at this time; returns its reports.
pub(crate) async fn run(world: &World, due: Millis) -> Vec<Value> {
    let event = json!({ "detail-type": "Scheduled Event", "source": "aws.events", "time": due.iso(), "detail": {} });
    let run = socket_heartbeat::handle(world.app_of("socket-heartbeat"), LambdaEvent::new(event, Context::default()));
    let reports = world.as_function("socket-heartbeat", run).await.unwrap();
    reports.as_array().unwrap().clone()
}

/// Puts a limit into this state, for the next hour.
async fn use_up(world: &World, pk: &str, limit: &str, state: &Value) {
    let now = Millis::now();
    let row = json!({
        "pk": pk, "sk": limit, "state": state.to_string(), "idle_at": now.plus_seconds(3_600).0,
        "expires_at": now.plus_seconds(3_600).seconds(),
    });
    world.table.put_rows(&[row]).await;
}

/// The state of a user's messages after a hundred in this moment.
fn hundred_messages() -> Value {
    let mut sent = vec![Millis::now().0];
    sent.extend([0; 99]);
    json!({ "sent": sent })
}

/// The state of a limit that lets nothing through for the next minutes.
fn used_up() -> Value {
    json!({ "due": Millis::now().plus_seconds(600).0 })
}

/// The state of a limit after much more than it admits.
fn far_beyond() -> Value {
    json!({ "all": Millis::now().plus_seconds(600).0 })
}

fn texts(world: &World) -> Vec<String> {
    world.sockets.take_posted().into_iter().map(|(.., text)| text).collect()
}

/// All rows but for those of rate limits.
async fn without_limits(
    world: &World,
) -> std::collections::BTreeMap<(String, String), impl PartialEq + std::fmt::Debug> {
    let mut rows = world.table.rows().await;
    rows.retain(|(_, sk), _| !sk.starts_with("LIMIT"));
    rows
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_dashboard_is_told_that_it_is_connected_and_that_its_user_is_online() {
    let world = World::new().await;
    assert_eq!(connect(&world, "dashboard", "c1", "ada").await.status, 200);
    let posted = world.sockets.take_posted();
    assert!(posted.iter().all(|(stage, ..)| stage == "dashboard"), "{posted:?}");
    let events: Vec<Value> = posted.iter().map(|(.., text)| serde_json::from_str(text).unwrap()).collect();
    let mut told = names(&events);
    told.sort_unstable();
    assert_eq!(told, ["connected", "user_status"]);
    let connected = &events.iter().find(|event| event["event"] == "connected").unwrap()["data"];
    assert_eq!(
        (connected["userId"].as_str(), connected["message"].as_str()),
        (Some("ada"), Some("Dashboard connection established"))
    );
    let status = &events.iter().find(|event| event["event"] == "user_status").unwrap()["data"];
    assert_eq!((status["userId"].as_str(), status["status"].as_str()), (Some("ada"), Some("online")));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn only_the_first_connection_and_the_end_of_the_last_one_are_news() {
    let world = World::new().await;
    connect(&world, "dashboard", "watcher", "bob").await;
    connect(&world, "dashboard", "c1", "ada").await;
    connect(&world, "dashboard", "c2", "ada").await;
    disconnect(&world, "dashboard", "c1").await;
    disconnect(&world, "dashboard", "c2").await;
    assert_eq!(statuses(&world, "ada"), ["online"], "they may come back at once");
    consumer::age(&world, 6).await;
    consume(&world).await.unwrap();
    assert_eq!(statuses(&world, "ada"), ["offline"]);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_user_who_reconnects_within_five_seconds_is_never_reported_offline() {
    let world = World::new().await;
    connect(&world, "dashboard", "watcher", "bob").await;
    connect(&world, "dashboard", "c1", "ada").await;
    assert_eq!(statuses(&world, "ada"), ["online"]);
    for (ended, next) in [("c1", "c2"), ("c2", "c3")] {
        disconnect(&world, "dashboard", ended).await;
        consume(&world).await.unwrap();
        connect(&world, "dashboard", next, "ada").await;
    }
    consumer::age(&world, 6).await;
    consume(&world).await.unwrap();
    assert_eq!(statuses(&world, "ada"), Vec::<String>::new());
    assert!(owed(&world).await.is_empty());
}

/// The events about this user's status that the connection `watcher` got.
fn statuses(world: &World, user: &str) -> Vec<String> {
    let events = world.sockets.take_of("watcher").into_iter().filter(|event| event["data"]["userId"] == user);
    events.filter_map(|event| event["data"]["status"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_handshake_without_a_good_token_is_refused_and_leaves_no_trace() {
    let world = World::new().await;
    let handshake = || Request::socket("$connect", "dashboard", "c1");
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    for (request, status) in [
        (handshake(), 401),
        (handshake().asking("token", "x.y.z"), 401),
        (handshake().asking("token", &expired), 401),
        (handshake().asking("token", &token("ada")).asking("userId", "bob"), 403),
        (handshake().asking("token", &token("ada")).asking("EIO", "3"), 400),
        (handshake().asking("token", &token("ada")).asking("EIO", "4"), 400),
        (handshake().asking("token", &token("ada")).asking("EIO", "4").asking("transport", "polling"), 400),
        (handshake().asking("token", &token("ada")).asking("names", "all"), 400),
        (handshake().asking("token", &token("ada")).asking("refusal", "frame"), 400),
        (handshake().asking("token", &expired).asking("refusal", "status"), 401),
        (Request::socket("$connect", "socketio", "c1").asking("token", &token("ada")), 400),
        (Request::socket("$connect", "other", "c1").asking("token", &token("ada")), 404),
    ] {
        let reply = world.send(socket_connect::handle, &request).await;
        assert_eq!(reply.status, status, "{:?}", reply.body);
        assert!(!reply.line.to_string().contains("x.y.z"));
    }
    assert!(world.table.rows().await.is_empty());
    let with_header = handshake().header("authorization", &format!("Bearer {}", token("ada")));
    assert_eq!(world.send(socket_connect::handle, &with_header).await.status, 200);
}

#[tokio::test]
async fn a_token_that_expired_a_moment_ago_opens_no_socket() {
    let world = World::new().await;
    let expired = token_with("ada", &json!({ "exp": Millis::now().plus_seconds(-3).seconds() }));
    for stage in ["dashboard", "ws"] {
        let request = Request::socket("$connect", stage, "c1").asking("token", &expired);
        let reply = world.send(socket_connect::handle, &request).await;
        assert_eq!((reply.status, &reply.line["tokenRefused"]), (401, &json!("expired")), "{reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
}

/// A page cannot read the status of a refused handshake.
#[tokio::test]
async fn a_client_of_plain_json_that_asks_gets_the_reason_of_its_refusal_and_is_ended() {
    let world = World::new().await;
    for n in 0..5 {
        connect(&world, "ws", &format!("c{n}"), "ada").await;
    }
    world.sockets.take_posted();
    let rows = world.table.rows().await;
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    let asking =
        |token: &str| Request::socket("$connect", "ws", "c5").asking("refusal", "event").asking("token", token);
    for (request, error, message) in [
        (asking(&expired), "Unauthorized", "The token has expired; sign in again"),
        (asking(&token("ada")).asking("userId", "ben"), "Forbidden", "userId must be the user whom the token names"),
        (asking(&token("ada")), "Too Many Requests", "You have 5 connections here already; close one of them first"),
    ] {
        world.sockets.open("c5");
        let reply = world.send(socket_connect::handle, &request).await;
        assert_eq!((reply.status, &reply.line["outcome"]), (200, &json!(message)), "{reply:?}");
        let posted = world.sockets.take_posted();
        assert_eq!(posted.len(), 1, "{posted:?}");
        let event: Value = serde_json::from_str(&posted[0].2).unwrap();
        assert_eq!((&event["event"], &event["data"]["error"]), (&json!("error"), &json!(error)), "{event}");
        assert_eq!(event["data"]["message"], message, "{event}");
        assert!(!world.sockets.is_open("c5"));
    }
    assert_eq!(world.table.rows().await, rows, "it leaves no trace");
    assert_eq!(world.send(socket_connect::handle, &asking(&token("ben"))).await.status, 200);
}

#[tokio::test]
async fn a_refused_client_that_hangs_up_keeps_no_process_busy_and_one_too_many_gets_a_status() {
    let world = World::new().await;
    let asking = |id: &str| Request::socket("$connect", "ws", id).asking("refusal", "event").asking("token", "none");
    let app = world.app_of("socket-connect");
    let (table, connections) = (&app.table, app.connections().unwrap());
    let handshake = Handshake::read(&asking("c1").build(), Millis::now()).unwrap();
    let waiting = sockets::wait(table, handshake.address(), Some("127.0.0.1"), (None, None)).await.unwrap();
    disconnect(&world, "ws", "c1").await;
    world.sockets.take_begun();
    waiting.turn_away(table, connections, &ApiError::Forbidden("No".to_owned())).await;
    assert_eq!(world.sockets.take_begun(), 1, "nobody waits for it");
    for n in 0..20 {
        let handshake = Handshake::read(&asking(&format!("w{n}")).build(), Millis::now()).unwrap();
        sockets::wait(table, handshake.address(), Some("127.0.0.1"), (None, None)).await.unwrap();
    }
    assert_eq!(world.send(socket_connect::handle, &asking("c2")).await.status, 401);
}

#[tokio::test]
async fn a_client_that_is_being_turned_away_cannot_sign_in() {
    let world = World::new().await;
    let app = world.app_of("socket-connect");
    let request = Request::socket("$connect", "ws", "c1").asking("refusal", "event");
    let handshake = Handshake::read(&request.build(), Millis::now()).unwrap();
    sockets::wait(&app.table, handshake.address(), Some("127.0.0.1"), (None, None)).await.unwrap();
    world.sockets.open("c1");
    let packet = format!("40/ws,{{\"token\":\"{}\"}}", token("ada"));
    for frame in [packet.as_str(), r#"{"event":"subscribe","data":{"channels":["events"]}}"#] {
        assert_eq!(
            world.send(socket_message::handle, &Request::socket("$default", "ws", "c1").body(frame)).await.status,
            200
        );
    }
    assert!(world.sockets.take_posted().is_empty());
}

#[tokio::test]
async fn a_sixth_connection_of_a_user_is_refused() {
    let world = World::new().await;
    for n in 0..5 {
        assert_eq!(connect(&world, "ws", &format!("c{n}"), "ada").await.status, 200);
    }
    let refused = connect(&world, "ws", "c5", "ada").await;
    assert_eq!((refused.status, refused.body["error"].as_str()), (429, Some("Too Many Requests")));
    assert_eq!(connect(&world, "dashboard", "d0", "ada").await.status, 200, "counted apart");
    disconnect(&world, "ws", "c0").await;
    assert_eq!(connect(&world, "ws", "c6", "ada").await.status, 200);
}

#[tokio::test]
async fn the_first_message_to_a_connection_waits_until_it_is_open() {
    let world = World::new().await;
    world.sockets.open_after("c1", 3);
    let request = Request::socket("$connect", "socketio", "c1")
        .asking("EIO", "4")
        .asking("transport", "websocket")
        .asking("token", &token("ada"));
    assert_eq!(world.send(socket_connect::handle, &request).await.status, 200);
    let posted = world.sockets.take_posted();
    assert!(posted[0].2.starts_with(r#"0{"sid":"c1","upgrades":[],"pingInterval":30000"#), "{posted:?}");
    assert_eq!(posted.len(), 1);
}

#[tokio::test]
async fn the_stream_opens_a_connection_whose_process_died() {
    let world = World::new().await;
    let request = Request::socket("$connect", "socketio", "c1")
        .asking("EIO", "4")
        .asking("transport", "websocket")
        .asking("token", &token("ada"));
    world.send_and_kill(socket_connect::handle, &request).await;
    assert!(world.sockets.take_posted().is_empty());
    world.sockets.open("c1");
    tests::consumer::age(&world, 10).await;
    tests::consumer::consume(&world).await.unwrap();
    assert!(world.sockets.take_posted()[0].2.starts_with("0{"));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn one_socket_io_connection_is_in_two_namespaces_that_end_apart() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    world.sockets.take_posted();
    say(&world, "socketio", "c1", "40/dashboard,").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
    assert!(told.contains(&r#"40/dashboard,{"sid":"c1.dashboard"}"#.to_owned()), "{told:?}");
    assert!(told.contains(&r#"40/ws,{"sid":"c1.ws"}"#.to_owned()), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with(r#"42/dashboard,["connected",{"message""#)), "{told:?}");
    assert_eq!((count(&world, Namespace::Dashboard).await, count(&world, Namespace::Ws).await), (1, 1));
    say(&world, "socketio", "c1", "41/dashboard,").await;
    assert_eq!((count(&world, Namespace::Dashboard).await, count(&world, Namespace::Ws).await), (0, 1));
    disconnect(&world, "socketio", "c1").await;
    let rows = world.table.rows().await.into_keys().filter(|(pk, _)| pk.starts_with("SOCKET")).count();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn an_unknown_namespace_and_a_full_one_are_refused_with_a_reason() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    for n in 0..5 {
        connect(&world, "ws", &format!("w{n}"), "ada").await;
    }
    world.sockets.take_posted();
    say(&world, "socketio", "c1", "40/admin,").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
    assert_eq!(told[0], r#"44/admin,{"message":"Invalid namespace"}"#);
    assert!(told[1].starts_with(r#"44/ws,{"data":{"retryAfter":60},"message":"You have 5 connections"#), "{told:?}");
}

#[tokio::test]
async fn subscriptions_are_at_most_50_and_unknown_channels_are_fine() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "*")]).await;
    connect(&world, "dashboard", "c1", "ada").await;
    world.sockets.take_posted();
    emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": ["referrals", "events", "referrals"] })).await;
    emit(&world, "dashboard", "c1", "unsubscribe", &json!({ "channels": ["events", "never"] })).await;
    let told = world.sockets.take_of("c1");
    assert_eq!(told[0], json!({ "event": "subscribed", "data": { "channels": ["referrals", "events"] } }));
    assert_eq!(told[1]["data"]["channels"], json!(["referrals"]));
    let many: Vec<String> = (0..50).map(|n| format!("c{n}")).collect();
    emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": many })).await;
    let told = world.sockets.take_of("c1");
    assert_eq!((told[0]["event"].as_str(), told[0]["data"]["event"].as_str()), (Some("error"), Some("subscribe")));
    emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": many[..49] })).await;
    assert_eq!(world.sockets.take_of("c1")[0]["data"]["channels"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn an_unreadable_message_gets_an_error_and_nothing_is_written() {
    let world = World::new().await;
    connect(&world, "dashboard", "c1", "ada").await;
    world.sockets.take_posted();
    let before = without_limits(&world).await;
    let large = format!(r#"{{"event":"subscribe","data":{{"channels":["{}"]}}}}"#, "x".repeat(128 * 1024));
    for text in [
        "",
        "hello",
        "{",
        "[]",
        r#"{"event":7}"#,
        r#"{"event":"nonsense"}"#,
        r#"{"event":"subscribe"}"#,
        r#"{"event":"subscribe","data":{"channels":"referrals"}}"#,
        r#"{"event":"subscribe","data":{"channels":[""]}}"#,
        r#"{"event":"sendMessage","data":{"receiverId":"bob","content":"hi"}}"#,
        &large,
    ] {
        assert_eq!(say(&world, "dashboard", "c1", text).await.status, 200);
        let told = world.sockets.take_of("c1");
        assert_eq!(names(&told), ["error"], "{text:.60}");
        assert_eq!(told[0]["data"]["error"], "Bad Request", "{text:.60}");
    }
    let binary = Request::socket("$default", "dashboard", "c1").body("AQID").binary();
    world.send(socket_message::handle, &binary).await;
    assert!(world.sockets.take_of("c1")[0]["data"]["message"].as_str().unwrap().contains("Binary"));
    assert_eq!(without_limits(&world).await, before);
    assert!(world.sockets.is_open("c1"));
}

#[tokio::test]
async fn a_function_runs_for_its_own_kind_of_event_whatever_route_a_client_selects() {
    let world = World::new().await;
    for n in 0..5 {
        connect(&world, "dashboard", &format!("c{n}"), "ada").await;
    }
    world.sockets.take_posted();
    let before = without_limits(&world).await;
    let of_kind = |route: &str, kind: &str| {
        let mut event = Request::socket(route, "dashboard", "c0").body(r#"{"event":"$disconnect"}"#).event().clone();
        event["requestContext"]["eventType"] = json!(kind);
        Request::of_event(event).asking("token", &token("ada"))
    };
    for kind in ["CONNECT", "MESSAGE"] {
        let reply = world.send(socket_disconnect::handle, &of_kind("$disconnect", kind)).await;
        assert_eq!(reply.status, 400, "$disconnect, {kind}");
    }
    for kind in ["DISCONNECT", "MESSAGE"] {
        let reply = world.send(socket_connect::handle, &of_kind("$connect", kind)).await;
        assert_eq!(reply.status, 400, "$connect, {kind}");
    }
    for kind in ["CONNECT", "DISCONNECT"] {
        let reply = world.send(socket_message::handle, &of_kind("$default", kind)).await;
        assert_eq!(reply.status, 400, "$default, {kind}");
    }
    assert_eq!(without_limits(&world).await, before);
    assert_eq!(connect(&world, "dashboard", "c5", "ada").await.status, 429);
    // To the route of messages it is an unknown event.
    emit(&world, "dashboard", "c0", "$disconnect", &json!({})).await;
    assert_eq!(names(&world.sockets.take_of("c0")), ["error"]);
    assert_eq!(count(&world, Namespace::Dashboard).await, 5);
}

#[tokio::test]
async fn a_packet_that_only_this_parser_refuses_is_acknowledged_as_refused_and_the_connection_stays() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    world.sockets.take_posted();
    let deep = format!(r#"{}1{}"#, "[".repeat(200), "]".repeat(200));
    let large = "x".repeat(40_000);
    for (what, payload) in [
        ("half an emoji", r#"{"receiverId":"bob","content":"\ud83d"}"#.to_owned()),
        ("half an emoji before text", r#"{"receiverId":"bob","content":"\ud83d and so on"}"#.to_owned()),
        ("a second half", r#"{"receiverId":"bob","content":"\udc4b"}"#.to_owned()),
        ("200 levels", format!(r#"{{"receiverId":"bob","content":{deep}}}"#)),
        ("100 levels", format!(r#"{{"receiverId":"bob","content":{0}1{1}}}"#, "[".repeat(100), "]".repeat(100))),
        ("40,000 characters", format!(r#"{{"receiverId":"bob","content":"{large}"}}"#)),
        ("a number beyond all", r#"{"receiverId":"bob","content":1e999}"#.to_owned()),
    ] {
        say(&world, "socketio", "c1", &format!(r#"42/ws,7["sendMessage",{payload}]"#)).await;
        let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
        assert!(
            told[0].starts_with(r#"42/ws,["error",{"error":"Bad Request","event":"sendMessage""#),
            "{what}: {told:?}"
        );
        assert!(told[1].starts_with(r#"43/ws,7[{"error":{"error":"Bad Request""#), "{what}: {told:?}");
        assert!(world.sockets.is_open("c1"), "{what}");
    }
    let attachment = r#"451-/ws,7["sendMessage",{"_placeholder":true,"num":0}]"#;
    for (frame, acknowledged) in [(attachment, true), ("bAQID", false)] {
        say(&world, "socketio", "c1", frame).await;
        let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
        assert!(told[0].starts_with(r#"42/ws,["error""#) && told[0].contains("Binary"), "{told:?}");
        assert_eq!(told.get(1).is_some_and(|text| text.starts_with("43/ws,7[")), acknowledged, "{told:?}");
    }
    let binary = Request::socket("$default", "socketio", "c1").body("AQID").binary();
    world.send(socket_message::handle, &binary).await;
    assert!(world.sockets.take_posted()[0].2.contains("Binary"));
    assert!(world.sockets.is_open("c1"));
    assert!(!world.table.rows().await.keys().any(|(pk, _)| pk.starts_with("CHAT#")), "a message was stored");
}

#[tokio::test]
async fn an_event_whose_name_is_a_number_is_refused_as_an_unknown_one_and_the_connection_stays() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    world.sockets.take_posted();
    say(&world, "socketio", "c1", r#"42/ws,7[7,{"a":1}]"#).await;
    let told = texts(&world);
    assert!(told[0].starts_with(r#"42/ws,["error",{"error":"Bad Request","event":"7""#), "{told:?}");
    assert!(told[1].starts_with(r#"43/ws,7[{"error""#), "{told:?}");
    assert!(world.sockets.is_open("c1"));
}

#[tokio::test]
async fn a_connection_of_socket_io_in_no_namespace_gets_the_name_of_the_one_to_join() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    world.sockets.take_posted();
    for (frame, told) in [
        (r#"42/ws,["sendMessage",{"receiverId":"bob","content":"hi"}]"#, r#"44/ws,{"message":"Join /ws first"}"#),
        (r#"42/ws,["sendMessage",{"receiverId":"bob","content":"\ud83d"}]"#, r#"44/ws,{"message":"A text in the JSON"#),
        (r#"40/ws,{"token":"\ud83d"}"#, r#"44/ws,{"message":"A text in the JSON"#),
        (r#"42/admin,["a"]"#, r#"44/admin,{"message":"There are the namespaces /dashboard and /ws"}"#),
    ] {
        say(&world, "socketio", "c1", frame).await;
        let posted = world.sockets.take_posted();
        assert!(posted[0].2.starts_with(told), "{frame}: {posted:?}");
        assert!(world.sockets.is_open("c1"), "{frame}");
    }
}

#[tokio::test]
async fn a_connection_whose_token_has_expired_hears_nothing_more_and_is_nobody_to_others() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    connect(&world, "ws", "b1", "bob").await;
    connect(&world, "dashboard", "b2", "bob").await;
    connect(&world, "dashboard", "c2", "carl").await;
    emit(&world, "dashboard", "b2", "subscribe", &json!({ "channels": ["referrals"] })).await;
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "bob", "content": "before" })).await;
    assert!(!world.sockets.take_of("b1").is_empty());
    expire(&world, "b1").await;
    expire(&world, "b2").await;
    world.sockets.take_posted();

    let service = token_with("backend", &json!({ "roles": ["service"] }));
    for to in [json!({}), json!({ "userId": "bob" }), json!({ "channel": "referrals" })] {
        let mut event = json!({ "event": "activity", "data": {} });
        event.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        let request = Request::new("POST /dashboard/events").bearer(&service).json(&event);
        assert_eq!(world.send(dashboard::handle, &request).await.status, 202);
    }
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "bob", "content": "after" })).await;
    emit(&world, "ws", "a1", "typing", &json!({ "receiverId": "bob", "isTyping": true })).await;
    // His coming and going is told to those who talk with him.
    disconnect(&world, "ws", "a1").await;
    consumer::age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(names(&world.sockets.take_of("c2")), ["activity"]);
    assert_eq!((world.sockets.take_of("b1"), world.sockets.take_of("b2")), (Vec::new(), Vec::new()));

    let notifications = world.table.rows().await.into_keys();
    let of_bob = notifications.filter(|(pk, sk)| pk == "USER#bob" && sk.starts_with("NOTIFICATION#")).count();
    assert_eq!(of_bob, 1, "the message that he did not hear");
    let online = Request::new("GET /dashboard/online/{userId}").path("userId", "bob").by("carl");
    assert_eq!(world.send(dashboard::handle, &online).await.body["online"], false);
    assert_eq!(beat(&world).await.expired, 2);
    assert!(!world.sockets.is_open("b1") && !world.sockets.is_open("b2"));
}

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_of_socket_io_ends_its_connection() {
    let world = World::new().await;
    for (n, text) in ["hello", "9", "4abc", "42/ws,{}", "42/ws,{", r#"42/ws,["disconnect"]"#].iter().enumerate() {
        let connection = format!("c{n}");
        connect_io(&world, &connection, &format!("u{n}")).await;
        say(&world, "socketio", &connection, "40/ws,").await;
        world.sockets.take_posted();
        say(&world, "socketio", &connection, text).await;
        let told = world.sockets.take_posted();
        assert!(told[0].2.starts_with(r#"42/ws,["error",{"error":"Bad Request""#), "{told:?}");
        assert!(!world.sockets.is_open(&connection), "{text}");
    }
}

#[tokio::test]
async fn the_hundred_and_first_message_of_a_minute_is_refused_with_how_long_to_wait() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "*")]).await;
    connect(&world, "dashboard", "c1", "ada").await;
    connect(&world, "dashboard", "c2", "ada").await;
    let subscribe = json!({ "channels": ["a"] });
    for n in 0..4 {
        emit(&world, "dashboard", if n % 2 == 0 { "c1" } else { "c2" }, "subscribe", &subscribe).await;
    }
    assert!(!texts(&world).iter().any(|text| text.contains("error")));
    let row = world.table.row("USER#ada", "LIMIT#SOCKET_MESSAGES").await.unwrap();
    let state: Value = serde_json::from_str(row["state"].as_str().unwrap()).unwrap();
    assert_eq!(state["sent"].as_array().unwrap().len(), 4, "each is counted, of either connection");

    use_up(&world, "USER#ada", "LIMIT#SOCKET_MESSAGES", &hundred_messages()).await;
    emit(&world, "dashboard", "c1", "subscribe", &subscribe).await;
    let told = world.sockets.take_of("c1");
    assert_eq!((told[0]["event"].as_str(), told[0]["data"]["event"].as_str()), (Some("error"), Some("subscribe")));
    let wait = told[0]["data"]["retryAfter"].as_u64().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(world.sockets.is_open("c1"));
}

#[tokio::test]
async fn a_refused_message_is_acknowledged_as_refused_and_typing_is_counted_apart() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    connect(&world, "ws", "b1", "bob").await;
    use_up(&world, "USER#ada", "LIMIT#SOCKET_MESSAGES", &hundred_messages()).await;
    world.sockets.take_posted();
    let message = r#"42/ws,7["sendMessage",{"receiverId":"bob","content":"hi"}]"#;
    say(&world, "socketio", "c1", message).await;
    let told = texts(&world);
    let refused = told.iter().find(|text| text.starts_with("43/ws,7[")).unwrap();
    assert!(refused.contains(r#"[{"error":{"error":"Too Many Requests","event":"sendMessage""#), "{told:?}");
    assert!(refused.contains("retryAfter"), "{told:?}");

    say(&world, "socketio", "c1", r#"42/ws,8["typing",{"receiverId":"bob","isTyping":true}]"#).await;
    assert!(names(&world.sockets.take_of("b1")).contains(&"typing:start"));
    assert!(texts(&world).iter().any(|text| text.starts_with(r#"43/ws,8[{"data":{},"ok":true}"#)));

    use_up(&world, "USER#ada", "LIMIT#SOCKET_MESSAGES", &json!({})).await;
    use_up(&world, "USER#ada", "LIMIT#SOCKET_SIGNALS", &used_up()).await;
    for signal in [r#"["typing",{"receiverId":"bob","isTyping":true}]"#, r#"["markAsRead",{"messageId":"x"}]"#] {
        say(&world, "socketio", "c1", &format!("42/ws,9{signal}")).await;
        let told = texts(&world);
        assert!(told.iter().any(|text| text.starts_with(r#"43/ws,9[{"error":{"error":"Too Many"#)), "{told:?}");
    }
    say(&world, "socketio", "c1", r#"42/ws,["markAsRead",{"messageId":"x"}]"#).await;
    assert!(texts(&world)[0].starts_with(r#"42/ws,["error",{"error":"Too Many"#));
    say(&world, "socketio", "c1", message).await;
    assert!(names(&world.sockets.take_of("b1")).contains(&"message:new"), "typing has used nothing up");
}

#[tokio::test]
async fn typing_beyond_its_limit_is_dropped_without_an_error() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    connect(&world, "ws", "c2", "ada").await;
    connect(&world, "ws", "b1", "bob").await;
    use_up(&world, "USER#ada", "LIMIT#SOCKET_SIGNALS", &used_up()).await;
    world.sockets.take_posted();
    let typing = json!({ "receiverId": "bob", "isTyping": true });
    say(&world, "socketio", "c1", &format!(r#"42/ws,["typing",{typing}]"#)).await;
    emit(&world, "ws", "c2", "typing", &typing).await;
    assert!(texts(&world).is_empty());
    // A client that asks is answered: with `retries` it would send the same again.
    say(&world, "socketio", "c1", &format!(r#"42/ws,9["typing",{typing}]"#)).await;
    let told = texts(&world);
    assert!(told.len() == 1 && told[0].starts_with(r#"43/ws,9[{"error":{"error":"Too Many"#), "{told:?}");
}

#[tokio::test]
async fn pings_pongs_and_acknowledgements_have_a_limit_of_their_own() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    connect(&world, "ws", "b1", "bob").await;
    world.sockets.take_posted();
    say(&world, "socketio", "c1", "2").await;
    emit(&world, "ws", "b1", "ping", &Value::Null).await;
    let answers = texts(&world);
    assert_eq!(answers, ["3", r#"{"event":"pong","data":null}"#]);

    let heard = shared::table::Key::heard(&ConnectionId::parse("c1").unwrap());
    for (frame, (pk, sk), connection, stage) in [
        ("3", (heard.pk.as_str(), heard.sk.as_str()), "c1", "socketio"),
        ("2", (heard.pk.as_str(), heard.sk.as_str()), "c1", "socketio"),
        ("43/ws,1[]", (heard.pk.as_str(), heard.sk.as_str()), "c1", "socketio"),
        (r#"{"event":"ping"}"#, ("SOCKET#b1", "LIMIT#CONTROL"), "b1", "ws"),
        (r#"{"event":"pong"}"#, ("SOCKET#b1", "LIMIT#CONTROL"), "b1", "ws"),
    ] {
        use_up(&world, pk, sk, &used_up()).await;
        say(&world, stage, connection, frame).await;
        let told = texts(&world);
        assert!(told.len() == 1 && told[0].contains("Too Many Requests"), "{frame}: {told:?}");
        assert!(world.sockets.is_open(connection));
    }
    assert!(!world.table.rows().await.contains_key(&("USER#ada".to_owned(), "LIMIT#SOCKET_SIGNALS".to_owned())));
    emit(&world, "ws", "b1", "sendMessage", &json!({ "receiverId": "ada", "content": "hi" })).await;
    assert!(texts(&world).iter().any(|text| text.contains("message:sent")), "messages are admitted");
}

#[tokio::test]
async fn a_client_that_goes_on_far_beyond_a_limit_gets_the_reason_and_is_disconnected() {
    for (limit, frame) in [
        ("LIMIT#SOCKET_MESSAGES", r#"42/ws,7["sendMessage",{"receiverId":"bob","content":"hi"}]"#),
        ("LIMIT#SOCKET_SIGNALS", r#"42/ws,7["typing",{"receiverId":"bob","isTyping":true}]"#),
        ("CONTROL", "3"),
        ("CONTROL", "2"),
    ] {
        let world = World::new().await;
        connect_io(&world, "c1", "ada").await;
        say(&world, "socketio", "c1", "40/ws,").await;
        let heard = shared::table::Key::heard(&ConnectionId::parse("c1").unwrap());
        let (pk, sk) = if limit == "CONTROL" { (heard.pk.as_str(), heard.sk.as_str()) } else { ("USER#ada", limit) };
        use_up(&world, pk, sk, &far_beyond()).await;
        world.sockets.take_posted();
        say(&world, "socketio", "c1", frame).await;
        let told = texts(&world);
        assert!(told[0].starts_with(r#"42/ws,["error",{"error":"Too Many Requests""#), "{limit}: {told:?}");
        assert!(told[0].contains("This connection ends") && told[0].contains("at most"), "{limit}: {told:?}");
        assert!(!world.sockets.is_open("c1"), "{limit}");
        assert_eq!(count(&world, Namespace::SocketIo).await, 0, "{limit}");
    }
}

#[tokio::test]
async fn a_user_who_connects_in_a_loop_is_refused_and_leaves_no_trace() {
    let world = World::new().await;
    for n in 0..60 {
        let connection = format!("c{n}");
        assert_eq!(connect(&world, "ws", &connection, "ada").await.status, 200, "five tabs may come back twelve times");
        disconnect(&world, "ws", &connection).await;
    }
    world.table.set_number(("USER#ada", "SOCKETS#ws"), "entered", Millis::now().plus_seconds(240).0).await;
    let before = without_limits(&world).await;
    let refused = connect(&world, "ws", "again", "ada").await;
    assert_eq!((refused.status, refused.body["error"].as_str()), (429, Some("Too Many Requests")));
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((50..=63).contains(&wait), "{wait}");
    assert_eq!(without_limits(&world).await, before);
    assert_eq!(connect(&world, "dashboard", "d1", "ada").await.status, 200, "counted apart");
    connect_io(&world, "io", "ada").await;
    world.sockets.take_posted();
    say(&world, "socketio", "io", "40/ws,").await;
    let told = texts(&world);
    assert!(
        told[0].starts_with(r#"44/ws,{"data":{"retryAfter":"#) && told[0].contains("connect too often"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_user_who_keeps_coming_and_going_does_not_send_events_to_everybody_each_time() {
    let world = World::new().await;
    connect(&world, "dashboard", "watcher", "bob").await;
    let mut told = Vec::new();
    for n in 0..25 {
        connect(&world, "dashboard", &format!("c{n}"), "ada").await;
        disconnect(&world, "dashboard", &format!("c{n}")).await;
        consumer::age(&world, 6).await;
        consume(&world).await.unwrap();
        told.extend(statuses(&world, "ada"));
    }
    let gone = told.iter().filter(|status| *status == "offline").count();
    // One more for each minute that the test takes.
    assert!((10..=14).contains(&gone), "{told:?}");
    assert!(told.len() <= 2 * gone + 1, "{told:?}");
    assert_eq!(told.chunks(2).filter(|two| two[0] == "online").count(), gone + 1, "each follows the other: {told:?}");
}

/// API Gateway invokes the function for each frame as it comes, so those of one connection may be handled at once and in any order.
#[tokio::test]
async fn of_frames_that_are_handled_at_once_each_is_counted_and_answered_and_none_undoes_another() {
    let world = World::new().await;
    world.sockets.open("a1");
    let token = token_with("ada", &json!({ "channels": ["c*"] }));
    let handshake = Request::socket("$connect", "dashboard", "a1").asking("token", &token);
    assert_eq!(world.send(socket_connect::handle, &handshake).await.status, 200);
    world.sockets.take_posted();

    let subscribe = async |n: usize| {
        emit(&world, "dashboard", "a1", "subscribe", &json!({ "channels": [format!("c{n}")] })).await.status
    };
    let statuses = join_all((0..24).map(subscribe)).await;
    assert_eq!(statuses, [200; 24]);
    let answers = world.sockets.take_of("a1");
    assert!(answers.len() == 24 && answers.iter().all(|answer| answer["event"] == "subscribed"), "{answers:?}");
    let rows = world.table.rows().await;
    let place = rows.iter().find(|((pk, _), _)| pk.starts_with("SOCKETS#dashboard#")).unwrap().1;
    assert_eq!(place["channels"].as_array().unwrap().len(), 24);

    // A hundred a minute are admitted, however they come. Ninety were, a moment ago.
    let state = json!({ "sent": std::iter::once(Millis::now().0).chain([0; 89]).collect::<Vec<_>>() });
    use_up(&world, "USER#ada", "LIMIT#SOCKET_MESSAGES", &state).await;
    let statuses = join_all((0..24).map(subscribe)).await;
    assert_eq!(statuses, [200; 24]);
    let answers = world.sockets.take_of("a1");
    let admitted = answers.iter().filter(|answer| answer["event"] == "subscribed").count();
    let refused = answers.iter().filter(|answer| answer["data"]["error"] == "Too Many Requests").count();
    assert_eq!((admitted, refused), (10, 14));
}

#[tokio::test]
async fn a_client_of_socket_io_that_leaves_a_ping_unanswered_is_ended_and_no_receiver() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    for (connection, user) in [("dead", "bob"), ("pongs", "carl"), ("acknowledges", "dora")] {
        connect_io(&world, connection, user).await;
        say(&world, "socketio", connection, "40/ws,").await;
    }
    connect(&world, "ws", "json", "emma").await;
    age(&world, 300).await;
    say(&world, "socketio", "pongs", "3").await;
    say(&world, "socketio", "acknowledges", "43/ws,1[]").await;
    world.sockets.take_posted();
    assert_eq!(beat(&world).await.silent, 0, "nobody was pinged");
    let not_yet = one_beat(&world, &[ended(54)]).await;
    assert_eq!(
        (not_yet.silent, not_yet.pinged),
        (0, 5),
        "the time-out is a minute, but for the seconds that heartbeats differ by"
    );

    world.sockets.take_posted();
    let report = one_beat(&world, &[ended(1), ended(31), ended(61)]).await;
    assert_eq!((report.silent, report.pinged), (1, 4), "{report:?}");
    let open = ["dead", "pongs", "acknowledges", "json"].map(|connection| world.sockets.is_open(connection));
    assert_eq!(open, [false, true, true, true]);
    let told = world.sockets.take_posted();
    let why = told.iter().find(|(_, connection, _)| connection == "dead").unwrap();
    assert!(why.2.starts_with(r#"42/ws,["error",{"error":"Request Timeout""#), "{why:?}");

    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "bob", "content": "hi" })).await;
    consumer::age(&world, 10).await;
    consume(&world).await.unwrap();
    let keys = world.table.rows().await.into_keys();
    assert_eq!(keys.filter(|(pk, sk)| pk == "USER#bob" && sk.starts_with("NOTIFICATION#")).count(), 1);
}

#[tokio::test]
async fn many_silent_connections_at_once_are_our_failure_so_none_is_ended_and_the_operator_gets_an_alarm() {
    let world = World::new().await;
    let connections: Vec<String> = (0..30).map(|n| format!("c{n}")).collect();
    for connection in &connections {
        connect_io(&world, connection, &format!("of-{connection}")).await;
        say(&world, "socketio", connection, "40/ws,").await;
    }
    age(&world, 300).await;
    for connection in &connections[..9] {
        say(&world, "socketio", connection, "3").await;
    }
    let past = [ended(61)];
    let open = || connections.iter().filter(|connection| world.sockets.is_open(connection)).count();
    let record = shared::telemetry::Record::new("r", "heartbeat");
    let report = json!(record.scope(one_beat(&world, &past)).await);
    assert_eq!((&report["silent"], &report["spared"], &report["pinged"]), (&json!(0), &json!(21), &json!(30)));
    assert_eq!((open(), count(&world, Namespace::Ws).await), (30, 30));
    let line = record.line("test");
    assert!(line.contains("\"OperatorErrors\":1") && line.contains("21 of 30"), "{line}");

    // One more answers: the remaining ones may have a network failure.
    say(&world, "socketio", "c9", "3").await;
    let record = shared::telemetry::Record::new("r", "heartbeat");
    let report = json!(record.scope(one_beat(&world, &past)).await);
    assert_eq!((&report["silent"], &report["spared"], &report["pinged"]), (&json!(20), &json!(0), &json!(10)));
    assert_eq!((open(), count(&world, Namespace::Ws).await), (10, 10));
    assert!(!record.line("test").contains("OperatorErrors"));
}

#[tokio::test]
async fn a_connection_from_before_pongs_were_stored_is_not_taken_for_silent() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    age(&world, 300).await;
    // As the version before wrote it.
    let mut row = json!(world.table.row("SOCKET#c1", "SOCKET").await.unwrap());
    row.as_object_mut().unwrap().remove("notes_pongs");
    world.table.put_rows(&[row]).await;
    let report = one_beat(&world, &[ended(61)]).await;
    assert_eq!((report.silent, report.pinged), (0, 1), "{report:?}");
    assert!(world.sockets.is_open("c1"));
}

#[tokio::test]
async fn a_connection_that_could_not_be_pinged_has_no_ping_to_answer() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    age(&world, 300).await;
    world.sockets.answer("c1", Some(500));
    assert_eq!(beat(&world).await.failed, 1);
    world.sockets.answer("c1", None);
    // That heartbeat, a minute later.
    let report = one_beat(&world, &[ended(61)]).await;
    assert_eq!((report.silent, report.pinged), (0, 1), "{report:?}");
}

#[tokio::test]
async fn heartbeats_come_at_the_schedules_own_time_and_none_is_skipped() {
    let world = World::with(&[("HEARTBEAT_SECONDS", "540")]).await;
    connect(&world, "ws", "c1", "ada").await;
    let pinged = |reports: &[Value]| reports.iter().map(|report| report["pinged"].as_u64().unwrap()).sum::<u64>();
    // Eleven minutes in a moment, since runs that were due earlier do not wait. One run is left out.
    let first = Millis::now().plus_seconds(-660);
    let mut beats = Vec::new();
    for minute in (0..=11).filter(|minute| *minute != 9) {
        let reports = run(&world, first.plus_seconds(60 * minute)).await;
        assert_eq!(reports.len(), 1, "{reports:?}");
        if pinged(&reports) == 1 {
            beats.push(minute);
        }
    }
    assert_eq!(beats, [0, 10], "the run after nine minutes was left out, and the next one makes up for it");

    let world = World::with(&[("HEARTBEAT_SECONDS", "30")]).await;
    connect(&world, "ws", "c1", "ada").await;
    connect(&world, "ws", "c2", "ada").await;
    let late = run(&world, Millis::now().plus_seconds(-45)).await;
    assert_eq!((late.len(), pinged(&late)), (1, 2), "a run that began late does not ping twice at once: {late:?}");
    let mut context = Context::default();
    // Time for one heartbeat, and not for the next one.
    context.deadline = u64::try_from(Millis::now().plus_seconds(10).0).unwrap();
    let by_hand = LambdaEvent::new(json!({}), context);
    let run = socket_heartbeat::handle(world.app_of("socket-heartbeat"), by_hand);
    let reports = world.as_function("socket-heartbeat", run).await.unwrap();
    assert_eq!(pinged(reports.as_array().unwrap()), 2, "a run by hand pings at once");
}

#[tokio::test]
async fn a_run_without_a_heartbeat_ends_the_connections_whose_token_has_expired() {
    let world = World::with(&[("HEARTBEAT_SECONDS", "540")]).await;
    connect(&world, "ws", "c1", "ada").await;
    connect(&world, "ws", "c2", "bob").await;
    run(&world, Millis::now().plus_seconds(-60)).await;
    expire(&world, "c1").await;
    world.sockets.take_posted();
    let reports = run(&world, Millis::now()).await;
    assert_eq!((&reports[0]["expired"], &reports[0]["pinged"]), (&json!(1), &json!(0)), "{reports:?}");
    assert!(!world.sockets.is_open("c1") && world.sockets.is_open("c2"));
    assert!(world.sockets.take_of("c2").is_empty());
}

#[tokio::test]
async fn a_client_whose_event_fails_here_gets_an_error() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "*")]).await;
    connect(&world, "dashboard", "c1", "ada").await;
    connect_io(&world, "c2", "ada").await;
    say(&world, "socketio", "c2", "40/dashboard,").await;
    world.sockets.take_posted();
    world.table.fail("UpdateItem");
    let reply = emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": ["a"] })).await;
    assert_eq!(reply.status, 500);
    let told = &world.sockets.take_of("c1")[0]["data"];
    assert_eq!((told["error"].as_str(), told["event"].as_str()), (Some("Internal Server Error"), Some("subscribe")));
    say(&world, "socketio", "c2", r#"42/dashboard,7["subscribe",{"channels":["a"]}]"#).await;
    let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
    assert!(told[0].starts_with(r#"42/dashboard,["error",{"error":"Internal Server Error""#), "{told:?}");
    assert!(told[1].starts_with(r#"43/dashboard,7[{"error":"#), "{told:?}");
    assert!(world.sockets.is_open("c2"));
}

#[tokio::test]
async fn the_expiry_of_the_token_ends_the_connection() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "*")]).await;
    connect(&world, "dashboard", "c1", "ada").await;
    connect(&world, "dashboard", "c2", "bob").await;
    world.sockets.take_posted();
    for ((pk, sk), row) in world.table.rows().await {
        if row.contains_key("token_expires") {
            world.table.set_number((&pk, &sk), "token_expires", 1_000).await;
        }
    }
    emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": ["a"] })).await;
    let report = beat(&world).await;
    assert_eq!(report.expired, 1);
    for connection in ["c1", "c2"] {
        let told = world.sockets.take_of(connection);
        let error = told.iter().find(|event| event["event"] == "error").unwrap();
        assert!(error["data"]["message"].as_str().unwrap().contains("expired"), "{told:?}");
        assert!(!world.sockets.is_open(connection));
    }
    assert_eq!(count(&world, Namespace::Dashboard).await, 0);
}

#[tokio::test]
async fn a_heartbeat_removes_200_connections_that_ended_without_a_word() {
    let world = World::new().await;
    for n in 0..200 {
        let (connection, user) = (format!("c{n}"), format!("u{}", n / 5));
        world.sockets.open(&connection);
        let request = Request::socket("$connect", "ws", &connection).asking("token", &token(&user));
        assert_eq!(world.send(socket_connect::handle, &request).await.status, 200);
    }
    connect(&world, "ws", "alive", "ada").await;
    age(&world, 60).await;
    for n in 0..200 {
        world.sockets.kill(&format!("c{n}"));
    }
    assert_eq!(count(&world, Namespace::Ws).await, 201);
    let mut report = beat(&world).await;
    // On a machine that is busy elsewhere, a post may time out. That says nothing of its connection, and is asked again.
    while report.failed > 0 {
        let next = beat(&world).await;
        report = HeartbeatReport { gone: report.gone + next.gone, ..next };
    }
    assert_eq!((report.gone, report.pinged), (200, 1));
    assert_eq!(count(&world, Namespace::Ws).await, 1);
    assert_eq!(world.sockets.take_of("alive").last().unwrap()["event"], "ping");
    let again = connect(&world, "ws", "again", "u0").await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn a_connection_of_socket_io_that_joins_no_namespace_is_ended_after_a_minute() {
    let world = World::new().await;
    for connection in ["idle", "joined", "new"] {
        if connection == "new" {
            age(&world, 60).await;
        }
        connect_io(&world, connection, "ada").await;
        if connection == "joined" {
            say(&world, "socketio", connection, "40/ws,").await;
        }
    }
    let report = beat(&world).await;
    assert_eq!((report.idle, report.gone, report.expired), (1, 0, 0), "{report:?}");
    let open = ["idle", "joined", "new"].map(|connection| world.sockets.is_open(connection));
    assert_eq!(open, [false, true, true]);
    assert_eq!(count(&world, Namespace::SocketIo).await, 2);
}

#[tokio::test]
async fn a_connection_that_is_still_opening_is_not_taken_for_one_that_has_ended() {
    let world = World::new().await;
    connect(&world, "ws", "c1", "ada").await;
    world.sockets.kill("c1");
    assert_eq!(beat(&world).await.gone, 0);
    age(&world, 60).await;
    assert_eq!(beat(&world).await.gone, 1);
}

#[tokio::test]
async fn a_user_who_comes_online_learns_who_is_gone() {
    let world = World::new().await;
    connect(&world, "dashboard", "c1", "bob").await;
    age(&world, 60).await;
    world.sockets.kill("c1");
    connect(&world, "dashboard", "c2", "ada").await;
    assert_eq!(count(&world, Namespace::Dashboard).await, 1);
}

#[tokio::test]
async fn a_pong_is_one_write_which_goes_with_its_connection() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    world.table.take_requests();
    let requests = |counts: &[(&str, usize)]| counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let reply = say(&world, "socketio", "c1", "3").await;
    assert_eq!(reply.line, Value::Null);
    let first: std::collections::BTreeMap<_, _> = requests(&[("UpdateItem", 2), ("GetItem", 1)]);
    assert_eq!(world.table.take_requests(), first, "the connection is looked up, once");
    rest(&world).await;
    world.table.take_requests();
    let reply = say(&world, "socketio", "c1", "3").await;
    assert_eq!(reply.line, Value::Null);
    assert_eq!(world.table.take_requests(), requests(&[("UpdateItem", 1)]));
    let heard = async || world.table.rows().await.into_keys().filter(|(pk, _)| pk.starts_with("HEARD#")).count();
    assert_eq!(heard().await, 1);
    connect_io(&world, "c2", "bob").await;
    age(&world, 300).await;
    say(&world, "socketio", "c2", "40/ws,").await;
    say(&world, "socketio", "c2", r#"42/ws,["typing",{"receiverId":"ada","isTyping":true}]"#).await;
    assert_eq!(heard().await, 1, "what a client asks for costs no write more: it answers pings as well");
    disconnect(&world, "socketio", "c1").await;
    assert_eq!(heard().await, 0);
}

#[tokio::test]
async fn a_connection_that_nobody_knows_is_ended_when_it_speaks() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "*")]).await;
    world.sockets.open("c1");
    emit(&world, "dashboard", "c1", "subscribe", &json!({ "channels": ["a"] })).await;
    assert!(!world.sockets.is_open("c1"));
    for stage in ["socketio", "ws"] {
        world.sockets.open("c2");
        say(&world, stage, "c2", "3").await;
        assert!(!world.sockets.is_open("c2"), "{stage}: a pong is no exception");
    }
    assert!(world.table.every_row().await.is_empty());
}
