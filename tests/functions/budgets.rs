//! The budget of each operation for requests to other services. It is in `tests/budgets.toml` and in bench/RESULTS.md.
//!
//! Requests, units and events are exact, so that each change of them is deliberate. Bytes are upper bounds, because ids and
//! times differ in length. A bound that is far above the measured value fails too.
//!
//! The process knows the callers. Where it does not (`first of a process`), keeping their profile and counting the first of what they
//! write are counted too.

use std::future::Future;
use std::pin::Pin;

use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::contract::time::Millis;
use tests::consumer::{age, batch, give as give_batch};
use tests::guest_chat::{as_guest, as_guest_of, as_service, as_staff, guest_writes, hire, inbox, staff_writes};
use tests::lease;
use tests::{PUSHER, Request, Traffic, World, token, token_with};

use crate::conversations;
use crate::imports;
use crate::parties::{ask, invite, known, party_of, party_of_many};
use crate::socket_budgets;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    name: String,
    #[serde(default, rename = "timed_as")]
    _timed_as: String,
    #[serde(rename = "table")]
    _table: String,
    requests_before: usize,
    requests_after: usize,
    read_units: f64,
    write_units: f64,
    bytes_sent: usize,
    bytes_received: usize,
    events: usize,
    /// Posts to connections, which are among the requests.
    #[serde(default)]
    posts: usize,
    /// Bytes of the invocation's log line; an upper bound. None for an operation that is not one invocation, and for a pong.
    #[serde(default)]
    line_bytes: usize,
}

#[derive(Debug, Deserialize)]
struct Budgets {
    operation: Vec<Budget>,
}

/// The traffic before and after the response, and the numbers of events that Pusher accepted, of posts to connections and of bytes of
/// the log line.
type Counted = ([Traffic; 2], usize, usize, usize);

type Operation = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = [Traffic; 2]> + 'a>>;

