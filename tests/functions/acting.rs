//! A back end that acts for its users: `On-Behalf-Of`.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use serde_json::{Value, json};
use tests::{Reply, Request, World, token, token_with};

use crate::every_route::{self, event_files};
use crate::handlers;

fn service_named(id: &str) -> String {
    token_with(id, &json!({ "name": "Billing", "picture": "https://example.com/billing.png", "roles": ["service"] }))
}

/// The request of another back end for this user.
fn acting(request: Request, user: &str) -> Request {
    request.bearer(&service_named("billing")).header("on-behalf-of", user)
}

fn kudos(receiver: &str) -> Request {
    Request::new("POST /kudos").json(&json!({ "receiverId": receiver, "sessionId": "s1", "bookTitle": "Emma" }))
}

async fn give(world: &World, request: &Request) -> Reply {
    world.send(kudos_create::handle, request).await
}

/// Boxed: the future of all handlers is large, and a test that has several overflows its stack.
fn send(world: &World, event: Value) -> Pin<Box<dyn Future<Output = Reply> + '_>> {
    Box::pin(handlers::send(world, event))
}

/// The requests in `events/` of routes that take `On-Behalf-Of` by `docs/openapi.yaml`, or of those that do not. All of the former are ben's.
fn requests(takes: bool) -> Vec<(String, String, Value)> {
    let documented = documented();
    let requests = event_files().into_iter().filter_map(|(name, event)| {
        let route = event["routeKey"].as_str()?.to_owned();
        let has_token = event["headers"]["authorization"].is_string();
        (has_token && documented.contains(&route) == takes).then_some((name, route, event))
    });
    requests.collect()
}

/// The routes that have the parameter in `docs/openapi.yaml`.
fn documented() -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml")).unwrap();
    let paths = text.split("\npaths:\n").nth(1).unwrap().split("\ncomponents:\n").next().unwrap();
    let (mut path, mut route, mut found) = ("", String::new(), BTreeSet::new());
    for line in paths.lines() {
        let trimmed = line.trim().trim_end_matches(':');
        if line.starts_with("  /") {
            path = trimmed;
        } else if ["get", "put", "post", "patch", "delete"].contains(&trimmed) && line.starts_with("    ") {
            route = format!("{} {path}", trimmed.to_uppercase());
        } else if line.contains("parameters/OnBehalfOf") {
            found.insert(route.clone());
        }
    }
    found
}

/// The event file of this name. Its token is good in [`every_route::world`].
fn file(name: &str) -> Value {
    event_files().into_iter().find(|(file, _)| file == name).unwrap().1
}

fn with(event: &Value, header: &str, value: &str) -> Value {
    let mut event = event.clone();
    event["headers"][header] = json!(value);
    event
}

