//! `/parties…` and `GET /party-invitations`

use ::parties::handle;
use futures_util::future::{join, join_all};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::{Fault, Hold, Reply, Request, World, token, token_with};

/// A request to this route by this user, with this party and this member in its path.
pub(crate) fn ask(user: &str, route: &str, party: &str, member: &str) -> Request {
    Request::new(route).by(user).path("partyId", party).path("userId", member)
}

pub(crate) async fn create(world: &World, owner: &str) -> String {
    let request = Request::new("POST /parties").by(owner).json(&json!({ "partyName": "Book club" }));
    let reply = world.send(handle, &request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["partyId"].as_str().unwrap().to_owned()
}

/// Lets each of these users send a request, so that they are known and can be invited.
pub(crate) async fn known(world: &World, users: &[&str]) {
    for user in users {
        world.send(handle, &Request::new("GET /party-invitations").by(user)).await;
    }
}

pub(crate) async fn invite(world: &World, by: &str, party: &str, user: &str) -> Reply {
    let request = ask(by, "POST /parties/{partyId}/invitations", party, "").json(&json!({ "userId": user }));
    world.send(handle, &request).await
}

pub(crate) async fn accept(world: &World, party: &str, user: &str) -> Reply {
    world.send(handle, &ask(user, "POST /parties/{partyId}/invitations/accept", party, "")).await
}

pub(crate) async fn decline(world: &World, party: &str, user: &str) -> Reply {
    world.send(handle, &ask(user, "POST /parties/{partyId}/invitations/decline", party, "")).await
}

pub(crate) async fn revoke(world: &World, by: &str, party: &str, user: &str) -> Reply {
    world.send(handle, &ask(by, "DELETE /parties/{partyId}/invitations/{userId}", party, user)).await
}

pub(crate) async fn depart(world: &World, by: &str, party: &str, user: &str) -> Reply {
    world.send(handle, &ask(by, "DELETE /parties/{partyId}/members/{userId}", party, user)).await
}

pub(crate) async fn read(world: &World, by: &str, party: &str) -> Reply {
    world.send(handle, &ask(by, "GET /parties/{partyId}", party, "")).await
}

pub(crate) async fn change(world: &World, by: &str, party: &str, body: &Value) -> Reply {
    world.send(handle, &ask(by, "PATCH /parties/{partyId}", party, "").json(body)).await
}

pub(crate) async fn hand_over(world: &World, by: &str, party: &str, to: &str) -> Reply {
    world.send(handle, &ask(by, "PUT /parties/{partyId}/owner", party, "").json(&json!({ "userId": to }))).await
}

pub(crate) async fn invitations(world: &World, user: &str) -> Vec<Value> {
    let page = world.send(handle, &Request::new("GET /party-invitations").by(user)).await;
    page.body["invitations"].as_array().unwrap().clone()
}

fn members(party: &Value) -> Vec<&str> {
    party["members"].as_array().unwrap().iter().map(|member| member["userId"].as_str().unwrap()).collect()
}

/// A party that ada owns, with so many members in all. The rows of the others are put, as their requests would.
pub(crate) async fn party_of_many(world: &World, members: usize) -> String {
    let party = create(world, "ada").await;
    let member = |n: usize| {
        json!({ "pk": format!("PARTY#{party}"), "sk": format!("MEMBER#user-{n:03}"), "username": format!("User {n}"),
            "avatar": format!("https://example.com/pictures/user-{n:03}.png"), "joined_at": n,
            "gsi1pk": format!("MEMBERSHIPS#user-{n:03}"), "gsi1sk": format!("{n:016}#{party}") })
    };
    for chunk in (1..members).map(member).collect::<Vec<_>>().chunks(100) {
        world.table.put_rows(chunk).await;
    }
    let count = i64::try_from(members).unwrap();
    world.table.set_number((&format!("PARTY#{party}"), "PARTY"), "members", count).await;
    party
}

/// A party that ada owns, with these other members.
pub(crate) async fn party_of(world: &World, others: &[&str]) -> String {
    let party = create(world, "ada").await;
    known(world, others).await;
    for user in others {
        assert_eq!(invite(world, "ada", &party, user).await.status, 201);
        assert_eq!(accept(world, &party, user).await.status, 200);
    }
    world.pusher.take_sent();
    party
}

#[tokio::test]
async fn parties_are_created_by_their_owner() {
    let world = World::new().await;
    let founding = json!({ "partyName": " Book club ", "settings": { "private": true } });
    let reply = world.send(handle, &Request::new("POST /parties").by("ada").json(&founding)).await;
    assert_eq!(reply.status, 201);
    assert_eq!((&reply.body["partyName"], &reply.body["ownerId"]), (&json!("Book club"), &json!("ada")));
    assert_eq!(reply.body["settings"], json!({ "private": true }));
    let party = read(&world, "ada", reply.body["partyId"].as_str().unwrap()).await.body;
    let member = &party["members"][0];
    assert_eq!(
        (&member["userId"], &member["role"], &member["username"]),
        (&json!("ada"), &json!("owner"), &json!("Ada"))
    );
}

#[tokio::test]
async fn a_party_created_twice_with_one_key_is_one_and_the_first_response_is_repeated() {
    let world = World::new().await;
    let request = Request::new("POST /parties").by("ada").header("idempotency-key", "k");
    let request = request.json(&json!({ "partyName": "Book club" }));
    let first = world.send(handle, &request).await;
    change(&world, "ada", first.body["partyId"].as_str().unwrap(), &json!({ "partyName": "Renamed" })).await;
    let again = world.send(handle, &request).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other =
        Request::new("POST /parties").by("ada").header("idempotency-key", "k").json(&json!({ "partyName": "x" }));
    assert_eq!(world.send(handle, &other).await.status, 422);
}

#[tokio::test]
async fn a_party_requested_again_while_the_first_request_is_in_its_transaction_is_created_once() {
    let world = World::new().await;
    let request = Request::new("POST /parties").by("ada").header("idempotency-key", "k");
    let request = request.json(&json!({ "partyName": "Book club" }));
    let hold = Hold::default();
    let faults = [Fault::Held(hold.clone()), Fault::Conflict, Fault::Conflict, Fault::Conflict];
    world.table.inject("TransactWriteItems", &faults);
    let repetition = async {
        hold.reached().await;
        let first_ends = async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            hold.release();
        };
        join(world.send(handle, &request), first_ends).await.0
    };
    let (first, again) = join(world.send(handle, &request), repetition).await;
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.body, again.body);
    let rows = world.table.rows().await;
    assert_eq!(rows.keys().filter(|(pk, _)| pk.starts_with("PARTY#")).count(), 2, "one party, one member: {rows:?}");
}

