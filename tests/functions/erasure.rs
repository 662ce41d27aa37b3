//! A user is erased everywhere by one route.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::erasure;
use shared::outbox::WriteContext;
use shared::table::Key;
use shared::table::key::RowKind;
use tests::consumer::{age, batch, consume, give, owed};
use tests::guest_chat::{as_guest, as_service, as_staff, hire};
use tests::{Fault, Hold, Reply, Request, World, lease, token_with};

use crate::apps_events;
use crate::parties::{accept, invite, known, party_of, read};
use crate::sockets::{connect, emit};

const NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada@lovelace.example";
/// In each text that ada writes.
const SECRET: &str = "secretly";

/// ada, with a name and an address that nobody else has.
fn by_ada(route: &str) -> Request {
    Request::new(route).bearer(&token_with("ada", &json!({ "name": NAME, "email": EMAIL })))
}

fn erase(user: &str) -> Request {
    as_service("DELETE /users/{userId}").path("userId", user)
}

async fn expect<F>(status: u16, reply: F) -> Value
where
    F: Future<Output = Reply>,
{
    let reply = reply.await;
    assert_eq!(reply.status, status, "{reply:?}");
    reply.body
}

/// A row of every kind that there is, with ada in each that can hold a user.
pub(crate) async fn everything(world: &World) {
    rooms_and_notifications(world).await;
    parties_of(world).await;
    chats(world).await;
    sockets(world).await;
    let rows = [
        json!({ "pk": "RECONCILE", "sk": "ROOMS", "after": "emma" }),
        json!({ "pk": "HEARD#0", "sk": "gone", "heard": 1 }),
        json!({ "pk": "SOCKET#gone", "sk": "LIMIT#control", "due": 1 }),
        json!({ "pk": "HEARTBEATS", "sk": "0000000000001", "due": 1 }),
        // Between a process that is killed and the heartbeat.
        json!({ "pk": "SOCKET#gone", "sk": "SOCKET", "user": "ada", "name": NAME }),
        json!({ "pk": "SOCKETS#socketio#1", "sk": "00001", "user": "ada" }),
        json!({ "pk": "WAITING", "sk": "00001", "slot": 1, "connection": "w1", "stage": "socketio", "framing": "socketIo",
            "since": 1, "token_expires": 1, "named": "ada", "frames": 0, "expires_at": Millis::now().plus_seconds(600).seconds() }),
    ];
    world.table.put_rows(&rows).await;
    age(world, 3_600).await;
    consume(world).await.unwrap();
    age(world, 3_600).await;
    consume(world).await.unwrap();
}

