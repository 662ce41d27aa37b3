//! Pushes: their receivers, their content, and when none is sent.

use std::collections::BTreeSet;

use notifications::handle;
use serde_json::{Value, json};
use shared::contract::time::Millis;
use tests::consumer::{age, consume, owed, retry};
use tests::devices::with_devices;
use tests::notification::{notify, save_preferences};
use tests::{Request, World};

async fn pushed(world: &World) -> Vec<Value> {
    consume(world).await.unwrap();
    world.fcm.take_sent()
}

#[tokio::test]
async fn pushes_reach_each_device_of_a_user_who_is_not_connected() {
    let world = with_devices(&["phone", "tablet"]).await;
    let id = notify(&world, json!({})).await;
    assert_eq!(world.pusher.take_sent().len(), 1, "the app is told at once");
    assert!(world.fcm.take_sent().is_empty(), "the devices by the consumer");

    let mut sent = pushed(&world).await;
    sent.sort_by_key(|message| message["token"].to_string());
    assert_eq!(sent.iter().map(|message| &message["token"]).collect::<Vec<_>>(), ["phone", "tablet"]);
    let message = &sent[0];
    assert_eq!(message["notification"], json!({ "title": "New Message", "body": "Ben sent you a message" }));
    let data = json!({ "type": "MESSAGE", "senderName": "Ben", "senderId": "ben", "notificationId": id });
    assert_eq!(message["data"], data);
    let tag = &id[13..];
    assert_eq!(message["android"], json!({ "priority": "NORMAL", "notification": { "tag": tag, "sound": "default" } }));
    assert_eq!(message["apns"]["headers"]["apns-collapse-id"], tag);
    assert!(owed(&world).await.is_empty());
    assert!(world.pusher.take_sent().is_empty(), "and the app is not told again");
    assert!(world.queues.sent("retry").is_empty());
}

#[tokio::test]
async fn pushes_are_acknowledged_whatever_numbers_their_data_has() {
    // An inexact parser reads a number next to each of these, and the outbox would then not be the text that was read.
    for number in [6.358_106_651_863_734e-16, 5.410_978_143_583_512e64] {
        let world = with_devices(&["phone"]).await;
        notify(&world, json!({ "data": { "senderName": "Ben", "number": number } })).await;
        let sent = pushed(&world).await;
        assert_eq!(sent.len(), 1, "{number}");
        assert_eq!(sent[0]["data"]["number"].as_str().unwrap().parse(), Ok(number));
        assert!(owed(&world).await.is_empty(), "{number}");
    }
}

#[tokio::test]
async fn pushes_to_a_connected_user_are_dropped_unless_they_are_urgent() {
    let world = with_devices(&["phone"]).await;
    world.pusher.set_users("private-user-ada", &["ada"]);
    notify(&world, json!({})).await;
    assert!(pushed(&world).await.is_empty());
    assert!(owed(&world).await.is_empty());
    notify(&world, json!({ "priority": "high" })).await;
    let sent = pushed(&world).await;
    assert_eq!((sent.len(), &sent[0]["android"]["priority"]), (1, &json!("HIGH")));
}

#[tokio::test]
async fn pushes_to_a_connected_user_are_sent_to_who_wants_them_as_well() {
    let world = with_devices(&["phone"]).await;
    world.pusher.set_users("private-user-ada", &["ada"]);
    let wanted = json!({ "pushWhileConnected": true });
    assert_eq!(world.send(handle, &save_preferences(&wanted)).await.body["pushWhileConnected"], true);
    notify(&world, json!({})).await;
    assert_eq!(pushed(&world).await.len(), 1);
    assert_eq!(world.pusher.take_sent().len(), 1, "the app is told, too");
    world.send(handle, &save_preferences(&json!({}))).await;
    notify(&world, json!({})).await;
    assert!(pushed(&world).await.is_empty(), "what is left out is as if nothing had been saved");
}

#[tokio::test]
async fn pushes_in_quiet_hours_are_dropped_unless_they_are_urgent() {
    let world = with_devices(&["phone"]).await;
    let clock = |hours: i64| Millis::now().plus_seconds(hours * 3600).iso()[11..16].to_owned();
    let quiet = |from, to| json!({ "quietHours": { "from": clock(from), "to": clock(to), "timeZone": "Etc/UTC" } });
    assert_eq!(world.send(handle, &save_preferences(&quiet(-2, 2))).await.status, 200);
    notify(&world, json!({})).await;
    assert!(pushed(&world).await.is_empty());
    assert!(owed(&world).await.is_empty());
    notify(&world, json!({ "priority": "high" })).await;
    assert_eq!(pushed(&world).await.len(), 1);
    let list = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!(list["unreadCount"], 2, "the stored copy never is");

    world.send(handle, &save_preferences(&quiet(2, 4))).await;
    notify(&world, json!({})).await;
    assert_eq!(pushed(&world).await.len(), 1);
}

