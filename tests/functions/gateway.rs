//! Clients of Pusher on this stack's own WebSockets: handshakes, channels, events, sign-in, keep-alive.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::clients::pusher::Signer;
use shared::clients::pusher::frames::ErrorCode;
use shared::contract::channel::ChannelName;
use shared::contract::socket_id::SocketId;
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use shared::gateway::{self, KeepAliveReport};
use shared::settings::{Credentials, Secret};
use tests::consumer::{age, consume, owed};
use tests::{PUSHER, Reply, Request, World, token};

use crate::apps_events::{EVENTS, ask, post};

pub(crate) fn socket_id(connection: &str) -> SocketId {
    SocketId::of(&ConnectionId::parse(connection).unwrap())
}

pub(crate) fn signer() -> Signer {
    Signer::new(&Credentials { key: PUSHER.0.to_owned(), secret: Secret::new(PUSHER.1) })
}

/// A handshake of a client with this key; the connection can be posted to.
async fn shake_hands(world: &World, connection: &str, key: &str, protocol: &str) -> Reply {
    world.sockets.open(connection);
    let request = Request::socket("$connect", "pusher", connection).asking("appKey", key).asking("protocol", protocol);
    world.send(socket_connect::handle, &request).await
}

/// Opens a connection, and takes its greeting.
pub(crate) async fn open(world: &World, connection: &str) {
    assert_eq!(shake_hands(world, connection, PUSHER.0, "7").await.status, 200);
    assert_eq!(world.sockets.take_of(connection)[0]["event"], "pusher:connection_established");
}

/// Sends a frame that API Gateway received at this time.
pub(crate) async fn say_at(world: &World, connection: &str, frame: &Value, at: Millis) -> Reply {
    let request = Request::socket("$default", "pusher", connection).body(&frame.to_string()).received(at.0);
    world.send(socket_message::handle, &request).await
}

pub(crate) async fn say(world: &World, connection: &str, frame: &Value) -> Reply {
    say_at(world, connection, frame, Millis::now()).await
}

/// A frame that subscribes, signed where the channel needs it.
pub(crate) fn subscribing(connection: &str, channel: &str, channel_data: Option<&Value>) -> Value {
    let data = channel_data.map(Value::to_string);
    let mut frame = json!({ "event": "pusher:subscribe", "data": { "channel": channel } });
    if let Ok(name) = ChannelName::parse(channel) {
        frame["data"]["auth"] = json!(signer().channel(&socket_id(connection), &name, data.as_deref()));
    }
    if let Some(data) = data {
        frame["data"]["channel_data"] = json!(data);
    }
    frame
}

pub(crate) fn unsubscribing(channel: &str) -> Value {
    json!({ "event": "pusher:unsubscribe", "data": { "channel": channel } })
}

/// Subscribes a connection; returns the frames that it gets.
pub(crate) async fn subscribe(world: &World, connection: &str, channel: &str) -> Vec<Value> {
    say(world, connection, &subscribing(connection, channel, None)).await;
    world.sockets.take_of(connection)
}

/// A connection that is subscribed to these channels.
pub(crate) async fn subscriber(world: &World, connection: &str, channels: &[&str]) {
    open(world, connection).await;
    for channel in channels {
        let frames = subscribe(world, connection, channel).await;
        assert_eq!(frames[0]["event"], "pusher_internal:subscription_succeeded", "{frames:?}");
    }
}

pub(crate) async fn disconnect(world: &World, connection: &str) {
    world.sockets.kill(connection);
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", "pusher", connection)).await;
}

/// Another back end triggers an event; the consumer delivers it.
pub(crate) async fn trigger(world: &World, body: &Value) {
    let reply = world.send(pusher_api::handle, &post(EVENTS, body)).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    consume(world).await.unwrap();
}

