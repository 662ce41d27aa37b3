//! `Idempotency-Key`, on all routes that take one: keys are independent, a repetition is the same request in any spelling, and the
//! records of both expire.

use serde_json::{Value, json};
use tests::consumer::{age, consume};
use tests::guest_chat::{as_guest_of, as_staff, hire};
use tests::{Reply, Request, World, token_with};

use crate::sockets::{connect, emit};

fn service(name: &str) -> String {
    token_with(name, &json!({ "roles": ["service"] }))
}

/// A lease of ada and ben.
async fn lease(world: &World, id: &str) {
    let body = json!({ "clientId": "ada", "notaryId": "ben", "title": "12 rue des Lilas" });
    let put = Request::new("PUT /leases/{bailId}").bearer(&service("leases")).path("bailId", id).json(&body);
    assert!(world.send(lease_chat::handle, &put).await.status < 300);
}

/// Each route that takes a key, for a caller who may call it.
async fn call(world: &World, route: &str, request: Request) -> Reply {
    match route {
        "POST /kudos" => world.send(kudos_create::handle, &request).await,
        "POST /notifications" => world.send(notifications::handle, &request).await,
        "POST /parties" => world.send(parties::handle, &request).await,
        "POST /dashboard/events" => world.send(dashboard::handle, &request).await,
        _ if route.starts_with("POST /leases/") => world.send(lease_chat::handle, &request).await,
        _ => world.send(guest_chat::handle, &request).await,
    }
}

const LEASE_MESSAGES: &str = "POST /leases/{bailId}/messages";
const LEASE_REQUESTS: &str = "POST /leases/{bailId}/requests";

