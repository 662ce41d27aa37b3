//! The chat of a lease: who may, what is told to whom.

use lease_chat::handle;
use serde_json::{Value, json};
use tests::consumer::owed;
use tests::lease::{ask, message, put, with_email, write};
use tests::{Request, World};

async fn list(world: &World, query: &[(&str, &str)]) -> Value {
    let request = query
        .iter()
        .fold(ask("ada", "GET /leases/{bailId}/messages"), |request, (name, value)| request.query(name, value));
    world.send(handle, &request).await.body
}

fn seqs(page: &Value) -> Vec<u64> {
    page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

async fn authorize(world: &World, user: &str, channel: &str) -> tests::Reply {
    let body = json!({ "socket_id": "1.2", "channel_name": channel });
    world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by(user).json(&body)).await
}

#[tokio::test]
async fn a_message_is_an_event_for_the_lease_and_is_listed() {
    let world = with_email().await;
    let first = write(&world, "ada", "Bonjour, <b>Maître</b>\nUne question").await;
    assert_eq!(first["author"], json!({ "id": "ada", "name": "Ada", "role": "client" }));
    assert_eq!((&first["seq"], &first["content"]), (&json!(1), &json!("Bonjour, <b>Maître</b>\nUne question")));
    let second = write(&world, "ben", "Oui ?").await;
    assert_eq!(second["author"]["role"], "notary");
    let event = |data: &Value| ("presence-bail-b1".to_owned(), "new-message".to_owned(), data.clone());
    assert_eq!(world.pusher.take_sent(), [event(&first), event(&second)]);
    assert_eq!(list(&world, &[]).await["messages"], json!([second, first]));
    write(&world, "ada", "3").await;
    assert_eq!(seqs(&list(&world, &[("after", "1")]).await), [2, 3]);
    assert_eq!(seqs(&list(&world, &[("before", "3"), ("limit", "1")]).await), [2]);
}

#[tokio::test]
async fn a_poll_that_finds_nothing_new_costs_half_a_read_unit_after_the_lease() {
    let world = with_email().await;
    write(&world, "ben", "Oui ?").await;
    world.send(handle, &ask("ada", "GET /leases/{bailId}/messages")).await;
    let request = ask("ada", "GET /leases/{bailId}/messages");
    let etag = world.send(handle, &request).await.headers["etag"].clone();
    let (reply, [before, _]) = world.count(handle, &request.clone().header("if-none-match", &etag)).await;
    assert_eq!((reply.status, before.requests, before.read_units), (304, 2, 1.5));
    write(&world, "ben", "Encore").await;
    assert_eq!(world.send(handle, &request.header("if-none-match", &etag)).await.status, 200);
}

#[tokio::test]
async fn a_deleted_message_leaves_its_number_and_nothing_of_what_it_said() {
    let world = with_email().await;
    let message = write(&world, "ada", "un secret").await;
    let delete = |user: &str| {
        let request = ask(user, "DELETE /leases/{bailId}/messages/{messageId}");
        request.path("messageId", message["id"].as_str().unwrap())
    };
    assert_eq!(world.send(handle, &delete("ben")).await.status, 403, "not its author");
    world.pusher.take_sent();
    let reply = world.send(handle, &delete("ada")).await;
    assert_eq!(reply.status, 200);
    let left = &reply.body["message"];
    assert!(left["deletedAt"].is_string() && left.get("content").is_none(), "{left}");
    let told = json!({ "messageId": message["id"], "seq": 1, "deletedAt": left["deletedAt"] });
    assert_eq!(world.pusher.take_sent(), [("presence-bail-b1".to_owned(), "message-deleted".to_owned(), told)]);
    assert_eq!(world.send(handle, &delete("ada")).await.body, reply.body, "twice is the same");
    assert!(!format!("{:?}", world.table.rows().await).contains("un secret"));
    assert!(owed(&world).await.is_empty(), "and nobody gets an e-mail about it");
}

