//! Operators: other back ends, and people with the role `admin`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::guest_chat::{guest_writes, inbox};
use tests::{Reply, Request, World, lease, token_with};

use crate::parties::{accept, ask, create, invite, known, party_of, read};
use crate::sockets::{connect, emit};

fn admin() -> String {
    token_with("root", &json!({ "name": "Root", "roles": ["admin"] }))
}

/// The tokens of both kinds of operators.
fn operators() -> [String; 2] {
    [admin(), token_with("billing", &json!({ "roles": ["service"] }))]
}

async fn show(world: &World, bearer: &str, user: &str) -> Reply {
    world.send(erasure::handle, &Request::new("GET /users/{userId}").path("userId", user).bearer(bearer)).await
}

async fn parties(world: &World, bearer: &str, query: &[(&str, &str)]) -> Reply {
    let request = Request::new("GET /parties").bearer(bearer);
    let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
    world.send(::parties::handle, &request).await
}

fn ids(page: &Value) -> Vec<&str> {
    page["parties"].as_array().unwrap().iter().map(|party| party["partyId"].as_str().unwrap()).collect()
}

/// Gives this user a party, an invitation to another, kudos, a notification and a device.
pub(crate) async fn have_something(world: &World, user: &str) {
    known(world, &[user]).await;
    create(world, user).await;
    let others = create(world, "ben").await;
    assert_eq!(invite(world, "ben", &others, user).await.status, 201);
    let kudos = json!({ "receiverId": user, "sessionId": "s1", "bookTitle": "Emma" });
    assert_eq!(world.send(kudos_create::handle, &Request::new("POST /kudos").by("ben").json(&kudos)).await.status, 201);
    let device = world.send(device_tokens::handle, &tests::devices::register(user, "a-phone-of-theirs")).await;
    assert_eq!(device.status, 200);
    tests::notification::notify(world, json!({ "userId": user })).await;
}

#[tokio::test]
async fn operators_see_everything_of_a_user_but_no_token() {
    let world = World::new().await;
    have_something(&world, "ada").await;
    lease::put(&world, json!({})).await;
    lease::write(&world, "ada", "Good morning").await;
    connect(&world, "ws", "a1", "ada").await;
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": "Hello" })).await;
    for operator in operators() {
        let shown = show(&world, &operator, "ada").await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let body = shown.body;
        assert_eq!(
            body["profile"],
            json!({ "displayName": "Ada", "avatarUrl": "https://example.com/ada.png", "email": null })
        );
        assert_eq!((ids(&body["parties"]).len(), &body["parties"]["nextCursor"]), (1, &json!(null)));
        assert_eq!(body["invitations"]["invitations"][0]["invitedBy"]["id"], "ben");
        assert_eq!(body["kudos"], json!({ "received": 1, "hasMore": false }));
        assert_eq!(body["notifications"], json!({ "unread": 1 }));
        assert_eq!(body["devices"].as_array().unwrap().len(), 1);
        let conversations = &body["conversations"];
        let found: BTreeSet<_> =
            conversations["conversations"].as_array().unwrap().iter().map(Value::to_string).collect();
        let expected = [json!({ "kind": "lease", "bailId": "b1" }), json!({ "kind": "direct", "userId": "ben" })];
        assert_eq!(found, expected.iter().map(Value::to_string).collect());
        assert!(!body.to_string().contains("a-phone-of-theirs"), "{body}");
    }
    let stranger = show(&world, &admin(), "nobody").await;
    assert_eq!((stranger.status, &stranger.body["profile"]), (200, &json!(null)));
}

#[tokio::test]
async fn nobody_else_sees_another_users_everything_nor_their_parties() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let tokens = [tests::token("eve"), token_with("eve", &json!({ "roles": ["owner", "administrator"] }))];
    for bearer in &tokens {
        for user in ["ada", "eve"] {
            assert_eq!(show(&world, bearer, user).await.status, 403);
            assert_eq!(parties(&world, bearer, &[("userId", user)]).await.status, 403);
        }
        assert_eq!(parties(&world, bearer, &[("all", "true")]).await.status, 403);
        for route in
            ["GET /parties/{partyId}", "DELETE /parties/{partyId}", "DELETE /parties/{partyId}/members/{userId}"]
        {
            let refused = world.send(::parties::handle, &ask("eve", route, &party, "ben").bearer(bearer)).await;
            assert_eq!(refused.status, 403, "{route}: {refused:?}");
        }
        assert_eq!(world.send(guest_chat::handle, &inbox("eve").bearer(bearer)).await.status, 403);
    }
    let service = token_with("billing", &json!({ "roles": ["service", "admin"] }));
    let acting = Request::new("GET /users/{userId}").path("userId", "ada").bearer(&service);
    assert_eq!(world.send(erasure::handle, &acting.header("on-behalf-of", "ada")).await.status, 400);
    let acting = ask("eve", "DELETE /parties/{partyId}", &party, "").bearer(&service).header("on-behalf-of", "eve");
    assert_eq!(world.send(::parties::handle, &acting).await.status, 403, "eve may not, and so a service for her");
    assert_eq!(read(&world, "ada", &party).await.status, 200);
}