pub(crate) fn stock(channels: &[&str]) -> Value {
    json!({ "name": "stock", "channels": channels, "data": r#"{"left":7}"# })
}

/// The event of [`stock`] as a subscriber of this channel gets it.
pub(crate) fn stock_frame(channel: &str) -> Value {
    json!({ "event": "stock", "channel": channel, "data": r#"{"left":7}"# })
}

/// The data of a frame, which is text.
pub(crate) fn data(frame: &Value) -> Value {
    serde_json::from_str(frame["data"].as_str().unwrap()).unwrap()
}

/// The status of a refused subscription, which the connection hears of, too.
pub(crate) fn refused(told: &[Value]) -> u64 {
    assert_eq!((&told[1]["event"], &told[1]["data"]["code"]), (&json!("pusher:error"), &Value::Null), "{told:?}");
    data(&told[0])["status"].as_u64().unwrap()
}

pub(crate) async fn keep_alive(world: &World) -> KeepAliveReport {
    let app = world.app_of("socket-heartbeat");
    let (gateway, writer) = (app.gateway().unwrap(), app.writer("request-1"));
    let round = gateway::keep_alive(&gateway, &writer, Instant::now() + Duration::from_secs(30));
    world.as_function("socket-heartbeat", round).await.unwrap()
}

/// The rows of connections, subscriptions and channels.
pub(crate) async fn rows(world: &World) -> Vec<String> {
    let is_ours = |pk: &str| {
        ["CONNECTION#", "SUBSCRIBERS#", "PRESENCE#", "OCCUPIED#"].iter().any(|beginning| pk.starts_with(beginning))
    };
    let rows = world.table.rows().await;
    rows.keys().filter(|(pk, _)| is_ours(pk)).map(|(pk, sk)| format!("{pk} {sk}")).collect()
}

#[tokio::test]
async fn a_client_is_greeted_with_a_socket_id_that_leads_back_to_its_connection() {
    let world = World::with_gateway().await;
    assert_eq!(shake_hands(&world, "c1=", PUSHER.0, "7").await.status, 200);
    let frames = world.sockets.take_posted();
    let (stage, connection, text) = &frames[0];
    assert_eq!((stage.as_str(), connection.as_str(), frames.len()), ("pusher", "c1=", 1));
    let greeting = data(&serde_json::from_str(text).unwrap());
    assert_eq!(greeting["activity_timeout"], 120);
    let socket = SocketId::parse(greeting["socket_id"].as_str().unwrap()).unwrap();
    assert_eq!(socket.connection().unwrap().as_str(), "c1=");
}

#[tokio::test]
async fn a_client_with_a_wrong_key_or_protocol_gets_an_error_first_and_is_ended() {
    let world = World::with_gateway().await;
    for (key, protocol, code) in [("another", "7", 4001), (PUSHER.0, "4", 4007)] {
        assert_eq!(shake_hands(&world, "c1", key, protocol).await.status, 200);
        let frames = world.sockets.take_of("c1");
        assert_eq!(
            (frames.len(), &frames[0]["event"], &frames[0]["data"]["code"]),
            (1, &json!("pusher:error"), &json!(code))
        );
        assert!(!world.sockets.is_open("c1"));
        // A frame that comes before the end subscribes to nothing.
        world.sockets.open("c1");
        say(&world, "c1", &json!({ "event": "pusher:subscribe", "data": { "channel": "news" } })).await;
        assert_eq!(rows(&world).await, ["CONNECTION#c1 CONNECTION"]);
        world.send(socket_disconnect::handle, &Request::socket("$disconnect", "pusher", "c1")).await;
        assert_eq!(rows(&world).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_greeting_waits_until_the_connection_is_open() {
    let world = World::with_gateway().await;
    world.sockets.open_after("c1", 3);
    let request = Request::socket("$connect", "pusher", "c1").asking("appKey", PUSHER.0).asking("protocol", "7");
    world.send(socket_connect::handle, &request).await;
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher:connection_established");
}

#[tokio::test]
async fn a_stranger_who_hangs_up_at_once_keeps_no_process_busy() {
    let world = World::with_gateway().await;
    let (app, connection) = (world.app_of("socket-connect"), ConnectionId::parse("c1").unwrap());
    gateway::open(&world.app.table, &connection, Millis::now()).await.unwrap();
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", "pusher", "c1")).await;
    world.sockets.take_begun();
    app.gateway().unwrap().greet(&connection).await;
    assert_eq!(world.sockets.take_begun(), 1, "nobody waits for it");
    gateway::open_refused(&world.app.table, &connection, Millis::now()).await.unwrap();
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", "pusher", "c1")).await;
    world.sockets.take_begun();
    app.gateway().unwrap().turn_away(&connection, ErrorCode::NoSuchApp, "There is no such app").await;
    assert_eq!(world.sockets.take_begun(), 1, "nor is there anybody to tell");
}

#[tokio::test]
async fn where_pusher_serves_the_channels_nobody_connects_here() {
    let world = World::new().await;
    assert_eq!(shake_hands(&world, "c1", PUSHER.0, "7").await.status, 404);
    assert_eq!(say(&world, "c1", &json!({ "event": "pusher:ping" })).await.status, 404);
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn an_event_of_a_back_end_reaches_the_subscribers_of_its_channels() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news", "private-orders-1"]).await;
    subscriber(&world, "c3", &["other"]).await;
    trigger(&world, &stock(&["news", "private-orders-1"])).await;
    assert_eq!(world.sockets.take_of("c1"), [stock_frame("news")]);
    assert_eq!(world.sockets.take_of("c2"), [stock_frame("news"), stock_frame("private-orders-1")]);
    assert_eq!(world.sockets.take_of("c3"), Vec::<Value>::new());
    assert!(owed(&world).await.is_empty());
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn the_connection_that_an_event_names_does_not_get_it() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news"]).await;
    let mut event = stock(&["news"]);
    event["socket_id"] = json!(socket_id("c1").as_str());
    trigger(&world, &event).await;
    assert_eq!((world.sockets.take_of("c1").len(), world.sockets.take_of("c2").len()), (0, 1));
}

#[tokio::test]
async fn a_signed_channel_opens_by_the_signature_of_this_connection_and_channel() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let of_another = subscribing("c2", "private-orders-1", None);
    let mut of_another_channel = subscribing("c1", "private-orders-2", None);
    of_another_channel["data"]["channel"] = json!("private-orders-1");
    let unsigned = json!({ "event": "pusher:subscribe", "data": { "channel": "private-orders-1" } });
    for frame in [of_another, of_another_channel, unsigned] {
        say(&world, "c1", &frame).await;
        let told = world.sockets.take_of("c1");
        assert_eq!((&told[0]["event"], refused(&told)), (&json!("pusher:subscription_error"), 401));
    }
    trigger(&world, &stock(&["private-orders-1"])).await;
    assert_eq!(world.sockets.take_of("c1"), Vec::<Value>::new());
    // A private channel may be signed with data, too.
    say(&world, "c1", &subscribing("c1", "private-orders-1", Some(&json!({ "user_id": "ada" })))).await;
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher_internal:subscription_succeeded");
}

#[tokio::test]
async fn a_signature_of_the_function_opens_the_channel() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let asked = json!({ "socket_id": socket_id("c1").as_str(), "channel_name": "private-user-ada" });
    let signed = world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by("ada").json(&asked)).await;
    assert_eq!(signed.status, 200, "{:?}", signed.body);
    let data = json!({ "channel": "private-user-ada", "auth": signed.body["auth"] });
    say(&world, "c1", &json!({ "event": "pusher:subscribe", "data": data })).await;
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher_internal:subscription_succeeded");
}

#[tokio::test]
async fn a_kudos_reaches_its_receiver() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["private-user-ben"]).await;
    let kudos = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    let reply = world.send(kudos_create::handle, &Request::new("POST /kudos").by("ada").json(&kudos)).await;
    assert!(reply.status < 300, "{:?}", reply.body);
    consume(&world).await.unwrap();
    let frames = world.sockets.take_of("c1");
    assert_eq!((frames.len(), &frames[0]["channel"]), (1, &json!("private-user-ben")), "{frames:?}");
}

#[tokio::test]
async fn a_client_that_unsubscribed_hears_nothing_more() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    say(&world, "c1", &unsubscribing("news")).await;
    trigger(&world, &stock(&["news"])).await;
    assert_eq!(world.sockets.take_of("c1"), Vec::<Value>::new());
    assert_eq!(subscribe(&world, "c1", "news").await.len(), 1);
    trigger(&world, &stock(&["news"])).await;
    assert_eq!(world.sockets.take_of("c1").len(), 1);
}

#[tokio::test]
async fn frames_that_overtake_each_other_end_as_they_were_sent() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let (now, on, off) = (Millis::now(), subscribing("c1", "news", None), unsubscribing("news"));
    let at = |milliseconds| Millis(now.0 + milliseconds);
    // Sent: on, off. Handled: off, on.
    say_at(&world, "c1", &off, at(2)).await;
    say_at(&world, "c1", &on, at(1)).await;
    assert_eq!(world.sockets.take_of("c1"), Vec::<Value>::new());
    assert!(!rows(&world).await.iter().any(|row| row.starts_with("SUBSCRIBERS#")));
    // Sent: on, off, on. Handled: on, on, off.
    say_at(&world, "c1", &on, at(3)).await;
    say_at(&world, "c1", &on, at(5)).await;
    say_at(&world, "c1", &off, at(4)).await;
    // In one millisecond: off, on.
    say_at(&world, "c1", &off, at(5)).await;
    trigger(&world, &stock(&["news"])).await;
    assert_eq!(world.sockets.take_of("c1").last(), Some(&stock_frame("news")));
}

