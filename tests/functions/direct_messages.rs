//! Direct messages over WebSockets, and their history over HTTP.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::App;
use shared::contract::sockets::Namespace;
use shared::http::{ResponseExt as _, respond, service_fn};
use tests::consumer::{age, consume, owed};
use tests::{Fault, Hold, Request, World};

use crate::sockets::{self, connect, connect_io, emit, say};

async fn both(world: &World) {
    connect(world, "ws", "a1", "ada").await;
    connect(world, "ws", "b1", "bob").await;
    world.sockets.take_posted();
}

async fn send(world: &World, connection: &str, receiver: &str, content: &str) {
    emit(world, "ws", connection, "sendMessage", &json!({ "receiverId": receiver, "content": content })).await;
}

async fn history(world: &World, reader: &str, other: &str, query: &[(&str, &str)]) -> Value {
    let mut request = Request::new("GET /messages/{userId}").by(reader).path("userId", other);
    for (name, value) in query {
        request = request.query(name, value);
    }
    world.send(messages::handle, &request).await.body
}

fn by_name<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).map(|event| &event["data"]).collect()
}

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_message_reaches_its_receiver_by_both_names_and_its_sender_gets_a_confirmation() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    let to_bob = world.sockets.take_of("b1");
    let to_ada = world.sockets.take_of("a1");
    let (new, broadcast) = (by_name(&to_bob, "message:new"), by_name(&to_bob, "MESSAGE_BROADCAST"));
    assert_eq!((new.len(), &new), (1, &broadcast), "{to_bob:?}");
    assert_eq!(new[0]["content"], "Hello");
    assert_eq!((new[0]["senderId"].as_str(), new[0]["senderName"].as_str()), (Some("ada"), Some("Ada")));
    assert_eq!((new[0]["receiverId"].as_str(), new[0]["seq"].as_u64()), (Some("bob"), Some(1)));
    assert_eq!(by_name(&to_ada, "message:sent")[0]["id"], new[0]["id"]);
    let owed = owed(&world).await;
    assert_eq!(owed.iter().map(|owed| owed["kind"].as_str()).collect::<Vec<_>>(), [Some("unread")]);
    for (reader, other) in [("ada", "bob"), ("bob", "ada")] {
        assert_eq!(history(&world, reader, other, &[]).await["messages"], json!([new[0]]));
    }
    assert_eq!(history(&world, "eve", "ada", &[]).await["messages"], json!([]));
}

