//! How pushes look and sound: what their sender chose, the number on the app's icon, and what FCM would not take.

use notifications::handle;
use serde_json::{Value, json};
use tests::consumer::{consume, owed};
use tests::devices::with_devices;
use tests::guest_chat::as_service;
use tests::notification::notify;
use tests::{Reply, Request, World};

const IMAGE: &str = "https://cdn.example/parcel.jpg";
const ICON: &str = "https://cdn.example/icon.png";
const LINK: &str = "https://app.example/orders/7";

fn look() -> Value {
    json!({ "image": IMAGE, "icon": ICON, "link": LINK, "clickAction": "OPEN_ORDER" })
}

async fn pushed(world: &World) -> Vec<Value> {
    consume(world).await.unwrap();
    world.fcm.take_sent()
}

async fn asked(world: &World, more: Value) -> Reply {
    let mut body = json!({ "userId": "ada", "type": "SYSTEM" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.send(handle, &as_service("POST /notifications").json(&body)).await
}

async fn register_as(world: &World, device: &str, platform: &str) {
    let body = json!({ "token": device, "platform": platform });
    let request = Request::new("POST /notifications/device-token").by("ada").json(&body);
    assert_eq!(world.send(device_tokens::handle, &request).await.status, 200);
}

fn badge(message: &Value) -> &Value {
    &message["apns"]["payload"]["aps"]["badge"]
}

#[tokio::test]
async fn a_push_has_its_senders_image_icon_link_and_action_on_each_platform() {
    let world = with_devices(&["phone"]).await;
    notify(&world, json!({ "push": look(), "data": { "orderId": "7" } })).await;
    assert!(!world.pusher.take_sent()[0].2.to_string().contains("cdn.example"), "the app's event is as it was");
    let sent = pushed(&world).await;
    let message = &sent[0];
    assert_eq!(message["notification"]["image"], IMAGE);
    assert_eq!((&message["data"]["link"], &message["data"]["orderId"]), (&json!(LINK), &json!("7")));
    let android = &message["android"]["notification"];
    assert_eq!((&android["click_action"], &android["sound"]), (&json!("OPEN_ORDER"), &json!("default")));
    let aps = json!({ "sound": "default", "badge": 1, "category": "OPEN_ORDER", "mutable-content": 1 });
    assert_eq!(message["apns"]["payload"], json!({ "aps": aps }));
    assert_eq!(message["apns"]["fcm_options"]["image"], IMAGE);
    let web = &message["webpush"];
    assert_eq!((&web["notification"]["icon"], &web["notification"]["image"]), (&json!(ICON), &json!(IMAGE)));
    assert_eq!(web["fcm_options"], json!({ "link": LINK }));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_silent_push_is_shown_without_a_sound() {
    let world = with_devices(&["phone"]).await;
    notify(&world, json!({ "push": { "silent": true } })).await;
    notify(&world, json!({ "push": { "silent": false } })).await;
    notify(&world, json!({ "push": null })).await;
    let sent = pushed(&world).await;
    let sounds = |message: &Value| {
        (message["android"]["notification"]["sound"].clone(), message["apns"]["payload"]["aps"]["sound"].clone())
    };
    let silent: Vec<_> = sent.iter().filter(|message| sounds(message) == (json!(null), json!(null))).collect();
    assert_eq!((sent.len(), silent.len()), (3, 1), "{sent:?}");
    assert_eq!(silent[0]["webpush"]["notification"]["silent"], true);
    assert_eq!(silent[0]["notification"]["title"], "New Message");
}

#[tokio::test]
async fn the_look_of_a_push_is_stored_once_and_the_outbox_names_it() {
    let world = with_devices(&["phone"]).await;
    let id = notify(&world, json!({ "push": look() })).await;
    let row = world.table.row("USER#ada", &format!("NOTIFICATION#{id}")).await.unwrap();
    assert_eq!(row["push"], look());
    assert!(!row["outbox"].as_str().unwrap().contains("cdn.example"), "{row:?}");
    let usual = notify(&world, json!({})).await;
    let row = world.table.row("USER#ada", &format!("NOTIFICATION#{usual}")).await.unwrap();
    assert!(!row.contains_key("push"), "a usual push takes no room: {row:?}");
}

#[tokio::test]
async fn a_push_that_is_tried_again_looks_the_same_and_has_the_badge_of_then() {
    let world = with_devices(&["phone"]).await;
    world.fcm.refuse("phone", &[tests::Refusal::new(503, "UNAVAILABLE")]);
    notify(&world, json!({ "push": look() })).await;
    assert!(pushed(&world).await.is_empty());
    world.send(handle, &Request::new("POST /notifications/read-all").by("ada")).await;
    tests::consumer::age(&world, 3).await;
    assert!(tests::consumer::retry(&world, &world.queues.sent("retry")[0].body).await);
    let sent = world.fcm.take_sent();
    assert_eq!((&sent[0]["notification"]["image"], badge(&sent[0])), (&json!(IMAGE), &json!(0)), "0 removes the badge");
}

#[tokio::test]
async fn the_badge_is_the_number_of_unread_notifications_when_the_push_is_sent() {
    let world = with_devices(&["phone"]).await;
    let first = notify(&world, json!({})).await;
    assert_eq!(badge(&pushed(&world).await[0]), 1);
    notify(&world, json!({})).await;
    assert_eq!(badge(&pushed(&world).await[0]), 2);
    let read = Request::new("POST /notifications/{notificationId}/read").by("ada").path("notificationId", &first);
    assert_eq!(world.send(handle, &read).await.status, 200);
    notify(&world, json!({})).await;
    notify(&world, json!({})).await;
    let sent = pushed(&world).await;
    assert!(sent.iter().all(|message| badge(message) == 3), "both were stored before either was sent: {sent:?}");
}

#[tokio::test]
async fn the_badge_costs_a_read_only_where_a_device_may_show_one() {
    let reads = async |platforms: &[&str]| {
        let world = World::with_push().await;
        for platform in platforms {
            register_as(&world, &format!("device-{platform}"), platform).await;
        }
        notify(&world, json!({})).await;
        world.table.take_requests();
        let sent = pushed(&world).await;
        assert_eq!(sent.len(), platforms.len());
        let reads = world.table.take_requests().get("GetItem").copied().unwrap_or_default();
        (reads, sent.iter().all(|message| badge(message) == 1))
    };
    assert_eq!(reads(&["android", "web"]).await, (0, false));
    assert_eq!(reads(&["ios"]).await, (1, true));
    assert_eq!(reads(&["android", "ios", "web"]).await, (1, true), "one for all devices");

    let world = with_devices(&["phone"]).await;
    notify(&world, json!({})).await;
    assert_eq!(badge(&pushed(&world).await[0]), 1, "a device that did not say what it is may be an iPhone");
}

#[tokio::test]
async fn a_push_waits_while_its_badge_cannot_be_read() {
    let world = with_devices(&["phone"]).await;
    notify(&world, json!({})).await;
    world.table.fail("GetItem");
    assert!(pushed(&world).await.is_empty());
    world.table.recover();
    assert_eq!(owed(&world).await[0]["kind"], "push");
    tests::consumer::age(&world, 3).await;
    assert!(tests::consumer::retry(&world, &world.queues.sent("retry")[0].body).await);
    assert_eq!(badge(&world.fcm.take_sent()[0]), 1);
}

#[tokio::test]
async fn a_look_that_a_device_would_not_show_is_refused_by_its_field() {
    let world = World::with_push().await;
    let long = format!("https://cdn.example/{}", "x".repeat(500));
    for (push, field) in [
        (json!({ "image": "http://cdn.example/a.png" }), "push.image "),
        (json!({ "image": long }), "push.image "),
        (json!({ "icon": "/icon.png" }), "push.icon "),
        (json!({ "link": "http://app.example/" }), "push.link "),
        (json!({ "link": "javascript:alert(1)" }), "push.link "),
        (json!({ "link": "myapp://orders/7" }), "push.link "),
        (json!({ "clickAction": "" }), "push.clickAction "),
        (json!({ "clickAction": "open the order" }), "push.clickAction "),
        (json!({ "silent": "yes" }), "push.silent "),
        (json!({ "sound": "bell" }), "sound is not a field of push"),
        (json!("loud"), "push "),
    ] {
        let reply = asked(&world, json!({ "push": push })).await;
        let told = reply.body["message"].as_str().unwrap();
        assert!(reply.status == 400 && told.starts_with(field), "{push}: {reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn a_look_with_more_than_fcm_takes_is_refused_before_anything_is_stored() {
    let world = with_devices(&["phone"]).await;
    let before = world.table.rows().await;
    let image = format!("https://cdn.example/{}", "x".repeat(480));
    let data = |bytes: usize| json!({ "push": { "image": image }, "data": { "x": "y".repeat(bytes) } });
    let reply = asked(&world, data(2_300)).await;
    let told = reply.body["message"].as_str().unwrap();
    assert!(reply.status == 400 && told.starts_with("push does not fit: ") && told.contains("4096"), "{reply:?}");
    assert!(told.contains("send less data or shorter addresses"), "{told}");
    assert_eq!(world.table.rows().await, before);

    let without = json!({ "data": { "x": "y".repeat(2_300) } });
    assert_eq!(asked(&world, without).await.status, 201, "without the image it fits");
    assert_eq!(pushed(&world).await.len(), 1);
    assert_eq!(asked(&world, data(1_800)).await.status, 201);
    assert_eq!(pushed(&world).await[0]["notification"]["image"], image);
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn a_look_is_refused_by_its_size_whether_or_not_the_user_wants_pushes() {
    let world = World::new().await;
    let image = format!("https://cdn.example/{}", "x".repeat(480));
    let body = json!({ "push": { "image": image }, "data": { "x": "y".repeat(2_300) } });
    assert_eq!(asked(&world, body).await.status, 400, "as where pushes are on: the sender learns it at once");
}

#[tokio::test]
async fn an_erased_user_is_in_no_address_of_another_users_push() {
    let world = with_devices(&["phone"]).await;
    let push = json!({ "image": "https://cdn.example/ben.png", "icon": ICON, "link": LINK, "clickAction": "OPEN_CHAT", "silent": true });
    let named = notify(&world, json!({ "push": push })).await;
    let link = json!({ "link": "https://app.example/users/ben?tab=1" });
    let linked = notify(&world, json!({ "push": link, "data": { "n": 1 } })).await;
    let other = notify(&world, json!({ "push": look(), "data": { "n": 2 } })).await;
    let erase = as_service("DELETE /users/{userId}").path("userId", "ben");
    let reply = world.send(erasure::handle, &erase).await;
    assert_eq!((reply.status, &reply.body["done"]), (200, &json!(true)), "{reply:?}");

    let row = async |id: &str| world.table.row("USER#ada", &format!("NOTIFICATION#{id}")).await.unwrap();
    assert_eq!(row(&named).await["push"], json!({ "clickAction": "OPEN_CHAT", "silent": true }));
    assert_eq!(row(&linked).await["push"], json!({}));
    assert_eq!(row(&other).await["push"], look());
    let sent = pushed(&world).await;
    assert_eq!(sent.len(), 3);
    assert_eq!(sent.iter().filter(|message| message["notification"]["image"] == IMAGE).count(), 1);
    assert!(!json!(sent).to_string().contains("users/ben"), "{sent:?}");
}