#[tokio::test]
async fn an_invitation_reaches_the_user_in_the_documented_shape() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    let reply = invite(&world, "ada", &party, "ben").await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let (channel, name, data) = world.pusher.take_sent().remove(0);
    assert_eq!((channel.as_str(), name.as_str()), ("private-user-ben", "party-invitation-received"));
    let inviter = json!({ "id": "ada", "username": "Ada" });
    let invited_at = reply.body["invitedAt"].clone();
    assert_eq!(
        data,
        json!({ "partyId": party, "partyName": "Book club", "invitedBy": inviter, "invitedAt": invited_at })
    );
    assert_eq!(invitations(&world, "ben").await, [reply.body]);
}

#[tokio::test]
async fn a_user_can_be_invited_once_they_have_sent_any_request() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 404);
    world.knows(&token("ben")).await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
}

#[tokio::test]
async fn members_get_an_event_when_a_user_joins_their_party() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    invite(&world, "ada", &party, "ben").await;
    world.pusher.take_sent();
    let reply = accept(&world, &party, "ben").await;
    assert_eq!((reply.status, members(&reply.body)), (200, vec!["ada", "ben"]));
    let (channel, name, data) = world.pusher.take_sent().remove(0);
    assert_eq!((channel, name.as_str()), (format!("private-party-{party}"), "party-updated"));
    assert_eq!((&data["partyId"], &data["updateType"]), (&json!(party), &json!("member-joined")));
    assert_eq!(data["data"], json!({ "userId": "ben", "username": "Ben", "avatar": "https://example.com/ben.png" }));
    assert!(data["updatedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(data.as_object().unwrap().len(), 4);
    assert!(invitations(&world, "ben").await.is_empty());
}

#[tokio::test]
async fn an_invitation_accepted_several_times_at_once_adds_one_member() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    invite(&world, "ada", &party, "ben").await;
    world.pusher.take_sent();
    let replies = join_all((0..5).map(|_| accept(&world, &party, "ben"))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert_eq!(world.table.row(&format!("PARTY#{party}"), "PARTY").await.unwrap()["members"], 2);
}

#[tokio::test]
async fn a_party_cannot_be_joined_once_the_invitation_is_gone() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben", "cy", "dee"]).await;
    assert_eq!(accept(&world, &party, "ben").await.status, 404);
    assert_eq!(decline(&world, &party, "ben").await.status, 404);
    for user in ["ben", "cy"] {
        invite(&world, "ada", &party, user).await;
    }
    assert_eq!(revoke(&world, "ada", &party, "ben").await.status, 204);
    assert_eq!(accept(&world, &party, "ben").await.status, 409);
    assert_eq!(decline(&world, &party, "ben").await.status, 409);
    assert_eq!(revoke(&world, "ada", &party, "ben").await.status, 404);
    assert_eq!(decline(&world, &party, "cy").await.status, 204);
    assert_eq!(accept(&world, &party, "cy").await.status, 409);
    assert_eq!(invite(&world, "ada", &party, "cy").await.status, 201, "they may be asked again");
    assert_eq!(accept(&world, &party, "cy").await.status, 200);
    assert_eq!(members(&read(&world, "ada", &party).await.body), ["ada", "cy"]);
}