#[tokio::test]
async fn a_connection_may_ask_for_one_family_of_names() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    for (connection, family) in [("b1", "lower"), ("b2", "upper")] {
        world.sockets.open(connection);
        let request = Request::socket("$connect", "ws", connection).asking("names", family);
        world.send(socket_connect::handle, &request.asking("token", &tests::token("bob"))).await;
    }
    world.sockets.take_posted();
    send(&world, "a1", "bob", "Hello").await;
    emit(&world, "ws", "a1", "typing", &json!({ "receiverId": "bob", "isTyping": true })).await;
    let names = |events: Vec<Value>| events.iter().map(|e| e["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(world.sockets.take_of("b1")), ["message:new", "typing:start"]);
    assert_eq!(names(world.sockets.take_of("b2")), ["MESSAGE_BROADCAST", "TYPING_INDICATOR"]);
}

#[tokio::test]
async fn socket_io_acknowledges_a_message_and_an_error() {
    let world = World::new().await;
    world.knows(&tests::token("bob")).await;
    connect_io(&world, "a1", "ada").await;
    say(&world, "socketio", "a1", "40/ws,").await;
    world.sockets.take_posted();
    say(&world, "socketio", "a1", r#"42/ws,7["sendMessage",{"receiverId":"bob","content":"Hi"}]"#).await;
    say(&world, "socketio", "a1", r#"42/ws,8["sendMessage",{"receiverId":"ada","content":"Hi"}]"#).await;
    let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
    assert!(told.iter().any(|text| text.starts_with(r#"43/ws,7[{"data":{"content":"Hi""#)), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with(r#"42/ws,["message:sent",{"#)), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with(r#"43/ws,8[{"error":{"#)), "{told:?}");
}

/// Makes the newest messages of all conversations this many seconds older.
async fn age_heads(world: &World, seconds: i64) {
    for ((pk, sk), row) in world.table.rows().await {
        if sk == "HEAD" {
            let at = row["last_at"].as_i64().unwrap() - seconds * 1000;
            world.table.set_number((&pk, &sk), "last_at", at).await;
        }
    }
}

#[tokio::test]
async fn the_newest_message_again_within_five_minutes_is_one_message_and_a_name_is_one_for_good() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "a1", "bob", "Hello").await;
    let sent = world.sockets.take_of("a1");
    let sent = by_name(&sent, "message:sent");
    assert_eq!((sent.len(), sent[0]["id"].clone()), (2, sent[1]["id"].clone()));
    assert_eq!((&sent[0]["duplicate"], &sent[1]["duplicate"]), (&Value::Null, &json!(true)));
    let named = |content: &str| json!({ "receiverId": "bob", "content": content, "clientMessageId": "m1" });
    emit(&world, "ws", "a1", "sendMessage", &named("Hello")).await;
    emit(&world, "ws", "a1", "sendMessage", &named("Hello")).await;
    emit(&world, "ws", "a1", "sendMessage", &named("Other")).await;
    let told = world.sockets.take_of("a1");
    assert_eq!(by_name(&told, "error")[0]["error"], "Unprocessable Entity");
    assert_eq!(contents(&history(&world, "bob", "ada", &[("after", "0")]).await), ["Hello", "Hello"]);
    // Five minutes later the text is a new message, and the name is still the same one.
    age_heads(&world, 301).await;
    send(&world, "a1", "bob", "Hello").await;
    emit(&world, "ws", "a1", "sendMessage", &named("Hello")).await;
    assert_eq!(contents(&history(&world, "bob", "ada", &[("after", "0")]).await).len(), 3);
}

#[tokio::test]
async fn a_text_that_comes_after_another_one_is_a_new_message() {
    let world = World::new().await;
    both(&world).await;
    let long = "x".repeat(300);
    for (connection, receiver, text) in [
        ("a1", "bob", "ok"),
        ("a1", "bob", "in between"),
        ("a1", "bob", "ok"),
        ("b1", "ada", "ok"),
        ("a1", "bob", "ok"),
        ("a1", "bob", &format!("{long}1")),
        ("a1", "bob", &format!("{long}2")),
    ] {
        send(&world, connection, receiver, text).await;
    }
    let page = history(&world, "bob", "ada", &[("after", "0")]).await;
    assert_eq!(contents(&page).len(), 7);
    // Both at once are one, whichever comes first.
    join_all((0..4).map(|_| send(&world, "b1", "ada", "at once"))).await;
    assert_eq!(contents(&history(&world, "bob", "ada", &[("after", "7")]).await), ["at once"]);
}

#[tokio::test]
async fn messages_that_are_sent_at_once_are_numbered_without_gaps() {
    let world = World::new().await;
    both(&world).await;
    join_all((0..12).map(|n| {
        let world = &world;
        async move {
            let (from, to) = if n % 2 == 0 { ("a1", "bob") } else { ("b1", "ada") };
            send(world, from, to, &format!("m{n}")).await;
        }
    }))
    .await;
    let page = history(&world, "ada", "bob", &[("after", "0")]).await;
    let numbers: Vec<u64> = page["messages"].as_array().unwrap().iter().map(|m| m["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    assert_eq!(contents(&page).into_iter().collect::<BTreeSet<_>>().len(), 12);
}

#[tokio::test]
async fn a_reconnect_reads_on_after_the_last_message_that_it_knows() {
    let world = World::new().await;
    world.knows(&tests::token("bob")).await;
    connect(&world, "ws", "a1", "ada").await;
    for n in 1..=5 {
        send(&world, "a1", "bob", &format!("m{n}")).await;
    }
    let page = history(&world, "bob", "ada", &[("after", "2"), ("limit", "2")]).await;
    assert_eq!((contents(&page), page["nextCursor"].as_str()), (vec!["m3", "m4"], Some("4")));
    let rest = history(&world, "bob", "ada", &[("after", "4")]).await;
    assert_eq!((contents(&rest), &rest["nextCursor"]), (vec!["m5"], &Value::Null));
    assert_eq!(contents(&history(&world, "bob", "ada", &[("before", "3")]).await), ["m2", "m1"]);
    for query in [[("after", "x"), ("limit", "1")], [("after", "1"), ("before", "2")], [("limit", "0"), ("after", "1")]]
    {
        assert_eq!(history(&world, "bob", "ada", &query).await["error"], "Bad Request");
    }
}

#[tokio::test]
async fn a_receiver_who_is_not_connected_gets_one_notification() {
    let world = World::new().await;
    world.knows(&tests::token("bob")).await;
    connect(&world, "ws", "a1", "ada").await;
    let request = Request::socket("$default", "ws", "a1")
        .body(&json!({ "event": "sendMessage", "data": { "receiverId": "bob", "content": "secret" } }).to_string());
    world.send_and_kill(socket_message::handle, &request).await;
    for _ in 0..3 {
        age(&world, 10).await;
        consume(&world).await.unwrap();
    }
    let list = world.send(notifications::handle, &Request::new("GET /notifications").by("bob")).await.body;
    let list = list["notifications"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0]["type"].as_str(), list[0]["message"].as_str()),
        (Some("MESSAGE"), Some("Ada sent you a message"))
    );
    assert!(!list[0].to_string().contains("secret"));
    let to_pusher = world.pusher.take_sent();
    assert_eq!(to_pusher.iter().map(|(channel, ..)| channel.as_str()).collect::<Vec<_>>(), ["private-user-bob"]);
}

/// The notifications of `bob`.
async fn notifications_of_bob(world: &World) -> Vec<Value> {
    let list = world.send(notifications::handle, &Request::new("GET /notifications").by("bob")).await.body;
    list["notifications"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_message_that_was_posted_and_not_read_becomes_one_notification() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "secret").await;
    assert_eq!(by_name(&world.sockets.take_of("b1"), "message:new").len(), 1);
    age(&world, 29).await;
    consume(&world).await.unwrap();
    assert!(notifications_of_bob(&world).await.is_empty(), "half a minute is not over");
    age(&world, 400).await;
    for _ in 0..2 {
        consume(&world).await.unwrap();
    }
    let list = notifications_of_bob(&world).await;
    assert_eq!((list.len(), list[0]["type"].as_str()), (1, Some("MESSAGE")));
    assert!(!list[0].to_string().contains("secret"));
    assert!(!owed(&world).await.iter().any(|owed| owed["kind"] == "unread"));
}

#[tokio::test]
async fn a_message_whose_notification_was_created_because_nobody_was_there_gets_no_second_one() {
    let world = World::new().await;
    world.knows(&tests::token("bob")).await;
    connect(&world, "ws", "a1", "ada").await;
    send(&world, "a1", "bob", "Hello").await;
    for _ in 0..2 {
        age(&world, 400).await;
        consume(&world).await.unwrap();
    }
    assert_eq!(notifications_of_bob(&world).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_is_read_or_answered_or_deleted_makes_no_notification() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "one").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].clone();
    emit(&world, "ws", "b1", "markAsRead", &json!({ "messageId": id })).await;
    send(&world, "a1", "bob", "two").await;
    send(&world, "b1", "ada", "an answer").await;
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert!(notifications_of_bob(&world).await.is_empty());
    send(&world, "a1", "bob", "three").await;
    let erase = tests::guest_chat::as_service("DELETE /conversations/authors/{userId}").path("userId", "ada");
    world.send(guest_chat::handle, &erase).await;
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert!(notifications_of_bob(&world).await.is_empty());
}

#[tokio::test]
async fn the_sender_hears_that_a_message_was_read_and_only_once() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].clone();
    world.sockets.take_posted();
    for _ in 0..2 {
        emit(&world, "ws", "b1", "markAsRead", &json!({ "messageId": id })).await;
    }
    let told = world.sockets.take_of("a1");
    let read = by_name(&told, "message:read");
    assert_eq!((read.len(), read[0]["readerId"].as_str(), &read[0]["messageId"]), (1, Some("bob"), &id));
    for (connection, id, error) in
        [("a1", id.as_str().unwrap(), "Bad Request"), ("b1", "nonsense", "Not Found"), ("b1", "ada:1", "Not Found")]
    {
        emit(&world, "ws", connection, "markAsRead", &json!({ "messageId": id })).await;
        assert_eq!(by_name(&world.sockets.take_of(connection), "error")[0]["error"], error);
    }
}

#[tokio::test]
async fn typing_is_passed_on_and_stored_nowhere() {
    let world = World::new().await;
    both(&world).await;
    let before = world.table.rows().await.len();
    for is_typing in [true, false] {
        emit(&world, "ws", "a1", "typing", &json!({ "receiverId": "bob", "isTyping": is_typing })).await;
    }
    let told = world.sockets.take_of("b1");
    let names: Vec<_> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["typing:start", "TYPING_INDICATOR", "typing:stop", "TYPING_INDICATOR"]);
    assert_eq!((told[0]["data"]["userId"].as_str(), &told[3]["data"]["isTyping"]), (Some("ada"), &json!(false)));
    // But for the sender's rate limit.
    assert_eq!(world.table.rows().await.len(), before + 1);
}