/// Every operation, by its name in the budgets.
const OPERATIONS: &[(&str, Operation)] = &[
    ("authorize private-user", |world| Box::pin(authorize_again(world, "private-user-ada"))),
    ("authorize private-user, first of a process", |world| Box::pin(authorize(world, "private-user-ada"))),
    ("authorize presence-room", |world| Box::pin(authorize_again(world, "presence-room-emma"))),
    ("authorize presence-room, new profile", |world| Box::pin(authorize(world, "presence-room-emma"))),
    ("give kudos", |world| Box::pin(give_again(world))),
    ("give kudos, first of a process", |world| Box::pin(give(world))),
    ("list 20 kudos", |world| Box::pin(kudos_page(world))),
    ("put a book", |world| Box::pin(put_book(world))),
    ("put a profile", |world| Box::pin(put_profile(world))),
    ("show a user", |world| Box::pin(show_user(world))),
    ("import 100 kudos", |world| Box::pin(import(world, imports::hundred_kudos()))),
    ("import 100 messages of a conversation", |world| Box::pin(import(world, imports::hundred_messages()))),
    ("import 100 notifications of a user", |world| Box::pin(import(world, imports::hundred_notifications()))),
    ("join a room", |world| Box::pin(join(world))),
    ("leave a room", |world| Box::pin(leave(world))),
    ("show 20 users of a room", |world| Box::pin(occupants(world))),
    ("webhook of 10 members", |world| Box::pin(webhook(world))),
    ("create a notification", |world| Box::pin(notify(world))),
    ("notify 10 users by one request", |world| Box::pin(notify_several(world))),
    ("list 20 notifications", |world| Box::pin(list(world))),
    ("count unread notifications", |world| Box::pin(unread(world))),
    ("show a notification", |world| Box::pin(show_one(world))),
    ("delete a notification", |world| Box::pin(delete_one(world))),
    ("read a notification", |world| Box::pin(read_one(world))),
    ("read all notifications", |world| Box::pin(read_all(world))),
    ("list devices", |world| Box::pin(devices(world))),
    ("authorize a party's channel", |world| Box::pin(authorize_party(world))),
    ("list 20 parties", |world| Box::pin(party_page(world))),
    ("read a party of 10", |world| Box::pin(read_party(world, 10))),
    ("read a party of 100", |world| Box::pin(read_party(world, 100))),
    ("read a party of 1,000", |world| Box::pin(read_party(world, 1_000))),
    ("join a party of 10", |world| Box::pin(join_party(world, 10))),
    ("join a party of 1,000", |world| Box::pin(join_party(world, 1_000))),
    ("end a party of 10", |world| Box::pin(end_party(world))),
    ("end a party of 1,000", |world| Box::pin(end_large_party(world))),
    ("authorize a guest's channel", |world| Box::pin(authorize_guest(world))),
    ("send a chat message", |world| Box::pin(chat_post(world))),
    ("ask for an upload", |world| Box::pin(ask_upload(world))),
    ("send a chat message with a file", |world| Box::pin(chat_post_with_file(world))),
    ("get a link to a file", |world| Box::pin(open_file(world))),
    ("read 50 chat messages", |world| Box::pin(chat_page(world))),
    ("poll a chat without news", |world| Box::pin(chat_poll(world))),
    ("delete a chat message", |world| Box::pin(chat_delete(world))),
    ("mark a chat as read", |world| Box::pin(chat_mark(world))),
    ("assign a chat", |world| Box::pin(chat_assign(world))),
    ("list 20 chats", |world| Box::pin(chat_inbox(world))),
    ("list 20 members of a hotel's staff", |world| Box::pin(staff_list(world))),
    ("erase 10 chat messages", |world| Box::pin(chat_erase(world))),
    ("erase a user who gave kudos", |world| Box::pin(erase_user(world))),
    ("send a lease's message", |world| Box::pin(lease_post(world))),
    ("send an e-mail about a lease", |world| Box::pin(lease_email(world))),
    ("turn e-mail off", |world| Box::pin(turn_email_off(world))),
    ("deliver 100 rows of the stream", |world| Box::pin(deliver(world))),
    ("open a socket", |world| Box::pin(socket_budgets::open(world))),
    ("enter a namespace", |world| Box::pin(socket_budgets::enter(world))),
    ("open a socket without a token", |world| Box::pin(socket_budgets::wait_for_a_token(world))),
    ("sign in by a packet", |world| Box::pin(socket_budgets::sign_in(world))),
    ("close a socket", |world| Box::pin(socket_budgets::close(world))),
    ("answer a ping", |world| Box::pin(socket_budgets::answer_a_ping(world))),
    ("send a direct message", |world| Box::pin(socket_budgets::direct_message(world))),
    ("list 20 conversations", |world| Box::pin(conversation_page(world))),
    ("delete a direct message", |world| Box::pin(socket_budgets::delete_direct_message(world))),
    ("look whether a direct message was read", |world| Box::pin(socket_budgets::look_whether_read(world))),
    ("announce to 1,000 sockets", |world| Box::pin(socket_budgets::announce(world))),
    ("ping 100 sockets", |world| Box::pin(socket_budgets::ping(world))),
];

/// The operations whose lines the consumer writes; tests/costs.toml has their bytes.
pub(crate) const DONE_BY_THE_CONSUMER: &[&str] = &[
    "send an e-mail about a lease",
    "deliver 100 rows of the stream",
    "look whether a direct message was read",
    "announce to 1,000 sockets",
];

/// The world of the operations: parties may have as many members as an operator can allow.
pub(crate) async fn world() -> World {
    World::with(&[("MAX_PARTY_MEMBERS", "1000")]).await
}

/// Does an operation in such a world.
pub(crate) async fn traffic_of(name: &str, world: &World) -> [Traffic; 2] {
    let (_, operation) = OPERATIONS.iter().find(|(known, _)| *known == name).unwrap();
    operation(world).await
}