#[tokio::test]
async fn an_expired_invitation_is_gone_and_can_be_sent_again() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    invite(&world, "ada", &party, "ben").await;
    world.table.set_number(("USER#ben", &format!("INVITATION#{party}")), "expires_at", 1_000_000).await;
    assert!(invitations(&world, "ben").await.is_empty());
    assert_eq!(accept(&world, &party, "ben").await.status, 409);
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
    assert_eq!(accept(&world, &party, "ben").await.status, 200);
}

#[tokio::test]
async fn members_leave_a_party_and_it_ends_with_the_last_one() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    known(&world, &["cy"]).await;
    invite(&world, "ada", &party, "cy").await;
    world.pusher.take_sent();
    assert_eq!(depart(&world, "ada", &party, "ada").await.status, 409, "others are there");
    assert_eq!(depart(&world, "ben", &party, "ben").await.status, 204);
    assert!(world.pusher.terminated().is_empty(), "who leaves stays connected");
    let (_, name, data) = world.pusher.take_sent().remove(0);
    assert_eq!((name.as_str(), &data["updateType"]), ("party-updated", &json!("member-left")));
    assert_eq!(data["data"], json!({ "userId": "ben", "username": "Ben", "removedBy": null }));
    assert_eq!(depart(&world, "ben", &party, "ben").await.status, 403);
    assert_eq!(depart(&world, "ada", &party, "ada").await.status, 204);
    assert_eq!(read(&world, "ada", &party).await.status, 404);
    assert!(invitations(&world, "cy").await.is_empty(), "nobody can accept it any more");
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 404);
}

