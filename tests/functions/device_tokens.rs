//! `/notifications/device-token`

use device_tokens::handle;
use futures_util::future::{join, join_all};
use serde_json::json;
use shared::clients::fcm::DeviceToken;
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::outbox::WriteContext;
use shared::users::device::{self, MAX_DEVICES};
use tests::devices::register;
use tests::{Fault, Hold, Request, World};

fn unregister(user: &str) -> Request {
    Request::new("DELETE /notifications/device-token").by(user)
}

async fn devices(world: &World, user: &str) -> Vec<String> {
    let user = UserId::parse(user).unwrap();
    let devices = device::of_user(&world.app.table, &user, Millis::now()).await.unwrap();
    devices.iter().map(|device| device.token.as_str().to_owned()).collect()
}

#[tokio::test]
async fn devices_are_registered_and_unregistered_with_the_documented_messages() {
    let world = World::new().await;
    let reply = world.send(handle, &register("ada", "phone")).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "message": "Device token registered successfully" })));
    assert_eq!(devices(&world, "ada").await, ["phone"]);
    let reply = world.send(handle, &unregister("ada")).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "message": "Device token unregistered successfully" })));
    assert!(world.table.rows().await.is_empty(), "nothing of it is left");
    assert_eq!(world.send(handle, &unregister("ada")).await.status, 200, "also when there is none");
}

#[tokio::test]
async fn devices_are_listed_without_their_tokens_the_last_registered_first() {
    let world = World::new().await;
    let list = async |user: &str| {
        let reply = world.send(handle, &Request::new("GET /notifications/device-tokens").by(user)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["devices"].as_array().unwrap().clone()
    };
    assert!(list("ada").await.is_empty());
    let long = format!("{}:abc-123", "x".repeat(140));
    world.send(handle, &register("ada", "phone")).await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let web =
        Request::new("POST /notifications/device-token").by("ada").json(&json!({ "token": long, "platform": "web" }));
    assert_eq!(world.send(handle, &web).await.status, 200);

    let devices = list("ada").await;
    assert_eq!(devices.len(), 2);
    assert_eq!((&devices[0]["tokenEnd"], &devices[0]["platform"]), (&json!("bc-123"), &json!("web")));
    assert_eq!((&devices[1]["tokenEnd"], &devices[1]["platform"]), (&json!("e"), &json!(null)), "a quarter at most");
    for device in &devices {
        assert_eq!(device.as_object().unwrap().len(), 4, "{device}");
        assert!(device["registeredAt"].as_str() < device["expiresAt"].as_str(), "{device}");
        assert!(!device.to_string().contains("xxx"), "{device}");
    }
    assert!(list("eve").await.is_empty(), "they are nobody else's to see");
    let nobody = Request::new("GET /notifications/device-tokens");
    assert_eq!(world.send(handle, &nobody).await.status, 401);
}

#[tokio::test]
async fn a_device_named_in_the_body_is_unregistered_alone() {
    let world = World::new().await;
    for token in ["phone", "tablet"] {
        world.send(handle, &register("ada", token)).await;
    }
    let others = unregister("eve").json(&json!({ "token": "phone" }));
    assert_eq!(world.send(handle, &others).await.status, 200);
    assert_eq!(devices(&world, "ada").await.len(), 2, "they are nobody else's to take");
    world.send(handle, &unregister("ada").json(&json!({ "token": "phone" }))).await;
    assert_eq!(devices(&world, "ada").await, ["tablet"]);
}

#[tokio::test]
async fn a_device_named_in_the_query_is_unregistered_alone() {
    let world = World::new().await;
    for token in ["phone", "tablet"] {
        world.send(handle, &register("ada", token)).await;
    }
    for (status, request) in [
        (400, unregister("ada").query("tokn", "phone")),
        (400, unregister("ada").query("token", "")),
        (400, unregister("ada").query("token", "phone").json(&json!({ "token": "tablet" }))),
        (400, unregister("ada").query("token", "phone").query("all", "true")),
        (400, unregister("ada").query("all", "yes")),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:?}");
    }
    assert_eq!(devices(&world, "ada").await.len(), 2);
    assert_eq!(world.send(handle, &unregister("ada").query("token", "phone")).await.status, 200);
    assert_eq!(devices(&world, "ada").await, ["tablet"]);
}

#[tokio::test]
async fn all_devices_are_forgotten_by_a_word_of_its_own() {
    let world = World::new().await;
    for token in ["phone", "tablet"] {
        world.send(handle, &register("ada", token)).await;
    }
    let reply = world.send(handle, &unregister("ada")).await;
    let told = reply.body["message"].as_str().unwrap();
    assert!(reply.status == 409 && told.contains("2 devices") && told.contains("?all=true"), "{reply:?}");
    assert_eq!(devices(&world, "ada").await.len(), 2, "which one was meant is not known");
    assert_eq!(world.send(handle, &unregister("ada").query("all", "true")).await.status, 200);
    assert!(devices(&world, "ada").await.is_empty());
}

