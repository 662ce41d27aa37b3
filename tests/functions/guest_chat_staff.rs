//! The hotel's side: the inbox, waking the staff, erasure.

use guest_chat::handle;
use serde_json::{Value, json};
use tests::guest_chat::{as_guest, as_guest_of, as_service, as_staff, guest_writes, hire, inbox, staff_writes};
use tests::{Fault, Request, World, consumer};

const STAFF_CHANNEL: &str = "private-hotel-killarney-staff";

async fn guest_of(world: &World, booking: &str, text: &str) -> Value {
    let reply = world.send(handle, &as_guest_of(booking, "POST /messages").json(&json!({ "message": text }))).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    // The inbox goes by the millisecond.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    reply.body["message"].clone()
}

#[tokio::test]
async fn the_inbox_has_the_chat_with_the_newest_message_first_and_what_is_unread() {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    for (booking, text) in [("BK-1", "one"), ("BK-2", "two"), ("BK-3", "three"), ("BK-1", "one more")] {
        guest_of(&world, booking, text).await;
    }
    let read = as_staff("ada", "PUT /read").path("bookingId", "BK-1").json(&json!({ "seq": 1 }));
    assert_eq!(world.send(handle, &read).await.status, 200);
    let view = |reply: &tests::Reply| {
        let chats = reply.body["chats"].as_array().unwrap().iter();
        chats
            .map(|chat| {
                let preview = chat["lastMessage"]["preview"].as_str().unwrap_or("-").to_owned();
                (chat["bookingId"].as_str().unwrap().to_owned(), preview, chat["unreadCount"].as_u64().unwrap())
            })
            .collect::<Vec<_>>()
    };
    let chat = |booking: &str, preview: &str, unread| (booking.to_owned(), preview.to_owned(), unread);
    let first = world.send(handle, &inbox("ada").query("limit", "2")).await;
    assert_eq!(view(&first), [chat("BK-1", "one more", 1), chat("BK-3", "three", 1)]);
    assert_eq!(first.body["chats"][0]["guestName"], "Grace");
    assert_eq!(first.body["chats"][0]["lastMessage"]["author"]["role"], "guest");
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let second = world.send(handle, &inbox("ada").query("limit", "2").query("cursor", cursor)).await;
    assert_eq!((view(&second), &second.body["nextCursor"]), (vec![chat("BK-2", "two", 1)], &Value::Null));
    let of_ben = world.send(handle, &inbox("ben")).await;
    assert_eq!(view(&of_ben)[0], chat("BK-1", "one more", 2), "a mark is a person's own");
    for wrong in [("cursor", "x"), ("limit", "51"), ("limit", "0")] {
        assert_eq!(world.send(handle, &inbox("ada").query(wrong.0, wrong.1)).await.status, 400, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_page_of_the_inbox_is_three_requests_however_many_chats_it_has() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    for n in 0..5 {
        guest_of(&world, &format!("BK-{n}"), "Hello").await;
    }
    world.knows(&tests::token("ada")).await;
    let (reply, [before, _]) = world.count(handle, &inbox("ada")).await;
    assert_eq!(
        (reply.body["chats"].as_array().unwrap().len(), before.requests),
        (5, 4),
        "two of them at once, and one for the staff's row"
    );
}

#[tokio::test]
async fn a_deleted_message_leaves_the_inbox() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    let first = guest_writes(&world, "first").await;
    let second = guest_writes(&world, "second").await;
    let delete =
        |message: &Value| as_guest("DELETE /messages/{messageId}").path("messageId", message["id"].as_str().unwrap());
    let preview = async || world.send(handle, &inbox("ada")).await.body["chats"][0]["lastMessage"]["preview"].clone();
    assert_eq!(world.send(handle, &delete(&first)).await.status, 200);
    assert_eq!(preview().await, "second");
    assert_eq!(world.send(handle, &delete(&second)).await.status, 200);
    assert_eq!(preview().await, Value::Null);
}

/// The stored notifications: the user, and the message.
async fn notified(world: &World) -> Vec<(String, Value)> {
    let rows = world.table.rows().await;
    let rows = rows.into_iter().filter(|((_, sk), _)| sk.starts_with("NOTIFICATION#"));
    rows.map(|((pk, _), row)| (pk, serde_json::from_str(row["data"].as_str().unwrap()).unwrap())).collect()
}

#[tokio::test]
async fn a_guests_message_notifies_each_of_the_staff_when_nobody_of_them_is_there() {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    let message = guest_writes(&world, "Is anybody there?").await;
    consumer::consume(&world).await.unwrap();
    let data = json!({
        "senderId": "guest;killarney;BK-2025-0123", "senderName": "Grace", "conversationId": "killarney/BK-2025-0123", "hotelSlug": "killarney",
        "bookingId": "BK-2025-0123", "messageId": message["id"],
    });
    assert_eq!(notified(&world).await, [("USER#ada".to_owned(), data.clone()), ("USER#ben".to_owned(), data)]);
    let events = consumer::owed(&world).await.into_iter().filter(|owed| owed["kind"] == "pusher");
    let owed: Vec<_> = events.map(|owed| owed["channel"].clone()).collect();
    assert_eq!(owed, ["private-user-ada", "private-user-ben"], "each notification owes its own event");
    // The staff's own messages wake nobody.
    staff_writes(&world, "ada", "Good evening").await;
    consumer::consume(&world).await.unwrap();
    assert_eq!(notified(&world).await.len(), 2);
}

#[tokio::test]
async fn nobody_is_notified_while_somebody_of_the_staff_has_the_inbox_open() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    world.pusher.set_users(STAFF_CHANNEL, &["ada"]);
    guest_writes(&world, "Hello").await;
    consumer::consume(&world).await.unwrap();
    assert!(notified(&world).await.is_empty());
    assert!(consumer::owed(&world).await.is_empty());
}

