//! A row past its expiry counts as absent, wherever it is read.
//!
//! DynamoDB deletes such rows "within a few days", and until then reads return them (Developer Guide, "Using time to live (TTL)
//! in DynamoDB" and "Working with expired items"). So for each kind of row that expires, a test makes one, lets more than a year
//! pass for it, and compares what follows with what follows without it. The embedded table deletes none.

use std::collections::BTreeSet;
use std::pin::Pin;

use serde_json::{Value, json};
use shared::contract::sockets::Namespace;
use shared::contract::time::Millis;
use shared::sockets::beats::{self, Beat};
use shared::table::Key;
use shared::table::key::RowKind;
use tests::devices::{register, with_devices};
use tests::guest_chat::{as_service, hire, inbox};
use tests::notification::notify;
use tests::{Reply, Request, World, lease, token, token_with};

use crate::apps_events;
use crate::erasure::{everything, one_step};
use crate::parties::{accept, ask, create, invitations, invite, known};
use crate::sockets::{connect, connect_io, count, emit, one_beat, say};
use crate::sockets_sign_in::connect_without_token;

/// How long ago a row was written, after [`expire`]: longer than any row is kept.
const DAYS: i64 = 400;
const SECONDS: i64 = DAYS * 24 * 3600;

/// Whether rows of this kind expire, some or all of them.
fn expires(kind: RowKind) -> bool {
    match kind {
        RowKind::AppEvent
        // Those of clients of Pusher on this stack's own WebSockets are tried in `gateway`.
        | RowKind::CachedEvent
        | RowKind::ShardFanOut
        | RowKind::CacheMiss
        | RowKind::ChannelConnection
        | RowKind::OccupiedChannel
        | RowKind::PresentMember
        | RowKind::Subscriber
        | RowKind::Subscription
        | RowKind::ChannelMember
        | RowKind::ChatAttachment
        | RowKind::ChatKey
        | RowKind::Device
        | RowKind::DeviceOwner
        | RowKind::Erasure
        | RowKind::Heard
        | RowKind::Heartbeat
        | RowKind::Idempotency
        | RowKind::Invitation
        | RowKind::Limit
        | RowKind::Notification
        | RowKind::Party
        | RowKind::Presence
        | RowKind::Socket
        | RowKind::SocketEvent
        | RowKind::SocketLimit
        | RowKind::SocketPlace
        | RowKind::Staff
        | RowKind::UserSockets
        | RowKind::Waiting => true,
        RowKind::Book
        | RowKind::ChannelGrant
        | RowKind::ChatHead
        | RowKind::ChatMessage
        | RowKind::ChatRead
        | RowKind::Contact
        | RowKind::ListedConversation
        | RowKind::EmailEntry
        | RowKind::Kudos
        | RowKind::Lease
        | RowKind::ChatEmail
        | RowKind::LeaseEmail
        | RowKind::LeaseRequest
        | RowKind::Member
        | RowKind::NotificationCounter
        | RowKind::Preferences
        | RowKind::Profile
        | RowKind::PublicKey
        | RowKind::Reconcile => false,
    }
}

type Test = fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// The kinds, each with what is tried with a row of it.
const TESTS: [(&[RowKind], Test); 18] = [
    (&[RowKind::Presence], || Box::pin(a_user_who_left_a_room())),
    (&[RowKind::Notification], || Box::pin(a_notification())),
    (&[RowKind::Device, RowKind::DeviceOwner], || Box::pin(a_device())),
    (&[RowKind::Idempotency], || Box::pin(a_key_of_a_request())),
    (&[RowKind::ChatKey], || Box::pin(a_key_of_a_message())),
    (&[RowKind::ChatAttachment], || Box::pin(a_file_that_was_not_sent())),
    (&[RowKind::SocketEvent], || Box::pin(an_event_for_dashboards())),
    (&[RowKind::AppEvent], || Box::pin(an_event_of_another_back_end())),
    (&[RowKind::Party], || Box::pin(a_party_that_has_ended())),
    (&[RowKind::Invitation], || Box::pin(an_invitation())),
    (&[RowKind::Limit], || Box::pin(a_limit_of_a_user())),
    (&[RowKind::Socket, RowKind::SocketPlace, RowKind::UserSockets], || Box::pin(a_connection())),
    (&[RowKind::SocketLimit], || Box::pin(a_limit_of_a_connection())),
    (&[RowKind::Heard, RowKind::Heartbeat], || Box::pin(a_connection_that_was_heard_of())),
    (&[RowKind::Waiting], || Box::pin(a_connection_that_has_not_signed_in())),
    (&[RowKind::Staff], || Box::pin(a_member_of_the_staff_who_left())),
    (&[RowKind::ChannelMember], || Box::pin(a_member_of_a_channel_who_was_removed())),
    (&[RowKind::Erasure], || Box::pin(an_erasure())),
];

