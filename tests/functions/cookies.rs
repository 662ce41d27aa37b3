//! A token in a cookie.

use serde_json::json;
use tests::{Reply, Request, World, guest_token, token};

const ORIGIN: &str = "https://app.example.com";

async fn world() -> World {
    World::with(&[
        ("TOKEN_COOKIE", "__Host-token"),
        ("ALLOWED_ORIGINS", "http://localhost:3001,https://app.example.com"),
    ])
    .await
}

/// A request with ada's token in the cookie, as API Gateway passes cookies on.
fn with_cookie(route: &str) -> Request {
    Request::new(route).cookies(&["theme=dark", &format!("__Host-token={}", token("ada"))])
}

fn unread() -> Request {
    with_cookie("GET /notifications/unread-count")
}

fn read_all() -> Request {
    with_cookie("POST /notifications/read-all")
}

async fn send(world: &World, request: &Request) -> Reply {
    world.send(notifications::handle, request).await
}

#[tokio::test]
async fn a_cookie_counts_on_the_requests_of_the_apps_own_pages() {
    let world = world().await;
    for origin in [ORIGIN, "http://localhost:3001"] {
        assert_eq!(send(&world, &read_all().header("origin", origin)).await.status, 200);
        assert_eq!(send(&world, &unread().header("origin", origin)).await.status, 200);
    }
    for site in ["same-origin", "same-site"] {
        assert_eq!(send(&world, &unread().header("sec-fetch-site", site)).await.status, 200);
    }
    let subscribe = json!({ "socket_id": "1.2", "channel_name": "private-user-ada" });
    let subscribe = with_cookie("POST /pusher/auth").json(&subscribe).header("origin", ORIGIN);
    assert_eq!(world.send(pusher_auth::handle, &subscribe).await.status, 200);
}

#[tokio::test]
async fn a_cookie_counts_on_no_request_that_another_page_may_have_sent() {
    let world = world().await;
    world.knows(&token("ada")).await;
    let rows = world.table.rows().await;
    let others =
        ["https://evil.example", "null", "", "https://app.example.com.evil.example", "http://app.example.com", "*"];
    for origin in others {
        for request in [read_all(), unread()] {
            let request = request.header("origin", origin).header("sec-fetch-site", "same-origin");
            assert_eq!(send(&world, &request).await.status, 403, "{origin}");
        }
    }
    for request in [
        read_all(),
        read_all().header("sec-fetch-site", "same-origin"),
        unread(),
        unread().header("sec-fetch-site", "cross-site"),
        unread().header("sec-fetch-site", "none"),
        unread().header("referer", "https://app.example.com/"),
    ] {
        let refused = send(&world, &request).await;
        assert_eq!(refused.status, 403, "{request:?}");
        assert!(refused.body["message"].as_str().unwrap().contains("AllowedOrigins"), "{refused:?}");
        assert!(!refused.line.to_string().contains("eyJ"), "{}", refused.line);
    }
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn the_authorization_header_goes_before_the_cookie() {
    let world = world().await;
    for request in [read_all(), read_all().header("origin", ORIGIN)] {
        let refused = send(&world, &request.clone().bearer("not.a.token")).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert_eq!(send(&world, &request.by("ben")).await.status, 200);
    }
    assert!(world.table.row("USER#ben", "PROFILE").await.is_some());
    assert!(world.table.row("USER#ada", "PROFILE").await.is_none());
}

#[tokio::test]
async fn a_bad_token_in_the_cookie_is_refused_as_any_other() {
    let world = world().await;
    let unread = Request::new("GET /notifications/unread-count").header("origin", ORIGIN);
    let guest = guest_token("killarney", "BK-1");
    for (value, cause) in [("nope", "malformed"), ("undefined", "empty"), (guest.as_str(), "guest")] {
        let refused = send(&world, &unread.clone().cookies(&[&format!("__Host-token={value}")])).await;
        assert_eq!((refused.status, &refused.line["tokenRefused"]), (401, &json!(cause)), "{refused:?}");
    }
    for cookies in [["token=x", "__host-token=x"], ["__Host-token", "__Host-token="]] {
        let refused = send(&world, &unread.clone().cookies(&cookies)).await;
        assert_eq!((refused.status, refused.line.get("tokenRefused")), (401, None), "{refused:?}");
    }
}

#[tokio::test]
async fn without_the_setting_no_cookie_counts() {
    let world = World::new().await;
    let refused = send(&world, &unread().header("origin", ORIGIN)).await;
    assert_eq!(refused.status, 401, "{refused:?}");
}

#[tokio::test]
async fn a_page_of_the_apps_own_connects_with_the_cookie() {
    let world = world().await;
    let connect = |connection: &str| {
        world.sockets.open(connection);
        let cookie = format!("theme=dark; __Host-token={}", token("ada"));
        Request::socket("$connect", "ws", connection).header("Cookie", &cookie)
    };
    let reply = world.send(socket_connect::handle, &connect("a1").header("Origin", ORIGIN)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    for request in [connect("a2"), connect("a3").header("Origin", "https://evil.example")] {
        assert_eq!(world.send(socket_connect::handle, &request).await.status, 403);
    }
    let by_query = connect("a4").header("Origin", "https://evil.example").asking("token", &token("ada"));
    assert_eq!(world.send(socket_connect::handle, &by_query).await.status, 200, "a token in the query is no cookie");
}

#[tokio::test]
async fn two_cookies_with_different_tokens_are_refused() {
    let world = world().await;
    let name = |user: &str| format!("__Host-token={}", token(user));
    let unread =
        |cookies: [&str; 2]| Request::new("GET /notifications/unread-count").cookies(&cookies).header("origin", ORIGIN);
    let (ada, eve) = (name("ada"), name("eve"));
    assert_eq!(send(&world, &unread([&ada, &ada])).await.status, 200);
    assert_eq!(send(&world, &unread([&eve, &ada])).await.status, 403);
}