#[tokio::test]
async fn pushes_that_are_turned_off_are_not_put_in_the_outbox() {
    let world = with_devices(&["phone"]).await;
    world.send(handle, &save_preferences(&json!({ "types": { "MESSAGE": { "push": false } } }))).await;
    notify(&world, json!({ "priority": "high" })).await;
    assert!(owed(&world).await.is_empty());

    let world = World::new().await;
    notify(&world, json!({})).await;
    assert!(owed(&world).await.is_empty(), "without FIREBASE_PROJECT_ID push is off");
}

#[tokio::test]
async fn a_user_who_turned_the_app_off_still_gets_pushes() {
    let world = with_devices(&["phone"]).await;
    world.pusher.set_users("private-user-ada", &["ada"]);
    world.send(handle, &save_preferences(&json!({ "types": { "MESSAGE": { "inApp": false } } }))).await;
    notify(&world, json!({})).await;
    assert_eq!(pushed(&world).await.len(), 1);
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn a_push_to_a_user_without_devices_costs_one_query_and_no_request_to_fcm() {
    let world = World::with_push().await;
    notify(&world, json!({})).await;
    world.table.take_requests();
    assert!(pushed(&world).await.is_empty());
    let requests = world.table.take_requests();
    assert_eq!(
        requests,
        [("BatchGetItem", 1), ("Query", 1), ("UpdateItem", 1)].map(|(name, n)| (name.to_owned(), n)).into()
    );
    assert_eq!(world.fcm.take_fetches(), 0);
}

#[tokio::test]
async fn pushes_of_one_type_and_one_source_within_a_minute_share_a_tag() {
    let world = with_devices(&["phone"]).await;
    let from = |sender: &str| json!({ "data": { "senderId": sender } });
    let first = notify(&world, from("ben")).await;
    let again = notify(&world, from("ben")).await;
    notify(&world, from("eve")).await;
    notify(&world, json!({ "type": "SYSTEM", "data": {} })).await;
    let sent = pushed(&world).await;
    let tags: Vec<_> = sent.iter().map(|message| message["android"]["notification"]["tag"].as_str().unwrap()).collect();
    assert_eq!(tags.len(), 4);
    assert_eq!(tags.iter().filter(|tag| **tag == &first[13..]).count(), 2, "{tags:?}");
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), 3, "{tags:?}");
    assert_ne!(first, again);
    let list = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!(list["notifications"].as_array().unwrap().len(), 4, "they are stored apart");
}

#[tokio::test]
async fn a_phone_that_was_offline_gets_every_push_when_it_is_back() {
    let world = with_devices(&["phone"]).await;
    world.fcm.set_offline("phone");
    for sender in ["ben", "eve", "joe", "kim", "lou", "max"] {
        notify(&world, json!({ "data": { "senderId": sender } })).await;
    }
    consume(&world).await.unwrap();
    let kept = world.fcm.set_online("phone");
    let senders: BTreeSet<_> = kept.iter().map(|message| message["data"]["senderId"].as_str().unwrap()).collect();
    assert_eq!(senders, ["ben", "eve", "joe", "kim", "lou", "max"].into());
}

#[tokio::test]
async fn a_push_with_more_data_than_fcm_takes_is_a_dead_letter_and_its_data_is_not_cut() {
    let world = with_devices(&["phone"]).await;
    notify(&world, json!({ "data": { "x": "y".repeat(4_100) } })).await;
    assert!(pushed(&world).await.is_empty());
    let dead = world.queues.sent("dead-letter");
    assert_eq!(dead.len(), 1);
    assert!(dead[0].body["reason"].as_str().unwrap().contains("4096"), "{:?}", dead[0]);
    assert!(owed(&world).await.is_empty());

    notify(&world, json!({ "type": "SYSTEM", "data": { "message": "é".repeat(500), "x": "y".repeat(2_500) } })).await;
    let sent = pushed(&world).await;
    assert!(sent[0]["notification"]["body"].as_str().unwrap().ends_with("é…"));
    assert_eq!(sent[0]["data"]["x"].as_str().unwrap().len(), 2_500);
    assert_eq!(sent[0]["data"]["message"].as_str().unwrap().chars().count(), 500);
}

#[tokio::test]
async fn pushes_are_sent_while_pusher_is_down_and_events_while_fcm_is_down() {
    let world = with_devices(&["phone"]).await;
    world.pusher.respond_always(Some(503));
    notify(&world, json!({})).await;
    assert_eq!(pushed(&world).await.len(), 1, "nobody hears anything over a Pusher that is down");
    let left = owed(&world).await;
    assert_eq!((left.len(), &left[0]["kind"]), (1, &json!("pusher")));
    world.pusher.respond_always(None);
    age(&world, 3).await;
    assert!(retry(&world, &world.queues.sent("retry")[0].body).await);
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert!(world.fcm.take_sent().is_empty(), "the push is not sent again");

    world.fcm.refuse("phone", &[tests::Refusal::new(503, "UNAVAILABLE")]);
    notify(&world, json!({})).await;
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert!(pushed(&world).await.is_empty());
    assert_eq!(owed(&world).await[0]["kind"], "push");
}

fn shipped(order: &str) -> Value {
    json!({ "type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives on Friday.", "data": { "sourceId": order } })
}