#[tokio::test]
async fn a_deletion_is_sent_at_once_although_an_e_mail_waits_for_its_window() {
    let world = with_email().await;
    tests::lease::known(&world, "ben", "ben@example.com").await;
    write(&world, "ada", "1").await;
    tests::consumer::consume(&world).await.unwrap();
    let second = write(&world, "ada", "2").await;
    tests::consumer::consume(&world).await.unwrap();
    assert_eq!(world.queues.sent("retry").len(), 1, "the row is the queue's for five minutes");
    world.pusher.take_sent();
    let request = ask("ada", "DELETE /leases/{bailId}/messages/{messageId}");
    world.send(handle, &request.path("messageId", second["id"].as_str().unwrap())).await;
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn read_marks_move_forward_and_are_sent() {
    let world = with_email().await;
    for text in ["1", "2", "3"] {
        write(&world, "ben", text).await;
    }
    world.pusher.take_sent();
    let read = |seq: u64| ask("ada", "PUT /leases/{bailId}/read").json(&json!({ "seq": seq }));
    assert_eq!(world.send(handle, &read(2)).await.body, json!({ "seq": 2, "unreadCount": 1 }));
    let sent = world.pusher.take_sent();
    let names: Vec<_> = sent.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!((names, &sent[0].2["seq"]), (vec!["messages-read", "conversation:read"], &json!(2)));
    assert_eq!(sent[0].2["reader"], json!({ "id": "ada", "role": "client" }));
    assert_eq!(world.send(handle, &read(1)).await.body["seq"], 2, "never back");
    assert_eq!(world.send(handle, &read(99)).await.body, json!({ "seq": 3, "unreadCount": 0 }));
    let shown = world.send(handle, &ask("ada", "GET /leases/{bailId}")).await.body;
    assert_eq!((&shown["unreadCount"], &shown["readSeq"], &shown["lastSeq"]), (&json!(0), &json!(3), &json!(3)));
    assert_eq!((&shown["channel"], &shown["me"]["role"]), (&json!("presence-bail-b1"), &json!("client")));
}

#[tokio::test]
async fn a_leases_channel_is_its_two_peoples_alone() {
    let world = with_email().await;
    for (user, role, name) in [("ada", "client", "Ada"), ("ben", "notary", "Ben")] {
        let reply = authorize(&world, user, "presence-bail-b1").await;
        let data: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap();
        assert_eq!(data, json!({ "user_id": user, "user_info": { "name": name, "role": role } }));
    }
    for (user, channel) in [
        ("eve", "presence-bail-b1"),
        ("ada", "presence-bail-b12"),
        ("ada", "presence-bail-B1"),
        ("ada", "private-bail-b1"),
        ("ada", "presence-bail-"),
    ] {
        assert_eq!(authorize(&world, user, channel).await.status, 403, "{user} {channel}");
    }
    assert_eq!(authorize(&world, "ada", "presence-bail-b1\n").await.status, 400);
}

#[tokio::test]
async fn a_replaced_participant_is_out_at_once() {
    let world = with_email().await;
    assert_eq!(put(&world, json!({ "notaryId": "cy" })).await.status, 200);
    assert_eq!(world.pusher.terminated(), ["ben"], "Pusher ends no single subscription");
    assert_eq!(world.send(handle, &message("ben", "encore moi")).await.status, 404);
    assert_eq!(authorize(&world, "ben", "presence-bail-b1").await.status, 403);
    assert_eq!(world.send(handle, &message("cy", "Bonjour")).await.status, 201);
    assert_eq!(put(&world, json!({ "notaryId": "cy", "title": "Autre titre" })).await.body["title"], "Autre titre");
    assert_eq!(world.pusher.terminated(), ["ben"]);
}

#[tokio::test]
async fn only_a_service_puts_a_lease_and_a_bad_one_is_refused() {
    let world = with_email().await;
    let rows = world.table.rows().await;
    let body = json!({ "clientId": "eve", "notaryId": "ben", "title": "x" });
    assert_eq!(world.send(handle, &ask("eve", "PUT /leases/{bailId}").json(&body)).await.status, 403);
    for (status, more) in [
        (400, json!({ "clientId": "a b" })),
        (400, json!({ "title": "" })),
        (400, json!({ "title": "a\r\nBcc: eve@example.com" })),
        (400, json!({ "locale": "de" })),
        (400, json!({ "clientEmail": "Ada <ada@example.com>" })),
        (400, json!({ "notaryEmail": "ben@example.com\r\nBcc: eve@example.com" })),
        (422, json!({ "clientId": "ben" })),
    ] {
        assert_eq!(put(&world, more.clone()).await.status, status, "{more}");
    }
    assert_eq!(world.table.rows().await, rows);
    let shown = put(&world, json!({ "clientEmail": "ada@example.com", "locale": "fr" })).await;
    assert!(!shown.body.to_string().contains("example.com"), "addresses are not shown");
}

#[tokio::test]
async fn strangers_learn_nothing_of_a_lease_and_bad_messages_are_refused() {
    let world = with_email().await;
    write(&world, "ada", "1").await;
    let rows = world.table.rows().await;
    let stranger = world.send(handle, &message("eve", "x")).await;
    let unknown = world.send(handle, &message("ada", "x").path("bailId", "b2")).await;
    assert_eq!((stranger.status, &stranger.body), (404, &unknown.body));
    for (status, request) in [
        (400, message("ada", "")),
        (400, message("ada", " \n")),
        (400, message("ada", "a\u{7}b")),
        (400, message("ada", &"x".repeat(4_001))),
        (413, message("ada", &"\u{1f600}".repeat(2_540))),
        (400, message("ada", "x").path("bailId", "a b")),
        (400, ask("ada", "GET /leases/{bailId}/messages").query("after", "x")),
        (400, ask("ada", "GET /leases/{bailId}/messages").query("after", "1").query("before", "2")),
        (400, ask("ada", "GET /leases/{bailId}/messages").query("limit", "101")),
        (404, ask("ada", "DELETE /leases/{bailId}/messages/{messageId}").path("messageId", "x")),
        (400, ask("ada", "PUT /leases/{bailId}/read").json(&json!({ "seq": -1 }))),
        (401, Request::new("GET /leases/{bailId}/messages").path("bailId", "b1")),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:.300?}");
    }
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn a_repeated_message_is_stored_once() {
    let world = with_email().await;
    let request = message("ada", "Bonjour").header("idempotency-key", "k1");
    let first = world.send(handle, &request).await;
    let again = world.send(handle, &request).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(world.send(handle, &message("ada", "Autre").header("idempotency-key", "k1")).await.status, 422);
    assert_eq!(seqs(&list(&world, &[]).await), [1]);
}

#[tokio::test]
async fn a_route_that_shows_no_name_reads_none() {
    let world = with_email().await;
    for route in ["GET /leases/{bailId}/messages", "GET /leases/{bailId}/requests"] {
        let mut read = Vec::new();
        for user in ["ada", "eve"] {
            world.table.take_requests();
            world.send(handle, &ask(user, route)).await;
            let first = world.table.take_requests().remove("GetItem");
            world.send(handle, &ask(user, route)).await;
            read.push((first, world.table.take_requests().remove("GetItem")));
        }
        assert!(read.iter().all(|(first, second)| first == second), "{route}: {read:?}");
    }
}
