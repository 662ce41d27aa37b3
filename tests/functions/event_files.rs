//! The files in `events/`, for `sam local invoke -e` and `cargo lambda invoke`. Each does what its name says.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::App;
use shared::Problem;
use shared::http::{Request as HttpRequest, Response};
use tests::{Request, World};

fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A world with the variables in `events/env.json`, which `sam local invoke --env-vars` reads.
async fn world() -> World {
    let env: BTreeMap<String, String> = serde_json::from_value(file("env")["Parameters"].clone()).unwrap();
    let secrets = ["PUSHER_KEY", "PUSHER_SECRET", "JWT_SECRET", "EMAIL_FROM", "EMAIL_LINK_KEY"];
    World::with(&secrets.map(|name| (name, env[name].as_str()))).await
}

/// `events/env.txt`, for `cargo lambda watch --env-file`, has the same variables and those that Lambda sets.
#[test]
fn the_environment_is_the_same_for_both_tools() {
    let sam: BTreeMap<String, String> = serde_json::from_value(file("env")["Parameters"].clone()).unwrap();
    let lines = include_str!("../../events/env.txt").lines();
    let mut cargo_lambda: BTreeMap<_, _> = lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(
        ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            .iter()
            .all(|name| cargo_lambda.contains_key(*name))
    );
    cargo_lambda.retain(|name, _| !name.starts_with("AWS_"));
    assert_eq!(cargo_lambda, sam);
}

