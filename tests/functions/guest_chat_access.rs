//! Access to a guest's chat.

use guest_chat::handle;
use serde_json::{Value, json};
use tests::guest_chat::{as_guest, as_service, as_staff, guest_writes, hire, inbox, with_token};
use tests::{Reply, Request, World, guest_token, signed, token};

const CHANNEL: &str = "private-hotel-killarney-guest-chat-booking-BK-2025-0123";
const AUTH: &str = "POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth";

fn subscribe(hotel: &str, token: &str, channel: &str) -> Request {
    let body = json!({ "socket_id": "123.456", "channel_name": channel });
    Request::new(AUTH).path("hotelSlug", hotel).query("token", token).json(&body)
}

/// The guest of BK-2025-0123 at killarney asks for a channel.
async fn ask(world: &World, channel: &str) -> Reply {
    world.send(pusher_auth::handle, &subscribe("killarney", &guest_token("killarney", "BK-2025-0123"), channel)).await
}

fn claims(more: &Value) -> String {
    let mut claims = json!({
        "aud": "guest", "hotel": "killarney", "booking": "BK-2025-0123", "name": "Grace", "exp": 4_102_444_800_i64
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signed(&claims)
}

#[tokio::test]
async fn the_guests_own_channel_is_granted_as_form_and_as_json_by_query_and_by_header() {
    let world = World::new().await;
    let json = ask(&world, CHANNEL).await;
    assert_eq!(json.status, 200, "{json:?}");
    assert!(json.body["auth"].as_str().unwrap().starts_with("key:"));
    assert_eq!(json.body.as_object().unwrap().len(), 1);
    let request =
        || Request::new(AUTH).path("hotelSlug", "killarney").bearer(&guest_token("killarney", "BK-2025-0123"));
    let form = request().form(&format!("socket_id=123.456&channel_name={CHANNEL}"));
    assert_eq!(world.send(pusher_auth::handle, &form).await.body, json.body);
    let both = request().query("token", &guest_token("killarney", "BK-2025-0123"));
    let both = both.json(&json!({ "socket_id": "123.456", "channel_name": CHANNEL }));
    assert_eq!(world.send(pusher_auth::handle, &both).await.body, json.body);
    assert!(world.table.take_requests().is_empty(), "the token says it all");
    let encrypted = ask(&world, &CHANNEL.replace("private-", "private-encrypted-")).await;
    assert_eq!((encrypted.status, encrypted.body["shared_secret"].is_string()), (200, true));
}

#[tokio::test]
async fn the_presence_channel_shows_the_guests_name_and_not_who_of_the_staff_looks() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    let presence = CHANNEL.replace("private-", "presence-");
    let data = |reply: tests::Reply| -> serde_json::Value {
        assert_eq!(reply.status, 200, "{reply:?}");
        serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap()
    };
    let guest = json!({ "user_id": "guest;killarney;BK-2025-0123", "user_info": { "name": "Grace", "role": "guest" } });
    assert_eq!(data(ask(&world, &presence).await), guest);
    let subscribe = |user: &str| {
        Request::new("POST /pusher/auth").by(user).json(&json!({ "socket_id": "123.456", "channel_name": presence }))
    };
    let staff = json!({ "user_id": "ada", "user_info": { "role": "staff" } });
    assert_eq!(data(world.send(pusher_auth::handle, &subscribe("ada")).await), staff);
    assert_eq!(world.send(pusher_auth::handle, &subscribe("eve")).await.status, 403);
    assert_eq!(ask(&world, &format!("{presence}4")).await.status, 403);
}

#[tokio::test]
async fn a_token_must_match_the_hotel_of_the_path() {
    let world = World::new().await;
    for hotel in ["killarne", "killarney2", "Killarney", "killarney-", ""] {
        let request = subscribe(hotel, &guest_token("killarney", "BK-2025-0123"), CHANNEL);
        assert_eq!(world.send(pusher_auth::handle, &request).await.status, 403, "{hotel}");
        let other = as_guest("GET /context").path("hotelSlug", hotel);
        assert_eq!(world.send(handle, &other).await.status, 403, "{hotel}");
    }
}

#[tokio::test]
async fn a_channel_must_be_that_of_the_tokens_booking_to_the_last_character() {
    let world = World::new().await;
    for booking in
        ["BK-2025-01234", "BK-2025-012", "BK-2025-0124", "bk-2025-0123", "BK-2025-0123-staff", "BK-2025-0123."]
    {
        let other = format!("private-hotel-killarney-guest-chat-booking-{booking}");
        assert_eq!(ask(&world, &other).await.status, 403, "{booking}");
        // And the other way round: another booking's token on this one's channel.
        let request = subscribe("killarney", &guest_token("killarney", booking), CHANNEL);
        assert_eq!(world.send(pusher_auth::handle, &request).await.status, 403, "{booking}");
    }
    for channel in [
        "private-hotel-Killarney-guest-chat-booking-BK-2025-0123",
        "private-hotel-killarney2-guest-chat-booking-BK-2025-0123",
        "presence-hotel-killarney-staff",
        "presence-hotel-killarney2-guest-chat-booking-BK-2025-0123",
        "private-hotel-killarney-guest-chat-booking-",
        "private-hotel-killarney-staff",
        "private-encrypted-hotel-killarney-staff",
        "private-user-guest;killarney;BK-2025-0123",
        "presence-room-emma",
    ] {
        assert_eq!(ask(&world, channel).await.status, 403, "{channel}");
    }
}

#[tokio::test]
async fn no_wildcard_and_no_character_around_the_name_opens_anything() {
    let world = World::new().await;
    for channel in [
        "private-hotel-killarney-guest-chat-booking-*",
        "private-hotel-*-guest-chat-booking-BK-2025-0123",
        "private-hotel-killarney-guest-chat-booking-BK-2025-012?",
        "private-hotel-killarney-guest-chat-booking-BK-2025-0123\n",
        "private-hotel-killarney-guest-chat-booking-BK-2025-0123\r\n",
        " private-hotel-killarney-guest-chat-booking-BK-2025-0123",
        "private-hotel-killarney-guest-chat-booking-BK-2025-0123\0",
        "private-hotel-killarney-guest-chat-booking-BK%2D2025-0123",
        "private-hotel-killаrney-guest-chat-booking-BK-2025-0123",
    ] {
        assert_eq!(ask(&world, channel).await.status, 400, "{channel:?}");
    }
    let request =
        Request::new(AUTH).path("hotelSlug", "killarney").query("token", &guest_token("killarney", "BK-2025-0123"));
    let form = request.form(&format!("socket_id=123.456&channel_name={CHANNEL}%0A"));
    assert_eq!(world.send(pusher_auth::handle, &form).await.status, 400);
    for booking in ["*", "BK-2025-0123\n", "BK 2025", ""] {
        let token = claims(&json!({ "booking": booking }));
        let request = subscribe("killarney", &token, CHANNEL);
        assert_eq!(world.send(pusher_auth::handle, &request).await.status, 401, "{booking:?}");
    }
}

#[tokio::test]
async fn only_a_valid_guests_token_opens_a_route_of_guests() {
    let world = World::new().await;
    guest_writes(&world, "Hello").await;
    let tokens = [
        token("ada"),
        claims(&json!({ "exp": 1 })),
        claims(&json!({ "aud": "member" })),
        claims(&json!({ "aud": null })),
        claims(&json!({ "hotel": null })),
        claims(&json!({ "hotel": ["killarney"] })),
        claims(&json!({ "exp": null })),
        format!("{}x", claims(&json!({}))),
        "x".to_owned(),
        String::new(),
    ];
    for token in &tokens {
        for route in ["GET /context", "GET /messages", "POST /messages", "PUT /read"] {
            let request = with_token(token, route).json(&json!({ "message": "Hi", "seq": 1 }));
            let reply = world.send(handle, &request).await;
            assert_eq!(reply.status, 401, "{route} {token}: {reply:?}");
        }
        assert_eq!(world.send(pusher_auth::handle, &subscribe("killarney", token, CHANNEL)).await.status, 401);
    }
    let header = Request::new("GET /api/guest/hotel/{hotelSlug}/chat/context").path("hotelSlug", "killarney");
    assert_eq!(world.send(handle, &header.clone().by("ada")).await.status, 401);
    assert_eq!(world.send(handle, &header).await.status, 401);
}

#[tokio::test]
async fn a_guests_token_opens_no_route_of_members() {
    let world = World::new().await;
    let guest = guest_token("killarney", "BK-2025-0123");
    let of_staff = Request::new("GET /hotels/{hotelSlug}/chats").path("hotelSlug", "killarney");
    let erase = Request::new("DELETE /conversations/authors/{userId}").path("userId", "ada");
    for request in [of_staff, erase] {
        assert_eq!(world.send(handle, &request.clone().bearer(&guest)).await.status, 401);
        let in_query = world.send(handle, &request.query("token", &guest)).await;
        assert_eq!(in_query.status, 400, "a member's route takes no token in its query: {in_query:?}");
    }
    let subscription = json!({ "socket_id": "123.456", "channel_name": CHANNEL });
    let request = Request::new("POST /pusher/auth").bearer(&guest).json(&subscription);
    assert_eq!(world.send(pusher_auth::handle, &request).await.status, 401);
}

#[tokio::test]
async fn a_booking_that_has_no_chat_and_one_that_has_get_the_same_refusal() {
    let world = World::new().await;
    guest_writes(&world, "Hello").await;
    let ask = async |booking: &str| {
        let channel = format!("private-hotel-killarney-guest-chat-booking-{booking}");
        let reply =
            world.send(pusher_auth::handle, &subscribe("killarney", &guest_token("killarney", "BK-1"), &channel)).await;
        (reply.status, reply.body)
    };
    assert_eq!(ask("BK-2025-0123").await, ask("BK-2025-9999").await);
    let read = async |booking: &str| {
        let reply = world.send(handle, &as_staff("mallory", "GET /messages").path("bookingId", booking)).await;
        (reply.status, reply.body)
    };
    assert_eq!(read("BK-2025-0123").await, read("BK-2025-9999").await);
    assert_eq!(read("BK-2025-0123").await.0, 403);
}

#[tokio::test]
async fn the_staff_of_a_hotel_subscribe_to_its_channels_and_nobody_else_does() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    let ask = async |user: &str, channel: &str| {
        let body = json!({ "socket_id": "123.456", "channel_name": channel });
        world.send_and_kill(pusher_auth::handle, &Request::new("POST /pusher/auth").by(user).json(&body)).await.status
    };
    for channel in [CHANNEL, "private-hotel-killarney-staff", "private-encrypted-hotel-killarney-staff"] {
        world.table.take_requests();
        assert_eq!(ask("ada", channel).await, 200, "{channel}");
        assert_eq!(world.table.take_requests(), [("GetItem".to_owned(), 1)].into());
        assert_eq!(ask("ben", channel).await, 403, "{channel}");
    }
    assert_eq!(ask("ada", &CHANNEL.replace("killarney", "dingle")).await, 403);
    assert_eq!(ask("ada", "private-hotel-dingle-staff").await, 403);
}

