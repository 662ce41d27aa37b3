//! Two versions write to one table while a deployment moves invocations step by step (docs/ARCHITECTURE.md, "Two versions at once"). This one
//! reads the rows of the version before, and those of a later one.
//!
//! `rows.json` has rows as the version before writes them, of nearly every kind, and the responses that it gave to those who read them. Once a
//! version is released, and before the next one changes a row, `WRITE_ROWS=1 cargo test -p tests rows::` writes it again. With a
//! change of a row, do not: it would hide that the rows of before cannot be read any more.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use shared::contract::facts::EmailOff;
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::table::Key;
use shared::table::key::RowKind;
use tests::consumer::{age, consume};
use tests::guest_chat::{as_guest, as_service, as_staff, inbox};
use tests::{Request, World, lease, token_with};

use crate::erasure::everything;
use crate::sockets::emit;

/// Attributes with what a client sent, which is shown as it is.
const AS_SENT: [&str; 2] = ["data", "settings"];
/// Longest time between a row's moments and the writing of `rows.json`: a year, in milliseconds.
const YEAR: i64 = 366 * DAY;
/// In milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/rows.json")
}

fn by_ada(route: &str) -> Request {
    Request::new(route).bearer(&token_with("ada", &json!({ "name": "Ada Lovelace", "email": "ada@lovelace.example" })))
}

/// The text with each moment later by this many milliseconds, so that what was to expire in a month does so in a month from now. A moment is a
/// number of seconds, milliseconds or days, alone or within a text, with zeros before it or without.
fn later(text: &str, at: i64, by: i64) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |length| start + length);
        let (before, digits) = (rest[..start].chars().next_back(), &rest[start..end]);
        let is_alone = !before.is_some_and(char::is_alphanumeric) && !rest[end..].starts_with(char::is_alphabetic);
        let number = digits.parse::<i64>().ok().filter(|_| is_alone);
        let is_near = |unit: i64| number.is_some_and(|number| (number.saturating_mul(unit) - at).abs() < YEAR);
        moved.push_str(&rest[..start]);
        match number {
            Some(millis) if is_near(1) => write!(moved, "{:0width$}", millis + by, width = digits.len()).unwrap(),
            Some(seconds) if is_near(1_000) => {
                write!(moved, "{:0width$}", seconds + by / 1_000, width = digits.len()).unwrap();
            }
            Some(days) if is_near(DAY) => write!(moved, "{}", days + by.div_euclid(DAY)).unwrap(),
            _ => moved.push_str(digits),
        }
        rest = &rest[end..];
    }
    moved + rest
}

#[test]
fn a_moment_is_moved_wherever_it_is_and_nothing_else() {
    let at = 1_795_150_800_000;
    for (text, moved) in [
        (r#"{"expires_at":1795150800}"#, r#"{"expires_at":1795237200}"#),
        ("0001795150800000#b", "0001795237200000#b"),
        (r#"{"20777":2}"#, r#"{"20778":2}"#),
        (
            "MSG#000000000001 12 a1795150800 1795150800b 9795150800",
            "MSG#000000000001 12 a1795150800 1795150800b 9795150800",
        ),
    ] {
        assert_eq!(later(text, at, DAY), moved);
    }
}

/// Without moments.
fn blank(value: Value) -> Value {
    match value {
        Value::String(text) if Millis::parse_iso(&text).is_some() => json!("a time"),
        Value::Number(number) if number.as_i64().is_some_and(|number| number > 1_000_000_000) => json!("a time"),
        Value::Array(list) => list.into_iter().map(blank).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(name, value)| (name, blank(value))).collect()),
        other => other,
    }
}

/// The responses to those who read the rows.
async fn told(world: &World) -> Map<String, Value> {
    let mut told = Map::new();
    macro_rules! read {
        ($name:literal, $handler:path, $request:expr) => {{
            let reply = world.send($handler, &$request).await;
            told.insert($name.to_owned(), json!([reply.status, blank(reply.body)]));
        }};
    }
    read!("kudos", kudos_list::handle, by_ada("GET /kudos"));
    read!("room", presence_list::handle, by_ada("GET /rooms/{bookId}/presence").path("bookId", "emma"));
    read!("parties", parties::handle, by_ada("GET /parties"));
    read!("invitations", parties::handle, by_ada("GET /party-invitations"));
    read!("notifications", notifications::handle, by_ada("GET /notifications"));
    read!("unread count", notifications::handle, by_ada("GET /notifications/unread-count"));
    read!("preferences", notifications::handle, by_ada("GET /notifications/preferences"));
    read!("devices", device_tokens::handle, by_ada("GET /notifications/device-tokens"));
    read!("direct messages", messages::handle, by_ada("GET /messages/{userId}").path("userId", "ben"));
    read!("public key", messages::handle, Request::new("GET /keys/{userId}").by("ben").path("userId", "ada"));
    read!("inbox", guest_chat::handle, inbox("ada"));
    read!("messages, as staff", guest_chat::handle, as_staff("ada", "GET /messages"));
    read!("messages, as guest", guest_chat::handle, as_guest("GET /messages"));
    read!("lease", lease_chat::handle, lease::ask("ben", "GET /leases/{bailId}"));
    read!("messages of a lease", lease_chat::handle, lease::ask("ben", "GET /leases/{bailId}/messages"));
    read!("requests of a lease", lease_chat::handle, lease::ask("ben", "GET /leases/{bailId}/requests"));
    read!("online", dashboard::handle, as_service("GET /dashboard/online"));
    let channel = json!({ "socket_id": "1234.5678", "channel_name": "presence-room-emma" });
    read!("authorization", pusher_auth::handle, by_ada("POST /pusher/auth").json(&channel));
    // A retry finds what its first request stored.
    let system = json!({ "userId": "ada", "type": "SYSTEM", "body": "secretly" });
    read!(
        "notification again",
        notifications::handle,
        as_service("POST /notifications").header("idempotency-key", "n0").json(&system)
    );
    let hello = json!({ "message": "secretly" });
    read!(
        "message again",
        guest_chat::handle,
        as_staff("ada", "POST /messages").header("idempotency-key", "k1").json(&hello)
    );
    told
}