#[tokio::test]
async fn only_the_owner_of_a_party_removes_members() {
    let world = World::new().await;
    let party = party_of(&world, &["ben", "cy"]).await;
    assert_eq!(depart(&world, "ben", &party, "cy").await.status, 403);
    assert_eq!(depart(&world, "eve", &party, "cy").await.status, 403);
    assert_eq!(depart(&world, "ada", &party, "cy").await.status, 204);
    assert_eq!(world.pusher.take_sent()[0].2["data"]["removedBy"], "ada");
    assert_eq!(world.pusher.terminated(), ["cy"], "and their connections end");
    assert_eq!(depart(&world, "ada", &party, "cy").await.status, 404);
    assert_eq!(members(&read(&world, "ada", &party).await.body), ["ada", "ben"]);
    assert_eq!(read(&world, "cy", &party).await.status, 403);
}

#[tokio::test]
async fn an_operator_can_turn_off_that_a_removal_ends_connections() {
    let world = World::with(&[("TERMINATE_REMOVED", "false")]).await;
    let party = party_of(&world, &["ben"]).await;
    assert_eq!(depart(&world, "ada", &party, "ben").await.status, 204);
    assert_eq!(world.pusher.take_sent()[0].2["data"]["removedBy"], "ada");
    assert!(world.pusher.terminated().is_empty());
    assert_eq!(read(&world, "ben", &party).await.status, 403);
}

#[tokio::test]
async fn the_end_of_connections_stays_in_the_outbox_when_pusher_is_down() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    world.pusher.respond_always(Some(503));
    assert_eq!(depart(&world, "ada", &party, "ben").await.status, 204);
    let row = world.table.row(&format!("PARTY#{party}"), "PARTY").await.unwrap();
    let owed = row["outbox"].as_str().unwrap();
    assert!(owed.find("member-left").unwrap() < owed.find("terminate").unwrap(), "{owed}");
}

#[tokio::test]
async fn the_owner_hands_a_party_over_to_a_member() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    assert_eq!(hand_over(&world, "ben", &party, "ben").await.status, 403);
    assert_eq!(hand_over(&world, "ada", &party, "eve").await.status, 404);
    assert_eq!(hand_over(&world, "ada", &party, "ada").await.status, 200);
    assert!(world.pusher.take_sent().is_empty(), "nothing changed");
    assert_eq!(hand_over(&world, "ada", &party, "ben").await.body["ownerId"], "ben");
    assert_eq!(world.pusher.take_sent()[0].2["data"], json!({ "ownerId": "ben" }));
    assert_eq!(depart(&world, "ada", &party, "ada").await.status, 204);
    let role = read(&world, "ben", &party).await.body["members"][0]["role"].clone();
    assert_eq!(role, "owner");
}

#[tokio::test]
async fn a_party_is_not_handed_over_to_a_member_who_leaves_meanwhile() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let hold = Hold::default();
    // Read before ben leaves: the rows of ada and ben; after it: the party's.
    world.table.inject("BatchGetItem", &[Fault::Torn(2, hold.clone())]);
    let leaving = hold.meanwhile(depart(&world, "ben", &party, "ben"));
    let (handed_over, left) = join(hand_over(&world, "ada", &party, "ben"), leaving).await;
    assert_eq!((handed_over.status, left.status), (404, 204), "{handed_over:?}");
    let party = read(&world, "ada", &party).await.body;
    assert_eq!((&party["ownerId"], members(&party)), (&json!("ada"), vec!["ada"]));
}

#[tokio::test]
async fn a_former_owner_cannot_take_back_an_invitation_that_the_new_owner_sends_meanwhile() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    known(&world, &["dee"]).await;
    let hold = Hold::default();
    // Read before: the rows of ada and the party; after it: the invitation.
    world.table.inject("BatchGetItem", &[Fault::Torn(2, hold.clone())]);
    let change_of_owner = hold.meanwhile(async {
        assert_eq!(hand_over(&world, "ada", &party, "ben").await.status, 200);
        assert_eq!(invite(&world, "ben", &party, "dee").await.status, 201);
    });
    let (revoked, ()) = join(revoke(&world, "ada", &party, "dee"), change_of_owner).await;
    assert_eq!(revoked.status, 403, "{revoked:?}");
    assert_eq!(invitations(&world, "dee").await.len(), 1);
}