#[tokio::test]
async fn a_connection_that_ends_leaves_no_subscription_and_a_minute_later_no_row() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news", "private-a"]).await;
    say(&world, "c1", &unsubscribing("private-a")).await;
    disconnect(&world, "c1").await;
    assert_eq!(rows(&world).await, ["CONNECTION#c1 CONNECTION"]);
    disconnect(&world, "c1").await;
    // A frame that comes late makes none again.
    world.sockets.open("c1");
    say(&world, "c1", &subscribing("c1", "news", None)).await;
    assert!(!world.sockets.is_open("c1"));
    for (sk, name) in [("CONNECTION", "since"), ("CONNECTION", "ended")] {
        let row = world.table.row("CONNECTION#c1", sk).await.unwrap();
        let at = row[name].as_i64().unwrap();
        world.table.set_number(("CONNECTION#c1", sk), name, at - 120_000).await;
    }
    older(&world, 120).await;
    keep_alive(&world).await;
    assert_eq!(rows(&world).await.iter().filter(|row| row.starts_with("CONNECTION#")).count(), 0);
}

/// A connection that ends while one of its frames is handled by a function that is killed.
#[tokio::test]
async fn a_subscription_that_was_written_as_its_connection_ended_goes_with_the_next_keep_alive() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    disconnect(&world, "c1").await;
    let connection = ConnectionId::parse("c1").unwrap();
    let key = shared::table::Key::subscription(&connection, "news");
    let expires_at = Millis::now().plus_seconds(7200).seconds();
    let late = json!({ "pk": key.pk, "sk": key.sk, "at": Millis::now(), "on": true, "expires_at": expires_at });
    world.table.put_rows(&[late, subscriber_row("news", &connection)]).await;
    older(&world, 60).await;
    assert_eq!(keep_alive(&world).await.gone, 0, "its end is known");
    assert_eq!(rows(&world).await, ["CONNECTION#c1 CONNECTION"]);
}

