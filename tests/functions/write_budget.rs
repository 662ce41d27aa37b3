//! One budget per user for everything that writes, over all functions and processes.

use std::path::Path;

use serde_json::json;
use shared::App;
use shared::contract::time::Millis;
use shared::http::ResponseExt as _;
use shared::http::{respond, service_fn};
use tests::{Reply, Request, World, guest_token, token_with};

use crate::sockets::{connect, emit};

/// Routes that change nothing of a member's, or that no member calls.
const OTHERS: [&str; 8] = [
    "POST /pusher/auth",
    "POST /pusher/user-auth",
    "POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth",
    // Signed: by Pusher, by another back end, and by the link in an e-mail.
    "POST /pusher/webhook",
    "POST /apps/{appId}/events",
    "POST /apps/{appId}/batch_events",
    "POST /apps/{appId}/users/{userId}/terminate_connections",
    "POST /email/unsubscribe",
];
/// Deployed for trials alone, and open to everybody then.
const TRIAL: &str = "POST /pusher/mock-event";

/// The routes of the template that are not for reading.
fn writing_routes() -> Vec<String> {
    let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
    let routes = template.lines().filter_map(|line| {
        let (_, rest) = line.split_once("ApiId: !Ref Api, Method: ")?;
        let (method, path) = rest.trim_end_matches(" }").split_once(", Path: ")?;
        Some(format!("{method} {}", path.trim_matches('"')))
    });
    routes.filter(|route| !route.starts_with("GET ") && !route.starts_with("HEAD ")).collect()
}

/// Sends a request to the function that has its route.
async fn send(world: &World, route: &str, request: &Request) -> Reply {
    let (method, path) = route.split_once(' ').unwrap();
    match path.split('/').nth(1).unwrap() {
        "kudos" => world.send(kudos_create::handle, request).await,
        "books" => world.send(books::handle, request).await,
        "rooms" if method == "POST" => world.send(presence_join::handle, request).await,
        "rooms" => world.send(presence_leave::handle, request).await,
        "notifications" if path.contains("/device-token") => world.send(device_tokens::handle, request).await,
        "notifications" => world.send(notifications::handle, request).await,
        "api" | "hotels" | "conversations" => world.send(guest_chat::handle, request).await,
        "imports" => world.send(::imports::handle, request).await,
        "leases" => world.send(lease_chat::handle, request).await,
        "parties" => world.send(parties::handle, request).await,
        "channels" => world.send(::channels::handle, request).await,
        "dashboard" => world.send(dashboard::handle, request).await,
        "users" if path.ends_with("/profile") => world.send(profiles::handle, request).await,
        "users" => world.send(erasure::handle, request).await,
        "keys" | "messages" => world.send(messages::handle, request).await,
        _ => panic!("say which function has the route {route}"),
    }
}

fn read_all(user: &str) -> Request {
    Request::new("POST /notifications/read-all").by(user)
}

fn as_guest(route: &str) -> Request {
    Request::new(route).bearer(&guest_token("hotel-a", "b1")).path("hotelSlug", "hotel-a")
}

/// Spends the budget of everybody who has one for an hour, and sends a request until it is refused. So a test on a slow machine gets
/// nothing back meanwhile.
async fn spend(world: &World, route: &str, request: &Request) {
    assert!(send(world, route, request).await.status < 500);
    for ((pk, sk), _) in world.table.rows().await.into_iter().filter(|((_, sk), _)| sk == "LIMIT#writes") {
        world.table.set_number((&pk, &sk), "due", Millis::now().plus_seconds(3_600).0).await;
    }
    for _ in 0..1_000 {
        let reply = send(world, route, request).await;
        if reply.status == 429 {
            return;
        }
        assert!(reply.status < 500, "{reply:?}");
    }
    panic!("a thousand writes were let through");
}

