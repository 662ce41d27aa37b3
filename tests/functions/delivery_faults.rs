//! Delivery when Pusher stands still, when rows are busy, and when what is owed is not what it should be.

use std::time::{Duration, Instant};

use kudos_create::handle as give;
use serde_json::{Value, json};
use tests::consumer::{self, age, batch, consume, message, owed, receive, retry};
use tests::{Request, World};

fn kudos(title: &str) -> Request {
    Request::new("POST /kudos").by("ada").json(&json!({ "receiverId": "ben", "sessionId": "s", "bookTitle": title }))
}

fn enter(user: &str) -> Request {
    Request::new("POST /rooms/{bookId}/presence").by(user).path("bookId", "emma")
}

fn exit(user: &str) -> Request {
    Request::new("DELETE /rooms/{bookId}/presence").by(user).path("bookId", "emma")
}

async fn rows_that_owe(world: &World) -> usize {
    world.table.rows().await.values().filter(|row| row.contains_key("outbox")).count()
}

/// All messages of the retry queue that were sent since the last call of this, each received once.
async fn receive_all(world: &World, from: &mut usize) {
    let waiting = world.queues.sent("retry");
    for one in &waiting[*from..] {
        retry(world, &one.body).await;
    }
    *from = waiting.len();
}

#[tokio::test]
async fn an_entry_that_is_added_to_a_pending_row_is_the_consumers_at_once() {
    let world = World::new().await;
    world.send_and_kill(presence_join::handle, &enter("ada")).await;
    age(&world, 4).await;
    world.send(presence_leave::handle, &exit("ada")).await;
    let entries = owed(&world).await;
    assert!(
        entries.iter().all(|entry| entry["name"] != "room:user-left" || entry.get("lease").is_none()),
        "{entries:?}"
    );
    consume(&world).await.unwrap();
    assert_eq!(rows_that_owe(&world).await, 0, "without waiting for any lease");
    assert_eq!(world.pusher.take_names(), ["room:user-joined", "room:user-left"]);
}

#[tokio::test]
async fn a_frozen_pusher_costs_at_most_one_duplicate_for_every_two_events() {
    let world = World::new().await;
    world.pusher.stall();
    for n in 0..7 {
        assert_eq!(world.send(give, &kudos(&n.to_string())).await.status, 201);
    }
    let entries = owed(&world).await;
    assert!(
        entries.iter().any(|entry| entry.get("lease").is_none()),
        "while one waits, the others leave it to the stream"
    );
    age(&world, 4).await;
    let mut received = 0;
    consume(&world).await.unwrap();
    age(&world, 4).await;
    receive_all(&world, &mut received).await;
    world.pusher.resume().await;
    age(&world, 4).await;
    received = 0;
    receive_all(&world, &mut received).await;
    let sent = world.pusher.take_sent();
    let mut titles: Vec<_> = sent.iter().map(|(_, _, data)| data["bookTitle"].as_str().unwrap().to_owned()).collect();
    assert!(titles.len() <= 10, "{titles:?}");
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 7, "none is lost");
    assert_eq!(rows_that_owe(&world).await, 0);
}

#[tokio::test]
async fn two_messages_about_one_row_deliver_it_once() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    world.send_and_kill(presence_join::handle, &enter("ada")).await;
    age(&world, 4).await;
    consume(&world).await.unwrap();
    let first = world.queues.sent("retry")[0].body.clone();
    // The message is thought to be lost, and the row is queued once more.
    age(&world, 400).await;
    consume(&world).await.unwrap();
    let second = world.queues.sent("retry")[1].body.clone();
    assert_ne!(first["id"], second["id"]);
    world.pusher.respond_always(None);
    assert!(retry(&world, &first).await, "the row names the other message, so this one is done with");
    assert!(world.pusher.take_names().is_empty());
    assert!(retry(&world, &second).await);
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}

#[tokio::test]
async fn a_batch_is_acknowledged_before_the_next_one_is_sent() {
    let world = World::new().await;
    for n in 0..25 {
        world.send_and_kill(give, &kudos(&format!("Emma {n}"))).await;
    }
    age(&world, 4).await;
    world.pusher.respond_next(&[200, 503, 503, 503]);
    consume(&world).await.unwrap();
    assert_eq!((world.pusher.take_batches(), rows_that_owe(&world).await), (vec![10], 15));
}

#[tokio::test]
async fn the_consumer_begins_nothing_after_its_deadline_and_queues_the_rest() {
    let world = World::new().await;
    for n in 0..3 {
        world.send_and_kill(give, &kudos(&format!("Emma {n}"))).await;
    }
    age(&world, 4).await;
    let event = batch(&world).await;
    world
        .app_of("delivery")
        .dispatcher()
        .from_stream(event, &consumer::retry_queue(&world), Instant::now())
        .await
        .unwrap();
    assert_eq!((world.pusher.take_names().len(), world.queues.sent("retry").len()), (0, 3));
    for waiting in world.queues.sent("retry") {
        assert!(retry(&world, &waiting.body).await);
    }
    assert_eq!(world.pusher.take_names().len(), 3);
}

