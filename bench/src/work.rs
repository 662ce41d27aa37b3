//! The measured work. To measure another function, add an entry to [`all`].

use contract::id::{BookId, LeaseId, UserId};
use contract::key::{self, Key};
use serde_json::{Value, json};

use crate::event::{self, PERSON, USERS, user};
use crate::stand_in::Rows;
use crate::system::System;

/// How DynamoDB and Pusher are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// They are not used.
    None,
    /// Unencrypted, to show what TLS costs.
    Plain,
    /// With TLS, as in production.
    Tls,
}

/// One piece of work, done by one function.
pub(crate) struct Work {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// The name of the function, of the Node peer and of the Rust peer.
    pub(crate) function: &'static str,
    pub(crate) transport: Transport,
    /// The systems that do it.
    pub(crate) systems: &'static [System],
    /// Invocations of one process after its first.
    pub(crate) warm: usize,
    /// Makes the event of a user. Webhooks are accepted for five minutes, so it is made right before it is sent.
    pub(crate) event: fn(usize) -> Value,
    /// Rows that the table holds.
    pub(crate) rows: fn() -> Rows,
    /// Text that every correct response contains.
    pub(crate) response: &'static str,
}

impl Work {
    /// Its name with its transport.
    pub(crate) fn title(&self) -> String {
        match self.transport {
            Transport::None => self.name.to_owned(),
            Transport::Plain => format!("{} plain", self.name),
            Transport::Tls => format!("{} TLS", self.name),
        }
    }

    /// The events, one per user, to be sent in turn.
    pub(crate) fn events(&self) -> Vec<Vec<u8>> {
        (0..USERS).map(|n| (self.event)(n).to_string().into_bytes()).collect()
    }
}

