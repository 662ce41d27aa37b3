//! `PUT /users/{userId}/profile`

use profiles::handle;
use serde_json::{Value, json};
use tests::{Request, World, token, token_with};

const PICTURE: &str = "https://cdn.example/ursula.png";

fn put(user: &str, body: &Value) -> Request {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    Request::new("PUT /users/{userId}/profile").path("userId", user).bearer(&service).json(body)
}

fn ursula() -> Value {
    json!({ "displayName": "Ursula Vey", "avatarUrl": PICTURE, "email": "ursula@example.com" })
}

/// Name and picture by which the bearer of this token is shown in a room's presence channel.
async fn shown_in_room(world: &World, bearer: &str) -> (Value, Value) {
    let body = json!({ "socket_id": "1.2", "channel_name": "presence-room-emma" });
    let reply = world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").bearer(bearer).json(&body)).await;
    let data: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap();
    (data["user_info"]["displayName"].clone(), data["user_info"]["avatarUrl"].clone())
}

#[tokio::test]
async fn a_profile_that_was_put_names_a_user_whose_token_has_no_name_wherever_a_room_shows_them() {
    let world = World::new().await;
    let reply = world.send(handle, &put("ursula", &ursula())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let kept =
        json!({ "userId": "ursula", "displayName": "Ursula Vey", "avatarUrl": PICTURE, "email": "ursula@example.com" });
    assert_eq!(reply.body, kept);

    let nameless = token_with("ursula", &json!({}));
    assert_eq!(shown_in_room(&world, &nameless).await, (json!("Ursula Vey"), json!(PICTURE)));
    let room = |method: &str| {
        Request::new(&format!("{method} /rooms/{{bookId}}/presence")).path("bookId", "emma").bearer(&nameless)
    };
    assert_eq!(world.send(presence_join::handle, &room("POST")).await.status, 200);
    let joined = world.pusher.take_sent().into_iter().find(|(_, name, _)| name == "room:user-joined").unwrap().2;
    assert_eq!((&joined["displayName"], &joined["avatarUrl"]), (&json!("Ursula Vey"), &json!(PICTURE)));
    let listed = world.send(presence_list::handle, &room("GET")).await;
    assert!(listed.body.to_string().contains("Ursula Vey"), "{listed:?}");
}

#[tokio::test]
async fn a_put_profile_goes_before_what_tokens_say_until_it_is_put_without_it() {
    let world = World::new().await;
    world.send(handle, &put("ada", &json!({ "displayName": "Countess" }))).await;
    let of_token = json!("https://example.com/ada.png");
    for _ in 0..2 {
        let shown = shown_in_room(&world, &token("ada")).await;
        assert_eq!(shown, (json!("Countess"), of_token.clone()), "the token fills the gap");
    }
    let reply = world.send(handle, &put("ada", &json!({ "displayName": null }))).await;
    assert_eq!(reply.body, json!({ "userId": "ada", "displayName": null, "avatarUrl": null, "email": null }));
    assert_eq!(shown_in_room(&world, &token("ada")).await, (json!("Ada"), of_token));
}

#[tokio::test]
async fn a_user_whose_profile_another_back_end_put_can_be_invited() {
    let world = World::new().await;
    let party = json!({ "partyName": "P" });
    let party = world.send(parties::handle, &Request::new("POST /parties").by("ada").json(&party)).await;
    let party = party.body["partyId"].as_str().unwrap().to_owned();
    let invite = || {
        let invite = Request::new("POST /parties/{partyId}/invitations").by("ada").path("partyId", &party);
        invite.json(&json!({ "userId": "ursula" }))
    };
    assert_ne!(world.send(parties::handle, &invite()).await.status, 201);
    world.send(handle, &put("ursula", &json!({}))).await;
    assert_eq!(world.send(parties::handle, &invite()).await.status, 201);
}

#[tokio::test]
async fn a_token_fills_gaps_and_erases_nothing() {
    let world = World::new().await;
    let row = async || world.table.row("USER#ada", "PROFILE").await.unwrap();
    let call = async |bearer: &str| {
        world.send(notifications::handle, &Request::new("GET /notifications/unread-count").bearer(bearer)).await
    };
    call(&token_with("ada", &json!({}))).await;
    assert_eq!((&row().await["name"], row().await.get("avatar")), (&json!("ada"), None), "known, by the id");
    let whole =
        json!({ "name": "Ada", "picture": "https://example.com/a.png", "email": "ada@example.com", "locale": "fr" });
    call(&token_with("ada", &whole)).await;
    let stored = row().await;
    for less in [json!({}), json!({ "picture": "https://example.com/a.png" }), json!({ "email": "ada@example.com" })] {
        call(&token_with("ada", &less)).await;
        assert_eq!(row().await, stored, "{less}");
    }
    call(&token_with("ada", &json!({ "name": "Countess" }))).await;
    assert_eq!(
        (&row().await["name"], &row().await["avatar"]),
        (&json!("Countess"), &stored["avatar"]),
        "a new name is taken"
    );
    // A row that the app itself has put, as before there was this route.
    world.table.put(&[("pk", "USER#ben"), ("sk", "PROFILE"), ("name", "Ben O."), ("avatar", PICTURE)]).await;
    call(&token_with("ben", &json!({}))).await;
    assert_eq!(shown_in_room(&world, &token_with("ben", &json!({}))).await, (json!("Ben O."), json!(PICTURE)));
}

#[tokio::test]
async fn putting_the_same_again_changes_nothing_that_is_shown() {
    let world = World::new().await;
    let first = world.send(handle, &put("ursula", &ursula())).await;
    let second = world.send(handle, &put("ursula", &ursula())).await;
    assert_eq!((second.status, second.body), (200, first.body));
}

#[tokio::test]
async fn a_profile_that_is_refused_is_not_written() {
    let world = World::new().await;
    let good = || json!({ "displayName": "Ursula" });
    let long = format!("https://cdn.example/{}", "x".repeat(512));
    for (status, request) in [
        (400, put("ursula", &json!({ "displayName": " " }))),
        (400, put("ursula", &json!({ "displayName": "x".repeat(129) }))),
        (400, put("ursula", &json!({ "displayName": "Ur\nsula" }))),
        (400, put("ursula", &json!({ "displayName": 7 }))),
        (400, put("ursula", &json!({ "avatarUrl": "javascript:alert(1)" }))),
        (400, put("ursula", &json!({ "avatarUrl": "" }))),
        (400, put("ursula", &json!({ "avatarUrl": long }))),
        (400, put("ursula", &json!({ "email": "ursula" }))),
        (400, put("ursula", &json!({ "name": "Ursula" }))),
        (400, put("a b", &good())),
        (413, put("ursula", &json!({ "displayName": "x".repeat(70_000) }))),
        (415, put("ursula", &good()).header("content-type", "text/plain")),
        (403, Request::new("PUT /users/{userId}/profile").path("userId", "ursula").by("ursula").json(&good())),
        (401, Request::new("PUT /users/{userId}/profile").path("userId", "ursula").json(&good())),
    ] {
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
        let row = world.table.row("USER#ursula", "PROFILE").await;
        assert!(row.is_none_or(|row| !row.contains_key("putName") && !row.contains_key("putAvatar")), "{request:?}");
    }
}

/// Every place that has a name of ursula's in its rows or events, with the name that it shows. Her token says something else, or nothing.
async fn shown_everywhere(world: &World, bearer: &str) -> Vec<(&'static str, Value)> {
    let by = |route: &str| Request::new(route).bearer(bearer);
    let events = || world.pusher.take_sent().into_iter();
    let event =
        |named: &'static str| events().find(|(_, name, _)| name == named).map(|(.., data)| data).unwrap_or_default();
    let mut shown = Vec::new();

    let kudos = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    assert_eq!(world.send(kudos_create::handle, &by("POST /kudos").json(&kudos)).await.status, 201);
    shown.push(("kudos", event("kudos:received")["fromUser"]["displayName"].clone()));

    let party = world.send(parties::handle, &by("POST /parties").json(&json!({ "partyName": "P" }))).await.body;
    let id = party["partyId"].as_str().unwrap();
    let read = world.send(parties::handle, &by("GET /parties/{partyId}").path("partyId", id)).await.body;
    shown.push(("party", read["members"][0]["username"].clone()));
    let invite = by("POST /parties/{partyId}/invitations").path("partyId", id).json(&json!({ "userId": "ben" }));
    assert_eq!(world.send(parties::handle, &invite).await.status, 201);
    let invitations = world.send(parties::handle, &Request::new("GET /party-invitations").by("ben")).await.body;
    shown.push(("invitation", invitations["invitations"][0]["invitedBy"]["username"].clone()));

    let body = |channel: &str| json!({ "socket_id": "1.2", "channel_name": channel });
    for (place, channel, field) in [
        ("party's channel", format!("presence-party-{id}"), "username"),
        ("lease's channel", "presence-bail-b1".to_owned(), "name"),
        ("room's channel", "presence-room-emma".to_owned(), "displayName"),
    ] {
        let reply = world.send(pusher_auth::handle, &by("POST /pusher/auth").json(&body(&channel))).await;
        let data: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap_or("{}")).unwrap();
        shown.push((place, data["user_info"][field].clone()));
    }
    let sign_in = by("POST /pusher/user-auth").json(&json!({ "socket_id": "1.2" }));
    let reply = world.send(pusher_auth::handle, &sign_in).await;
    let data: Value = serde_json::from_str(reply.body["user_data"].as_str().unwrap()).unwrap();
    shown.push(("signing in", data["user_info"]["displayName"].clone()));

    let of_lease = |route: &str| by(route).path("bailId", "b1");
    let written = of_lease("POST /leases/{bailId}/messages").json(&json!({ "content": "Hello" }));
    let written = world.send(lease_chat::handle, &written).await.body;
    shown.push(("lease's message", written["message"]["author"]["name"].clone()));
    let asked = of_lease("POST /leases/{bailId}/requests").json(&json!({ "title": "A key" }));
    let asked = world.send(lease_chat::handle, &asked).await.body;
    shown.push(("lease's request", asked["createdBy"]["name"].clone()));

    let at_hotel = by("POST /hotels/{hotelSlug}/chats/{bookingId}/messages").path("hotelSlug", "killarney");
    let at_hotel = at_hotel.path("bookingId", "BK-1").json(&json!({ "message": "Welcome" }));
    let written = world.send(guest_chat::handle, &at_hotel).await.body;
    shown.push(("guest's chat", written["message"]["author"]["name"].clone()));

    world.sockets.open("u1");
    let handshake = Request::socket("$connect", "ws", "u1").asking("token", bearer);
    assert_eq!(world.send(socket_connect::handle, &handshake).await.status, 200);
    world.sockets.take_posted();
    let sent = json!({ "receiverId": "ben", "content": "Hi" });
    crate::sockets::emit(world, "ws", "u1", "sendMessage", &sent).await;
    let row = world
        .table
        .every_row()
        .await
        .into_iter()
        .find(|((pk, sk), _)| pk.starts_with("CHAT#DIRECT#") && sk.starts_with("MSG#"));
    shown.push(("direct message", row.unwrap().1["author_name"].clone()));
    shown
}

