//! Conversations whose rows two versions write: a stack is updated while it runs. The version before gave each message an entry in the
//! index, and wrote its author's read mark with each.

use serde_json::{Value, json};
use shared::chats::{self, Conversation, Seq};
use shared::contract::id::{BookingId, HotelSlug, UserId};
use tests::consumer::{age, consume, owed};
use tests::guest_chat::{as_guest, as_service, guest_writes, hire, inbox, staff_writes};
use tests::{World, token};

const CHAT: &str = "CHAT#GUEST#killarney#BK-2025-0123";
const GUEST: &str = "guest;killarney;BK-2025-0123";

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// How many messages come after this reader's mark.
async fn unread(world: &World, reader: &str) -> u64 {
    let (hotel, booking) = (HotelSlug::parse("killarney").unwrap(), BookingId::parse("BK-2025-0123").unwrap());
    let conversation = Conversation::guest(&hotel, &booking);
    let (head, mark) = chats::head_and_mark(&world.app.table, &conversation, &user(reader)).await.unwrap();
    head.unread_after(mark)
}

async fn seq_of_mark(world: &World, reader: &str) -> Option<u64> {
    world.table.row(CHAT, &format!("READ#{reader}")).await.map(|row| row["seq"].as_u64().unwrap())
}

async fn head(world: &World) -> Value {
    json!(world.table.row(CHAT, "HEAD").await.unwrap())
}

/// A conversation as the version before wrote it: three messages of the guest, and one of ada's in between.
async fn earlier(world: &World) {
    let authors = [(1, GUEST, "guest"), (2, "ada", "staff"), (3, GUEST, "guest"), (4, GUEST, "guest")];
    let at = |seq: i64| 1_790_000_000_000_i64 + seq * 1000;
    let message = |(seq, author, role): (i64, &str, &str)| {
        json!({ "pk": CHAT, "sk": format!("MSG#{seq:012}"), "id": format!("{seq:012}-{}", "0".repeat(32)), "author": author,
            "author_name": "Somebody", "role": role, "text": "Hello", "created_at": at(seq),
            "gsi1pk": format!("AUTHOR#{author}"), "gsi1sk": CHAT })
    };
    let mark = |reader: &str, seq: u64| json!({ "pk": CHAT, "sk": format!("READ#{reader}"), "seq": seq, "gsi1pk": format!("AUTHOR#{reader}"), "gsi1sk": CHAT });
    let mut rows: Vec<Value> = authors.map(message).into();
    rows.extend([mark(GUEST, 4), mark("ada", 2)]);
    rows.push(json!({ "pk": CHAT, "sk": "HEAD", "seq": 4, "last_at": at(4), "preview": "Hello", "last_author": GUEST,
        "last_author_name": "Somebody", "last_role": "guest", "guest_name": "Somebody",
        "gsi1pk": "CHATS#HOTEL#killarney", "gsi1sk": "2026-09-21T14:13:24.000Z" }));
    rows.push(
        json!({ "pk": format!("USER#{GUEST}"), "sk": "LIMIT#messages", "due": at(4), "expires_at": 1_795_000_000 }),
    );
    world.table.put_rows(&rows).await;
}

#[tokio::test]
async fn a_conversation_of_the_version_before_is_read_and_goes_on() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    earlier(&world).await;
    assert_eq!((unread(&world, GUEST).await, unread(&world, "ada").await), (0, 2));
    let chats = world.send(guest_chat::handle, &inbox("ada")).await.body;
    assert_eq!((&chats["chats"][0]["unreadCount"], &chats["chats"][0]["lastMessage"]["seq"]), (&json!(2), &json!(4)));

    for (seq, read) in [(5, 5), (6, 5)] {
        assert_eq!(guest_writes(&world, "Anybody there?").await["seq"], seq);
        assert_eq!((unread(&world, GUEST).await, seq_of_mark(&world, GUEST).await), (0, Some(read)));
    }
    assert_eq!(unread(&world, "ada").await, 4);
    staff_writes(&world, "ada", "Yes").await;
    assert_eq!((unread(&world, GUEST).await, unread(&world, "ada").await), (1, 0));
    assert_eq!(head(&world).await["wrote"], json!({ GUEST: 6, "ada": 7 }));
}

/// The version before writes the mark's row with each message, and leaves what it does not know in the head as it is.
#[tokio::test]
async fn a_message_that_the_version_before_writes_in_between_counts_as_read_by_its_author() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    guest_writes(&world, "Hello").await;
    staff_writes(&world, "ada", "Good evening").await;
    assert_eq!(head(&world).await["wrote"], json!({ GUEST: 1, "ada": 2 }));
    world.table.set_number((CHAT, "HEAD"), "seq", 3).await;
    world.table.set_number((CHAT, "READ#ada"), "seq", 3).await;
    assert_eq!((unread(&world, GUEST).await, unread(&world, "ada").await), (2, 0));
    staff_writes(&world, "ada", "How can I help?").await;
    assert_eq!((unread(&world, "ada").await, seq_of_mark(&world, "ada").await), (0, Some(3)));
}

