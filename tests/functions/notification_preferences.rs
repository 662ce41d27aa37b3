//! `/notifications/preferences`, and their effect on notifications.

use notifications::handle;
use serde_json::json;
use tests::notification::save_preferences;
use tests::{Request, World, token_with};

fn show() -> Request {
    Request::new("GET /notifications/preferences").by("ada")
}

fn message() -> Request {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    Request::new("POST /notifications").bearer(&service).json(&json!({ "userId": "ada", "type": "MESSAGE" }))
}

#[tokio::test]
async fn preferences_allow_everything_until_the_user_saves_some() {
    let world = World::new().await;
    let shown = world.send(handle, &show()).await;
    assert_eq!(shown.status, 200);
    assert_eq!((&shown.body["locale"], &shown.body["quietHours"]), (&json!("en"), &json!(null)));
    assert_eq!(shown.body["pushWhileConnected"], false);
    let types = shown.body["types"].as_object().unwrap();
    assert_eq!(types.len(), 10);
    for (name, ways) in types {
        assert_eq!(*ways, json!({ "inApp": true, "push": true, "email": true }), "{name}");
    }
}

#[tokio::test]
async fn saved_preferences_replace_earlier_ones() {
    let world = World::new().await;
    let first = json!({ "locale": "fr", "types": { "MESSAGE": { "push": false } },
        "quietHours": { "from": "22:00", "to": "07:00", "timeZone": "Europe/Paris" } });
    let saved = world.send(handle, &save_preferences(&first)).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!((&saved.body["locale"], &saved.body["quietHours"]), (&first["locale"], &first["quietHours"]));
    assert_eq!(saved.body["types"]["MESSAGE"], json!({ "inApp": true, "push": false, "email": true }));
    assert_eq!(world.send(handle, &show()).await.body, saved.body);
    // The preferences in a response can be saved unchanged.
    assert_eq!(world.send(handle, &save_preferences(&saved.body)).await.body, saved.body);

    let second =
        world.send(handle, &save_preferences(&json!({ "types": { "SYSTEM": { "email": false } } }))).await.body;
    assert_eq!((&second["locale"], &second["quietHours"]), (&json!("en"), &json!(null)));
    assert_eq!(
        (&second["types"]["MESSAGE"]["push"], &second["types"]["SYSTEM"]["email"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn invalid_preferences_are_refused() {
    let world = World::new().await;
    let quiet = |from, to, zone| json!({ "quietHours": { "from": from, "to": to, "timeZone": zone } });
    let cases = [
        (400, save_preferences(&json!({ "locale": "de" }))),
        (400, save_preferences(&json!({ "types": { "Advertisement": { "push": false } } }))),
        (400, save_preferences(&json!({ "types": { "MESSAGE": { "push": "no" } } }))),
        (400, save_preferences(&json!({ "types": [] }))),
        (400, save_preferences(&json!({ "pushWhileConnected": "always" }))),
        (400, save_preferences(&json!({ "pushWhileConnected": null }))),
        (400, save_preferences(&quiet("22:00", "22:00", "UTC"))),
        (400, save_preferences(&quiet("25:00", "07:00", "UTC"))),
        (400, save_preferences(&quiet("22:00", "07:00", "Europe/Atlantis"))),
        (400, save_preferences(&json!({ "quietHours": { "from": "22:00", "to": "07:00" } }))),
        (413, save_preferences(&json!({ "x": "y".repeat(70_000) }))),
        (415, Request::new("PUT /notifications/preferences").by("ada").form("locale=fr")),
        (401, Request::new("PUT /notifications/preferences").json(&json!({}))),
        (401, Request::new("GET /notifications/preferences")),
    ];
    for (status, request) in cases {
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, status, "{request:.300?} {reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn preferences_that_turn_the_app_off_leave_the_stored_copy() {
    let world = World::new().await;
    world.send(handle, &save_preferences(&json!({ "types": { "MESSAGE": { "inApp": false } } }))).await;
    assert_eq!(world.send(handle, &message()).await.status, 201);
    assert!(world.pusher.take_sent().is_empty());
    let page = world.send(handle, &Request::new("GET /notifications").by("ada")).await.body;
    assert_eq!((page["notifications"].as_array().unwrap().len(), &page["unreadCount"]), (1, &json!(1)));
}

#[tokio::test]
async fn preferences_choose_the_language_and_until_then_the_newest_device_does() {
    let world = World::new().await;
    let told = async || {
        world.send(handle, &message()).await;
        world.pusher.take_sent()[0].2["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(told().await, "Someone sent you a message");
    let french = token_with("ada", &json!({ "locale": "fr-FR" }));
    let register = Request::new("POST /notifications/device-token").bearer(&french).json(&json!({ "token": "t" }));
    assert_eq!(world.send(device_tokens::handle, &register).await.status, 200);
    assert_eq!(told().await, "Quelqu’un vous a envoyé un message");
    world.send(handle, &save_preferences(&json!({ "locale": "en" }))).await;
    assert_eq!(told().await, "Someone sent you a message");
    world.send(device_tokens::handle, &register).await;
    assert_eq!(told().await, "Someone sent you a message", "what the user chose stays chosen");
}

#[tokio::test]
async fn preferences_cost_a_new_notification_no_extra_round_trip() {
    let world = World::with_push().await;
    world.table.take_requests();
    world.send_and_kill(handle, &message()).await;
    let expected = [("BatchGetItem".to_owned(), 1), ("TransactWriteItems".to_owned(), 1)];
    assert_eq!(world.table.take_requests(), expected.into());
}

#[tokio::test]
async fn preferences_name_types_of_the_apps_own_beside_the_built_in_ones() {
    let world = World::with_push().await;
    let wanted = json!({ "types": { "ORDER_SHIPPED": { "push": false }, "KUDOS": { "inApp": false } } });
    let saved = world.send(handle, &save_preferences(&wanted)).await;
    assert_eq!((saved.status, saved.body["types"].as_object().unwrap().len()), (200, 11), "{saved:?}");
    assert_eq!(saved.body["types"]["ORDER_SHIPPED"], json!({ "inApp": true, "push": false, "email": true }));
    assert_eq!(world.send(handle, &show()).await.body, saved.body);
    assert_eq!(world.send(handle, &save_preferences(&saved.body)).await.body, saved.body);
    let without = world.send(handle, &save_preferences(&json!({}))).await.body;
    assert_eq!(without["types"].as_object().unwrap().len(), 10, "a type that is left out is on, and not listed");
}

#[tokio::test]
async fn preferences_have_at_most_a_hundred_own_types() {
    let world = World::new().await;
    let types = |own: usize| {
        let own = (0..own).map(|n| (format!("{}{n:03}", "X".repeat(61)), json!({ "push": false })));
        json!({ "types": own.chain([("MESSAGE".to_owned(), json!({}))]).collect::<serde_json::Map<_, _>>() })
    };
    let refused = world.send(handle, &save_preferences(&types(101))).await;
    assert_eq!(refused.status, 400);
    let told = refused.body.to_string();
    assert!(told.contains("types has 101 types of your own: send at most 100"), "{told}");
    assert!(world.table.rows().await.is_empty());
    let saved = world.send(handle, &save_preferences(&types(100))).await;
    assert_eq!((saved.status, saved.body["types"].as_object().unwrap().len()), (200, 110));
}

#[tokio::test]
async fn a_preference_for_an_invalid_type_says_what_to_send() {
    let world = World::new().await;
    let refused = world.send(handle, &save_preferences(&json!({ "types": { "order-shipped": {} } }))).await;
    assert_eq!(refused.status, 400);
    let told = refused.body.to_string();
    assert!(told.contains("must be one of MESSAGE, ") && told.contains("such as ORDER_SHIPPED"), "{told}");
}
