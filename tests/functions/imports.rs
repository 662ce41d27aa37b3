//! `POST /imports`

use std::collections::BTreeMap;

use ::imports::handle;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::contract::time::Millis;
use tests::consumer::{consume, owed};
use tests::guest_chat::{as_guest, as_service, as_staff, inbox};
use tests::{Fault, Reply, Request, World, lease};

pub(crate) fn request(lines: &[Value]) -> Request {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    as_service("POST /imports").header("content-type", "application/x-ndjson").body(&text.join("\n"))
}

async fn import(world: &World, lines: &[Value]) -> Vec<Value> {
    let reply = world.send(handle, &request(lines)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["results"].as_array().unwrap().clone()
}

fn ways(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["result"].as_str().unwrap()).collect()
}

/// Imports lines that are all created.
async fn created(world: &World, lines: &[Value]) -> Vec<Value> {
    let results = import(world, lines).await;
    assert!(results.iter().all(|result| result["result"] == "created"), "{results:#?}");
    results
}

fn ago(seconds: i64) -> String {
    Millis::now().plus_seconds(-seconds).iso()
}

fn at(n: i64) -> String {
    Millis(1_760_000_000_000 + n * 1_000).iso()
}

fn kudos(id: &str, n: i64) -> Value {
    json!({ "kind": "kudos", "id": id, "giverId": "ben", "receiverId": "ada", "sessionId": "s1", "bookTitle": "Emma",
        "createdAt": at(n) })
}

