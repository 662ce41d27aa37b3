//! Events on their way to the subscribers of channels that Carillon itself serves: cut off, resumed, in order, for few and for many.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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

/// A world in which a post to one of many connections does not time out, however slow the machine is.
async fn patient_world() -> World {
    let mut world = World::with_gateway().await;
    world.app.connections = world.app.connections.map(|connections| connections.with_timeout(Duration::from_secs(60)));
    world
}

/// Subscribers of `news`, most of them in this shard.
pub(crate) async fn many_in(shard: u8) -> World {
    let world = patient_world().await;
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

/// The rows that owe an event to a shard of `news`.
async fn of_shards(world: &World) -> usize {
    let rows = world.table.rows().await;
    rows.iter().filter(|((pk, _), row)| pk.starts_with("FANOUT#") && row.contains_key("outbox")).count()
}

#[tokio::test]
async fn an_event_for_many_is_divided_among_its_shards_and_reaches_all_once() {
    let world = many_in(0).await;
    send(&world, 1).await;
    assert_eq!((heard(&world), of_shards(&world).await), (BTreeMap::new(), 4));
    consume(&world).await.unwrap();
    let heard = heard(&world);
    assert_eq!((heard.len(), heard.values().filter(|numbers| **numbers != [1]).count()), (ALL, 0));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_event_for_many_is_answered_once_its_shards_have_got_it() {
    let world = many_in(0).await;
    let consumer = async {
        while of_shards(&world).await < 4 {
            tokio::task::yield_now().await;
        }
        consume(&world).await.unwrap();
    };
    let begun = Instant::now();
    let answered = async {
        send(&world, 1).await;
        (heard(&world).len(), begun.elapsed())
    };
    let ((heard, after), ()) = tokio::join!(answered, consumer);
    // A machine that is too slow has its answer all the same.
    assert!(
        heard == ALL || after >= Duration::from_secs(3),
        "{heard} had got it when it was answered, after {after:?}"
    );
    assert_eq!(of_shards(&world).await, 0);
    let answered = world.send_and_kill(pusher_api::handle, &post(EVENTS, &stock(&["news"]))).await;
    assert_eq!((answered.status, of_shards(&world).await), (200, 4), "it is answered although nobody delivers it");
}

#[tokio::test]
async fn the_shards_before_the_first_with_many_are_the_writers() {
    let world = many_in(2).await;
    send(&world, 1).await;
    assert_eq!((heard(&world).len(), of_shards(&world).await), (2 * FEW, 2));
    consume(&world).await.unwrap();
    assert_eq!(heard(&world).len(), SHARD + FEW);
}

/// As a function leaves it that is killed between the two writes.
#[tokio::test]
async fn an_event_that_was_divided_and_not_acknowledged_reaches_all_once() {
    let world = many_in(0).await;
    accept(&world, &stock(&["news"])).await;
    age(&world, 10).await;
    let owing = world.table.rows().await.into_iter().find(|((pk, _), _)| pk.starts_with("APPEVENT#")).unwrap();
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.take_posted().len(), of_shards(&world).await), (0, 4));
    let ((pk, sk), row) = owing;
    world.table.set_text((&pk, &sk), "outbox", row["outbox"].as_str().unwrap()).await;
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!(world.sockets.take_posted().len(), ALL);
    assert!(owed(&world).await.is_empty());
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
async fn one_of_many_that_takes_nothing_holds_up_no_other() {
    let world = many_in(0).await;
    world.sockets.answer("c7", Some(429));
    send(&world, 1).await;
    consume(&world).await.unwrap();
    send(&world, 2).await;
    consume(&world).await.unwrap();
    let mut all = heard(&world);
    assert!(all.remove("c7").is_none());
    assert!(all.len() == ALL - 1 && all.values().all(|numbers| *numbers == [1, 2]));
    world.sockets.answer("c7", None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    let late = heard(&world);
    assert_eq!((late.len(), late["c7"].len()), (1, 2));
    assert!(owed(&world).await.is_empty());
}

/// Of one request: the events of one row wait for each other.
#[tokio::test]
async fn a_connection_that_missed_an_event_gets_those_of_the_same_request_after_it() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["news"]).await;
    }
    world.sockets.answer("c1", Some(429));
    let event = |n: usize| json!({ "name": "stock", "channel": "news", "data": n.to_string() });
    let reply = world
        .send(pusher_api::handle, &post("/apps/app/batch_events", &json!({ "batch": [event(1), event(2)] })))
        .await;
    assert_eq!((reply.status, heard(&world)), (200, BTreeMap::from([("c2".to_owned(), vec![1, 2])])));
    world.sockets.answer("c1", None);
    consume(&world).await.unwrap();
    assert_eq!(heard(&world), BTreeMap::from([("c1".to_owned(), vec![1, 2])]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_connection_that_refuses_one_event_alone_gets_it_later_and_newer_ones_in_the_same_row_wait_for_it() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["news"]).await;
    }
    world.sockets.refuse("c1", Some(r#""data":"2""#));
    let event = |n: usize| json!({ "name": "stock", "channel": "news", "data": n.to_string() });
    let batch = json!({ "batch": [event(1), event(2), event(3)] });
    let reply = world.send(pusher_api::handle, &post("/apps/app/batch_events", &batch)).await;
    let first = BTreeMap::from([("c1".to_owned(), vec![1]), ("c2".to_owned(), vec![1, 2, 3])]);
    assert_eq!((reply.status, heard(&world)), (200, first));
    world.sockets.refuse("c1", None);
    consume(&world).await.unwrap();
    assert_eq!(heard(&world), BTreeMap::from([("c1".to_owned(), vec![2, 3])]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_only_subscriber_is_ended_too_if_it_takes_nothing_for_half_a_minute() {
    let world = World::with_gateway().await;
    subscriber(&world, "c1", &["news"]).await;
    world.sockets.answer("c1", Some(429));
    send(&world, 1).await;
    age(&world, 20).await;
    consume(&world).await.unwrap();
    assert!(world.sockets.is_open("c1"), "it may recover");
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.is_open("c1"), owed(&world).await.len()), (false, 0));
}

/// Else it would miss the event, and get the next one.
#[tokio::test]
async fn a_connection_that_cannot_be_ended_is_tried_again() {
    let world = World::with_gateway().await;
    for connection in ["c1", "c2"] {
        subscriber(&world, connection, &["news"]).await;
    }
    world.sockets.answer("c1", Some(429));
    world.sockets.end_not("c1");
    send(&world, 1).await;
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!((world.sockets.is_open("c1"), owed(&world).await.len()), (true, 1));
    world.sockets.answer("c1", None);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!(heard(&world)["c1"], [1]);
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
    let world = patient_world().await;
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
