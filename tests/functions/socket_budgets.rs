//! The cost of connections: the operations of the budgets that concern WebSockets.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::contract::time::Millis;
use tests::consumer::{age, batch, give, owed, retry};
use tests::{Request, Traffic, World, token, token_with};

use crate::socket_registry::fill;
use crate::sockets::{connect, connect_io, rest, say};
use crate::sockets_sign_in::{connect_without_token, handshake};

pub(crate) async fn open(world: &World) -> [Traffic; 2] {
    world.knows(&token("ada")).await;
    // A user's second connection sends no event to others.
    connect(world, "dashboard", "c1", "ada").await;
    world.sockets.open("c2");
    world.sockets.take_posted();
    let request = Request::socket("$connect", "dashboard", "c2").asking("token", &token("ada"));
    let (reply, traffic) = world.count(socket_connect::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

/// By a packet of Socket.IO, on a connection that is open.
pub(crate) async fn enter(world: &World) -> [Traffic; 2] {
    connect(world, "dashboard", "c1", "ada").await;
    connect_io(world, "c2", "ada").await;
    world.sockets.take_posted();
    let packet = Request::socket("$default", "socketio", "c2").body("40/dashboard,");
    world.count(socket_message::handle, &packet).await.1
}

/// By a packet of Socket.IO, on a connection that opened without a token: into its first namespace.
pub(crate) async fn sign_in(world: &World) -> [Traffic; 2] {
    world.knows(&token("ada")).await;
    connect(world, "dashboard", "c1", "ada").await;
    connect_without_token(world, "c2", "192.0.2.1").await;
    world.sockets.take_posted();
    let packet = format!(r#"40/dashboard,{{"token":"{}"}}"#, token("ada"));
    let packet = Request::socket("$default", "socketio", "c2").body(&packet);
    world.count(socket_message::handle, &packet).await.1
}

/// A handshake of Socket.IO without a token, which takes a place to wait in.
pub(crate) async fn wait_for_a_token(world: &World) -> [Traffic; 2] {
    world.sockets.open("c1");
    let (reply, traffic) = world.count(socket_connect::handle, &handshake("c1", "192.0.2.1")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

pub(crate) async fn close(world: &World) -> [Traffic; 2] {
    for connection in ["c1", "c2"] {
        connect(world, "dashboard", connection, "ada").await;
    }
    world.sockets.kill("c2");
    world.sockets.take_posted();
    world.count(socket_disconnect::handle, &Request::socket("$disconnect", "dashboard", "c2")).await.1
}

pub(crate) async fn answer_a_ping(world: &World) -> [Traffic; 2] {
    connect_io(world, "c1", "ada").await;
    // The first one makes the row that later ones change.
    say(world, "socketio", "c1", "3").await;
    rest(world).await;
    world.sockets.take_posted();
    world.count(socket_message::handle, &Request::socket("$default", "socketio", "c1").body("3")).await.1
}

pub(crate) async fn direct_message(world: &World) -> [Traffic; 2] {
    connect(world, "ws", "a1", "ada").await;
    connect(world, "ws", "b1", "bob").await;
    let message = |content: &str| {
        let data = json!({ "receiverId": "bob", "content": content });
        json!({ "event": "sendMessage", "data": data }).to_string()
    };
    // The first message of a conversation makes rows that later ones change.
    say(world, "ws", "a1", &message("Hello")).await;
    rest(world).await;
    world.sockets.take_posted();
    let request = Request::socket("$default", "ws", "a1").body(&message("How are you?"));
    world.count(socket_message::handle, &request).await.1
}

pub(crate) async fn delete_direct_message(world: &World) -> [Traffic; 2] {
    connect(world, "ws", "a1", "ada").await;
    connect(world, "ws", "b1", "bob").await;
    let data = json!({ "receiverId": "bob", "content": "Hello" });
    say(world, "ws", "a1", &json!({ "event": "sendMessage", "data": data }).to_string()).await;
    rest(world).await;
    let id = world.sockets.take_of("b1")[0]["data"]["id"].as_str().unwrap().to_owned();
    world.sockets.take_posted();
    world.knows(&tests::token("ada")).await;
    let request = Request::new("DELETE /messages/{userId}/{messageId}").by("ada").path("userId", "bob");
    world.count(messages::handle, &request.path("messageId", &id)).await.1
}

/// The consumer's part of a direct message that was read in time: the cost of the stream's visit and of the retry queue's.
pub(crate) async fn look_whether_read(world: &World) -> [Traffic; 2] {
    connect(world, "ws", "a1", "ada").await;
    connect(world, "ws", "b1", "bob").await;
    let data = json!({ "receiverId": "bob", "content": "Hello" });
    say(world, "ws", "a1", &json!({ "event": "sendMessage", "data": data }).to_string()).await;
    let told = world.sockets.take_of("b1");
    let mark = json!({ "event": "markAsRead", "data": { "messageId": told[0]["data"]["id"] } });
    say(world, "ws", "b1", &mark.to_string()).await;
    world.sockets.take_posted();
    age(world, 10).await;
    let event = batch(world).await;
    world.take_traffic();
    assert_eq!(give(world, event).await, Ok(()));
    let by_stream = world.take_traffic();
    let waiting = world.queues.sent("retry");
    assert_eq!(waiting.len(), 1);
    age(world, 400).await;
    world.take_traffic();
    assert!(retry(world, &waiting[0].body).await);
    let by_queue = world.take_traffic();
    assert!(owed(world).await.is_empty());
    [by_stream, by_queue]
}

/// So many connections, each a user's own.
async fn connected(world: &World, count: u16) {
    fill(world, 0..count).await;
    for slot in 0..count {
        world.sockets.open(&format!("f{slot}"));
    }
}

pub(crate) async fn announce(world: &World) -> [Traffic; 2] {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    connected(world, 1_000).await;
    let body = json!({ "event": "announcement", "data": { "title": "System Maintenance", "body": "Tonight" } });
    let request = Request::new("POST /dashboard/events").bearer(&service).json(&body);
    // Counted as the consumer does it, which has the time that it takes in a debug build.
    world.send_and_kill(dashboard::handle, &request).await;
    age(world, 10).await;
    let event = batch(world).await;
    world.take_traffic();
    assert_eq!(give(world, event).await, Ok(()));
    [world.take_traffic(), Traffic::default()]
}

/// A hundred, since all of a page are posted to at once: with a thousand, a debug build on a busy machine is slower than the
/// time-out of a post.
pub(crate) async fn ping(world: &World) -> [Traffic; 2] {
    connected(world, 100).await;
    world.take_traffic();
    let deadline = Instant::now() + Duration::from_secs(60);
    let one = socket_heartbeat::one(world.app_of("socket-heartbeat"), Millis::now(), &[], "r", deadline);
    let (report, _) = world.as_function("socket-heartbeat", one).await.unwrap();
    assert_eq!(report.pinged, 100);
    [world.take_traffic(), Traffic::default()]
}
