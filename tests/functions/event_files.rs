//! The files in `events/`, for `sam local invoke -e` and `cargo lambda invoke`. Each does what its name says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tests::{Request, World};

use crate::every_route::{self, event_files};
use crate::handlers::{routes, send};

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

/// The status of the first success that `docs/openapi.yaml` has for a route.
fn success_of(route: &str) -> u16 {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml")).unwrap();
    let (method, path) = route.split_once(' ').unwrap();
    let of_path = text.split(&format!("\n  {path}:\n")).nth(1).unwrap_or_else(|| panic!("{path} is not documented"));
    let of_path = of_path.split("\n  /").next().unwrap();
    let start = format!("    {}:\n", method.to_lowercase());
    let operation = of_path.split(&start).nth(1).unwrap_or_else(|| panic!("{route} is not documented"));
    let status = operation.split("        \"2").nth(1).unwrap();
    format!("2{}", &status[..2]).parse().unwrap()
}

/// Those that name a row which is not there, or a signature that is too old.
fn refusal_of(name: &str) -> Option<u16> {
    match name {
        "channels-member-show"
        | "guest-chat-change-chat"
        | "guest-chat-guest-deletes"
        | "guest-chat-show-chat"
        | "guest-chat-guest-opens"
        | "guest-chat-staff-deletes"
        | "guest-chat-staff-opens"
        | "lease-chat-delete"
        | "lease-chat-open"
        | "lease-chat-request-change"
        | "messages-delete"
        | "messages-open"
        | "notifications-read"
        | "notifications-show"
        | "parties-accept"
        | "parties-change"
        | "parties-decline"
        | "parties-end"
        | "parties-hand-over"
        | "parties-invite"
        | "parties-leave-or-remove"
        | "parties-read"
        | "parties-revoke" => Some(404),
        "pusher-webhook" => Some(401),
        name if name.starts_with("pusher-api-") => Some(401),
        _ => None,
    }
}

#[tokio::test]
async fn each_event_file_of_a_request_succeeds_as_its_route_documents() {
    let mut others = Vec::new();
    for (name, event) in event_files() {
        let Some(route) = event["routeKey"].as_str().filter(|route| !route.starts_with('$')) else { continue };
        let expected = refusal_of(&name).unwrap_or_else(|| success_of(route));
        let world = every_route::world().await;
        world.table.put_book("the-left-hand", "ursula", "Ursula").await;
        assert_eq!(send(&world, file("keys-save")).await.status, 200);
        let reply = send(&world, event).await;
        others.extend((reply.status != expected).then(|| format!("{name}: {expected} expected, {reply:?}")));
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[tokio::test]
async fn the_inbox_of_a_hotel_is_closed_to_those_who_are_not_its_staff() {
    assert_eq!(send(&world().await, file("guest-chat-inbox")).await.status, 403);
}

#[tokio::test]
async fn the_event_file_of_an_email_that_bounced_is_handled() {
    let world = world().await;
    let event = serde_json::from_value(file("email-bounced")).unwrap();
    world
        .as_function("email-unsubscribe", email_unsubscribe::on_event(world.app_of("email-unsubscribe"), event))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_event_file_of_a_signed_webhook_is_refused_for_its_age() {
    let reply = send(&world().await, file("pusher-webhook")).await;
    assert_eq!(reply.status, 401);
    assert!(reply.body["message"].as_str().unwrap().contains("five minutes"), "{reply:?}");
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
        let queue = world.app_of("delivery").retry_queue().unwrap();
        let response = world.as_function("delivery", delivery::handle(world.app_of("delivery"), &queue, event)).await;
        assert_eq!(response, json!({ "batchItemFailures": [] }), "{name}");
        assert_eq!(world.pusher.take_sent().len(), 1, "{name}");
    }
    let requested = notifications::requested(
        world.app_of("notifications"),
        serde_json::from_value(file("notifications-requested")).unwrap(),
    );
    world.as_function("notifications", requested).await.unwrap();
    assert_eq!(world.pusher.take_sent().len(), 1);
    let event = LambdaEvent::new(file("presence-reconcile"), Context::default());
    let report = world
        .as_function("presence-reconcile", presence_reconcile::handle(world.app_of("presence-reconcile"), event))
        .await
        .unwrap();
    assert_eq!(report["failed"], 0);
}

/// Gives `delivery` a batch of these records; returns its response.
async fn deliver(world: &World, records: &[Value]) -> Value {
    let event = LambdaEvent::new(serde_json::from_value(json!({ "Records": records })).unwrap(), Context::default());
    let queue = world.app_of("delivery").retry_queue().unwrap();
    world.as_function("delivery", delivery::handle(world.app_of("delivery"), &queue, event)).await
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
    let reports = world
        .as_function("socket-heartbeat", socket_heartbeat::handle(world.app_of("socket-heartbeat"), event))
        .await
        .unwrap();
    assert_eq!(reports[0]["connections"], 1);
    world.send(socket_disconnect::handle, &Request::of_event(file("socket-disconnect"))).await;
    assert!(!world.table.rows().await.keys().any(|(pk, _)| pk.starts_with("SOCKET")));
}

/// `WRITE_EVENTS=1 cargo test -p tests event_files` writes the file of a route that has none. Its body and its token, which is Ben's,
/// are for a person to choose.
#[test]
fn each_route_of_the_template_has_an_event_file_and_no_other_has() {
    let covered: BTreeSet<String> =
        event_files().iter().filter_map(|(_, event)| Some(event["routeKey"].as_str()?.to_owned())).collect();
    let covered: BTreeSet<_> = covered.into_iter().filter(|route| !route.starts_with('$')).collect();
    let routes = routes();
    for (route, function) in routes.iter().filter(|(route, _)| !covered.contains(*route)) {
        assert!(
            std::env::var_os("WRITE_EVENTS").is_some(),
            "no file in events/ has {route}: WRITE_EVENTS=1 writes one"
        );
        let (method, path) = route.split_once(' ').unwrap();
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: BTreeMap<_, _> = names.map(|name| (name, "event-file")).collect();
        let raw =
            parameters.keys().fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), "event-file"));
        let mut event = file("kudos-list");
        (event["routeKey"], event["rawPath"], event["rawQueryString"]) = (json!(route), json!(raw), json!(""));
        event["requestContext"]["routeKey"] = json!(route);
        (event["requestContext"]["http"]["method"], event["requestContext"]["http"]["path"]) =
            (json!(method), json!(raw));
        event["pathParameters"] = json!(parameters);
        event.as_object_mut().unwrap().remove("queryStringParameters");
        let name = format!("{function}-{}.json", method.to_lowercase());
        let text = serde_json::to_string_pretty(&event).unwrap() + "\n";
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name), text).unwrap();
    }
    let unknown: Vec<_> = covered.iter().filter(|route| !routes.contains_key(*route)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
