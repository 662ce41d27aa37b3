//! A hotel's staff assigns chats, closes them, and lists those that are left to do.

use guest_chat::handle;
use serde_json::{Value, json};
use tests::guest_chat::{as_guest_of, as_service, as_staff, guest_writes, hire, inbox, staff_writes};
use tests::{Fault, Hold, Reply, Request, World, guest_token, token_with};

const STAFF_CHANNEL: &str = "private-hotel-killarney-staff";

/// A world in which ada and ben are killarney's staff, and its guest has written.
async fn with_chat() -> World {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    guest_writes(&world, "Hello").await;
    world.pusher.take_sent();
    world
}

async fn change(world: &World, user: &str, patch: Value) -> Reply {
    world.send(handle, &as_staff(user, "PATCH ").json(&patch)).await
}

async fn shown(world: &World, user: &str) -> Value {
    let reply = world.send(handle, &as_staff(user, "GET ")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["chat"].clone()
}

/// The bookings of ada's inbox, page by page.
async fn bookings(world: &World, limit: &str, filter: &[(&str, &str)]) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut request = inbox("ada").query("limit", limit);
        for (name, value) in filter {
            request = request.query(name, value);
        }
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor);
        }
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let booking = |chat: &Value| chat["bookingId"].as_str().unwrap().to_owned();
        pages.push(reply.body["chats"].as_array().unwrap().iter().map(booking).collect());
        cursor = reply.body["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return pages;
        }
    }
}