#[tokio::test]
async fn a_push_of_the_apps_own_type_has_the_words_that_were_sent() {
    let world = with_devices(&["phone"]).await;
    world.send(handle, &save_preferences(&json!({ "locale": "fr" }))).await;
    notify(&world, shipped("order-7")).await;
    let sent = pushed(&world).await;
    assert_eq!(sent[0]["notification"], json!({ "title": "Your parcel", "body": "It arrives on Friday." }));
    assert_eq!(sent[0]["data"]["type"], "ORDER_SHIPPED");
    assert!(owed(&world).await.is_empty());

    let long = json!({ "type": "ORDER_SHIPPED", "title": "é".repeat(100), "body": "é".repeat(500), "data": { "x": "y".repeat(2_500) } });
    notify(&world, long).await;
    let sent = pushed(&world).await;
    assert_eq!(sent[0]["notification"]["title"].as_str().unwrap().chars().count(), 100);
    assert!(sent[0]["notification"]["body"].as_str().unwrap().ends_with("é…"), "cut to fit beside the data");
}

#[tokio::test]
async fn pushes_of_one_own_type_and_one_source_within_a_minute_share_a_tag() {
    let world = with_devices(&["phone"]).await;
    let delayed = json!({ "type": "ORDER_DELAYED", "title": "Your parcel", "body": "It is late.", "data": { "sourceId": "order-7" } });
    for notification in [shipped("order-7"), shipped("order-7"), shipped("order-8"), delayed] {
        notify(&world, notification).await;
    }
    let sent = pushed(&world).await;
    let tags: BTreeSet<_> = sent.iter().map(|message| message["android"]["notification"]["tag"].to_string()).collect();
    assert_eq!((sent.len(), tags.len()), (4, 3), "{tags:?}");
}

#[tokio::test]
async fn an_own_type_is_turned_off_and_kept_silent_as_a_built_in_one() {
    let world = with_devices(&["phone"]).await;
    let save = async |types: Value| world.send(handle, &save_preferences(&types)).await.status;
    assert_eq!(save(json!({ "types": { "ORDER_SHIPPED": { "push": false } } })).await, 200);
    notify(&world, shipped("order-7")).await;
    assert!(pushed(&world).await.is_empty());
    assert_eq!(world.pusher.take_sent().len(), 1, "the app is told");

    assert_eq!(save(json!({ "types": { "ORDER_SHIPPED": { "inApp": false } } })).await, 200);
    notify(&world, shipped("order-8")).await;
    assert_eq!(pushed(&world).await.len(), 1);
    assert!(world.pusher.take_sent().is_empty());

    let clock = |hours: i64| Millis::now().plus_seconds(hours * 3600).iso()[11..16].to_owned();
    let quiet = json!({ "quietHours": { "from": clock(-2), "to": clock(2), "timeZone": "Etc/UTC" } });
    assert_eq!(save(quiet).await, 200);
    notify(&world, shipped("order-9")).await;
    assert!(pushed(&world).await.is_empty());
    let list = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!(list["unreadCount"], 3, "each is stored");
}

/// Registers a device of ada's on this platform.
async fn with_device(platform: &str) -> World {
    let world = World::with_push().await;
    let device = json!({ "token": "phone", "platform": platform });
    let register = Request::new("POST /notifications/device-token").by("ada").json(&device);
    assert_eq!(world.send(device_tokens::handle, &register).await.status, 200);
    world
}

fn read_one(id: &str) -> Request {
    Request::new("POST /notifications/{notificationId}/read").by("ada").path("notificationId", id)
}

#[tokio::test]
async fn a_notification_that_is_read_elsewhere_sets_the_number_on_an_iphone_and_nothing_else() {
    let world = with_device("ios").await;
    let id = notify(&world, json!({})).await;
    notify(&world, json!({})).await;
    pushed(&world).await;
    world.pusher.set_users("private-user-ada", &["ada"]);
    assert_eq!(world.send(handle, &read_one(&id)).await.status, 200);
    let sent = pushed(&world).await;
    let headers = json!({ "apns-priority": "5", "apns-collapse-id": "badge" });
    let apns = json!({ "headers": headers, "payload": { "aps": { "badge": 1 } } });
    assert_eq!(sent, [json!({ "token": "phone", "apns": apns })]);
    let all = Request::new("POST /notifications/read-all").by("ada");
    assert_eq!(world.send(handle, &all).await.status, 200);
    assert_eq!(pushed(&world).await[0]["apns"]["payload"]["aps"]["badge"], 0);
    assert!(owed(&world).await.is_empty());
    for again in [read_one(&id), all] {
        assert_eq!(world.send(handle, &again).await.status, 200);
        assert!(pushed(&world).await.is_empty(), "nothing changed");
    }
}

#[tokio::test]
async fn a_user_without_an_iphone_is_owed_no_number() {
    for world in [with_device("android").await, World::with_push().await, World::new().await] {
        let id = notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!(world.send(handle, &read_one(&id)).await.status, 200);
        assert!(!owed(&world).await.iter().any(|owed| owed["kind"] == "badge"));
    }
}