#[tokio::test]
async fn every_route_that_writes_is_refused_with_a_time_to_wait_once_the_budget_is_spent() {
    let world = World::with(&[("WRITES_PER_MINUTE", "10")]).await;
    spend(&world, "POST /notifications/read-all", &read_all("ada")).await;
    let read = "PUT /api/guest/hotel/{hotelSlug}/chat/read";
    spend(&world, read, &as_guest(read).json(&json!({ "seq": 0 }))).await;
    world.table.take_requests();
    let routes = writing_routes();
    assert!(routes.len() > 30, "{routes:?}");
    for route in routes.iter().filter(|route| !OTHERS.contains(&route.as_str()) && *route != TRIAL) {
        let request = if route.contains(" /api/guest/") { as_guest(route) } else { Request::new(route).by("ada") };
        let reply = send(&world, route, &request.path("bailId", "l1").path("partyId", "p1")).await;
        assert_eq!(reply.status, 429, "{route}: {reply:?}");
        let wait: u64 = reply.headers["retry-after"].parse().unwrap();
        assert!((1..=3_600).contains(&wait), "{route}: {wait} s");
    }
    assert!(world.table.take_requests().is_empty(), "a refusal costs nothing");
}

#[tokio::test]
async fn a_spent_budget_stops_neither_readers_nor_others_nor_services_nor_subscriptions() {
    let world = World::with(&[("WRITES_PER_MINUTE", "10")]).await;
    spend(&world, "POST /notifications/read-all", &read_all("ada")).await;
    let count = Request::new("GET /notifications/unread-count").by("ada");
    assert_eq!(world.send(notifications::handle, &count).await.status, 200);
    assert_eq!(world.send(notifications::handle, &read_all("ben")).await.status, 200);
    let subscribe = json!({ "socket_id": "123456.7890123", "channel_name": "private-user-ada" });
    let subscribe = Request::new("POST /pusher/auth").by("ada").json(&subscribe);
    assert_eq!(world.send(pusher_auth::handle, &subscribe).await.status, 200);
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    for n in 0..30 {
        let notify = json!({ "userId": "ada", "type": "SYSTEM", "body": format!("{n}") });
        let notify = Request::new("POST /notifications").bearer(&service).json(&notify);
        assert_eq!(world.send(notifications::handle, &notify).await.status, 201, "{n}");
    }
}

#[tokio::test]
async fn kudos_to_people_who_never_were_end_with_the_budget() {
    let world = World::new().await;
    let (began, mut stored) = (std::time::Instant::now(), 0);
    for n in 0..300 {
        let kudos = json!({ "receiverId": format!("nobody-{n}"), "sessionId": "s1", "bookTitle": "Emma" });
        let reply = world.send(kudos_create::handle, &Request::new("POST /kudos").by("ada").json(&kudos)).await;
        assert!([201, 429].contains(&reply.status), "{reply:?}");
        stored += usize::from(reply.status == 201);
    }
    let kudos = world.table.rows().await.keys().filter(|(pk, _)| pk.starts_with("KUDOS#")).count();
    assert_eq!((stored, world.pusher.take_sent().len()), (kudos, kudos));
    // A hundred and twenty, the first one beyond the row, and one for each half second that the test took.
    let meanwhile = usize::try_from(began.elapsed().as_secs() * 2).unwrap() + 2;
    assert!((120..=121 + meanwhile).contains(&kudos), "{kudos}, and {meanwhile} in the time that it took");
}

#[tokio::test]
async fn a_user_who_invites_nonexistent_people_is_stopped_five_times_as_soon() {
    let world = World::with(&[("WRITES_PER_MINUTE", "20")]).await;
    let party = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "Tide" }));
    let party = world.send(parties::handle, &party).await.body["partyId"].as_str().unwrap().to_owned();
    let route = "POST /parties/{partyId}/invitations";
    let (began, mut tried) = (std::time::Instant::now(), 0);
    loop {
        let guess = Request::new(route).by("ada").path("partyId", &party);
        let reply = world.send(parties::handle, &guess.json(&json!({ "userId": format!("guess-{tried}") }))).await;
        if reply.status == 429 {
            break;
        }
        assert_eq!(reply.status, 404, "{reply:?}");
        tried += 1;
    }
    // One write comes back every 3 s.
    let meanwhile = began.elapsed().as_secs() / 3;
    assert!(
        (3..=5 + meanwhile / 5 + 1).contains(&tried),
        "{tried} guesses of twenty writes, and {meanwhile} that came back"
    );
    assert_eq!(world.send(notifications::handle, &read_all("ada")).await.status, 429, "it is one budget");
}