#[tokio::test]
async fn those_who_talk_with_a_user_hear_when_they_come_and_go() {
    let world = World::new().await;
    both(&world).await;
    connect(&world, "ws", "e1", "eve").await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "b1", "ada", "Good evening").await;
    world.sockets.take_posted();
    connect(&world, "ws", "b2", "bob").await;
    for connection in ["b1", "b2"] {
        world.send(socket_disconnect::handle, &Request::socket("$disconnect", "ws", connection)).await;
    }
    age(&world, 6).await;
    consume(&world).await.unwrap();
    connect(&world, "ws", "b3", "bob").await;
    let told = world.sockets.take_of("a1");
    let names: Vec<_> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["presence:offline", "presence:online"]);
    assert_eq!(told[0]["data"]["userId"], "bob");
    assert!(world.sockets.take_of("e1").is_empty());
}

#[tokio::test]
async fn a_message_that_nobody_answers_makes_no_contact() {
    let world = World::new().await;
    both(&world).await;
    for content in ["Hello", "Are you there?"] {
        send(&world, "a1", "bob", content).await;
    }
    disconnect(&world, "b1").await;
    connect(&world, "ws", "b2", "bob").await;
    disconnect(&world, "a1").await;
    connect(&world, "ws", "a2", "ada").await;
    let heard = |connection: &str| {
        let told = world.sockets.take_of(connection);
        told.iter().filter(|event| event["event"].as_str().unwrap().starts_with("presence:")).count()
    };
    assert_eq!((heard("a1"), heard("b2"), heard("a2")), (0, 0, 0));
    send(&world, "b2", "ada", "Now I am").await;
    disconnect(&world, "b2").await;
    assert_eq!(heard("a2"), 1);
}