#[tokio::test]
async fn a_connection_that_cannot_be_reached_is_tried_again_and_the_others_do_not_wait() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news"]).await;
    world.sockets.answer("c1", Some(429));
    trigger(&world, &stock(&["news"])).await;
    assert_eq!(world.sockets.take_of("c2").len(), 1);
    world.sockets.answer("c1", None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.take_of("c1").len(), world.sockets.take_of("c2").len()), (1, 0));
    assert!(owed(&world).await.is_empty());
}

pub(crate) fn subscriber_row(channel: &str, connection: &ConnectionId) -> Value {
    let key = shared::table::Key::subscriber(channel, connection);
    json!({ "pk": key.pk, "sk": key.sk, "expires_at": Millis::now().plus_seconds(7200).seconds() })
}

#[tokio::test]
async fn a_client_sends_events_to_the_others_of_a_private_channel() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["private-chat"]).await;
    }
    let mut frame = json!({ "event": "client-typing", "channel": "private-chat", "data": { "on": true } });
    say(&world, "c1", &frame).await;
    // As text, which all clients read.
    frame["data"] = json!(r#"{"on":true}"#);
    assert_eq!((world.sockets.take_of("c1"), world.sockets.take_of("c2")), (vec![], vec![frame]));
}

#[tokio::test]
async fn a_client_event_is_refused_where_it_may_not_be_sent() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news", "private-encrypted-a"]).await;
    let long = "x".repeat(11_000);
    for (event, channel, data) in [
        ("client-a", "news", "b"),
        ("client-a", "private-encrypted-a", "b"),
        ("client-a", "private-chat", "b"),
        ("client-a", "private-chat", &long),
    ] {
        say(&world, "c1", &json!({ "event": event, "channel": channel, "data": data })).await;
        let told = world.sockets.take_of("c1");
        assert_eq!((&told[0]["event"], &told[0]["data"]["code"]), (&json!("pusher:error"), &json!(4301)), "{channel}");
    }
}