#[tokio::test]
async fn an_arrival_and_a_departure_that_were_not_sent_yet_cancel_each_other() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    world.send(presence_join::handle, &enter("ada")).await;
    for _ in 0..10 {
        world.send(presence_leave::handle, &exit("ada")).await;
        world.send(presence_join::handle, &enter("ada")).await;
    }
    let entries = owed(&world).await;
    assert!(entries.len() <= 3, "{} entries for 21 changes", entries.len());
    world.pusher.respond_always(None);
    age(&world, 4).await;
    consume(&world).await.unwrap();
    assert_eq!(
        world.pusher.take_names().last().map(String::as_str),
        Some("room:user-joined"),
        "the last word is right"
    );
    assert_eq!(rows_that_owe(&world).await, 0);
}

#[tokio::test]
async fn an_event_that_a_killed_writer_may_have_sent_is_not_cancelled_by_its_opposite() {
    let world = World::new().await;
    // Killed before or after it sent: nobody can tell.
    world.send_and_kill(presence_join::handle, &enter("ada")).await;
    age(&world, 4).await;
    let event = batch(&world).await;
    world
        .app_of("delivery")
        .dispatcher()
        .from_stream(event, &consumer::retry_queue(&world), Instant::now())
        .await
        .unwrap();
    world.send(presence_leave::handle, &exit("ada")).await;
    receive_all(&world, &mut 0).await;
    assert_eq!(world.pusher.take_names(), ["room:user-joined", "room:user-left"]);
    assert_eq!(rows_that_owe(&world).await, 0);
}

#[tokio::test]
async fn a_departure_is_sent_although_its_arrival_is_being_sent_at_that_moment() {
    let world = World::new().await;
    // Pusher fails, so ada's arrival is left to the consumer, under no lease.
    world.pusher.respond_always(Some(503));
    world.send(presence_join::handle, &enter("ben")).await;
    world.send(presence_join::handle, &enter("ada")).await;
    world.pusher.respond_always(None);
    let event = batch(&world).await;
    world.pusher.hold_batches();
    let leaves_meanwhile = async {
        world.pusher.holds_one().await;
        world.send(presence_leave::handle, &exit("ada")).await;
        world.pusher.resume().await;
    };
    let (visited, ()) = tokio::join!(consumer::give(&world, event), leaves_meanwhile);
    visited.unwrap();
    age(&world, 4).await;
    consume(&world).await.unwrap();
    receive_all(&world, &mut 0).await;
    let of_ada = world.pusher.take_sent().into_iter().filter(|(.., data)| data["userId"] == "ada");
    assert_eq!(of_ada.map(|(_, name, _)| name).collect::<Vec<_>>(), ["room:user-joined", "room:user-left"]);
    assert_eq!(rows_that_owe(&world).await, 0);
}

#[tokio::test]
async fn a_departure_is_sent_if_the_arrival_arrived_without_the_authors_event() {
    let world = World::new().await;
    world.table.put_book("emma", "ada", "A. L.").await;
    // Pusher fails, so what comes next is left to the consumer.
    world.pusher.respond_always(Some(503));
    world.send(presence_join::handle, &enter("ben")).await;
    world.send(presence_join::handle, &enter("ada")).await;
    world.pusher.respond_always(None);
    // Of ada's two events, the first arrives, and Pusher is away again.
    let both = batch(&world).await;
    let adas = both.records.into_iter().filter(|record| format!("{record:?}").contains("USER#ada"));
    let mut event = aws_lambda_events::event::dynamodb::Event::default();
    event.records = adas.collect();
    world.pusher.respond_next(&[400, 200, 503, 503, 503]);
    consumer::give(&world, event).await.unwrap();
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
    world.send(presence_leave::handle, &exit("ada")).await;
    age(&world, 4).await;
    consume(&world).await.unwrap();
    receive_all(&world, &mut 0).await;
    let of_ada: Vec<_> = world.pusher.take_names().into_iter().filter(|name| name != "room:user-joined").collect();
    assert_eq!(of_ada, ["room:user-left"], "and the author who left is not announced any more");
}

#[tokio::test]
async fn a_party_that_owes_too_much_takes_no_more_changes_until_some_are_delivered() {
    let world = World::new().await;
    let found = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "Readers" }));
    let party = world.send(parties::handle, &found).await.body["partyId"].as_str().unwrap().to_owned();
    world.pusher.respond_always(Some(503));
    let rename = |n: usize| {
        let request = Request::new("PATCH /parties/{partyId}").by("ada").path("partyId", &party);
        request.json(&json!({ "partyName": format!("Readers {n}") }))
    };
    let mut accepted = 0;
    let refused = loop {
        let reply = world.send_and_kill(parties::handle, &rename(accepted)).await;
        if reply.status != 200 {
            break reply;
        }
        accepted += 1;
        assert!(accepted < 300, "the outbox has a bound");
    };
    assert_eq!((refused.status, accepted), (503, shared::outbox::MAX_ENTRIES), "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    world.pusher.respond_always(None);
    age(&world, 4).await;
    consume(&world).await.unwrap();
    assert_eq!(world.send(parties::handle, &rename(1_000)).await.status, 200);
}