#[tokio::test]
async fn a_device_belongs_to_the_user_who_registered_it_last() {
    let world = World::new().await;
    world.send(handle, &register("ada", "shared")).await;
    world.send(handle, &register("ben", "shared")).await;
    assert_eq!((devices(&world, "ada").await.len(), devices(&world, "ben").await.len()), (0, 1));
    world.send(handle, &unregister("ada")).await;
    assert_eq!(devices(&world, "ben").await, ["shared"]);
}

#[tokio::test]
async fn a_device_that_many_users_register_at_once_ends_with_one_of_them() {
    let world = World::new().await;
    let users = ["ada", "ben", "eve"];
    let requests: Vec<_> = users.iter().map(|user| register(user, "shared")).collect();
    let replies = join_all(requests.iter().map(|request| world.send(handle, request))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let owners = join_all(users.iter().map(|user| devices(&world, user))).await;
    assert_eq!(owners.iter().map(Vec::len).sum::<usize>(), 1, "{owners:?}");
    assert_eq!(world.table.rows().await.len(), 2);
}

#[tokio::test]
async fn a_user_has_at_most_twenty_devices_and_the_oldest_is_removed() {
    let world = World::new().await;
    for n in 0..=MAX_DEVICES {
        world.send(handle, &register("ada", &format!("device-{n}"))).await;
        // Devices are ordered by milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let kept = devices(&world, "ada").await;
    assert_eq!((kept.len(), kept[0].as_str()), (MAX_DEVICES, "device-20"));
    assert!(!kept.contains(&"device-0".to_owned()));
    assert_eq!(world.table.rows().await.len(), 2 * MAX_DEVICES, "nothing of the oldest is left");
    world.send(handle, &register("ada", "device-1")).await;
    assert_eq!(devices(&world, "ada").await[0], "device-1", "registering again makes it the newest");
}

#[tokio::test]
async fn a_device_that_is_renewed_while_a_further_one_replaces_it_is_kept() {
    let world = World::new().await;
    let (ada, start) = (UserId::parse("ada").unwrap(), Millis::now());
    let register = async |token: String, seconds| {
        let token = DeviceToken::parse(token).unwrap();
        device::register(
            &world.app.table,
            (&WriteContext::without_delivery("r"), start.plus_seconds(seconds)),
            &ada,
            (&token, None),
            None,
        )
        .await
        .unwrap();
    };
    for n in 0..MAX_DEVICES {
        register(format!("device-{n}"), n as i64).await;
    }
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    join(register("further".to_owned(), 100), hold.meanwhile(register("device-0".to_owned(), 101))).await;
    let kept = devices(&world, "ada").await;
    assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str()), (MAX_DEVICES, "device-0", "further"));
    assert!(!kept.contains(&"device-1".to_owned()), "it is the oldest now");
}

#[tokio::test]
async fn devices_that_do_not_register_for_270_days_are_forgotten() {
    let world = World::new().await;
    let ada = UserId::parse("ada").unwrap();
    let now = Millis::now();
    for (token, days) in [("old", 271), ("recent", 269)] {
        let token = DeviceToken::parse(token.to_owned()).unwrap();
        device::register(
            &world.app.table,
            (&WriteContext::without_delivery("r"), now.plus_seconds(-days * 86_400)),
            &ada,
            (&token, None),
            None,
        )
        .await
        .unwrap();
    }
    assert_eq!(devices(&world, "ada").await, ["recent"]);
}

#[tokio::test]
async fn invalid_device_tokens_are_refused() {
    let world = World::new().await;
    let bad = |body| Request::new("POST /notifications/device-token").by("ada").json(&body);
    let cases = [
        (400, bad(json!({}))),
        (400, bad(json!({ "token": "" }))),
        (400, bad(json!({ "token": 7 }))),
        (400, bad(json!({ "token": "x", "platform": "toaster" }))),
        (400, bad(json!({ "token": "with space" }))),
        (400, bad(json!({ "token": "t\n" }))),
        (400, bad(json!({ "token": "x".repeat(4_097) }))),
        (413, bad(json!({ "token": "x".repeat(70_000) }))),
        (415, Request::new("POST /notifications/device-token").by("ada").form("token=x")),
        (401, Request::new("POST /notifications/device-token").json(&json!({ "token": "x" }))),
        (400, unregister("ada").json(&json!({}))),
        (400, unregister("ada").json(&json!({ "token": "" }))),
        (415, unregister("ada").form("token=x")),
        (401, Request::new("DELETE /notifications/device-token")),
    ];
    for (status, request) in cases {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:.200?}");
    }
    assert!(world.table.rows().await.is_empty());
}