async fn status<'a, F>(world: &'a World, handler: impl Fn(&'a App, HttpRequest) -> F, name: &str) -> (u16, Value)
where
    F: Future<Output = Result<Response, Problem>>,
{
    let reply = world.send(handler, &Request::of_event(file(name))).await;
    (reply.status, reply.body)
}

#[tokio::test]
async fn event_files_of_requests_get_the_expected_status() {
    let world = world().await;
    world.table.put_book("the-left-hand", "ursula", "Ursula").await;
    for (name, expected) in [("pusher-auth", 200), ("pusher-auth-form", 200), ("pusher-user-auth", 200)] {
        assert_eq!(status(&world, pusher_auth::handle, name).await.0, expected, "{name}");
    }
    assert_eq!(status(&world, kudos_create::handle, "kudos-create").await.0, 201);
    assert_eq!(status(&world, kudos_list::handle, "kudos-list").await.0, 200);
    assert_eq!(status(&world, books::handle, "books-put").await.0, 200);
    assert_eq!(status(&world, profiles::handle, "profiles-put").await.0, 200);
    assert_eq!(status(&world, presence_join::handle, "presence-join").await.0, 200);
    assert_eq!(status(&world, presence_list::handle, "presence-list").await.0, 200);
    assert_eq!(status(&world, presence_leave::handle, "presence-leave").await.0, 204);
    for (name, expected) in [
        ("notifications-create", 201),
        ("notifications-list", 200),
        ("notifications-unread-count", 200),
        ("notifications-read", 404),
        ("notifications-show", 404),
        ("notifications-delete", 204),
        ("notifications-read-all", 200),
        ("notifications-preferences-save", 200),
        ("notifications-preferences", 200),
    ] {
        assert_eq!(status(&world, notifications::handle, name).await.0, expected, "{name}");
    }
    assert_eq!(status(&world, dashboard::handle, "dashboard-events").await.0, 202);
    for name in ["dashboard-channel-grant", "dashboard-channel-revoke"] {
        assert_eq!(status(&world, dashboard::handle, name).await.0, 204, "{name}");
    }
    assert_eq!(status(&world, dashboard::handle, "dashboard-online").await.0, 200);
    assert_eq!(status(&world, dashboard::handle, "dashboard-online-user").await.0, 200);
    assert_eq!(status(&world, messages::handle, "messages-history").await.0, 200);
    assert_eq!(status(&world, messages::handle, "keys-save").await.0, 200);
    assert_eq!(status(&world, messages::handle, "keys-find").await.0, 200);
    for name in ["device-tokens-register", "device-tokens-list", "device-tokens-unregister"] {
        assert_eq!(status(&world, device_tokens::handle, name).await.0, 200, "{name}");
    }
}

#[tokio::test]
async fn event_files_of_a_party_that_does_not_exist_get_a_not_found() {
    let world = world().await;
    assert_eq!(status(&world, parties::handle, "parties-create").await.0, 201);
    assert_eq!(status(&world, parties::handle, "party-invitations-list").await.0, 200);
    assert_eq!(status(&world, parties::handle, "parties-list").await.0, 200);
    for name in ["read", "change", "end", "hand-over", "leave-or-remove", "invite", "revoke", "accept", "decline"] {
        assert_eq!(status(&world, parties::handle, &format!("parties-{name}")).await.0, 404, "{name}");
    }
    assert_eq!(status(&world, pusher_mock_event::handle, "pusher-mock-event").await.0, 200);
    assert_eq!(status(&world, health::handle, "health").await.0, 200);
    assert_eq!(status(&world, health::handle, "health-head").await.0, 200);
}

#[tokio::test]
async fn event_files_of_a_guests_chat_get_the_expected_status() {
    let world = world().await;
    for (name, expected) in [
        ("context", 200),
        ("guest-writes", 201),
        ("guest-reads", 200),
        ("guest-has-read", 200),
        ("guest-deletes", 404),
        ("inbox", 403),
        ("put-staff", 204),
        ("inbox", 200),
        ("staff-writes", 201),
        ("staff-reads", 200),
        ("staff-has-read", 200),
        ("staff-deletes", 404),
        ("remove-staff", 204),
        ("erase", 200),
    ] {
        assert_eq!(status(&world, guest_chat::handle, &format!("guest-chat-{name}")).await.0, expected, "{name}");
    }
    assert_eq!(status(&world, pusher_auth::handle, "pusher-auth-guest").await.0, 200);
    assert_eq!(status(&world, erasure::handle, "users-erase").await.0, 200);
}

#[tokio::test]
async fn event_files_of_a_leases_chat_get_the_expected_status() {
    let world = world().await;
    for (name, expected) in [
        ("put", 200),
        ("show", 200),
        ("write", 201),
        ("list", 200),
        ("delete", 404),
        ("read", 200),
        ("request", 201),
        ("requests", 200),
        ("request-change", 404),
    ] {
        assert_eq!(status(&world, lease_chat::handle, &format!("lease-chat-{name}")).await.0, expected, "{name}");
    }
    for name in ["email-unsubscribe-look", "email-unsubscribe"] {
        assert_eq!(status(&world, email_unsubscribe::handle, name).await.0, 200, "{name}");
    }
    email_unsubscribe::on_event(&world.app, serde_json::from_value(file("email-bounced")).unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_event_file_of_a_signed_webhook_is_refused_for_its_age() {
    let (status, body) = status(&world().await, pusher_webhook::handle, "pusher-webhook").await;
    assert_eq!(status, 401);
    assert!(body["message"].as_str().unwrap().contains("five minutes"), "{body}");
}

#[tokio::test]
async fn event_files_of_other_triggers_are_handled() {
    let world = world().await;
    let (pk, sk) = ("KUDOS#event-file", "KUDOS");
    let owed =
        file("delivery-stream")["Records"][0]["dynamodb"]["NewImage"]["outbox"]["S"].as_str().unwrap().to_owned();
    for name in ["delivery-stream", "delivery-retry"] {
        let outbox = owed.replace("1795150800000", "1000000000000");
        world.table.put(&[("pk", pk), ("sk", sk), ("outbox", &outbox)]).await;
        let trigger: delivery::Trigger = serde_json::from_value(file(name)).unwrap();
        let event = LambdaEvent::new(trigger, Context::default());
        let response = delivery::handle(&world.app, &world.app.retry_queue().unwrap(), event).await;
        assert_eq!(response, json!({ "batchItemFailures": [] }), "{name}");
        assert_eq!(world.pusher.take_sent().len(), 1, "{name}");
    }
    notifications::requested(&world.app, serde_json::from_value(file("notifications-requested")).unwrap())
        .await
        .unwrap();
    assert_eq!(world.pusher.take_sent().len(), 1);
    let event = LambdaEvent::new(file("presence-reconcile"), Context::default());
    let report = presence_reconcile::handle(&world.app, event).await.unwrap();
    assert_eq!(report["failed"], 0);
}

/// Gives `delivery` a batch of these records; returns its response.
async fn deliver(world: &World, records: &[Value]) -> Value {
    let event = LambdaEvent::new(serde_json::from_value(json!({ "Records": records })).unwrap(), Context::default());
    delivery::handle(&world.app, &world.app.retry_queue().unwrap(), event).await
}

/// The record of a file of `delivery`, and a table whose row still owes what the record says.
async fn with_record(name: &str) -> (World, Value) {
    let world = world().await;
    let outbox = &file("delivery-stream")["Records"][0]["dynamodb"]["NewImage"]["outbox"]["S"];
    let outbox = outbox.as_str().unwrap().replace("1795150800000", "1000000000000");
    world.table.put(&[("pk", "KUDOS#event-file"), ("sk", "KUDOS"), ("outbox", &outbox)]).await;
    (world, file(name)["Records"][0].clone())
}

/// A record of the stream whose keys cannot be read.
fn without_keys() -> Value {
    json!({ "eventSource": "aws:dynamodb", "dynamodb": { "Keys": 7, "Odd": "\u{ffff}", "SequenceNumber": "9" } })
}

#[tokio::test]
async fn a_message_of_the_queue_that_cannot_be_read_comes_back_and_costs_no_other() {
    let (world, good) = with_record("delivery-retry").await;
    let odd = json!({ "messageId": "m-9", "body": 7, "attributes": [] });
    assert_eq!(deliver(&world, &[odd, good]).await, json!({ "batchItemFailures": [{ "itemIdentifier": "m-9" }] }));
    assert_eq!(world.pusher.take_sent().len(), 1);
}

#[tokio::test]
async fn a_stream_record_that_cannot_be_read_whole_has_its_row_read_again() {
    let oddities: [fn(&mut Value); 4] = [
        |record| record["dynamodb"]["NewImage"] = json!(7),
        |record| record["eventName"] = json!(7),
        |record| drop(record["dynamodb"].as_object_mut().unwrap().remove("SizeBytes")),
        // Lambda takes an empty identifier for the failure of the whole batch.
        |record| record["dynamodb"]["SequenceNumber"] = json!(7),
    ];
    for spoil in oddities {
        let (world, mut record) = with_record("delivery-stream").await;
        spoil(&mut record);
        assert_eq!(deliver(&world, &[record.clone()]).await, json!({ "batchItemFailures": [] }), "{record}");
        assert_eq!(world.pusher.take_sent().len(), 1, "{record}");
        assert!(world.queues.sent("dead-letter").is_empty(), "{record}");
    }
}

#[tokio::test]
async fn a_deleted_row_whose_record_cannot_be_read_whole_still_becomes_a_dead_letter() {
    let (world, mut record) = with_record("delivery-stream").await;
    record["eventName"] = json!("REMOVE");
    record["awsRegion"] = json!(7);
    record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"].take();
    assert_eq!(deliver(&world, &[record]).await, json!({ "batchItemFailures": [] }));
    let dead = world.queues.sent("dead-letter");
    assert_eq!((dead.len(), &dead[0].body["given_up"]["name"]), (1, &json!("kudos:received")), "{dead:?}");
}

#[tokio::test]
async fn a_stream_record_without_keys_is_a_dead_letter_and_holds_up_no_other() {
    let removed = json!({ "eventName": "REMOVE", "dynamodb": { "OldImage": 7,
        "Keys": { "pk": { "S": "a" }, "sk": { "S": "b" } } } });
    for odd in [without_keys(), json!({ "eventSource": "aws:dynamodb", "dynamodb": 7 }), removed] {
        let (world, good) = with_record("delivery-stream").await;
        assert_eq!(deliver(&world, &[odd.clone(), good]).await, json!({ "batchItemFailures": [] }), "{odd}");
        assert_eq!(world.pusher.take_sent().len(), 1, "{odd}");
        let dead = world.queues.sent("dead-letter");
        assert_eq!((dead.len(), &dead[0].body["given_up"]["kind"]), (1, &json!("unreadable")), "{dead:?}");
        let text = dead[0].body["given_up"]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), odd);
    }
    let (world, _) = with_record("delivery-stream").await;
    let odd = json!({ "eventSource": "aws:dynamodb" });
    assert_eq!(deliver(&world, &[odd]).await, json!({ "batchItemFailures": [] }), "also where it is alone");
    assert_eq!(world.queues.sent("dead-letter").len(), 1);
}

#[tokio::test]
async fn a_stream_record_that_no_queue_takes_comes_back() {
    let (world, _) = with_record("delivery-stream").await;
    world.queues.fail();
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "9" }] });
    assert_eq!(deliver(&world, &[without_keys()]).await, failed);
}

