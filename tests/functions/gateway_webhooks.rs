//! Webhooks to the app's own server, where clients of Pusher are served by this stack's own WebSockets.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::contract::sockets::ConnectionId;
use shared::contract::time::Millis;
use shared::table::Key;
use tests::consumer::{age, consume, owed, retry, retry_queue, send_webhooks, webhooks};
use tests::{FakeReceiver, PREVIOUS, Request, World};

use crate::apps_events::{EVENTS, post};
use crate::gateway::{
    disconnect, keep_alive, older, open, rows, say, say_at, signer, subscribe, subscriber, subscriber_row, subscribing,
    unsubscribing,
};
use crate::gateway_presence::deliver;

const EXISTENCE: &str = "channel_occupied,channel_vacated";
const PRESENCE: &str = "member_added,member_removed";
const ALL: &str = "channel_occupied,channel_vacated,member_added,member_removed,client_event,cache_miss";

async fn world(events: &str) -> (World, FakeReceiver) {
    let receiver = FakeReceiver::new().await;
    (World::with_webhooks(&receiver, events).await, receiver)
}

/// The bodies of the queue's messages so far.
fn queued(world: &World) -> Vec<Value> {
    world.queues.sent("webhooks").into_iter().map(|message| message.body).collect()
}

/// The events in the queue's messages so far, in order: `channel_occupied news`, `member_added presence-lobby ada`.
fn told(world: &World) -> Vec<String> {
    let events = queued(world).into_iter().flat_map(|body| body["given_up"]["events"].as_array().unwrap().clone());
    let text = |event: Value| {
        let parts = ["name", "channel", "user_id"].map(|name| event[name].as_str().unwrap_or_default().to_owned());
        parts.join(" ").trim_end().to_owned()
    };
    events.map(text).collect()
}

/// A message about one occupied channel.
async fn one_message(world: &World) -> Value {
    subscriber(world, "c1", &["news"]).await;
    deliver(world).await;
    queued(world).pop().unwrap()
}

#[tokio::test]
async fn a_channel_is_occupied_by_its_first_subscriber_and_vacated_by_its_last() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    subscriber(&world, "c2", &["news"]).await;
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news"]);
    say(&world, "c1", &unsubscribing("news")).await;
    deliver(&world).await;
    assert_eq!(told(&world).len(), 1, "one is left");
    disconnect(&world, "c2").await;
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news", "channel_vacated news"]);
    disconnect(&world, "c1").await;
    deliver(&world).await;
    assert_eq!(told(&world).len(), 2, "its end is no further change");
    let left: Vec<_> = rows(&world).await.into_iter().filter(|row| !row.ends_with(" CONNECTION")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_return_within_three_seconds_changes_nothing() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    deliver(&world).await;
    disconnect(&world, "c1").await;
    consume(&world).await.unwrap();
    subscriber(&world, "c2", &["news"]).await;
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news"]);
    disconnect(&world, "c2").await;
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news", "channel_vacated news"]);
}

#[tokio::test]
async fn a_return_when_the_webhook_may_be_on_its_way_lets_both_be_heard() {
    let (world, _receiver) = world(ALL).await;
    let lobby = |connection| subscribing(connection, "presence-lobby", Some(&json!({ "user_id": "ada" })));
    open(&world, "c1").await;
    say(&world, "c1", &lobby("c1")).await;
    deliver(&world).await;
    disconnect(&world, "c1").await;
    // Both departures are due within a second.
    age(&world, 2).await;
    open(&world, "c2").await;
    say(&world, "c2", &lobby("c2")).await;
    deliver(&world).await;
    let told = told(&world);
    let of = |what: &str| told.iter().filter(|event| event.starts_with(what)).map(String::as_str).collect::<Vec<_>>();
    let existence =
        ["channel_occupied", "channel_vacated", "channel_occupied"].map(|name| format!("{name} presence-lobby"));
    assert_eq!(of("channel"), existence, "{told:?}");
    let members = ["member_added", "member_removed", "member_added"].map(|name| format!("{name} presence-lobby ada"));
    assert_eq!(of("member"), members, "{told:?}");
}