/// It needs the attributes that it reads, and for an erasure the mark's entry in the index.
#[tokio::test]
async fn the_version_before_can_read_what_this_one_writes() {
    let world = World::new().await;
    guest_writes(&world, "Hello").await;
    let message = world.table.row(CHAT, "MSG#000000000001").await.unwrap();
    for needed in ["id", "author", "author_name", "role", "text", "created_at"] {
        assert!(message.contains_key(needed), "{needed}");
    }
    let head = head(&world).await;
    for needed in
        ["seq", "last_at", "preview", "last_author", "last_author_name", "last_role", "guest_name", "gsi1pk", "gsi1sk"]
    {
        assert!(!head[needed].is_null(), "{needed}");
    }
    let mark = json!(world.table.row(CHAT, &format!("READ#{GUEST}")).await.unwrap());
    let expected = json!({ "pk": CHAT, "sk": format!("READ#{GUEST}"), "seq": 1, "gsi1pk": format!("AUTHOR#{GUEST}"), "gsi1sk": CHAT });
    assert_eq!(mark, expected);
}

/// The version before stored each event in full. It leaves entries by name, whose kinds it does not know, to a version that does
/// (`delivery_faults.rs`, of an unknown kind).
#[tokio::test]
async fn the_events_of_both_versions_are_delivered() {
    let world = World::new().await;
    let writes = as_guest("POST /messages").json(&json!({ "message": "Hello" }));
    world.send_and_kill(guest_chat::handle, &writes).await;
    let by_name = world.table.row(CHAT, "MSG#000000000001").await.unwrap()["outbox"].as_str().unwrap().to_owned();
    assert!(by_name.contains("pusherOfRow") && !by_name.contains("Hello"), "{by_name}");
    let in_full = json!({ "owed": owed(&world).await }).to_string();
    assert!(in_full.contains("realtime_event") && in_full.contains("Hello"), "{in_full}");
    let mut sent = Vec::new();
    for outbox in [by_name, in_full] {
        world.table.set_text((CHAT, "MSG#000000000001"), "outbox", &outbox).await;
        age(&world, 10).await;
        consume(&world).await.unwrap();
        assert!(owed(&world).await.is_empty());
        sent.push(world.pusher.take_sent());
    }
    assert_eq!((sent[0].len(), &sent[0]), (2, &sent[1]));
}

#[tokio::test]
async fn an_erasure_finds_the_messages_of_both_versions() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    earlier(&world).await;
    guest_writes(&world, "Anybody there?").await;
    staff_writes(&world, "ada", "Yes").await;
    guest_writes(&world, "Thank you").await;
    let erase = as_service("DELETE /conversations/authors/{userId}").path("userId", GUEST);
    let reply = world.send(guest_chat::handle, &erase).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({ "erased": 5, "nextCursor": null })));
    let rows = world.table.every_row().await.into_iter().filter(|((pk, _), _)| pk == CHAT);
    let left: Vec<_> =
        rows.map(|(_, mut row)| row.remove("outbox").map_or_else(|| json!(row), |_| json!(row))).collect();
    assert!(left.iter().all(|row| !row.to_string().contains(GUEST)), "{left:?}");
    assert_eq!(unread(&world, "ada").await, 1);
    let erase = as_service("DELETE /conversations/authors/{userId}").path("userId", "ada");
    assert_eq!(world.send(guest_chat::handle, &erase).await.body["erased"], 2);
}

#[tokio::test]
async fn a_head_names_so_many_authors_and_the_others_have_their_marks_in_rows() {
    let world = World::new().await;
    let staff: Vec<_> = (0..10).map(|n| format!("staff-{n}")).collect();
    hire(&world, &staff.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for user in staff.iter().chain(&staff) {
        world.knows(&token(user)).await;
        staff_writes(&world, user, "Hello").await;
    }
    let head = head(&world).await;
    assert_eq!(head["wrote"].as_object().unwrap().len(), 8);
    assert!(head.to_string().len() < 1_000, "{head}");
    for (n, user) in (0_u64..).zip(&staff) {
        assert_eq!(unread(&world, user).await, 9 - n, "{user}");
        let stored = if n < 8 { n + 1 } else { n + 11 };
        assert_eq!(seq_of_mark(&world, user).await, Some(stored), "{user}");
    }
    let seq = Seq(20);
    assert_eq!(head["seq"], json!(seq.0));
}
