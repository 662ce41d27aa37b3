//! Events on their way to the subscribers of channels that Carillon itself serves: cut off, resumed, in order, for few and for many.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use shared::outbox::Outbox;
use shared::table::Key;
use shared::table::key::{SUBSCRIBER_SHARDS, subscribers};
use tests::consumer::{age, consume, owed};
use tests::{Reply, World};

use crate::apps_events::{EVENTS, accept, post};
use crate::gateway::{socket_id, stock, subscriber, subscriber_row};

/// Subscribers of a shard that has many, and of the others.
const SHARD: usize = 540;
const FEW: usize = 30;
const ALL: usize = SHARD + 3 * FEW;

/// Subscribers of `news`: the first `count` of c0, c1 and so on whose shard this is.
async fn subscribers_of_shard(world: &World, shard: u8, count: usize) {
    let of_shard = subscribers("news", shard);
    let rows: Vec<Value> = (0..)
        .map(|n| ConnectionId::parse(format!("c{n}")).unwrap())
        .filter(|connection| Key::subscriber("news", connection).pk == of_shard)
        .take(count)
        .inspect(|connection| world.sockets.open(connection.as_str()))
        .map(|connection| subscriber_row("news", &connection))
        .collect();
    world.table.put_rows(&rows).await;
}

/// Subscribers of `news`, most of them in this shard.
pub(crate) async fn many_in(shard: u8) -> World {
    let world = World::with_gateway().await;
    for other in 0..SUBSCRIBER_SHARDS {
        subscribers_of_shard(&world, other, if other == shard { SHARD } else { FEW }).await;
    }
    world
}