#[tokio::test]
async fn a_row_past_its_expiry_counts_as_absent() {
    for (_, test) in TESTS {
        test().await;
    }
}

#[tokio::test]
async fn each_kind_of_row_that_expires_is_tried() {
    let world = lease::with_email().await;
    everything(&world).await;
    let kind = |(pk, sk): &(String, String)| RowKind::of(&Key { pk: pk.clone(), sk: sk.clone() }).unwrap();
    let rows = world.table.every_row().await;
    // An erasure leaves the one kind of row that is not there.
    let all: BTreeSet<RowKind> = rows.keys().map(kind).chain([RowKind::Erasure]).collect();
    let tried: BTreeSet<RowKind> = TESTS.iter().flat_map(|(kinds, _)| *kinds).copied().collect();
    assert_eq!(all.iter().copied().filter(|kind| expires(*kind)).collect::<BTreeSet<_>>(), tried);
    for (key, row) in &rows {
        assert!(!row.contains_key("expires_at") || expires(kind(key)), "{key:?} expires");
    }
}

/// Makes rows of these kinds older by [`DAYS`]: each of their moments, and their expiry. There must be one of each that then
/// has expired.
async fn expire(world: &World, kinds: &[RowKind]) {
    let mut expired = BTreeSet::new();
    for ((pk, sk), row) in world.table.every_row().await {
        let kind = RowKind::of(&Key { pk: pk.clone(), sk: sk.clone() }).unwrap();
        if !kinds.contains(&kind) {
            continue;
        }
        for (name, value) in &row {
            let key = (pk.as_str(), sk.as_str());
            match value {
                Value::Number(number) if name == "expires_at" => {
                    let at = number.as_i64().unwrap() - SECONDS;
                    assert!(at < Millis::now().seconds() - 3 * 24 * 3600, "{kind:?} is kept for longer");
                    world.table.set_number(key, name, at).await;
                    expired.insert(kind);
                }
                Value::Number(number) if number.as_i64().is_some_and(is_moment) => {
                    world.table.set_number(key, name, number.as_i64().unwrap() - SECONDS * 1000).await;
                }
                Value::String(text) if name == "connections" || name == "state" => {
                    if let Ok(mut inner) = serde_json::from_str(text) {
                        make_older(&mut inner);
                        world.table.set_text(key, name, &inner.to_string()).await;
                    }
                }
                _ => {}
            }
        }
    }
    assert_eq!(expired, kinds.iter().copied().collect(), "rows of these kinds should have been there");
}

/// Whether a number is milliseconds since 1970, of this century.
fn is_moment(number: i64) -> bool {
    number > 1_000_000_000_000
}

fn make_older(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(make_older),
        Value::Object(fields) => fields.values_mut().for_each(make_older),
        Value::Number(number) => {
            if let Some(moment) = number.as_i64().filter(|number| is_moment(*number)) {
                *value = json!(moment - SECONDS * 1000);
            }
        }
        _ => {}
    }
}

fn outcome(reply: Reply) -> (u16, Value) {
    (reply.status, reply.body)
}

