//! One request, or one event, that notifies several users.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use notifications::handle;
use serde_json::{Value, json};
use shared::http::idempotency::{Cause, IdempotencyKey};
use shared::notifications::{NewNotification, Notifier};
use tests::consumer::{consume, owed};
use tests::devices::register;
use tests::guest_chat::as_service;
use tests::{Fault, Hold, Reply, Request, World};

use crate::notification_requested::put;

fn people(how_many: usize) -> Vec<String> {
    (1..=how_many).map(|n| format!("u{n}")).collect()
}

fn to(users: &[String]) -> Request {
    as_service("POST /notifications").json(&json!({ "userIds": users, "type": "SYSTEM", "data": { "n": 7 } }))
}

fn keyed(users: &[String]) -> Request {
    to(users).header("idempotency-key", "k1")
}

fn results(reply: &Reply) -> Vec<Value> {
    reply.body["results"].as_array().unwrap_or_else(|| panic!("{reply:?}")).clone()
}

fn statuses(reply: &Reply) -> Vec<String> {
    results(reply).iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

fn counted(reply: &Reply) -> BTreeMap<String, usize> {
    statuses(reply).into_iter().fold(BTreeMap::new(), |mut counted, status| {
        *counted.entry(status).or_default() += 1;
        counted
    })
}

async fn list(world: &World, user: &str) -> Vec<Value> {
    let page = world.send(handle, &Request::new("GET /notifications").by(user)).await.body;
    page["notifications"].as_array().unwrap().clone()
}

/// How many notifications each of these users has.
async fn numbers(world: &World, users: &[String]) -> BTreeSet<usize> {
    join_all(users.iter().map(async |user| list(world, user).await.len())).await.into_iter().collect()
}

/// The events that the consumer delivers.
async fn told(world: &World) -> Vec<(String, String, Value)> {
    consume(world).await.unwrap();
    world.pusher.take_sent()
}

async fn stored(world: &World, users: &[String]) -> usize {
    join_all(users.iter().map(async |user| list(world, user).await.len())).await.into_iter().sum()
}

#[tokio::test]
async fn each_user_has_a_notification_an_event_and_a_push_of_their_own() {
    let world = World::with_push().await;
    let users = people(3);
    for user in &users {
        world.send(device_tokens::handle, &register(user, &format!("phone-of-{user}"))).await;
    }
    let french = Request::new("PUT /notifications/preferences").by("u2").json(&json!({ "locale": "fr" }));
    world.send(handle, &french).await;

    let body = json!({ "userIds": users, "type": "MESSAGE", "data": { "senderName": "Ben" }, "priority": "high",
        "push": { "clickAction": "OPEN_CHAT" } });
    let reply = world.send(handle, &as_service("POST /notifications").json(&body)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let results = results(&reply);
    assert_eq!(results.iter().map(|result| &result["userId"]).collect::<Vec<_>>(), ["u1", "u2", "u3"]);
    let mut told = told(&world).await;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let mut pushed = world.fcm.take_sent();
    pushed.sort_by_key(|message| message["token"].to_string());
    for (n, user) in users.iter().enumerate() {
        let id = &results[n]["notificationId"];
        assert_eq!(results[n], json!({ "userId": user, "status": "created", "notificationId": id }));
        let listed = list(&world, user).await;
        assert_eq!((listed.len(), &listed[0]["notificationId"]), (1, id));
        assert_eq!((&told[n].0, &told[n].2["data"]["notificationId"]), (&format!("private-user-{user}"), id));
        assert_eq!(pushed[n]["token"], format!("phone-of-{user}"));
        assert_eq!(pushed[n]["data"]["notificationId"], *id);
        assert_eq!(pushed[n]["android"]["notification"]["click_action"], "OPEN_CHAT");
    }
    let titles: Vec<_> = pushed.iter().map(|message| &message["notification"]["title"]).collect();
    assert_eq!(titles, ["New Message", "Nouveau message", "New Message"], "each in the user's language");
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_hundred_users_are_notified_by_one_request() {
    let world = World::new().await;
    let users = people(100);
    let reply = world.send(handle, &to(&users)).await;
    assert_eq!((reply.status, counted(&reply)), (201, [("created".to_owned(), 100)].into()));
    let shown: Vec<_> = results(&reply).iter().map(|result| result["userId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(shown, users, "in the order of the request");
    assert_eq!(numbers(&world, &users).await, [1].into());
    let ids: BTreeSet<_> = results(&reply).iter().map(|result| result["notificationId"].to_string()).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(told(&world).await.len(), 100, "each hears of it once");
    assert!(owed(&world).await.is_empty());
    assert_eq!(reply.line["users"], json!({ "created": 100, "refused": 0, "failed": 0 }));
}

#[tokio::test]
async fn one_user_of_a_list_is_as_one_user() {
    let world = World::new().await;
    let reply = world.send(handle, &to(&people(1))).await;
    assert_eq!((reply.status, statuses(&reply)), (201, vec!["created".to_owned()]));
    assert_eq!(list(&world, "u1").await[0]["data"], json!({ "n": 7 }));
}

#[tokio::test]
async fn a_request_names_one_user_or_1_to_100_different_ones() {
    let world = World::new().await;
    let mut twice = people(99);
    twice.push("u7".to_owned());
    for (recipients, told) in [
        (json!({}), "userId is missing"),
        (json!({ "userId": "ada", "userIds": ["ben"] }), "not both"),
        (json!({ "userIds": [] }), "userIds must have 1 to 100 users"),
        (json!({ "userIds": people(101) }), "userIds must have 1 to 100 users"),
        (json!({ "userIds": twice }), "userIds must name each user once"),
        (json!({ "userIds": "ada" }), "userIds "),
        (json!({ "userIds": ["ada", 7] }), "userIds"),
        (json!({ "userId": "a b" }), "userId must be"),
    ] {
        let mut body = json!({ "type": "SYSTEM" });
        body.as_object_mut().unwrap().extend(recipients.as_object().unwrap().clone());
        let reply = world.send(handle, &as_service("POST /notifications").json(&body)).await;
        assert_eq!(reply.status, 400, "{recipients:.80}: {reply:?}");
        assert!(reply.body["message"].as_str().unwrap().contains(told), "{recipients:.80}: {reply:?}");
    }
    assert_eq!(
        world
            .send(
                handle,
                &Request::new("POST /notifications").by("ada").json(&json!({ "userIds": ["ben"], "type": "SYSTEM" }))
            )
            .await
            .status,
        403
    );
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn a_field_that_is_wrong_for_all_refuses_the_request_and_nothing_is_stored() {
    let world = World::new().await;
    for wrong in
        [json!({ "type": "order.shipped" }), json!({ "title": " " }), json!({ "push": { "link": "http://x.example" } })]
    {
        let mut body = json!({ "userIds": people(3), "type": "SYSTEM" });
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let reply =
            world.send(handle, &as_service("POST /notifications").header("idempotency-key", "k1").json(&body)).await;
        assert_eq!((reply.status, reply.body.get("results")), (400, None), "{reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
    assert_eq!(world.send(handle, &keyed(&people(3))).await.status, 201, "the key was not used");
}

#[tokio::test]
async fn a_user_who_is_refused_does_not_keep_the_others_from_theirs() {
    let world = World::new().await;
    let users = ["ada", "auth0|ben", "eve"].map(str::to_owned);
    let reply = world.send(handle, &to(&users)).await;
    assert_eq!((reply.status, statuses(&reply)), (207, ["created", "refused", "created"].map(str::to_owned).to_vec()));
    let refused = &results(&reply)[1];
    assert_eq!((&refused["userId"], &refused["error"]), (&json!("auth0|ben"), &json!("Bad Request")));
    assert!(refused["message"].as_str().unwrap().starts_with("userId must be 1 to "), "{refused}");
    assert_eq!(refused.get("notificationId"), None);
    assert_eq!(told(&world).await.len(), 2);
    assert_eq!(reply.line["users"], json!({ "created": 2, "refused": 1, "failed": 0 }));
    assert!(!reply.line.to_string().contains("auth0"), "{}", reply.line);
}

#[tokio::test]
async fn a_user_whose_row_fails_gets_a_result_and_a_repetition_with_the_key_mends_it() {
    let world = World::new().await;
    let users = people(5);
    world.table.inject("TransactWriteItems", &[Fault::refusal(400, "ValidationException")]);
    let reply = world.send(handle, &keyed(&users)).await;
    assert_eq!(reply.status, 207, "{reply:?}");
    assert_eq!(counted(&reply), [("created".to_owned(), 4), ("failed".to_owned(), 1)].into());
    let failed = results(&reply).into_iter().find(|result| result["status"] == "failed").unwrap();
    assert_eq!(failed["error"], "Internal Server Error");
    assert!(!reply.headers.contains_key("idempotent-replayed"));
    assert_eq!((&reply.line["level"], reply.line["causes"].as_array().unwrap().len()), (&json!("error"), 1));

    let again = world.send(handle, &keyed(&users)).await;
    assert_eq!((again.status, counted(&again)), (201, [("created".to_owned(), 5)].into()));
    assert!(!again.headers.contains_key("idempotent-replayed"), "one of them is new");
    for (first, second) in results(&reply).iter().zip(results(&again)) {
        assert!(first["status"] == "failed" || *first == second, "{first} {second}");
    }
    assert_eq!(numbers(&world, &users).await, [1].into());
    assert_eq!(told(&world).await.len(), 5);
    let third = world.send(handle, &keyed(&users)).await;
    assert_eq!((third.status, &third.body), (201, &again.body));
    assert!(third.headers.contains_key("idempotent-replayed"));
}

#[tokio::test]
async fn every_user_has_a_result_while_the_table_is_away() {
    let world = World::new().await;
    world.table.fail("BatchGetItem");
    let users = people(20);
    let reply = world.send(handle, &to(&users)).await;
    assert_eq!((reply.status, counted(&reply)), (207, [("failed".to_owned(), 20)].into()));
    assert_eq!(reply.line["causes"].as_array().unwrap().len(), 1, "the log has the cause once: {}", reply.line);
    world.table.recover();
    assert_eq!(world.send(handle, &to(&users)).await.status, 201);
}

#[tokio::test]
async fn a_key_is_remembered_before_the_first_user_is_notified() {
    let world = World::new().await;
    world.table.inject("PutItem", &[Fault::refusal(400, "ValidationException")]);
    assert_eq!(world.send(handle, &keyed(&people(3))).await.status, 500);
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn a_request_that_was_cut_off_in_the_middle_goes_on_where_it_ended() {
    let world = World::new().await;
    let users = people(40);
    // One user's transaction gets no answer, and the process ends once some others have theirs.
    let (hold, request) = (Hold::default(), keyed(&users));
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let some_are_stored = async {
        hold.reached().await;
        while stored(&world, &users).await < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        reply = world.send(handle, &request) => panic!("{reply:?}"),
        () = some_are_stored => {}
    }
    assert!(stored(&world, &users).await < 40);

    let reply = world.send(handle, &request).await;
    assert_eq!((reply.status, counted(&reply)), (201, [("created".to_owned(), 40)].into()));
    assert_eq!(numbers(&world, &users).await, [1].into(), "nobody is notified twice, and nobody is left out");
    let told: BTreeSet<_> = told(&world).await.into_iter().map(|(channel, ..)| channel).collect();
    assert_eq!(told.len(), 40);
}

#[tokio::test]
async fn users_who_are_not_notified_in_time_have_failed_and_a_repetition_notifies_them() {
    let world = World::new().await;
    let users = people(20);
    let new: NewNotification = serde_json::from_value(json!({ "userIds": users, "type": "SYSTEM" })).unwrap();
    let (_, content) = new.check().unwrap();
    let key = IdempotencyKey::of_cause(Cause::Event { source: "shop", id: "e-1" });
    let app = world.app_of("notifications");
    let (writer, settings) = (app.writer("test"), &app.settings);
    let notifier = Notifier { table: &app.table, writer: &writer, settings };
    let create = async |time: Duration| {
        let created = notifier.create_each(&users, &content, &key, Instant::now() + time);
        json!(world.as_function("notifications", created).await.unwrap().result)
    };
    let ended = |results: &Value, status: &str| {
        results.as_array().unwrap().iter().filter(|result| result["status"] == status).count()
    };
    let results = create(Duration::ZERO).await;
    assert_eq!(ended(&results, "failed"), 20, "{results}");
    assert!(results[0]["message"].as_str().unwrap().contains("repeat the request"), "{results}");
    assert!(world.table.rows().await.is_empty(), "nobody was begun with");

    world.table.inject("TransactWriteItems", &[Fault::Held(Hold::default())]);
    let results = create(Duration::from_secs(1)).await;
    assert_eq!((ended(&results, "failed"), ended(&results, "created")), (1, 19), "{results}");
    assert_eq!(ended(&create(Duration::from_secs(5)).await, "created"), 20);
    assert_eq!(numbers(&world, &users).await, [1].into());
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_notify_each_user_once() {
    let world = World::new().await;
    let users = people(20);
    let request = keyed(&users);
    let (one, other) = join(world.send(handle, &request), world.send(handle, &request)).await;
    assert_eq!((one.status, other.status), (201, 201));
    assert_eq!(one.body, other.body);
    assert_eq!(numbers(&world, &users).await, [1].into());
    assert_eq!(told(&world).await.len(), 20);
}

#[tokio::test]
async fn the_key_of_another_request_is_422_and_nothing_is_created() {
    let world = World::new().await;
    assert_eq!(world.send(handle, &keyed(&people(3))).await.status, 201);
    let before = world.table.rows().await;
    let others = ["ada", "ben"].map(str::to_owned);
    let one = as_service("POST /notifications").header("idempotency-key", "k1");
    for other in [
        keyed(&others),
        keyed(&people(4)),
        keyed(&people(3).into_iter().rev().collect::<Vec<_>>()),
        one.json(&json!({ "userId": "u1", "type": "SYSTEM", "data": { "n": 7 } })),
    ] {
        assert_eq!(world.send(handle, &other).await.status, 422, "{other:?}");
    }
    assert_eq!(world.table.rows().await, before);

    let one = as_service("POST /notifications").header("idempotency-key", "k2");
    assert_eq!(world.send(handle, &one.json(&json!({ "userId": "u1", "type": "SYSTEM" }))).await.status, 201);
    assert_eq!(world.send(handle, &to(&others).header("idempotency-key", "k2")).await.status, 422);
    assert!(list(&world, "ada").await.is_empty());
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let users = people(2);
    assert_eq!(world.send(handle, &keyed(&users)).await.status, 201);
    for ((pk, sk), row) in world.table.every_row().await {
        if pk.starts_with("IDEMPOTENCY") || sk.starts_with("IDEMPOTENCY") {
            world.table.set_number((&pk, &sk), "expires_at", row["expires_at"].as_i64().unwrap() - 24 * 3600).await;
        }
    }
    let reply = world.send(handle, &keyed(&users)).await;
    assert_eq!(reply.status, 201);
    assert!(!reply.headers.contains_key("idempotent-replayed"));
    assert_eq!(numbers(&world, &users).await, [2].into());
}

#[tokio::test]
async fn the_consumer_delivers_at_once_and_waits_for_no_lease() {
    let world = World::new().await;
    let users = people(30);
    assert_eq!(world.send_and_kill(handle, &to(&users)).await.status, 201);
    assert!(world.pusher.take_sent().is_empty());
    assert!(owed(&world).await.iter().all(|owed| owed.get("lease").is_none()));
    assert_eq!(told(&world).await.len(), 30);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_event_notifies_several_users_once_however_often_it_comes() {
    let world = World::new().await;
    let users = people(4);
    let detail = json!({ "userIds": users, "type": "SYSTEM" });
    for _ in 0..2 {
        put(&world, "e-1", detail.clone()).await.unwrap();
    }
    assert_eq!(numbers(&world, &users).await, [1].into());
    assert_eq!(told(&world).await.len(), 4);
}

#[tokio::test]
async fn an_event_that_misses_a_user_fails_so_that_lambda_tries_it_again() {
    let world = World::new().await;
    let users = people(4);
    world.table.inject("TransactWriteItems", &[Fault::refusal(400, "ValidationException")]);
    let detail = json!({ "userIds": users, "type": "SYSTEM" });
    let error = put(&world, "e-1", detail.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "1 of 4 users were not notified");
    assert_eq!(told(&world).await.len(), 3, "the others are told");
    put(&world, "e-1", detail).await.unwrap();
    assert_eq!(numbers(&world, &users).await, [1].into());
    assert_eq!(told(&world).await.len(), 1);
}