#[tokio::test]
async fn a_client_sends_ten_events_a_second() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["private-chat"]).await;
    }
    let begun = Instant::now();
    for n in 0..40 {
        say(&world, "c1", &json!({ "event": "client-n", "channel": "private-chat", "data": n })).await;
    }
    let admitted = world.sockets.take_of("c2").len();
    let most = 10 + usize::try_from(begun.elapsed().as_millis() / 100).unwrap() + 1;
    assert!((10..=most.min(40)).contains(&admitted), "{admitted} of 40 in {:?}", begun.elapsed());
    assert!(world.sockets.take_of("c1").iter().all(|told| told["data"]["code"] == 4301));
}

#[tokio::test]
async fn frames_that_make_no_sense_are_answered_and_the_connection_goes_on() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    for frame in [json!(7), json!({ "event": "order-shipped" }), json!({ "event": "pusher:subscribe", "data": {} })] {
        assert_eq!(say(&world, "c1", &frame).await.status, 200);
        assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher:error", "{frame}");
    }
    let bad_name = json!({ "event": "pusher:subscribe", "data": { "channel": "a b" } });
    say(&world, "c1", &bad_name).await;
    assert_eq!(refused(&world.sockets.take_of("c1")), 400);
    say(&world, "c1", &json!({ "event": "pusher:ping", "data": {} })).await;
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher:pong");
    say(&world, "c1", &json!({ "event": "pusher:pong", "data": {} })).await;
    assert!(world.sockets.is_open("c1") && world.sockets.take_of("c1").is_empty());
}

#[tokio::test]
async fn a_connection_is_subscribed_to_two_hundred_channels_at_most() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    for n in 0..gateway::MAX_CHANNELS {
        assert_eq!(
            subscribe(&world, "c1", &format!("news-{n}")).await[0]["event"],
            "pusher_internal:subscription_succeeded"
        );
    }
    assert_eq!(refused(&subscribe(&world, "c1", "news-more").await), 403);
    say(&world, "c1", &unsubscribing("news-0")).await;
    assert_eq!(subscribe(&world, "c1", "news-more").await[0]["event"], "pusher_internal:subscription_succeeded");
}

/// Signs in as a user; returns the frames that the connection gets.
async fn sign_in(world: &World, connection: &str, user: &str) -> Vec<Value> {
    sign_in_as(world, connection, &json!({ "id": user })).await
}

