//! The cost of clients of Pusher on this stack's own WebSockets: requests, units and posts, counted.

use serde_json::json;
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use shared::gateway;
use tests::consumer::consume;
use tests::{FakeReceiver, PUSHER, Request, Traffic, World};

use crate::apps_events::{EVENTS, accept, post};
use crate::gateway::{open, say, subscribe, subscriber_row, subscribing, unsubscribing};

/// Requests to the table and to connections, read units and write units.
pub(crate) type Cost = (usize, usize, f64, f64);

pub(crate) fn cost(traffic: [Traffic; 2], world: &World) -> Cost {
    let posts = world.sockets.take_posted().len();
    let [before, after] = traffic;
    let requests = before.requests + after.requests - posts;
    (requests, posts, before.read_units + after.read_units, before.write_units + after.write_units)
}

/// Starts to count, as long after the last frame of any connection as a client mostly waits.
pub(crate) async fn begin(world: &World) {
    for ((pk, sk), row) in world.table.rows().await {
        if row.contains_key("due") {
            world.table.set_number((&pk, &sk), "due", 0).await;
        }
    }
    world.sockets.take_posted();
    world.take_traffic();
}

async fn say_and_count(world: &World, connection: &str, frame: &serde_json::Value) -> Cost {
    begin(world).await;
    let request = Request::socket("$default", "pusher", connection).body(&frame.to_string()).received(Millis::now().0);
    let (reply, traffic) = world.count(socket_message::handle, &request).await;
    assert_eq!(reply.status, 200);
    cost(traffic, world)
}

#[tokio::test]
async fn a_connection_costs_two_units_to_open() {
    let world = World::with_gateway().await;
    world.sockets.open("c1");
    let request = Request::socket("$connect", "pusher", "c1").asking("appKey", PUSHER.0).asking("protocol", "7");
    let (_, traffic) = world.count(socket_connect::handle, &request).await;
    assert_eq!(cost(traffic, &world), (1, 1, 0.0, 2.0), "its row, with its place in the index");
}

#[tokio::test]
async fn a_subscription_and_its_end_have_their_price() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let first = say_and_count(&world, "c1", &subscribing("c1", "news", None)).await;
    assert_eq!(
        first,
        (7, 1, 4.0, 6.0),
        "count, connection, occupied or not, that it is, transaction, occupied, connection"
    );
    open(&world, "c2").await;
    let second = say_and_count(&world, "c2", &subscribing("c2", "news", None)).await;
    assert_eq!(second, (6, 1, 4.0, 5.0), "of an occupied channel");
    let end = say_and_count(&world, "c2", &unsubscribing("news")).await;
    assert_eq!(end, (7, 0, 5.0, 5.0), "and whether anybody is left: a query of each shard");
    assert_eq!(say_and_count(&world, "c1", &json!({ "event": "pusher:ping", "data": {} })).await, (1, 1, 0.0, 1.0));
}

#[tokio::test]
async fn a_member_costs_one_transaction_more() {
    let world = World::with_gateway().await;
    for (connection, user) in [("c1", "ada"), ("c2", "ben")] {
        open(&world, connection).await;
        let frame = subscribing(connection, "presence-lobby", Some(&json!({ "user_id": user })));
        if connection == "c2" {
            assert_eq!(say_and_count(&world, "c2", &frame).await, (14, 2, 11.0, 8.0));
        } else {
            say(&world, connection, &frame).await;
        }
    }
}

#[tokio::test]
async fn an_event_reads_each_shard_of_its_channel() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    subscribe(&world, "c1", "news").await;
    begin(&world).await;
    let event = json!({ "name": "stock", "channels": ["news"], "data": "{}" });
    let (_, traffic) = world.count(pusher_api::handle, &post(EVENTS, &event)).await;
    assert_eq!(cost(traffic, &world), (6, 1, 4.0, 2.0), "the row, four queries, the row without what it owed");
}