#[tokio::test]
async fn every_place_that_names_a_caller_shows_the_name_that_was_put() {
    for claims in [json!({}), json!({ "name": "Of The Token" })] {
        let world = tests::lease::with_email().await;
        tests::guest_chat::hire(&world, &["ursula"]).await;
        assert_eq!(tests::lease::put(&world, json!({ "clientId": "ursula" })).await.status, 200);
        world.knows(&token("ben")).await;
        let bearer = token_with("ursula", &claims);
        // Known by another name before.
        world.knows(&bearer).await;
        world.send(handle, &put("ursula", &ursula())).await;
        world.pusher.take_sent();
        let other: Vec<_> =
            shown_everywhere(&world, &bearer).await.into_iter().filter(|(_, name)| name != "Ursula Vey").collect();
        assert!(other.is_empty(), "{claims}: {other:?}");
    }
}

#[tokio::test]
async fn the_shown_name_is_read_once_a_minute_in_each_process() {
    let world = World::new().await;
    let bearer = token_with("ursula", &json!({}));
    let give = async |n: usize| {
        let kudos = json!({ "receiverId": "ben", "sessionId": format!("s{n}"), "bookTitle": "Emma" });
        assert_eq!(
            world.send(kudos_create::handle, &Request::new("POST /kudos").bearer(&bearer).json(&kudos)).await.status,
            201
        );
        world.table.take_requests().remove("GetItem").unwrap_or_default()
    };
    assert_eq!([give(0).await, give(1).await, give(2).await], [1, 0, 0]);
}