/// All work, in the order of the table.
pub(crate) fn all() -> Vec<Work> {
    use System::{Carillon, CarillonReading, Floor, FloorWithSdk, NaturalRust, Node};
    const SIGNING: &[System] = &[Floor, Carillon, NaturalRust, Node];
    const READING: &[System] = &[Floor, FloorWithSdk, Carillon, NaturalRust, Node];
    const READING_SECRETS: &[System] = &[Floor, FloorWithSdk, Carillon, CarillonReading, NaturalRust, Node];
    const WRITING: &[System] = &[Floor, Carillon, NaturalRust, Node];
    const CHATTING: &[System] = &[Floor, Carillon, Node];
    const CONSUMING: &[System] = &[Floor, Carillon, Node];
    let of = |name, function, transport, systems, warm, event, rows, response| Work {
        name,
        function,
        transport,
        systems,
        warm,
        event,
        rows,
        response,
    };
    vec![
        of("private-user", "pusher-auth", Transport::None, SIGNING, 1000, private_user, no_rows, r#"\"auth\""#),
        of(
            "presence-room",
            "pusher-auth",
            Transport::Tls,
            READING_SECRETS,
            1000,
            presence_room,
            book,
            r#"channel_data"#,
        ),
        of("presence-room", "pusher-auth", Transport::Plain, READING, 1000, presence_room, book, r#"channel_data"#),
        of("kudos", "kudos-create", Transport::Tls, WRITING, 500, kudos, no_rows, r#"kudosId"#),
        of("kudos", "kudos-create", Transport::Plain, WRITING, 500, kudos, no_rows, r#"kudosId"#),
        of("chat message", "lease-chat", Transport::Tls, CHATTING, 500, chat_message, leases, r#"\"seq\":8"#),
        of("webhook of 10", "pusher-webhook", Transport::Tls, CONSUMING, 100, webhook, no_rows, r#""statusCode":200"#),
        of("stream of 100", "delivery", Transport::Tls, CONSUMING, 30, stream, owing, r#""batchItemFailures":[]"#),
    ]
}

fn private_user(n: usize) -> Value {
    subscription(n, &format!("private-user-{}", user(n)))
}

fn presence_room(n: usize) -> Value {
    subscription(n, "presence-room-emma")
}

fn subscription(n: usize, channel: &str) -> Value {
    event::by_user(n, "POST /pusher/auth", &json!({ "socket_id": "123456.7890123", "channel_name": channel }))
}

fn kudos(n: usize) -> Value {
    event::by_user(n, "POST /kudos", &json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" }))
}

fn chat_message(n: usize) -> Value {
    let route = "POST /leases/{bailId}/messages";
    event::by_user_at(n, route, ("bailId", &lease(n)), &json!({ "content": "When can we sign?" }))
}

fn webhook(_: usize) -> Value {
    let events: Vec<_> = (0..10)
        .map(|n| {
            let name = if n < 8 { "member_added" } else { "member_removed" };
            json!({ "name": name, "channel": "presence-room-emma", "user_id": format!("reader-{n}") })
        })
        .collect();
    event::webhook(&events)
}

fn stream(_: usize) -> Value {
    event::stream(&debtors())
}

fn no_rows() -> Rows {
    Rows::new()
}

/// A book, and profiles that match the tokens.
fn book() -> Rows {
    let book = Key::book(&BookId::parse("emma").expect("it is an id"));
    let attributes =
        json!({ "title": { "S": "Emma" }, "authorId": { "S": "jane" }, "authorName": { "S": "Jane Austen" } });
    let mut list = vec![row(&book, attributes)];
    list.extend((0..USERS).map(|n| {
        let profile = Key::profile(&UserId::parse(user(n)).expect("it is an id"));
        row(
            &profile,
            json!({ "name": { "S": PERSON.0 }, "avatar": { "S": PERSON.1 }, "expires_at": { "N": "4102444800" } }),
        )
    }));
    rows(list)
}

fn lease(n: usize) -> String {
    format!("lease-{n}")
}

/// A lease for each user, and conversations of seven messages.
fn leases() -> Rows {
    let lease_rows = |n: usize| {
        let lease = LeaseId::parse(lease(n)).expect("it is an id");
        let created = json!({ "N": "1760000000000" });
        let attributes = json!({ "client": { "S": user(n) }, "notary": { "S": "jane" }, "title": { "S": "12 rue des Lilas" },
                                 "created_at": created, "updated_at": created });
        let head = Key::chat_head(&key::lease_chat(&lease));
        [row(&Key::lease(&lease), attributes), row(&head, json!({ "seq": { "N": "7" } }))]
    };
    rows((0..USERS).flat_map(lease_rows).collect())
}

fn owing() -> Rows {
    rows(debtors())
}

/// A hundred rows of kudos that were written but not delivered.
fn debtors() -> Vec<Value> {
    let debtor = |n: usize| {
        let data = json!({ "fromUser": { "userId": user(n), "displayName": PERSON.0, "avatarUrl": PERSON.1 },
                           "sessionId": "s1", "bookTitle": "Emma" });
        let owed = json!({ "id": format!("0190b5f4b5e07d3c9d6f{n:012}"), "kind": "pusher", "name": "kudos:received",
                           "channel": format!("private-user-reader-{n}"), "data": data.to_string() });
        let outbox = json!({ "at": 1_760_000_000_000_u64, "owed": [owed] });
        let attributes = json!({ "giver": { "S": user(n) }, "receiver": { "S": format!("reader-{n}") },
                                 "outbox": { "S": outbox.to_string() } });
        row(&Key::kudos(&n.to_string()), attributes)
    };
    (0..100).map(debtor).collect()
}

/// A row of these attributes.
fn row(key: &Key, mut attributes: Value) -> Value {
    attributes["pk"] = json!({ "S": key.pk });
    attributes["sk"] = json!({ "S": key.sk });
    attributes
}

fn rows(list: Vec<Value>) -> Rows {
    let text = |row: &Value, name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
    list.into_iter().map(|row| ((text(&row, "pk"), text(&row, "sk")), row)).collect()
}