/// The events of what the rows owe, and what a connection of before hears when the other one types.
async fn events(world: &World) -> Value {
    for connection in ["a1", "n1", "d1"] {
        world.sockets.open(connection);
    }
    world.sockets.take_posted();
    emit(world, "ws", "a1", "typing", &json!({ "receiverId": "ben", "isTyping": true })).await;
    let typing: BTreeSet<_> = world.sockets.take_of("n1").iter().map(|told| told["event"].to_string()).collect();
    world.pusher.take_sent();
    age(world, 3_600).await;
    consume(world).await.unwrap();
    let owed: BTreeSet<_> = world.pusher.take_names().into_iter().collect();
    json!({ "typing": typing, "owed": owed })
}

/// The rows of the file, and the whole file.
fn kept() -> (Vec<Value>, Value) {
    let text = std::fs::read_to_string(file()).unwrap();
    let at = serde_json::from_str::<Value>(&text).unwrap()["at"].as_i64().unwrap();
    let kept: Value = serde_json::from_str(&later(&text, at, Millis::now().0 - at)).unwrap();
    (kept["rows"].as_array().unwrap().clone(), kept)
}

async fn check(rows: &[Value], kept: &Value) {
    let world = lease::with_email_and(&[]).await;
    world.table.put_rows(rows).await;
    let told = told(&world).await;
    assert!(told.len() > 15, "{}", told.len());
    for (request, response) in kept["told"].as_object().unwrap() {
        assert_eq!(told.get(request), Some(response), "{request}");
    }
    assert_eq!(events(&world).await, kept["events"]);
    assert!(world.queues.sent("dead-letter").is_empty(), "{:?}", world.queues.sent("dead-letter"));
}

/// A row as a version writes it that knows more: another attribute, and another field wherever this version keeps JSON in one.
fn of_a_later_version(row: &Value) -> Value {
    let mut row = row.clone();
    let more = |value: &mut Value| {
        if let Some(object) = value.as_object_mut() {
            object.insert("ofALaterVersion".to_owned(), json!({ "a": [1] }));
        }
    };
    for (name, value) in row.as_object_mut().unwrap() {
        let Some(Ok(mut inner)) = value.as_str().map(serde_json::from_str::<Value>) else { continue };
        if AS_SENT.contains(&name.as_str()) || !(inner.is_object() || inner.is_array()) {
            continue;
        }
        inner.as_array_mut().into_iter().flatten().for_each(more);
        inner.get_mut("owed").and_then(Value::as_array_mut).into_iter().flatten().for_each(more);
        more(&mut inner);
        *value = json!(inner.to_string());
    }
    row["of_a_later_version"] = json!("attribute");
    row
}

#[tokio::test]
async fn the_rows_of_the_version_before_are_read() {
    if std::env::var_os("WRITE_ROWS").is_some() {
        write().await;
    }
    let (rows, kept) = kept();
    let key = |row: &Value| {
        let part = |name: &str| row[name].as_str().unwrap().to_owned();
        Key { pk: part("pk"), sk: part("sk") }
    };
    let kinds: BTreeSet<_> = rows.iter().map(|row| RowKind::of(&key(row)).expect("a kind of this version")).collect();
    assert!(kinds.len() > 30, "{kinds:?}");
    check(&rows, &kept).await;
}

#[tokio::test]
async fn the_rows_of_a_later_version_are_read_as_far_as_this_one_knows_them() {
    let (rows, kept) = kept();
    let rows: Vec<_> = rows.iter().map(of_a_later_version).collect();
    check(&rows, &kept).await;
}

/// The row of ada's preferences.
fn preferences(saved: &Value) -> Value {
    let key = Key::preferences(&UserId::parse("ada").unwrap());
    json!({ "pk": key.pk, "sk": key.sk, "saved": saved.to_string() })
}

