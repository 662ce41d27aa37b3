//! The consumer of the stream of the table and of the retry queue.

use kudos_create::handle as give;
use serde_json::json;
use shared::delivery::StreamFailure;
use tests::consumer::{self, age, batch, consume, message, receive};
use tests::{Request, World};

fn kudos(title: &str) -> Request {
    Request::new("POST /kudos").by("ada").json(&json!({ "receiverId": "ben", "sessionId": "s", "bookTitle": title }))
}

async fn titles_in_outboxes(world: &World) -> usize {
    world.table.rows().await.values().filter(|row| row.contains_key("outbox")).count()
}

#[tokio::test]
async fn the_consumer_delivers_what_a_killed_function_left() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert_eq!(titles_in_outboxes(&world).await, 0);
}

#[tokio::test]
async fn the_consumer_leaves_a_new_row_to_its_writer_and_looks_again_later() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    consume(&world).await.unwrap();
    assert!(world.pusher.take_sent().is_empty());
    let waiting = world.queues.sent("retry");
    assert_eq!((waiting.len(), waiting[0].delay), (1, 3), "when the lease ends");
    age(&world, 3).await;
    let failed = receive(&world, message(&waiting[0].body, 1)).await;
    assert!(failed.is_empty());
    assert_eq!(world.pusher.take_sent().len(), 1);
}

#[tokio::test]
async fn the_consumer_leaves_a_queued_row_to_the_queue_so_that_its_event_is_sent_once() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    consume(&world).await.unwrap();
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert!(world.pusher.take_sent().is_empty());
    let waiting = world.queues.sent("retry");
    assert_eq!(waiting.len(), 1, "and asks for it once");
    receive(&world, message(&waiting[0].body, 1)).await;
    assert_eq!(world.pusher.take_sent().len(), 1);
}

#[tokio::test]
async fn the_consumer_keeps_a_later_event_behind_a_queued_one() {
    let world = World::new().await;
    let enter = Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    let leave = Request::new("DELETE /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    world.send_and_kill(presence_join::handle, &enter).await;
    consume(&world).await.unwrap();
    world.send(presence_leave::handle, &leave).await;
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert!(world.pusher.take_sent().is_empty(), "the departure does not overtake the arrival");
    let waiting = world.queues.sent("retry");
    receive(&world, message(&waiting[0].body, 1)).await;
    assert_eq!(world.pusher.take_names(), ["room:user-joined", "room:user-left"]);
}

#[tokio::test]
async fn the_consumer_skips_a_row_that_was_cleared_after_the_record() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    age(&world, 3).await;
    let event = batch(&world).await;
    consume(&world).await.unwrap();
    world.pusher.take_sent();
    consumer::give(&world, event).await.unwrap();
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn the_consumer_reads_and_sends_many_rows_in_batches() {
    let world = World::new().await;
    for n in 0..25 {
        world.send_and_kill(give, &kudos(&format!("Emma {n}"))).await;
    }
    age(&world, 3).await;
    world.table.take_requests();
    let event = batch(&world).await;
    consumer::give(&world, event).await.unwrap();
    assert_eq!(world.table.take_requests(), [("BatchGetItem".to_owned(), 1), ("UpdateItem".to_owned(), 25)].into());
    assert_eq!(world.pusher.take_batches(), [10, 10, 5]);
}

#[tokio::test]
async fn the_consumer_queues_what_pusher_does_not_take_now() {
    for status in [500, 429, 401, 403] {
        let world = World::new().await;
        world.send_and_kill(give, &kudos("Emma")).await;
        age(&world, 3).await;
        world.pusher.respond_always(Some(status));
        consume(&world).await.unwrap();
        let waiting = world.queues.sent("retry");
        assert_eq!(waiting.len(), 1, "{status}");
        assert!(world.queues.sent("dead-letter").is_empty());
        assert_eq!(titles_in_outboxes(&world).await, 1, "still owed");

        let failed = receive(&world, message(&waiting[0].body, 5)).await;
        assert_eq!(failed, ["m-1"], "comes back");
        let pause = world.queues.postponed()[0];
        assert!((24..=32).contains(&pause), "the fifth pause is about 32 s: {pause}");

        world.pusher.respond_always(None);
        let failed = receive(&world, message(&waiting[0].body, 6)).await;
        assert!(failed.is_empty());
        assert_eq!((world.pusher.take_sent().len(), titles_in_outboxes(&world).await), (1, 0));
    }
}

#[tokio::test]
async fn the_consumer_gives_up_what_pusher_refuses_for_good_and_delivers_all_else() {
    let world = World::new().await;
    for n in 0..12 {
        world.send_and_kill(give, &kudos(&format!("Emma {n}"))).await;
    }
    let poisoned = world.table.rows().await.into_keys().nth(4).unwrap();
    let outbox = json!({ "owed": [
        { "id": "bad", "at": 1, "kind": "pusher", "channel": "private-user-ben", "name": "poison", "data": "{}" },
        { "id": "good", "at": 1, "kind": "pusher", "channel": "private-user-ben", "name": "kudos:received", "data": "{}" },
    ] });
    world.table.put(&[("pk", &poisoned.0), ("sk", &poisoned.1), ("outbox", &outbox.to_string())]).await;
    age(&world, 3).await;
    world.pusher.refuse("poison");
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent().len(), 12);
    let dead = world.queues.sent("dead-letter");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].body["given_up"]["name"], "poison");
    assert!(dead[0].body["reason"].as_str().unwrap().contains("400"));
    assert_eq!(titles_in_outboxes(&world).await, 0, "it holds up nothing");

    world.pusher.refuse("nothing");
    let failed = receive(&world, message(&dead[0].body, 1)).await;
    assert!(failed.is_empty());
    assert_eq!(world.pusher.take_sent()[0].1, "poison", "replaying the message delivers it");
}

#[tokio::test]
async fn the_consumer_asks_for_the_batch_again_when_pusher_and_the_queue_fail() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    age(&world, 3).await;
    world.pusher.respond_always(Some(500));
    world.queues.fail();
    assert_eq!(consume(&world).await, Err(StreamFailure("100".to_owned())));
    assert_eq!(titles_in_outboxes(&world).await, 1);
}

#[tokio::test]
async fn the_consumer_asks_for_the_batch_again_when_the_table_cannot_be_read() {
    let world = World::new().await;
    world.send_and_kill(give, &kudos("Emma")).await;
    let event = batch(&world).await;
    world.table.fail("BatchGetItem");
    let outcome = consumer::give(&world, event).await;
    assert_eq!(outcome, Err(StreamFailure("100".to_owned())));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_stays_in_the_queue() {
    let world = World::new().await;
    let failed = receive(&world, message(&json!({ "not": "ours" }), 1)).await;
    assert_eq!(failed, ["m-1"]);
}

#[tokio::test]
async fn a_stalled_pusher_does_not_hold_a_writer_until_it_goes_on() {
    let world = World::new().await;
    world.pusher.stall();
    let reply = world.send(give, &kudos("Emma")).await;
    assert_eq!(reply.status, 201);
    assert!(reply.line["causes"].to_string().contains("Pusher did not answer"), "{reply:?}");
    assert_eq!(titles_in_outboxes(&world).await, 1);
}