pub(crate) async fn sign_in_as(world: &World, connection: &str, user: &Value) -> Vec<Value> {
    let data = user.to_string();
    let auth = signer().user(&socket_id(connection), &data);
    say(world, connection, &json!({ "event": "pusher:signin", "data": { "auth": auth, "user_data": data } })).await;
    world.sockets.take_of(connection)
}

#[tokio::test]
async fn a_signed_in_user_gets_events_and_is_ended_by_the_app() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        open(&world, connection).await;
    }
    let channel = "#server-to-user-ada";
    assert_eq!(refused(&subscribe(&world, "c1", channel).await), 401);
    let told = sign_in(&world, "c1", "ada").await;
    assert_eq!(
        (&told[0]["event"], data(&told[0])["user_data"].as_str()),
        (&json!("pusher:signin_success"), Some(r#"{"id":"ada"}"#))
    );
    assert_eq!(subscribe(&world, "c1", channel).await[0]["event"], "pusher_internal:subscription_succeeded");
    assert_eq!(refused(&subscribe(&world, "c2", channel).await), 401);
    assert_eq!(sign_in(&world, "c1", "ben").await[0]["data"]["code"], 4009, "a connection is one user's");
    trigger(&world, &stock(&[channel])).await;
    assert_eq!((world.sockets.take_of("c1"), world.sockets.take_of("c2")), (vec![stock_frame(channel)], vec![]));
    let terminate = post("/apps/app/users/ada/terminate_connections", &json!({}));
    assert_eq!(world.send(pusher_api::handle, &terminate).await.status, 200);
    consume(&world).await.unwrap();
    assert_eq!(world.sockets.take_of("c1")[0]["data"]["code"], 4009);
    assert!(!world.sockets.is_open("c1") && world.sockets.is_open("c2"));
}

#[tokio::test]
async fn a_sign_in_with_another_signature_is_refused() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let user = json!({ "id": "ada" }).to_string();
    let of_another = signer().user(&socket_id("c2"), &user);
    say(&world, "c1", &json!({ "event": "pusher:signin", "data": { "auth": of_another, "user_data": user } })).await;
    assert_eq!(world.sockets.take_of("c1")[0]["data"]["code"], 4009);
}

#[tokio::test]
async fn a_cache_channel_gives_a_new_subscriber_its_last_event() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    assert_eq!(subscribe(&world, "c1", "cache-stock").await[1]["event"], "pusher:cache_miss");
    trigger(&world, &stock(&["cache-stock"])).await;
    open(&world, "c2").await;
    assert_eq!(subscribe(&world, "c2", "cache-stock").await[1], stock_frame("cache-stock"));
}

#[tokio::test]
async fn the_server_tells_which_channels_are_occupied_and_by_how_many() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news", "private-a"]).await;
    subscriber(&world, "c2", &["news"]).await;
    let channels = ask(&world, "/apps/app/channels", &[]).await;
    assert_eq!(channels.body, json!({ "channels": { "news": {}, "private-a": {} } }));
    let some = ask(&world, "/apps/app/channels", &[("filter_by_prefix", "private-")]).await;
    assert_eq!(some.body, json!({ "channels": { "private-a": {} } }));
    let news = ask(&world, "/apps/app/channels/news", &[("info", "subscription_count")]).await;
    assert_eq!(news.body, json!({ "occupied": true, "subscription_count": 2 }));
    assert_eq!(ask(&world, "/apps/app/channels/news", &[("info", "user_count")]).await.status, 400);
    assert_eq!(ask(&world, "/apps/app/channels/news/users", &[]).await.status, 400);
    say(&world, "c2", &unsubscribing("news")).await;
    disconnect(&world, "c1").await;
    assert_eq!(ask(&world, "/apps/app/channels", &[]).await.body, json!({ "channels": {} }));
    assert_eq!(ask(&world, "/apps/app/channels/news", &[]).await.body, json!({ "occupied": false }));
}