#[tokio::test]
async fn preferences_for_types_of_a_later_version_are_read_without_those_types_and_stay_stored() {
    let world = lease::with_email_and(&[]).await;
    let strange = json!({ "inApp": false, "push": "at night", "email": true });
    let saved = json!({ "locale": "fr", "types": { "KUDOS": { "push": false }, "STORY_PUBLISHED": { "push": false },
        "order.shipped": { "push": false }, "SYSTEM": strange }, "ownTypes": { "ORDER_SHIPPED": { "inApp": false }, "b c": 7 } });
    world.table.put_rows(&[preferences(&saved)]).await;
    let shown = world.send(notifications::handle, &by_ada("GET /notifications/preferences")).await;
    assert_eq!((shown.status, &shown.body["locale"]), (200, &json!("fr")), "{shown:?}");
    let types = shown.body["types"].as_object().unwrap();
    assert_eq!(types.len(), 12, "{types:?}");
    let push = |name: &str| types[name]["push"].as_bool().unwrap();
    assert_eq!(["KUDOS", "STORY_PUBLISHED", "SYSTEM"].map(push), [false, false, true]);
    assert_eq!(types["SYSTEM"]["inApp"], json!(false));
    assert_eq!(types["ORDER_SHIPPED"], json!({ "inApp": false, "push": true, "email": true }));
    let kudos = json!({ "userId": "ada", "type": "KUDOS" });
    let created = world.send(notifications::handle, &as_service("POST /notifications").json(&kudos)).await;
    assert_eq!(created.status, 201, "{created:?}");

    let ada = UserId::parse("ada").unwrap();
    shared::notifications::turn_email_off(&world.app.table, &world.app.writer("r"), &ada, None, EmailOff::Bounced)
        .await
        .unwrap();
    let row = world.table.every_row().await.into_values().find(|row| row.get("saved").is_some()).unwrap();
    let left: Value = serde_json::from_str(row["saved"].as_str().unwrap()).unwrap();
    let mut expected = saved;
    expected["types"]["MESSAGE"] = json!({ "email": false });
    assert_eq!(left, expected);
}

#[tokio::test]
async fn preferences_for_own_types_are_stored_where_the_version_before_does_not_look() {
    let world = lease::with_email_and(&[]).await;
    let wanted = json!({ "types": { "KUDOS": { "push": false }, "ORDER_SHIPPED": { "push": false } } });
    let save = by_ada("PUT /notifications/preferences").json(&wanted);
    assert_eq!(world.send(notifications::handle, &save).await.status, 200);
    let row = world.table.every_row().await.into_values().find(|row| row.get("saved").is_some()).unwrap();
    let saved: Value = serde_json::from_str(row["saved"].as_str().unwrap()).unwrap();
    let names = |field: &str| saved[field].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((names("types"), names("ownTypes")), (vec!["KUDOS".to_owned()], vec!["ORDER_SHIPPED".to_owned()]));
}

#[tokio::test]
async fn a_notification_of_a_type_of_a_later_version_is_listed() {
    let world = lease::with_email_and(&[]).await;
    let own =
        json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives on Friday." });
    let created = world.send_and_kill(notifications::handle, &as_service("POST /notifications").json(&own)).await;
    let id = created.body["notificationId"].as_str().unwrap().to_owned();
    let rows = world.table.every_row().await.into_values().map(|row| json!(row));
    let mut row = rows.into_iter().find(|row| row["type"] == "ORDER_SHIPPED").unwrap();
    row["type"] = json!("order.shipped/2");
    world.table.put_rows(&[row]).await;
    for page in
        [by_ada("GET /notifications"), by_ada("GET /notifications/{notificationId}").path("notificationId", &id)]
    {
        let shown = world.send(notifications::handle, &page).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let one = shown.body.get("notifications").map_or(&shown.body, |list| &list[0]);
        assert_eq!((&one["type"], &one["title"]), (&json!("order.shipped/2"), &own["title"]));
    }
    // The entries that the row has by name are sent with its words.
    age(&world, 60).await;
    consume(&world).await.unwrap();
    let sent = world.pusher.take_sent();
    let (_, _, data) = sent.iter().find(|(_, name, _)| name == "notification:new").unwrap();
    assert_eq!((&data["type"], &data["message"]), (&json!("order.shipped/2"), &own["body"]));
}

async fn write() {
    let world = lease::with_email().await;
    everything(&world).await;
    let kudos = json!({ "receiverId": "ada", "sessionId": "s2", "bookTitle": "Emma" });
    let give = Request::new("POST /kudos").by("ben").json(&kudos);
    assert_eq!(world.send_and_kill(kudos_create::handle, &give).await.status, 201);
    let rows: Vec<_> = world.table.every_row().await.into_values().map(|row| json!(row)).collect();
    let (at, told) = (Millis::now().0, told(&world).await);
    let kept = json!({ "at": at, "rows": rows, "told": told, "events": events(&world).await });
    std::fs::write(file(), serde_json::to_string_pretty(&kept).unwrap() + "\n").unwrap();
}