/// Each route with a body, the same body written otherwise, and bodies that ask for something else.
fn routes() -> Vec<(&'static str, Request, &'static str, &'static str, Vec<&'static str>)> {
    let by_service = |route: &str| Request::new(route).bearer(&service("backend"));
    let guest = as_guest_of("BK-1", "POST /messages");
    vec![
        (
            "POST /kudos",
            Request::new("POST /kudos").by("ada"),
            r#"{"receiverId":"ben","sessionId":"s1","bookTitle":"Émma"}"#,
            r#"{ "bookTitle": "\u00c9mma", "sessionId": "s1", "receiverId": "ben" }"#,
            vec![
                r#"{"receiverId":"eve","sessionId":"s1","bookTitle":"Émma"}"#,
                r#"{"receiverId":"ben","sessionId":"s2","bookTitle":"Émma"}"#,
                r#"{"receiverId":"ben","sessionId":"s1","bookTitle":"Emma"}"#,
            ],
        ),
        (
            "POST /notifications",
            by_service("POST /notifications"),
            r#"{"userId":"ada","type":"SYSTEM","data":{"n":1,"m":[2]}}"#,
            r#"{ "data": {"m": [2.0], "n": 1e0}, "type": "SYSTEM", "userId": "ada" }"#,
            vec![
                r#"{"userId":"ben","type":"SYSTEM","data":{"n":1,"m":[2]}}"#,
                r#"{"userId":"ada","type":"SYSTEM","data":{"n":2,"m":[2]}}"#,
            ],
        ),
        (
            "POST /parties",
            Request::new("POST /parties").by("ada"),
            r#"{"partyName":"Emma","settings":{"a":1,"b":2}}"#,
            r#"{ "settings": {"b": 2.0, "a": 1e0}, "partyName": "Emma" }"#,
            vec![
                r#"{"partyName":"Emma","settings":{"a":1,"b":3}}"#,
                r#"{"partyName":"Persuasion","settings":{"a":1,"b":2}}"#,
            ],
        ),
        (
            "POST /dashboard/events",
            by_service("POST /dashboard/events"),
            r#"{"event":"announcement","data":{"a":1,"b":2}}"#,
            r#"{ "data": {"b": 2.0, "a": 1e0}, "event": "announcement" }"#,
            vec![
                r#"{"event":"announcement","data":{"a":1,"b":3}}"#,
                r#"{"event":"announcement","data":{"a":1,"b":2},"userId":"ada"}"#,
            ],
        ),
        (
            LEASE_MESSAGES,
            Request::new(LEASE_MESSAGES).by("ada").path("bailId", "b1"),
            r#"{"content":"é"}"#,
            r#"{ "content": "\u00e9" }"#,
            vec![r#"{"content":"e"}"#],
        ),
        (
            LEASE_REQUESTS,
            Request::new(LEASE_REQUESTS).by("ada").path("bailId", "b1"),
            r#"{"title":"Clés","description":"Avant vendredi"}"#,
            r#"{ "description": "Avant vendredi", "title": "Cl\u00e9s" }"#,
            vec![r#"{"title":"Clés"}"#, r#"{"title":"Clé","description":"Avant vendredi"}"#],
        ),
        (
            "POST of a guest",
            guest,
            r#"{"message":"Bonsoir"}"#,
            r#"{ "message" : "Bonsoir" }"#,
            vec![r#"{"message":"Bonjour"}"#],
        ),
    ]
}

async fn world() -> World {
    let world = World::new().await;
    lease(&world, "b1").await;
    world
}

fn with(request: &Request, body: &str) -> Request {
    request.clone().header("content-type", "application/json").header("idempotency-key", "k1").body(body)
}

fn is_replay(reply: &Reply) -> bool {
    reply.headers.contains_key("idempotent-replayed")
}

#[tokio::test]
async fn the_same_request_written_otherwise_is_a_repetition_and_another_request_is_422() {
    let world = world().await;
    for (route, request, body, again, others) in routes() {
        let first = call(&world, route, with(&request, body)).await;
        assert!(first.status < 300 && !is_replay(&first), "{route}: {first:?}");
        let second = call(&world, route, with(&request, again)).await;
        assert_eq!((second.status, &second.body), (first.status, &first.body), "{route}");
        assert!(is_replay(&second), "{route}");
        for other in others {
            assert_eq!(call(&world, route, with(&request, other)).await.status, 422, "{route} {other}");
        }
    }
}

#[tokio::test]
async fn one_key_in_two_places_is_two_keys() {
    let world = world().await;
    lease(&world, "b2").await;
    hire(&world, &["carol"]).await;
    let in_lease = |route: &str, id: &str| Request::new(route).by("ada").path("bailId", id);
    let at_booking = |booking: &str| as_staff("carol", "POST /messages").path("bookingId", booking);
    let places = [
        [in_lease(LEASE_MESSAGES, "b1"), in_lease(LEASE_MESSAGES, "b2")].map(|place| (place, r#"{"content":"x"}"#)),
        [in_lease(LEASE_REQUESTS, "b1"), in_lease(LEASE_REQUESTS, "b2")].map(|place| (place, r#"{"title":"x"}"#)),
        [at_booking("BK-1"), at_booking("BK-2")].map(|place| (place, r#"{"message":"x"}"#)),
        [as_guest_of("BK-3", "POST /messages"), as_guest_of("BK-4", "POST /messages")]
            .map(|place| (place, r#"{"message":"x"}"#)),
    ];
    for place in places {
        let mut ids = Vec::new();
        for (request, body) in place {
            let route = if body.contains("message") { "POST of a hotel" } else { "POST /leases/" };
            let reply = call(&world, route, with(&request, body)).await;
            assert_eq!((reply.status, is_replay(&reply)), (201, false), "{request:?} {reply:?}");
            let id = reply.body.get("message").unwrap_or(&reply.body)["id"].clone();
            assert!(id.is_string() && !ids.contains(&id), "{id}");
            ids.push(id);
        }
    }
}

#[tokio::test]
async fn the_key_of_a_deleted_message_is_refused_for_another_text_which_would_be_lost() {
    let world = World::new().await;
    let request = as_guest_of("BK-1", "POST /messages");
    let first = call(&world, "POST of a guest", with(&request, r#"{"message":"Bonsoir"}"#)).await;
    let id = first.body.get("message").unwrap_or(&first.body)["id"].as_str().unwrap().to_owned();
    let delete = as_guest_of("BK-1", "DELETE /messages/{messageId}").path("messageId", &id);
    assert_eq!(world.send(guest_chat::handle, &delete).await.status, 200);
    let other = call(&world, "POST of a guest", with(&request, r#"{"message":"Bonjour"}"#)).await;
    assert_eq!(other.status, 422, "{other:?}");
    let again = call(&world, "POST of a guest", with(&request, r#"{ "message": "Bonsoir" }"#)).await;
    assert_eq!((again.status, is_replay(&again)), (201, true), "{again:?}");
    assert_eq!(again.body.get("message").unwrap_or(&again.body)["id"], id);
}

fn by_name(events: &[Value], name: &str) -> Vec<Value> {
    events.iter().filter(|event| event["event"] == name).map(|event| event["data"].clone()).collect()
}

#[tokio::test]
async fn the_same_text_to_two_receivers_is_two_messages_and_both_are_notified() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    for receiver in ["bob", "eve"] {
        world.knows(&tests::token(receiver)).await;
        let message = json!({ "receiverId": receiver, "content": "Hello" });
        emit(&world, "ws", "a1", "sendMessage", &message).await;
        let named = json!({ "receiverId": receiver, "content": "Hello again", "clientMessageId": "m1" });
        emit(&world, "ws", "a1", "sendMessage", &named).await;
    }
    let sent = by_name(&world.sockets.take_of("a1"), "message:sent");
    let mut ids: Vec<_> = sent.iter().map(|sent| sent["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((sent.len(), ids.len()), (4, 4), "{sent:?}");
    age(&world, 10).await;
    consume(&world).await.unwrap();
    for receiver in ["bob", "eve"] {
        let list = world.send(notifications::handle, &Request::new("GET /notifications").by(receiver)).await.body;
        assert_eq!(list["notifications"].as_array().unwrap().len(), 2, "{receiver}: {list}");
    }
    assert!(world.queues.sent("dead-letter").is_empty());
}

fn sha256(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(text))
}

#[tokio::test]
async fn no_row_confirms_a_guessed_text_and_the_record_of_a_request_expires() {
    let world = world().await;
    let mut guesses = Vec::new();
    for (route, request, body, ..) in routes() {
        call(&world, route, with(&request, body)).await;
        guesses.push(sha256(body));
    }
    connect(&world, "ws", "a1", "ada").await;
    world.knows(&tests::token("bob")).await;
    for name in [Value::Null, json!("m1")] {
        let data = json!({ "receiverId": "bob", "content": "Hello", "clientMessageId": name });
        emit(&world, "ws", "a1", "sendMessage", &data).await;
    }
    guesses.push(sha256("Hello"));
    let now = shared::contract::time::Millis::now().seconds();
    for (key, row) in world.table.rows().await {
        let text = format!("{row:?}");
        assert!(!guesses.iter().any(|guess| text.contains(&guess[..16])), "{key:?} {text}");
        if row.contains_key("fingerprint") {
            let expires = row["expires_at"].as_i64().unwrap();
            assert!(expires <= now + 86_400, "{key:?} {text}");
        }
    }
}

#[tokio::test]
async fn an_erased_author_leaves_no_row_of_a_key() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    world.knows(&tests::token("bob")).await;
    let data = json!({ "receiverId": "bob", "content": "Hello", "clientMessageId": "m1" });
    emit(&world, "ws", "a1", "sendMessage", &data).await;
    let keys = async |world: &World| world.table.rows().await.keys().filter(|(_, sk)| sk.starts_with("KEY#")).count();
    assert_eq!(keys(&world).await, 1);
    let erase = tests::guest_chat::as_service("DELETE /conversations/authors/{userId}").path("userId", "ada");
    assert_eq!(world.send(guest_chat::handle, &erase).await.status, 200);
    assert_eq!(keys(&world).await, 0);
}