async fn a_user_who_left_a_room() {
    let world = World::new().await;
    let ask = |route: &str| Request::new(route).by("ada").path("bookId", "emma");
    let joins = async || {
        let reply = world.send(presence_join::handle, &ask("POST /rooms/{bookId}/presence")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        world.pusher.take_names()
    };
    let first = joins().await;
    world.send(presence_leave::handle, &ask("DELETE /rooms/{bookId}/presence")).await;
    world.pusher.take_sent();
    expire(&world, &[RowKind::Presence]).await;
    let leaves = world.send(presence_leave::handle, &ask("DELETE /rooms/{bookId}/presence")).await;
    assert_eq!((leaves.status, world.pusher.take_names().len()), (204, 0), "nobody hears of it again");
    assert_eq!(joins().await, first);
}

async fn a_notification() {
    let world = World::new().await;
    let id = notify(&world, json!({})).await;
    let unknown = "0198f2a0-0000-7000-8000-000000000000";
    expire(&world, &[RowKind::Notification]).await;
    for route in ["GET /notifications/{id}", "POST /notifications/{id}/read", "DELETE /notifications/{id}"] {
        let ask = |id: &str| Request::new(route).by("ada").path("id", id);
        let of_expired = world.send(notifications::handle, &ask(&id)).await;
        assert_eq!(outcome(of_expired), outcome(world.send(notifications::handle, &ask(unknown)).await), "{route}");
    }
    let list = world.send(notifications::handle, &Request::new("GET /notifications").by("ada")).await;
    assert_eq!(list.body["notifications"], json!([]), "{list:?}");
}

async fn a_device() {
    let world = with_devices(&["phone"]).await;
    expire(&world, &[RowKind::Device, RowKind::DeviceOwner]).await;
    let devices = async |user: &str| {
        let list = Request::new("GET /notifications/device-tokens").by(user);
        world.send(device_tokens::handle, &list).await.body["devices"].as_array().unwrap().len()
    };
    assert_eq!(devices("ada").await, 0);
    notify(&world, json!({ "priority": "high" })).await;
    tests::consumer::age(&world, 3_600).await;
    tests::consumer::consume(&world).await.unwrap();
    assert!(world.fcm.take_sent().is_empty(), "no push is sent to it");
    for user in ["ben", "ada"] {
        assert_eq!(world.send(device_tokens::handle, &register(user, "phone")).await.status, 200);
        assert_eq!(devices(user).await, 1);
    }
    assert_eq!(devices("ben").await, 0);
}

/// Sends a request with a key, and another one with the same key, before it expires and after it.
async fn reuse<F>(world: &World, kind: RowKind, created: u16, send: impl Fn(&'static str) -> F)
where
    F: Future<Output = Reply>,
{
    let first = send("one").await;
    assert_eq!(first.status, created, "{first:?}");
    assert_eq!(send("two").await.status, 422, "another request with the key");
    assert_eq!(send("one").await.body, first.body, "the same request");
    expire(world, &[kind]).await;
    let again = send("two").await;
    assert_eq!(again.status, created, "{again:?}");
    assert_eq!(send("two").await.body, again.body, "the key is the second request's now");
}

async fn a_key_of_a_request() {
    let world = &lease::with_email().await;
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let service = service.as_str();
    reuse(world, RowKind::Idempotency, 201, async |text: &'static str| {
        let body = json!({ "userId": "ada", "type": "SYSTEM", "data": { "text": text } });
        let request = Request::new("POST /notifications").bearer(service).header("Idempotency-Key", "k").json(&body);
        world.send(notifications::handle, &request).await
    })
    .await;
    let other = &lease::with_email().await;
    reuse(other, RowKind::Idempotency, 201, async |text: &'static str| {
        let request = lease::ask("ben", "POST /leases/{bailId}/requests").header("Idempotency-Key", "k");
        other.send(lease_chat::handle, &request.json(&json!({ "title": text }))).await
    })
    .await;
}

/// A year later, the same key is another upload, and the old file cannot be sent or read.
async fn a_file_that_was_not_sent() {
    let world = lease::with_email().await;
    let file = json!({ "name": "a.png", "type": "image/png", "size": 5 });
    let ask = lease::ask("ada", "POST /leases/{bailId}/attachments").header("idempotency-key", "k-1").json(&file);
    let form = world.send(lease_chat::handle, &ask).await.body;
    world.bucket.post(&form, b"bytes").unwrap();
    expire(&world, &[RowKind::ChatAttachment]).await;
    let id = form["attachmentId"].as_str().unwrap();
    let message = lease::ask("ada", "POST /leases/{bailId}/messages");
    let message = message.json(&json!({ "content": "Look", "attachmentIds": [id] }));
    assert_eq!(world.send(lease_chat::handle, &message).await.status, 422);
    let open = lease::ask("ada", "GET /leases/{bailId}/attachments/{attachmentId}").path("attachmentId", id);
    assert_eq!(world.send(lease_chat::handle, &open).await.status, 404);
    let other = json!({ "name": "b.png", "type": "image/png", "size": 7 });
    assert_eq!(world.send(lease_chat::handle, &ask.json(&other)).await.status, 201);
}

async fn a_key_of_a_message() {
    let world = &lease::with_email().await;
    reuse(world, RowKind::ChatKey, 201, async |text: &'static str| {
        world.send(lease_chat::handle, &lease::message("ada", text).header("Idempotency-Key", "k")).await
    })
    .await;
}