/// The guests of `BK-1` to this number write, one after the other.
async fn guests_write(world: &World, bookings: usize) {
    for n in 1..=bookings {
        let write = as_guest_of(&format!("BK-{n}"), "POST /messages").json(&json!({ "message": "Hello" }));
        assert_eq!(world.send(handle, &write).await.status, 201);
        // The inbox goes by the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

async fn change_that_of(world: &World, booking: &str, patch: Value) {
    let reply = world.send(handle, &as_staff("ada", "PATCH ").path("bookingId", booking).json(&patch)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn the_staff_sees_whom_a_chat_is_assigned_to_by_name_and_the_guest_hears_of_nothing() {
    let world = with_chat().await;
    let profile =
        as_service("PUT /users/{userId}/profile").path("userId", "ben").json(&json!({ "displayName": "Ben B." }));
    assert!(world.send(profiles::handle, &profile).await.status < 300);
    let reply = change(&world, "ada", json!({ "assignedTo": "ben" })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let ben = json!({ "id": "ben", "name": "Ben B." });
    assert_eq!((&reply.body["chat"]["assignedTo"], &reply.body["chat"]["state"]), (&ben, &json!("open")));
    assert_eq!(reply.body["chat"], shown(&world, "ada").await);
    assert_eq!(world.send(handle, &inbox("ada")).await.body["chats"][0], reply.body["chat"]);
    let sent = world.pusher.take_sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let (channel, name, mut data) = sent[0].clone();
    data["updatedAt"].take();
    let expected = json!({ "type": "chat_updated", "bookingId": "BK-2025-0123", "state": "open", "assignedTo": ben,
        "by": { "id": "ada", "name": "Ada" }, "updatedAt": null });
    assert_eq!((channel.as_str(), name.as_str(), data), (STAFF_CHANNEL, "realtime_event", expected));
}

#[tokio::test]
async fn of_two_who_assign_a_chat_at_once_the_later_one_gets_a_conflict_that_names_the_earlier() {
    let world = with_chat().await;
    assert_eq!(change(&world, "ada", json!({ "assignedTo": "ada" })).await.status, 200);
    let late = change(&world, "ben", json!({ "assignedTo": "ben" })).await;
    assert_eq!(late.status, 409);
    assert!(late.body["message"].as_str().unwrap().contains("Ada (ada)"), "{late:?}");
    assert_eq!(shown(&world, "ben").await["assignedTo"]["id"], "ada");
    assert_eq!(change(&world, "ben", json!({ "assignedTo": "ben", "assignedFrom": "ada" })).await.status, 200);
    let late = change(&world, "ada", json!({ "assignedTo": null, "assignedFrom": "ada" })).await;
    assert_eq!(late.status, 409, "it is no longer ada's to give up");
    assert_eq!(change(&world, "ben", json!({ "assignedTo": null, "assignedFrom": "ben" })).await.status, 200);
    assert_eq!(shown(&world, "ben").await["assignedTo"], Value::Null);
}

#[tokio::test]
async fn one_of_many_who_assign_a_chat_at_the_same_time_has_it() {
    let world = with_chat().await;
    let one = json!({ "assignedTo": "ada" });
    let other = json!({ "assignedTo": "ben" });
    let (one, other) = tokio::join!(change(&world, "ada", one), change(&world, "ben", other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_repetition_sends_no_second_event() {
    let world = with_chat().await;
    for _ in 0..2 {
        assert_eq!(change(&world, "ada", json!({ "assignedTo": "ben", "state": "closed" })).await.status, 200);
    }
    assert_eq!(world.pusher.take_sent().len(), 1);
}

#[tokio::test]
async fn a_chat_is_assigned_to_the_hotels_staff_alone() {
    let world = with_chat().await;
    for other in ["eve", "guest;killarney;BK-2025-0123"] {
        assert_eq!(change(&world, "ada", json!({ "assignedTo": other })).await.status, 422, "{other}");
    }
    let leaves = as_service("DELETE /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
    world.send(handle, &leaves.path("userId", "ben")).await;
    assert_eq!(change(&world, "ada", json!({ "assignedTo": "ben" })).await.status, 422, "removed");
    assert_eq!(change(&world, "eve", json!({ "state": "closed" })).await.status, 403);
    assert_eq!(change(&world, "ada", json!({})).await.status, 400);
    assert_eq!(change(&world, "ada", json!({ "state": "done" })).await.status, 400);
    let none = as_staff("ada", "PATCH ").path("bookingId", "BK-none").json(&json!({ "state": "closed" }));
    assert_eq!(world.send(handle, &none).await.status, 404);
    assert_eq!(world.send(handle, &as_staff("ada", "GET ").path("bookingId", "BK-none")).await.status, 404);
}

#[tokio::test]
async fn a_guests_message_reopens_a_closed_chat_and_one_of_the_staff_does_not() {
    let world = with_chat().await;
    change(&world, "ada", json!({ "state": "closed", "assignedTo": "ada" })).await;
    staff_writes(&world, "ada", "Good night").await;
    assert_eq!(shown(&world, "ada").await["state"], "closed");
    guest_writes(&world, "One more thing").await;
    let chat = shown(&world, "ada").await;
    assert_eq!(
        (&chat["state"], &chat["assignedTo"]["id"]),
        (&json!("open"), &json!("ada")),
        "who saw to it sees to it again"
    );
    assert_eq!(bookings(&world, "20", &[("state", "open")]).await, [["BK-2025-0123"]]);
    assert_eq!(bookings(&world, "20", &[("state", "closed")]).await, [[""; 0]]);
}

#[tokio::test]
async fn a_chat_is_not_closed_over_a_message_that_the_caller_has_not_seen() {
    let world = with_chat().await;
    guest_writes(&world, "And another one").await;
    let late = change(&world, "ada", json!({ "state": "closed", "seq": 1 })).await;
    assert_eq!(late.status, 409, "{late:?}");
    assert_eq!(change(&world, "ada", json!({ "state": "closed", "seq": 2 })).await.status, 200);
    let reopened = change(&world, "ada", json!({ "state": "open", "seq": 1 })).await;
    assert_eq!((reopened.status, &reopened.body["chat"]["state"]), (200, &json!("open")));
}

#[tokio::test]
async fn the_inbox_has_open_and_closed_chats_in_one_order_and_each_once() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    guests_write(&world, 7).await;
    for booking in ["BK-2", "BK-3", "BK-6"] {
        change_that_of(&world, booking, json!({ "state": "closed" })).await;
    }
    let all = [["BK-7", "BK-6"], ["BK-5", "BK-4"], ["BK-3", "BK-2"]];
    let pages = bookings(&world, "2", &[]).await;
    assert_eq!(pages[..3], all);
    assert_eq!(pages[3..], [["BK-1"]]);
    assert_eq!(bookings(&world, "2", &[("state", "open")]).await[..2], [["BK-7", "BK-5"], ["BK-4", "BK-1"]]);
    assert_eq!(bookings(&world, "2", &[("state", "closed")]).await[..2], [vec!["BK-6", "BK-3"], vec!["BK-2"]]);
}

#[tokio::test]
async fn a_filter_by_assignee_finds_the_chats_behind_those_that_it_leaves_out() {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    guests_write(&world, 60).await;
    for (booking, user) in [("BK-1", "ada"), ("BK-2", "ben"), ("BK-30", "ada"), ("BK-60", "ada")] {
        change_that_of(&world, booking, json!({ "assignedTo": user })).await;
    }
    let of_ada = bookings(&world, "2", &[("assignedTo", "me")]).await;
    assert_eq!(of_ada.concat(), ["BK-60", "BK-30", "BK-1"]);
    assert_eq!(of_ada[0].len(), 2, "a page is full while there are more");
    assert_eq!(bookings(&world, "50", &[("assignedTo", "ben")]).await.concat(), ["BK-2"]);
    let nobodys = bookings(&world, "50", &[("assignedTo", "nobody"), ("state", "open")]).await;
    assert_eq!((nobodys.concat().len(), nobodys[0].len()), (56, 50));
    for (name, value) in [("state", "new"), ("assignedTo", "a:b")] {
        assert_eq!(world.send(handle, &inbox("ada").query(name, value)).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn a_chat_that_is_closed_while_its_guest_writes_is_open_and_each_change_is_a_fact() {
    let world = World::with(&[("FACTS", "on")]).await;
    hire(&world, &["ada", "ben"]).await;
    guest_writes(&world, "Hello").await;
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let write = guest_writes(&world, "One more thing");
    let close = hold.meanwhile(change(&world, "ada", json!({ "state": "closed", "seq": 1, "assignedTo": "ben" })));
    let (_, closed) = tokio::join!(write, close);
    assert_eq!(closed.status, 200, "{closed:?}");
    assert_eq!(shown(&world, "ada").await["state"], "open");
    tests::consumer::age(&world, 4).await;
    tests::consumer::consume(&world).await.unwrap();
    let heard = world.bus.take_heard().into_iter().map(|fact| (fact.name, fact.detail));
    let mut about: Vec<_> = heard.filter(|(name, _)| name.starts_with("chat.")).collect();
    about.sort_by(|(one, _), (other, _)| one.cmp(other));
    let [(assigned, to), (_, by), (_, reopened)] = about.as_slice() else { panic!("{about:?}") };
    assert_eq!((assigned.as_str(), &to["userId"], &to["assignedBy"]), ("chat.assigned", &json!("ben"), &json!("ada")));
    assert_eq!((&to["previousUserId"], &by["closedBy"]), (&Value::Null, &json!("ada")));
    assert_eq!(reopened["reopenedBy"], "guest;killarney;BK-2025-0123");
}

#[tokio::test]
async fn a_message_of_the_staff_does_not_undo_what_a_colleague_does_meanwhile() {
    let world = with_chat().await;
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let write = staff_writes(&world, "ben", "Good night");
    let close = hold.meanwhile(change(&world, "ada", json!({ "state": "closed" })));
    tokio::join!(write, close);
    assert_eq!(shown(&world, "ada").await["state"], "closed");
}

#[tokio::test]
async fn a_service_that_acts_for_a_member_assigns_a_chat_in_their_name() {
    let world = with_chat().await;
    let assign = as_staff("ada", "PATCH ").json(&json!({ "assignedTo": "ben" }));
    let service = token_with("pms", &json!({ "roles": ["service"] }));
    let of = |user: &str| assign.clone().bearer(&service).header("on-behalf-of", user);
    assert_eq!(world.send(handle, &of("eve")).await.status, 403, "eve may not, and so a service for her");
    assert_eq!(world.send(handle, &of("ada")).await.status, 200);
    assert_eq!(world.pusher.take_sent()[0].2["by"]["id"], "ada");
}

#[tokio::test]
async fn the_list_of_conversations_says_whose_a_chat_is_and_leaves_out_what_is_closed() {
    let world = with_chat().await;
    change(&world, "ada", json!({ "assignedTo": "ben" })).await;
    let list = async || {
        let reply = world.send(messages::handle, &Request::new("GET /conversations").by("ben")).await;
        (reply.body["conversations"][0]["assignedTo"]["id"].clone(), reply.body["unreadCount"].clone())
    };
    assert_eq!(list().await, (json!("ben"), json!(1)));
    change(&world, "ada", json!({ "state": "closed" })).await;
    assert_eq!(list().await, (Value::Null, json!(0)));
    guest_writes(&world, "One more thing").await;
    assert_eq!(list().await, (json!("ben"), json!(2)));
}

/// The hotel's staff as this user sees them, page by page.
async fn colleagues(world: &World, user: &str, limit: &str) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let request = staff_of("killarney").by(user).query("limit", limit);
        let request = cursor.iter().fold(request, |request, cursor| request.query("cursor", cursor));
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        pages.push(reply.body["staff"].clone());
        cursor = reply.body["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return pages;
        }
    }
}

fn staff_of(hotel: &str) -> Request {
    Request::new("GET /hotels/{hotelSlug}/staff").path("hotelSlug", hotel)
}

#[tokio::test]
async fn the_staff_see_each_others_names_page_by_page() {
    let world = World::new().await;
    hire(&world, &["cleo", "ada", "ben"]).await;
    let put = as_service("PUT /users/{userId}/profile").path("userId", "ben");
    assert!(world.send(profiles::handle, &put.json(&json!({ "displayName": "Ben B." }))).await.status < 300);
    let of = |id: &str, name: &str| json!({ "id": id, "name": name });
    let all = [of("ada", "Ada"), of("ben", "Ben B."), of("cleo", "cleo")];
    // ada's name is in her token, and cleo has not been here yet.
    assert_eq!(colleagues(&world, "ada", "100").await.len(), 1);
    assert_eq!(colleagues(&world, "ada", "100").await, [json!(all)]);
    assert_eq!(colleagues(&world, "ada", "2").await, [json!(all[..2]), json!(all[2..])]);
    let leaves = as_service("DELETE /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
    world.send(handle, &leaves.path("userId", "ben")).await;
    assert_eq!(colleagues(&world, "ada", "2").await, [json!(all[..1]), json!(all[2..])]);
    for (name, value) in [("limit", "101"), ("cursor", "x")] {
        assert_eq!(world.send(handle, &staff_of("killarney").by("ada").query(name, value)).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn nobody_but_the_hotels_staff_and_operators_sees_their_names() {
    let world = with_chat().await;
    let guest = guest_token("killarney", "BK-2025-0123");
    let admin = token_with("root", &json!({ "roles": ["admin"] }));
    assert_eq!(world.send(handle, &staff_of("killarney").by("eve")).await.status, 403);
    assert_eq!(world.send(handle, &staff_of("killarney").bearer(&guest)).await.status, 401);
    assert_eq!(world.send(handle, &staff_of("muckross").by("ada")).await.status, 403, "another hotel's");
    assert_eq!(world.send(handle, &staff_of("killarney").bearer(&admin)).await.status, 200);
    let chat = |route: &str| as_staff("root", route).bearer(&admin).json(&json!({ "state": "closed" }));
    assert_eq!(world.send(handle, &chat("GET ")).await.status, 200, "an operator looks");
    assert_eq!(world.send(handle, &chat("PATCH ")).await.status, 403, "and changes nothing");
}

#[tokio::test]
async fn an_erased_members_name_is_on_no_chat() {
    let world = with_chat().await;
    change(&world, "ada", json!({ "assignedTo": "ben" })).await;
    let erase = as_service("DELETE /users/{userId}").path("userId", "ben");
    assert_eq!(world.send(erasure::handle, &erase).await.body["done"], true);
    assert_eq!(shown(&world, "ada").await["assignedTo"], Value::Null);
}

#[tokio::test]
async fn the_change_arrives_although_its_function_was_killed() {
    let world = with_chat().await;
    let close = as_staff("ada", "PATCH ").json(&json!({ "state": "closed" }));
    assert_eq!(world.send_and_kill(handle, &close).await.status, 200);
    tests::consumer::age(&world, 60).await;
    tests::consumer::consume(&world).await.unwrap();
    let sent = world.pusher.take_sent();
    assert!(
        sent.iter().any(|(channel, _, data)| channel == STAFF_CHANNEL && data["type"] == "chat_updated"),
        "{sent:?}"
    );
}