#[tokio::test]
async fn connections_are_kept_alive_by_a_frame_that_clients_show_to_nobody() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    open(&world, "c2").await;
    assert_eq!(keep_alive(&world).await, KeepAliveReport { connections: 2, ..KeepAliveReport::default() });
    assert!(world.sockets.take_posted().is_empty(), "nothing comes before a greeting");
    older(&world, 60).await;
    keep_alive(&world).await;
    for connection in ["c1", "c2"] {
        let frames = world.sockets.take_of(connection);
        assert!(frames.len() == 1 && frames[0]["event"].as_str().unwrap().starts_with("pusher_internal:"));
        assert!(frames[0].get("channel").is_none());
    }
}

#[tokio::test]
async fn the_keep_alive_removes_connections_that_have_ended() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    world.sockets.kill("c1");
    assert_eq!(keep_alive(&world).await.gone, 0, "it may not be open yet");
    older(&world, 60).await;
    assert_eq!(keep_alive(&world).await.gone, 1);
    assert_eq!(keep_alive(&world).await.gone, 0, "each is counted once");
    assert_eq!(rows(&world).await, ["CONNECTION#c1 CONNECTION"]);
}

/// Makes the places of connections in the index this many seconds older.
pub(crate) async fn older(world: &World, seconds: i64) {
    for ((pk, sk), row) in world.table.rows().await {
        let Some((since, connection)) =
            row.get("gsi1sk").and_then(Value::as_str).and_then(|place| place.split_once('#'))
        else {
            continue;
        };
        let place = format!("{:013}#{connection}", since.parse::<i64>().unwrap() - seconds * 1000);
        world.table.set_text((&pk, &sk), "gsi1sk", &place).await;
    }
}

#[tokio::test]
async fn the_health_of_a_stack_without_pusher_is_that_of_its_table() {
    let world = World::with_gateway().await;
    let reply = world.send(health::handle, &Request::new("GET /health")).await;
    assert_eq!((reply.status, &reply.body["pusher"]), (200, &json!("ok")));
}

#[tokio::test]
async fn a_mock_event_goes_to_the_subscribers_of_its_channel() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    let event = json!({ "channel": "news", "event": "stock", "data": { "left": 7 } });
    let request = Request::new("POST /pusher/mock-event").bearer(&token("ada")).json(&event);
    let reply = world.send(pusher_mock_event::handle, &request).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(world.sockets.take_of("c1"), [stock_frame("news")]);
}

/// DynamoDB deletes rows days after they expire.
#[tokio::test]
async fn rows_past_their_expiry_count_as_absent() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news", "cache-stock"]).await;
    let member = json!({ "user_id": "ada" });
    say(&world, "c1", &subscribing("c1", "presence-lobby", Some(&member))).await;
    trigger(&world, &stock(&["cache-stock"])).await;
    world.sockets.take_posted();
    for ((pk, sk), row) in world.table.rows().await {
        if row.contains_key("expires_at") && !pk.starts_with("CONNECTION#") {
            world.table.set_number((&pk, &sk), "expires_at", 1_000).await;
        }
        if pk.starts_with("PRESENCE#") {
            world.table.set_text((&pk, &sk), "connections", r#"{"c1":1000}"#).await;
        }
    }
    trigger(&world, &stock(&["news"])).await;
    assert_eq!(world.sockets.take_of("c1"), Vec::<Value>::new());
    assert_eq!(ask(&world, "/apps/app/channels", &[]).await.body, json!({ "channels": {} }));
    let users = ask(&world, "/apps/app/channels/presence-lobby/users", &[]).await;
    assert_eq!(users.body, json!({ "users": [] }));
    open(&world, "c2").await;
    assert_eq!(subscribe(&world, "c2", "cache-stock").await[1]["event"], "pusher:cache_miss");
}

#[tokio::test]
async fn clients_that_offer_a_subprotocol_get_it_back() {
    let world = World::with_gateway().await;
    world.sockets.open("c1");
    let request = Request::socket("$connect", "pusher", "c1").asking("appKey", PUSHER.0).asking("protocol", "5");
    let request = request.header("Sec-WebSocket-Protocol", "pusher-channels-protocol-7, other");
    let reply = world.send(socket_connect::handle, &request).await;
    assert_eq!(reply.headers["sec-websocket-protocol"], "pusher-channels-protocol-7");
}