/// Ends a connection, and lets the consumer say so after the seconds of grace.
async fn disconnect(world: &World, connection: &str) {
    world.sockets.kill(connection);
    world.send(socket_disconnect::handle, &Request::socket("$disconnect", "ws", connection)).await;
    age(world, 6).await;
    consume(world).await.unwrap();
}

#[tokio::test]
async fn a_user_who_connects_gets_the_contacts_that_are_online() {
    let world = World::new().await;
    both(&world).await;
    connect(&world, "ws", "e1", "eve").await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "b1", "ada", "Good evening").await;
    send(&world, "e1", "ada", "Nobody answers").await;
    world.sockets.take_posted();
    // In each framing, and for a second tab, too.
    connect(&world, "ws", "a2", "ada").await;
    connect_io(&world, "a3", "ada").await;
    say(&world, "socketio", "a3", "40/ws,").await;
    let posted = world.sockets.take_posted();
    let to = |connection: &str| -> Vec<&str> {
        posted.iter().filter(|(_, to, _)| to == connection).map(|(.., text)| text.as_str()).collect()
    };
    let [event] = to("a2")[..] else { panic!("{posted:?}") };
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["event"], &event["data"]["userId"]), (&json!("presence:online"), &json!("bob")));
    let last = to("a3").pop().unwrap();
    assert!(last.starts_with(r#"42/ws,["presence:online",{"#) && last.contains(r#""userId":"bob""#), "{posted:?}");
    assert!(owed(&world).await.iter().all(|owed| owed["kind"] == "unread"));
    // A contact who has left is not named.
    disconnect(&world, "b1").await;
    world.sockets.take_posted();
    connect(&world, "ws", "a4", "ada").await;
    assert!(world.sockets.take_of("a4").is_empty());
}

#[tokio::test]
async fn a_user_has_a_hundred_contacts_and_the_oldest_gives_way() {
    use shared::contract::id::UserId;
    use shared::table::Key;
    let world = World::new().await;
    both(&world).await;
    let ada = UserId::parse("ada").unwrap();
    let contact = |n: i64| {
        let key = Key::contact(&ada, &UserId::parse(format!("u{n:03}")).unwrap());
        json!({ "pk": key.pk, "sk": key.sk, "since": 1_000 + (n + 50) % 100 })
    };
    world.table.put_rows(&(0..100).map(contact).collect::<Vec<_>>()).await;
    let others = Key::contact(&UserId::parse("u050").unwrap(), &ada);
    world.table.put_rows(&[json!({ "pk": others.pk, "sk": others.sk, "since": 1_000 })]).await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "b1", "ada", "Good evening").await;
    let rows = world.table.rows().await;
    let contacts: Vec<_> = rows.keys().filter(|(pk, sk)| pk == "USER#ada" && sk.starts_with("CONTACT#")).collect();
    assert_eq!(contacts.len(), 100);
    assert!(contacts.iter().any(|(_, sk)| sk == "CONTACT#bob"));
    assert!(!contacts.iter().any(|(_, sk)| sk == "CONTACT#u050"), "the oldest");
    assert!(!rows.contains_key(&(others.pk, others.sk)), "nor is the user a contact of theirs");
}

/// Makes it a day since an answer last renewed that ada and bob are contacts.
async fn a_day_passes(world: &World) {
    let head = ("CHAT#DIRECT#ada#bob", "HEAD");
    let at = world.table.row(head.0, head.1).await.unwrap()["contacts_at"].as_i64().unwrap();
    world.table.set_number(head, "contacts_at", at - 86_400_000).await;
}

/// Since when these two are each other's contacts.
async fn contacts_since(world: &World, one: &str, other: &str) -> [Option<i64>; 2] {
    let rows = world.table.rows().await;
    [(one, other), (other, one)].map(|(user, contact)| {
        let row = rows.get(&(format!("USER#{user}"), format!("CONTACT#{contact}")))?;
        row["since"].as_i64()
    })
}

#[tokio::test]
async fn a_contact_is_renewed_by_an_answer_once_a_day() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "b1", "ada", "Good evening").await;
    let make_old = async || {
        world.table.set_number(("USER#ada", "CONTACT#bob"), "since", 1_000).await;
        world.table.set_number(("USER#bob", "CONTACT#ada"), "since", 1_000).await;
    };
    make_old().await;
    send(&world, "a1", "bob", "How are you?").await;
    assert_eq!(contacts_since(&world, "ada", "bob").await, [Some(1_000); 2], "less than a day later");
    a_day_passes(&world).await;
    send(&world, "a1", "bob", "Are you there?").await;
    assert_eq!(contacts_since(&world, "ada", "bob").await, [Some(1_000); 2], "which is no answer");
    send(&world, "b1", "ada", "Yes").await;
    assert!(contacts_since(&world, "ada", "bob").await.iter().all(|since| since.unwrap() > 1_000));
}