async fn an_event_for_dashboards() {
    let world = &World::new().await;
    reuse(world, RowKind::SocketEvent, 202, async |text: &'static str| {
        let request = as_service("POST /dashboard/events").header("Idempotency-Key", "k");
        let body = json!({ "event": "announcement", "data": { "text": text } });
        world.send(dashboard::handle, &request.json(&body)).await
    })
    .await;
}

async fn an_event_of_another_back_end() {
    let world = &World::new().await;
    reuse(world, RowKind::AppEvent, 200, async |text: &'static str| {
        let body = json!({ "name": "stock", "channel": "news", "data": text });
        let request = apps_events::post(apps_events::EVENTS, &body).header("Idempotency-Key", "k");
        world.send(pusher_api::handle, &request).await
    })
    .await;
}

async fn a_party_that_has_ended() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    let ends = async |party: &str| {
        outcome(world.send(parties::handle, &ask("ada", "DELETE /parties/{partyId}", party, "")).await)
    };
    assert_eq!(ends(&party).await.0, 204);
    assert_eq!(ends(&party).await.0, 204, "a repetition");
    expire(&world, &[RowKind::Party]).await;
    assert_eq!(ends(&party).await, ends("0198f2a0-0000-7000-8000-000000000000").await);
    let creates =
        Request::new("POST /parties").by("ada").header("Idempotency-Key", "k").json(&json!({ "partyName": "Emma" }));
    let first = world.send(parties::handle, &creates).await;
    let id = first.body["partyId"].as_str().unwrap();
    assert_eq!(ends(id).await.0, 204);
    assert_eq!(world.send(parties::handle, &creates).await.status, 404, "it has ended");
    expire(&world, &[RowKind::Party]).await;
    assert_eq!((first.status, world.send(parties::handle, &creates).await.status), (201, 201), "a new one");
}

async fn an_invitation() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
    expire(&world, &[RowKind::Invitation]).await;
    assert!(invitations(&world, "ben").await.is_empty());
    assert!(accept(&world, &party, "ben").await.status >= 400);
    world.pusher.take_sent();
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201, "a new one");
    assert_eq!(world.pusher.take_names().len(), 1);
    assert_eq!(accept(&world, &party, "ben").await.status, 200);
}

async fn a_limit_of_a_user() {
    let world = lease::with_email().await;
    let mut sent = 0;
    let writes = async |n: u32| world.send(lease_chat::handle, &lease::message("ada", &format!("message {n}"))).await;
    while writes(sent).await.status == 201 {
        sent += 1;
        assert!(sent < 100, "there is no limit");
    }
    expire(&world, &[RowKind::Limit]).await;
    assert_eq!(writes(sent).await.status, 201);
}

/// Five connections are a user's most.
async fn a_connection() {
    let world = World::new().await;
    world.knows(&token("ben")).await;
    connect(&world, "ws", "b", "ben").await;
    for connection in ["a1", "a2", "a3", "a4", "a5"] {
        assert_eq!(connect(&world, "ws", connection, "ada").await.status, 200);
    }
    assert_eq!(connect(&world, "ws", "a6", "ada").await.status, 429);
    expire(&world, &[RowKind::Socket, RowKind::SocketPlace, RowKind::UserSockets]).await;
    assert_eq!(count(&world, Namespace::Ws).await, 0);
    assert_eq!(connect(&world, "ws", "b2", "ben").await.status, 200);
    world.sockets.take_posted();
    emit(&world, "ws", "b2", "sendMessage", &json!({ "receiverId": "ada", "content": "Are you there?" })).await;
    let to_ada = |(_, connection, _): &(String, String, String)| connection.starts_with('a');
    assert!(!world.sockets.take_posted().iter().any(to_ada), "nothing is posted to them");
    for connection in ["a7", "a8", "a9", "a10", "a11"] {
        assert_eq!(connect(&world, "ws", connection, "ada").await.status, 200, "no place and no share is theirs");
    }
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": "Still here" })).await;
    assert!(!world.sockets.is_open("a1"), "as one whose row is gone");
    assert!(world.sockets.take_of("b2").is_empty());
}

async fn a_limit_of_a_connection() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    let later = Millis::now().plus_seconds(3_600);
    let state = json!({ "due": later, "all": Millis::now() });
    let limit = json!({
        "pk": "SOCKET#a1", "sk": "LIMIT#CONTROL", "state": state.to_string(), "idle_at": later, "expires_at": later.seconds(),
    });
    world.table.put_rows(&[limit]).await;
    world.sockets.take_posted();
    let pings = async || {
        emit(&world, "ws", "a1", "ping", &json!({})).await;
        world.sockets.take_of("a1")[0]["event"].clone()
    };
    assert_eq!(pings().await, "error");
    expire(&world, &[RowKind::SocketLimit]).await;
    assert_eq!(pings().await, "pong");
}

