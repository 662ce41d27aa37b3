//! The list of a user's conversations of every kind.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::contract::time::Millis;
use tests::guest_chat::{as_guest_of, as_service, as_staff, guest_writes, hire};
use tests::{Request, World, lease};

use crate::sockets::{connect, emit};

/// Lets each of these users, on a connection of their own, write to a user.
pub(crate) async fn written_by(world: &World, authors: &[impl AsRef<str>], to: &str) {
    world.knows(&tests::token(to)).await;
    for author in authors.iter().map(AsRef::as_ref) {
        connect(world, "ws", &format!("{author}-1"), author).await;
        Box::pin(writes(world, author, to, "Hello")).await;
    }
    world.sockets.take_posted();
}

/// A user who is connected writes to another.
async fn writes(world: &World, author: &str, to: &str, content: &str) {
    let data = json!({ "receiverId": to, "content": content });
    emit(world, "ws", &format!("{author}-1"), "sendMessage", &data).await;
    // The next message is newer by more than a millisecond.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

async fn page(world: &World, user: &str, query: &[(&str, &str)]) -> Value {
    let request = query.iter().fold(Request::new("GET /conversations").by(user), |request, (n, v)| request.query(n, v));
    let reply = Box::pin(world.send(messages::handle, &request)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

/// The other user, lease or booking of each conversation of a page, and its number of unread messages.
fn shown(page: &Value) -> Vec<(String, u64)> {
    let shown = page["conversations"].as_array().unwrap().iter().map(|one| {
        let with = [&one["user"]["userId"], &one["bailId"], &one["bookingId"]].into_iter().find_map(Value::as_str);
        (with.unwrap().to_owned(), one["unreadCount"].as_u64().unwrap())
    });
    shown.collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(with, unread)| ((*with).to_owned(), *unread)).collect()
}

async fn rest() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

#[tokio::test]
async fn conversations_of_every_kind_are_in_one_list_the_newest_first() {
    let world = World::new().await;
    Box::pin(written_by(&world, &["cleo"], "ada")).await;
    Box::pin(lease::put(&world, json!({}))).await;
    Box::pin(lease::write(&world, "ben", "Bonjour")).await;
    rest().await;
    Box::pin(hire(&world, &["ada"])).await;
    Box::pin(guest_writes(&world, "A towel, please")).await;
    rest().await;
    let list = page(&world, "ada", &[]).await;
    assert_eq!(shown(&list), pairs(&[("BK-2025-0123", 1), ("b1", 1), ("cleo", 1)]));
    assert_eq!(
        (&list["unreadCount"], &list["isComplete"], &list["nextCursor"]),
        (&json!(3), &json!(true), &Value::Null)
    );
    let [guest, of_lease, direct] = [0, 1, 2].map(|n| &list["conversations"][n]);
    assert_eq!((&guest["kind"], &guest["hotelSlug"]), (&json!("guest"), &json!("killarney")));
    assert_eq!((&of_lease["kind"], &of_lease["title"]), (&json!("lease"), &json!("12 rue des Lilas")));
    let user = json!({ "userId": "cleo", "displayName": "Cleo", "avatarUrl": direct["user"]["avatarUrl"] });
    assert_eq!((&direct["kind"], &direct["user"], &direct["readSeq"]), (&json!("direct"), &user, &json!(0)));
    let last = &direct["lastMessage"];
    assert_eq!((&last["preview"], &last["seq"], &last["author"]["id"]), (&json!("Hello"), &json!(1), &json!("cleo")));
    assert!(Millis::parse_iso(last["createdAt"].as_str().unwrap()).is_some());
    // The conversation with the newest message is first.
    writes(&world, "cleo", "ada", "Are you there?").await;
    assert_eq!(shown(&page(&world, "ada", &[]).await), pairs(&[("cleo", 2), ("BK-2025-0123", 1), ("b1", 1)]));
    assert_eq!(shown(&page(&world, "cleo", &[]).await), pairs(&[("ada", 0)]), "one's own messages are read");
    assert_eq!(shown(&page(&world, "ben", &[]).await), pairs(&[("b1", 0)]));
    assert_eq!(page(&world, "eve", &[]).await["conversations"], json!([]));
}

#[tokio::test]
async fn read_messages_are_not_counted_and_a_deleted_one_shows_no_text() {
    let world = World::new().await;
    lease::put(&world, json!({})).await;
    let message = lease::write(&world, "ben", "Bonjour").await;
    lease::write(&world, "ben", "Vous êtes là ?").await;
    let read = lease::ask("ada", "PUT /leases/{bailId}/read").json(&json!({ "seq": message["seq"] }));
    assert_eq!(world.send(lease_chat::handle, &read).await.status, 200);
    let list = page(&world, "ada", &[]).await;
    assert_eq!((shown(&list), &list["conversations"][0]["readSeq"]), (pairs(&[("b1", 1)]), &json!(1)));
    let last = lease::write(&world, "ben", "secretly").await;
    let delete = lease::ask("ben", "DELETE /leases/{bailId}/messages/{messageId}");
    let delete = delete.path("messageId", last["id"].as_str().unwrap());
    assert_eq!(world.send(lease_chat::handle, &delete).await.status, 200);
    let list = page(&world, "ada", &[]).await;
    assert_eq!(list["conversations"][0]["lastMessage"]["preview"], Value::Null);
    assert_eq!(list["unreadCount"], 2);
}

#[tokio::test]
async fn pages_have_each_conversation_once_and_the_same_total() {
    let world = World::new().await;
    let others: Vec<_> = (0..7).map(|n| format!("user-{n}")).collect();
    written_by(&world, &others, "ada").await;
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query: Vec<_> = [("limit", Some("3")), ("cursor", cursor.as_deref())]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let list = page(&world, "ada", &query).await;
        assert_eq!(list["unreadCount"], 7);
        seen.extend(shown(&list).into_iter().map(|(with, _)| with));
        match list["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, others.iter().rev().cloned().collect::<Vec<_>>());
    for bad in ["x", "bm90aGluZw"] {
        let request = Request::new("GET /conversations").by("ada").query("cursor", bad);
        assert_eq!(world.send(messages::handle, &request).await.status, 400);
    }
}

#[tokio::test]
async fn only_the_first_message_of_a_pair_writes_a_row_for_the_list() {
    let world = World::new().await;
    written_by(&world, &["cleo"], "ada").await;
    let key = ("USER#ada".to_owned(), "CONVERSATION#CHAT#DIRECT#ada#cleo".to_owned());
    let row = world.table.rows().await.remove(&key).unwrap();
    writes(&world, "cleo", "ada", "Are you there?").await;
    assert_eq!(world.table.rows().await.remove(&key), Some(row));
    connect(&world, "ws", "ada-1", "ada").await;
    writes(&world, "ada", "cleo", "Yes").await;
    let listed =
        |rows: Vec<(String, String)>| rows.into_iter().filter(|(_, sk)| sk.starts_with("CONVERSATION#")).count();
    assert_eq!(listed(world.table.rows().await.into_keys().collect()), 1, "cleo has a read mark");
}

#[tokio::test]
async fn a_conversation_of_an_earlier_version_is_in_the_list_from_its_next_message_on() {
    let world = World::new().await;
    world.knows(&tests::token("ada")).await;
    connect(&world, "ws", "cleo-1", "cleo").await;
    let (chat, at) = ("CHAT#DIRECT#ada#cleo", Millis::now().0 - 1_000);
    let rows = [
        json!({ "pk": chat, "sk": "HEAD", "seq": 1, "last_at": at, "preview": "Hello", "last_author": "cleo",
            "last_author_name": "Cleo", "last_role": "member" }),
        json!({ "pk": chat, "sk": "MSG#000000000001", "id": "000000000001-01a225660a84736484b80e3a93689628", "author": "cleo",
            "author_name": "Cleo", "role": "member", "text": "Hello", "created_at": at }),
        json!({ "pk": chat, "sk": "READ#cleo", "seq": 1, "gsi1pk": "AUTHOR#cleo", "gsi1sk": chat }),
    ];
    world.table.put_rows(&rows).await;
    assert_eq!(shown(&page(&world, "cleo", &[]).await), pairs(&[("ada", 0)]));
    assert!(shown(&page(&world, "ada", &[]).await).is_empty());
    writes(&world, "cleo", "ada", "Are you there?").await;
    assert_eq!(shown(&page(&world, "ada", &[]).await), pairs(&[("cleo", 2)]));
}

#[tokio::test]
async fn a_lease_is_in_the_lists_of_those_who_take_part_in_it() {
    let world = World::new().await;
    lease::put(&world, json!({})).await;
    lease::write(&world, "ben", "Bonjour").await;
    lease::write(&world, "ada", "Bonjour").await;
    lease::put(&world, json!({ "clientId": "cleo" })).await;
    assert!(shown(&page(&world, "ada", &[]).await).is_empty(), "she takes part no more");
    lease::write(&world, "ben", "Bonjour, Cleo").await;
    assert_eq!(shown(&page(&world, "cleo", &[]).await), pairs(&[("b1", 3)]));
}

#[tokio::test]
async fn a_hotels_chats_are_in_the_lists_of_its_staff_alone() {
    let world = World::new().await;
    hire(&world, &["ada", "ben"]).await;
    for booking in ["BK-1", "BK-2"] {
        let write = as_guest_of(booking, "POST /messages").json(&json!({ "message": "Hello" }));
        assert_eq!(world.send(guest_chat::handle, &write).await.status, 201);
        rest().await;
    }
    let read = as_staff("ada", "PUT /read").path("bookingId", "BK-1").json(&json!({ "seq": 1 }));
    assert_eq!(world.send(guest_chat::handle, &read).await.status, 200);
    assert_eq!(shown(&page(&world, "ada", &[]).await), pairs(&[("BK-2", 1), ("BK-1", 0)]));
    assert_eq!(shown(&page(&world, "ben", &[]).await), pairs(&[("BK-2", 1), ("BK-1", 1)]));
    let remove = as_service("DELETE /hotels/{hotelSlug}/staff/{userId}").path("hotelSlug", "killarney");
    assert_eq!(world.send(guest_chat::handle, &remove.path("userId", "ada")).await.status, 204);
    assert!(shown(&page(&world, "ada", &[]).await).is_empty(), "though she has a read mark");
    hire(&world, &["ada"]).await;
    assert_eq!(shown(&page(&world, "ada", &[]).await), pairs(&[("BK-2", 1), ("BK-1", 0)]));
}

#[tokio::test]
async fn a_member_whose_row_the_app_wrote_is_in_the_index_once_a_service_puts_them() {
    let world = World::new().await;
    world.table.put(&[("pk", "HOTEL#killarney"), ("sk", "STAFF#ada")]).await;
    guest_writes(&world, "Hello").await;
    assert!(shown(&page(&world, "ada", &[]).await).is_empty());
    hire(&world, &["ada"]).await;
    assert_eq!(shown(&page(&world, "ada", &[]).await).len(), 1);
}

#[tokio::test]
async fn an_erased_user_is_in_nobodys_list_who_never_answered() {
    let world = World::new().await;
    written_by(&world, &["cleo"], "ada").await;
    let erase = |user: &str| as_service("DELETE /users/{userId}").path("userId", user);
    assert_eq!(world.send(::erasure::handle, &erase("cleo")).await.status, 200);
    assert!(shown(&page(&world, "ada", &[]).await).is_empty());
    let rows: BTreeSet<_> =
        world.table.rows().await.into_keys().filter(|(_, sk)| sk.starts_with("CONVERSATION#")).collect();
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test]
async fn the_readers_other_tabs_hear_how_far_they_have_read() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    guest_writes(&world, "Hello").await;
    lease::put(&world, json!({})).await;
    lease::write(&world, "ben", "Bonjour").await;
    lease::write(&world, "ben", "Vous êtes là ?").await;
    world.pusher.take_sent();
    let reads = lease::ask("ada", "PUT /leases/{bailId}/read").json(&json!({ "seq": 1 }));
    let of_lease = json!({ "kind": "lease", "bailId": "b1", "seq": 1, "unreadCount": 1 });
    let staff_reads = as_staff("ada", "PUT /read").json(&json!({ "seq": 1 }));
    let guest =
        json!({ "kind": "guest", "hotelSlug": "killarney", "bookingId": "BK-2025-0123", "seq": 1, "unreadCount": 0 });
    let own = |world: &World| -> Vec<Value> {
        let sent = world.pusher.take_sent().into_iter().filter(|(_, name, _)| name == "conversation:read");
        sent.inspect(|(channel, ..)| assert_eq!(channel, "private-user-ada")).map(|(.., data)| data).collect()
    };
    for (request, expected, is_lease) in [(reads, of_lease, true), (staff_reads, guest, false)] {
        for expected in [Some(expected), None] {
            let reply = if is_lease {
                world.send(lease_chat::handle, &request).await
            } else {
                world.send(guest_chat::handle, &request).await
            };
            assert_eq!(reply.status, 200, "{reply:?}");
            let mut sent = own(&world);
            sent.iter_mut().for_each(|event| drop(event.as_object_mut().unwrap().remove("readAt")));
            assert_eq!(sent, Vec::from_iter(expected), "once");
        }
    }
}

#[tokio::test]
async fn the_readers_connections_hear_how_far_they_have_read_direct_messages() {
    let world = World::new().await;
    written_by(&world, &["cleo"], "ada").await;
    for connection in ["ada-1", "ada-2"] {
        connect(&world, "ws", connection, "ada").await;
    }
    let id =
        world.send(messages::handle, &Request::new("GET /messages/{userId}").by("ada").path("userId", "cleo")).await;
    let id = id.body["messages"][0]["id"].clone();
    world.sockets.take_posted();
    for is_first in [true, false] {
        emit(&world, "ws", "ada-1", "markAsRead", &json!({ "messageId": id })).await;
        let told = world.sockets.take_of("ada-2");
        let read: Vec<_> = told.iter().filter(|event| event["event"] == "conversation:read").collect();
        assert_eq!(read.len(), usize::from(is_first), "{told:?}");
        for event in read {
            let (kind, user, seq) = (&event["data"]["kind"], &event["data"]["userId"], &event["data"]["seq"]);
            assert_eq!((kind, user, seq), (&json!("direct"), &json!("cleo"), &json!(1)));
        }
    }
    assert!(!world.sockets.take_of("cleo-1").iter().any(|event| event["event"] == "conversation:read"));
}