#[tokio::test]
async fn a_contact_who_gave_way_comes_back_with_a_later_answer() {
    let world = World::new().await;
    both(&world).await;
    connect(&world, "ws", "e1", "eve").await;
    send(&world, "a1", "bob", "Hello").await;
    send(&world, "b1", "ada", "Good evening").await;
    let newer = |n: i64| json!({ "pk": "USER#ada", "sk": format!("CONTACT#u{n:03}"), "since": 2_000 + n });
    world.table.put_rows(&(0..99).map(newer).collect::<Vec<_>>()).await;
    world.table.set_number(("USER#ada", "CONTACT#bob"), "since", 1_000).await;
    send(&world, "e1", "ada", "Hello").await;
    send(&world, "a1", "eve", "Good evening").await;
    assert_eq!(contacts_since(&world, "ada", "bob").await, [None, None]);
    a_day_passes(&world).await;
    send(&world, "a1", "bob", "Good morning").await;
    assert!(contacts_since(&world, "ada", "bob").await.iter().all(Option::is_some));
}

/// Sends a client's message to this process.
async fn say_in(process: &App, connection: &str, text: &str) {
    let handler = service_fn(|request| socket_message::handle(process, request));
    let request = Request::socket("$default", "ws", connection).body(text);
    let (mut response, record) = respond(handler, request.build()).await;
    if let Some(work) = response.take_work() {
        record.scope(work).await;
    }
}

#[tokio::test]
async fn the_same_text_in_two_processes_at_once_is_one_message() {
    let world = World::new().await;
    both(&world).await;
    let processes = [world.another_process(), world.another_process()];
    let data = json!({ "receiverId": "bob", "content": "Hello" });
    let text = json!({ "event": "sendMessage", "data": data }).to_string();
    // Both have read that there is no message yet.
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    tokio::join!(say_in(&processes[0], "a1", &text), hold.meanwhile(say_in(&processes[1], "a1", &text)));
    assert_eq!(contents(&history(&world, "bob", "ada", &[("after", "0")]).await), ["Hello"]);
    let rows = world.table.rows().await;
    assert_eq!(rows.keys().filter(|(pk, sk)| pk == "CHAT#DIRECT#ada#bob" && sk.starts_with("MSG#")).count(), 1);
    let to_bob = world.sockets.take_of("b1");
    assert_eq!(by_name(&to_bob, "message:new").len(), 1);
    let to_ada = world.sockets.take_of("a1");
    let sent = by_name(&to_ada, "message:sent");
    assert_eq!((sent.len(), &sent[0]["id"]), (2, &sent[1]["id"]), "each process says which one it is");
}

#[tokio::test]
async fn a_message_of_an_erased_user_can_be_marked_as_read_by_its_old_and_by_its_new_id() {
    let world = World::new().await;
    both(&world).await;
    connect(&world, "ws", "e1", "eve").await;
    for content in ["one", "two"] {
        send(&world, "a1", "bob", content).await;
    }
    let told = world.sockets.take_of("b1");
    let old_id = by_name(&told, "message:new")[0]["id"].clone();
    let erase = tests::guest_chat::as_service("DELETE /conversations/authors/{userId}").path("userId", "ada");
    assert_eq!(world.send(guest_chat::handle, &erase).await.status, 200);
    let new_id = history(&world, "bob", "ada", &[("after", "1")]).await["messages"][0]["id"].clone();
    assert!(!new_id.as_str().unwrap().contains(':'), "{new_id}");
    world.sockets.take_posted();
    let mark = async |connection: &str, data: Value| -> Option<Value> {
        emit(&world, "ws", connection, "markAsRead", &data).await;
        let told = world.sockets.take_of(connection);
        by_name(&told, "error").first().map(|error| error["error"].clone())
    };
    let read_up_to = async || {
        let mark = world.table.row("CHAT#DIRECT#ada#bob", "READ#bob").await;
        mark.map_or(0, |row| row["seq"].as_u64().unwrap())
    };
    assert_eq!(mark("b1", json!({ "messageId": old_id })).await, None);
    assert_eq!(read_up_to().await, 1);
    // Without the other one's id it is not known which conversation it is, and another reader has none.
    let with_user = json!({ "messageId": new_id, "userId": "ada" });
    assert_eq!(mark("b1", json!({ "messageId": new_id })).await, Some(json!("Not Found")));
    assert_eq!(mark("e1", with_user.clone()).await, Some(json!("Not Found")));
    assert_eq!(mark("b1", json!({ "messageId": new_id, "userId": "a b" })).await, Some(json!("Bad Request")));
    assert_eq!(mark("b1", with_user).await, None);
    assert_eq!(read_up_to().await, 2);
    assert!(world.sockets.take_of("a1").is_empty());
}

