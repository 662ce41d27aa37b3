//! `GET /kudos`

use kudos_list::handle;
use serde_json::{Value, json};
use tests::{Request, World};

async fn give(world: &World, from: &str, to: &str, book: &str) -> String {
    let body = json!({ "receiverId": to, "sessionId": "s1", "bookTitle": book });
    let reply = world.send(kudos_create::handle, &Request::new("POST /kudos").by(from).json(&body)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    reply.body["kudosId"].as_str().unwrap().to_owned()
}

async fn list(world: &World, user: &str, query: &[(&str, &str)]) -> Value {
    let request = Request::new("GET /kudos").by(user);
    let reply =
        world.send(handle, &query.iter().fold(request, |request, (name, value)| request.query(name, value))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

fn books(page: &Value) -> Vec<&str> {
    page["kudos"].as_array().unwrap().iter().map(|kudos| kudos["bookTitle"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn kudos_that_were_received_are_listed_with_who_gave_them() {
    let world = World::new().await;
    let id = give(&world, "ada", "ben", "Emma").await;
    give(&world, "ben", "ada", "Persuasion").await;
    let page = list(&world, "ben", &[]).await;
    assert_eq!((books(&page), &page["nextCursor"]), (vec!["Emma"], &Value::Null));
    let kudos = &page["kudos"][0];
    let from = json!({ "userId": "ada", "displayName": "Ada", "avatarUrl": "https://example.com/ada.png" });
    assert_eq!((&kudos["kudosId"], &kudos["fromUser"], &kudos["sessionId"]), (&json!(id), &from, &json!("s1")));
    assert!(kudos["createdAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(kudos.as_object().unwrap().len(), 5);
    assert!(books(&list(&world, "eve", &[]).await).is_empty());
}

#[tokio::test]
async fn kudos_of_somebody_without_a_profile_are_listed_under_their_id() {
    let world = World::new().await;
    let body = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    world.send_and_kill(kudos_create::handle, &Request::new("POST /kudos").by("ada").json(&body)).await;
    let page = list(&world, "ben", &[]).await;
    assert_eq!(page["kudos"][0]["fromUser"], json!({ "userId": "ada", "displayName": "ada", "avatarUrl": null }));
}

#[tokio::test]
async fn kudos_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    for n in 0..5 {
        give(&world, if n % 2 == 0 { "ada" } else { "cy" }, "ben", &format!("Book {n}")).await;
    }
    let (mut shown, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = match &cursor {
            None => list(&world, "ben", &[("limit", "2")]).await,
            Some(cursor) => list(&world, "ben", &[("limit", "2"), ("cursor", cursor)]).await,
        };
        shown.extend(books(&page).into_iter().map(str::to_owned));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(shown, ["Book 4", "Book 3", "Book 2", "Book 1", "Book 0"]);
    // A cursor leads to the caller's own kudos alone.
    let first = list(&world, "ben", &[("limit", "1")]).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    assert!(books(&list(&world, "eve", &[("cursor", cursor)]).await).is_empty());
}

#[tokio::test]
async fn a_page_of_kudos_is_one_query_and_two_requests_for_what_it_names() {
    let world = World::new().await;
    for n in 0..3 {
        give(&world, "ada", "ben", &format!("Book {n}")).await;
    }
    world.knows(&tests::token("ben")).await;
    list(&world, "ben", &[]).await;
    assert_eq!(world.table.take_requests(), [("Query".to_owned(), 1), ("BatchGetItem".to_owned(), 2)].into());
}

#[tokio::test]
async fn invalid_requests_for_kudos_are_refused() {
    let world = World::new().await;
    let list = || Request::new("GET /kudos").by("ada");
    for (status, request) in [
        (400, list().query("limit", "101")),
        (400, list().query("limit", "many")),
        (400, list().query("cursor", "x")),
        (400, list().query("cursor", "MDAwMDAwMDAwMDAwMDAwMSN4")),
        (401, Request::new("GET /kudos")),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:?}");
    }
}