async fn rooms_and_notifications(world: &World) {
    world.table.put_book("emma", "ada", NAME).await;
    let join = by_ada("POST /rooms/{bookId}/presence").path("bookId", "emma");
    expect(200, world.send(presence_join::handle, &join)).await;
    let kudos = |to: &str| json!({ "receiverId": to, "sessionId": "s1", "bookTitle": SECRET });
    expect(201, world.send(kudos_create::handle, &by_ada("POST /kudos").json(&kudos("ben")))).await;
    expect(201, world.send(kudos_create::handle, &Request::new("POST /kudos").by("ben").json(&kudos("ada")))).await;
    let sender = json!({ "senderId": "ada", "senderName": NAME, "senderAvatar": "https://example.com/ada.png" });
    for (n, body) in [
        json!({ "userId": "ada", "type": "SYSTEM", "body": SECRET }),
        json!({ "userId": "ben", "type": "MESSAGE", "data": sender }),
        json!({ "userId": "ben", "type": "SYSTEM", "title": format!("{NAME} is here"), "body": format!("{NAME} waves"),
            "data": { "senderId": "ada", "message": format!("{NAME} waves") } }),
    ]
    .iter()
    .enumerate()
    {
        let notify = as_service("POST /notifications").header("idempotency-key", &format!("n{n}")).json(body);
        expect(201, world.send(notifications::handle, &notify)).await;
    }
    let preferences = by_ada("PUT /notifications/preferences").json(&json!({ "locale": "fr" }));
    expect(200, world.send(notifications::handle, &preferences)).await;
    let device =
        by_ada("POST /notifications/device-token").json(&json!({ "token": format!("ada-s-phone-{}", "x".repeat(40)) }));
    expect(200, world.send(device_tokens::handle, &device)).await;
    let key = json!({ "publicKey": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=" });
    expect(200, world.send(messages::handle, &by_ada("PUT /keys").json(&key))).await;
}

/// One that ada shares, one of ada's alone, one of ben's with ada in it, and an invitation to ada.
async fn parties_of(world: &World) {
    known(world, &["ben", "cleo"]).await;
    let found =
        |name: &str| by_ada("POST /parties").header("idempotency-key", name).json(&json!({ "partyName": name }));
    for (name, invited) in [("Shared", "ben"), (SECRET, "cleo")] {
        let party =
            expect(201, world.send(parties::handle, &found(name))).await["partyId"].as_str().unwrap().to_owned();
        let invitation = by_ada("POST /parties/{partyId}/invitations").path("partyId", &party);
        expect(201, world.send(parties::handle, &invitation.json(&json!({ "userId": invited })))).await;
        if invited == "ben" {
            assert_eq!(accept(world, &party, "ben").await.status, 200);
        }
    }
    for accepts in [true, false] {
        let found = Request::new("POST /parties").by("ben").json(&json!({ "partyName": "Ben's" }));
        let party = expect(201, world.send(parties::handle, &found)).await["partyId"].as_str().unwrap().to_owned();
        assert_eq!(invite(world, "ben", &party, "ada").await.status, 201);
        if accepts {
            let accept = by_ada("POST /parties/{partyId}/invitations/accept").path("partyId", &party);
            expect(200, world.send(parties::handle, &accept)).await;
        }
    }
}

async fn chats(world: &World) {
    hire(world, &["ada"]).await;
    let hello = json!({ "message": SECRET });
    let write = by_ada("POST /hotels/{hotelSlug}/chats/{bookingId}/messages").path("hotelSlug", "killarney");
    let write = write.path("bookingId", "BK-2025-0123").header("idempotency-key", "k1").json(&hello);
    expect(201, world.send(guest_chat::handle, &write)).await;
    lease::put(world, json!({ "clientEmail": EMAIL })).await;
    let of_lease = |route: &str| by_ada(route).path("bailId", "b1");
    let message = of_lease("POST /leases/{bailId}/messages").json(&json!({ "content": SECRET }));
    expect(201, world.send(lease_chat::handle, &message)).await;
    lease::write(world, "ben", "For you").await;
    let file = json!({ "name": format!("{SECRET}.png"), "type": "image/png", "size": 7 });
    expect(201, world.send(lease_chat::handle, &of_lease("POST /leases/{bailId}/attachments").json(&file))).await;
    let asked = json!({ "title": SECRET, "description": SECRET });
    expect(201, world.send(lease_chat::handle, &of_lease("POST /leases/{bailId}/requests").json(&asked))).await;
    let theirs = lease::ask("ben", "POST /leases/{bailId}/requests").json(&json!({ "title": "An identity card" }));
    let theirs = expect(201, world.send(lease_chat::handle, &theirs)).await["id"].as_str().unwrap().to_owned();
    let accept = of_lease("PATCH /leases/{bailId}/requests/{requestId}").path("requestId", &theirs);
    expect(200, world.send(lease_chat::handle, &accept.json(&json!({ "status": "accepted" })))).await;
    world.table.put(&[("pk", "LEASE#b1"), ("sk", "EMAIL#ada"), ("of", "window")]).await;
    world.table.put(&[("pk", "CHAT#GUEST#killarney#BK-2025-0123"), ("sk", "EMAIL#ada"), ("of", "window")]).await;
}

async fn sockets(world: &World) {
    // A handshake has the token in its address.
    world.sockets.open("a1");
    let token = token_with("ada", &json!({ "name": NAME, "email": EMAIL, "email_verified": true }));
    let handshake = Request::socket("$connect", "ws", "a1").asking("token", &token);
    world.send(socket_connect::handle, &handshake).await;
    connect(world, "dashboard", "d1", "cleo").await;
    connect(world, "ws", "n1", "ben").await;
    for (connection, receiver) in [("a1", "ben"), ("n1", "ada")] {
        let content = if connection == "a1" { SECRET } else { "An answer" };
        emit(world, "ws", connection, "sendMessage", &json!({ "receiverId": receiver, "content": content })).await;
    }
    let member = as_service("PUT /channels/{channel}/members/{userId}").path("channel", "private-orders-1");
    expect(204, world.send(::channels::handle, &member.path("userId", "ada"))).await;
    let grant = as_service("PUT /dashboard/channels/{channel}/members/{userId}").path("channel", "payroll");
    expect(204, world.send(dashboard::handle, &grant.path("userId", "ada"))).await;
    let event = json!({ "name": "stock", "channel": "private-user-ada", "data": SECRET });
    expect(200, world.send(pusher_api::handle, &apps_events::post(apps_events::EVENTS, &event))).await;
    let event = json!({ "event": "activity", "userId": "ada", "data": { "text": SECRET } });
    expect(202, world.send(dashboard::handle, &as_service("POST /dashboard/events").json(&event))).await;
}

/// The kinds of all rows.
async fn kinds(world: &World) -> BTreeSet<RowKind> {
    let rows = world.table.every_row().await;
    rows.into_keys().map(|(pk, sk)| RowKind::of(&Key { pk, sk }).expect("a kind")).collect()
}

/// The rows that still name ada. The keys of a direct conversation name both of its people: it has the other one's messages.
async fn left(world: &World) -> Vec<String> {
    let is_bound = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric());
    let names_ada = |text: &str| {
        let mut places = text.match_indices("ada");
        places.any(|(at, _)| is_bound(text[..at].chars().next_back()) && is_bound(text[at + 3..].chars().next()))
    };
    let rows = world.table.every_row().await.into_iter().filter_map(|((pk, sk), mut row)| {
        row.remove("pk");
        // The same key, in the index of what the other one wrote.
        row.retain(|name, value| name != "gsi1sk" || !pk.starts_with("CHAT#DIRECT#") || value.as_str() != Some(&pk));
        let key = if pk.starts_with("CHAT#DIRECT#") { String::new() } else { pk.clone() };
        let text = format!("{key} {}", json!(row));
        let tells = names_ada(&text) || text.to_lowercase().contains("lovelace") || text.contains(SECRET);
        tells.then(|| format!("{pk} {sk} {}", json!(row)))
    });
    rows.collect()
}

#[tokio::test]
async fn a_user_is_erased_from_every_kind_of_row() {
    let world = lease::with_email().await;
    everything(&world).await;
    let constructors =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contract/src/key.rs"));
    let constructors = constructors.unwrap();
    let (_, constructors) = constructors.split_once("impl Key {").unwrap();
    let (constructors, _) = constructors.split_once("\n}\n").unwrap();
    let constructors = constructors.matches("-> Self {").count() - 1;
    // All but that of an erasure, and the eight of clients of Pusher on this stack's own WebSockets.
    let there = kinds(&world).await;
    assert_eq!(there.len() + 1 + 8, constructors, "this test writes a row of each kind: {there:?}");
    world.pusher.take_sent();

    let reply = expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    assert_eq!(reply["done"], true, "{reply}");
    assert!(reply["erased"].as_u64().unwrap() > 20, "{reply}");
    // The stream's consumer delivers the events.
    for _ in 0..2 {
        age(&world, 3_600).await;
        consume(&world).await.unwrap();
    }
    let left = left(&world).await;
    assert!(left.is_empty(), "{left:#?}");
    assert!(world.queues.sent("dead-letter").is_empty(), "nothing is lost");
}

#[tokio::test]
async fn others_keep_what_is_theirs_and_hear_that_the_user_is_gone() {
    let world = lease::with_email().await;
    everything(&world).await;
    world.pusher.take_sent();
    world.sockets.take_posted();
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    age(&world, 3_600).await;
    consume(&world).await.unwrap();

    let told = world.pusher.take_names();
    for name in ["room:user-left", "party-updated", "request-updated", "message-deleted"] {
        assert!(told.iter().any(|told| told == name), "{name}: {told:?}");
    }
    let parties = world.send(parties::handle, &Request::new("GET /parties").by("ben")).await.body;
    let parties = parties["parties"].as_array().unwrap();
    assert_eq!(parties.len(), 3, "{parties:?}");
    assert!(parties.iter().all(|party| party["ownerId"] == "ben"), "{parties:?}");
    let requests = world.send(lease_chat::handle, &lease::ask("ben", "GET /leases/{bailId}/requests")).await.body;
    let titles: Vec<_> = requests["requests"].as_array().unwrap().iter().map(|request| &request["title"]).collect();
    assert_eq!(titles, ["An identity card", "…"]);
    let messages = world.send(lease_chat::handle, &lease::ask("ben", "GET /leases/{bailId}/messages")).await.body;
    assert_eq!(messages["messages"][0]["content"], "For you", "{messages}");
    let list = world.send(notifications::handle, &Request::new("GET /notifications").by("ben")).await.body;
    let sentences: Vec<_> = list["notifications"].as_array().unwrap().iter().map(|n| n["message"].clone()).collect();
    assert!(sentences.contains(&json!("… waves")), "{sentences:?}");
    assert!(sentences.contains(&json!("Someone sent you a message")), "{sentences:?}");
    let chat = world.send(guest_chat::handle, &as_guest("GET /messages")).await.body;
    assert_eq!(
        (&chat["messages"][0]["seq"], &chat["messages"][0]["author"]["id"]),
        (&json!(1), &Value::Null),
        "{chat}"
    );
    assert_eq!(world.send(guest_chat::handle, &as_staff("ada", "GET /messages")).await.status, 403);
}

#[tokio::test]
async fn an_owners_party_goes_to_the_member_who_has_been_in_it_longest() {
    let world = World::new().await;
    let party = party_of(&world, &["ben", "cleo"]).await;
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    let shown = read(&world, "cleo", &party).await.body;
    assert_eq!(shown["ownerId"], "ben", "{shown}");
    assert_eq!(shown["members"].as_array().unwrap().len(), 2, "{shown}");
}

#[tokio::test]
async fn an_erasure_goes_on_where_the_call_before_stopped_and_may_be_done_again() {
    let world = lease::with_email().await;
    everything(&world).await;
    let rows: Vec<_> =
        (0..1_200).map(|n| json!({ "pk": format!("BOOK#b{n}"), "sk": "BOOK", "authorId": "jane" })).collect();
    world.table.put_rows(&rows).await;
    let (user, writer) = (UserId::parse("ada").unwrap(), WriteContext::without_delivery("request-1"));
    let call = || step(&world, &writer, &user);
    let (mut calls, mut before) = (0, (0, 0));
    loop {
        calls += 1;
        assert!(calls < 200, "it never ends");
        let report = call().await;
        assert!(report.erased >= before.0 && report.looked_at >= before.1, "{report:?} after {before:?}");
        before = (report.erased, report.looked_at);
        if report.done {
            break;
        }
    }
    assert!(calls >= 5 && before.1 > 1_200, "{calls} calls, {before:?}");
    for _ in 0..2 {
        age(&world, 3_600).await;
        consume(&world).await.unwrap();
    }
    assert!(left(&world).await.is_empty());
    let again = expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    assert_eq!((&again["done"], &again["erased"]), (&json!(true), &json!(0)), "{again}");
}

/// The rows of a partition.
async fn rows_of(world: &World, partition: &str) -> Vec<String> {
    let rows = world.table.every_row().await.into_iter().filter(|((pk, _), _)| pk == partition);
    rows.map(|((_, sk), row)| format!("{sk} {}", json!(row))).collect()
}

async fn notify(world: &World, body: &Value) {
    expect(201, world.send(notifications::handle, &as_service("POST /notifications").json(body))).await;
}

#[tokio::test]
async fn an_erasure_leaves_a_place_alone_that_another_waiting_connection_has_taken_meanwhile() {
    let world = World::new().await;
    let waiting = |connection: &str, named: &str| {
        let expires_at = Millis::now().plus_seconds(600).seconds();
        json!({ "pk": "WAITING", "sk": "00001", "slot": 1, "connection": connection, "stage": "socketio", "framing": "socketIo",
            "since": 1, "token_expires": 1, "named": named, "frames": 0, "expires_at": expires_at })
    };
    world.table.put_rows(&[waiting("w1", "ada")]).await;
    let hold = Hold::default();
    world.table.inject("DeleteItem", &[Fault::Held(hold.clone())]);
    let (rows, of_ben) = (&world.table, [waiting("w2", "ben")]);
    let meanwhile = hold.meanwhile(rows.put_rows(&of_ben));
    let erase = async { while !one_step(&world, "ada").await.done {} };
    tokio::join!(erase, meanwhile);
    assert_eq!(rows.every_row().await[&("WAITING".to_owned(), "00001".to_owned())]["connection"], "w2");
}

/// One call whose time is up at once.
pub(crate) async fn one_step(world: &World, user: &str) -> erasure::ErasureReport {
    step(world, &WriteContext::without_delivery("request-1"), &UserId::parse(user).unwrap()).await
}

async fn step(world: &World, writer: &WriteContext, user: &UserId) -> erasure::ErasureReport {
    let app = world.app_of("erasure");
    let secret = &app.settings.pusher().unwrap().credentials.secret;
    erasure::erase(&app.table, writer, app.connections.as_ref(), erasure::Subject { user, secret }, Instant::now())
        .await
        .unwrap()
        .result
}

#[tokio::test]
async fn words_that_only_look_like_the_users_name_or_id_stay_in_the_notifications_of_others() {
    let world = World::new().await;
    for (id, name) in [("e", "o"), ("https", "New")] {
        let call = Request::new("GET /party-invitations").bearer(&token_with(id, &json!({ "name": name })));
        expect(200, world.send(parties::handle, &call)).await;
    }
    let cleo =
        json!({ "senderId": "cleo", "senderName": "o", "senderAvatar": "https://example.com/e.png", "grade": "e" });
    notify(&world, &json!({ "userId": "ben", "type": "MESSAGE", "data": cleo })).await;
    notify(&world, &json!({ "userId": "ben", "type": "SYSTEM", "title": "New hope", "body": "No news from New York" }))
        .await;
    let before = rows_of(&world, "USER#ben").await;
    for user in ["e", "https"] {
        expect(200, world.send(::erasure::handle, &erase(user))).await;
    }
    assert_eq!(rows_of(&world, "USER#ben").await, before);
}

#[tokio::test]
async fn a_notification_of_the_apps_own_type_loses_the_users_name_and_data() {
    let world = World::new().await;
    let call = Request::new("GET /party-invitations").bearer(&token_with("u-1", &json!({ "name": "Ada Lovelace" })));
    expect(200, world.send(parties::handle, &call)).await;
    let sender = json!({ "senderId": "u-1", "senderName": "Ada Lovelace", "sourceId": "order-7" });
    let own = json!({ "userId": "ben", "type": "ORDER_SHIPPED", "title": "Parcel of Ada Lovelace", "body": "From Ada Lovelace",
        "data": sender });
    notify(&world, &own).await;
    expect(200, world.send(::erasure::handle, &erase("u-1"))).await;
    let rows = rows_of(&world, "USER#ben").await.join("\n");
    for left in ["ORDER_SHIPPED", "Parcel of …", "From …", "order-7"] {
        assert!(rows.contains(left), "{left}: {rows}");
    }
    for gone in ["Lovelace", "u-1"] {
        assert!(!rows.contains(gone), "{gone}: {rows}");
    }
}

#[tokio::test]
async fn a_notification_keeps_the_title_of_its_type_whatever_the_user_is_called() {
    let world = World::new().await;
    let call = Request::new("GET /party-invitations").bearer(&token_with("u-1", &json!({ "name": "New" })));
    expect(200, world.send(parties::handle, &call)).await;
    let new = json!({ "senderId": "u-1", "senderName": "New" });
    notify(&world, &json!({ "userId": "ben", "type": "MESSAGE", "data": new })).await;
    let own =
        json!({ "userId": "ben", "type": "MESSAGE", "title": "New of New York", "body": "Newer: New", "data": new });
    notify(&world, &own).await;
    expect(200, world.send(::erasure::handle, &erase("u-1"))).await;
    let rows = rows_of(&world, "USER#ben").await.join("\n");
    for left in ["New Message", "Someone sent you a message", "… of … York", "Newer: …"] {
        assert!(rows.contains(left), "{left}: {rows}");
    }
    assert!(!rows.contains("u-1"), "{rows}");
}

#[tokio::test]
async fn a_message_to_an_erased_user_makes_no_row_of_theirs() {
    let world = World::new().await;
    known(&world, &["ada"]).await;
    connect(&world, "ws", "a1", "ada").await;
    connect(&world, "ws", "b1", "ben").await;
    let write = |text: &'static str| {
        let data = json!({ "receiverId": "ada", "content": text });
        let world = &world;
        async move { emit(world, "ws", "b1", "sendMessage", &data).await }
    };
    write("while she is there").await;
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    write("and after she is gone").await;
    for _ in 0..2 {
        age(&world, 60).await;
        consume(&world).await.unwrap();
    }
    assert_eq!(rows_of(&world, "USER#ada").await, Vec::<String>::new());
    let owed = owed(&world).await;
    assert!(owed.iter().all(|owed| owed["kind"] != "unread"), "{owed:?}");
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn a_pending_delivery_to_another_user_does_not_name_the_erased_user() {
    let world = World::new().await;
    known(&world, &["ben"]).await;
    world.sockets.open("a1");
    let handshake =
        Request::socket("$connect", "ws", "a1").asking("token", &token_with("ursula", &json!({ "name": NAME })));
    world.send(socket_connect::handle, &handshake).await;
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": "Hello" })).await;
    age(&world, 60).await;
    consume(&world).await.unwrap();
    let owes = json!(owed(&world).await).to_string();
    assert!(owes.contains("notification:new") && owes.contains("Lovelace"), "it is created, and not delivered: {owes}");
    world.pusher.take_sent();
    expect(200, world.send(::erasure::handle, &erase("ursula"))).await;
    let left = rows_of(&world, "USER#ben").await.join("\n");
    assert!(!left.contains("Lovelace") && !left.contains("ursula"), "{left}");
    age(&world, 60).await;
    consume(&world).await.unwrap();
    let sent = world.pusher.take_sent();
    let sent: Vec<_> = sent.iter().filter(|(_, name, _)| name == "notification:new").collect();
    let [(.., data)] = sent.as_slice() else { panic!("it is delivered once: {sent:?}") };
    assert!(data.to_string().contains("Someone sent you a message"), "{data}");
}

#[tokio::test]
async fn a_visit_that_fails_while_a_user_is_erased_does_not_bring_the_name_back() {
    let world = World::new().await;
    known(&world, &["ben"]).await;
    connect(&world, "ws", "b1", "ben").await;
    world.pusher.respond_always(Some(503));
    let message = json!({ "userId": "ben", "type": "MESSAGE", "data": { "senderId": "ada", "senderName": NAME } });
    expect(201, world.send(notifications::handle, &as_service("POST /notifications").json(&message))).await;
    world.pusher.respond_always(None);
    age(&world, 60).await;
    let event = batch(&world).await;
    world.pusher.hold_batches();
    let erased_meanwhile = async {
        world.pusher.holds_one().await;
        expect(200, world.send(::erasure::handle, &erase("ada"))).await;
        world.pusher.respond_always(Some(503));
        world.pusher.resume().await;
    };
    let (visited, ()) = tokio::join!(give(&world, event), erased_meanwhile);
    visited.unwrap();
    let left = format!("{} {:?}", json!(owed(&world).await), rows_of(&world, "USER#ben").await);
    assert!(left.contains("notification:new") && !left.contains("Lovelace"), "{left}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_left_and_stands_in_the_way_of_no_other() {
    let world = World::new().await;
    known(&world, &["ada"]).await;
    let person = json!({ "id": "ada" });
    let rows = [
        json!({ "pk": "USER#ben", "sk": "NOTIFICATION#1", "data": r#"{"senderId":"ada"}"# }),
        json!({ "pk": "LEASE#b9", "sk": format!("REQUEST#{}", "f".repeat(32)), "created_by": person }),
        json!({ "pk": "CHAT#DIRECT#ada#ben", "sk": "MSG#000000000001", "author": "ada", "gsi1pk": "AUTHOR#ada", "gsi1sk": "CHAT#DIRECT#ada#ben" }),
        // Of somebody else's alone.
        json!({ "pk": "USER#ben", "sk": "NOTIFICATION#2", "data": r#"{"senderId":"cleo"}"# }),
        json!({ "pk": "LEASE#b9", "sk": format!("REQUEST#{}", "e".repeat(32)) }),
    ];
    world.table.put_rows(&rows).await;
    for book in ["emma", "persuasion", "sanditon"] {
        world.table.put_book(book, "ada", NAME).await;
    }
    let reply = expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    assert_eq!(reply["done"], true, "{reply}");
    assert!((2..=3).contains(&reply["skipped"].as_u64().unwrap()), "{reply}");
    let books = world.table.every_row().await.into_iter().filter(|((pk, _), _)| pk.starts_with("BOOK#"));
    assert!(books.into_iter().all(|(_, book)| !json!(book).to_string().contains("Lovelace")));
}

#[tokio::test]
async fn a_party_that_counts_members_who_have_no_row_ends_with_its_owner() {
    let world = World::new().await;
    let party = party_of(&world, &[]).await;
    world.table.set_number((&format!("PARTY#{party}"), "PARTY"), "members", 3).await;
    let reply = expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    assert_eq!(reply["done"], true, "{reply}");
    let row = world.table.row(&format!("PARTY#{party}"), "PARTY").await.unwrap();
    assert_eq!((&row["dissolved"], &row["name"]), (&json!(true), &json!("")), "{row:?}");
}

#[tokio::test]
async fn a_party_goes_to_a_member_whose_row_cannot_be_read() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    world.table.put(&[("pk", &format!("PARTY#{party}")), ("sk", "MEMBER#ben")]).await;
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    assert_eq!(world.table.row(&format!("PARTY#{party}"), "PARTY").await.unwrap()["owner"], "ben");
}

#[tokio::test]
async fn a_call_whose_time_is_up_stops_between_two_rows() {
    let world = World::new().await;
    let own = (0..40).map(|n| json!({ "pk": "USER#ada", "sk": format!("NOTIFICATION#{n:03}") }));
    let books = (0..5).map(|n| json!({ "pk": format!("BOOK#b{n}"), "sk": "BOOK", "authorId": "ada" }));
    world.table.put_rows(&own.chain(books).collect::<Vec<_>>()).await;
    let first = one_step(&world, "ada").await;
    assert!((1..40).contains(&first.erased), "{first:?}");
    let (mut before, mut steps) = (first.erased, Vec::new());
    for _ in 0..20 {
        let report = one_step(&world, "ada").await;
        steps.push(report.erased - before);
        before = report.erased;
        if report.done {
            break;
        }
    }
    assert_eq!(before, 45, "each row once: {steps:?}");
    assert_eq!(steps.iter().filter(|rows| **rows == 1).count(), 5, "each book in a call of its own: {steps:?}");
}

#[tokio::test]
async fn calls_at_the_same_time_have_one_alias() {
    let world = World::new().await;
    for book in ["emma", "persuasion"] {
        world.table.put_book(book, "ada", NAME).await;
    }
    let hold = Hold::default();
    world.table.inject("PutItem", &[Fault::Held(hold.clone())]);
    let (_, of_second) = tokio::join!(
        one_step(&world, "ada"),
        hold.meanwhile(async {
            one_step(&world, "ada").await;
            alias(&world).await
        })
    );
    assert_eq!(alias(&world).await, of_second);
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    for book in ["emma", "persuasion"] {
        let row = world.table.row(&format!("BOOK#{book}"), "BOOK").await.unwrap();
        assert_eq!(row["authorId"].as_str(), Some(of_second.as_str()));
    }
}

/// The alias of the only erasure that there is.
async fn alias(world: &World) -> String {
    let rows = world.table.every_row().await;
    let aliases: Vec<_> = rows.values().filter_map(|row| row.get("alias")?.as_str()).collect();
    let [alias] = aliases.as_slice() else { panic!("one erasure: {aliases:?}") };
    (*alias).to_owned()
}

#[tokio::test]
async fn only_services_erase_users() {
    let world = World::new().await;
    let own = Request::new("DELETE /users/{userId}").by("ada").path("userId", "ada");
    assert_eq!(world.send(::erasure::handle, &own).await.status, 403);
    assert_eq!(world.send(::erasure::handle, &erase("a b")).await.status, 400);
}

/// All rows that hold one of these words, but for the table's keys of a chat that is gone.
async fn rows_with(world: &World, words: &[&str]) -> Vec<String> {
    let rows = world.table.every_row().await.into_iter();
    let rows =
        rows.filter(|((pk, _), _)| !pk.starts_with("CHAT#")).map(|((pk, sk), row)| format!("{pk} {sk} {}", json!(row)));
    rows.filter(|row| words.iter().any(|word| row.contains(word))).collect()
}

#[tokio::test]
async fn a_guest_is_erased_from_what_the_staff_were_notified_of() {
    for is_notified_before in [true, false] {
        let world = World::with_push().await;
        hire(&world, &["benno"]).await;
        let write = as_guest("POST /messages").json(&json!({ "message": SECRET }));
        expect(201, world.send(guest_chat::handle, &write)).await;
        let tell = async || {
            for _ in 0..2 {
                age(&world, 3_600).await;
                consume(&world).await.unwrap();
            }
        };
        if is_notified_before {
            tell().await;
            // A notification of a service, which names the guest as it likes.
            let data = json!({ "senderId": "guest;killarney;BK-2025-0123", "preview": "Grace writes" });
            notify(&world, &json!({ "userId": "benno", "type": "SYSTEM", "title": "Grace wrote", "body": "By Grace", "data": data })).await;
            // A row of a version that did not say who sent.
            let data = json!({ "senderName": "Grace", "conversationId": "killarney/BK-2025-0123", "hotelSlug": "killarney",
                "bookingId": "BK-2025-0123", "messageId": "m1" });
            let old = json!({ "pk": "USER#benno", "sk": "NOTIFICATION#000000000099-ff", "n": 99, "type": "MESSAGE", "title": "New Message",
                "message": "Grace sent you a message", "data": data.to_string(), "priority": "normal", "created_at": 1, "expires_at": 9_999_999_999_i64 });
            world.table.put_rows(&[old]).await;
            assert_eq!(rows_with(&world, &["Grace"]).await.len(), 3);
        }
        let reply = expect(200, world.send(::erasure::handle, &erase("guest;killarney;BK-2025-0123"))).await;
        assert_eq!((&reply["done"], &reply["skipped"]), (&json!(true), &json!(0)), "{reply}");
        tell().await;
        let left = rows_with(&world, &["Grace", "BK-2025-0123"]).await;
        assert!(left.is_empty(), "{is_notified_before}: {left:#?}");
    }
}

#[tokio::test]
async fn the_counter_of_a_receiver_does_not_name_who_sent() {
    let world = World::with_push().await;
    for sender in ["zoe", "zoe", "cleo"] {
        notify(&world, &json!({ "userId": "ben", "type": "MESSAGE", "data": { "senderId": sender } })).await;
    }
    let groups = world.table.row("USER#ben", "NOTIFICATIONS").await.unwrap()["recent"].as_str().unwrap().to_owned();
    let groups: Value = serde_json::from_str(&groups).unwrap();
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
    expect(200, world.send(::erasure::handle, &erase("zoe"))).await;
    // No letter of the name is a digit of an id in the row.
    let left = rows_with(&world, &["zoe"]).await;
    assert!(left.is_empty(), "{left:#?}");
}

#[tokio::test]
async fn every_name_of_the_user_goes_from_every_text_that_is_about_them() {
    let world = World::new().await;
    // A message has the name of its day.
    hire(&world, &["ada"]).await;
    let of_old = Request::new("POST /hotels/{hotelSlug}/chats/{bookingId}/messages").path("hotelSlug", "killarney");
    let of_old = of_old.path("bookingId", "BK-1").bearer(&token_with("ada", &json!({ "name": "Early Byron" })));
    expect(201, world.send(guest_chat::handle, &of_old.json(&json!({ "message": "hello" })))).await;
    let service = json!({ "displayName": "Put Lovelace" });
    expect(
        200,
        world.send(profiles::handle, &as_service("PUT /users/{userId}/profile").path("userId", "ada").json(&service)),
    )
    .await;
    expect(200, world.send(parties::handle, &by_ada("GET /party-invitations"))).await;
    let about = json!({ "senderId": "ada", "senderName": "Ada of Data", "title": format!("{NAME} waves"),
        "preview": { "lines": ["Put Lovelace: hello", "nothing"] } });
    notify(
        &world,
        &json!({ "userId": "ben", "type": "MESSAGE", "title": "Ada of Data and Put Lovelace",
        "body": format!("{NAME}, once Early Byron, waves"), "data": about }),
    )
    .await;
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    let left = rows_with(&world, &["Lovelace", "Ada of Data", "Byron", "senderName"]).await;
    assert!(left.is_empty(), "{left:#?}");
    let rows = rows_of(&world, "USER#ben").await.join("\n");
    for kept in ["… and …", "…, once …, waves", "… waves", "…: hello", "nothing"] {
        assert!(rows.contains(kept), "{kept}: {rows}");
    }
}

#[tokio::test]
async fn the_row_of_an_erasure_does_not_tell_whose_it_is() {
    use sha2::Digest as _;
    let world = World::new().await;
    expect(200, world.send(::erasure::handle, &erase("ada"))).await;
    let hash = hex::encode(sha2::Sha256::digest("ada"));
    let rows = world.table.every_row().await;
    let erasures: Vec<_> = rows.keys().filter(|(_, sk)| sk == "ERASURE").collect();
    assert_eq!(erasures.len(), 1, "{erasures:?}");
    assert!(erasures.iter().all(|(pk, _)| !pk.contains(&hash[..16])), "{erasures:?}");
}

#[tokio::test]
async fn the_guests_name_goes_with_the_guest_and_not_with_who_wrote_last() {
    const GUEST: &str = "guest;killarney;BK-1";
    for (last, erased) in [("benno", "benno"), ("benno", GUEST), (GUEST, "benno"), (GUEST, GUEST)] {
        let world = World::new().await;
        // Its messages are deleted: only the head has names still.
        let head = json!({ "pk": "CHAT#GUEST#killarney#BK-1", "sk": "HEAD", "seq": 2, "guest_name": "Grace", "last_author": last,
            "last_author_name": "Last" });
        world.table.put_rows(&[head]).await;
        expect(200, world.send(::erasure::handle, &erase(erased))).await;
        let head = world.table.row("CHAT#GUEST#killarney#BK-1", "HEAD").await.unwrap();
        assert_eq!(head.contains_key("guest_name"), erased != GUEST, "{last} {erased}: {head:?}");
        assert_eq!(head.contains_key("last_author_name"), erased != last, "{last} {erased}: {head:?}");
    }
}