#[tokio::test]
async fn a_departure_is_taken_back_if_somebody_is_there_when_it_is_due() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    deliver(&world).await;
    disconnect(&world, "c1").await;
    // As if the function had been killed that saw nobody, just before it looked again.
    world.table.put_rows(&[subscriber_row("news", &ConnectionId::parse("c2").unwrap())]).await;
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news"]);
    let all = crate::apps_events::ask(&world, "/apps/app/channels", &[]).await;
    assert_eq!(all.body, json!({ "channels": { "news": {} } }));
}

#[tokio::test]
async fn a_channel_that_was_called_empty_by_mistake_is_occupied_again_within_minutes() {
    let (world, _receiver) = world(EXISTENCE).await;
    let (connection, expires_at) = (ConnectionId::parse("c1").unwrap(), Millis::now().plus_seconds(7200).seconds());
    let rows: Vec<Value> = (0..40)
        .map(|n| format!("news-{n}"))
        .flat_map(|channel| {
            let key = Key::occupied_channel(&channel);
            let vacant = json!({ "pk": key.pk, "sk": key.sk, "vacant": true, "expires_at": expires_at });
            [vacant, subscriber_row(&channel, &connection)]
        })
        .collect();
    world.table.put_rows(&rows).await;
    let listed = async || crate::apps_events::ask(&world, "/apps/app/channels", &[]).await.body["channels"].clone();
    assert_eq!(listed().await, json!({}));
    keep_alive(&world).await;
    let again = listed().await.as_object().unwrap().len();
    assert!((1..40).contains(&again), "{again}: each round sees to one of eight shards");
    deliver(&world).await;
    let told = told(&world);
    assert_eq!(told.len(), again, "the server heard that they are empty, and hears that they are not");
    assert!(told.iter().all(|event| event.starts_with("channel_occupied news-")), "{told:?}");
}

#[tokio::test]
async fn a_webhook_that_cannot_be_stored_costs_no_client_its_answer() {
    let (world, _receiver) = world("cache_miss,client_event").await;
    // A row that nobody can read.
    world.table.put(&[("pk", "CACHE#cache-stock"), ("sk", "MISS"), ("at", "soon")]).await;
    open(&world, "c1").await;
    let frames = subscribe(&world, "c1", "cache-stock").await;
    assert!(frames.iter().any(|frame| frame["event"] == "pusher:cache_miss"), "{frames:?}");
    assert!(world.sockets.is_open("c1"));
    for connection in ["c2", "c3"] {
        subscriber(&world, connection, &["private-chat"]).await;
    }
    world.sockets.take_of("c3");
    world.table.fail("PutItem");
    say(&world, "c2", &json!({ "event": "client-wave", "channel": "private-chat", "data": {} })).await;
    world.table.recover();
    let frames = world.sockets.take_of("c3");
    assert!(frames.iter().any(|frame| frame["event"] == "client-wave"), "{frames:?}");
}

#[tokio::test]
async fn a_channel_without_subscribers_is_in_no_list_while_its_webhook_waits() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    say(&world, "c1", &unsubscribing("news")).await;
    assert!(rows(&world).await.iter().any(|row| row.starts_with("OCCUPIED#")), "it owes the webhook");
    let all = crate::apps_events::ask(&world, "/apps/app/channels", &[]).await;
    assert_eq!(all.body, json!({ "channels": {} }));
}