#[tokio::test]
async fn a_user_who_is_removed_from_the_staff_is_out_at_once_and_their_connections_end() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    assert_eq!(world.send(handle, &inbox("ada")).await.status, 200);
    let remove = || {
        let remove = as_service("DELETE /hotels/{hotelSlug}/staff/{userId}");
        remove.path("hotelSlug", "killarney").path("userId", "ada")
    };
    assert_eq!(world.send(handle, &remove()).await.status, 204);
    assert_eq!(world.pusher.terminated(), ["ada"]);
    assert_eq!(world.send(handle, &inbox("ada")).await.status, 403);
    assert_eq!(world.send(handle, &remove()).await.status, 204, "twice is the same");
    assert_eq!(world.pusher.terminated(), ["ada"]);
    hire(&world, &["ada"]).await;
    assert_eq!(world.send(handle, &inbox("ada")).await.status, 200);
}

#[tokio::test]
async fn only_services_say_who_the_staff_are_and_no_guest_can_be_one() {
    let world = World::new().await;
    for route in ["PUT /hotels/{hotelSlug}/staff/{userId}", "DELETE /hotels/{hotelSlug}/staff/{userId}"] {
        let request = Request::new(route).path("hotelSlug", "killarney").path("userId", "ada").by("ada");
        assert_eq!(world.send(handle, &request).await.status, 403, "{route}");
        let bad = as_service(route).path("hotelSlug", "kill arney").path("userId", "ada");
        assert_eq!(world.send(handle, &bad).await.status, 400, "{route}");
    }
    let guest = as_service("PUT /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
    let reply = world.send(handle, &guest.path("userId", "guest;killarney;BK-2025-0123")).await;
    assert_eq!(reply.status, 422);
    // The hotel's own app writes rows without a word to us.
    world.table.put(&[("pk", "HOTEL#killarney"), ("sk", "STAFF#zoe")]).await;
    assert_eq!(world.send(handle, &inbox("zoe")).await.status, 200);
}

#[tokio::test]
async fn no_log_line_has_a_guests_token_and_no_page_hears_of_the_address() {
    let world = World::new().await;
    let (good, bad) = (guest_token("killarney", "BK-2025-0123"), claims(&json!({ "exp": 1 })));
    let requests = [
        as_guest("GET /context"),
        as_guest("POST /messages").json(&json!({ "message": "Hello, this is private" })),
        as_guest("POST /messages").json(&json!({ "message": 7 })),
        as_guest("GET /messages").query("limit", "x"),
        with_token(&bad, "GET /messages"),
        as_guest("GET /context").path("hotelSlug", "dingle"),
    ];
    for request in requests {
        let reply = world.send(handle, &request).await;
        let line = reply.line.to_string();
        for part in good.split('.').chain(bad.split('.')).filter(|part| part.len() > 20) {
            assert!(!line.contains(part), "{line}");
        }
        assert!(!line.contains("private") && !line.contains("Grace"), "{line}");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
    }
    let template = include_str!("../../template.yaml");
    let format = template.lines().find(|line| line.contains("Format:")).unwrap();
    for has_the_query in ["$context.path", "$context.http", "httpMethod", "queryString", "$context.request.querystring"]
    {
        assert!(!format.contains(has_the_query), "the access log would hold guests' tokens: {format}");
    }
}
