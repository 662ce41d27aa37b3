//! How pushes are retried after the responses of FCM.

use serde_json::{Value, json};
use std::time::Duration;
use tests::consumer::{age, consume, message, owed, receive, retry};
use tests::devices::{register, with_devices};
use tests::notification::notify;
use tests::{Refusal, World};

async fn devices(world: &World) -> usize {
    world.table.rows().await.keys().filter(|(pk, sk)| pk == "USER#ada" && sk.starts_with("DEVICE#")).count()
}

fn tokens(sent: &[Value]) -> Vec<&str> {
    sent.iter().map(|message| message["token"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_token_that_is_not_registered_is_deleted() {
    for refusals in [vec![Refusal::unregistered()], vec![Refusal::invalid("message.token"); 2]] {
        let world = with_devices(&["gone", "phone"]).await;
        world.fcm.refuse("gone", &refusals);
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!(tokens(&world.fcm.take_sent()), ["phone"]);
        assert_eq!(devices(&world).await, 1);
        assert!(owed(&world).await.is_empty() && world.queues.sent("retry").is_empty());
    }
}

#[tokio::test]
async fn a_message_that_fcm_calls_invalid_is_a_dead_letter_and_its_token_is_kept() {
    let world = with_devices(&["phone"]).await;
    world.fcm.refuse("phone", &[Refusal::invalid("message.data[0].value")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!(devices(&world).await, 1);
    let dead = world.queues.sent("dead-letter");
    assert_eq!((dead.len(), &dead[0].body["given_up"]["kind"]), (1, &json!("push")));
    assert!(dead[0].body["reason"].as_str().unwrap().contains("message.data[0].value"), "{dead:?}");
    assert!(retry(&world, &dead[0].body).await, "replayed, it is tried again");
    assert_eq!(world.fcm.take_sent().len(), 1);
}

#[tokio::test]
async fn retry_after_is_honoured_and_a_device_that_has_the_push_does_not_get_it_again() {
    let world = with_devices(&["busy", "phone"]).await;
    world.fcm.refuse("busy", &[Refusal::new(429, "QUOTA_EXCEEDED").after("300")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!(tokens(&world.fcm.take_sent()), ["phone"]);
    let waiting = world.queues.sent("retry");
    assert_eq!(waiting.len(), 1);
    assert!((298..=300).contains(&waiting[0].delay), "{waiting:?}");

    // The row was changed to note the retry, so the stream has a record of that change too.
    world.fcm.take_requests();
    age(&world, 30).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_requests(), world.queues.sent("retry").len()), (0, 1), "the retry queue has it");

    assert!(!retry(&world, &waiting[0].body).await, "it is not time yet");
    assert_eq!(world.fcm.take_requests(), 0);
    let hidden = world.queues.postponed();
    assert!((265..=270).contains(&hidden[0]), "for what is left of the time: {hidden:?}");

    age(&world, 270).await;
    assert!(retry(&world, &waiting[0].body).await);
    assert_eq!(tokens(&world.fcm.take_sent()), ["busy"]);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_retry_after_beyond_the_longest_delay_of_sqs_is_honoured() {
    let world = with_devices(&["busy"]).await;
    world.fcm.refuse("busy", &[Refusal::new(503, "UNAVAILABLE").after("7200")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    let waiting = world.queues.sent("retry");
    assert_eq!(waiting[0].delay, 900);
    age(&world, 900).await;
    assert!(!retry(&world, &waiting[0].body).await);
    assert!((6_295..=6_300).contains(&world.queues.postponed()[0]), "{:?}", world.queues.postponed());
}

#[tokio::test]
async fn a_push_that_fails_without_retry_after_is_retried_with_backoff() {
    for status in [429, 500, 503] {
        let world = with_devices(&["phone"]).await;
        world.fcm.refuse("phone", &[Refusal::new(status, "INTERNAL"), Refusal::new(status, "INTERNAL")]);
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        let waiting = world.queues.sent("retry");
        assert_eq!((waiting.len(), waiting[0].delay), (1, 2));
        let failed = receive(&world, message(&waiting[0].body, 5)).await;
        assert_eq!(failed, ["m-1"]);
        let pause = world.queues.postponed()[0];
        assert!((24..=32).contains(&pause), "the fifth pause is about 32 s: {pause}");
        assert!(retry(&world, &waiting[0].body).await);
        assert_eq!(world.fcm.take_sent().len(), 1);
    }
}

#[tokio::test]
async fn an_event_does_not_wait_as_long_as_a_push_of_the_same_row() {
    let world = with_devices(&["busy"]).await;
    world.fcm.refuse("busy", &[Refusal::new(429, "QUOTA_EXCEEDED").after("600")]);
    world.pusher.respond_always(Some(503));
    notify(&world, json!({})).await;
    age(&world, 3).await;
    consume(&world).await.unwrap();
    let waiting = world.queues.sent("retry");
    assert_eq!((waiting.len(), waiting[0].delay), (1, 2), "as soon as Pusher needs it");
    world.pusher.respond_always(None);
    assert!(!retry(&world, &waiting[0].body).await);
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert!((590..=600).contains(&world.queues.postponed()[0]));
}

#[tokio::test]
async fn concurrent_pushes_share_one_fetch_of_the_access_token() {
    let names: Vec<_> = (0..20).map(|n| format!("device-{n}")).collect();
    let world = with_devices(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.fcm.set_pause(Duration::from_millis(20));
    for n in 0..5 {
        notify(&world, json!({ "data": { "n": n } })).await;
    }
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (100, 1));
    let most = world.fcm.most_in_flight();
    assert!((2..=32).contains(&most), "{most} at once");
    assert_eq!(world.fcm.connections(), 1, "all requests to a host share one");

    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (20, 0), "kept for the next");
}

#[tokio::test]
async fn a_refused_access_token_is_replaced_once() {
    let names: Vec<_> = (0..10).map(|n| format!("device-{n}")).collect();
    let world = with_devices(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    world.fcm.take_fetches();
    world.fcm.revoke();
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (20, 1));

    world.fcm.refuse("device-0", &[Refusal::new(401, "X"), Refusal::new(401, "X")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (9, 1));
    assert_eq!(world.queues.sent("retry").len(), 1, "wrong credentials are an operator's to mend, and nothing is lost");
    assert_eq!(devices(&world).await, 10);
}

#[tokio::test]
async fn an_expired_access_token_is_not_used() {
    let world = with_devices(&["phone"]).await;
    for (lifetime, fetches) in [(3_599, 1), (3_599, 0)] {
        world.fcm.set_lifetime(lifetime);
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (1, fetches));
    }
    let world = with_devices(&["phone"]).await;
    world.fcm.set_lifetime(0);
    for _ in 0..2 {
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (1, 1), "one that is over is fetched anew");
    }
}

#[tokio::test]
async fn a_failed_fetch_of_the_access_token_fails_all_pushes_that_wait_and_no_later_one() {
    let names: Vec<_> = (0..10).map(|n| format!("device-{n}")).collect();
    let world = with_devices(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.fcm.refuse_access(Some(400));
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_requests(), world.fcm.take_fetches()), (0, 1));
    let waiting = world.queues.sent("retry");
    world.fcm.refuse_access(None);
    assert!(retry(&world, &waiting[0].body).await);
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (10, 1));
}

#[tokio::test]
async fn a_connection_that_died_unnoticed_delays_no_push() {
    let world = with_devices(&["phone"]).await;
    for connections in [1, 2] {
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!((world.fcm.take_sent().len(), world.fcm.connections()), (1, connections));
        world.fcm.hang_connections();
    }
    assert!(world.queues.sent("retry").is_empty());
}

#[tokio::test]
async fn a_push_that_the_queue_did_not_take_is_queued_by_the_batch_that_comes_again() {
    let world = with_devices(&["busy", "phone"]).await;
    world.fcm.refuse("busy", &[Refusal::new(429, "QUOTA_EXCEEDED").after("300")]);
    notify(&world, json!({})).await;
    world.queues.fail();
    assert!(consume(&world).await.is_err(), "Lambda brings the batch again");
    assert_eq!(tokens(&world.fcm.take_sent()), ["phone"]);
    world.queues.recover();
    assert!(consume(&world).await.is_ok());
    assert!(world.fcm.take_sent().is_empty(), "the phone has it, and it is not time for the other yet");
    let waiting = world.queues.sent("retry");
    assert!((298..=300).contains(&waiting[0].delay), "{waiting:?}");
    age(&world, 300).await;
    assert!(retry(&world, &waiting[0].body).await);
    assert_eq!(tokens(&world.fcm.take_sent()), ["busy"]);
}

/// FCM's documented body for a bad token: one `FcmError` with `INVALID_ARGUMENT`, and no field that says which.
fn unclear() -> Refusal {
    Refusal::new(400, "INVALID_ARGUMENT")
}

#[tokio::test]
async fn a_refusal_that_a_dry_run_does_not_repeat_deletes_no_device() {
    for refusal in [unclear(), Refusal::invalid("message.token"), Refusal::new(403, "SENDER_ID_MISMATCH")] {
        let world = with_devices(&["odd", "phone"]).await;
        world.fcm.refuse("odd", &[refusal]);
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!((tokens(&world.fcm.take_sent()), devices(&world).await), (vec!["phone"], 2));
        assert!(world.queues.sent("dead-letter").is_empty(), "the phone took the message");
        assert!(retry(&world, &world.queues.sent("retry")[0].body).await);
        assert_eq!(tokens(&world.fcm.take_sent()), ["odd"]);
    }
}

#[tokio::test]
async fn a_dry_run_that_fails_deletes_no_device() {
    // A proxy's page, a quota, a permission: none of them is about the device.
    for second in [Refusal::new(400, ""), Refusal::new(429, "QUOTA_EXCEEDED"), Refusal::new(403, "")] {
        let world = with_devices(&["odd"]).await;
        world.fcm.refuse("odd", &[unclear(), second]);
        notify(&world, json!({})).await;
        consume(&world).await.unwrap();
        assert_eq!((devices(&world).await, world.queues.sent("retry").len()), (1, 1));
    }
}

#[tokio::test]
async fn an_unclear_refusal_is_the_tokens_fault_where_it_cannot_take_a_minimal_message_either() {
    let world = with_devices(&["bad"]).await;
    world.fcm.refuse("bad", &[unclear(), unclear()]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_requests(), devices(&world).await), (2, 0));
    assert!(owed(&world).await.is_empty() && world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn an_unclear_refusal_is_the_messages_fault_where_the_token_takes_a_minimal_one() {
    let world = with_devices(&["phone"]).await;
    world.fcm.refuse("phone", &[unclear()]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert!(world.fcm.take_sent().is_empty(), "the minimal message is not sent, only checked");
    assert_eq!((devices(&world).await, world.queues.sent("dead-letter").len()), (1, 1));
}

#[tokio::test]
async fn one_devices_refusal_does_not_take_away_anothers_retry() {
    let world = with_devices(&["bad", "busy"]).await;
    world.fcm.refuse("bad", &[unclear(), unclear()]);
    world.fcm.refuse("busy", &[Refusal::new(503, "UNAVAILABLE")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!(devices(&world).await, 1);
    let waiting = world.queues.sent("retry");
    assert!(retry(&world, &waiting[0].body).await);
    assert_eq!(tokens(&world.fcm.take_sent()), ["busy"]);
}

/// The log line of a visit of the stream's records.
async fn consumed(world: &World) -> Value {
    let record = shared::telemetry::Record::new("r", "stream");
    record.scope(async { consume(world).await.unwrap() }).await;
    serde_json::from_str(&record.line("test")).unwrap()
}

#[tokio::test]
async fn a_token_of_another_project_is_deleted_where_another_device_took_the_message() {
    let world = with_devices(&["theirs", "phone"]).await;
    world.fcm.refuse("theirs", &vec![Refusal::new(403, "SENDER_ID_MISMATCH"); 2]);
    notify(&world, json!({})).await;
    let line = consumed(&world).await;
    assert_eq!((tokens(&world.fcm.take_sent()), devices(&world).await), (vec!["phone"], 1));
    assert_eq!((&line["Pushes.other-sender"], &line["OperatorErrors"]), (&json!(1), &Value::Null), "{line}");
}

#[tokio::test]
async fn a_token_of_another_project_raises_no_alarm_where_another_users_device_took_a_message() {
    let world = with_devices(&["phone"]).await;
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!(tokens(&world.fcm.take_sent()), ["phone"]);

    assert_eq!(world.send(device_tokens::handle, &register("cleo", "theirs")).await.status, 200);
    world.fcm.refuse("theirs", &vec![Refusal::new(403, "SENDER_ID_MISMATCH"); 2]);
    notify(&world, json!({ "userId": "cleo" })).await;
    let line = consumed(&world).await;
    assert_eq!((&line["Pushes.other-sender"], &line["OperatorErrors"]), (&json!(1), &Value::Null), "{line}");
    let is_cleos = |(pk, sk): &(String, String)| pk == "USER#cleo" && sk.starts_with("DEVICE#");
    assert_eq!(world.table.rows().await.keys().filter(|key| is_cleos(key)).count(), 0);
    assert!(world.queues.sent("retry").is_empty() && world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn a_project_that_is_not_the_apps_deletes_no_device_and_raises_the_alarm() {
    let world = with_devices(&["phone", "tablet"]).await;
    for device in ["phone", "tablet"] {
        world.fcm.refuse(device, &[Refusal::new(403, "SENDER_ID_MISMATCH")]);
    }
    notify(&world, json!({})).await;
    let line = consumed(&world).await;
    assert_eq!((devices(&world).await, &line["OperatorErrors"]), (2, &json!(2)), "{line}");
    assert!(line["causes"].to_string().contains("403 SENDER_ID_MISMATCH"), "{line}");
    assert!(line["causes"].to_string().contains("FIREBASE_PROJECT_ID"), "{line}");
    // The operator names the right project.
    assert!(retry(&world, &world.queues.sent("retry")[0].body).await);
    let mut sent = world.fcm.take_sent();
    sent.sort_by_key(|message| message["token"].to_string());
    assert_eq!((tokens(&sent), owed(&world).await.len()), (vec!["phone", "tablet"], 0));
}

#[tokio::test]
async fn a_refused_apns_credential_is_the_operators_and_not_the_access_tokens() {
    let world = with_devices(&["iphone", "phone"]).await;
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    assert_eq!((world.fcm.take_sent().len(), world.fcm.take_fetches()), (2, 1));
    world.fcm.take_requests();

    world.fcm.refuse("iphone", &[Refusal::new(401, "THIRD_PARTY_AUTH_ERROR")]);
    notify(&world, json!({})).await;
    let line = consumed(&world).await;
    assert_eq!(tokens(&world.fcm.take_sent()), ["phone"]);
    assert_eq!((world.fcm.take_requests(), world.fcm.take_fetches()), (2, 0), "the access token is good");
    assert_eq!((devices(&world).await, &line["OperatorErrors"]), (2, &json!(1)), "{line}");
    assert!(line["causes"].to_string().contains("401 THIRD_PARTY_AUTH_ERROR"), "{line}");
    assert!(retry(&world, &world.queues.sent("retry")[0].body).await);
    assert_eq!(tokens(&world.fcm.take_sent()), ["iphone"], "once the credential is mended");
}

#[tokio::test]
async fn a_service_account_that_google_refuses_raises_the_alarm() {
    let world = with_devices(&["phone"]).await;
    world.fcm.refuse_access(Some(400));
    notify(&world, json!({})).await;
    let line = consumed(&world).await;
    assert_eq!((devices(&world).await, &line["OperatorErrors"]), (1, &json!(1)), "{line}");
    assert!(line["causes"].to_string().contains("FIREBASE_PRIVATE_KEY"), "{line}");
}

#[tokio::test]
async fn a_retry_after_of_a_month_is_cut_to_a_day() {
    let world = with_devices(&["busy"]).await;
    world.fcm.refuse("busy", &[Refusal::new(503, "UNAVAILABLE").after("2592000")]);
    notify(&world, json!({})).await;
    consume(&world).await.unwrap();
    let not_before = owed(&world).await[0]["notBefore"].as_i64().unwrap();
    let wait = not_before - shared::contract::time::Millis::now().0;
    assert!((86_000_000..=86_400_000).contains(&wait), "{wait}");
}