#[tokio::test]
async fn the_staff_are_notified_when_pusher_does_not_say_who_is_there() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    world.pusher.set_users(STAFF_CHANNEL, &["ada"]);
    guest_writes(&world, "Hello").await;
    world.pusher.respond_always(Some(500));
    consumer::consume(&world).await.unwrap();
    assert_eq!(notified(&world).await.len(), 1);
}

#[tokio::test]
async fn a_consumer_that_is_killed_between_two_notifications_gives_each_of_the_staff_one() {
    let world = World::new().await;
    hire(&world, &["ada", "ben", "zoe"]).await;
    guest_writes(&world, "Hello").await;
    // The table takes one of the notifications, and then fails.
    let failure = Fault::refusal(400, "ValidationException");
    world.table.inject("TransactWriteItems", &[failure.clone(), failure]);
    consumer::consume(&world).await.unwrap();
    assert_eq!(notified(&world).await.len(), 1);
    consumer::age(&world, 1_000).await;
    consumer::consume(&world).await.unwrap();
    let mut told: Vec<_> = notified(&world).await.into_iter().map(|(user, _)| user).collect();
    told.sort();
    assert_eq!(told, ["USER#ada", "USER#ben", "USER#zoe"]);
}

#[tokio::test]
async fn the_notifications_of_one_booking_have_one_tag_within_a_minute() {
    let world = World::with_push().await;
    hire(&world, &["ada"]).await;
    for text in ["one", "two"] {
        guest_writes(&world, text).await;
        consumer::consume(&world).await.unwrap();
    }
    guest_of(&world, "BK-9", "three").await;
    consumer::consume(&world).await.unwrap();
    let rows = world.table.rows().await;
    let groups: Value =
        serde_json::from_str(rows[&("USER#ada".to_owned(), "NOTIFICATIONS".to_owned())]["recent"].as_str().unwrap())
            .unwrap();
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
    assert_eq!(notified(&world).await.len(), 3, "each is stored");
}

/// The rows that name a user.
async fn traces(world: &World, of: &str) -> Vec<String> {
    let rows = world.table.rows().await;
    let rows = rows.into_iter().filter(|((_, sk), _)| !sk.starts_with("LIMIT#") && !sk.starts_with("STAFF#"));
    rows.map(|row| format!("{row:?}")).filter(|row| row.contains(of)).collect()
}