#[tokio::test]
async fn a_user_who_writes_to_nonexistent_people_over_a_socket_is_stopped_five_times_as_soon() {
    let world = World::with(&[("WRITES_PER_MINUTE", "20")]).await;
    connect(&world, "ws", "a1", "ada").await;
    world.sockets.take_posted();
    let began = std::time::Instant::now();
    for tried in 0..20 {
        let guess = json!({ "receiverId": format!("guess-{tried}"), "content": "Hello" });
        emit(&world, "ws", "a1", "sendMessage", &guess).await;
        let told = world.sockets.take_of("a1");
        let error = &told[0]["data"];
        if error["error"] == "Too Many Requests" {
            // One write comes back every 3 s.
            let meanwhile = began.elapsed().as_secs() / 3;
            assert!(
                (3..=5 + meanwhile / 5 + 1).contains(&tried),
                "{tried} guesses of twenty writes, and {meanwhile} that came back"
            );
            assert!(error["retryAfter"].as_u64().is_some_and(|seconds| seconds > 0), "{error}");
            assert_eq!(world.send(notifications::handle, &read_all("ada")).await.status, 429, "it is one budget");
            return;
        }
        assert_eq!(error["error"], "Not Found", "{told:?}");
    }
    panic!("twenty guesses were let through");
}

/// A command, in another process of a function.
async fn command(app: &App) -> u16 {
    let handler = service_fn(|request| notifications::handle(app, request));
    let (mut response, record) = respond(handler, read_all("ada").build()).await;
    if let Some(work) = response.take_work() {
        record.scope(work).await;
    }
    response.status().as_u16()
}

#[tokio::test]
async fn the_budget_holds_over_many_processes() {
    const PROCESSES: usize = 8;
    let world = World::with(&[("WRITES_PER_MINUTE", "30")]).await;
    let processes: Vec<_> = (0..PROCESSES).map(|_| world.another_process()).collect();
    let began = std::time::Instant::now();
    let mut admitted = 0;
    for _ in 0..20 {
        let waves = futures_util::future::join_all(processes.iter().map(command)).await;
        assert!(waves.iter().all(|status| [200, 429].contains(status)), "{waves:?}");
        admitted += waves.iter().filter(|status| **status == 200).count();
    }
    let meanwhile = usize::try_from(began.elapsed().as_secs() / 2).unwrap() + 1;
    assert!(admitted <= 30 + PROCESSES + meanwhile, "{admitted} of 160, and {meanwhile} more in the time that it took");
    // A process does not spend the reserve of another.
    assert!(admitted >= PROCESSES, "{admitted}");
}

#[tokio::test]
async fn the_usual_command_waits_for_no_budget_and_most_ask_for_none() {
    let world = World::new().await;
    world.knows(&tests::token("ada")).await;
    let mut asked = 0;
    for _ in 0..40 {
        let (reply, [before, after]) = world.count(notifications::handle, &read_all("ada")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(before.requests, 1, "the command itself");
        asked += after.requests;
    }
    assert!(asked <= 4, "{asked} requests for forty commands");
}

#[tokio::test]
async fn a_table_that_cannot_count_lets_commands_through() {
    let world = World::with(&[("WRITES_PER_MINUTE", "10")]).await;
    world.table.fail("UpdateItem");
    for _ in 0..20 {
        let refused = world.send(messages::handle, &Request::new("PUT /keys").by("ada").json(&json!({}))).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }
}
