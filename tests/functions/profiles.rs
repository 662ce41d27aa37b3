//! Profiles: every authenticated call makes the caller known.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Request, World, token, token_with};

async fn name_of(world: &World, user: &str) -> Option<Value> {
    world.table.row(&format!("USER#{user}"), "PROFILE").await.map(|row| row["name"].clone())
}

fn authorize(user: &str, channel: &str) -> Request {
    let body = json!({ "socket_id": "1.2", "channel_name": channel });
    Request::new("POST /pusher/auth").by(user).json(&body)
}

fn at_emma(user: &str, route: &str) -> Request {
    Request::new(route).by(user).path("bookId", "emma")
}

#[tokio::test]
async fn every_authenticated_call_makes_the_caller_known() {
    let world = World::new().await;
    let device = json!({ "token": "phone" });
    let kudos = json!({ "receiverId": "ada", "sessionId": "s1", "bookTitle": "Emma" });
    world.send(pusher_auth::handle, &authorize("own", "private-user-own")).await;
    world.send(pusher_auth::handle, &authorize("encrypted", "private-encrypted-user-encrypted")).await;
    world.send(pusher_auth::handle, &authorize("room", "presence-room-emma")).await;
    let sign_in = Request::new("POST /pusher/user-auth").by("signed-in").form("socket_id=1.2");
    world.send(pusher_auth::handle, &sign_in).await;
    world.send(presence_join::handle, &at_emma("joined", "POST /rooms/{bookId}/presence")).await;
    world.send(presence_leave::handle, &at_emma("left", "DELETE /rooms/{bookId}/presence")).await;
    world.send(kudos_create::handle, &Request::new("POST /kudos").by("giver").json(&kudos)).await;
    world.send(notifications::handle, &Request::new("GET /notifications").by("reader")).await;
    let register = Request::new("POST /notifications/device-token").by("owner").json(&device);
    world.send(device_tokens::handle, &register).await;
    world.send(parties::handle, &Request::new("GET /party-invitations").by("lister")).await;
    let users = ["own", "encrypted", "room", "signed-in", "joined", "left", "giver", "reader", "owner", "lister"];

    let create = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "P" }));
    let party = world.send(parties::handle, &create).await.body["partyId"].as_str().unwrap().to_owned();
    for user in users {
        assert!(name_of(&world, user).await.is_some(), "{user}");
        let invite = Request::new("POST /parties/{partyId}/invitations").by("ada").path("partyId", &party);
        let reply = world.send(parties::handle, &invite.json(&json!({ "userId": user }))).await;
        assert_eq!(reply.status, 201, "{user}: {reply:?}");
    }
}

#[tokio::test]
async fn a_caller_who_is_refused_is_known_and_one_without_a_token_is_not() {
    let world = World::new().await;
    assert_eq!(world.send(pusher_auth::handle, &authorize("ada", "private-user-ben")).await.status, 403);
    assert_eq!(
        world.send(kudos_create::handle, &Request::new("POST /kudos").by("ben").json(&json!({}))).await.status,
        400
    );
    let guest = token_with("eve", &json!({ "aud": "guest" }));
    assert_eq!(world.send(notifications::handle, &Request::new("GET /notifications").bearer(&guest)).await.status, 401);
    assert_eq!(name_of(&world, "ada").await, Some(json!("Ada")));
    assert_eq!(name_of(&world, "ben").await, Some(json!("Ben")));
    assert_eq!(name_of(&world, "eve").await, None);
}

#[tokio::test]
async fn a_profile_is_kept_after_the_response_and_after_the_delivery() {
    let world = World::new().await;
    let kudos = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    let kudos = Request::new("POST /kudos").by("ada").json(&kudos);
    world.send_and_kill(kudos_create::handle, &kudos).await;
    assert_eq!(name_of(&world, "ada").await, None, "killed right after the response");
    world.table.fail("UpdateItem");
    let reply = world.send(kudos_create::handle, &kudos).await;
    assert_eq!((reply.status, world.pusher.take_sent().len()), (201, 1), "the event does not wait for the profile");
    world.table.recover();
    tokio::time::sleep(Duration::from_millis(1_100)).await; // Until then nobody waits for a table that has just failed.
    world.send(kudos_create::handle, &kudos).await;
    assert_eq!(name_of(&world, "ada").await, Some(json!("Ada")), "a later request tries again");
}

#[tokio::test]
async fn a_request_that_the_table_failed_does_not_wait_for_it_again() {
    let world = World::new().await;
    world.table.fail("Query");
    let list = Request::new("GET /notifications").by("ada");
    assert_eq!(world.send(notifications::handle, &list).await.status, 500);
    assert_eq!(world.table.take_requests().get("UpdateItem"), None);
}

#[tokio::test]
async fn a_profile_is_written_once_in_each_process_until_the_user_changes() {
    let world = World::new().await;
    let countess = token_with("ada", &json!({ "name": "Countess" }));
    let mut written = Vec::new();
    for bearer in [token("ada"), token("ada"), countess.clone(), countess, token("ada")] {
        world.send(notifications::handle, &Request::new("GET /notifications/unread-count").bearer(&bearer)).await;
        written.push(world.table.take_requests().remove("UpdateItem").unwrap_or_default());
    }
    assert_eq!(written, [1, 0, 2, 0, 2], "a change of name writes the entry of the index, too");
    assert_eq!(name_of(&world, "ada").await, Some(json!("Ada")), "as the last token has it");
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_hides_nobody_else() {
    let world = World::new().await;
    for user in ["ada", "ben"] {
        assert_eq!(
            world.send(presence_join::handle, &at_emma(user, "POST /rooms/{bookId}/presence")).await.status,
            200
        );
    }
    world.table.put_rows(&[json!({ "pk": "USER#ben", "sk": "PROFILE", "name": 7 })]).await;
    let listed = world.send(presence_list::handle, &at_emma("ada", "GET /rooms/{bookId}/presence")).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let shown = listed.body.to_string();
    assert!(shown.contains("Ada") && shown.contains(r#""ben""#), "{shown}");
    let again = world.send(presence_join::handle, &at_emma("ben", "POST /rooms/{bookId}/presence")).await;
    assert_eq!(again.status, 200, "{again:?}");
}
