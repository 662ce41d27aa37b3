//! Notifications of kudos and invitations, beside their events.

use serde_json::{Value, json};
use tests::consumer::{age, consume, owed, retry};
use tests::devices::register;
use tests::{Request, World, token_with};

use crate::parties::{create, invite, known, party_of};

/// A world in which both are notified, and ben is known.
async fn world() -> World {
    let world = World::with(&[("NOTIFICATIONS_OF", "kudos,invitations")]).await;
    known(&world, &["ben"]).await;
    world
}

/// Ada's kudos for this user.
fn kudos_for(receiver: &str) -> Request {
    let kudos = json!({ "receiverId": receiver, "sessionId": "s1", "bookTitle": "Emma" });
    Request::new("POST /kudos").by("ada").header("idempotency-key", "k-1").json(&kudos)
}

/// Ada gives this user kudos.
async fn give_kudos(world: &World, receiver: &str) -> String {
    let reply = world.send(kudos_create::handle, &kudos_for(receiver)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["kudosId"].as_str().unwrap().to_owned()
}

/// Ben's notifications, newest first.
async fn of_ben(world: &World) -> Vec<Value> {
    let page = world.send(notifications::handle, &Request::new("GET /notifications").by("ben")).await.body;
    page["notifications"].as_array().unwrap().clone()
}

/// Ben's settings for a type.
async fn prefers(world: &World, settings: &Value) {
    let request = Request::new("PUT /notifications/preferences").by("ben").json(&json!({ "types": settings }));
    let reply = world.send(notifications::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn kudos_become_a_notification_of_their_receiver_beside_the_event() {
    let world = world().await;
    let id = give_kudos(&world, "ben").await;
    let names = |world: &World| world.pusher.take_sent().into_iter().map(|(_, name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(&world), ["kudos:received"]);
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!(names(&world), ["notification:new"]);
    let list = of_ben(&world).await;
    assert_eq!(list.len(), 1);
    assert_eq!((&list[0]["type"], &list[0]["priority"]), (&json!("KUDOS"), &json!("normal")));
    assert_eq!(list[0]["message"], "Ada gave you kudos for reading Emma");
    let data = json!({ "senderId": "ada", "senderName": "Ada", "kudosId": id, "sessionId": "s1", "bookTitle": "Emma" });
    assert_eq!(list[0]["data"], data);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn kudos_that_are_repeated_become_one_notification() {
    let world = world().await;
    let (first, again) = (give_kudos(&world, "ben").await, give_kudos(&world, "ben").await);
    assert_eq!(first, again);
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!(of_ben(&world).await.len(), 1);
}

/// A giver may name any id as the receiver.
#[tokio::test]
async fn kudos_to_an_unknown_user_become_no_notification() {
    let world = world().await;
    give_kudos(&world, "nobody").await;
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!((owed(&world).await, world.queues.sent("dead-letter")), (Vec::new(), Vec::new()));
    let rows = world.table.rows().await;
    assert!(rows.keys().all(|(pk, _)| !pk.contains("nobody")), "{:?}", rows.keys());
}

#[tokio::test]
async fn an_invitation_becomes_a_notification_and_so_does_the_next_one() {
    let world = world().await;
    let party = create(&world, "ada").await;
    for count in 1..=2 {
        assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
        consume(&world).await.unwrap();
        consume(&world).await.unwrap();
        let list = of_ben(&world).await;
        assert_eq!(list.len(), count);
        assert_eq!(list[0]["type"], "PARTY_INVITATION");
        assert_eq!((&list[0]["data"]["partyId"], &list[0]["data"]["senderId"]), (&json!(party), &json!("ada")));
        let decline = Request::new("POST /parties/{partyId}/invitations/decline").by("ben").path("partyId", &party);
        assert_eq!(world.send(::parties::handle, &decline).await.status, 204);
    }
}

#[tokio::test]
async fn the_receivers_preferences_decide_what_arrives() {
    let world = World::with_push_and(&[("NOTIFICATIONS_OF", "kudos,invitations")]).await;
    assert_eq!(world.send(device_tokens::handle, &register("ben", "phone")).await.status, 200);
    prefers(&world, &json!({ "PARTY_INVITATION": { "push": false } })).await;
    let party = create(&world, "ada").await;
    invite(&world, "ada", &party, "ben").await;
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!((of_ben(&world).await.len(), world.fcm.take_sent().len()), (1, 0));
    give_kudos(&world, "ben").await;
    consume(&world).await.unwrap();
    consume(&world).await.unwrap();
    assert_eq!((of_ben(&world).await.len(), world.fcm.take_sent().len()), (2, 1));
}

#[tokio::test]
async fn an_operator_can_leave_both_to_another_back_end() {
    let world = World::with(&[("NOTIFICATIONS_OF", "")]).await;
    known(&world, &["ben"]).await;
    give_kudos(&world, "ben").await;
    let party = create(&world, "ada").await;
    invite(&world, "ada", &party, "ben").await;
    consume(&world).await.unwrap();
    assert_eq!((of_ben(&world).await.len(), owed(&world).await.len()), (0, 0));
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_or_answered_meanwhile_becomes_none() {
    let world = world().await;
    let party = create(&world, "ada").await;
    let reply = |by: &str, route: &str| Request::new(route).by(by).path("partyId", &party).path("userId", "ben");
    for reply in [
        reply("ada", "DELETE /parties/{partyId}/invitations/{userId}"),
        reply("ben", "POST /parties/{partyId}/invitations/accept"),
    ] {
        assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
        assert!(world.send(::parties::handle, &reply).await.status < 300);
        consume(&world).await.unwrap();
        assert_eq!((of_ben(&world).await.len(), owed(&world).await.len()), (0, 0));
    }
}

/// The invitation stays good, from nobody; its row may still owe the notification, which names the inviter.
#[tokio::test]
async fn a_sender_who_was_erased_since_is_named_in_no_notification() {
    let world = world().await;
    // With another member, the party goes on.
    let party = party_of(&world, &["cy"]).await;
    invite(&world, "ada", &party, "ben").await;
    let erase = Request::new("DELETE /users/{userId}").bearer(&token_with("billing", &json!({ "roles": ["service"] })));
    let reply = world.send(::erasure::handle, &erase.path("userId", "ada")).await;
    assert_eq!((reply.status, &reply.body["done"]), (200, &json!(true)), "{reply:?}");
    assert!(owed(&world).await.iter().any(|owed| owed["kind"] == "notify" && owed["notify"]["user"] == "ben"));
    age(&world, 30).await;
    consume(&world).await.unwrap();
    assert_eq!((of_ben(&world).await.len(), world.queues.sent("dead-letter").len()), (0, 0));
}

/// The profile of a new user is written after the response to their first request.
#[tokio::test]
async fn the_first_request_of_its_sender_becomes_a_notification_once_their_profile_is_there() {
    let world = world().await;
    assert_eq!(world.send_and_kill(kudos_create::handle, &kudos_for("ben")).await.status, 201);
    // The lease of the event is over.
    age(&world, 5).await;
    consume(&world).await.unwrap();
    assert_eq!(of_ben(&world).await.len(), 0);
    known(&world, &["ada"]).await;
    let waiting = world.queues.sent("retry");
    assert!(retry(&world, &waiting[0].body).await);
    assert_eq!(of_ben(&world).await.len(), 1);
}