#[tokio::test]
async fn several_unread_messages_of_one_sender_are_notifications_whose_pushes_replace_each_other() {
    let world = World::with_push().await;
    world.send(device_tokens::handle, &tests::devices::register("bob", "phone")).await;
    both(&world).await;
    for content in ["one", "two", "three"] {
        send(&world, "a1", "bob", content).await;
    }
    age(&world, 400).await;
    for _ in 0..3 {
        consume(&world).await.unwrap();
        age(&world, 10).await;
    }
    assert_eq!(notifications_of_bob(&world).await.len(), 3);
    let sent = world.fcm.take_sent();
    let tags: BTreeSet<_> = sent.iter().map(|push| push["android"]["notification"]["tag"].to_string()).collect();
    assert_eq!((sent.len(), tags.len()), (3, 1), "{sent:?}");
}

#[tokio::test]
async fn nobody_is_written_to_and_nothing_is_stored() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    world.sockets.take_posted();
    let rows = world.table.rows().await.len();
    for receiver in ["nobody", "nobody-else"] {
        send(&world, "a1", receiver, "Hello").await;
        let told = world.sockets.take_of("a1");
        let error = by_name(&told, "error")[0];
        assert_eq!((&error["error"], &error["event"]), (&json!("Not Found"), &json!("sendMessage")));
        assert!(error["message"].as_str().unwrap().contains("receiverId"), "{error}");
    }
    assert_eq!(world.table.rows().await.len(), rows + 1, "but for the limit, which counts what missed");
}

#[tokio::test]
async fn only_a_message_to_oneself_can_be_marked_as_read() {
    let world = World::new().await;
    both(&world).await;
    connect(&world, "ws", "e1", "eve").await;
    send(&world, "a1", "bob", "Hello").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].as_str().unwrap().to_owned();
    world.sockets.take_posted();
    let other_number = id.replace("000000000001", "000000000002");
    let other_id = format!("{}{}", &id[..id.len() - 32], "0".repeat(32));
    let other_sender = id.replace("ada:", "eve:");
    for (connection, id) in [("e1", &id), ("b1", &other_number), ("b1", &other_id), ("b1", &other_sender)] {
        emit(&world, "ws", connection, "markAsRead", &json!({ "messageId": id })).await;
        assert_eq!(by_name(&world.sockets.take_of(connection), "error")[0]["error"], "Not Found", "{connection} {id}");
    }
    assert!(world.sockets.take_of("a1").is_empty());
    emit(&world, "ws", "b1", "markAsRead", &json!({ "messageId": id })).await;
    assert_eq!(by_name(&world.sockets.take_of("a1"), "message:read").len(), 1);
}

