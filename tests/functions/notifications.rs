//! `/notifications…`

use futures_util::future::join_all;
use notifications::handle;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shared::api_error::ApiError;
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::http::idempotency::IdempotencyKey;
use shared::notifications::NewNotification;
use tests::consumer::owed;
use tests::{Reply, Request, World, token_with};

fn service() -> String {
    token_with("billing", &json!({ "roles": ["service"] }))
}

fn create(body: &Value) -> Request {
    Request::new("POST /notifications").bearer(&service()).json(body)
}

fn message() -> Request {
    create(&json!({ "userId": "ada", "type": "MESSAGE", "data": { "senderName": "Ben" }, "priority": "high" }))
}

fn list(query: &[(&str, &str)]) -> Request {
    query.iter().fold(Request::new("GET /notifications").by("ada"), |request, (name, value)| request.query(name, value))
}

fn read(id: &str) -> Request {
    Request::new("POST /notifications/{notificationId}/read").by("ada").path("notificationId", id)
}

fn read_all() -> Request {
    Request::new("POST /notifications/read-all").by("ada")
}

async fn created(world: &World) -> String {
    let reply = world.send(handle, &message()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["notificationId"].as_str().unwrap().to_owned()
}

async fn unread(world: &World) -> i64 {
    let reply = world.send(handle, &Request::new("GET /notifications/unread-count").by("ada")).await;
    reply.body["unreadCount"].as_i64().unwrap()
}

fn ids(reply: &Reply) -> Vec<String> {
    ids_of(&reply.body)
}

fn ids_of(page: &Value) -> Vec<String> {
    let list = page["notifications"].as_array().unwrap().iter();
    list.map(|shown| shown["notificationId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn notifications_reach_their_user_and_are_stored() {
    let world = World::new().await;
    let id = created(&world).await;
    let data = json!({ "senderName": "Ben", "notificationId": id });
    let told = json!({ "type": "MESSAGE", "message": "Ben sent you a message", "data": data });
    assert_eq!(world.pusher.take_sent(), [("private-user-ada".to_owned(), "notification:new".to_owned(), told)]);

    let page = world.send(handle, &list(&[])).await.body;
    let shown = &page["notifications"][0];
    assert_eq!(shown["notificationId"], json!(id));
    assert_eq!(shown["data"], json!({ "senderName": "Ben" }));
    assert_eq!((&shown["priority"], &shown["readAt"]), (&json!("high"), &json!(null)));
    assert_eq!((&page["nextCursor"], &page["unreadCount"]), (&json!(null), &json!(1)));
}

#[tokio::test]
async fn notifications_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.insert(0, created(&world).await);
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query: Vec<_> =
            [("limit", "2")].into_iter().chain(cursor.as_deref().map(|cursor| ("cursor", cursor))).collect();
        let page = world.send(handle, &list(&query)).await;
        seen.extend(ids(&page));
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let other = world.send(handle, &Request::new("GET /notifications").by("ben")).await;
    assert!(ids(&other).is_empty());
}

#[tokio::test]
async fn notifications_are_read_one_by_one_or_all_at_once() {
    let world = World::new().await;
    let (first, second) = (created(&world).await, created(&world).await);
    created(&world).await;
    assert_eq!(unread(&world).await, 3);
    let once = world.send(handle, &read(&first)).await;
    let twice = world.send(handle, &read(&first)).await;
    assert_eq!((once.status, &once.body), (200, &twice.body));
    assert_eq!(unread(&world).await, 2);
    assert_eq!(world.send(handle, &read_all()).await.body, json!({ "unreadCount": 0 }));
    assert_eq!(world.send(handle, &read(&second)).await.status, 200);
    assert_eq!(unread(&world).await, 0);
    let page = world.send(handle, &list(&[])).await.body;
    assert!(page["notifications"].as_array().unwrap().iter().all(|shown| shown["readAt"].is_string()), "{page}");
    created(&world).await;
    assert_eq!(unread(&world).await, 1);
}

#[tokio::test]
async fn the_users_other_tabs_hear_once_of_what_is_read() {
    let world = World::new().await;
    let first = created(&world).await;
    created(&world).await;
    world.pusher.take_sent();
    for (request, id) in [(read(&first), json!(first)), (read_all(), Value::Null)] {
        assert_eq!(world.send(handle, &request).await.status, 200);
        let sent = world.pusher.take_sent();
        let [(channel, name, data)] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((channel.as_str(), name.as_str()), ("private-user-ada", "notification:read"));
        assert_eq!(data["notificationId"], id);
        assert!(Millis::parse_iso(data["readAt"].as_str().unwrap()).is_some());
        world.send(handle, &request).await;
        assert!(world.pusher.take_sent().is_empty(), "again");
    }
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn notifications_of_other_users_cannot_be_read() {
    let world = World::new().await;
    let id = created(&world).await;
    let by_ben = Request::new("POST /notifications/{notificationId}/read").by("ben").path("notificationId", &id);
    assert_eq!(world.send(handle, &by_ben).await.status, 404);
    for bad in ["", "x", "000000000001", "000000000009-00000000000000000000000000000000", "../PROFILE"] {
        assert_eq!(world.send(handle, &read(bad)).await.status, 404, "{bad}");
    }
    assert_eq!(unread(&world).await, 1);
}

#[tokio::test]
async fn notifications_requested_twice_with_one_key_are_created_once() {
    let world = World::new().await;
    let request = message().header("idempotency-key", "k");
    let replies = join_all((0..4).map(|_| world.send(handle, &request))).await;
    assert!(replies.iter().all(|reply| reply.status == 201 && reply.body == replies[0].body), "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.headers.contains_key("idempotent-replayed")).count(), 3);
    assert_eq!((world.pusher.take_sent().len(), unread(&world).await), (1, 1));
    let other = create(&json!({ "userId": "ada", "type": "SYSTEM" })).header("idempotency-key", "k");
    assert_eq!(world.send(handle, &other).await.status, 422);
}

#[tokio::test]
async fn invalid_notification_requests_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let cases = [
        (400, create(&json!({}))),
        (400, create(&json!({ "userId": "a b", "type": "MESSAGE" }))),
        (400, create(&json!({ "userId": "ada", "type": "message" }))),
        (400, create(&json!({ "userId": "ada", "type": "MESSAGE", "data": [] }))),
        (400, create(&json!({ "userId": "ada", "type": "MESSAGE", "priority": "urgent" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "T", "body": null }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "body": "B" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "a\nb", "body": "B" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "T", "body": "a\u{1b}b" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "x".repeat(101), "body": "B" }))),
        (400, create(&json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "T", "body": "x".repeat(501) }))),
        (400, create(&json!({ "userId": "ada", "type": "X".repeat(65), "title": "T", "body": "B" }))),
        (413, create(&json!({ "userId": "ada", "type": "MESSAGE", "data": { "x": "y".repeat(10_300) } }))),
        (413, create(&json!({ "userId": "ada", "type": "MESSAGE", "data": { "x": "y".repeat(10_170) } }))),
        (403, Request::new("POST /notifications").by("ada").json(&json!({ "userId": "ada", "type": "MESSAGE" }))),
        (401, Request::new("POST /notifications").json(&json!({ "userId": "ada", "type": "MESSAGE" }))),
        (400, list(&[("limit", "0")])),
        (400, list(&[("limit", "101")])),
        (400, list(&[("limit", "-1")])),
        (400, list(&[("limit", "many")])),
        (400, list(&[("cursor", "x")])),
        (400, list(&[("cursor", "AAAA")])),
        (401, Request::new("GET /notifications")),
        (401, Request::new("POST /notifications/read-all")),
    ];
    for (status, request) in cases {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:.300?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn reading_all_notifications_writes_nothing_when_there_are_none() {
    let world = World::new().await;
    assert_eq!(world.send(handle, &read_all()).await.body, json!({ "unreadCount": 0 }));
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn notifications_are_created_after_a_year_of_unread_ones() {
    let world = World::with(&[("NOTIFICATION_DAYS", "365")]).await;
    let today = Millis::now().seconds() / 86_400;
    let over: Map<_, _> = (0..365).map(|ago| ((today - ago).to_string(), json!(1))).collect();
    let counter = json!({ "pk": "USER#ada", "sk": "NOTIFICATIONS", "last": 365, "unread_by_day": over });
    world.table.put_rows(&[counter]).await;
    assert_eq!(unread(&world).await, 0);
    for n in 1..=8 {
        created(&world).await;
        assert_eq!(unread(&world).await, n);
    }
    let counter = world.table.row("USER#ada", "NOTIFICATIONS").await.unwrap();
    assert_eq!(counter["unread_by_day"].as_object().unwrap().len(), 1, "the days that are over are gone");
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Create,
    Read(usize),
    ReadAll,
    Delete(usize),
}

/// Does a step for ada at this time.
async fn step(world: &World, step: Step, known: &[String], now: Millis) {
    let (store, ada) = (&world.app.table, UserId::parse("ada").unwrap());
    let writer = world.app.writer("test");
    let reader = shared::notifications::ReadContext { table: store, writer: &writer, user: &ada, pushes: false };
    let done = match step {
        Step::Create => {
            let request: NewNotification =
                serde_json::from_value(json!({ "userId": "ada", "type": "SYSTEM" })).unwrap();
            let (_, content) = request.check().unwrap();
            let key = IdempotencyKey::absent();
            let settings = &world.app.settings;
            let notifier = shared::notifications::Notifier { table: store, writer: &writer, settings };
            notifier.create(&ada, &content, &key, now).await.map(drop)
        }
        Step::Read(n) => match known.get(n) {
            Some(id) => shared::notifications::read(reader, id, now).await.map(drop),
            None => Ok(()),
        },
        Step::Delete(n) => match known.get(n) {
            Some(id) => shared::notifications::delete(store, &writer, &ada, id, now).await,
            None => Ok(()),
        },
        Step::ReadAll => shared::notifications::read_all(reader, now).await.map(drop),
    };
    assert!(matches!(done, Ok(()) | Err(ApiError::NotFound(_))), "{done:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The steps of a wave run concurrently. There are days between waves, so that unread notifications may expire.
    #[test]
    fn the_unread_count_is_right_after_concurrent_changes_and_expiry(
        waves in proptest::collection::vec(
            (
                0_i64..70,
                proptest::collection::vec(
                    prop_oneof![3 => Just(Step::Create), 3 => (0_usize..8).prop_map(Step::Read),
                        2 => (0_usize..8).prop_map(Step::Delete), 1 => Just(Step::ReadAll)],
                    1..6,
                ),
            ),
            1..5,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let ada = UserId::parse("ada").unwrap();
            let mut now = Millis::now();
            for (days, wave) in waves {
                now = now.plus_seconds(days * 24 * 3600);
                let page = shared::notifications::list(&world.app.table, &ada, 100, None, now).await.unwrap();
                let known = ids_of(&json!(page));
                join_all(wave.into_iter().map(|next| step(&world, next, &known, now))).await;
                let page = json!(shared::notifications::list(&world.app.table, &ada, 100, None, now).await.unwrap());
                let shown = page["notifications"].as_array().unwrap();
                let truly = shown.iter().filter(|shown| shown["readAt"].is_null()).count();
                prop_assert_eq!(page["unreadCount"].as_u64(), Some(truly as u64), "{}", page);
                let count = shared::notifications::unread_count(&world.app.table, &ada, now).await.unwrap();
                prop_assert_eq!(count, truly as i64);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn notifications_expire_after_the_configured_number_of_days() {
    let world = World::with(&[("NOTIFICATION_DAYS", "7")]).await;
    let id = created(&world).await;
    let rows = world.table.rows().await;
    let row = rows.values().find(|row| row.contains_key("message")).unwrap();
    let (expires, now) = (row["expires_at"].as_i64().unwrap(), Millis::now());
    assert!((7..=8).contains(&((expires - now.seconds()) / 86_400)), "{expires}");
    let (store, ada) = (&world.app.table, UserId::parse("ada").unwrap());
    for (moment, left) in [(Millis(expires * 1000 - 1), 1), (Millis(expires * 1000), 0)] {
        assert_eq!(shared::notifications::unread_count(store, &ada, moment).await.unwrap(), left);
        let page = json!(shared::notifications::list(store, &ada, 10, None, moment).await.unwrap());
        assert_eq!(ids_of(&page).len() as i64, left);
    }
    let writer = world.app.writer("test");
    let reader = shared::notifications::ReadContext { table: store, writer: &writer, user: &ada, pushes: false };
    let gone = shared::notifications::read(reader, &id, Millis(expires * 1000)).await;
    assert!(matches!(gone, Err(ApiError::NotFound(_))));
}

#[tokio::test]
async fn names_and_pictures_in_data_are_served_as_they_may_be_shown() {
    let world = World::new().await;
    let send = async |data: Value| {
        let body = json!({ "userId": "ben", "type": "MESSAGE", "data": data });
        world.send(handle, &tests::guest_chat::as_service("POST /notifications").json(&body)).await
    };
    let data = json!({ "senderName": " Ada\u{202e}gnp.exe ", "senderAvatar": "https://example.com/ada.png",
        "fromUser": { "displayName": "\u{2068}Eve\u{2069}", "avatarUrl": null, "note": "as\u{202e}sent" } });
    assert_eq!(send(data).await.status, 201);
    let listed = world.send(handle, &Request::new("GET /notifications").by("ben")).await;
    let data = &listed.body["notifications"][0]["data"];
    assert_eq!((&data["senderName"], &data["fromUser"]["displayName"]), (&json!("Adagnp.exe"), &json!("Eve")));
    assert_eq!(data["fromUser"]["note"], "as\u{202e}sent", "the app's own JSON");
    for (data, field) in [
        (json!({ "senderAvatar": "javascript:alert(1)" }), "data.senderAvatar"),
        (json!({ "fromUser": { "avatarUrl": "data:image/svg+xml,<svg>" } }), "data.fromUser.avatarUrl"),
        (json!({ "invitedBy": { "avatar": "ftp://example.com/a.png" } }), "data.invitedBy.avatar"),
    ] {
        let reply = send(data).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.body.to_string().contains(field), "{reply:?}");
    }
    assert_eq!(send(json!({ "senderAvatar": "" })).await.status, 201, "as good as none");
}

#[tokio::test]
async fn a_notification_of_the_apps_own_type_has_its_senders_words_everywhere() {
    let world = World::new().await;
    world.send(handle, &tests::notification::save_preferences(&json!({ "locale": "fr" }))).await;
    let body = json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives\non Friday.",
        "data": { "orderId": 7, "title": "no words", "message": "no words" } });
    let reply = world.send(handle, &create(&body)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let sent = world.pusher.take_sent();
    assert_eq!((sent.len(), &sent[0].1[..]), (1, "notification:new"));
    assert_eq!((&sent[0].2["type"], &sent[0].2["message"]), (&body["type"], &body["body"]));
    let page = world.send(handle, &list(&[])).await.body;
    assert_eq!(page["unreadCount"], 1);
    let shown = &page["notifications"][0];
    assert_eq!(
        (&shown["type"], &shown["title"], &shown["message"], &shown["data"]),
        (&body["type"], &body["title"], &body["body"], &body["data"])
    );
    let id = ids(&world.send(handle, &list(&[])).await).remove(0);
    assert_eq!(world.send(handle, &read(&id)).await.status, 200);
    assert_eq!(unread(&world).await, 0);
}

#[tokio::test]
async fn a_refused_type_or_text_says_what_to_send() {
    let world = World::new().await;
    let told = async |body: Value| world.send(handle, &create(&body)).await.body.to_string();
    let of_type = told(json!({ "userId": "ada", "type": "order.shipped" })).await;
    assert!(
        of_type.contains("type must be one of MESSAGE, ") && of_type.contains("such as ORDER_SHIPPED"),
        "{of_type}"
    );
    let title = told(json!({ "userId": "ada", "type": "ORDER_SHIPPED" })).await;
    assert!(title.contains("title is missing") && title.contains("It arrives on Friday."), "{title}");
    let body = told(json!({ "userId": "ada", "type": "ORDER_SHIPPED", "title": "T" })).await;
    assert!(body.contains("body is missing"), "{body}");
}
