//! `PUT /books/{bookId}`

use books::handle;
use serde_json::{Value, json};
use tests::{Request, World, token_with};

fn put(body: &Value) -> Request {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    Request::new("PUT /books/{bookId}").path("bookId", "emma").bearer(&service).json(body)
}

async fn row(world: &World) -> Option<Value> {
    let rows = world.table.rows().await;
    rows.into_iter().find(|(key, _)| format!("{key:?}").contains("BOOK#emma")).map(|(_, row)| json!(row))
}

#[tokio::test]
async fn a_book_that_was_put_makes_its_author_the_author_of_its_room() {
    let world = World::new().await;
    let body = json!({ "authorId": "ada", "authorName": "Ada L.", "title": "Emma" });
    let reply = world.send(handle, &put(&body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body, json!({ "bookId": "emma", "authorId": "ada", "authorName": "Ada L.", "title": "Emma" }));

    let enter = |user: &str| Request::new("POST /rooms/{bookId}/presence").path("bookId", "emma").by(user);
    let author = world.send(presence_join::handle, &enter("ada")).await;
    assert_eq!(author.body["isAuthor"], true, "{author:?}");
    let sent = world.pusher.take_sent();
    assert!(
        sent.iter().any(|(_, name, data)| name == "room:author-joined" && data["authorName"] == "Ada L."),
        "{sent:?}"
    );
    let reader = world.send(presence_join::handle, &enter("ben")).await;
    assert_eq!(reader.body["isAuthor"], false, "{reader:?}");
}

#[tokio::test]
async fn a_field_that_is_left_out_is_forgotten_and_the_apps_own_fields_stay() {
    let world = World::new().await;
    let own = [("pk", "BOOK#emma"), ("sk", "BOOK"), ("authorId", "old"), ("authorName", "Old"), ("isbn", "978")];
    world.table.put(&own).await;
    let reply = world.send(handle, &put(&json!({ "authorId": "ada", "title": null }))).await;
    assert_eq!(reply.body, json!({ "bookId": "emma", "authorId": "ada", "authorName": null, "title": null }));
    let row = row(&world).await.unwrap();
    assert_eq!((&row["authorId"], &row["isbn"]), (&json!("ada"), &json!("978")));
    assert!(row.get("authorName").is_none() && row.get("title").is_none(), "{row}");
}

#[tokio::test]
async fn putting_the_same_again_changes_nothing() {
    let world = World::new().await;
    let body = json!({ "authorId": "ada", "title": "Emma" });
    let first = world.send(handle, &put(&body)).await;
    let stored = row(&world).await;
    let second = world.send(handle, &put(&body)).await;
    assert_eq!((second.status, second.body), (200, first.body));
    assert_eq!(row(&world).await, stored);
}

#[tokio::test]
async fn a_book_that_is_refused_is_not_written() {
    let world = World::new().await;
    let good = || json!({ "authorId": "ada" });
    let cases = [
        (400, put(&json!({}))),
        (400, put(&json!({ "authorId": "a b" }))),
        (400, put(&json!({ "authorId": 7 }))),
        (400, put(&json!({ "authorId": "ada", "authorName": " " }))),
        (400, put(&json!({ "authorId": "ada", "authorName": "x".repeat(129) }))),
        (400, put(&json!({ "authorId": "ada", "title": "" }))),
        (400, put(&json!({ "authorId": "ada", "title": "Em\u{0}ma" }))),
        (400, put(&json!({ "authorId": "ada", "title": "x".repeat(501) }))),
        (400, put(&json!({ "authorId": "ada", "author": "Ada" }))),
        (400, put(&good()).path("bookId", "a b")),
        (413, put(&json!({ "authorId": "ada", "title": "x".repeat(70_000) }))),
        (415, put(&good()).header("content-type", "text/plain")),
        (403, Request::new("PUT /books/{bookId}").path("bookId", "emma").by("ada").json(&good())),
        (401, Request::new("PUT /books/{bookId}").path("bookId", "emma").json(&good())),
    ];
    for (status, request) in cases {
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
        assert_eq!(row(&world).await, None);
    }
    let reply = world.send(handle, &put(&json!({ "authorId": "ada", "author": "Ada" }))).await;
    assert!(reply.body["message"].as_str().unwrap().contains("author"), "{reply:?}");
}