/// A response without what differs each time: ids and times, the versions of lists that have them, and what is signed with them.
fn comparable(value: &Value) -> Value {
    // A message's id begins with its number.
    let is_id =
        |text: &str| [Some(text), text.get(13..)].into_iter().flatten().any(|id| uuid::Uuid::parse_str(id).is_ok());
    let is_time = |text: &str| text.len() == 24 && text.ends_with('Z');
    match value {
        Value::String(text) if is_id(text) || is_time(text) => json!("…"),
        Value::Array(all) => all.iter().map(comparable).collect(),
        Value::Object(fields) => {
            let is_signed = |name: &str| ["fields", "url"].contains(&name) && fields.contains_key("attachmentId");
            let comparable = |name: &str, value| if is_signed(name) { json!("…") } else { comparable(value) };
            fields.iter().map(|(name, value)| (name.clone(), comparable(name, value))).collect()
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn on_every_members_route_a_service_gets_what_the_user_gets() {
    let (by_ben, for_ben) = (Box::pin(every_route::world()).await, Box::pin(every_route::world()).await);
    let service = file("users-erase")["headers"]["authorization"].as_str().unwrap().to_owned();
    for world in [&by_ben, &for_ben] {
        assert_eq!(send(world, file("kudos-list")).await.status, 200, "ben is known");
    }
    let (mut routes, mut others) = (BTreeSet::new(), Vec::new());
    for (name, route, event) in requests(true) {
        let acting = with(&event, "authorization", &service);
        let own = send(&by_ben, event).await;
        let acted = send(&for_ben, with(&acting, "on-behalf-of", "ben")).await;
        if (own.status, comparable(&own.body)) != (acted.status, comparable(&acted.body)) {
            others.push(format!("{name}: {own:?}\n{acted:?}"));
        }
        assert_eq!((&acted.line["service"], &acted.line["onBehalfOf"]), (&json!("billing"), &json!("ben")), "{name}");
        assert!(own.line.get("service").is_none(), "{name}");
        routes.insert(route);
    }
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(routes, documented());
    let mut sent = [by_ben.pusher.take_sent(), for_ben.pusher.take_sent()].map(|sent| {
        sent.iter().map(|(channel, name, data)| format!("{channel} {name} {}", comparable(data))).collect::<Vec<_>>()
    });
    sent.iter_mut().for_each(|sent| sent.sort());
    assert!(sent[0].len() > 3, "{sent:?}");
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn nobody_but_a_service_acts_for_others_and_nothing_is_done() {
    let world = Box::pin(every_route::world()).await;
    assert_eq!(send(&world, file("kudos-list")).await.status, 200, "ben is known");
    let context = file("guest-chat-context");
    assert_eq!(send(&world, context.clone()).await.status, 200);
    let rows = world.table.rows().await;
    for (name, _, event) in requests(true) {
        for whom in ["ada", "ben", "a b"] {
            let reply = send(&world, with(&event, "on-behalf-of", whom)).await;
            assert_eq!(reply.status, 403, "{name}: {reply:?}");
            assert!(reply.body["message"].as_str().unwrap().contains("role service"), "{name}: {reply:?}");
        }
    }
    let reply = send(&world, with(&context, "on-behalf-of", "ada")).await;
    assert_eq!(reply.status, 403, "{reply:?}");
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn routes_for_services_alone_refuse_a_service_that_acts_for_a_user() {
    let world = Box::pin(every_route::world()).await;
    let mut refused = 0;
    for (name, _, event) in requests(false) {
        let reply = send(&world, with(&event, "on-behalf-of", "ben")).await;
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        let told = reply.body["message"].as_str().unwrap();
        assert!(told.starts_with("On-Behalf-Of is for what members do"), "{name}: {told}");
        refused += 1;
    }
    assert!(refused >= 14, "{refused}");
}

#[tokio::test]
async fn an_id_that_no_member_has_is_refused() {
    let world = World::new().await;
    for id in ["", "a b", "auth0|abc", "guest;killarney;BK-1", "ada,ada", &"x".repeat(129)] {
        let reply = give(&world, &acting(kudos("ursula"), id)).await;
        assert_eq!(reply.status, 400, "{id}: {reply:?}");
        assert!(reply.body["message"].as_str().unwrap().starts_with("On-Behalf-Of must be "), "{id}: {reply:?}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn others_see_the_user_and_never_the_service() {
    let world = World::new().await;
    world.knows(&token("ada")).await;
    let put = json!({ "displayName": "Grace H.", "avatarUrl": "https://example.com/g.png" });
    let put = Request::new("PUT /users/{userId}/profile").path("userId", "grace").json(&put);
    assert_eq!(world.send(profiles::handle, &put.bearer(&service_named("billing"))).await.status, 200);
    for (user, name, picture) in [
        ("ada", "Ada", json!("https://example.com/ada.png")),
        ("grace", "Grace H.", json!("https://example.com/g.png")),
        ("new", "new", json!(null)),
    ] {
        assert_eq!(give(&world, &acting(kudos("ursula"), user)).await.status, 201);
        let (channel, _, event) = world.pusher.take_sent().remove(0);
        assert_eq!(channel, "private-user-ursula");
        assert_eq!(event["fromUser"], json!({ "userId": user, "displayName": name, "avatarUrl": picture }));
    }
    assert_eq!(world.table.row("USER#ada", "PROFILE").await.unwrap()["name"], "Ada");
    assert_eq!(world.table.row("USER#new", "PROFILE").await.unwrap()["name"], "new", "the user is known from now on");
    assert!(world.table.row("USER#billing", "PROFILE").await.is_some_and(|row| row["name"] == "Billing"));
    give(&world, &kudos("ursula").by("new")).await;
    assert_eq!(world.table.row("USER#new", "PROFILE").await.unwrap()["name"], "New", "by the user's own token");
}

#[tokio::test]
async fn a_request_for_a_user_whose_profile_is_stored_writes_no_profile() {
    let world = World::new().await;
    world.knows(&token("ada")).await;
    let unread = Request::new("GET /notifications/unread-count");
    for request in [acting(unread.clone(), "ada"), unread.clone().by("ada"), acting(unread, "ada")] {
        assert_eq!(world.send(notifications::handle, &request).await.status, 200);
        assert_eq!(world.table.take_requests().get("UpdateItem"), None);
    }
}

#[tokio::test]
async fn a_service_that_acts_has_neither_the_roles_nor_the_channels_of_its_token() {
    let world = World::new().await;
    let claims = json!({ "roles": ["service"], "channels": ["private-orders-1"] });
    let subscribe = |user: Option<&str>| {
        let body = json!({ "socket_id": "1.2", "channel_name": "private-orders-1" });
        let request = Request::new("POST /pusher/auth").bearer(&token_with("billing", &claims)).json(&body);
        user.map_or(request.clone(), |user| request.header("on-behalf-of", user))
    };
    assert_eq!(world.send(pusher_auth::handle, &subscribe(None)).await.status, 200);
    assert_eq!(world.send(pusher_auth::handle, &subscribe(Some("ada"))).await.status, 403);
    let inbox = Request::new("GET /hotels/{hotelSlug}/chats").path("hotelSlug", "hotel-a");
    assert_eq!(world.send(guest_chat::handle, &acting(inbox, "ada")).await.status, 403, "ada is not its staff");
}

#[tokio::test]
async fn a_key_belongs_to_the_service_and_its_user() {
    let world = World::new().await;
    let keyed = kudos("ursula").header("idempotency-key", "k");
    let by = |service: &str, user| keyed.clone().bearer(&service_named(service)).header("on-behalf-of", user);
    let requests = [keyed.clone().by("ada"), by("billing", "ada"), by("billing", "ben"), by("shop", "ada")];
    let mut ids = BTreeSet::new();
    for request in &requests {
        let first = give(&world, request).await;
        assert_eq!((first.status, first.headers.get("idempotent-replayed")), (201, None), "{first:?}");
        ids.insert(first.body["kudosId"].as_str().unwrap().to_owned());
        let again = give(&world, request).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.headers["idempotent-replayed"], "true");
    }
    assert_eq!(ids.len(), requests.len());
}

#[tokio::test]
async fn requests_for_a_user_do_not_count_against_the_users_budget() {
    let world = World::with(&[("WRITES_PER_MINUTE", "10")]).await;
    let accept = Request::new("POST /parties/{partyId}/invitations/accept").path("partyId", "none");
    for n in 0..30 {
        assert_eq!(give(&world, &acting(kudos("ursula"), "ada")).await.status, 201, "{n}");
        assert_eq!(world.send(parties::handle, &acting(accept.clone(), "ada")).await.status, 404, "{n}");
    }
    assert_eq!(give(&world, &kudos("ursula").by("ada")).await.status, 201);
}

#[tokio::test]
async fn the_context_of_a_write_names_the_service_that_acts() {
    let world = World::new().await;
    let write = |app, request: shared::http::Request| async move {
        let caller = shared::App::authenticate(app, &request).await?;
        let service = app.writer("r").service;
        assert_eq!(service, caller.service);
        Ok(shared::http::ok(&json!({ "user": caller.user, "service": service })))
    };
    let request = Request::new("POST /nothing");
    let acted = world.send(write, &acting(request.clone(), "ada")).await.body;
    assert_eq!(acted, json!({ "user": "ada", "service": "billing" }));
    let own = world.send(write, &request.bearer(&service_named("billing"))).await.body;
    assert_eq!(own, json!({ "user": "billing", "service": null }));
}

#[tokio::test]
async fn a_connection_is_that_of_its_tokens_user() {
    let world = World::new().await;
    let connect = Request::socket("$connect", "ws", "a1").asking("token", &service_named("billing"));
    let reply = world.send(socket_connect::handle, &connect.header("On-Behalf-Of", "ada")).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(reply.body["message"].as_str().unwrap().contains("a connection is that of its token's user"), "{reply:?}");
}