/// Another back end sends an event of this number, and has its answer.
async fn send(world: &World, number: usize) {
    let event = json!({ "name": "stock", "channels": ["news"], "data": number.to_string() });
    let reply: Reply = world.send(pusher_api::handle, &post(EVENTS, &event)).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

/// The numbers that each connection has got, in order.
fn heard(world: &World) -> BTreeMap<String, Vec<usize>> {
    let mut heard: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (_, connection, text) in world.sockets.take_posted() {
        let frame: Value = serde_json::from_str(&text).unwrap();
        heard.entry(connection).or_default().push(frame["data"].as_str().unwrap().parse().unwrap());
    }
    heard
}

/// The shards of `news` whose rows owe something.
async fn queued(world: &World) -> usize {
    let rows = world.table.rows().await;
    rows.iter().filter(|((pk, _), row)| pk.starts_with("CHANNELQUEUE#") && row.contains_key("outbox")).count()
}

#[tokio::test]
async fn an_event_for_many_goes_by_a_queue_for_each_shard_and_reaches_all_once_and_in_order() {
    let world = many_in(0).await;
    for number in [1, 2, 3] {
        send(&world, number).await;
    }
    assert_eq!((heard(&world), queued(&world).await), (BTreeMap::new(), 4));
    consume(&world).await.unwrap();
    let heard = heard(&world);
    assert_eq!(heard.len(), ALL);
    assert!(heard.values().all(|numbers| *numbers == [1, 2, 3]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_shards_before_the_first_with_many_are_the_writers() {
    let world = many_in(2).await;
    send(&world, 1).await;
    assert_eq!((heard(&world).len(), queued(&world).await), (2 * FEW, 2));
    consume(&world).await.unwrap();
    assert_eq!(heard(&world).len(), SHARD + FEW);
}

#[tokio::test]
async fn an_event_waits_in_its_own_row_while_the_queue_is_full() {
    let world = many_in(0).await;
    for number in 0..=100 {
        send(&world, number).await;
    }
    let rows = world.table.rows().await;
    let waiting = rows.iter().filter(|((pk, _), row)| pk.starts_with("APPEVENT#") && row.contains_key("outbox"));
    assert_eq!((waiting.count(), heard(&world).len(), queued(&world).await), (1, 0, 4));
}

#[tokio::test]
async fn each_shard_is_resumed_where_it_was_cut_off() {
    let world = many_in(0).await;
    send(&world, 1).await;
    world.sockets.stall_after(Some(300));
    tokio::select! {
        () = world.sockets.stalled() => {}
        _ = consume(&world) => panic!("it was not cut off"),
    }
    world.sockets.stall_after(None);
    let first = heard(&world);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    let second = heard(&world);
    let all: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
    assert_eq!(all.len(), ALL, "nobody is missed");
    let twice = first.len() + second.len() - ALL;
    assert!(twice <= 4 * 200, "{twice} got it twice, which is more than a page of each shard");
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_excluded_connection_among_many_is_excluded_after_a_retry_too() {
    let world = many_in(0).await;
    let mut event = stock(&["news"]);
    event["socket_id"] = json!(socket_id("c7").as_str());
    let reply = world.send(pusher_api::handle, &post(EVENTS, &event)).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    world.sockets.answer_always(Some(429));
    consume(&world).await.unwrap();
    assert!(world.sockets.take_posted().is_empty());
    world.sockets.answer_always(None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    let reached: Vec<_> = world.sockets.take_posted().into_iter().map(|(_, connection, _)| connection).collect();
    assert_eq!((reached.len(), reached.contains(&"c7".to_owned())), (ALL - 1, false));
}

#[tokio::test]
async fn one_of_many_that_takes_nothing_holds_up_nobody_and_hears_all_in_order_later() {
    let world = many_in(0).await;
    world.sockets.answer("c7", Some(429));
    for number in [1, 2] {
        send(&world, number).await;
    }
    consume(&world).await.unwrap();
    let mut all = heard(&world);
    assert!(all.remove("c7").is_none());
    assert!(all.len() == ALL - 1 && all.values().all(|numbers| *numbers == [1, 2]));
    world.sockets.answer("c7", None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!(heard(&world), BTreeMap::from([("c7".to_owned(), vec![1, 2])]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_event_has_arrived_when_it_is_answered() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    let reply = world.send_and_kill(pusher_api::handle, &post(EVENTS, &stock(&["news"]))).await;
    assert_eq!((reply.status, world.sockets.take_of("c1").len()), (200, 1));
}

#[tokio::test]
async fn an_event_is_answered_although_its_delivery_stands_still() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    world.sockets.stall_after(Some(0));
    let reply = world.send_and_kill(pusher_api::handle, &post(EVENTS, &stock(&["news"]))).await;
    assert_eq!(reply.status, 200);
    world.sockets.stall_after(None);
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(world.sockets.take_of("c1").len(), 1);
}

/// The sender is killed before it reaches the last page of many subscribers.
#[tokio::test]
async fn a_fan_out_that_is_cut_off_goes_on_where_it_was() {
    const CONNECTIONS: usize = 900;
    let world = World::with_gateway().await;
    for shard in 0..SUBSCRIBER_SHARDS {
        subscribers_of_shard(&world, shard, CONNECTIONS / 4).await;
    }
    accept(&world, &stock(&["news"])).await;
    age(&world, 10).await;
    world.sockets.stall_after(Some(500));
    tokio::select! {
        () = world.sockets.stalled() => {}
        _ = consume(&world) => panic!("it was not cut off"),
    }
    world.sockets.stall_after(None);
    let first: Vec<_> = world.sockets.take_posted().into_iter().map(|(_, connection, _)| connection).collect();
    age(&world, 400).await;
    consume(&world).await.unwrap();
    let second: Vec<_> = world.sockets.take_posted().into_iter().map(|(_, connection, _)| connection).collect();
    let mut all: Vec<_> = first.iter().chain(&second).collect();
    all.sort();
    let sent = all.len();
    all.dedup();
    assert_eq!(all.len(), CONNECTIONS, "nobody is missed");
    assert!(sent - CONNECTIONS <= 200, "{} got it twice, which is more than a page", sent - CONNECTIONS);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_rest_of_a_writers_fan_out_is_the_consumers_at_once() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news"]).await;
    world.sockets.answer("c1", Some(429));
    world.send(pusher_api::handle, &post(EVENTS, &stock(&["news"]))).await;
    world.sockets.answer("c1", None);
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.take_of("c1").len(), world.sockets.take_of("c2").len()), (1, 1));
    assert!(owed(&world).await.is_empty());
}

/// The stream mostly brings a row while its writer still has the lease, and leaves it to a message of the retry queue.
#[tokio::test]
async fn the_rest_of_a_writers_fan_out_does_not_wait_for_the_retry_queue() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["news"]).await;
    }
    accept(&world, &stock(&["news"])).await;
    let key = world.table.rows().await.into_keys().find(|(pk, _)| pk.starts_with("APPEVENT#")).unwrap();
    let mut outbox = Outbox::parse(world.table.row(&key.0, &key.1).await.unwrap()["outbox"].as_str().unwrap());
    // However slow the machine is, the writer still has it.
    outbox.entries[0].lease = Some(Millis::now().plus_seconds(600));
    world.table.set_text((&key.0, &key.1), "outbox", &outbox.text()).await;
    let key = shared::table::Key { pk: key.0, sk: key.1 };
    let of_writer =
        shared::outbox::Committed::of_row(&world.app.table.get(&key, true).await.unwrap().unwrap()).unwrap();
    consume(&world).await.unwrap();
    assert_eq!(world.queues.sent("retry").len(), 1, "the row is the queue's");
    world.sockets.answer("c1", Some(429));
    world.as_function("pusher-api", world.app_of("pusher-api").deliver(vec![of_writer])).await;
    world.sockets.answer("c1", None);
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.take_of("c1").len(), world.sockets.take_of("c2").len()), (1, 1));
    assert!(owed(&world).await.is_empty());
}