#[tokio::test]
async fn a_row_that_ttl_deletes_while_it_owes_becomes_dead_letters() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    let mut record = serde_json::to_value(batch(&world).await).unwrap();
    let change = &mut record["Records"][0];
    change["eventName"] = json!("REMOVE");
    let image = change["dynamodb"]["NewImage"].take();
    change["dynamodb"]["OldImage"] = image;
    change["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    consumer::give(&world, serde_json::from_value(record).unwrap()).await.unwrap();
    let dead = world.queues.sent("dead-letter");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].body["given_up"]["name"], "kudos:received");
    assert!(dead[0].body["reason"].as_str().unwrap().contains("deleted"), "{dead:?}");
    assert!(retry(&world, &dead[0].body).await);
    assert_eq!(world.pusher.take_names(), ["kudos:received"], "and can be replayed");
}

#[tokio::test]
async fn an_outbox_that_cannot_be_read_becomes_a_dead_letter_and_stops_nobody() {
    let world = World::new().await;
    world.send(presence_join::handle, &enter("ada")).await;
    world.table.set_text(("ROOM#emma", "USER#ada"), "outbox", "not an outbox").await;
    let reply = world.send(presence_leave::handle, &exit("ada")).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    consume(&world).await.unwrap();
    let dead = world.queues.sent("dead-letter");
    assert_eq!(dead[0].body["given_up"]["text"], "not an outbox", "{dead:?}");
    assert_eq!(rows_that_owe(&world).await, 0);
}

#[tokio::test]
async fn a_kind_of_a_newer_version_waits_for_that_version() {
    let world = World::new().await;
    let newer = json!({ "owed": [
        { "id": "1", "at": 1, "kind": "carrierPigeon", "to": "ben" },
        { "id": "2", "at": 1, "kind": "pusher", "channel": "private-user-ben", "name": "kudos:received", "data": "{}" },
    ] });
    world.table.put(&[("pk", "KUDOS#1"), ("sk", "KUDOS"), ("outbox", &newer.to_string())]).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_names(), ["kudos:received"]);
    let left = owed(&world).await;
    assert_eq!(left, [newer["owed"][0].clone()], "as it was");
    assert_eq!(world.queues.sent("retry").len(), 1, "and looked at again");
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn writers_leave_pusher_alone_while_it_fails_and_come_back() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    world.send(give, &kudos("1")).await;
    let asked = world.pusher.batch_requests();
    assert_eq!(asked, 3, "three attempts of the first");
    world.send(give, &kudos("2")).await;
    assert_eq!(world.pusher.batch_requests(), asked, "the second is left to the stream");
    let entries = owed(&world).await;
    assert_eq!(entries.iter().filter(|entry| entry.get("lease").is_none()).count(), 1, "and so has no lease");
    world.pusher.respond_always(None);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    world.send(give, &kudos("3")).await;
    assert_eq!(world.pusher.take_names().len(), 1, "after a second, a writer tries again");
}

#[tokio::test]
async fn the_reported_age_is_that_of_the_oldest_entry() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    world.send_and_kill(presence_join::handle, &enter("ada")).await;
    age(&world, 3_600).await;
    world.send_and_kill(presence_leave::handle, &exit("ada")).await;
    let record = shared::telemetry::Record::new("r", "stream");
    record.scope(async { consume(&world).await.unwrap() }).await;
    let line: Value = serde_json::from_str(&record.line("test")).unwrap();
    assert!(line["OldestUndeliveredAge"].as_i64().unwrap() >= 3_600_000, "{line}");
}

#[tokio::test]
async fn every_line_about_an_event_names_the_request_that_caused_it() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    assert_eq!(owed(&world).await[0]["requestId"], "request-1");
    age(&world, 4).await;
    world.pusher.refuse("kudos:received");
    let record = shared::telemetry::Record::new("r", "stream");
    record.scope(async { consume(&world).await.unwrap() }).await;
    let line: Value = serde_json::from_str(&record.line("test")).unwrap();
    assert_eq!(line["deliveries"], json!([["request-1", "pusher", "given-up"]]), "{line}");
    assert_eq!(world.queues.sent("dead-letter")[0].body["given_up"]["requestId"], "request-1");
}

#[tokio::test]
async fn a_message_of_a_person_is_looked_after_like_any_other() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    age(&world, 4).await;
    let (pk, sk) = world.table.rows().await.into_keys().next().unwrap();
    world.pusher.respond_always(Some(503));
    assert_eq!(receive(&world, message(&json!({ "pk": pk, "sk": sk }), 1)).await, ["m-1"]);
    world.pusher.respond_always(None);
    assert!(receive(&world, message(&json!({ "pk": pk, "sk": sk }), 2)).await.is_empty());
    assert_eq!(world.pusher.take_names(), ["kudos:received"]);
}
