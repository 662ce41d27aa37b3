//! `GET /rooms/{bookId}/presence`

use presence_list::handle;
use serde_json::{Value, json};
use tests::{Request, World};

fn room(method: &str, user: &str, book: &str) -> Request {
    Request::new(&format!("{method} /rooms/{{bookId}}/presence")).by(user).path("bookId", book)
}

async fn enter(world: &World, user: &str) {
    assert_eq!(world.send(presence_join::handle, &room("POST", user, "emma")).await.status, 200);
}

async fn shown(world: &World, query: &[(&str, &str)]) -> Value {
    let request = query.iter().fold(room("GET", "zoe", "emma"), |request, (name, value)| request.query(name, value));
    let reply = world.send(handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

fn users(page: &Value) -> Vec<&str> {
    page["members"].as_array().unwrap().iter().map(|member| member["userId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn occupants_are_shown_as_the_rooms_channel_shows_them() {
    let world = World::new().await;
    world.table.put_book("emma", "ben", "Ben").await;
    assert!(users(&shown(&world, &[]).await).is_empty());
    for user in ["ben", "ada", "cy"] {
        enter(&world, user).await;
    }
    world.send(presence_leave::handle, &room("DELETE", "cy", "emma")).await;
    let page = shown(&world, &[]).await;
    assert_eq!(
        (users(&page), &page["bookId"], &page["nextCursor"]),
        (vec!["ada", "ben"], &json!("emma"), &Value::Null)
    );
    let [ada, ben] = &page["members"].as_array().unwrap()[..] else { panic!("two") };
    assert_eq!((&ada["displayName"], &ada["avatarUrl"]), (&json!("Ada"), &json!("https://example.com/ada.png")));
    assert_eq!((&ada["isAuthor"], &ben["isAuthor"]), (&json!(false), &json!(true)));
    assert!(ada["joinedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(ada.as_object().unwrap().len(), 5);
}

#[tokio::test]
async fn a_crowded_room_is_shown_page_by_page() {
    let world = World::new().await;
    for n in 0..7 {
        enter(&world, &format!("user-{n}")).await;
    }
    for gone in ["user-1", "user-4"] {
        world.send(presence_leave::handle, &room("DELETE", gone, "emma")).await;
    }
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = match &cursor {
            None => shown(&world, &[("limit", "2")]).await,
            Some(cursor) => shown(&world, &[("limit", "2"), ("cursor", cursor)]).await,
        };
        all.extend(users(&page).into_iter().map(str::to_owned));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(all, ["user-0", "user-2", "user-3", "user-5", "user-6"]);
}

#[tokio::test]
async fn invalid_requests_for_a_rooms_occupants_are_refused() {
    let world = World::new().await;
    for (status, request) in [
        (400, room("GET", "ada", "a b")),
        (400, room("GET", "ada", "emma").query("limit", "101")),
        (400, room("GET", "ada", "emma").query("cursor", "!")),
        (401, Request::new("GET /rooms/{bookId}/presence").path("bookId", "emma")),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:?}");
    }
}