fn erase(user: &str) -> Request {
    as_service("DELETE /conversations/authors/{userId}").path("userId", user)
}

#[tokio::test]
async fn messages_of_an_erased_account_lose_their_text_page_by_page() {
    let world = World::new().await;
    hire(&world, &["ursula", "ben"]).await;
    for booking in ["BK-1", "BK-2"] {
        for n in 0..14 {
            let to = as_staff("ursula", "POST /messages").path("bookingId", booking);
            assert_eq!(world.send(handle, &to.json(&json!({ "message": format!("ursula's {n}") }))).await.status, 201);
        }
    }
    guest_of(&world, "BK-1", "the guest's").await;
    world.pusher.take_sent();
    let (mut cursor, mut erased, mut calls) = (None::<String>, 0, 0);
    loop {
        let request = cursor.iter().fold(erase("ursula"), |request, cursor| request.query("cursor", cursor));
        let reply = world.send(handle, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        erased += reply.body["erased"].as_u64().unwrap();
        calls += 1;
        cursor = reply.body["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((erased, calls), (28, 2));
    assert_eq!(traces(&world, "ursula").await, Vec::<String>::new());
    assert_eq!(traces(&world, "Ursula").await, Vec::<String>::new());
    let page = world.send(handle, &as_staff("ben", "GET /messages").path("bookingId", "BK-1")).await;
    let messages = page.body["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["message"]), (15, &json!("the guest's")), "numbers stay whole");
    assert_eq!(messages[1]["author"], json!({ "id": null, "name": "", "role": "staff" }));
    let told = world.pusher.take_sent();
    assert_eq!(told.len(), 56);
    assert!(told.iter().all(|(.., data)| data["type"] == "message_deleted"));
    assert_eq!(world.send(handle, &erase("ursula")).await.body, json!({ "erased": 0, "nextCursor": null }));
}

#[tokio::test]
async fn an_erasure_that_fails_half_way_is_taken_up_by_the_next_call() {
    let world = World::new().await;
    for n in 0..3 {
        guest_writes(&world, &format!("secret {n}")).await;
    }
    let guest = "guest;killarney;BK-2025-0123";
    let failure = Fault::refusal(400, "ValidationException");
    world.table.inject("TransactWriteItems", &[failure]);
    assert_eq!(world.send(handle, &erase(guest)).await.status, 500);
    let reply = world.send(handle, &erase(guest)).await;
    assert_eq!(reply.body, json!({ "erased": 3, "nextCursor": null }));
    for trace in [guest, "Grace", "secret"] {
        assert_eq!(traces(&world, trace).await, Vec::<String>::new(), "{trace}");
    }
}

#[tokio::test]
async fn a_message_that_its_author_had_deleted_loses_its_author_without_another_word() {
    let world = World::new().await;
    let message = guest_writes(&world, "Hello").await;
    let delete = as_guest("DELETE /messages/{messageId}").path("messageId", message["id"].as_str().unwrap());
    world.send(handle, &delete).await;
    world.pusher.take_sent();
    let reply = world.send(handle, &erase("guest;killarney;BK-2025-0123")).await;
    assert_eq!(reply.body["erased"], 1);
    assert!(world.pusher.take_sent().is_empty());
    assert_eq!(traces(&world, "Grace").await, Vec::<String>::new());
}

#[tokio::test]
async fn only_services_erase() {
    let world = World::new().await;
    let request = Request::new("DELETE /conversations/authors/{userId}").path("userId", "ada").by("ada");
    assert_eq!(world.send(handle, &request).await.status, 403);
    assert_eq!(world.send(handle, &erase("a b")).await.status, 400);
    assert_eq!(world.send(handle, &erase("ada").query("cursor", "x")).await.status, 400);
}

#[tokio::test]
async fn a_member_of_the_staff_who_reads_is_not_named() {
    let world = World::new().await;
    hire(&world, &["benno"]).await;
    world.table.take_requests();
    world.send(handle, &as_staff("benno", "GET /messages")).await;
    let first = world.table.take_requests().remove("GetItem");
    world.send(handle, &as_staff("benno", "GET /messages")).await;
    assert_eq!(first, world.table.take_requests().remove("GetItem"));
}