/// A connection that was heard of counts as there, and one that was not is ended, if it was pinged.
async fn a_connection_that_was_heard_of() {
    let world = World::new().await;
    for connection in ["a1", "b1"] {
        connect_io(&world, connection, &connection[..1]).await;
        say(&world, "socketio", connection, "40/ws,").await;
    }
    crate::sockets::age(&world, 3_600).await;
    for connection in ["a1", "b1"] {
        say(&world, "socketio", connection, "3").await;
    }
    let pinged = Beat {
        due: Millis::now().plus_seconds(-120),
        begun: Millis::now().plus_seconds(-120),
        ended: Millis::now().plus_seconds(-119),
    };
    let report = one_beat(&world, &[pinged]).await;
    assert_eq!((report.silent, report.spared), (0, 0), "{report:?}");
    expire(&world, &[RowKind::Heard]).await;
    let report = one_beat(&world, &[pinged]).await;
    assert_eq!((report.silent, report.pinged), (2, 0), "{report:?}");
    // The key of a heartbeat is its moment.
    let long_ago = |at: Millis| at.plus_seconds(-SECONDS);
    let old = Beat { due: long_ago(pinged.due), begun: long_ago(pinged.begun), ended: long_ago(pinged.ended) };
    let past = async || beats::past(&world.app.table, Millis::now()).await.unwrap();
    let before = past().await;
    beats::keep(&world.app.table, old).await.unwrap();
    assert!(!before.is_empty() && past().await == before);
}

/// Its place is free again.
async fn a_connection_that_has_not_signed_in() {
    let world = World::new().await;
    for n in 0..20 {
        assert_eq!(connect_without_token(&world, &format!("c{n}"), "192.0.2.1").await.status, 200);
    }
    assert_eq!(connect_without_token(&world, "c20", "192.0.2.1").await.status, 429);
    expire(&world, &[RowKind::Waiting]).await;
    assert_eq!(connect_without_token(&world, "c20", "192.0.2.1").await.status, 200);
    say(&world, "socketio", "c0", &format!(r#"40/ws,{{"token":"{}"}}"#, token("ada"))).await;
    assert!(!world.sockets.is_open("c0"));
}

async fn a_member_of_a_channel_who_was_removed() {
    let world = World::new().await;
    let of_ada = |method: &str| {
        let request = as_service(&format!("{method} /channels/{{channel}}/members/{{userId}}"));
        request.path("channel", "private-orders-1").path("userId", "ada")
    };
    world.send(::channels::handle, &of_ada("PUT")).await;
    world.send(::channels::handle, &of_ada("DELETE")).await;
    expire(&world, &[RowKind::ChannelMember]).await;
    assert_eq!(world.send(::channels::handle, &of_ada("GET")).await.status, 404);
    world.send(::channels::handle, &of_ada("PUT")).await;
    assert_eq!(world.send(::channels::handle, &of_ada("GET")).await.status, 200);
}

async fn a_member_of_the_staff_who_left() {
    let world = World::new().await;
    hire(&world, &["nora"]).await;
    let leaves = as_service("DELETE /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
    world.send(guest_chat::handle, &leaves.path("userId", "nora")).await;
    expire(&world, &[RowKind::Staff]).await;
    let looks = async |user: &str| outcome(world.send(guest_chat::handle, &inbox(user)).await);
    assert_eq!(looks("nora").await, looks("eve").await);
    hire(&world, &["nora"]).await;
    assert_eq!(looks("nora").await.0, 200);
}

/// An erasure that was broken off goes on, and one of long ago starts again.
async fn an_erasure() {
    let world = lease::with_email().await;
    everything(&world).await;
    while one_step(&world, "ada").await.erased == 0 {}
    expire(&world, &[RowKind::Erasure]).await;
    let begun = one_step(&world, "ada").await;
    assert!(!begun.done, "{begun:?}");
    let erased = world.send(::erasure::handle, &as_service("DELETE /users/{userId}").path("userId", "ada")).await;
    assert_eq!((erased.status, &erased.body["done"]), (200, &json!(true)));
    expire(&world, &[RowKind::Erasure]).await;
    let again = world.send(::erasure::handle, &as_service("DELETE /users/{userId}").path("userId", "ada")).await;
    assert_eq!((&again.body["done"], &again.body["erased"]), (&json!(true), &json!(0)), "{again:?}");
}