#[tokio::test]
async fn a_read_mark_that_is_erased_while_its_event_waits_loses_the_event_first_and_makes_no_dead_letter() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].clone();
    let mark = json!({ "event": "markAsRead", "data": { "messageId": id } }).to_string();
    world.send_and_kill(socket_message::handle, &Request::socket("$default", "ws", "b1").body(&mark)).await;
    let erase = tests::guest_chat::as_service("DELETE /conversations/authors/{userId}").path("userId", "bob");
    // A row that is removed with an outbox is a dead letter. Where the outbox cannot be taken out, the row stays.
    world.table.inject("UpdateItem", &[Fault::refusal(400, "ValidationException")]);
    assert_eq!(world.send(guest_chat::handle, &erase).await.status, 500);
    let mark = world.table.row("CHAT#DIRECT#ada#bob", "READ#bob").await;
    assert!(mark.is_some_and(|row| row.contains_key("outbox")));
    assert_eq!(world.send(guest_chat::handle, &erase).await.status, 200);
    assert!(world.table.row("CHAT#DIRECT#ada#bob", "READ#bob").await.is_none());
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert!(world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn bad_messages_get_an_error_and_are_not_stored() {
    let world = World::new().await;
    both(&world).await;
    let long = "x".repeat(4_001);
    for data in [
        json!({}),
        json!({ "receiverId": "bob" }),
        json!({ "receiverId": "a b", "content": "x" }),
        json!({ "receiverId": "ada", "content": "x" }),
        json!({ "receiverId": "bob", "content": "" }),
        json!({ "receiverId": "bob", "content": long }),
        json!({ "receiverId": "bob", "content": "a\u{0}" }),
        json!({ "receiverId": "bob", "content": 7 }),
        json!({ "receiverId": "bob", "content": "x", "clientMessageId": "" }),
        json!({ "receiverId": "bob", "content": "x", "clientMessageId": "a b" }),
    ] {
        emit(&world, "ws", "a1", "sendMessage", &data).await;
        assert_eq!(by_name(&world.sockets.take_of("a1"), "error")[0]["error"], "Bad Request", "{data:.60}");
    }
    assert_eq!(history(&world, "bob", "ada", &[]).await["messages"], json!([]));
}

#[tokio::test]
async fn a_refused_message_is_named_by_the_id_that_its_client_gave_it() {
    let world = World::new().await;
    both(&world).await;
    let send = async |data: Value| {
        emit(&world, "ws", "a1", "sendMessage", &data).await;
        let told = world.sockets.take_of("a1");
        let error = by_name(&told, "error")[0];
        (error["error"].as_str().unwrap().to_owned(), error["clientMessageId"].clone())
    };
    for (receiver, content, why) in [("bob", "", "Bad Request"), ("nobody-yet", "hi", "Not Found")] {
        let data = json!({ "receiverId": receiver, "content": content, "clientMessageId": "m1" });
        assert_eq!(send(data).await, (why.to_owned(), json!("m1")));
    }
    let odd = json!({ "receiverId": "bob", "content": "x", "clientMessageId": "x".repeat(2_000) });
    assert_eq!(send(odd).await, ("Bad Request".to_owned(), Value::Null), "what is no name is not echoed");
    assert_eq!(send(json!({ "receiverId": "bob", "content": "" })).await.1, Value::Null);
    let sent: Vec<i64> = std::iter::once(shared::contract::time::Millis::now().0).chain([0; 99]).collect();
    let idle_at = shared::contract::time::Millis::now().plus_seconds(3_600);
    world
        .table
        .put_rows(&[json!({
            "pk": "USER#ada", "sk": "LIMIT#SOCKET_MESSAGES", "state": json!({ "sent": sent }).to_string(),
            "idle_at": idle_at.0, "expires_at": idle_at.seconds(),
        })])
        .await;
    let data = json!({ "receiverId": "bob", "content": "hi", "clientMessageId": "m2" });
    assert_eq!(send(data).await, ("Too Many Requests".to_owned(), json!("m2")));
}

#[tokio::test]
async fn a_refused_text_is_named_even_where_it_cannot_be_read() {
    let world = World::new().await;
    both(&world).await;
    let large = format!(r#""{}""#, "x".repeat(40_000));
    for content in [r#""half \ud83d""#, "1e400", &format!("{}1{}", "[".repeat(200), "]".repeat(200)), &large] {
        let text = format!(
            r#"{{"event":"sendMessage","data":{{"receiverId":"bob","content":{content},"clientMessageId":"m1"}}}}"#
        );
        say(&world, "ws", "a1", &text).await;
        let told = world.sockets.take_of("a1");
        let error = by_name(&told, "error")[0];
        assert_eq!((&error["event"], &error["clientMessageId"]), (&json!("sendMessage"), &json!("m1")), "{text:.60}");
    }
}

#[tokio::test]
async fn a_sealed_message_is_opaque_and_its_notification_says_nothing_of_it() {
    let world = World::new().await;
    world.knows(&tests::token("bob")).await;
    connect(&world, "ws", "a1", "ada").await;
    let sealed = json!({ "ciphertext": "AQIDBA==", "nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "keyVersion": 2 });
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "bob", "content": sealed })).await;
    assert_eq!(history(&world, "bob", "ada", &[]).await["messages"][0]["content"], sealed);
    let rows = world.table.rows().await;
    let head = rows.iter().find(|((_, sk), _)| sk == "HEAD").unwrap().1;
    assert_eq!(head["preview"], "New message");
}

#[tokio::test]
async fn a_public_key_has_a_version_that_grows_with_each_new_key() {
    let world = World::new().await;
    let key = |n: u8| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [n; 32]);
    let save = |key: &str| Request::new("PUT /keys").by("ada").json(&json!({ "publicKey": key }));
    let find = Request::new("GET /keys/{userId}").by("bob").path("userId", "ada");
    assert_eq!(world.send(messages::handle, &find).await.status, 404);
    for (n, version) in [(1, 1), (1, 1), (2, 2)] {
        let saved = world.send(messages::handle, &save(&key(n))).await;
        assert_eq!((saved.status, saved.body["version"].as_u64()), (200, Some(version)));
    }
    assert_eq!(world.send(messages::handle, &find).await.body, json!({ "publicKey": key(2), "version": 2 }));
    for bad in ["", "AQID", "not base64", &key(0)] {
        assert_eq!(world.send(messages::handle, &save(bad)).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_notification_reaches_dashboards_too() {
    let world = World::new().await;
    connect(&world, "dashboard", "d1", "bob").await;
    world.sockets.take_posted();
    let service = tests::token_with("backend", &json!({ "roles": ["service"] }));
    let body = json!({ "userId": "bob", "type": "MESSAGE", "data": { "senderName": "John", "senderId": "s" }, "priority": "high" });
    let request = Request::new("POST /notifications").bearer(&service).json(&body);
    let id = world.send(notifications::handle, &request).await.body["notificationId"].clone();
    let told = world.sockets.take_of("d1");
    let notification = by_name(&told, "notification")[0];
    assert_eq!(
        (notification["title"].as_str(), notification["body"].as_str()),
        (Some("New Message"), Some("John sent you a message"))
    );
    assert_eq!((notification["type"].as_str(), notification["priority"].as_str()), (Some("MESSAGE"), Some("high")));
    assert_eq!(notification["data"]["notificationId"], id);
    assert!(owed(&world).await.is_empty());
    sockets::age(&world, 60).await;
    world.sockets.kill("d1");
    let of_tom = json!({ "userId": "bob", "type": "MESSAGE", "data": { "senderName": "Tom", "senderId": "t" } });
    world.send(notifications::handle, &Request::new("POST /notifications").bearer(&service).json(&of_tom)).await;
    assert_eq!(sockets::count(&world, Namespace::Dashboard).await, 0, "who finds a connection gone removes it");
}

async fn delete(world: &World, by: &str, other: &str, id: &str) -> tests::Reply {
    let request = Request::new("DELETE /messages/{userId}/{messageId}").by(by).path("userId", other);
    world.send(messages::handle, &request.path("messageId", id)).await
}

#[tokio::test]
async fn a_sender_deletes_a_message_and_both_sides_hear_of_it_once() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "ada's secret").await;
    send(&world, "b1", "ada", "bob's answer").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].as_str().unwrap().to_owned();
    world.sockets.take_posted();
    let reply = delete(&world, "ada", "bob", &id).await;
    assert_eq!((reply.status, &reply.body["message"]["content"]), (200, &Value::Null), "{reply:?}");
    for (connection, other) in [("a1", "bob"), ("b1", "ada")] {
        let told = world.sockets.take_of(connection);
        let deleted = by_name(&told, "message:deleted");
        let (user, seq, message) = (&deleted[0]["userId"], &deleted[0]["seq"], &deleted[0]["messageId"]);
        assert_eq!((deleted.len(), user, seq, message), (1, &json!(other), &json!(1), &json!(id)));
    }
    let bare = id.split_once(':').unwrap().1;
    assert_eq!(delete(&world, "ada", "bob", bare).await.body, reply.body, "again, by its id without its sender");
    assert!(world.sockets.take_posted().is_empty());
    let page = history(&world, "bob", "ada", &[("after", "0")]).await;
    assert_eq!(
        (&page["messages"][0], &page["messages"][1]["content"]),
        (&reply.body["message"], &json!("bob's answer"))
    );
    assert!(!world.table.rows().await.iter().any(|row| format!("{row:?}").contains("ada's secret")));
}