#[tokio::test]
async fn an_invitation_that_the_same_user_accepts_meanwhile_is_accepted() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    invite(&world, "ada", &party, "ben").await;
    let hold = Hold::default();
    // Before it, the missing row of the future member is read; after it, the party and the invitation.
    world.table.inject("BatchGetItem", &[Fault::Torn(1, hold.clone())]);
    let first = hold.meanwhile(accept(&world, &party, "ben"));
    let (again, first) = join(accept(&world, &party, "ben"), first).await;
    assert_eq!((first.status, again.status), (200, 200), "{again:?}");
    assert_eq!(members(&again.body), ["ada", "ben"]);
}

#[tokio::test]
async fn a_change_of_name_and_settings_is_sent_to_the_members() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let reply = change(&world, "ada", &party, &json!({ "partyName": "Chess club", "settings": { "a": 1 } })).await;
    assert_eq!((reply.status, &reply.body["partyName"]), (200, &json!("Chess club")));
    let (_, _, data) = world.pusher.take_sent().remove(0);
    assert_eq!(data["updateType"], "settings-changed");
    assert_eq!(data["data"], json!({ "partyName": "Chess club", "settings": { "a": 1 } }));
    let same = change(&world, "ada", &party, &json!({ "partyName": "Chess club" })).await;
    assert_eq!(same.body["updatedAt"], reply.body["updatedAt"]);
    assert!(world.pusher.take_sent().is_empty());
    assert_eq!(change(&world, "ben", &party, &json!({ "partyName": "x" })).await.status, 403);
    assert_eq!(change(&world, "eve", &party, &json!({ "partyName": "x" })).await.status, 403);
}

#[tokio::test]
async fn a_user_can_only_send_a_limited_number_of_invitations() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    let users: Vec<_> = (0..21).map(|n| format!("user{n}")).collect();
    known(&world, &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for user in &users[..20] {
        assert_eq!(invite(&world, "ada", &party, user).await.status, 201);
        assert_eq!(invite(&world, "ada", &party, user).await.status, 409, "a refused one uses up nothing");
    }
    let reply = invite(&world, "ada", &party, &users[20]).await;
    assert_eq!(reply.status, 429);
    let wait: u64 = reply.headers["retry-after"].parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    world.table.set_number(("USER#ada", "LIMIT#invitations"), "due", 0).await;
    assert_eq!(invite(&world, "ada", &party, &users[20]).await.status, 201);
}

#[tokio::test]
async fn invitations_are_listed_page_by_page() {
    let world = World::new().await;
    known(&world, &["zoe"]).await;
    for n in 0..5 {
        let owner = format!("owner{n}");
        let party = create(&world, &owner).await;
        invite(&world, &owner, &party, "zoe").await;
        if n == 2 {
            decline(&world, &party, "zoe").await;
        }
    }
    let (mut seen, mut cursor) = (0, None::<String>);
    loop {
        let request = Request::new("GET /party-invitations").by("zoe").query("limit", "2");
        let request = match &cursor {
            Some(cursor) => request.query("cursor", cursor),
            None => request,
        };
        let page = world.send(handle, &request).await.body;
        seen += page["invitations"].as_array().unwrap().len();
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, 4);
}