#[tokio::test]
async fn a_client_that_keeps_leaving_channels_that_it_is_not_in_is_ended() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    for n in 0..=gateway::MAX_CHANNELS {
        say(&world, "c1", &unsubscribing(&format!("news-{n}"))).await;
    }
    assert!(!world.sockets.is_open("c1"));
    let kept = rows(&world).await.len();
    assert!(kept <= gateway::MAX_CHANNELS + 1, "{kept}");
}

#[tokio::test]
async fn two_connections_that_take_nothing_hold_up_nobody_and_are_ended() {
    let world = World::with_gateway().await;
    let names: Vec<String> = (0..12).map(|n| format!("c{n}")).collect();
    for name in &names {
        subscriber(&world, name, &["news"]).await;
    }
    for stuck in ["c0", "c1", "c2"] {
        world.sockets.answer(stuck, Some(429));
    }
    trigger(&world, &stock(&["news"])).await;
    for name in &names[3..] {
        assert_eq!(world.sockets.take_of(name).len(), 1, "{name}");
    }
    world.sockets.answer("c2", None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert!(owed(&world).await.is_empty());
    assert!(!world.sockets.is_open("c0") && !world.sockets.is_open("c1") && world.sockets.is_open("c2"));
}

#[tokio::test]
async fn one_connection_that_takes_nothing_for_half_a_minute_is_ended() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news"]).await;
    world.sockets.answer("c1", Some(429));
    trigger(&world, &stock(&["news"])).await;
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert!(owed(&world).await.is_empty() && !world.sockets.is_open("c1") && world.sockets.is_open("c2"));
    assert_eq!(world.sockets.take_of("c2").len(), 1);
}

#[tokio::test]
async fn a_client_with_the_previous_key_connects_and_subscribes_during_a_rotation() {
    let world = World::with_gateway().await;
    world.sockets.open("c1");
    assert_eq!(shake_hands(&world, "c1", tests::PREVIOUS.0, "7").await.status, 200);
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher:connection_established");
    let previous = Credentials { key: tests::PREVIOUS.0.to_owned(), secret: Secret::new(tests::PREVIOUS.1) };
    let auth = Signer::new(&previous).channel(&socket_id("c1"), &ChannelName::parse("private-a").unwrap(), None);
    let frame = json!({ "event": "pusher:subscribe", "data": { "channel": "private-a", "auth": auth } });
    say(&world, "c1", &frame).await;
    assert_eq!(world.sockets.take_of("c1")[0]["event"], "pusher_internal:subscription_succeeded");
}

#[tokio::test]
async fn a_refused_subscription_lists_no_channel() {
    let world = World::with_gateway().await;
    world.sockets.open("c1");
    say(&world, "c1", &subscribing("c1", "news", None)).await;
    assert!(!world.sockets.is_open("c1"), "it has no row");
    assert_eq!(rows(&world).await, Vec::<String>::new());
}

/// As a function leaves it that is killed before the subscription is written.
#[tokio::test]
async fn a_channel_that_is_listed_without_a_subscriber_is_taken_out_within_minutes() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    let expires_at = Millis::now().plus_seconds(7200).seconds();
    let ghosts: Vec<Value> = (0..40)
        .map(|n| shared::table::Key::occupied_channel(&format!("ghost-{n}")))
        .map(|key| json!({ "pk": key.pk, "sk": key.sk, "expires_at": expires_at }))
        .collect();
    world.table.put_rows(&ghosts).await;
    let listed = async || ask(&world, "/apps/app/channels", &[]).await.body["channels"].as_object().unwrap().len();
    keep_alive(&world).await;
    let left = listed().await;
    assert!((1..41).contains(&left), "{left}: each round sees to one of eight shards");
    assert!(ask(&world, "/apps/app/channels", &[]).await.body["channels"]["news"].is_object());
}