#[tokio::test]
async fn every_operation_keeps_to_its_budget() {
    let budgets: Budgets = toml::from_str(include_str!("../budgets.toml")).unwrap();
    let names: Vec<_> = budgets.operation.iter().map(|budget| budget.name.as_str()).collect();
    assert_eq!(names, OPERATIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (budget, (_, operation)) in budgets.operation.iter().zip(OPERATIONS) {
        let world = world().await;
        world.table.put_book("emma", "jane", "Jane Austen").await;
        let traffic = operation(&world).await;
        let line_bytes = world.take_line_bytes();
        let counted = (traffic, world.pusher.take_sent().len(), world.sockets.take_posted().len(), line_bytes);
        if !keeps_to(budget, &counted) {
            wrong.push(format!("{}\n{}", budget.name, as_budget(&counted)));
        }
    }
    assert!(wrong.is_empty(), "not as in tests/budgets.toml:\n{}", wrong.join("\n"));
}

/// As many rows as a table has after some months, a hundred to a room and a user.
async fn fill_table(world: &World, rows: usize) {
    let presence = |n: usize| json!({ "pk": format!("ROOM#b{}", n / 100), "sk": format!("USER#u{n}"), "at": n });
    let notification = |n: usize| json!({ "pk": format!("USER#u{}", n / 100), "sk": format!("N#{n}"), "at": n });
    let rows = (0..rows).map(|n| if n.is_multiple_of(2) { presence(n) } else { notification(n) });
    world.table.put_rows(&rows.collect::<Vec<_>>()).await;
}

/// The operations that cause events. Each has the number of rows of its larger table.
const CAUSES: (&[&str], usize) =
    (&["give kudos", "join a room", "leave a room", "webhook of 10 members", "create a notification"], 100_000);
/// The operations that deliver events. The test ages rows by reading the whole table, so it has fewer of them.
const DELIVERS: (&[&str], usize) = (&["deliver 100 rows of the stream"], 5_000);

#[tokio::test]
async fn an_event_costs_the_same_however_many_rows_there_are() {
    for (names, many) in [CAUSES, DELIVERS] {
        assert_eq!(costs(names, 100).await, costs(names, many).await);
    }
}

/// The requests and units before and after the response of each operation, in a table of so many other rows.
async fn costs(names: &[&str], rows: usize) -> Vec<[(usize, f64, f64); 2]> {
    let world = World::new().await;
    fill_table(&world, rows).await;
    let mut costs = Vec::new();
    for name in names {
        let (_, operation) = OPERATIONS.iter().find(|(known, _)| known == name).unwrap();
        let traffic = operation(&world).await;
        costs.push(traffic.map(|of| (of.requests, of.read_units, of.write_units)));
        world.pusher.take_sent();
    }
    costs
}

fn keeps_to(budget: &Budget, ([before, after], events, posts, line_bytes): &Counted) -> bool {
    let exact = (before.requests, after.requests, *events, *posts)
        == (budget.requests_before, budget.requests_after, budget.events, budget.posts)
        && units(before, after) == (budget.read_units, budget.write_units);
    let fits = |used: usize, bound: usize| used <= bound && bound - used <= (bound / 5).max(50);
    exact
        && fits(before.bytes_sent + after.bytes_sent, budget.bytes_sent)
        && fits(before.bytes_received + after.bytes_received, budget.bytes_received)
        // A line is short, and the digits of its times differ.
        && *line_bytes <= budget.line_bytes
        && budget.line_bytes - line_bytes <= 80
}

fn units(before: &Traffic, after: &Traffic) -> (f64, f64) {
    (before.read_units + after.read_units, before.write_units + after.write_units)
}

/// The budget that the measured values need, to paste into `tests/budgets.toml`.
fn as_budget(([before, after], events, posts, line_bytes): &Counted) -> String {
    let (read_units, write_units) = units(before, after);
    let bound = |bytes: usize| (bytes + bytes / 20).next_multiple_of(50);
    format!(
        "requests_before = {}\nrequests_after = {}\nread_units = {read_units:?}\nwrite_units = {write_units:?}\n\
         bytes_sent = {}\nbytes_received = {}\nevents = {events}{}{}",
        before.requests,
        after.requests,
        bound(before.bytes_sent + after.bytes_sent),
        bound(before.bytes_received + after.bytes_received),
        if *posts > 0 { format!("\nposts = {posts}") } else { String::new() },
        if *line_bytes > 0 { format!("\nline_bytes = {}", bound(*line_bytes)) } else { String::new() },
    )
}

async fn authorize(world: &World, channel: &str) -> [Traffic; 2] {
    let request = Request::new("POST /pusher/auth").by("ada");
    let request = request.json(&json!({ "socket_id": "123456.7890123", "channel_name": channel }));
    let (reply, traffic) = world.count(pusher_auth::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

async fn authorize_again(world: &World, channel: &str) -> [Traffic; 2] {
    authorize(world, channel).await;
    authorize(world, channel).await
}

fn kudos() -> Request {
    Request::new("POST /kudos").by("ada").json(&json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" }))
}

async fn give(world: &World) -> [Traffic; 2] {
    let (reply, traffic) = world.count(kudos_create::handle, &kudos()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    traffic
}

async fn give_again(world: &World) -> [Traffic; 2] {
    world.knows(&token("ada")).await;
    give(world).await
}

async fn join(world: &World) -> [Traffic; 2] {
    world.knows(&token("ada")).await;
    let request = Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    let (reply, traffic) = world.count(presence_join::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

async fn leave(world: &World) -> [Traffic; 2] {
    join(world).await;
    world.pusher.take_sent();
    let request = Request::new("DELETE /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    let (reply, traffic) = world.count(presence_leave::handle, &request).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    traffic
}

/// The traffic of a request of ada's whom this process knows.
async fn asked<'a, F>(
    world: &'a World,
    handler: impl Fn(&'a shared::App, shared::http::Request) -> F,
    request: &Request,
    status: u16,
) -> [Traffic; 2]
where
    F: Future<Output = Result<shared::http::Response, shared::ApiError>>,
{
    world.knows(&token("ada")).await;
    world.pusher.take_sent();
    let (reply, traffic) = world.count(handler, request).await;
    assert_eq!(reply.status, status, "{reply:?}");
    traffic
}

async fn kudos_page(world: &World) -> [Traffic; 2] {
    for n in 0..20 {
        let body = json!({ "receiverId": "ada", "sessionId": "s1", "bookTitle": "Emma" });
        let request = Request::new("POST /kudos").by(&format!("user-{n}")).json(&body);
        world.send(kudos_create::handle, &request).await;
    }
    asked(world, kudos_list::handle, &Request::new("GET /kudos").by("ada"), 200).await
}

async fn occupants(world: &World) -> [Traffic; 2] {
    let room = |method: &str| Request::new(&format!("{method} /rooms/{{bookId}}/presence")).path("bookId", "emma");
    for n in 0..20 {
        world.send(presence_join::handle, &room("POST").by(&format!("user-{n}"))).await;
    }
    asked(world, presence_list::handle, &room("GET").by("ada"), 200).await
}

async fn one(world: &World, method: &str, status: u16) -> [Traffic; 2] {
    let id = tests::notification::notify(world, json!({})).await;
    let request = Request::new(&format!("{method} /notifications/{{notificationId}}"));
    asked(world, notifications::handle, &request.by("ada").path("notificationId", &id), status).await
}

async fn show_one(world: &World) -> [Traffic; 2] {
    one(world, "GET", 200).await
}

async fn delete_one(world: &World) -> [Traffic; 2] {
    one(world, "DELETE", 204).await
}

async fn devices(world: &World) -> [Traffic; 2] {
    for device in ["phone", "tablet"] {
        world.send(device_tokens::handle, &tests::devices::register("ada", device)).await;
    }
    asked(world, device_tokens::handle, &Request::new("GET /notifications/device-tokens").by("ada"), 200).await
}

async fn authorize_party(world: &World) -> [Traffic; 2] {
    let party = party_of(world, &[]).await;
    authorize_again(world, &format!("private-party-{party}")).await
}

async fn party_page(world: &World) -> [Traffic; 2] {
    for _ in 0..20 {
        crate::parties::create(world, "ada").await;
    }
    asked(world, ::parties::handle, &Request::new("GET /parties").by("ada"), 200).await
}

async fn end_party(world: &World) -> [Traffic; 2] {
    let party = party_of(world, &["b", "c", "d", "e", "f", "g", "h", "i", "j"]).await;
    world.knows(&token("ada")).await;
    asked(world, ::parties::handle, &ask("ada", "DELETE /parties/{partyId}", &party, ""), 204).await
}

async fn read_party(world: &World, members: usize) -> [Traffic; 2] {
    let party = party_of_many(world, members).await;
    world.knows(&token("ada")).await;
    asked(world, ::parties::handle, &ask("ada", "GET /parties/{partyId}", &party, ""), 200).await
}

/// The new member is the last of so many.
async fn join_party(world: &World, members: usize) -> [Traffic; 2] {
    let party = party_of_many(world, members - 1).await;
    known(world, &["ben"]).await;
    assert_eq!(invite(world, "ada", &party, "ben").await.status, 201);
    world.knows(&token("ben")).await;
    world.pusher.take_sent();
    asked(world, ::parties::handle, &ask("ben", "POST /parties/{partyId}/invitations/accept", &party, ""), 200).await
}

async fn end_large_party(world: &World) -> [Traffic; 2] {
    let party = party_of_many(world, 1_000).await;
    world.knows(&token("ada")).await;
    asked(world, ::parties::handle, &ask("ada", "DELETE /parties/{partyId}", &party, ""), 204).await
}

async fn webhook(world: &World) -> [Traffic; 2] {
    let event =
        |n: usize| json!({ "name": "member_added", "channel": "presence-room-emma", "user_id": format!("reader-{n}") });
    let events: Vec<_> = (0..10).map(event).collect();
    let body = json!({ "time_ms": Millis::now().0, "events": events }).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(PUSHER.1.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let request = Request::new("POST /pusher/webhook").header("content-type", "application/json").body(&body);
    let request = request.header("x-pusher-key", PUSHER.0);
    let request = request.header("x-pusher-signature", &hex::encode(mac.finalize().into_bytes()));
    let (reply, traffic) = world.count(pusher_webhook::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

async fn put_book(world: &World) -> [Traffic; 2] {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    let body = json!({ "authorId": "ursula", "authorName": "Ursula Vey", "title": "The Left Hand of the Tide" });
    let request = Request::new("PUT /books/{bookId}").path("bookId", "emma").bearer(&service).json(&body);
    let (reply, traffic) = world.count(books::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

async fn import(world: &World, lines: Vec<Value>) -> [Traffic; 2] {
    world.knows(&token_with("pms", &json!({ "roles": ["service"] }))).await;
    let (reply, traffic) = world.count(::imports::handle, &imports::request(&lines)).await;
    assert!(imports::all_created(&reply), "{reply:?}");
    traffic
}

async fn put_profile(world: &World) -> [Traffic; 2] {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    let body = json!({ "displayName": "Ursula Vey", "avatarUrl": "https://cdn.example/ursula.png" });
    let request = Request::new("PUT /users/{userId}/profile").path("userId", "ursula").bearer(&service).json(&body);
    let (reply, traffic) = world.count(profiles::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

/// With a profile, a party, an invitation, kudos and a device.
async fn show_user(world: &World) -> [Traffic; 2] {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    crate::operators::have_something(world, "ada").await;
    let request = Request::new("GET /users/{userId}").path("userId", "ada").bearer(&service);
    asked(world, erasure::handle, &request, 200).await
}

async fn notify(world: &World) -> [Traffic; 2] {
    create(world).await.1
}

async fn create(world: &World) -> (String, [Traffic; 2]) {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    let body = json!({ "userId": "ada", "type": "MESSAGE", "data": { "senderName": "Ben" } });
    let request = Request::new("POST /notifications").bearer(&service).json(&body);
    let (reply, traffic) = world.count(notifications::handle, &request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    (reply.body["notificationId"].as_str().unwrap().to_owned(), traffic)
}

async fn notify_several(world: &World) -> [Traffic; 2] {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    let users: Vec<_> = (0..10).map(|n| format!("user-{n}")).collect();
    let body = json!({ "userIds": users, "type": "MESSAGE", "data": { "senderName": "Ben" } });
    let request = Request::new("POST /notifications").bearer(&service).json(&body);
    let (reply, traffic) = world.count(notifications::handle, &request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    traffic
}

async fn authorize_guest(world: &World) -> [Traffic; 2] {
    let channel = "private-hotel-killarney-guest-chat-booking-BK-2025-0123";
    let body = json!({ "socket_id": "123456.7890123", "channel_name": channel });
    let (reply, traffic) = world.count(pusher_auth::handle, &as_guest("POST /pusher/auth").json(&body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

/// Of a user whom each of twenty others wrote once, so that a row of its own lists each.
async fn conversation_page(world: &World) -> [Traffic; 2] {
    let others: Vec<_> = (0..20).map(|n| format!("user-{n:02}")).collect();
    conversations::written_by(world, &others, "ada").await;
    world.knows(&token("ada")).await;
    world.count(messages::handle, &Request::new("GET /conversations").by("ada")).await.1
}

async fn lease_post(world: &World) -> [Traffic; 2] {
    lease::put(world, json!({})).await;
    // The first message of a conversation makes rows that later ones change.
    lease::write(world, "ada", "Bonjour").await;
    world.pusher.take_sent();
    let request = lease::message("ada", "Pourriez-vous relire l'article 3, s'il vous plaît ?");
    let (reply, traffic) = world.count(lease_chat::handle, &request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    traffic
}

/// `delivery` for a message whose recipient is away: it asks Pusher, reads, claims, sends, notes and acknowledges.
async fn lease_email(_: &World) -> [Traffic; 2] {
    let world = lease::with_email().await;
    lease::known(&world, "ben", "ben@example.com").await;
    lease::write(&world, "ada", "Bonjour").await;
    let event = batch(&world).await;
    world.take_traffic();
    tests::consumer::give(&world, event).await.unwrap();
    assert_eq!(world.ses.take_sent().len(), 1);
    [world.take_traffic(), Traffic::default()]
}

async fn turn_email_off(_: &World) -> [Traffic; 2] {
    let world = lease::with_email().await;
    let links = world.app.settings.email.as_ref().unwrap().links.as_ref().unwrap();
    let ada = shared::contract::id::UserId::parse("ada").unwrap();
    let to = shared::contract::email::EmailAddress::parse("ada@example.com").unwrap();
    let locale = shared::users::locale::Locale::En;
    let link = shared::notifications::unsubscribe_link(links, "https://api.example.com", (&ada, &to), locale);
    let signature = link.split_once("signature=").unwrap().1;
    let request = Request::new("POST /email/unsubscribe").query("user", "ada").query("signature", signature);
    let (reply, traffic) = world.count(email_unsubscribe::handle, &request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

fn hello() -> Value {
    json!({ "message": "Hello! Could we have two more towels, please?" })
}

async fn chat_post(world: &World) -> [Traffic; 2] {
    // The first message of a conversation makes rows that later ones change.
    guest_writes(world, "Hello").await;
    counted_chat(world, &as_guest("POST /messages").json(&hello())).await
}

fn file() -> Value {
    json!({ "name": "plan.png", "type": "image/png", "size": 5 })
}

async fn ask_upload(world: &World) -> [Traffic; 2] {
    guest_writes(world, "Hello").await;
    counted_chat(world, &as_guest("POST /attachments").json(&file())).await
}

/// Uploads a file; returns its id.
async fn uploaded(world: &World) -> String {
    guest_writes(world, "Hello").await;
    let form = world.send(guest_chat::handle, &as_guest("POST /attachments").json(&file())).await.body;
    world.bucket.post(&form, b"bytes").unwrap();
    form["attachmentId"].as_str().unwrap().to_owned()
}

fn with_file(id: &str) -> Request {
    as_guest("POST /messages").json(&json!({ "message": "Hello", "attachmentIds": [id] }))
}

async fn chat_post_with_file(world: &World) -> [Traffic; 2] {
    let id = uploaded(world).await;
    counted_chat(world, &with_file(&id)).await
}

async fn open_file(world: &World) -> [Traffic; 2] {
    let id = uploaded(world).await;
    world.send(guest_chat::handle, &with_file(&id)).await;
    counted_chat(world, &as_guest("GET /attachments/{attachmentId}").path("attachmentId", &id)).await
}

async fn counted_chat(world: &World, request: &Request) -> [Traffic; 2] {
    world.pusher.take_sent();
    let (reply, traffic) = world.count(guest_chat::handle, request).await;
    assert!([200, 201, 304].contains(&reply.status), "{reply:?}");
    traffic
}

/// Two hundred bytes a message, half of them the guest's.
async fn fifty_messages(world: &World) {
    hire(world, &["ada"]).await;
    for _ in 0..25 {
        guest_writes(world, &"x".repeat(200)).await;
        staff_writes(world, "ada", &"x".repeat(200)).await;
    }
}

async fn chat_page(world: &World) -> [Traffic; 2] {
    fifty_messages(world).await;
    counted_chat(world, &as_guest("GET /messages")).await
}

async fn chat_poll(world: &World) -> [Traffic; 2] {
    fifty_messages(world).await;
    let etag = world.send(guest_chat::handle, &as_guest("GET /messages")).await.headers["etag"].clone();
    counted_chat(world, &as_guest("GET /messages").header("if-none-match", &etag)).await
}

async fn chat_delete(world: &World) -> [Traffic; 2] {
    hire(world, &["ada"]).await;
    let message = staff_writes(world, "ada", "Hello").await;
    let delete = as_staff("ada", "DELETE /messages/{messageId}").path("messageId", message["id"].as_str().unwrap());
    counted_chat(world, &delete).await
}

async fn chat_mark(world: &World) -> [Traffic; 2] {
    hire(world, &["ada"]).await;
    staff_writes(world, "ada", "Hello").await;
    let mark = |seq: u64| as_guest("PUT /read").json(&json!({ "seq": seq }));
    // The process knows the guest's budget of writes.
    world.send(guest_chat::handle, &mark(0)).await;
    counted_chat(world, &mark(1)).await
}

async fn chat_assign(world: &World) -> [Traffic; 2] {
    hire(world, &["ada", "ben"]).await;
    guest_writes(world, "Hello").await;
    let assign = |to: &str| as_staff("ada", "PATCH ").json(&json!({ "assignedTo": to }));
    // The process knows ada's budget of writes and her profile.
    world.send(guest_chat::handle, &assign("eve")).await;
    counted_chat(world, &assign("ben")).await
}

async fn chat_inbox(world: &World) -> [Traffic; 2] {
    hire(world, &["ada"]).await;
    for n in 0..20 {
        let write = as_guest_of(&format!("BK-{n}"), "POST /messages").json(&hello());
        world.send(guest_chat::handle, &write).await;
    }
    world.knows(&token("ada")).await;
    counted_chat(world, &inbox("ada")).await
}

async fn staff_list(world: &World) -> [Traffic; 2] {
    let others: Vec<_> = (1..20).map(|n| format!("user-{n:02}")).collect();
    hire(world, &others.iter().map(String::as_str).chain(["ada"]).collect::<Vec<_>>()).await;
    for user in &others {
        world.knows(&token(user)).await;
    }
    world.knows(&token("ada")).await;
    let list = Request::new("GET /hotels/{hotelSlug}/staff").by("ada").path("hotelSlug", "killarney");
    counted_chat(world, &list).await
}

async fn erase_user(world: &World) -> [Traffic; 2] {
    give(world).await;
    world.pusher.take_sent();
    let service = token_with("pms", &json!({ "roles": ["service"] }));
    world.knows(&service).await;
    let request = Request::new("DELETE /users/{userId}").bearer(&service).path("userId", "ada");
    let (reply, traffic) = world.count(::erasure::handle, &request).await;
    assert_eq!((reply.status, &reply.body["done"]), (200, &json!(true)), "{reply:?}");
    traffic
}

async fn chat_erase(world: &World) -> [Traffic; 2] {
    for _ in 0..10 {
        guest_writes(world, "Hello").await;
    }
    let guest = "guest;killarney;BK-2025-0123";
    let erase = || as_service("DELETE /conversations/authors/{userId}").path("userId", guest);
    world.knows(&token_with("pms", &json!({ "roles": ["service"] }))).await;
    counted_chat(world, &erase()).await
}

async fn of_the_reader(world: &World, request: Request) -> [Traffic; 2] {
    world.knows(&token("ada")).await;
    world.pusher.take_sent();
    let (reply, traffic) = world.count(notifications::handle, &request.by("ada")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    traffic
}

async fn list(world: &World) -> [Traffic; 2] {
    for _ in 0..20 {
        create(world).await;
    }
    of_the_reader(world, Request::new("GET /notifications")).await
}

async fn unread(world: &World) -> [Traffic; 2] {
    create(world).await;
    of_the_reader(world, Request::new("GET /notifications/unread-count")).await
}

async fn read_one(world: &World) -> [Traffic; 2] {
    let (id, _) = create(world).await;
    let request = Request::new("POST /notifications/{notificationId}/read").path("notificationId", &id);
    of_the_reader(world, request).await
}

async fn read_all(world: &World) -> [Traffic; 2] {
    create(world).await;
    of_the_reader(world, Request::new("POST /notifications/read-all")).await
}

/// Delivers a hundred kudos whose functions were killed before their delivery.
async fn deliver(world: &World) -> [Traffic; 2] {
    for _ in 0..100 {
        world.send_and_kill(kudos_create::handle, &kudos()).await;
    }
    age(world, 3).await;
    let event = batch(world).await;
    world.take_traffic();
    assert_eq!(give_batch(world, event).await, Ok(()));
    [world.take_traffic(), Traffic::default()]
}

/// The runtime moves the future of a handler several times in each invocation, so its size costs time in each.
#[tokio::test]
async fn the_future_of_a_handler_is_small() {
    const MOST: usize = 4 * 1024;
    let world = World::new().await;
    let call = || kudos().build();
    let sizes = [
        size_of_val(&books::handle(&world.app, call())),
        size_of_val(&::imports::handle(&world.app, call())),
        size_of_val(&profiles::handle(&world.app, call())),
        size_of_val(&::channels::handle(&world.app, call())),
        size_of_val(&kudos_create::handle(&world.app, call())),
        size_of_val(&device_tokens::handle(&world.app, call())),
        size_of_val(&email_unsubscribe::handle(&world.app, call())),
        size_of_val(&lease_chat::handle(&world.app, call())),
        size_of_val(&notifications::handle(&world.app, call())),
        size_of_val(&guest_chat::handle(&world.app, call())),
        size_of_val(&parties::handle(&world.app, call())),
        size_of_val(&presence_join::handle(&world.app, call())),
        size_of_val(&presence_leave::handle(&world.app, call())),
        size_of_val(&::pusher_api::handle(&world.app, call())),
        size_of_val(&pusher_auth::handle(&world.app, call())),
        size_of_val(&pusher_webhook::handle(&world.app, call())),
        size_of_val(&dashboard::handle(&world.app, call())),
        size_of_val(&messages::handle(&world.app, call())),
        size_of_val(&socket_connect::handle(&world.app, call())),
        size_of_val(&socket_disconnect::handle(&world.app, call())),
        size_of_val(&socket_message::handle(&world.app, call())),
    ];
    assert!(sizes.iter().all(|size| *size <= MOST), "{sizes:?} bytes");
}

#[test]
fn the_documentation_shows_the_same_budgets() {
    let page = include_str!("../../bench/RESULTS.md");
    let budgets: toml::Value = toml::from_str(include_str!("../budgets.toml")).unwrap();
    let operations: Value = serde_json::to_value(&budgets["operation"]).unwrap();
    for operation in operations.as_array().unwrap() {
        let columns = [
            "requests_before",
            "requests_after",
            "read_units",
            "write_units",
            "bytes_sent",
            "bytes_received",
            "events",
        ];
        let numbers: Vec<_> = columns.iter().map(|column| operation[column].as_f64().unwrap().to_string()).collect();
        let row = format!("| {} | {} |", operation["name"].as_str().unwrap(), numbers.join(" | "));
        assert!(
            page.contains(&row),
            "bench/RESULTS.md lacks the row\n{row}\n(cargo bench-peers --write puts it there)"
        );
    }
}

/// docs/PERFORMANCE.md computes from these what sockets cost.
#[test]
fn the_documentation_shows_what_is_posted_to_sockets() {
    let page = include_str!("../../bench/RESULTS.md");
    let budgets: Budgets = toml::from_str(include_str!("../budgets.toml")).unwrap();
    for budget in budgets.operation.iter().filter(|budget| budget.posts > 0) {
        let Budget { name, read_units, write_units, posts, .. } = budget;
        let requests = budget.requests_before + budget.requests_after - posts;
        let row = format!("| {name} | {requests} | {read_units} | {write_units} | {posts} |");
        assert!(page.contains(&row), "bench/RESULTS.md lacks the row\n{row}");
    }
}