#[tokio::test]
async fn an_admin_may_not_do_what_services_do() {
    let world = World::new().await;
    let erase = Request::new("DELETE /users/{userId}").path("userId", "ada").bearer(&admin());
    assert_eq!(world.send(erasure::handle, &erase).await.status, 403);
    let unread = Request::new("GET /notifications/unread-count").bearer(&admin()).header("on-behalf-of", "ada");
    assert_eq!(world.send(notifications::handle, &unread).await.status, 403);
}

#[tokio::test]
async fn operators_list_the_parties_of_a_user_in_pages() {
    let world = World::new().await;
    let mut created = Vec::new();
    for _ in 0..3 {
        created.insert(0, create(&world, "ada").await);
    }
    create(&world, "ben").await;
    for operator in operators() {
        let first = parties(&world, &operator, &[("userId", "ada"), ("limit", "2")]).await.body;
        let cursor = first["nextCursor"].as_str().unwrap();
        let second = parties(&world, &operator, &[("userId", "ada"), ("limit", "2"), ("cursor", cursor)]).await.body;
        assert_eq!([ids(&first), ids(&second)].concat(), created);
        assert_eq!(parties(&world, &operator, &[]).await.body["parties"], json!([]), "their own");
    }
}

#[tokio::test]
async fn operators_list_all_parties_that_have_not_ended_each_once() {
    let world = World::new().await;
    let mut expected = BTreeSet::new();
    for owner in ["ada", "ben", "cleo", "dan", "eve"] {
        expected.insert(create(&world, owner).await);
    }
    let ended = create(&world, "fay").await;
    assert_eq!(world.send(::parties::handle, &ask("fay", "DELETE /parties/{partyId}", &ended, "")).await.status, 204);
    for limit in ["1", "2", "50"] {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("all", "true"), ("limit", limit)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = parties(&world, &admin(), &query).await;
            assert_eq!(page.status, 200, "{page:?}");
            found.extend(ids(&page.body).into_iter().map(str::to_owned));
            assert!(found.len() <= expected.len(), "{found:?}");
            cursor = page.body["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (expected.len(), expected.clone()));
    }
    for bad in [
        [("all", "false"), ("limit", "5")],
        [("all", "true"), ("userId", "ada")],
        [("all", "true"), ("cursor", "eA")],
        [("userId", "a%20b"), ("limit", "5")],
    ] {
        assert_eq!(parties(&world, &admin(), &bad).await.status, 400, "{bad:?}");
    }
}

#[tokio::test]
async fn operators_read_a_party_remove_its_members_and_end_it() {
    for operator in operators() {
        let world = World::new().await;
        let party = party_of(&world, &["ben", "cleo"]).await;
        let by = |route, member| ask("x", route, &party, member).bearer(&operator);
        let member = "DELETE /parties/{partyId}/members/{userId}";

        let shown = world.send(::parties::handle, &by("GET /parties/{partyId}", "")).await;
        assert_eq!((shown.status, shown.body["members"].as_array().unwrap().len()), (200, 3), "{shown:?}");
        let owner = world.send(::parties::handle, &by(member, "ada")).await;
        assert_eq!(owner.status, 409, "{owner:?}");
        assert_eq!(world.send(::parties::handle, &by(member, "nobody")).await.status, 404);
        assert_eq!(world.send(::parties::handle, &by(member, "ben")).await.status, 204);
        assert_eq!(read(&world, "ben", &party).await.status, 403);
        let (_, _, removed) =
            world.pusher.take_sent().into_iter().find(|(_, name, _)| name == "party-updated").unwrap();
        assert!(["root", "billing"].contains(&removed["data"]["removedBy"].as_str().unwrap()), "{removed}");

        for _ in 0..2 {
            let end = world.send(::parties::handle, &by("DELETE /parties/{partyId}", "")).await;
            assert_eq!(end.status, 204, "{end:?}");
        }
        assert_eq!(read(&world, "ada", &party).await.status, 404);
        assert_eq!(accept(&world, &party, "ben").await.status, 404);
    }
}

#[tokio::test]
async fn operators_see_a_hotels_inbox_and_write_in_none() {
    let world = World::new().await;
    guest_writes(&world, "Is there a kettle?").await;
    for operator in operators() {
        let shown = world.send(guest_chat::handle, &inbox("x").bearer(&operator)).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let chat = &shown.body["chats"][0];
        assert_eq!((&chat["bookingId"], &chat["unreadCount"]), (&json!("BK-2025-0123"), &json!(1)));
        let write = tests::guest_chat::as_staff("x", "POST /messages").bearer(&operator);
        let write = write.json(&json!({ "message": "Yes" }));
        assert_eq!(world.send(guest_chat::handle, &write).await.status, 403);
    }
}
