//! The number of a channel's subscribers, which this stack's own WebSockets send to them.

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use tests::consumer::{age, consume, owed};
use tests::{FakeReceiver, Request, World};

use crate::apps_events::ask;
use crate::gateway::{
    data, disconnect, open, rows, say, say_at, subscribe, subscriber, subscriber_row, subscribing, unsubscribing,
};
use crate::gateway_presence::deliver;

const COUNT: &str = "pusher_internal:subscription_count";

async fn world() -> World {
    World::with(&[("CHANNELS", "gateway"), ("SUBSCRIPTION_COUNTS", "on")]).await
}

/// The numbers that a connection got of this channel.
fn counts(world: &World, connection: &str, channel: &str) -> Vec<u64> {
    let frames = world.sockets.take_of(connection);
    let counts = frames.iter().filter(|frame| frame["event"] == COUNT && frame["channel"] == channel);
    counts.map(|frame| data(frame)["subscription_count"].as_u64().unwrap()).collect()
}

/// The counts that a channel's row owes.
async fn owed_counts(world: &World) -> Vec<Value> {
    owed(world).await.into_iter().filter(|entry| entry["kind"] == "subscriptionCount").collect()
}

#[tokio::test]
async fn subscribers_get_their_number_at_once() {
    let world = world().await;
    open(&world, "c1").await;
    say(&world, "c1", &subscribing("c1", "news", None)).await;
    assert_eq!(counts(&world, "c1", "news"), [1]);
    open(&world, "c2").await;
    say(&world, "c2", &subscribing("c2", "news", None)).await;
    assert_eq!((counts(&world, "c1", "news"), counts(&world, "c2", "news")), (vec![2], vec![2]));
    say(&world, "c2", &unsubscribing("news")).await;
    assert_eq!((counts(&world, "c1", "news"), counts(&world, "c2", "news")), (vec![1], vec![]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_consumer_sends_the_number_after_the_end_of_a_connection() {
    let world = world().await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news", "private-orders"]).await;
    world.sockets.take_of("c1");
    disconnect(&world, "c2").await;
    deliver(&world).await;
    assert_eq!(counts(&world, "c1", "news"), [1]);
    disconnect(&world, "c1").await;
    deliver(&world).await;
    let left: Vec<_> = rows(&world).await.into_iter().filter(|row| !row.ends_with(" CONNECTION")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn presence_channels_get_no_number_nor_does_a_stack_where_it_is_off() {
    let world = world().await;
    open(&world, "c1").await;
    say(&world, "c1", &subscribing("c1", "presence-lobby", Some(&json!({ "user_id": "ada" })))).await;
    assert_eq!(counts(&world, "c1", "presence-lobby"), Vec::<u64>::new());
    let off = World::with_gateway().await;
    open(&off, "c1").await;
    say(&off, "c1", &subscribing("c1", "news", None)).await;
    assert_eq!(counts(&off, "c1", "news"), Vec::<u64>::new());
}

#[tokio::test]
async fn a_cache_channel_does_not_keep_the_number() {
    let world = world().await;
    subscriber(&world, "c1", &["cache-stock"]).await;
    subscriber(&world, "c2", &["cache-stock"]).await;
    open(&world, "c3").await;
    let frames = subscribe(&world, "c3", "cache-stock").await;
    assert!(frames.iter().any(|frame| frame["event"] == "pusher:cache_miss"), "{frames:?}");
}

#[tokio::test]
async fn a_crowd_gets_its_number_in_the_end() {
    let world = world().await;
    let crowd: Vec<String> = (0..30).map(|n| format!("c{n}")).collect();
    for connection in &crowd {
        open(&world, connection).await;
    }
    let frames: Vec<_> = crowd.iter().map(|connection| subscribing(connection, "news", None)).collect();
    join_all(crowd.iter().zip(&frames).map(|(connection, frame)| say(&world, connection, frame))).await;
    deliver(&world).await;
    // The function ends a connection whose frame takes too long, as on a machine with other load.
    let state = ask(&world, "/apps/app/channels/news", &[("info", "subscription_count")]).await;
    let there = state.body["subscription_count"].as_u64().unwrap();
    let open: Vec<_> = crowd.iter().filter(|connection| world.sockets.is_open(connection)).collect();
    assert!(!open.is_empty() && there >= open.len() as u64, "{there}");
    for connection in open {
        assert_eq!(counts(&world, connection, "news").last(), Some(&there), "{connection}");
    }
}

#[tokio::test]
async fn changes_go_together_while_a_number_is_on_its_way() {
    let world = world().await;
    for connection in ["c1", "c2", "c3", "c4"] {
        open(&world, connection).await;
    }
    // Its function is killed before it counts, and its lease runs.
    let frame = subscribing("c1", "news", None).to_string();
    let request = Request::socket("$default", "pusher", "c1").body(&frame).received(Millis::now().0);
    world.send_and_kill(socket_message::handle, &request).await;
    for connection in ["c2", "c3", "c4"] {
        say(&world, connection, &subscribing(connection, "news", None)).await;
    }
    let owed = owed_counts(&world).await;
    assert_eq!(owed.len(), 2, "the one under way, and one for all that came since: {owed:?}");
    deliver(&world).await;
    assert_eq!(counts(&world, "c1", "news").last(), Some(&4));
}

#[tokio::test]
async fn a_channel_of_many_gets_a_number_every_five_seconds_at_most() {
    let world = world().await;
    for n in 0..101 {
        world.table.put_rows(&[subscriber_row("news", &ConnectionId::parse(format!("r{n}")).unwrap())]).await;
    }
    for connection in ["c1", "c2", "c3", "c4"] {
        open(&world, connection).await;
    }
    say(&world, "c1", &subscribing("c1", "news", None)).await;
    assert_eq!(counts(&world, "c1", "news"), [102]);
    for connection in ["c2", "c3", "c4"] {
        say(&world, connection, &subscribing(connection, "news", None)).await;
    }
    say(&world, "c2", &unsubscribing("news")).await;
    assert_eq!(counts(&world, "c1", "news"), Vec::<u64>::new());
    let owed = owed_counts(&world).await;
    let [one] = owed.as_slice() else { panic!("{owed:?}") };
    let waits = one["notBefore"].as_i64().unwrap() - Millis::now().0;
    assert!((1..=5_000).contains(&waits), "{waits} ms");
    consume(&world).await.unwrap();
    assert_eq!(counts(&world, "c1", "news"), Vec::<u64>::new(), "its time has not come");
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert_eq!(counts(&world, "c1", "news"), [104]);
}

#[tokio::test]
async fn the_apps_own_server_gets_the_number_too_and_hears_of_the_last_who_left() {
    let receiver = FakeReceiver::new().await;
    let world = World::with_webhooks(&receiver, "subscription_count").await;
    subscriber(&world, "c1", &["news"]).await;
    deliver(&world).await;
    subscriber(&world, "c2", &["news"]).await;
    deliver(&world).await;
    disconnect(&world, "c1").await;
    deliver(&world).await;
    disconnect(&world, "c2").await;
    deliver(&world).await;
    let events = world.queues.sent("webhooks").into_iter().map(|message| message.body["given_up"]["events"].clone());
    let count = |count: u64| json!([{ "name": "subscription_count", "channel": "news", "subscription_count": count }]);
    assert_eq!(events.collect::<Vec<_>>(), [1, 2, 1, 0].map(count));
    assert!(!rows(&world).await.iter().any(|row| row.starts_with("OCCUPIED#")));
}

async fn world_of_both(receiver: &FakeReceiver, events: &str) -> World {
    let url = receiver.url();
    let variables =
        [("CHANNELS", "gateway"), ("SUBSCRIPTION_COUNTS", "on"), ("WEBHOOK_URL", &url), ("WEBHOOK_EVENTS", events)];
    World::with(&variables).await
}

#[tokio::test]
async fn a_return_while_the_servers_number_waits_still_tells_the_client() {
    let receiver = FakeReceiver::new().await;
    let world = world_of_both(&receiver, "subscription_count").await;
    subscriber(&world, "c1", &["news"]).await;
    deliver(&world).await;
    say(&world, "c1", &unsubscribing("news")).await;
    open(&world, "c2").await;
    say(&world, "c2", &subscribing("c2", "news", None)).await;
    deliver(&world).await;
    assert_eq!(counts(&world, "c2", "news"), [1]);
}

#[tokio::test]
async fn while_nothing_is_delivered_two_numbers_wait_at_most() {
    let receiver = FakeReceiver::new().await;
    let world = world_of_both(&receiver, "subscription_count").await;
    subscriber(&world, "c1", &["news"]).await;
    deliver(&world).await;
    open(&world, "c2").await;
    for _ in 0..6 {
        for frame in [subscribing("c2", "news", None), unsubscribing("news")] {
            let request =
                Request::socket("$default", "pusher", "c2").body(&frame.to_string()).received(Millis::now().0);
            world.send_and_kill(socket_message::handle, &request).await;
            age(&world, 5).await;
        }
    }
    let owed = owed(&world).await;
    let of_kind = |kind: &str| owed.iter().filter(|entry| entry["kind"] == kind).count();
    assert_eq!((of_kind("subscriptionCount"), of_kind("appWebhook")), (2, 2), "{owed:?}");
    deliver(&world).await;
    assert_eq!(counts(&world, "c1", "news").last(), Some(&1));
}

#[tokio::test]
async fn a_number_that_its_row_has_no_room_for_costs_nobody_a_subscription() {
    let receiver = FakeReceiver::new().await;
    let world = world_of_both(&receiver, "channel_occupied").await;
    open(&world, "c1").await;
    let frame = subscribing("c1", "news", None).to_string();
    let request = Request::socket("$default", "pusher", "c1").body(&frame).received(Millis::now().0);
    world.send_and_kill(socket_message::handle, &request).await;
    let rows = world.table.rows().await;
    let (key, row) = rows.iter().find(|((pk, _), _)| pk.starts_with("OCCUPIED#")).unwrap();
    let mut outbox: Value = serde_json::from_str(row["outbox"].as_str().unwrap()).unwrap();
    let occupied =
        outbox["owed"].as_array().unwrap().iter().find(|entry| entry["kind"] == "appWebhook").unwrap().clone();
    let many = (0..100).map(|n| {
        let mut entry = occupied.clone();
        entry["id"] = json!(format!("entry-{n}"));
        entry
    });
    outbox["owed"] = many.collect();
    world.table.set_text((&key.0, &key.1), "outbox", &outbox.to_string()).await;
    open(&world, "c2").await;
    let frames = subscribe(&world, "c2", "news").await;
    assert!(frames.iter().any(|frame| frame["event"] == "pusher_internal:subscription_succeeded"), "{frames:?}");
    say(&world, "c2", &unsubscribing("news")).await;
    assert!(world.sockets.is_open("c2"));
}

const TABS: usize = 4;

/// Waves of subscriptions and their ends, which are handled side by side. The last number that a subscriber got is the right one.
#[test]
fn the_last_number_is_right_whatever_overtakes_what() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let waves = proptest::collection::vec(proptest::collection::vec((0..TABS, any::<bool>()), 1..6), 1..4);
    runner
        .run(&waves, |waves| {
            runtime.block_on(play(&waves));
            Ok(())
        })
        .unwrap();
}

async fn play(waves: &[Vec<(usize, bool)>]) {
    let world = world().await;
    subscriber(&world, "c1", &["news"]).await;
    let tabs: Vec<String> = (0..TABS).map(|tab| format!("t{tab}")).collect();
    for tab in &tabs {
        open(&world, tab).await;
    }
    let (mut at, mut on, mut last) = (Millis::now().0, [false; TABS], 1);
    for wave in waves {
        let mut frames = Vec::new();
        for (tab, comes) in wave {
            at += 1;
            on[*tab] = *comes;
            let frame = if *comes { subscribing(&tabs[*tab], "news", None) } else { unsubscribing("news") };
            frames.push((tabs[*tab].clone(), frame, at));
        }
        frames.reverse();
        join_all(frames.iter().map(|(tab, frame, at)| say_at(&world, tab, frame, Millis(*at)))).await;
        deliver(&world).await;
        last = counts(&world, "c1", "news").last().copied().unwrap_or(last);
        let there = 1 + on.iter().filter(|is_on| **is_on).count();
        assert_eq!(last, there as u64, "{waves:?}");
    }
}