#[tokio::test]
async fn a_connection_that_ended_without_a_word_leaves_its_channels() {
    let (world, _receiver) = world(ALL).await;
    subscriber(&world, "c1", &["news"]).await;
    say(&world, "c1", &subscribing("c1", "presence-lobby", Some(&json!({ "user_id": "ada" })))).await;
    world.sockets.kill("c1");
    older(&world, 60).await;
    assert_eq!(keep_alive(&world).await.gone, 1);
    deliver(&world).await;
    let mut told = told(&world);
    told.sort();
    let expected = [
        "channel_occupied news",
        "channel_occupied presence-lobby",
        "channel_vacated news",
        "channel_vacated presence-lobby",
        "member_added presence-lobby ada",
        "member_removed presence-lobby ada",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_member_comes_and_leaves_once_however_many_tabs_there_are() {
    let (world, _receiver) = world(PRESENCE).await;
    for tab in ["c1", "c2"] {
        open(&world, tab).await;
        say(&world, tab, &subscribing(tab, "presence-lobby", Some(&json!({ "user_id": 7 })))).await;
    }
    deliver(&world).await;
    assert_eq!(told(&world), ["member_added presence-lobby 7"]);
    disconnect(&world, "c1").await;
    disconnect(&world, "c2").await;
    deliver(&world).await;
    assert_eq!(told(&world), ["member_added presence-lobby 7", "member_removed presence-lobby 7"]);
    let left: Vec<_> = rows(&world).await.into_iter().filter(|row| !row.ends_with(" CONNECTION")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn an_event_of_a_client_tells_who_sent_what() {
    let (world, _receiver) = world("client_event").await;
    open(&world, "c1").await;
    say(&world, "c1", &subscribing("c1", "presence-lobby", Some(&json!({ "user_id": "ada" })))).await;
    say(&world, "c1", &subscribing("c1", "private-orders", None)).await;
    for channel in ["presence-lobby", "private-orders"] {
        let wave = json!({ "event": "client-wave", "channel": channel, "data": { "hand": "left" } });
        say(&world, "c1", &wave).await;
    }
    // Refused, and so no event.
    say(&world, "c1", &json!({ "event": "client-wave", "channel": "news", "data": {} })).await;
    deliver(&world).await;
    let events: Vec<Value> =
        queued(&world).into_iter().flat_map(|body| body["given_up"]["events"].as_array().unwrap().clone()).collect();
    let socket = crate::gateway::socket_id("c1");
    let expected = |channel| {
        json!({ "name": "client_event", "channel": channel, "event": "client-wave", "data": "{\"hand\":\"left\"}",
            "socket_id": socket.as_str() })
    };
    let mut on_presence = expected("presence-lobby");
    on_presence["user_id"] = json!("ada");
    assert_eq!(events, [on_presence, expected("private-orders")]);
}

#[tokio::test]
async fn one_webhook_tells_of_all_who_missed_an_event_at_once() {
    let (world, _receiver) = world("cache_miss").await;
    for connection in ["c1", "c2", "c3"] {
        subscriber(&world, connection, &["cache-stock"]).await;
    }
    deliver(&world).await;
    assert_eq!(told(&world), ["cache_miss cache-stock"]);
    world.table.set_number(("CACHE#cache-stock", "MISS"), "at", Millis::now().plus_seconds(-10).0).await;
    subscriber(&world, "c4", &["cache-stock"]).await;
    deliver(&world).await;
    assert_eq!(told(&world).len(), 2);
    let event = json!({ "name": "stock", "channels": ["cache-stock"], "data": "{}" });
    world.send(pusher_api::handle, &post(EVENTS, &event)).await;
    world.table.set_number(("CACHE#cache-stock", "MISS"), "at", 0).await;
    subscriber(&world, "c5", &["cache-stock"]).await;
    deliver(&world).await;
    assert_eq!(told(&world).len(), 2, "it is there");
}

#[tokio::test]
async fn nothing_is_owed_that_nobody_asked_for() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    say(&world, "c1", &subscribing("c1", "presence-cache-lobby", Some(&json!({ "user_id": "ada" })))).await;
    say(&world, "c1", &json!({ "event": "client-wave", "channel": "presence-cache-lobby", "data": {} })).await;
    disconnect(&world, "c1").await;
    let owed = owed(&world).await;
    assert!(owed.iter().all(|entry| entry["kind"] != "appWebhook"), "{owed:?}");
    assert!(
        !world
            .table
            .rows()
            .await
            .keys()
            .any(|(pk, _)| ["APPEVENT#", "CACHE#", "OCCUPIED#"].iter().any(|kind| pk.starts_with(kind)))
    );
}

#[tokio::test]
async fn a_room_and_the_apps_own_server_both_learn_of_a_reader() {
    let (world, _receiver) = world(PRESENCE).await;
    world.table.put_book("emma", "ada", "Ada").await;
    open(&world, "c1").await;
    let ben = json!({ "user_id": "ben", "user_info": { "name": "BEN" } });
    say(&world, "c1", &subscribing("c1", "presence-room-emma", Some(&ben))).await;
    deliver(&world).await;
    assert_eq!(told(&world), ["member_added presence-room-emma ben"]);
    let list = Request::new("GET /presence/{bookId}").path("bookId", "emma").by("ada");
    assert!(world.send(presence_list::handle, &list).await.body.to_string().contains("ben"));
}

#[tokio::test]
async fn a_webhook_is_signed_as_pusher_signs_it_by_the_oldest_key() {
    let (world, receiver) = world(EXISTENCE).await;
    let before = Millis::now();
    let message = one_message(&world).await;
    assert_eq!(send_webhooks(&world, &webhooks(std::slice::from_ref(&message), 0, 1)).await, Vec::<String>::new());
    let received = receiver.take_received();
    let [webhook] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!((webhook.method.as_str(), webhook.headers["content-type"].as_str()), ("POST", "application/json"));
    assert_eq!(webhook.headers["x-pusher-key"], PREVIOUS.0);
    let body: Value = serde_json::from_str(&webhook.body).unwrap();
    assert_eq!(body["events"], json!([{ "name": "channel_occupied", "channel": "news" }]));
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    assert!((before.0..=Millis::now().0).contains(&body["time_ms"].as_i64().unwrap()));
    // The code that checks Pusher's own webhooks takes it.
    let own = Request::new("POST /pusher/webhook").body(&webhook.body);
    let own =
        ["x-pusher-key", "x-pusher-signature"].iter().fold(own, |own, name| own.header(name, &webhook.headers[*name]));
    assert_eq!(world.send(pusher_webhook::handle, &own).await.status, 200);
    assert!(
        !signer().signed(webhook.body.as_bytes(), &webhook.headers["x-pusher-signature"]),
        "by the previous secret"
    );
}

#[tokio::test]
async fn the_events_of_a_moment_go_together() {
    let (world, receiver) = world(EXISTENCE).await;
    for n in 0..30 {
        subscriber(&world, &format!("c{n}"), &[&format!("news-{n}")]).await;
    }
    // All of one time, whatever the machine's speed.
    for ((pk, sk), row) in world.table.rows().await {
        if let Some(outbox) = row.get("outbox").and_then(Value::as_str) {
            let mut outbox: Value = serde_json::from_str(outbox).unwrap();
            outbox["owed"][0]["time_ms"] = json!(1_700_000_000_000_i64);
            world.table.set_text((&pk, &sk), "outbox", &outbox.to_string()).await;
        }
    }
    consume(&world).await.unwrap();
    send_webhooks(&world, &webhooks(&queued(&world), 0, 1)).await;
    let mut sizes: Vec<_> = receiver.take_received().iter().map(|webhook| webhook.events().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [10, 20]);
}

#[tokio::test]
async fn a_webhook_without_confirmation_is_tried_again_for_five_minutes() {
    let (world, receiver) = world(EXISTENCE).await;
    let message = one_message(&world).await;
    let messages = |seconds_ago, received| webhooks(std::slice::from_ref(&message), seconds_ago, received);
    for (status, seconds_ago, received, pause) in
        [(500, 0, 1, 1..=2), (404, 30, 5, 24..=32), (302, 290, 9, 1..=10), (503, 299, 9, 1..=1)]
    {
        receiver.answer(status);
        assert_eq!(send_webhooks(&world, &messages(seconds_ago, received)).await, ["m-0"], "{status}");
        assert_eq!(receiver.take_received().len(), 1, "{status}: no redirect is followed");
        let paused = *world.queues.postponed().last().unwrap();
        assert!(pause.contains(&paused), "{status}: {paused} s");
    }
    assert!(world.queues.sent("dead-letter").is_empty());
    receiver.answer(500);
    assert_eq!(send_webhooks(&world, &messages(300, 10)).await, Vec::<String>::new());
    let letters = world.queues.sent("dead-letter");
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    let reason = letter.body["reason"].as_str().unwrap();
    assert!(reason.contains("answered 500") && reason.contains("five minutes"), "{reason}");
    assert!(!letter.body.to_string().contains("hidden"));
    // Replayed by a person, it goes its way once more.
    let before = queued(&world).len();
    assert!(retry(&world, &letter.body).await);
    let again = queued(&world).split_off(before);
    assert_eq!(again.len(), 1);
    send_webhooks(&world, &webhooks(&again, 0, 1)).await;
    let received = receiver.take_received();
    assert_eq!(received.last().unwrap().events(), [json!({ "name": "channel_occupied", "channel": "news" })]);
}

#[tokio::test]
async fn a_dead_letter_that_the_queue_does_not_take_comes_back() {
    let (world, receiver) = world(EXISTENCE).await;
    let message = one_message(&world).await;
    receiver.answer(500);
    world.queues.fail();
    assert_eq!(send_webhooks(&world, &webhooks(&[message], 600, 10)).await, ["m-0"]);
    world.queues.recover();
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn a_server_that_never_answers_costs_its_batch_four_seconds_and_nobody_else() {
    let (world, receiver) = world(EXISTENCE).await;
    let message = one_message(&world).await;
    receiver.hang();
    receiver.hang();
    let begun = Instant::now();
    let batch = webhooks(&[message.clone(), message.clone(), message], 0, 1);
    let again = send_webhooks(&world, &batch).await;
    assert_eq!(again.len(), 2, "the third was answered");
    assert!(begun.elapsed() < Duration::from_secs(8), "side by side: {:?}", begun.elapsed());
    // A visit of the stream sends none itself.
    subscriber(&world, "c2", &["other"]).await;
    receiver.take_received();
    consume(&world).await.unwrap();
    assert!(receiver.take_received().is_empty());
}

#[tokio::test]
async fn no_log_shows_where_webhooks_go_or_what_signs_them() {
    let (world, receiver) = world(EXISTENCE).await;
    let message = one_message(&world).await;
    receiver.answer(500);
    receiver.hang();
    let record = shared::telemetry::Record::new("request-1", "webhooks");
    let batch = webhooks(&[message.clone(), message], 0, 1);
    let sender = world.app_of("delivery").webhook_sender().unwrap();
    record.scope(world.as_function("delivery", sender.from_queue(&batch))).await;
    let line = record.line("test");
    assert!(line.contains("answered 500") && line.contains("did not answer"), "{line}");
    assert!(!line.contains("hidden") && !line.contains(PREVIOUS.1) && !line.contains("localhost"), "{line}");
    assert!(!format!("{sender:?}").contains("hidden") && !format!("{sender:?}").contains(PREVIOUS.1));
}

#[tokio::test]
async fn the_function_knows_the_queue_of_webhooks_by_its_name() {
    let (world, receiver) = world(EXISTENCE).await;
    let message = one_message(&world).await;
    let (app, queue) = (world.app_of("delivery"), retry_queue(&world));
    let event = json!({ "Records": serde_json::to_value(webhooks(&[message], 0, 1)).unwrap()["Records"] });
    let trigger: delivery::Trigger = serde_json::from_value(event).unwrap();
    let event = lambda_runtime::LambdaEvent::new(trigger, lambda_runtime::Context::default());
    let failed = world.as_function("delivery", delivery::handle(app, &queue, event)).await;
    assert_eq!((failed, receiver.take_received().len()), (json!({ "batchItemFailures": [] }), 1));
}

#[tokio::test]
async fn a_webhook_that_its_queue_does_not_take_stays_in_its_row() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    world.queues.fail();
    // Both queues refuse it: the batch comes again.
    assert!(consume(&world).await.is_err());
    assert_eq!(owed(&world).await.len(), 1);
    world.queues.recover();
    deliver(&world).await;
    assert_eq!(told(&world), ["channel_occupied news"]);
}

#[tokio::test]
async fn webhooks_that_are_owed_are_dropped_once_they_are_turned_off() {
    let (world, _receiver) = world(EXISTENCE).await;
    subscriber(&world, "c1", &["news"]).await;
    let turned_off = World::with_gateway().await;
    for ((pk, sk), row) in world.table.rows().await {
        if let Some(outbox) = row.get("outbox").and_then(Value::as_str) {
            turned_off.table.set_text((&pk, &sk), "outbox", outbox).await;
        }
    }
    assert_eq!(owed(&turned_off).await.len(), 1);
    consume(&turned_off).await.unwrap();
    assert!(owed(&turned_off).await.is_empty() && queued(&turned_off).is_empty());
}

/// One step of a wave.
#[derive(Debug, Clone, Copy)]
enum Step {
    On { tab: usize },
    Off { tab: usize },
}

const TABS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![(0..TABS).prop_map(|tab| Step::On { tab }), (0..TABS).prop_map(|tab| Step::Off { tab })]
}

/// Waves of subscriptions and their ends, which are handled side by side: `channel_occupied` and `channel_vacated` take turns, and the last one
/// says what is so in the end.
#[test]
fn existence_takes_turns_whatever_overtakes_what() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let waves = proptest::collection::vec((proptest::collection::vec(step(), 1..5), any::<bool>()), 1..5);
    runner
        .run(&waves, |waves| {
            runtime.block_on(play(&waves));
            Ok(())
        })
        .unwrap();
}

async fn play(waves: &[(Vec<Step>, bool)]) {
    let (world, _receiver) = world(EXISTENCE).await;
    let tabs: Vec<String> = (0..TABS).map(|tab| format!("t{tab}")).collect();
    for tab in &tabs {
        open(&world, tab).await;
    }
    let (mut at, mut on) = (Millis::now().0, [false; TABS]);
    for (wave, delivers) in waves {
        let mut frames = Vec::new();
        for step in wave {
            at += 1;
            let (tab, frame) = match *step {
                Step::On { tab } => (tab, subscribing(&tabs[tab], "news", None)),
                Step::Off { tab } => (tab, unsubscribing("news")),
            };
            on[tab] = matches!(step, Step::On { .. });
            frames.push((tabs[tab].clone(), frame, at));
        }
        frames.reverse();
        join_all(frames.iter().map(|(tab, frame, at)| say_at(&world, tab, frame, Millis(*at)))).await;
        if *delivers {
            deliver(&world).await;
        } else {
            // Within the three seconds in which a return counts as no absence.
            consume(&world).await.unwrap();
        }
    }
    deliver(&world).await;
    let told = told(&world);
    for (place, event) in told.iter().enumerate() {
        let expected = if place % 2 == 0 { "channel_occupied news" } else { "channel_vacated news" };
        assert_eq!(event, expected, "{told:?}: {waves:?}");
    }
    assert_eq!(told.len() % 2 == 1, on.contains(&true), "{told:?}: {waves:?}");
}