#[tokio::test]
async fn only_its_sender_deletes_a_message_and_by_its_own_id() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].as_str().unwrap().to_owned();
    let bare = id.split_once(':').unwrap().1.to_owned();
    let other_id = format!("{}{}", &id[..id.len() - 32], "0".repeat(32));
    for (by, other, id, status) in [
        ("bob", "ada", &id, 403),
        ("bob", "ada", &bare, 403),
        ("eve", "ada", &id, 404),
        ("eve", "bob", &bare, 404),
        ("ada", "bob", &id.replace("ada:", "eve:"), 404),
        ("ada", "bob", &other_id, 404),
        ("ada", "ada", &id, 404),
        ("ada", "bob", &"hello".to_owned(), 404),
        ("ada", "a b", &id, 400),
    ] {
        let reply = delete(&world, by, other, id).await;
        assert_eq!(reply.status, status, "{by} {other} {id}: {reply:?}");
    }
    assert_eq!(contents(&history(&world, "bob", "ada", &[]).await), ["Hello"]);
}

#[tokio::test]
async fn a_message_that_its_sender_deletes_makes_no_notification() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "Hello").await;
    let id = by_name(&world.sockets.take_of("b1"), "message:new")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&world, "ada", "bob", &id).await.status, 200);
    age(&world, 400).await;
    consume(&world).await.unwrap();
    assert!(notifications_of_bob(&world).await.is_empty());
}

#[tokio::test]
async fn an_erased_account_leaves_numbers_and_nothing_else_and_both_sides_hear_of_it() {
    let world = World::new().await;
    both(&world).await;
    send(&world, "a1", "bob", "ada's secret").await;
    send(&world, "b1", "ada", "bob's answer").await;
    world.sockets.take_posted();
    let erase = tests::guest_chat::as_service("DELETE /conversations/authors/{userId}").path("userId", "ada");
    let reply = world.send(guest_chat::handle, &erase).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({ "erased": 1, "nextCursor": null })));
    for (connection, other) in [("a1", "bob"), ("b1", "ada")] {
        let told = world.sockets.take_of(connection);
        let deleted = by_name(&told, "message:deleted");
        assert_eq!((deleted.len(), &deleted[0]["userId"], &deleted[0]["seq"]), (1, &json!(other), &json!(1)));
        assert!(deleted[0].get("messageId").is_none(), "its id would name the sender");
    }
    let page = history(&world, "bob", "ada", &[("after", "0")]).await;
    let (erased, kept) = (&page["messages"][0], &page["messages"][1]);
    for gone in ["senderId", "receiverId", "content"] {
        assert_eq!(erased[gone], Value::Null, "{erased}");
    }
    assert_eq!((&erased["seq"], &erased["senderName"]), (&json!(1), &json!("")));
    assert!(erased["deletedAt"].is_string() && !erased["id"].as_str().unwrap().contains("ada"), "{erased}");
    assert_eq!((&kept["seq"], &kept["content"]), (&json!(2), &json!("bob's answer")));
    let rows = world.table.rows().await;
    assert!(!rows.iter().any(|row| format!("{row:?}").contains("ada's secret")));
}
