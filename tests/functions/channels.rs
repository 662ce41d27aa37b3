//! Channels of the app's own: `/channels/{channel}/members/{userId}`, and `POST /pusher/auth` for them.

use channels::handle;
use serde_json::{Value, json};
use tests::consumer::{age, consume};
use tests::{Reply, Request, World, guest_token, token, token_with};

const ORDERS: &str = "private-orders-1";

fn service() -> String {
    token_with("backend", &json!({ "roles": ["service"] }))
}

async fn member(world: &World, method: &str, channel: &str, user: &str) -> Reply {
    let route = format!("{method} /channels/{{channel}}/members/{{userId}}");
    let request = Request::new(&route).bearer(&service()).path("channel", channel).path("userId", user);
    world.send(handle, &request).await
}

async fn authorize(world: &World, bearer: &str, channel: &str) -> Reply {
    let body = json!({ "socket_id": "123456.7890123", "channel_name": channel });
    world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").bearer(bearer).json(&body)).await
}

#[tokio::test]
async fn a_member_may_subscribe_from_the_moment_that_a_service_says_so_until_it_takes_that_back() {
    let world = World::new().await;
    let refused = authorize(&world, &token("ada"), ORDERS).await;
    assert_eq!((refused.status, &refused.body["error"]), (403, &json!("Forbidden")));
    let message = refused.body["message"].as_str().unwrap();
    for part in ["claim channels", ORDERS, "PUT /channels/private-orders-1/members/ada"] {
        assert!(message.contains(part), "{message}");
    }
    for _ in 0..2 {
        assert_eq!(member(&world, "PUT", ORDERS, "ada").await.status, 204);
    }
    let granted = authorize(&world, &token("ada"), ORDERS).await;
    assert_eq!((granted.status, granted.body.as_object().unwrap().len()), (200, 1), "{granted:?}");
    assert_eq!(authorize(&world, &token("ben"), ORDERS).await.status, 403);
    assert_eq!(authorize(&world, &token("ada"), "private-orders-2").await.status, 403);
    for _ in 0..2 {
        assert_eq!(member(&world, "DELETE", ORDERS, "ada").await.status, 204);
        assert_eq!(authorize(&world, &token("ada"), ORDERS).await.status, 403);
    }
    assert_eq!(member(&world, "PUT", ORDERS, "ada").await.status, 204);
    assert_eq!(authorize(&world, &token("ada"), ORDERS).await.status, 200);
}

#[tokio::test]
async fn a_service_sees_who_is_a_member() {
    let world = World::new().await;
    let reply = member(&world, "GET", ORDERS, "ada").await;
    assert_eq!((reply.status, &reply.body["error"]), (404, &json!("Not Found")));
    member(&world, "PUT", ORDERS, "ada").await;
    let reply = member(&world, "GET", ORDERS, "ada").await;
    assert_eq!((reply.status, reply.body), (200, json!({ "channel": ORDERS, "userId": "ada" })));
    member(&world, "DELETE", ORDERS, "ada").await;
    assert_eq!(member(&world, "GET", ORDERS, "ada").await.status, 404);
}

#[tokio::test]
async fn a_token_opens_the_channels_that_it_names_without_io() {
    let world = World::new().await;
    let bearer = token_with("ada", &json!({ "channels": ["private-team-*", "private-news"] }));
    world.knows(&bearer).await;
    world.table.take_requests();
    for opened in ["private-team-", "private-team-7", "private-news"] {
        assert_eq!(authorize(&world, &bearer, opened).await.status, 200, "{opened}");
    }
    assert!(world.table.take_requests().is_empty());
    assert_eq!(authorize(&world, &bearer, "private-newsletter").await.status, 403);
    assert_eq!(world.table.take_requests(), [("GetItem".to_owned(), 1)].into());
}

#[tokio::test]
async fn no_claim_opens_a_name_of_a_reserved_family() {
    let world = World::new().await;
    let bearer = token_with("ada", &json!({ "channels": ["*", "private-user-ben"] }));
    for reserved in [
        "private-user-ben",
        "private-cache-user-ben",
        "private-encrypted-cache-user-ben",
        "private-party-x",
        "presence-cache-room-emma",
        "presence-hotel-killarney",
        "private-bail-1",
    ] {
        let reply = authorize(&world, &bearer, reserved).await;
        let refusal = json!({ "error": "Forbidden", "message": "Not authorized to access this channel" });
        assert_eq!((reply.status, reply.body), (403, refusal), "{reserved}");
        let reply = member(&world, "PUT", reserved, "ada").await;
        assert_eq!(reply.status, 400, "{reserved}");
        let message = reply.body["message"].as_str().unwrap();
        assert!(message.starts_with("channel must not begin with "), "{message}");
    }
    assert_eq!(authorize(&world, &bearer, "private-users-ben").await.status, 200);
}

