//! Holds the counts of `tests/channel_costs.toml` to what the functions do.

use serde_json::json;
use shared::contract::key::OCCUPIED_SHARDS;
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use shared::gateway;
use tests::consumer::{age, consume};
use tests::{PUSHER, Request, World};

use super::channels::{ChannelCosts, ChannelOperation};
use crate::apps_events::{EVENTS, accept, post};
use crate::gateway::{keep_alive, open, subscribe, subscriber_row, subscribing};
use crate::gateway_budgets::{begin, cost};

/// Requests, posts, read and write units, and the bytes of the log line.
type Count = (usize, usize, f64, f64, usize);

/// A connection with the subscriptions of the profile; `news` and `stock` are occupied.
async fn client(world: &World, connection: &str) {
    open(world, connection).await;
    for channel in [&format!("own-{connection}"), "news", "stock"] {
        subscribe(world, connection, channel).await;
    }
}

/// So many connections that are open, and subscribed to `news`.
async fn crowd(world: &World, size: usize) {
    for n in 0..size {
        let connection = ConnectionId::parse(format!("crowd{n}")).unwrap();
        gateway::open(&world.app.table, &connection, Millis::now().plus_seconds(-60)).await.unwrap();
        world.sockets.open(connection.as_str());
        world.table.put_rows(&[subscriber_row("news", &connection)]).await;
    }
}

async fn count(name: &str) -> Count {
    let world = World::with_gateway().await;
    client(&world, "c1").await;
    let event = |channel: &str| post(EVENTS, &json!({ "name": "stock", "channels": [channel], "data": "{}" }));
    let socket = |route, connection| Request::socket(route, "pusher", connection).received(Millis::now().0);
    let traffic = match name {
        "open a connection" => {
            world.sockets.open("c2");
            let request = socket("$connect", "c2").asking("appKey", PUSHER.0).asking("protocol", "7");
            begin(&world).await;
            world.count(socket_connect::handle, &request).await.1
        }
        "subscribe to an empty channel" | "subscribe to an occupied channel" => {
            open(&world, "c2").await;
            let channel = if name.contains("empty") { "own-c2" } else { "news" };
            begin(&world).await;
            let request = socket("$default", "c2").body(&subscribing("c2", channel, None).to_string());
            world.count(socket_message::handle, &request).await.1
        }
        "end a connection with three subscriptions" => {
            client(&world, "c2").await;
            begin(&world).await;
            world.count(socket_disconnect::handle, &socket("$disconnect", "c2")).await.1
        }
        "an event to one connection" => {
            begin(&world).await;
            world.count(pusher_api::handle, &event("own-c1")).await.1
        }
        // A writer may run out of time here, so the stream's consumer does all of it.
        "an event to 1,000 connections" => {
            crowd(&world, 999).await;
            begin(&world).await;
            accept(&world, &json!({ "name": "stock", "channel": "news", "data": "{}" })).await;
            let accepted = world.take_traffic();
            age(&world, 10).await;
            world.take_traffic();
            consume(&world).await.unwrap();
            [accepted, world.take_traffic()]
        }
        _ => return of_keep_alive(name).await,
    };
    let line = world.take_line_bytes();
    let (requests, posts, read_units, write_units) = cost(traffic, &world);
    (requests, posts, read_units, write_units, line)
}

async fn of_keep_alive(name: &str) -> Count {
    let world = World::with_gateway().await;
    match name {
        "the keep-alive of nobody" => {}
        "the keep-alive of 1,000 connections" => crowd(&world, 1_000).await,
        "forget an ended connection" => return forgetting(&world).await,
        "look whether a channel is occupied" => {
            let (requests, posts, read_units, write_units, _) = of_round(&world).await;
            occupy_each_shard(&world).await;
            let with = of_round(&world).await;
            return (with.0 - requests, with.1 - posts, with.2 - read_units, with.3 - write_units, 0);
        }
        other => panic!("nothing counts: {other}"),
    }
    of_round(&world).await
}

async fn of_round(world: &World) -> Count {
    begin(world).await;
    keep_alive(world).await;
    let traffic = world.take_traffic();
    let (requests, posts, read_units, write_units) = cost([traffic, tests::Traffic::default()], world);
    (requests, posts, read_units, write_units, 0)
}

/// A round looks at the channels of one shard, which depends on the minute; so each shard has one.
async fn occupy_each_shard(world: &World) {
    let expires_at = Millis::now().plus_seconds(7_200).seconds();
    let mut shards = std::collections::BTreeSet::new();
    for name in (0..1_000).map(|n| format!("own-{n}")) {
        let key = shared::table::Key::occupied_channel(&name);
        if shards.insert(key.pk.clone()) {
            let row = json!({ "pk": key.pk, "sk": key.sk, "expires_at": expires_at });
            world.table.put_rows(&[row, subscriber_row(&name, &ConnectionId::parse("c1").unwrap())]).await;
        }
    }
    assert_eq!(shards.len(), usize::from(OCCUPIED_SHARDS));
}

/// Two rounds, less two without the connection.
async fn forgetting(world: &World) -> Count {
    let without = of_round(world).await;
    let connection = ConnectionId::parse("c1").unwrap();
    gateway::open(&world.app.table, &connection, Millis::now().plus_seconds(-3_600)).await.unwrap();
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", "pusher", "c1")).await;
    let first = of_round(world).await;
    let key = shared::table::Key::channel_connection(&connection);
    world.table.set_number((&key.pk, &key.sk), "ended", Millis::now().plus_seconds(-120).0).await;
    let second = of_round(world).await;
    assert!(world.table.rows().await.is_empty(), "its row is deleted");
    let more = |of: fn(&Count) -> f64| of(&first) + of(&second) - 2.0 * of(&without);
    (more(|count| count.0 as f64) as usize, 0, more(|count| count.2), more(|count| count.3), 0)
}

fn as_toml(name: &str, (requests, posts, read_units, write_units, line_bytes): Count) -> String {
    format!(
        "{name}: requests = {requests}, posts = {posts}, read_units = {read_units}, write_units = {write_units}, line_bytes = {line_bytes}"
    )
}

#[tokio::test]
async fn the_counts_of_channels_are_those_of_the_functions() {
    let mut wrong = Vec::new();
    for operation in ChannelCosts::read().operation {
        let ChannelOperation { name, requests, posts, read_units, write_units, line_bytes, .. } = &operation;
        let counted = count(name).await;
        let (are_exact, fits) = (
            (counted.0 as f64, counted.1 as f64, counted.2, counted.3)
                == (*requests, *posts, *read_units, *write_units),
            // The digits of times differ, and of ids. Some are not one invocation.
            counted.4 == 0 || (counted.4 as f64 <= *line_bytes && line_bytes - counted.4 as f64 <= 40.0),
        );
        if !are_exact || !fits {
            wrong.push(as_toml(name, counted));
        }
    }
    assert!(wrong.is_empty(), "tests/channel_costs.toml is not what the functions do: {wrong:#?}");
}
