//! `POST` and `DELETE /rooms/{bookId}/presence`. Each change of state sends exactly one event.

use futures_util::future::join_all;
use presence_join::handle as join;
use presence_leave::handle as leave;
use proptest::prelude::*;
use serde_json::json;
use shared::contract::time::Millis;
use shared::rooms::observation::Observation;
use shared::rooms::presence;
use tests::{Request, World, rooms};

fn ada_joins() -> Request {
    Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma")
}

fn ada_leaves() -> Request {
    Request::new("DELETE /rooms/{bookId}/presence").by("ada").path("bookId", "emma")
}

#[tokio::test]
async fn the_room_gets_an_event_for_each_user_who_joins_or_leaves() {
    let world = World::new().await;
    let reply = world.send(join, &ada_joins()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["bookId"], "emma");
    assert_eq!((&reply.body["userId"], &reply.body["isAuthor"]), (&json!("ada"), &json!(false)));
    let person = json!({ "userId": "ada", "displayName": "Ada", "avatarUrl": "https://example.com/ada.png" });
    let room = "presence-room-emma".to_owned();
    assert_eq!(world.pusher.take_sent(), [(room.clone(), "room:user-joined".to_owned(), person)]);

    let reply = world.send(leave, &ada_leaves()).await;
    assert_eq!((reply.status, reply.body.is_null()), (204, true));
    assert_eq!(world.pusher.take_sent(), [(room, "room:user-left".to_owned(), json!({ "userId": "ada" }))]);
}

#[tokio::test]
async fn the_author_is_announced_after_joining() {
    let world = World::new().await;
    world.table.put_book("emma", "ada", "A. Lovelace").await;
    assert_eq!(world.send(join, &ada_joins()).await.body["isAuthor"], true);
    let sent = world.pusher.take_sent();
    assert_eq!(sent[0].1, "room:user-joined");
    assert_eq!(
        (sent[1].1.as_str(), &sent[1].2),
        ("room:author-joined", &json!({ "authorId": "ada", "authorName": "A. Lovelace" }))
    );
    assert_eq!(world.pusher.take_batches(), [2], "one request for both");
}

#[tokio::test]
async fn joining_again_changes_nothing_and_returns_the_first_time() {
    let world = World::new().await;
    let first = world.send(join, &ada_joins()).await;
    let second = world.send(join, &ada_joins()).await;
    assert_eq!(first.body, second.body);
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}

#[tokio::test]
async fn leaving_a_room_without_being_in_it_succeeds_and_sends_nothing() {
    let world = World::new().await;
    assert_eq!(world.send(leave, &ada_leaves()).await.status, 204);
    assert!(world.table.rows().await.is_empty());
    world.send(join, &ada_joins()).await;
    world.send(leave, &ada_leaves()).await;
    world.pusher.take_names();
    assert_eq!(world.send(leave, &ada_leaves()).await.status, 204);
    assert!(world.pusher.take_names().is_empty());
}

#[tokio::test]
async fn the_event_of_a_leave_waits_behind_that_of_an_undelivered_join() {
    let world = World::new().await;
    world.send_and_kill(join, &ada_joins()).await;
    world.send(leave, &ada_leaves()).await;
    assert!(world.pusher.take_names().is_empty(), "left to the consumer, which keeps the order");
    let row = world.table.row("ROOM#emma", "USER#ada").await.unwrap();
    let owed = row["outbox"].as_str().unwrap();
    let place = |name: &str| owed.find(name).unwrap();
    assert!(place("room:user-joined") < place("room:user-left"), "{owed}");
}

#[tokio::test]
async fn invalid_books_and_tokens_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    for bad in ["", "a b", "a\n", "a/b", "а", &"x".repeat(129), &"x".repeat(10_000)] {
        let at = |route: &str| Request::new(route).by("ada").path("bookId", bad);
        assert_eq!(world.send(join, &at("POST /rooms/{bookId}/presence")).await.status, 400, "{bad:?}");
        assert_eq!(world.send(leave, &at("DELETE /rooms/{bookId}/presence")).await.status, 400, "{bad:?}");
    }
    let nobody = Request::new("POST /rooms/{bookId}/presence").path("bookId", "emma");
    assert_eq!(world.send(join, &nobody).await.status, 401);
    assert_eq!(world.send(leave, &nobody).await.status, 401);
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn many_tabs_that_join_at_once_are_one_user() {
    let world = World::new().await;
    let request = ada_joins();
    let replies = join_all((0..10).map(|_| world.send(join, &request))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(world.pusher.take_names(), ["room:user-joined"]);
}

/// An observation of one user.
#[derive(Debug, Clone, Copy)]
struct Seen {
    present: bool,
    at: i64,
}

fn observations() -> impl Strategy<Value = Vec<Seen>> {
    let one = (any::<bool>(), 1_000_000_000_000_i64..1_000_000_000_020).prop_map(|(present, at)| Seen { present, at });
    proptest::collection::vec(one, 1..12)
}

async fn observe(world: &World, seen: Seen) {
    let (member, at) = (rooms::user("emma", "ada"), Millis(seen.at));
    if seen.present {
        rooms::join(world, &member, at).await;
    } else {
        let (table, writer) = (&world.app.table, world.app.writer("test"));
        let left = presence::leave(table, &writer, &member, Observation::ByWebhook(at)).await;
        world.app.deliver(left.unwrap().pending).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn joins_and_leaves_alternate_in_whatever_order_observations_arrive(list in observations(), at_once in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            if at_once {
                join_all(list.iter().map(|seen| observe(&world, *seen))).await;
            } else {
                for seen in &list {
                    observe(&world, *seen).await;
                }
            }
            let row = world.table.row("ROOM#emma", "USER#ada").await;
            let mut told = world.pusher.take_names();
            if let Some(owed) = row.as_ref().and_then(|row| row.get("outbox")) {
                told.extend(owed.as_str().unwrap().match_indices("room:user-").map(|(at, _)| {
                    owed.as_str().unwrap()[at..].split('"').next().unwrap().to_owned()
                }));
            }
            for (n, name) in told.iter().enumerate() {
                prop_assert_eq!(name.as_str(), if n % 2 == 0 { "room:user-joined" } else { "room:user-left" }, "{:?}", told);
            }
            let present = row.is_some_and(|row| row["present"] == json!(true));
            prop_assert_eq!(present, told.len() % 2 == 1);
            if !at_once && !list.is_empty() {
                // The newest observation decides. Of equally new ones, the last to arrive decides.
                let newest = list.iter().max_by_key(|seen| seen.at);
                prop_assert_eq!(present, newest.is_some_and(|seen| seen.present));
            }
            Ok(())
        })?;
    }
}