#[tokio::test]
async fn each_type_of_channel_is_granted_as_pusher_has_it() {
    let world = World::new().await;
    let bearer = token_with("ada", &json!({ "name": "Ada", "channels": ["*"] }));
    for channel in ["presence-lobby", "presence-cache-lobby"] {
        let reply = authorize(&world, &bearer, channel).await;
        let data: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap();
        let info = json!({ "userId": "ada", "displayName": "Ada", "avatarUrl": null });
        assert_eq!(data, json!({ "user_id": "ada", "user_info": info }), "{channel}");
    }
    for channel in ["private-encrypted-cards", "private-encrypted-cache-cards"] {
        let reply = authorize(&world, &bearer, channel).await;
        assert_eq!(reply.body["shared_secret"].as_str().map(str::len), Some(44), "{channel}");
    }
    let reply = authorize(&world, &bearer, "private-cache-stock").await;
    assert_eq!((reply.status, reply.body.as_object().unwrap().len()), (200, 1));
    assert_eq!(authorize(&world, &bearer, "cache-stock").await.status, 400, "it is public");
}

#[tokio::test]
async fn the_connections_of_a_removed_member_end_unless_the_operator_turned_that_off() {
    let world = World::new().await;
    member(&world, "PUT", ORDERS, "ada").await;
    member(&world, "DELETE", ORDERS, "ada").await;
    member(&world, "DELETE", ORDERS, "ben").await;
    assert_eq!(world.pusher.terminated(), ["ada"], "ben was no member");

    let world = World::with(&[("TERMINATE_REMOVED", "false")]).await;
    member(&world, "PUT", ORDERS, "ada").await;
    member(&world, "DELETE", ORDERS, "ada").await;
    assert!(world.pusher.terminated().is_empty());
    assert_eq!(authorize(&world, &token("ada"), ORDERS).await.status, 403);
}

#[tokio::test]
async fn the_end_of_the_connections_is_not_lost_when_the_function_is_killed() {
    let world = World::new().await;
    member(&world, "PUT", ORDERS, "ada").await;
    let request = Request::new("DELETE /channels/{channel}/members/{userId}").bearer(&service());
    world.send_and_kill(handle, &request.path("channel", ORDERS).path("userId", "ada")).await;
    assert!(world.pusher.terminated().is_empty());
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.terminated(), ["ada"]);
}

#[tokio::test]
async fn a_claim_names_up_to_a_hundred_channels_of_any_length_that_pusher_takes() {
    let world = World::new().await;
    let longest = format!("private-{}", "x".repeat(156));
    let others = (0..97).map(|n| format!("private-{n}"));
    let named = [longest.clone(), format!("{}*", &longest[..163])].into_iter().chain(others);
    let named: Vec<String> = named.chain(["private-last".to_owned(), "private-beyond".to_owned()]).collect();
    let bearer = token_with("ada", &json!({ "channels": named }));
    for (channel, status) in [
        (longest.as_str(), 200),
        (&format!("{}y", &longest[..163]), 200),
        ("private-last", 200),
        ("private-beyond", 403),
        (&format!("{longest}x"), 400),
    ] {
        assert_eq!(authorize(&world, &bearer, channel).await.status, status, "{channel}");
    }
}

#[tokio::test]
async fn no_guest_becomes_a_member_or_subscribes() {
    let world = World::new().await;
    assert_eq!(member(&world, "PUT", ORDERS, "guest;killarney;BK-1").await.status, 422);
    let route = "POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth";
    let body = json!({ "socket_id": "123456.7890123", "channel_name": ORDERS });
    let request =
        Request::new(route).bearer(&guest_token("killarney", "BK-1")).path("hotelSlug", "killarney").json(&body);
    assert_eq!(world.send(pusher_auth::handle, &request).await.status, 403);
}

#[tokio::test]
async fn an_encrypted_channel_needs_a_master_key() {
    let world = World::with(&[("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "")]).await;
    let bearer = token_with("ada", &json!({ "channels": ["*"] }));
    let reply = authorize(&world, &bearer, "private-encrypted-cards").await;
    assert_eq!(
        (reply.status, &reply.body["message"]),
        (403, &json!("Encrypted channels are not set up on this server"))
    );
}

#[tokio::test]
async fn only_services_say_who_is_a_member() {
    let world = World::new().await;
    for method in ["PUT", "GET", "DELETE"] {
        let route = format!("{method} /channels/{{channel}}/members/{{userId}}");
        let request = Request::new(&route).by("ada").path("channel", ORDERS).path("userId", "ada");
        assert_eq!(world.send(handle, &request).await.status, 403, "{method}");
    }
    assert_eq!(authorize(&world, &token("ada"), ORDERS).await.status, 403);
    for (channel, user) in [("news", "ada"), ("private-a b", "ada"), ("", "ada"), (ORDERS, "a#b")] {
        assert_eq!(member(&world, "PUT", channel, user).await.status, 400, "{channel:?} {user:?}");
    }
}

#[tokio::test]
async fn an_erased_user_is_not_a_member_any_more() {
    let world = World::new().await;
    member(&world, "PUT", ORDERS, "ada").await;
    let erase = Request::new("DELETE /users/{userId}").bearer(&service()).path("userId", "ada");
    assert_eq!(world.send(erasure::handle, &erase).await.status, 200);
    assert_eq!(member(&world, "GET", ORDERS, "ada").await.status, 404);
}