fn notification(id: i64, seconds: i64, more: Value) -> Value {
    let mut line = json!({ "kind": "notification", "id": id, "userId": "ada", "type": "SYSTEM", "title": format!("N{id}"),
        "body": "secret", "createdAt": ago(seconds) });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn direct(id: i64, author: &str) -> Value {
    json!({ "kind": "message", "conversation": { "type": "direct", "userIds": ["ben", "ada"] }, "id": id, "authorId": author,
        "authorName": author, "text": format!("text {id}"), "createdAt": at(id) })
}

fn party() -> Value {
    let member = |id: &str| json!({ "userId": id, "username": id.to_uppercase() });
    json!({ "kind": "party", "id": "p1", "ownerId": "ada", "partyName": "Readers", "settings": { "genre": "SF" },
        "createdAt": at(0), "members": [member("ada"), member("ben")] })
}

/// A line of each kind, in an order in which all are created.
fn one_of_each() -> Vec<Value> {
    let lease_chat = json!({ "type": "lease", "bailId": "b1" });
    let client = json!({ "id": "ada", "name": "Ada", "role": "client" });
    vec![
        json!({ "kind": "profile", "userId": "ada", "displayName": "Countess", "email": "ada@example.com" }),
        json!({ "kind": "preferences", "userId": "ada", "locale": "fr", "types": { "KUDOS": { "push": false } } }),
        json!({ "kind": "device", "userId": "ada", "token": "phone-1", "platform": "ios", "registeredAt": ago(60) }),
        json!({ "kind": "book", "id": "emma", "authorId": "jane", "title": "Emma" }),
        kudos("17", 0),
        notification(1, 60, json!({})),
        party(),
        json!({ "kind": "member", "partyId": "p1", "userId": "cy", "username": "Cy", "joinedAt": at(1) }),
        json!({ "kind": "invitation", "partyId": "p1", "userId": "dan", "partyName": "Readers",
            "invitedBy": { "id": "ada", "username": "Ada" }, "invitedAt": ago(60) }),
        json!({ "kind": "staff", "hotelSlug": "killarney", "userId": "eve" }),
        json!({ "kind": "lease", "id": "b1", "clientId": "ada", "notaryId": "ben", "title": "Flat", "createdAt": at(0) }),
        json!({ "kind": "leaseRequest", "id": 4, "bailId": "b1", "title": "Plan", "status": "accepted", "createdBy": client,
            "createdAt": at(0), "updatedBy": { "id": "ben", "name": "Ben", "role": "notary" }, "updatedAt": at(5) }),
        json!({ "kind": "message", "conversation": lease_chat, "id": "m1", "authorId": "ada", "authorName": "Ada",
            "role": "client", "text": "Hello", "createdAt": at(0) }),
        json!({ "kind": "readMark", "conversation": lease_chat, "userId": "ben", "messageId": "m1" }),
        of_guest(1, "Is there a pool?"),
        chat(json!({ "state": "closed", "assignedTo": "eve" })),
    ]
}

#[tokio::test]
async fn a_line_of_each_kind_is_written_once_and_nobody_hears_of_it() {
    let world = World::new().await;
    let lines = one_of_each();
    let results = created(&world, &lines).await;
    let kinds: Vec<_> = results.iter().map(|result| result["kind"].clone()).collect();
    assert_eq!(kinds, lines.iter().map(|line| line["kind"].clone()).collect::<Vec<_>>());
    assert_eq!((&results[4]["id"], &results[0]["storedAs"]), (&json!("17"), &Value::Null));
    assert!(results[4]["storedAs"].as_str().unwrap().len() == 36, "{:?}", results[4]);
    assert!(owed(&world).await.is_empty() && world.pusher.take_sent().is_empty());
    assert!(!results[2].to_string().contains("phone-1"), "{:?}", results[2]);

    let rows = world.table.rows().await;
    let again = import(&world, &lines).await;
    assert!(ways(&again).iter().all(|way| *way == "unchanged"), "{again:#?}");
    assert_eq!(again[4]["storedAs"], results[4]["storedAs"]);
    assert_eq!(world.table.rows().await, rows);
    consume(&world).await.unwrap();
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn another_line_of_the_same_id_is_a_conflict_that_says_what_to_do_and_changes_nothing() {
    let world = World::new().await;
    let lines = one_of_each();
    created(&world, &lines).await;
    let rows = world.table.rows().await;
    for (line, field, value) in [
        (0, "displayName", json!("A. L.")),
        (1, "locale", json!("en")),
        (2, "platform", json!("web")),
        (3, "title", json!("Emma!")),
        (4, "bookTitle", json!("Emma!")),
        (5, "title", json!("other")),
        (6, "partyName", json!("Writers")),
        (7, "username", json!("Cyril")),
        (8, "partyName", json!("Writers")),
        (9, "since", json!(at(0))),
        (10, "title", json!("House")),
        (11, "title", json!("Map")),
        (12, "text", json!("Goodbye")),
    ] {
        let mut other = lines[line].clone();
        other[field] = value;
        let result = &import(&world, &[other]).await[0];
        assert_eq!(result["result"], "failed", "{result}");
        assert!(result["reason"].as_str().unwrap().starts_with("conflict: "), "{result}");
        assert_eq!(result["retryable"], Value::Null, "{result}");
    }
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn a_row_that_no_import_wrote_stays_and_its_line_is_skipped() {
    let world = World::new().await;
    world.table.put_book("emma", "ursula", "Ursula").await;
    let put = Request::new("PUT /notifications/preferences").by("ada").json(&json!({ "locale": "en" }));
    assert_eq!(world.send(notifications::handle, &put).await.status, 200);
    let put = as_service("PUT /users/{userId}/profile").path("userId", "ada").json(&json!({ "displayName": "New" }));
    assert_eq!(world.send(profiles::handle, &put).await.status, 200);
    world.send(device_tokens::handle, &tests::devices::register("ada", "phone-1")).await;
    let rows = world.table.rows().await;
    let results = import(&world, &one_of_each()[..4]).await;
    assert_eq!(ways(&results), ["skipped"; 4], "{results:#?}");
    assert!(results.iter().all(|result| result["reason"].as_str().unwrap().contains("may be newer")), "{results:#?}");
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn a_bad_line_is_named_by_its_number_and_the_others_are_taken() {
    let world = World::new().await;
    let good = kudos("1", 0).to_string();
    let cases = [
        ("{\"kind\": \"kudos\"", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "kind is missing"),
        (r#"{"kind": "thing"}"#, "kind must be one of profile, preferences"),
        (r#"{"kind": "book", "id": "emma"}"#, "authorId is missing"),
        (r#"{"kind": "book", "id": "e mma", "authorId": "a"}"#, "id must be 1 to 128"),
        (r#"{"kind": "book", "id": "emma", "authorId": "a", "titel": "x"}"#, "titel is not a field of the line"),
        (
            r#"{"kind": "staff", "hotelSlug": "h", "userId": "u", "more": 1}"#,
            "more is not a field of this kind of line",
        ),
        (r#"{"kind": "kudos", "id": "", "giverId": "a", "createdAt": "2025-12-01T09:00:00Z"}"#, "id must be 1 to 255"),
        (
            r#"{"kind": "kudos", "id": 1, "giverId": "a", "createdAt": "2025-12-01 09:00:00"}"#,
            "createdAt must be a time",
        ),
        (r#"{"kind": "kudos", "id": 1, "giverId": "a", "createdAt": "2099-12-01T09:00:00Z"}"#, "not in the future"),
        (r#"{"kind": "message", "conversation": {"type": "group"}, "id": 1}"#, "conversation"),
        (
            r#"{"kind": "message", "conversation": {"type": "direct", "userIds": ["a", "b"]}, "id": 1, "authorId": "c",
                "authorName": "C", "text": "x", "createdAt": "2025-12-01T09:00:00Z"}"#,
            "authorId must be one of conversation.userIds",
        ),
        (
            r#"{"kind": "readMark", "conversation": {"type": "lease", "bailId": "b"}, "userId": "a", "messageId": 1}"#,
            "send the message's line first",
        ),
        (
            r#"{"kind": "member", "partyId": "p9", "userId": "a", "username": "A", "joinedAt": "2025-12-01T09:00:00Z"}"#,
            "The party is not here: send its line first",
        ),
    ];
    for (bad, told) in cases {
        let body = format!("\n{}\n{good}\n", bad.replace('\n', " "));
        let request = as_service("POST /imports").header("content-type", "application/x-ndjson").body(&body);
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let result = &reply.body["results"][0];
        assert_eq!((&result["line"], &result["result"]), (&json!(2), &json!("failed")), "{bad}: {result}");
        assert!(result["reason"].as_str().unwrap().contains(told), "{bad}: {result}");
        assert_ne!(reply.body["results"][1]["result"], "failed", "{reply:?}");
        assert_eq!(reply.body["counts"]["failed"], 1);
        assert_eq!(reply.line["lines"]["failed"], 1, "{}", reply.line);
    }
}

#[tokio::test]
async fn a_body_that_is_refused_whole_writes_nothing() {
    let world = World::new().await;
    let before = world.table.rows().await.len();
    let line = kudos("1", 0);
    let many: Vec<_> = (0..101).map(|n| kudos(&n.to_string(), n)).collect();
    let long = json!({ "kind": "book", "id": "emma", "authorId": "a", "title": "x".repeat(70_000) });
    for (status, request) in [
        (400, request(&[])),
        (400, request(&many)),
        (413, request(&[long])),
        (415, request(std::slice::from_ref(&line)).header("content-type", "application/json")),
        (403, request(std::slice::from_ref(&line)).by("ada")),
        (401, Request::new("POST /imports").header("content-type", "application/x-ndjson").body(&line.to_string())),
    ] {
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
    let rows = world.table.rows().await;
    assert!(rows.len() <= before + 4 && !rows.keys().any(|(pk, _)| pk.starts_with("KUDOS#")), "{rows:?}");
}

#[tokio::test]
async fn the_receiver_lists_imported_kudos_page_by_page_by_their_own_times() {
    let world = World::new().await;
    let uuid = "0195f3c6-7a4b-7c3d-8e2f-1a2b3c4d5e6f";
    created(&world, &[kudos("2", 2), kudos(uuid, 3), kudos("1", 1)]).await;
    let page = |cursor: Option<&str>| {
        let request = Request::new("GET /kudos").by("ada").query("limit", "2");
        cursor.iter().fold(request, |request, cursor| request.query("cursor", cursor))
    };
    let first = world.send(kudos_list::handle, &page(None)).await.body;
    assert_eq!((&first["kudos"][0]["kudosId"], &first["kudos"][0]["createdAt"]), (&json!(uuid), &json!(at(3))));
    let second = world.send(kudos_list::handle, &page(first["nextCursor"].as_str())).await.body;
    assert_eq!(second["kudos"][0]["createdAt"], at(1), "{second}");
}

#[tokio::test]
async fn imported_notifications_come_before_those_of_here_are_counted_read_and_deleted() {
    let world = World::new().await;
    let day = 24 * 3600;
    let live = as_service("POST /notifications").json(&json!({ "userId": "ada", "type": "SYSTEM", "title": "Live" }));
    assert_eq!(world.send(notifications::handle, &live).await.status, 201);
    let lines = [
        notification(2, 2 * day, json!({})),
        notification(3, day, json!({ "readAt": ago(60) })),
        notification(1, 3 * day, json!({ "type": "ORDER_SHIPPED", "data": { "orderId": 7 } })),
        notification(4, 400 * day, json!({})),
    ];
    let results = import(&world, &lines).await;
    assert_eq!(ways(&results), ["created", "created", "created", "skipped"], "{results:#?}");
    assert!(results[3]["reason"].as_str().unwrap().contains("expired"), "{results:#?}");
    let get = |route: &str| Request::new(route).by("ada");
    let list = world.send(notifications::handle, &get("GET /notifications")).await.body;
    let titles: Vec<_> = list["notifications"].as_array().unwrap().iter().map(|one| one["title"].clone()).collect();
    assert_eq!(titles, ["Live", "N3", "N2", "N1"]);
    assert_eq!(list["unreadCount"], 3, "{list}");
    assert_eq!(list["notifications"][3]["data"]["orderId"], 7);

    let id = |n: usize| results[n]["storedAs"].as_str().unwrap();
    let one = |route: &str, n| Request::new(route).by("ada").path("notificationId", id(n));
    assert_eq!(
        world.send(notifications::handle, &one("POST /notifications/{notificationId}/read", 0)).await.status,
        200
    );
    assert_eq!(world.send(notifications::handle, &one("DELETE /notifications/{notificationId}", 2)).await.status, 204);
    let unread = async || world.send(notifications::handle, &get("GET /notifications/unread-count")).await.body;
    assert_eq!(unread().await, json!({ "unreadCount": 1 }));
    let again = import(&world, &lines).await;
    assert_eq!(ways(&again), ["unchanged", "unchanged", "skipped", "skipped"], "{again:#?}");
    world.send(notifications::handle, &get("POST /notifications/read-all")).await;
    created(&world, &[notification(9, 60, json!({}))]).await;
    assert_eq!(unread().await, json!({ "unreadCount": 0 }), "all were read, before they came");
    assert!(!world.table.rows().await.iter().any(|(_, row)| format!("{row:?}").contains("N1")));
}

#[tokio::test]
async fn a_user_whose_notifications_were_all_imported_reads_deletes_and_gets_new_ones() {
    let world = World::new().await;
    let results = created(&world, &[notification(1, 60, json!({})), notification(2, 30, json!({}))]).await;
    let get = |route: &str| Request::new(route).by("ada");
    let unread = async || world.send(notifications::handle, &get("GET /notifications/unread-count")).await.body;
    let id = results[0]["storedAs"].as_str().unwrap();
    let delete = Request::new("DELETE /notifications/{notificationId}").by("ada").path("notificationId", id);
    assert_eq!(world.send(notifications::handle, &delete).await.status, 204);
    assert_eq!(unread().await, json!({ "unreadCount": 1 }), "a deletion of what is unread counts");
    let live = as_service("POST /notifications").json(&json!({ "userId": "ada", "type": "SYSTEM" }));
    let live = world.send(notifications::handle, &live).await.body;
    assert!(live["notificationId"].as_str().unwrap().starts_with("000000000001-"), "{live}");
    assert_eq!(unread().await, json!({ "unreadCount": 2 }));
    world.send(notifications::handle, &get("POST /notifications/read-all")).await;
    assert_eq!(unread().await, json!({ "unreadCount": 0 }));
}

#[tokio::test]
async fn an_imported_device_gets_pushes_and_a_user_keeps_the_twenty_that_were_registered_last() {
    let world = World::with_push().await;
    let device = |n: i64, seconds: i64| json!({ "kind": "device", "userId": "ada", "token": format!("phone-{n}"), "registeredAt": ago(seconds) });
    let lines: Vec<_> = (1..=25).map(|n| device(n, n * 100)).collect();
    let results = import(&world, &lines).await;
    assert_eq!(ways(&results)[..20], ["created"; 20]);
    assert_eq!(ways(&results)[20..], ["skipped"; 5], "{results:#?}");
    assert_eq!(ways(&import(&world, &[device(99, 10), device(98, 300 * 24 * 3600)]).await), ["created", "skipped"]);
    let listed = world.send(device_tokens::handle, &Request::new("GET /notifications/device-tokens").by("ada")).await;
    let listed = listed.body["devices"].as_array().unwrap().clone();
    assert_eq!((listed.len(), &listed[0]["tokenEnd"]), (20, &json!("99")), "{listed:?}");
}

#[tokio::test]
async fn members_of_an_imported_party_use_it() {
    let world = World::new().await;
    let lines = one_of_each();
    created(&world, &lines).await;
    let by = |user: &str, route: &str| Request::new(route).by(user).path("partyId", "p1");
    let read = world.send(parties::handle, &by("cy", "GET /parties/{partyId}")).await.body;
    assert_eq!(
        (&read["ownerId"], &read["settings"], &read["createdAt"]),
        (&json!("ada"), &json!({ "genre": "SF" }), &json!(at(0)))
    );
    assert_eq!(read["members"].as_array().unwrap().len(), 3, "{read}");
    let mine = world.send(parties::handle, &Request::new("GET /parties").by("ben")).await.body;
    assert_eq!(mine["parties"][0]["partyId"], "p1", "{mine}");
    let invitations = world.send(parties::handle, &Request::new("GET /party-invitations").by("dan")).await.body;
    assert_eq!(invitations["invitations"][0]["invitedBy"], json!({ "id": "ada", "username": "Ada" }), "{invitations}");
    let accepted = world.send(parties::handle, &by("dan", "POST /parties/{partyId}/invitations/accept")).await;
    assert_eq!((accepted.status, accepted.body["members"].as_array().unwrap().len()), (200, 4), "{accepted:?}");
    let again = import(&world, &lines[6..9]).await;
    assert_eq!(ways(&again), ["unchanged", "unchanged", "unchanged"], "{again:#?}");
}

#[tokio::test]
async fn a_party_that_cannot_be_is_refused_and_one_of_99_is_one_transaction() {
    let world = World::new().await;
    let members =
        |count: usize| (0..count).map(|n| json!({ "userId": format!("u{n}"), "username": "U" })).collect::<Vec<_>>();
    let with = |members: Vec<Value>| {
        let mut line = party();
        (line["ownerId"], line["members"]) = (json!("u0"), json!(members));
        line
    };
    for (bad, told) in [
        (with(members(100)), "send the others in lines of the kind member"),
        (with(vec![]), "members must have the owner"),
        (with([members(1), members(1)].concat()), "members must name each user once"),
    ] {
        let result = &import(&world, &[bad]).await[0];
        assert!(result["reason"].as_str().unwrap().contains(told), "{result}");
    }
    created(&world, &[with(members(99))]).await;
    let read = Request::new("GET /parties/{partyId}").by("u98").path("partyId", "p1");
    assert_eq!(world.send(parties::handle, &read).await.body["members"].as_array().unwrap().len(), 99);
}

#[tokio::test]
async fn a_party_is_imported_with_as_many_members_as_the_operator_allows() {
    let member = |n: usize| json!({ "kind": "member", "partyId": "p1", "userId": format!("u{n}"), "username": "U", "joinedAt": at(1) });
    let mut line = party();
    line["members"] = (0..99).map(|n| json!({ "userId": format!("u{n}"), "username": "U" })).collect();
    line["ownerId"] = json!("u0");
    let world = World::with(&[("MAX_PARTY_MEMBERS", "1000")]).await;
    created(&world, &[line.clone()]).await;
    for first in (99..999).step_by(100) {
        created(&world, &(first..first + 100).map(member).collect::<Vec<_>>()).await;
    }
    let results = import(&world, &[member(999), member(1_000)]).await;
    assert_eq!(ways(&results), ["created", "failed"]);
    assert!(results[1]["reason"].as_str().unwrap().contains("The party is full: it has 1000 members"), "{results:#?}");
    let read = Request::new("GET /parties/{partyId}").by("u500").path("partyId", "p1");
    assert_eq!(world.send(parties::handle, &read).await.body["members"].as_array().unwrap().len(), 1_000);

    let world = World::new().await;
    created(&world, &[line.clone()]).await;
    assert_eq!(ways(&import(&world, &[member(99), member(100)]).await), ["created", "failed"]);
    let world = World::with(&[("MAX_PARTY_MEMBERS", "50")]).await;
    let result = &import(&world, &[line]).await[0];
    assert!(result["reason"].as_str().unwrap().contains("MaxPartyMembers allows 50"), "{result}");
}

#[tokio::test]
async fn a_lease_is_imported_with_its_participants_and_what_they_wrote_and_asked() {
    let world = World::new().await;
    let of = |id: &str, role: &str| json!({ "id": id, "name": id, "role": role });
    let participants: Vec<_> = [("ada", "client"), ("ben", "notary"), ("cleo", "clerk"), ("dan", "co-tenant")]
        .map(|(user, role)| json!({ "userId": user, "role": role }))
        .into();
    let request = |id: i64, to: Value| {
        json!({ "kind": "leaseRequest", "id": id, "bailId": "b1", "title": "Card", "status": "pending", "createdAt": at(id),
            "createdBy": of("cleo", "clerk"), "to": to })
    };
    let lines = [
        json!({ "kind": "lease", "id": "b1", "participants": participants, "title": "Flat", "createdAt": at(0) }),
        request(1, json!({ "userId": "dan" })),
        request(2, json!({ "role": "co-tenant" })),
        json!({ "kind": "message", "conversation": { "type": "lease", "bailId": "b1" }, "id": 1, "authorId": "dan",
            "authorName": "Dan", "role": "co-tenant", "text": "Hello", "createdAt": at(3) }),
    ];
    created(&world, &lines).await;
    assert_eq!(ways(&import(&world, &lines).await), ["unchanged"; 4]);
    let seat = world.send(lease_chat::handle, &lease::ask("dan", "GET /leases/{bailId}")).await.body;
    assert_eq!((&seat["me"]["role"], &seat["participants"]), (&json!("co-tenant"), &json!(participants)), "{seat}");
    let listed = world.send(lease_chat::handle, &lease::ask("dan", "GET /leases/{bailId}/requests")).await.body;
    let shown = |n: usize| (listed["requests"][n]["to"].clone(), listed["requests"][n]["createdBy"]["role"].clone());
    assert_eq!(shown(1), (json!({ "userId": "dan" }), json!("clerk")), "{listed}");
    assert_eq!(shown(0).0, json!({ "role": "co-tenant" }));
    let id = listed["requests"][1]["id"].as_str().unwrap();
    let accept = |user: &str| {
        let change = lease::ask(user, "PATCH /leases/{bailId}/requests/{requestId}").path("requestId", id);
        change.json(&json!({ "status": "accepted" }))
    };
    assert_eq!(world.send(lease_chat::handle, &accept("ada")).await.status, 403);
    assert_eq!(world.send(lease_chat::handle, &accept("dan")).await.status, 200);
    for user in ["ada", "ben", "cleo", "dan"] {
        let list = world.send(messages::handle, &Request::new("GET /conversations").by(user)).await.body;
        assert_eq!(list["conversations"].as_array().unwrap().len(), usize::from(user == "dan"), "{user} {list}");
    }
    lease::write(&world, "cleo", "Welcome").await;
    for (user, unread) in [("ada", 2), ("ben", 2), ("cleo", 0), ("dan", 1)] {
        let list = world.send(messages::handle, &Request::new("GET /conversations").by(user)).await.body;
        assert_eq!(list["conversations"][0]["unreadCount"], unread, "{user} {list}");
        assert_eq!(list["conversations"][0]["lastMessage"]["author"]["role"], "clerk");
    }
}

#[tokio::test]
async fn roles_that_no_lease_has_are_refused_by_name() {
    let world = World::new().await;
    created(&world, &one_of_each()[10..11]).await;
    let by = |person: Value, to: Value| {
        json!({ "kind": "leaseRequest", "id": 9, "bailId": "b1", "title": "Card", "status": "pending", "createdAt": at(1),
            "createdBy": person, "to": to })
    };
    let ada = json!({ "id": "ada", "name": "Ada", "role": "client" });
    for (line, told) in [
        (
            by(json!({ "id": "ada", "name": "Ada", "role": "staff" }), Value::Null),
            "createdBy.role must be client, notary, clerk",
        ),
        (by(ada.clone(), json!({ "role": "guest" })), "to.role must be client, notary, clerk"),
        (by(ada.clone(), json!({ "userId": "a b" })), "to.userId must be"),
        (by(ada, json!({})), "to must have either a userId or a role"),
    ] {
        let result = &import(&world, &[line]).await[0];
        assert!(result["reason"].as_str().unwrap().contains(told), "{result}");
    }
}

/// `before` and `after` are numbers.
async fn texts(world: &World, query: &str, value: &str) -> Vec<String> {
    let request = Request::new("GET /messages/{userId}").by("ada").path("userId", "ben").query(query, value);
    let reply = world.send(messages::handle, &request.query("limit", "100")).await;
    let messages = reply.body["messages"].as_array().unwrap_or_else(|| panic!("{reply:?}")).clone();
    messages
        .iter()
        .map(|message| format!("{} {}", message["seq"], message["content"].as_str().unwrap_or("-")))
        .collect()
}

#[tokio::test]
async fn messages_are_numbered_as_they_come_over_several_requests_and_are_written_once() {
    let world = World::new().await;
    let line = |n: i64| direct(n, if n % 3 == 0 { "ada" } else { "ben" });
    let lines: Vec<_> = (1..=150).map(line).collect();
    created(&world, &lines[..40]).await;
    let results = import(&world, &lines[20..120]).await;
    assert_eq!(ways(&results)[..20], ["unchanged"; 20]);
    assert_eq!(ways(&results)[20..], ["created"; 80]);
    let twice = [lines[120..].to_vec(), lines[120..].to_vec()].concat();
    let results = import(&world, &twice).await;
    assert_eq!(ways(&results), [vec!["created"; 30], vec!["unchanged"; 30]].concat());
    assert_eq!(results[0]["storedAs"], results[30]["storedAs"]);
    let newest = Request::new("GET /messages/{userId}").by("ada").path("userId", "ben").query("limit", "1");
    let newest = world.send(messages::handle, &newest).await.body;
    assert_eq!(results[59]["storedAs"], newest["messages"][0]["id"], "the id that its readers have");
    let expected: Vec<_> = (1..=100).map(|n| format!("{n} text {n}")).collect();
    assert_eq!(texts(&world, "after", "0").await, expected);
    assert_eq!(texts(&world, "after", "148").await, ["149 text 149", "150 text 150"]);
}

#[tokio::test]
async fn messages_after_some_that_failed_for_now_wait_with_them_and_keep_their_order() {
    let world = World::new().await;
    let lines: Vec<_> = (1..=64).map(|n| direct(n, "ada")).collect();
    world.table.inject("TransactWriteItems", &[Fault::refusal(400, "ResourceNotFoundException")]);
    let results = import(&world, &lines).await;
    assert!(results.iter().all(|line| line["result"] == "failed" && line["retryable"] == true), "{results:?}");
    created(&world, &lines).await;
    let expected: Vec<_> = (1..=64).map(|n| format!("{n} text {n}")).collect();
    assert_eq!(texts(&world, "after", "0").await, expected);
}

#[tokio::test]
async fn rows_whose_uuids_differ_in_their_time_alone_are_two() {
    let world = World::new().await;
    let id = |n: char| format!("7d8f5c2{n}-cc0e-11f1-89ce-02fc00000001");
    let line = |n: char| {
        let mut line = notification(1, 60, json!({ "id": id(n) }));
        line["createdAt"] = json!("2026-11-29T10:00:00Z");
        line
    };
    created(&world, &[line('a'), line('b')]).await;
}

#[tokio::test]
async fn a_hotels_conversation_goes_on_where_the_import_ended() {
    let world = World::new().await;
    let chat = json!({ "type": "guest", "hotelSlug": "killarney", "bookingId": "BK-2025-0123" });
    let message = |n: i64, more: Value| {
        let mut line =
            json!({ "kind": "message", "conversation": chat, "id": n, "authorName": "Grace", "createdAt": at(n) });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let mark = |more: Value| {
        let mut line = json!({ "kind": "readMark", "conversation": chat });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let staff = |id: &str| json!({ "kind": "staff", "hotelSlug": "killarney", "userId": id });
    let lines = [
        staff("ada"),
        staff("ben"),
        message(1, json!({ "text": "Is there a pool?" })),
        message(2, json!({ "text": "Yes", "authorId": "ada", "authorName": "Ada" })),
        message(3, json!({ "deletedAt": at(4) })),
        message(4, json!({ "text": "Thanks" })),
        mark(json!({ "userId": "ben", "messageId": 3 })),
        mark(json!({ "messageId": 4 })),
    ];
    let results = import(&world, &lines).await;
    // The guest wrote the newest message, so there was nothing to mark.
    assert_eq!(ways(&results), [vec!["created"; 7], vec!["unchanged"]].concat(), "{results:#?}");
    let unread = async |user: &str| {
        let chats = world.send(guest_chat::handle, &inbox(user)).await.body;
        let chat = &chats["chats"][0];
        (chat["unreadCount"].clone(), chat["lastMessage"]["preview"].clone(), chat["guestName"].clone())
    };
    assert_eq!(unread("ada").await, (json!(2), json!("Thanks"), json!("Grace")));
    assert_eq!(unread("ben").await, (json!(1), json!("Thanks"), json!("Grace")));
    let page = world.send(guest_chat::handle, &as_guest("GET /messages")).await.body;
    let seen: Vec<_> = page["messages"].as_array().unwrap().iter().map(|one| one["message"].clone()).collect();
    assert_eq!(seen, [json!("Thanks"), Value::Null, json!("Yes"), json!("Is there a pool?")], "{page}");
    assert!(page["messages"][1]["deletedAt"].is_string() && page["messages"][0]["createdAt"] == at(4), "{page}");

    let reply =
        world.send(guest_chat::handle, &as_staff("ada", "POST /messages").json(&json!({ "message": "Bye" }))).await;
    assert_eq!((reply.status, &reply.body["message"]["seq"]), (201, &json!(5)), "{reply:?}");
    assert_eq!(unread("ada").await.0, json!(0));
    assert_eq!(unread("ben").await.0, json!(2));
    let results =
        import(&world, &[message(4, json!({ "text": "Thanks" })), message(5, json!({ "text": "late" }))]).await;
    // A new message hides none of those that are here.
    assert_eq!(ways(&results), ["unchanged", "failed"]);
    assert!(results[1]["reason"].as_str().unwrap().contains("before the first one is sent"), "{results:#?}");
    assert_eq!(ways(&import(&world, &lines).await)[..7], ["unchanged"; 7]);
}

fn of_guest(n: i64, text: &str) -> Value {
    json!({ "kind": "message", "conversation": { "type": "guest", "hotelSlug": "killarney", "bookingId": "BK-2025-0123" },
        "id": n, "authorName": "Grace", "text": text, "createdAt": at(n) })
}

fn chat(more: Value) -> Value {
    let mut line = json!({ "kind": "chat", "hotelSlug": "killarney", "bookingId": "BK-2025-0123" });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

/// The bookings, states and assignees of killarney's chats.
async fn handled(world: &World) -> Vec<(Value, Value)> {
    let chats = world.send(guest_chat::handle, &inbox("ada")).await.body;
    let chats = chats["chats"].as_array().unwrap().iter();
    chats.map(|chat| (chat["state"].clone(), chat["assignedTo"].clone())).collect()
}

#[tokio::test]
async fn an_imported_chat_is_closed_and_assigned_as_it_was_until_its_guest_writes_here() {
    let world = World::new().await;
    let closed = chat(json!({ "state": "closed", "assignedTo": "ben", "assignedName": "Ben B." }));
    let staff = json!({ "kind": "staff", "hotelSlug": "killarney", "userId": "ada" });
    created(&world, &[staff, of_guest(1, "Is there a pool?"), closed.clone()]).await;
    let ben = json!({ "id": "ben", "name": "Ben B." });
    assert_eq!(handled(&world).await, [(json!("closed"), ben.clone())]);
    let again =
        [of_guest(1, "Is there a pool?"), closed.clone(), chat(json!({ "state": "open" })), of_guest(2, "Or a lake?")];
    assert_eq!(ways(&import(&world, &again).await), ["unchanged", "unchanged", "failed", "created"]);
    assert_eq!(handled(&world).await, [(json!("closed"), ben.clone())], "an older message reopens nothing");
    tests::guest_chat::guest_writes(&world, "Thanks").await;
    assert_eq!(ways(&import(&world, &[closed]).await), ["unchanged"]);
    assert_eq!(handled(&world).await, [(json!("open"), ben)]);
    assert!(owed(&world).await.iter().all(|entry| !entry.to_string().contains("chat_updated")));
    let erase = as_service("DELETE /users/{userId}").path("userId", "ben");
    assert_eq!(world.send(erasure::handle, &erase).await.body["done"], true);
    let rows = world.table.every_row().await;
    let head = rows.iter().find(|((_, sk), _)| sk == "HEAD").unwrap().1;
    assert!(head.get("imported").is_none() && !json!(head).to_string().contains("Ben"), "{head:?}");
}

#[tokio::test]
async fn a_line_of_a_chat_changes_nothing_that_was_done_here() {
    let world = World::new().await;
    let closed = chat(json!({ "state": "closed" }));
    let results = import(&world, std::slice::from_ref(&closed)).await;
    assert!(results[0]["reason"].as_str().unwrap().contains("messages first"), "{results:#?}");
    let staff = json!({ "kind": "staff", "hotelSlug": "killarney", "userId": "ada" });
    created(&world, &[staff, of_guest(1, "Is there a pool?")]).await;
    let assign = as_staff("ada", "PATCH ").json(&json!({ "assignedTo": "ada" }));
    assert_eq!(world.send(guest_chat::handle, &assign).await.status, 200);
    assert_eq!(ways(&import(&world, std::slice::from_ref(&closed)).await), ["skipped"]);
    assert_eq!(handled(&world).await[0].0, "open");
    for bad in [
        json!({ "state": "done" }),
        json!({ "assignedName": "Ben" }),
        json!({ "assignedTo": "guest;killarney;BK-2025-0123" }),
        json!({ "assignedTo": "ben", "assignedName": "" }),
    ] {
        assert_eq!(ways(&import(&world, &[chat(bad)]).await), ["failed"]);
    }
}

#[tokio::test]
async fn participants_of_an_imported_lease_go_on_with_its_chat_and_its_requests() {
    let world = World::new().await;
    let lines = one_of_each();
    created(&world, &lines).await;
    let seen = world.send(lease_chat::handle, &lease::ask("ben", "GET /leases/{bailId}")).await.body;
    assert_eq!(seen["unreadCount"], 0, "{seen}");
    let requests = world.send(lease_chat::handle, &lease::ask("ben", "GET /leases/{bailId}/requests")).await.body;
    assert_eq!(
        (&requests["requests"][0]["status"], &requests["requests"][0]["updatedAt"]),
        (&json!("accepted"), &json!(at(5)))
    );
    let id = requests["requests"][0]["id"].as_str().unwrap().to_owned();
    let done = lease::ask("ben", "PATCH /leases/{bailId}/requests/{requestId}").path("requestId", &id);
    let done = world.send(lease_chat::handle, &done.json(&json!({ "status": "done" }))).await;
    assert_eq!((done.status, &done.body["status"]), (200, &json!("done")), "{done:?}");
    let posted = lease::ask("ada", "POST /leases/{bailId}/messages").json(&json!({ "content": "Next" }));
    assert_eq!(world.send(lease_chat::handle, &posted).await.body["message"]["seq"], 2);
    let rows = world.table.rows().await;
    let again = import(&world, &lines).await;
    assert_eq!(ways(&again)[10..14], ["unchanged"; 4], "{again:#?}");
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn those_who_both_wrote_are_contacts_and_others_are_not() {
    let world = World::new().await;
    let contacts = async || {
        let rows = world.table.rows().await;
        rows.into_keys().filter(|(_, sk)| sk.starts_with("CONTACT#")).count()
    };
    created(&world, &[direct(1, "ada"), direct(2, "ada")]).await;
    assert_eq!(contacts().await, 0);
    for (user, unread) in [("ada", 0), ("ben", 2)] {
        let list = world.send(messages::handle, &Request::new("GET /conversations").by(user)).await.body;
        assert_eq!(list["conversations"][0]["unreadCount"], unread, "{list}");
    }
    created(&world, &[direct(3, "ben")]).await;
    assert_eq!(contacts().await, 2);
}

#[tokio::test]
async fn an_erased_user_is_found_in_imported_rows() {
    let world = World::new().await;
    created(&world, &one_of_each()).await;
    created(&world, &[direct(1, "ada"), direct(2, "ben")]).await;
    let mut cursor = None;
    for _ in 0..20 {
        let request = as_service("DELETE /users/{userId}").path("userId", "ada");
        let reply = world.send(erasure::handle, &request).await;
        cursor = Some(reply.body.clone());
        if reply.body["done"] == true || reply.status == 204 {
            break;
        }
    }
    let rows = world.table.rows().await;
    let naming: Vec<_> = rows
        .iter()
        .filter(|((pk, _), _)| !pk.starts_with("ERASURE#") && !pk.starts_with("CHAT#DIRECT#"))
        .filter(|(key, row)| {
            let text = format!("{key:?} {row:?}");
            ["\"ada\"", "Ada", "Countess", "USER#ada", "AUTHOR#ada"].iter().any(|name| text.contains(name))
        })
        .collect();
    assert!(naming.is_empty(), "{cursor:?} {naming:#?}");
}

/// The table after these requests.
async fn table_after(requests: &[Vec<Value>]) -> BTreeMap<(String, String), String> {
    let world = World::new().await;
    for lines in requests {
        import(&world, lines).await;
    }
    let rows = world.table.rows().await.into_iter();
    let rows = rows.filter(|((_, sk), _)| !["PROFILE", "STAFF#eve"].contains(&sk.as_str()));
    rows.map(|(key, row)| (key, serde_json::to_string(&json!(row)).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Messages are numbered as they come, so their order is part of what is imported; so is that a party comes before its members.
    #[test]
    fn any_order_and_repetition_of_lines_gives_the_same_rows(order in proptest::collection::vec((0..9_usize, any::<bool>()), 0..25)) {
        let mut lines = one_of_each();
        lines.truncate(6);
        lines.extend([party(), notification(7, 90, json!({})), kudos("18", 4)]);
        // Their times must not move between the runs.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (whole, shuffled) = runtime.block_on(async {
            let whole = table_after(&[lines.clone()]).await;
            let mut requests = vec![Vec::new()];
            for (line, cut) in order {
                requests.last_mut().unwrap().push(lines[line].clone());
                if cut { requests.push(Vec::new()); }
            }
            requests.retain(|lines| !lines.is_empty());
            requests.push(lines.iter().rev().cloned().collect());
            (whole, table_after(&requests).await)
        });
        prop_assert_eq!(whole, shuffled);
    }
}

#[tokio::test]
async fn lines_without_time_are_named_as_such_and_may_be_sent_again() {
    let world = World::new().await;
    let body: Vec<String> = (0..3).map(|n| kudos(&n.to_string(), n).to_string()).collect();
    let deadline = std::time::Instant::now();
    let importer = shared::imports::Importer { table: &world.app.table, settings: &world.app.settings, deadline };
    let report = importer.import(body.join("\n").as_bytes()).await.unwrap();
    assert!(report.results.iter().all(|result| result.result == "failed" && result.retryable), "{report:?}");
    assert!(report.results[0].reason.as_ref().unwrap().contains("send it again"), "{report:?}");
    assert!(!world.table.rows().await.keys().any(|(pk, _)| pk.starts_with("KUDOS#")));
}

/// Prints what the lines of bench/import_lines.py use, sent as `cargo local import` sends them.
#[tokio::test]
#[ignore = "needs CARILLON_LINES, a file of lines, and takes minutes; bench/RESULTS.md has the command"]
async fn each_line_of_a_file_is_created_and_its_units_are_counted() {
    let world = World::new().await;
    let file = std::fs::read_to_string(std::env::var("CARILLON_LINES").unwrap()).unwrap();
    let lines: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (began, mut requests, mut database) = (std::time::Instant::now(), 0, tests::Traffic::default());
    for chunk in lines.chunks(100) {
        let (reply, traffic) = world.count(handle, &request(chunk)).await;
        assert_eq!(reply.body["counts"]["created"], chunk.len(), "{:?}", reply.body);
        requests += 1;
        traffic.into_iter().for_each(|traffic| database += traffic);
    }
    println!("{} lines: {requests} requests in {:?}, {database:?} of DynamoDB", lines.len(), began.elapsed());
}

pub(crate) fn hundred_kudos() -> Vec<Value> {
    (0..100).map(|n| kudos(&n.to_string(), n)).collect()
}

pub(crate) fn hundred_messages() -> Vec<Value> {
    (0..100).map(|n| direct(n, if n % 2 == 0 { "ada" } else { "ben" })).collect()
}

pub(crate) fn hundred_notifications() -> Vec<Value> {
    (0..100).map(|n| notification(n, 60 + n, json!({}))).collect()
}

/// Whether each line was created.
pub(crate) fn all_created(reply: &Reply) -> bool {
    reply.body["counts"]["created"] == 100
}