#[tokio::test]
async fn a_dead_letter_is_one_that_sqs_takes() {
    let (world, _) = with_record("delivery-stream").await;
    let mut odd = without_keys();
    odd["dynamodb"]["NewImage"] = json!({ "text": { "S": "a".repeat(2_000_000) } });
    assert_eq!(deliver(&world, &[odd]).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.queues.sent("dead-letter").len(), 1);
}

#[tokio::test]
async fn event_files_of_a_websocket_connect_subscribe_and_disconnect() {
    let world = world().await;
    world.sockets.open("L0SM9cOFvHcCIhw=");
    let connect = world.send(socket_connect::handle, &Request::of_event(file("socket-connect"))).await;
    assert_eq!(connect.status, 200, "{connect:?}");
    world.sockets.take_posted();
    world.send(socket_message::handle, &Request::of_event(file("socket-message"))).await;
    assert!(world.sockets.take_posted()[0].2.contains("referrals"));
    let mut context = Context::default();
    // Time for one heartbeat, and not for the next one.
    context.deadline = u64::try_from(shared::contract::time::Millis::now().plus_seconds(7).0).unwrap();
    let event = LambdaEvent::new(file("socket-heartbeat"), context);
    let reports = socket_heartbeat::handle(&world.app, event).await.unwrap();
    assert_eq!(reports[0]["connections"], 1);
    world.send(socket_disconnect::handle, &Request::of_event(file("socket-disconnect"))).await;
    assert!(!world.table.rows().await.keys().any(|(pk, _)| pk.starts_with("SOCKET")));
}

#[test]
fn every_route_of_the_template_has_an_event_file() {
    let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
    let routes = template.matches("Type: HttpApi\n").count();
    let events = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")).unwrap();
    let mut covered = std::collections::BTreeSet::new();
    let events = events.map(|entry| entry.unwrap().path());
    for path in events.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        covered.extend(event["routeKey"].as_str().map(str::to_owned));
    }
    assert_eq!(covered.len(), routes, "{covered:?}");
}
