//! Files of messages: uploaded by a form, sent with a message, read by a link, removed with their message.

use serde_json::{Value, json};
use shared::clients::https::HttpClient;
use shared::contract::time::Millis;
use tests::consumer::{age, consume, owed};
use tests::guest_chat::{as_guest, as_guest_of, as_staff, hire, inbox};
use tests::{Fault, Reply, Request, World, lease};

use crate::erasure::one_step;
use crate::sockets::{connect, emit};

/// A small picture, as far as its size.
const PICTURE: &[u8] = b"a picture of 27 bytes, or so";

/// As many bad answers as the SDK takes before it gives up.
const OUTAGE: [u16; 4] = [503; 4];

/// One side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Guest,
    /// A member of killarney's staff.
    Staff(&'static str),
    /// A participant of the lease `b1`.
    Lease(&'static str),
    /// One of two who write to each other, and the other.
    Direct(&'static str, &'static str),
}

/// Both sides of a conversation of each kind.
const CHATS: [[Side; 2]; 4] = [
    [Side::Guest, Side::Staff("sam")],
    [Side::Staff("sam"), Side::Guest],
    [Side::Lease("ada"), Side::Lease("ben")],
    [Side::Direct("ada", "bob"), Side::Direct("bob", "ada")],
];

impl Side {
    /// A request to this route of the side's chat, such as `POST /attachments`.
    fn ask(self, route: &str) -> Request {
        let (method, path) = route.split_once(' ').unwrap();
        match self {
            Self::Guest => as_guest(route),
            Self::Staff(user) => as_staff(user, route),
            Self::Lease(user) => lease::ask(user, &format!("{method} /leases/{{bailId}}{path}")),
            Self::Direct(user, other) => {
                let path = path.replace("/messages", "");
                Request::new(&format!("{method} /messages/{{userId}}{path}")).by(user).path("userId", other)
            }
        }
    }

    async fn send(self, world: &World, request: &Request) -> Reply {
        match self {
            Self::Guest | Self::Staff(_) => world.send(guest_chat::handle, request).await,
            Self::Lease(_) => world.send(lease_chat::handle, request).await,
            Self::Direct(..) => world.send(messages::handle, request).await,
        }
    }

    async fn ask_upload(self, world: &World, file: &Value) -> Reply {
        self.send(world, &self.ask("POST /attachments").json(file)).await
    }

    /// Uploads the picture; returns its id.
    async fn upload(self, world: &World) -> String {
        let reply = self.ask_upload(world, &picture()).await;
        assert_eq!(reply.status, 201, "{self:?} {reply:?}");
        world.bucket.post(&reply.body, PICTURE).unwrap();
        reply.body["attachmentId"].as_str().unwrap().to_owned()
    }

    /// Writes with these files. Returns the message, or the error's body.
    async fn write(self, world: &World, text: &str, ids: &[&str]) -> Value {
        let (key, body) = match self {
            Self::Guest | Self::Staff(_) => ("message", json!({ "message": text, "attachmentIds": ids })),
            Self::Lease(_) => ("message", json!({ "content": text, "attachmentIds": ids })),
            Self::Direct(user, other) => {
                let connection = format!("{user}-1");
                world.sockets.take_of(&connection);
                let data = json!({ "receiverId": other, "content": text, "attachmentIds": ids });
                emit(world, "ws", &connection, "sendMessage", &data).await;
                let told = world.sockets.take_of(&connection);
                let event = told.iter().find(|event| event["event"] == "message:sent" || event["event"] == "error");
                return event.unwrap_or_else(|| panic!("{told:?}"))["data"].clone();
            }
        };
        let reply = self.send(world, &self.ask("POST /messages").json(&body)).await;
        if reply.status == 201 { reply.body[key].clone() } else { reply.body }
    }

    async fn listed(self, world: &World) -> Value {
        self.send(world, &self.ask("GET /messages")).await.body["messages"].clone()
    }

    async fn link(self, world: &World, id: &str) -> Reply {
        self.send(world, &self.ask("GET /attachments/{attachmentId}").path("attachmentId", id)).await
    }

    async fn delete(self, world: &World, message: &Value) -> u16 {
        let id = message["id"].as_str().unwrap();
        self.send(world, &self.ask("DELETE /messages/{messageId}").path("messageId", id)).await.status
    }
}

fn picture() -> Value {
    json!({ "name": "Plan é.png", "type": "image/png", "size": PICTURE.len() })
}

/// Each conversation is there, and those who write directly are connected.
async fn world() -> World {
    world_with(&[]).await
}

async fn world_with(more: &[(&str, &str)]) -> World {
    let world = World::with(more).await;
    hire(&world, &["sam"]).await;
    lease::put(&world, json!({})).await;
    for user in ["ada", "bob"] {
        connect(&world, "ws", &format!("{user}-1"), user).await;
    }
    world.sockets.take_posted();
    world.pusher.take_sent();
    world
}

/// Lets the consumer see all rows.
async fn deliver(world: &World) {
    age(world, 4).await;
    consume(world).await.unwrap();
}

/// The key of an upload.
fn upload(id: &str) -> String {
    format!("chats/{id}")
}

/// The keys of the copies of an upload.
fn copies(world: &World, id: &str) -> Vec<String> {
    world.bucket.keys().into_iter().filter(|key| key.starts_with("messages/") && key.ends_with(id)).collect()
}

/// The key of the copy that comes with a message.
fn copy(world: &World, id: &str) -> String {
    let [copy] = &copies(world, id)[..] else { panic!("one copy: {:?}", world.bucket.keys()) };
    copy.clone()
}

async fn kinds_owed(world: &World) -> Vec<String> {
    owed(world).await.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_file_comes_with_a_message_of_every_chat_and_the_other_side_reads_it() {
    for [sender, reader] in CHATS {
        let world = world().await;
        let id = sender.upload(&world).await;
        world.pusher.take_sent();
        let message = sender.write(&world, "Look", &[&id]).await;
        let shown = json!([{ "id": id, "name": "Plan é.png", "type": "image/png", "size": PICTURE.len() }]);
        assert_eq!(message["attachments"], shown, "{sender:?} {message}");
        assert_eq!(reader.listed(&world).await[0]["attachments"], shown, "{reader:?}");
        let events = match reader {
            Side::Direct(user, _) => json!(world.sockets.take_of(&format!("{user}-1"))),
            _ => json!(world.pusher.take_sent()),
        };
        assert!(events.to_string().contains(&shown.to_string()), "{reader:?} {events}");

        let link = reader.link(&world, &id).await;
        assert_eq!(link.status, 200, "{reader:?} {link:?}");
        let expires_at = Millis::parse_iso(link.body["expiresAt"].as_str().unwrap()).unwrap();
        assert!((200..=300).contains(&Millis::now().until(expires_at).as_secs()));
        let url = link.body["url"].as_str().unwrap();
        let read = HttpClient::default().get().get(url).send().await.unwrap();
        assert_eq!(read.headers()["content-type"], "image/png");
        let disposition = read.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert_eq!(disposition, "inline; filename=\"Plan _.png\"; filename*=UTF-8''Plan%20%C3%A9.png");
        assert_eq!(read.bytes().await.unwrap(), PICTURE);
        assert!(!link.line.to_string().contains("X-Amz"), "a log has no link: {}", link.line);
    }
}

#[tokio::test]
async fn a_message_without_a_file_is_as_it_was() {
    let world = world().await;
    for [sender, _] in CHATS {
        let message = sender.write(&world, "Hello", &[]).await;
        assert!(message.get("attachments").is_none(), "{sender:?} {message}");
    }
}

#[tokio::test]
async fn the_bucket_keeps_a_file_once_its_message_is_written() {
    for [sender, _] in CHATS {
        let world = world().await;
        let id = sender.upload(&world).await;
        let unsent = "<Tagging><TagSet><Tag><Key>state</Key><Value>unsent</Value></Tag></TagSet></Tagging>";
        assert_eq!(world.bucket.object(&upload(&id)).unwrap().tagging.as_deref(), Some(unsent));
        deliver(&world).await;
        assert!(world.bucket.object(&upload(&id)).unwrap().tagging.is_some(), "no message has it");
        sender.write(&world, "", &[&id]).await;
        let copy = copy(&world, &id);
        assert_eq!(world.bucket.object(&copy).unwrap().tagging.as_deref(), Some("state=unsent"));
        world.bucket.refuse(&OUTAGE);
        deliver(&world).await;
        assert!(kinds_owed(&world).await.contains(&"keepCopies".to_owned()));
        age(&world, 3_600).await;
        deliver(&world).await;
        assert_eq!(world.bucket.object(&copy).unwrap().tagging, None);
        assert!(world.bucket.object(&upload(&id)).unwrap().tagging.is_some(), "the upload expires");
        assert!(!kinds_owed(&world).await.contains(&"keepCopies".to_owned()));
    }
}

#[tokio::test]
async fn a_form_takes_the_file_that_was_asked_for_and_no_other() {
    let world = world().await;
    let reply = Side::Guest.ask_upload(&world, &picture()).await;
    let form = &reply.body;
    let with = |name: &str, value: &str| {
        let mut form = form.clone();
        form["fields"][name] = json!(value);
        form
    };
    assert_eq!(world.bucket.post(form, &PICTURE[1..]), Err("EntityTooSmall"));
    assert_eq!(world.bucket.post(form, &[PICTURE, b"x"].concat()), Err("EntityTooLarge"));
    for (name, value) in [
        ("key", "chats/00000000000000000000000000000000"),
        ("Content-Type", "text/html"),
        ("tagging", "<Tagging><TagSet></TagSet></Tagging>"),
        ("acl", "public-read"),
        ("x-amz-security-token", "another"),
    ] {
        assert_eq!(world.bucket.post(&with(name, value), PICTURE), Err("AccessDenied"), "{name}");
    }
    assert_eq!(world.bucket.post(&with("policy", "e30="), PICTURE), Err("SignatureDoesNotMatch"));
    assert!(world.bucket.keys().is_empty());
    world.bucket.post(form, PICTURE).unwrap();
    let expires_at = Millis::parse_iso(form["expiresAt"].as_str().unwrap()).unwrap();
    assert!((800..=900).contains(&Millis::now().until(expires_at).as_secs()));
    assert!(!reply.line.to_string().contains("amz"), "a log has no form: {}", reply.line);
}

#[tokio::test]
async fn a_file_that_may_not_come_is_refused_before_it_is_uploaded() {
    let world = world_with(&[("MAX_ATTACHMENT_BYTES", "1000"), ("ATTACHMENT_TYPES", "image/png,text/csv")]).await;
    let file = |field: &str, value: Value| {
        let mut file = picture();
        file[field] = value;
        file
    };
    for (field, value, rule) in [
        ("size", json!(1001), "size must be 1 to 1000 bytes"),
        ("size", json!(0), "size must be 1 to 1000 bytes"),
        ("type", json!("image/svg+xml"), "type must be one of image/png, text/csv"),
        ("type", json!("text/csv; charset=utf-8"), "type must be one of image/png, text/csv"),
        ("name", json!(""), "name must be one line of 1 to 200 characters"),
        ("name", json!("../a.png"), "name must be a file's name"),
        ("name", json!("a\nb.png"), "name must be one line of 1 to 200 characters"),
    ] {
        let reply = Side::Guest.ask_upload(&world, &file(field, value.clone())).await;
        let told = reply.body["message"].as_str().unwrap();
        assert!(reply.status == 400 && told.starts_with(rule), "{field} {value}: {reply:?}");
    }
    let shouted = Side::Guest.ask_upload(&world, &file("type", json!("IMAGE/PNG"))).await;
    assert_eq!((shouted.status, &shouted.body["fields"]["Content-Type"]), (201, &json!("image/png")));
}

#[tokio::test]
async fn a_message_has_files_that_its_author_uploaded_to_this_conversation_and_no_others() {
    for [sender, other] in CHATS {
        let world = world().await;
        let status = |body: &Value| body["error"].as_str().unwrap_or_default().to_owned();
        let asked = sender.ask_upload(&world, &picture()).await.body["attachmentId"].as_str().unwrap().to_owned();
        let refused = sender.write(&world, "Look", &[&asked]).await;
        assert_eq!(status(&refused), "Unprocessable Entity", "not uploaded: {sender:?} {refused}");
        let others = other.upload(&world).await;
        assert_eq!(status(&sender.write(&world, "Look", &[&others]).await), "Unprocessable Entity", "{sender:?}");
        let own = sender.upload(&world).await;
        for ids in [vec!["x"], vec![&own, &own], vec!["00000000000000000000000000000000"; 6]] {
            assert_eq!(status(&sender.write(&world, "Look", &ids).await), "Bad Request", "{sender:?} {ids:?}");
        }
        assert_eq!(sender.listed(&world).await, json!([]));
        assert!(sender.write(&world, "Look", &[&own]).await.get("attachments").is_some());
        assert_eq!(status(&sender.write(&world, "Again", &[&own]).await), "Conflict", "{sender:?}");
    }
    // Another conversation of the same author.
    let world = world().await;
    let to_bob = Side::Direct("ada", "bob").upload(&world).await;
    let elsewhere = Side::Lease("ada").write(&world, "Look", &[&to_bob]).await;
    assert_eq!(elsewhere["error"], "Unprocessable Entity");
    // A day later.
    let pk = "CHAT#DIRECT#ada#bob";
    world.table.set_number((pk, &format!("ATTACHMENT#{to_bob}")), "expires_at", Millis::now().seconds()).await;
    let late = Side::Direct("ada", "bob").write(&world, "Look", &[&to_bob]).await;
    assert_eq!(late["error"], "Unprocessable Entity");
}

#[tokio::test]
async fn a_text_may_be_empty_beside_a_file_whose_name_then_stands_in_lists() {
    for [sender, reader] in CHATS {
        let world = world().await;
        let id = sender.upload(&world).await;
        let message = sender.write(&world, " ", &[&id]).await;
        let text = if message.get("content").is_some() { &message["content"] } else { &message["message"] };
        assert_eq!(text, "", "{sender:?} {message}");
        let preview = match reader {
            Side::Staff(user) => world.send(guest_chat::handle, &inbox(user)).await.body["chats"][0].clone(),
            Side::Lease(user) | Side::Direct(user, _) => {
                let request = Request::new("GET /conversations").by(user);
                world.send(messages::handle, &request).await.body["conversations"][0].clone()
            }
            Side::Guest => continue,
        };
        assert_eq!(preview["lastMessage"]["preview"], "Plan é.png", "{reader:?} {preview}");
        let refused = sender.write(&world, "", &[]).await;
        assert_eq!(refused["error"], "Bad Request", "{sender:?}");
    }
}

#[tokio::test]
async fn a_deleted_message_takes_its_files_along() {
    for [sender, reader] in CHATS {
        let world = world().await;
        let (kept, gone) = (sender.upload(&world).await, sender.upload(&world).await);
        sender.write(&world, "Stays", &[&kept]).await;
        let message = sender.write(&world, "Goes", &[&gone]).await;
        assert_eq!(sender.delete(&world, &message).await, 200, "{sender:?}");
        assert_eq!(reader.link(&world, &gone).await.status, 404, "at once");
        let listed = reader.listed(&world).await;
        assert!(listed[0].get("attachments").is_none(), "{listed}");
        // An outage of the bucket loses no removal, nor does a second deletion.
        world.bucket.refuse(&[OUTAGE, OUTAGE].concat());
        deliver(&world).await;
        assert_eq!(sender.delete(&world, &message).await, 200);
        age(&world, 3_600).await;
        deliver(&world).await;
        assert_eq!(world.bucket.keys(), [upload(&kept), copy(&world, &kept)], "{sender:?}");
        assert_eq!(reader.link(&world, &kept).await.status, 200);
        assert!(kinds_owed(&world).await.iter().all(|kind| !kind.ends_with("Copies")), "{sender:?}");
    }
}

#[tokio::test]
async fn an_erased_user_leaves_no_file_sent_or_not() {
    let world = world().await;
    for side in [Side::Lease("ada"), Side::Direct("ada", "bob")] {
        let sent = side.upload(&world).await;
        side.write(&world, "Look", &[&sent]).await;
        side.upload(&world).await;
        // Deleted, and not yet removed from the bucket.
        let deleted = side.upload(&world).await;
        let message = side.write(&world, "Look", &[&deleted]).await;
        assert_eq!(side.delete(&world, &message).await, 200);
    }
    let others = Side::Lease("ben").upload(&world).await;
    Side::Lease("ben").write(&world, "Look", &[&others]).await;
    while !one_step(&world, "ada").await.done {}
    let rows = json!(world.table.rows().await.into_values().collect::<Vec<_>>()).to_string();
    assert_eq!(rows.matches("Plan").count(), 2, "of the other's file and message alone: {rows}");
    age(&world, 3_600).await;
    deliver(&world).await;
    assert_eq!(world.bucket.keys(), [upload(&others), copy(&world, &others)]);
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_the_same_upload() {
    for [sender, _] in CHATS {
        let world = world().await;
        let ask = |file: &Value| sender.ask("POST /attachments").header("idempotency-key", "k-1").json(file);
        let first = sender.send(&world, &ask(&picture())).await;
        let again = sender.send(&world, &ask(&picture())).await;
        assert_eq!((first.status, again.status), (201, 201), "{sender:?} {again:?}");
        assert_eq!(first.body["attachmentId"], again.body["attachmentId"]);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        let other = sender.send(&world, &ask(&json!({ "name": "b.png", "type": "image/png", "size": 3 }))).await;
        assert_eq!(other.status, 422);
        world.bucket.post(&again.body, PICTURE).unwrap();
        sender.write(&world, "Look", &[first.body["attachmentId"].as_str().unwrap()]).await;
        let late = sender.send(&world, &ask(&picture())).await;
        assert_eq!(late.status, 409, "the form would replace what was sent");
    }
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_the_same_message_with_its_files() {
    let world = world().await;
    for (side, text) in [(Side::Guest, "message"), (Side::Lease("ada"), "content")] {
        let (first, second) = (side.upload(&world).await, side.upload(&world).await);
        let post = |id: &str| {
            let request = side.ask("POST /messages").header("idempotency-key", "k-1");
            request.json(&json!({ text: "Look", "attachmentIds": [id] }))
        };
        let sent = side.send(&world, &post(&first)).await;
        let again = side.send(&world, &post(&first)).await;
        assert_eq!((sent.status, &sent.body), (201, &again.body), "{side:?}");
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert_eq!(side.send(&world, &post(&second)).await.status, 422, "another file under the same key");
    }
    let side = Side::Direct("ada", "bob");
    let (first, second) = (side.upload(&world).await, side.upload(&world).await);
    let sent = side.write(&world, "", &[&first]).await;
    let again = side.write(&world, "", &[&first]).await;
    assert_eq!((&sent["id"], &again["duplicate"]), (&again["id"], &json!(true)), "{again}");
    assert_ne!(side.write(&world, "", &[&second]).await["id"], sent["id"], "another file is another message");
}

#[tokio::test]
async fn strangers_to_the_conversation_read_nothing() {
    let world = world().await;
    let id = Side::Lease("ada").upload(&world).await;
    assert_eq!(Side::Lease("ben").link(&world, &id).await.status, 404, "not sent yet");
    assert_eq!(Side::Lease("ada").link(&world, &id).await.status, 200, "its author sees what comes");
    Side::Lease("ada").write(&world, "Look", &[&id]).await;
    assert_eq!(Side::Lease("eve").link(&world, &id).await.status, 404);
    assert_eq!(Side::Direct("ada", "ben").link(&world, &id).await.status, 404, "of another conversation");
    assert_eq!(Side::Direct("eve", "eve").link(&world, &id).await.status, 400);
    let eve = Side::Lease("eve").ask_upload(&world, &picture()).await;
    assert_eq!(eve.status, 404);
    let of_guest = Side::Guest.upload(&world).await;
    Side::Guest.write(&world, "Look", &[&of_guest]).await;
    let other = as_guest_of("BK-9", "GET /attachments/{attachmentId}").path("attachmentId", &of_guest);
    assert_eq!(world.send(guest_chat::handle, &other).await.status, 404, "another booking's guest");
    assert_eq!(Side::Staff("tom").link(&world, &of_guest).await.status, 403, "not of the staff");
}

#[tokio::test]
async fn a_scanner_may_take_a_file_out_of_the_bucket() {
    for [sender, reader] in CHATS {
        let world = world().await;
        let id = sender.upload(&world).await;
        sender.write(&world, "Look", &[&id]).await;
        let copy = copy(&world, &id);
        let replaced = world.bucket.object(&copy).unwrap();
        world.bucket.lose(&copy);
        let reply = reader.link(&world, &id).await;
        assert_eq!(reply.status, 404, "{reader:?}");
        assert!(reply.body["message"].as_str().unwrap().contains("scanner"), "{reply:?}");
        world.bucket.put(&copy, &replaced.content_type, b"some other bytes, as many ...");
        assert_eq!(reader.link(&world, &id).await.status, 404, "the file was replaced");
        world.bucket.lose(&copy);
        deliver(&world).await;
        assert!(kinds_owed(&world).await.iter().all(|kind| kind != "keepCopies"), "{sender:?}");
    }
}

#[tokio::test]
async fn a_form_that_is_posted_again_changes_no_file_of_a_message() {
    for [sender, reader] in CHATS {
        let world = world().await;
        let form = sender.ask_upload(&world, &picture()).await.body;
        let id = form["attachmentId"].as_str().unwrap();
        world.bucket.post(&form, PICTURE).unwrap();
        sender.write(&world, "Look", &[id]).await;
        world.bucket.post(&form, b"some other bytes, as many ..").unwrap();
        deliver(&world).await;
        // A page that got no answer posts once more, also later.
        world.bucket.post(&form, PICTURE).unwrap();
        let kept = copy(&world, id);
        let object = world.bucket.object(&kept).unwrap();
        assert_eq!((&object.content[..], &object.tagging), (PICTURE, &None), "{sender:?}");
        let url = reader.link(&world, id).await.body["url"].as_str().unwrap().to_owned();
        assert_eq!(HttpClient::default().get().get(url).send().await.unwrap().bytes().await.unwrap(), PICTURE);
        // A file that a scanner took out stays out.
        world.bucket.lose(&kept);
        world.bucket.post(&form, PICTURE).unwrap();
        assert_eq!(reader.link(&world, id).await.status, 404, "{reader:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_refused_makes_no_copy_and_each_copy_counts() {
    let world = world().await;
    let id = Side::Lease("ada").upload(&world).await;
    let refused = Side::Lease("ada").write(&world, &"\u{1f600}".repeat(4_000), &[&id]).await;
    assert_eq!(refused["error"], "Payload Too Large", "{refused}");
    assert!(copies(&world, &id).is_empty());
    let due = async || {
        let rows = world.table.every_row().await;
        rows.into_iter().find(|((pk, sk), _)| format!("{pk}{sk}").contains("megabytes")).unwrap().1["due"]
            .as_i64()
            .unwrap()
    };
    let before = due().await;
    Side::Lease("ada").write(&world, "Look", &[&id]).await;
    assert_eq!(due().await - before, 43_200);
}

#[tokio::test]
async fn a_message_that_is_not_written_leaves_copies_that_expire() {
    let world = world().await;
    let id = Side::Lease("ada").upload(&world).await;
    world.table.inject("TransactWriteItems", &[Fault::refusal(400, "ValidationException")]);
    let refused = Side::Lease("ada").write(&world, "Look", &[&id]).await;
    assert_eq!(refused["error"], "Internal Server Error", "{refused}");
    let first = copy(&world, &id);
    assert_eq!(world.bucket.object(&first).unwrap().tagging.as_deref(), Some("state=unsent"));
    let message = Side::Lease("ada").write(&world, "Look", &[&id]).await;
    assert!(message.get("attachments").is_some(), "{message}");
    deliver(&world).await;
    assert_eq!(world.bucket.object(&first).unwrap().tagging.as_deref(), Some("state=unsent"), "no message has it");
    assert_eq!(copies(&world, &id).len(), 2);
}

#[tokio::test]
async fn where_attachments_are_closed_no_file_comes_in_and_the_earlier_ones_stay() {
    let world = world_with(&[("MAX_ATTACHMENT_BYTES", "0")]).await;
    let reply = Side::Guest.ask_upload(&world, &picture()).await;
    assert!(reply.status == 409 && reply.body["message"].as_str().unwrap().contains("closed"), "{reply:?}");
    let (pk, sk) = ("CHAT#GUEST#killarney#BK-2025-0123", "ATTACHMENT#00000000000000000000000000000000");
    let row =
        json!({ "pk": pk, "sk": sk, "name": "a.png", "type": "image/png", "size": 1, "created_at": 1, "message": "m" });
    world.table.put_rows(&[row]).await;
    world.bucket.put("chats/00000000000000000000000000000000", "image/png", b"x");
    assert_eq!(Side::Guest.link(&world, "00000000000000000000000000000000").await.status, 200, "of a version before");
}

#[tokio::test]
async fn an_outage_of_the_bucket_writes_nothing() {
    let world = world().await;
    let id = Side::Guest.upload(&world).await;
    world.bucket.refuse(&OUTAGE);
    let refused = Side::Guest.write(&world, "Look", &[&id]).await;
    assert_eq!(refused["error"], "Service Unavailable", "{refused}");
    assert_eq!(Side::Guest.listed(&world).await, json!([]));
    // One failure passes: the question is asked again.
    world.bucket.refuse(&[500]);
    assert!(Side::Guest.write(&world, "Look", &[&id]).await.get("attachments").is_some());
    world.bucket.refuse(&[403]);
    let reply = Side::Guest.link(&world, &id).await;
    assert_eq!(reply.status, 500, "an operator has to grant it: {reply:?}");
}

#[tokio::test]
async fn an_author_may_upload_two_thousand_megabytes_a_day() {
    let world = world_with(&[("MAX_ATTACHMENT_BYTES", "100000000")]).await;
    let large = json!({ "name": "a.png", "type": "image/png", "size": 99_999_999 });
    for _ in 0..19 {
        assert_eq!(Side::Guest.ask_upload(&world, &large).await.status, 201);
    }
    assert_eq!(
        Side::Guest.ask_upload(&world, &picture()).await.status,
        201,
        "it counts as one of a hundred that are left"
    );
    let reply = Side::Guest.ask_upload(&world, &large).await;
    let wait: u32 = reply.headers["retry-after"].parse().unwrap();
    assert!(reply.status == 429 && (30..=44).contains(&wait), "{reply:?}");
    assert_eq!(Side::Staff("sam").ask_upload(&world, &picture()).await.status, 201, "another author");
}

#[tokio::test]
async fn without_a_bucket_there_are_no_attachments() {
    let world = world_with(&[("ATTACHMENTS_BUCKET", "")]).await;
    for [sender, _] in CHATS {
        assert_eq!(sender.ask_upload(&world, &picture()).await.status, 404, "{sender:?}");
        assert_eq!(sender.link(&world, "00000000000000000000000000000000").await.status, 404);
        let refused = sender.write(&world, "Look", &["00000000000000000000000000000000"]).await;
        assert_eq!(refused["error"], "Not Found", "{sender:?} {refused}");
        assert!(sender.write(&world, "Look", &[]).await.get("id").is_some());
    }
}

#[tokio::test]
async fn a_fact_names_the_objects_for_a_scanner() {
    for [sender, _] in CHATS {
        let world = world_with(&[("FACTS", "on,text")]).await;
        let id = sender.upload(&world).await;
        sender.write(&world, "", &[&id]).await;
        deliver(&world).await;
        let sent = world.bus.take_heard().into_iter().find(|fact| fact.name == "message.sent").unwrap();
        let named = json!([{ "id": id, "key": copy(&world, &id), "type": "image/png", "size": PICTURE.len() }]);
        assert_eq!(sent.detail["attachments"], named, "{sender:?}");
        assert!(sent.detail.get("text").is_none() && !sent.detail.to_string().contains("Plan"), "{}", sent.detail);
    }
}

#[tokio::test]
async fn an_e_mail_names_the_file_of_a_message_without_words() {
    let world = lease::with_email().await;
    lease::known(&world, "ben", "ben@example.com").await;
    let id = Side::Lease("ada").upload(&world).await;
    Side::Lease("ada").write(&world, "", &[&id]).await;
    deliver(&world).await;
    let sent = json!(world.ses.take_sent()).to_string();
    assert!(sent.contains("> Plan é.png"), "{sent}");
}
