//! A guest's chat with a hotel: messages, pages, deletion, read marks.

use guest_chat::handle;
use serde_json::{Value, json};
use tests::consumer::{self, owed};
use tests::guest_chat::{as_guest, as_staff, guest_writes, hire, staff_writes};
use tests::{Reply, Request, World};

const CHANNEL: &str = "private-hotel-killarney-guest-chat-booking-BK-2025-0123";
const STAFF_CHANNEL: &str = "private-hotel-killarney-staff";

fn post(text: &str) -> Request {
    as_guest("POST /messages").json(&json!({ "message": text }))
}

fn numbers(reply: &Reply) -> Vec<u64> {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_context_has_the_channel_and_the_event_of_the_contract_and_what_a_page_needs() {
    let world = World::new().await;
    let reply = world.send(handle, &as_guest("GET /context")).await;
    let expected = json!({
        "pusher": { "channel": CHANNEL, "event": "realtime_event" },
        "hotel": "killarney",
        "booking": "BK-2025-0123",
        "guest": { "id": "guest;killarney;BK-2025-0123", "name": "Grace" },
        "unreadCount": 0,
    });
    assert_eq!((reply.status, reply.body), (200, expected));
}

#[tokio::test]
async fn a_message_reaches_the_chat_and_the_inbox_of_the_staff() {
    let world = World::new().await;
    let message = guest_writes(&world, "Hello!").await;
    let author = json!({ "id": "guest;killarney;BK-2025-0123", "name": "Grace", "role": "guest" });
    assert_eq!((&message["seq"], &message["author"], &message["message"]), (&json!(1), &author, &json!("Hello!")));
    let event = json!({ "type": "chat_message", "message": message });
    let mut of_staff = event.clone();
    of_staff["bookingId"] = json!("BK-2025-0123");
    let sent = world.pusher.take_sent();
    let name = "realtime_event".to_owned();
    assert_eq!(sent, [(CHANNEL.to_owned(), name.clone(), event), (STAFF_CHANNEL.to_owned(), name, of_staff)]);
    assert_eq!(world.pusher.take_batches(), [2], "in one request");
}

#[tokio::test]
async fn a_text_is_kept_as_it_was_sent() {
    let world = World::new().await;
    for text in ["<b>&amp;</b>", "a\nb\tc", " é👋🏽 ", "\"\\u0000\"", &"é".repeat(4_000)] {
        let reply = world.send(handle, &post(text)).await;
        assert_eq!((reply.status, &reply.body["message"]["message"]), (201, &json!(text)));
    }
}

#[tokio::test]
async fn a_paste_keeps_its_tabs_and_gets_one_kind_of_line_break() {
    let world = World::new().await;
    let reply = world.send(handle, &post("Room\tNights\r\n12\t3\rthanks")).await;
    assert_eq!((reply.status, &reply.body["message"]["message"]), (201, &json!("Room\tNights\n12\t3\nthanks")));
}

#[tokio::test]
async fn four_thousand_characters_fit_however_they_are_written() {
    let world = World::new().await;
    let written = |escaped: &str, times: usize| {
        let body = format!(r#"{{"message":"{}"}}"#, escaped.repeat(times));
        as_guest("POST /messages").header("content-type", "application/json").body(&body)
    };
    for (escaped, character, times) in
        [(r"\u00e9", "é", 4_000), (r"\u0061", "a", 4_000), (r"\u4e2d", "中", 3_200), (r"\ud83d\ude00", "😀", 2_400)]
    {
        let reply = world.send(handle, &written(escaped, times)).await;
        assert_eq!(reply.status, 201, "{:.200}", reply.body);
        assert_eq!(reply.body["message"]["message"], json!(character.repeat(times)));
    }
    let rows = world.table.rows().await;
    let reply = world.send(handle, &written(r"\u4e2d", 3_500)).await;
    let told = reply.body["message"].as_str().unwrap();
    assert_eq!(reply.status, 413, "{told}");
    let [has, most] = ["has ", "at most "].map(|before| {
        let number = told.split(before).nth(1).unwrap().split(|c: char| !c.is_ascii_digit()).next().unwrap();
        number.parse::<usize>().unwrap()
    });
    assert!(has > 3 * 3_500 && most == 10_240, "{told}");
    assert_eq!(world.table.rows().await, rows, "nothing was written");
}

#[tokio::test]
async fn a_blank_or_malformed_text_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    for text in ["", "  ", "a\0b", "a\u{7}b", &"x".repeat(4_001)] {
        let reply = world.send(handle, &post(text)).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.body["message"].as_str().unwrap().starts_with("message must be 1 to 4000 characters"));
    }
    for body in [json!({}), json!({ "message": 7 }), json!({ "message": null }), json!([])] {
        assert_eq!(world.send(handle, &as_guest("POST /messages").json(&body)).await.status, 400, "{body}");
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn a_message_whose_event_would_be_over_10_kb_is_refused_before_anything_is_written() {
    let world = World::new().await;
    // Short enough as a text and as a body: the event has some more around it.
    let reply = world.send(handle, &post(&"👋".repeat(2_540))).await;
    assert_eq!(reply.status, 413, "{reply:?}");
    assert!(world.table.rows().await.is_empty());
    assert!(world.pusher.take_sent().is_empty());
    let reply = world.send(handle, &post(&"👋".repeat(2_400))).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test]
async fn a_guest_writes_thirty_messages_at_once_and_is_then_told_how_long_to_wait() {
    let world = World::new().await;
    let began = std::time::Instant::now();
    let mut written = 0;
    let reply = loop {
        let reply = world.send(handle, &post("Hello")).await;
        if reply.status != 201 {
            break reply;
        }
        written += 1;
    };
    assert_eq!(reply.status, 429);
    let wait: u64 = reply.headers["retry-after"].parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    // One more every two seconds, on however slow a machine.
    let most = 30 + began.elapsed().as_secs() / 2;
    assert!((30..=most).contains(&written), "{written}");
    let page = world.send(handle, &as_guest("GET /messages").query("limit", "100")).await;
    assert_eq!(numbers(&page).len() as u64, written, "a refused one took no number");
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_message_and_another_body_is_refused() {
    let world = World::new().await;
    let with_key = |text| post(text).header("idempotency-key", "k1");
    let first = world.send(handle, &with_key("Hello")).await;
    let again = world.send(handle, &with_key("Hello")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(
        (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"].as_str()),
        (None, "true")
    );
    assert_eq!(world.send(handle, &with_key("Other")).await.status, 422);
    assert_eq!(guest_writes(&world, "next").await["seq"], 2);
    assert_eq!(world.pusher.take_sent().len(), 4, "two messages, each to two channels");
}

#[tokio::test]
async fn pages_go_back_from_the_newest_and_forward_from_any() {
    let world = World::new().await;
    for n in 1..=5 {
        guest_writes(&world, &n.to_string()).await;
    }
    let page = async |query: &[(&str, &str)]| {
        let get = as_guest("GET /messages");
        world.send(handle, &query.iter().fold(get, |get, (name, value)| get.query(name, value))).await
    };
    let newest = page(&[("limit", "2")]).await;
    assert_eq!((numbers(&newest), &newest.body["nextCursor"]), (vec![5, 4], &json!("4")));
    let older = page(&[("limit", "2"), ("before", "4")]).await;
    assert_eq!((numbers(&older), &older.body["nextCursor"]), (vec![3, 2], &json!("2")));
    let oldest = page(&[("before", "2")]).await;
    assert_eq!((numbers(&oldest), &oldest.body["nextCursor"]), (vec![1], &Value::Null));
    let missed = page(&[("limit", "2"), ("after", "2")]).await;
    assert_eq!((numbers(&missed), &missed.body["nextCursor"]), (vec![3, 4], &json!("4")));
    assert_eq!(numbers(&page(&[("after", "5")]).await), Vec::<u64>::new());
    assert_eq!(numbers(&page(&[("before", "1")]).await), Vec::<u64>::new());
    for wrong in [("before", "x"), ("after", "-1"), ("limit", "0"), ("limit", "101")] {
        assert_eq!(page(&[wrong]).await.status, 400, "{wrong:?}");
    }
    assert_eq!(page(&[("before", "3"), ("after", "1")]).await.status, 400);
}

#[tokio::test]
async fn a_poll_that_finds_nothing_new_costs_half_a_read_unit() {
    let world = World::new().await;
    let message = guest_writes(&world, "Hello").await;
    let etag = world.send(handle, &as_guest("GET /messages")).await.headers["etag"].clone();
    let poll = as_guest("GET /messages").header("if-none-match", &etag);
    let (reply, [before, after]) = world.count(handle, &poll).await;
    assert_eq!((reply.status, reply.body, &reply.headers["etag"]), (304, Value::Null, &etag));
    assert_eq!((before.requests, before.read_units, after.requests), (1, 0.5, 0));

    guest_writes(&world, "More").await;
    let changed = world.send(handle, &poll).await;
    assert_eq!(numbers(&changed), [2, 1]);
    let poll = as_guest("GET /messages").header("if-none-match", &changed.headers["etag"]);
    let delete = as_guest("DELETE /messages/{messageId}").path("messageId", message["id"].as_str().unwrap());
    assert_eq!(world.send(handle, &delete).await.status, 200);
    let deleted = world.send(handle, &poll).await;
    assert_eq!((numbers(&deleted), &deleted.body["messages"][1].get("message")), (vec![2, 1], &None));
}

#[tokio::test]
async fn a_deleted_message_leaves_its_number_and_nothing_that_it_said() {
    const SECRET: &str = "the code of the safe is 4711";
    let world = World::new().await;
    // Its process is killed after the response, so its events are still owed.
    let reply = world.send_and_kill(handle, &post(SECRET)).await;
    let id = reply.body["message"]["id"].as_str().unwrap().to_owned();
    assert!(owed(&world).await.iter().any(|owed| owed.to_string().contains(SECRET)));

    let delete = as_guest("DELETE /messages/{messageId}").path("messageId", &id);
    let deleted = world.send(handle, &delete).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    let left = &deleted.body["message"];
    assert_eq!((&left["id"], &left["seq"], left.get("message")), (&json!(id), &json!(1), None));
    assert!(left["deletedAt"].is_string());
    assert!(
        !format!("{:?}", world.table.rows().await).contains(SECRET),
        "neither in the row, the inbox, nor what is owed"
    );
    assert!(world.pusher.take_sent().is_empty(), "the first writer may be delivering: its lease runs");

    consumer::age(&world, 10).await;
    consumer::consume(&world).await.unwrap();
    let sent = world.pusher.take_sent();
    assert_eq!(sent.iter().map(|(channel, ..)| channel.as_str()).collect::<Vec<_>>(), [CHANNEL, STAFF_CHANNEL]);
    assert_eq!(sent[0].2, json!({ "type": "message_deleted", "message": left }));
    assert_eq!(world.send(handle, &delete).await.body, deleted.body, "twice is the same");
    assert_eq!(guest_writes(&world, "next").await["seq"], 2);
}

#[tokio::test]
async fn only_its_author_deletes_a_message() {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    let of_guest = guest_writes(&world, "Hello").await;
    let of_ada = staff_writes(&world, "ada", "Good evening").await;
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    let delete = "DELETE /messages/{messageId}";
    for request in [
        as_staff("ada", delete).path("messageId", &id(&of_guest)),
        as_staff("ben", delete).path("messageId", &id(&of_ada)),
        as_guest(delete).path("messageId", &id(&of_ada)),
    ] {
        assert_eq!(world.send(handle, &request).await.status, 403);
    }
    for unknown in
        ["", "1", "000000000001-00000000000000000000000000000000", "000000000009-00000000000000000000000000000000"]
    {
        assert_eq!(world.send(handle, &as_guest(delete).path("messageId", unknown)).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn a_read_mark_moves_forward_only_and_tells_the_other_side() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    for text in ["1", "2", "3"] {
        guest_writes(&world, text).await;
    }
    world.pusher.take_sent();
    let read = async |seq: u64| {
        let reply = world.send(handle, &as_staff("ada", "PUT /read").json(&json!({ "seq": seq }))).await;
        (reply.status, reply.body["seq"].as_u64().unwrap(), reply.body["unreadCount"].as_u64().unwrap())
    };
    assert_eq!(read(2).await, (200, 2, 1));
    let sent = world.pusher.take_sent();
    let event = &sent[0].2;
    assert_eq!((sent[0].0.as_str(), sent[1].0.as_str()), (CHANNEL, STAFF_CHANNEL));
    let expected = json!({ "id": "ada", "role": "staff" });
    assert_eq!((&event["type"], &event["reader"], &event["seq"]), (&json!("messages_read"), &expected, &json!(2)));
    assert_eq!(read(1).await, (200, 2, 1), "not back");
    assert_eq!(read(99).await, (200, 3, 0), "not past the newest");
    assert_eq!(read(3).await, (200, 3, 0));
    let told = world.pusher.take_names();
    let to_each = ["realtime_event", "realtime_event", "conversation:read"];
    assert_eq!(told, to_each, "only what moved is told");
    for body in [json!({}), json!({ "seq": -1 }), json!({ "seq": "1" }), json!({ "seq": 1.5 })] {
        assert_eq!(world.send(handle, &as_staff("ada", "PUT /read").json(&body)).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn of_several_pending_read_marks_only_the_last_is_sent() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    for text in ["1", "2"] {
        guest_writes(&world, text).await;
    }
    world.pusher.take_sent();
    for seq in [1, 2] {
        world.send_and_kill(handle, &as_staff("ada", "PUT /read").json(&json!({ "seq": seq }))).await;
    }
    consumer::age(&world, 10).await;
    consumer::consume(&world).await.unwrap();
    let seqs: Vec<_> = world.pusher.take_sent().into_iter().map(|(.., data)| data["seq"].clone()).collect();
    assert_eq!(seqs, [json!(2), json!(2), json!(2)], "to the guest, the staff and the reader");
}

#[tokio::test]
async fn a_users_own_message_is_not_unread_to_them() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    guest_writes(&world, "Hello").await;
    let unread = async || world.send(handle, &as_guest("GET /context")).await.body["unreadCount"].clone();
    assert_eq!(unread().await, 0);
    staff_writes(&world, "ada", "Good evening").await;
    staff_writes(&world, "ada", "How can I help?").await;
    assert_eq!(unread().await, 2);
    let reply = world.send(handle, &as_guest("PUT /read").json(&json!({ "seq": 3 }))).await;
    assert_eq!(reply.body, json!({ "seq": 3, "unreadCount": 0 }));
    assert_eq!(unread().await, 0);
}