#[tokio::test]
async fn an_event_to_a_channel_with_many_subscribers_costs_a_row_for_each_shard() {
    let world = crate::gateway_fan_out::many_in(0).await;
    accept(&world, &json!({ "name": "stock", "channels": ["news"], "data": "{}" })).await;
    tests::consumer::age(&world, 10).await;
    begin(&world).await;
    consume(&world).await.unwrap();
    // The row, the query that finds many, the rows of the shards, the row without what it owed.
    let divided = cost([world.take_traffic(), Traffic::default()], &world);
    consume(&world).await.unwrap();
    let sent = cost([world.take_traffic(), Traffic::default()], &world);
    assert_eq!(divided, (7, 0, 7.0, 5.0));
    assert_eq!(sent, (12, 630, 14.0, 6.0), "the rows, five pages, two notes, the rows without what they owed");
}

#[tokio::test]
async fn an_event_to_a_thousand_reads_each_of_them_once() {
    let world = World::with_gateway().await;
    for n in 0..1_000 {
        let connection = ConnectionId::parse(format!("c{n}")).unwrap();
        gateway::open(&world.app.table, &connection, Millis::now()).await.unwrap();
        world.sockets.open(connection.as_str());
        world.table.put_rows(&[subscriber_row("news", &connection)]).await;
    }
    let event = json!({ "name": "stock", "channels": ["news"], "data": "{}" });
    accept(&world, &event).await;
    tests::consumer::age(&world, 10).await;
    begin(&world).await;
    consume(&world).await.unwrap();
    let traffic = world.take_traffic();
    assert_eq!(world.sockets.take_posted().len(), 1_000);
    assert!(traffic.read_units < 14.0 && traffic.write_units < 6.0, "{traffic:?}");
}

#[tokio::test]
async fn webhooks_cost_nothing_that_a_subscription_waits_for_but_what_they_add_to_its_rows() {
    let receiver = FakeReceiver::new().await;
    let types = "channel_occupied,channel_vacated,member_added,member_removed,client_event,cache_miss";
    let world = World::with_webhooks(&receiver, types).await;
    for connection in ["c1", "c2"] {
        open(&world, connection).await;
    }
    let first = say_and_count(&world, "c1", &subscribing("c1", "news", None)).await;
    assert_eq!(first, (7, 1, 4.0, 6.0), "the first subscriber's write owes it");
    let second = say_and_count(&world, "c2", &subscribing("c2", "news", None)).await;
    assert_eq!(second, (6, 1, 4.0, 5.0), "of an occupied channel");
    assert_eq!(say_and_count(&world, "c2", &unsubscribing("news")).await, (7, 0, 5.0, 5.0), "not the last one");
    let last = say_and_count(&world, "c1", &unsubscribing("news")).await;
    assert_eq!(last, (13, 0, 10.0, 6.0), "the row is read and written, and whether anybody is left is read again");
    let closing = consumed(&world).await;
    let why = "both are told, after a note that the second one waits and a look whether anybody is there; the row goes";
    assert_eq!(closing, (13, 6.0, 4.0), "{why}");
    subscribe(&world, "c1", "private-orders").await;
    assert_eq!(consumed(&world).await, (3, 1.0, 1.0), "the row is read, and written without what it owed");
    let event = json!({ "event": "client-wave", "channel": "private-orders", "data": {} });
    assert_eq!(say_and_count(&world, "c1", &event).await, (7, 0, 5.0, 2.0), "a row for the event");
    assert_eq!(consumed(&world).await, (3, 1.0, 1.0), "as the other");
}

/// Requests, read units and write units of delivering all that is owed.
async fn consumed(world: &World) -> (usize, f64, f64) {
    begin(world).await;
    consume(world).await.unwrap();
    let at_once = world.take_traffic();
    tests::consumer::age(world, 400).await;
    world.take_traffic();
    consume(world).await.unwrap();
    let later = world.take_traffic();
    (at_once.requests + later.requests, at_once.read_units + later.read_units, at_once.write_units + later.write_units)
}

#[tokio::test]
async fn a_count_of_subscribers_has_its_price_when_it_is_on() {
    let world = World::with(&[("CHANNELS", "gateway"), ("SUBSCRIPTION_COUNTS", "on")]).await;
    for connection in ["c1", "c2"] {
        open(&world, connection).await;
    }
    say(&world, "c1", &subscribing("c1", "news", None)).await;
    let second = say_and_count(&world, "c2", &subscribing("c2", "news", None)).await;
    assert_eq!(second, (17, 3, 13.0, 7.0), "the row is read and written twice; the subscribers are counted, and told");
}