#[tokio::test]
async fn party_channels_are_open_to_members_and_closed_when_they_are_removed() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let auth = async |user: &str, channel: String| {
        let request = Request::new("POST /pusher/auth").by(user);
        let request = request.json(&json!({ "socket_id": "1.2", "channel_name": channel }));
        world.table.take_requests();
        let reply = world.send_and_kill(pusher_auth::handle, &request).await;
        assert_eq!(world.table.take_requests(), [("BatchGetItem".to_owned(), 1)].into(), "one round trip");
        reply
    };
    assert_eq!(auth("ben", format!("private-party-{party}")).await.status, 200);
    assert!(auth("ben", format!("private-encrypted-party-{party}")).await.body["shared_secret"].is_string());
    let data = auth("ben", format!("presence-party-{party}")).await.body["channel_data"].as_str().unwrap().to_owned();
    let info = json!({ "username": "Ben", "avatar": "https://example.com/ben.png" });
    assert_eq!(serde_json::from_str::<Value>(&data).unwrap(), json!({ "user_id": "ben", "user_info": info }));
    assert_eq!(auth("eve", format!("private-party-{party}")).await.status, 403);
    assert_eq!(auth("ben", "private-party-unknown".to_owned()).await.status, 403);
    depart(&world, "ada", &party, "ben").await;
    for channel in ["private-party", "private-encrypted-party", "presence-party"] {
        assert_eq!(auth("ben", format!("{channel}-{party}")).await.status, 403);
    }
}

#[tokio::test]
async fn invalid_party_requests_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let founding = |body: Value| Request::new("POST /parties").by("ada").json(&body);
    for (status, request) in [
        (400, founding(json!({}))),
        (400, founding(json!({ "partyName": "" }))),
        (400, founding(json!({ "partyName": "  " }))),
        (400, founding(json!({ "partyName": "a\u{7}b" }))),
        (400, founding(json!({ "partyName": "x".repeat(101) }))),
        (400, founding(json!({ "partyName": "x".repeat(10_000) }))),
        (400, founding(json!({ "partyName": "x", "settings": [] }))),
        (413, founding(json!({ "partyName": "x", "settings": { "a": "x".repeat(4_096) } }))),
        (413, founding(json!({ "partyName": "x".repeat(70_000) }))),
        (401, Request::new("POST /parties").json(&json!({ "partyName": "x" }))),
        (401, Request::new("GET /party-invitations").bearer(&token_with("g", &json!({ "aud": "guest" })))),
        (400, Request::new("GET /party-invitations").by("ada").query("limit", "0")),
        (400, Request::new("GET /party-invitations").by("ada").query("cursor", "!")),
        (400, ask("ada", "GET /parties/{partyId}", "a b", "")),
        (404, ask("ada", "GET /parties/{partyId}", "unknown", "")),
        (404, ask("ada", "PATCH /parties/{partyId}", "unknown", "").json(&json!({ "partyName": "x" }))),
        (404, ask("ada", "DELETE /parties/{partyId}/members/{userId}", "unknown", "ada")),
        (404, ask("ada", "DELETE /parties/{partyId}/members/{userId}", "unknown", "ben")),
        (404, ask("ada", "DELETE /parties/{partyId}/invitations/{userId}", "unknown", "ben")),
        (404, ask("ada", "PUT /parties/{partyId}/owner", "unknown", "").json(&json!({ "userId": "ben" }))),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:.300?}");
    }
    assert!(world.table.rows().await.is_empty());

    let party = create(&world, "ada").await;
    known(&world, &["ada", "ben"]).await;
    let rows = world.table.rows().await;
    assert_eq!(invite(&world, "ada", &party, "ada").await.status, 422);
    assert_eq!(invite(&world, "ada", &party, "nobody").await.status, 404);
    assert_eq!(invite(&world, "ada", &party, "b n").await.status, 400);
    assert_eq!(invite(&world, "ben", &party, "eve").await.status, 403);
    assert_eq!(change(&world, "ada", &party, &json!({})).await.status, 400);
    assert_eq!(change(&world, "ada", &party, &json!({ "partyName": null })).await.status, 400);
    assert_eq!(world.table.rows().await, rows);
    invite(&world, "ada", &party, "ben").await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 409, "twice");
    accept(&world, &party, "ben").await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 409, "a member");
}

#[tokio::test]
async fn the_event_of_a_change_waits_behind_an_undelivered_one() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let rename = |name: &str| ask("ada", "PATCH /parties/{partyId}", &party, "").json(&json!({ "partyName": name }));
    world.send_and_kill(handle, &rename("One")).await;
    world.send(handle, &rename("Two")).await;
    assert!(world.pusher.take_sent().is_empty());
    let row = world.table.row(&format!("PARTY#{party}"), "PARTY").await.unwrap();
    let owed = row["outbox"].as_str().unwrap();
    assert!(owed.find("One").unwrap() < owed.find("Two").unwrap());
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Invite(usize, usize),
    Accept(usize),
    Revoke(usize, usize),
    Depart(usize, usize),
    HandOver(usize, usize),
}

const USERS: [&str; 4] = ["ada", "ben", "cy", "dee"];

fn acts() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let two = || (0..USERS.len(), 0..USERS.len());
    let act = prop_oneof![
        4 => two().prop_map(|(a, b)| Act::Invite(a, b)),
        4 => (0..USERS.len()).prop_map(Act::Accept),
        1 => two().prop_map(|(a, b)| Act::Revoke(a, b)),
        2 => two().prop_map(|(a, b)| Act::Depart(a, b)),
        2 => two().prop_map(|(a, b)| Act::HandOver(a, b)),
    ];
    proptest::collection::vec(proptest::collection::vec(act, 1..4), 1..6)
}

async fn do_act(world: &World, party: &str, act: Act) -> Reply {
    match act {
        Act::Invite(a, b) => invite(world, USERS[a], party, USERS[b]).await,
        Act::Accept(a) => accept(world, party, USERS[a]).await,
        Act::Revoke(a, b) => revoke(world, USERS[a], party, USERS[b]).await,
        Act::Depart(a, b) => depart(world, USERS[a], party, USERS[b]).await,
        Act::HandOver(a, b) => hand_over(world, USERS[a], party, USERS[b]).await,
    }
}

/// The owner is a member, and the count is right.
async fn holds(world: &World, party: &str) -> Result<(), TestCaseError> {
    let rows = world.table.rows().await;
    let row = &rows[&(format!("PARTY#{party}"), "PARTY".to_owned())];
    let there: Vec<_> = rows.keys().filter_map(|(_, sk)| sk.strip_prefix("MEMBER#")).collect();
    prop_assert_eq!(row["members"].as_u64(), Some(there.len() as u64));
    if row.contains_key("dissolved") {
        prop_assert!(there.is_empty());
    } else {
        prop_assert!(there.contains(&row["owner"].as_str().unwrap()), "{:?} {:?}", row, there);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// The acts of a wave run concurrently.
    #[test]
    fn the_owner_is_a_member_and_the_count_is_right_after_concurrent_changes(waves in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let party = create(&world, "ada").await;
            known(&world, &USERS).await;
            for wave in waves {
                let replies = join_all(wave.iter().map(|act| do_act(&world, &party, *act))).await;
                prop_assert!(replies.iter().all(|reply| reply.status < 500), "{:?}", replies);
            }
            holds(&world, &party).await
        })?;
    }

    /// Each batch is read row by row, so that departures come between the reads of a hand-over.
    #[test]
    fn the_owner_is_a_member_however_members_leave_while_the_party_is_handed_over(
        (heir, departures) in (1..USERS.len(), proptest::collection::vec((0_u64..12, 1..USERS.len()), 1..4))
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let party = party_of(&world, &USERS[1..]).await;
            world.table.tear_batches();
            let departures = departures.iter().map(async |(wait, user)| {
                tokio::time::sleep(std::time::Duration::from_millis(*wait)).await;
                do_act(&world, &party, Act::Depart(*user, *user)).await
            });
            let handing_over = do_act(&world, &party, Act::HandOver(0, heir));
            let (handed_over, mut replies) = join(handing_over, join_all(departures)).await;
            replies.push(handed_over);
            prop_assert!(replies.iter().all(|reply| reply.status < 500), "{:?}", replies);
            holds(&world, &party).await
        })?;
    }
}
