//! Facts: changes that other systems hear of, on the event bus.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::contract::time::Millis;
use shared::users::locale::Locale;
use tests::consumer::{age, consume, owed, retry};
use tests::devices::register;
use tests::guest_chat::{as_guest, guest_writes};
use tests::notification::notify;
use tests::{BusEntry, BusFault, Request, World, lease, token_with};

use crate::erasure::one_step;
use crate::sockets::{connect, emit};
use crate::{email_unsubscribe, lease_requests, parties, party_end};

const ON: (&str, &str) = ("FACTS", "on");

/// Lets the consumer see all rows; returns the bus's new events. Each is compared with its schema.
async fn heard(world: &World) -> Vec<BusEntry> {
    age(world, 4).await;
    consume(world).await.unwrap();
    let heard = world.bus.take_heard();
    heard.iter().for_each(fits_its_schema);
    heard
}

/// The names of the facts, and their fields without id and time.
fn said(heard: Vec<BusEntry>) -> Vec<(String, Value)> {
    let fields = |mut detail: Value| {
        detail.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "time");
        detail
    };
    heard.into_iter().map(|entry| (entry.name, fields(entry.detail))).collect()
}

fn is(name: &str, fields: Value) -> (String, Value) {
    (name.to_owned(), fields)
}

/// The message of `docs/asyncapi.yaml` with this name: the names of its fields, and those that are required.
fn schema(name: &str) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let document = include_str!("../../docs/asyncapi.yaml");
    let (_, message) = document.split_once(&format!("\n      name: {name}\n")).unwrap_or_else(|| panic!("no {name}"));
    let message = message.split("\n      examples:\n").next().unwrap();
    let (_, required) = message.split_once("\n        required: [").unwrap();
    let (_, properties) = message.split_once("\n        properties:\n").unwrap();
    let properties = properties.lines().filter_map(|line| line.strip_prefix("          "));
    let properties = properties.filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap());
    (properties.collect(), required.split(']').next().unwrap().split(", ").collect())
}

/// The end-to-end tests check the values, too.
fn fits_its_schema(entry: &BusEntry) {
    let (properties, required) = schema(&entry.name);
    let fields: BTreeSet<_> = entry.detail.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(fields.is_subset(&properties) && required.is_subset(&fields), "{entry:?}, of {properties:?}");
    let time = Millis::parse_iso(entry.detail["time"].as_str().unwrap()).unwrap();
    let seconds = format!("{}.{:03}", time.0 / 1000, time.0 % 1000);
    assert_eq!((entry.source.as_str(), format!("{:.3}", entry.time)), ("carillon", seconds), "{entry:?}");
    assert_eq!(entry.detail["id"].as_str().unwrap().len(), 32);
    // The stack's own rule for `NotificationRequested` names no source.
    assert!(entry.name.contains('.'), "{entry:?}");
}

async fn give_kudos(world: &World) -> String {
    let kudos = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    let request = Request::new("POST /kudos").by("ada").json(&kudos);
    world.send(kudos_create::handle, &request).await.body["kudosId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn kudos_are_a_fact_beside_their_event() {
    let world = World::with(&[ON]).await;
    let id = give_kudos(&world).await;
    assert_eq!(world.pusher.take_sent().len(), 1, "the writer sends the event as before");
    let kinds: Vec<_> = owed(&world).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["fact"], "and leaves the fact to the consumer");
    let expected = json!({ "kudosId": id, "giverId": "ada", "receiverId": "ben", "sessionId": "s1" });
    assert_eq!(said(heard(&world).await), [is("kudos.given", expected)]);
    assert!(heard(&world).await.is_empty() && owed(&world).await.is_empty(), "once");
}

#[tokio::test]
async fn a_fact_names_the_back_end_that_acted_for_its_user() {
    let world = World::with(&[ON]).await;
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let kudos = json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    let request = Request::new("POST /kudos").bearer(&service).header("on-behalf-of", "ada").json(&kudos);
    assert_eq!(world.send(kudos_create::handle, &request).await.status, 201);
    let said = said(heard(&world).await);
    assert_eq!((&said[0].1["service"], &said[0].1["giverId"]), (&json!("billing"), &json!("ada")), "{said:?}");
}

#[tokio::test]
async fn nothing_is_a_fact_unless_the_operator_asks_for_facts() {
    let world = World::new().await;
    give_kudos(&world).await;
    let party = parties::party_of(&world, &["ben"]).await;
    parties::depart(&world, "ben", &party, "ben").await;
    guest_writes(&world, "Hello").await;
    world.send(device_tokens::handle, &register("ada", "phone")).await;
    notify(&world, json!({})).await;
    assert!(owed(&world).await.iter().all(|entry| entry["kind"] != "fact" && entry["kind"] != "factOfRow"));
    assert_eq!((heard(&world).await, world.bus.take_requests()), (Vec::new(), Vec::new()));
}

/// The operator has turned them off meanwhile.
#[tokio::test]
async fn a_fact_that_is_owed_goes_out_also_once_facts_are_off() {
    let world = World::with(&[ON]).await;
    give_kudos(&world).await;
    let off = World::new().await;
    for row in world.table.every_item().await {
        off.app.table.create(row, Millis::now()).await.unwrap();
    }
    assert_eq!(heard(&off).await.len(), 1);
}

#[tokio::test]
async fn an_invitation_is_a_fact_and_so_is_each_reply_to_it() {
    let world = World::with(&[ON]).await;
    let party = parties::create(&world, "ada").await;
    parties::known(&world, &["ben"]).await;
    assert_eq!(said(heard(&world).await), [is("party.created", json!({ "partyId": party, "ownerId": "ada" }))]);
    let sent = json!({ "partyId": party, "userId": "ben", "invitedBy": "ada" });

    parties::invite(&world, "ada", &party, "ben").await;
    assert_eq!(said(heard(&world).await), [is("invitation.sent", sent.clone())]);
    assert_eq!(parties::decline(&world, &party, "ben").await.status, 204);
    let ids = json!({ "partyId": party, "userId": "ben" });
    assert_eq!(said(heard(&world).await), [is("invitation.declined", ids.clone())]);

    // Before the consumer came, each row owes both, in order.
    parties::invite(&world, "ada", &party, "ben").await;
    assert_eq!(parties::revoke(&world, "ada", &party, "ben").await.status, 204);
    let withdrawn = json!({ "partyId": party, "userId": "ben", "withdrawnBy": "ada" });
    assert_eq!(said(heard(&world).await), [is("invitation.sent", sent.clone()), is("invitation.withdrawn", withdrawn)]);
    assert_eq!(parties::decline(&world, &party, "ben").await.status, 409);

    parties::invite(&world, "ada", &party, "ben").await;
    assert_eq!(parties::accept(&world, &party, "ben").await.status, 200);
    let all = said(heard(&world).await);
    let of = |beginning: &str| all.iter().filter(|(name, _)| name.starts_with(beginning)).cloned().collect::<Vec<_>>();
    assert_eq!(of("invitation."), [is("invitation.sent", sent.clone()), is("invitation.accepted", sent)]);
    assert_eq!((of("member."), all.len()), (vec![is("member.joined", ids)], 3));
}

#[tokio::test]
async fn each_change_of_a_party_is_a_fact() {
    let world = World::with(&[ON]).await;
    let party = parties::party_of(&world, &["ben", "cy"]).await;
    heard(&world).await;
    assert_eq!(parties::hand_over(&world, "ada", &party, "ben").await.status, 200);
    let changed = json!({ "partyId": party, "ownerId": "ben", "previousOwnerId": "ada" });
    assert_eq!(said(heard(&world).await), [is("party.owner-changed", changed)]);
    parties::change(&world, "ben", &party, &json!({ "partyName": "Film club" })).await;
    let updated = json!({ "partyId": party, "updatedBy": "ben" });
    assert_eq!(said(heard(&world).await), [is("party.updated", updated)]);
    parties::depart(&world, "ben", &party, "cy").await;
    let removed = json!({ "partyId": party, "userId": "cy", "removedBy": "ben" });
    parties::depart(&world, "ada", &party, "ada").await;
    let left = is("member.left", json!({ "partyId": party, "userId": "ada" }));
    assert_eq!(said(heard(&world).await), [is("member.removed", removed), left]);
    assert_eq!(party_end::end(&world, "ben", &party).await.status, 204);
    let ended = |party: &str, user: &str| is("party.ended", json!({ "partyId": party, "endedBy": user }));
    assert_eq!(said(heard(&world).await), [ended(&party, "ben")]);

    let alone = parties::create(&world, "dee").await;
    heard(&world).await;
    parties::depart(&world, "dee", &alone, "dee").await;
    let left = is("member.left", json!({ "partyId": alone, "userId": "dee" }));
    assert_eq!(said(heard(&world).await), [left, ended(&alone, "dee")]);
}

/// A party that changes again before the consumer has sent the first fact.
#[tokio::test]
async fn a_pending_fact_delays_no_event_of_its_row() {
    let world = World::with(&[ON]).await;
    let party = parties::party_of(&world, &["ben"]).await;
    for name in ["Film club", "Chess club"] {
        parties::hand_over(&world, "ada", &party, "ben").await;
        parties::change(&world, "ben", &party, &json!({ "partyName": name })).await;
        parties::hand_over(&world, "ben", &party, "ada").await;
        assert_eq!(world.pusher.take_sent().len(), 3, "by their writers, at once");
    }
    let names: Vec<_> = heard(&world).await.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "party.owner-changed").count(), 4);
}

#[tokio::test]
async fn messages_of_each_kind_of_conversation_are_facts_without_their_texts() {
    let world = World::with(&[ON]).await;
    let guests = guest_writes(&world, "Hello").await;
    let conversation = json!({ "kind": "guest", "hotelSlug": "killarney", "bookingId": "BK-2025-0123" });
    let facts = said(heard(&world).await);
    let [(name, sent)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((name.as_str(), &sent["messageId"], &sent["role"]), ("message.sent", &guests["id"], &json!("guest")));
    assert_eq!(sent["conversation"], conversation);
    assert!(!sent.to_string().contains("Hello"), "{sent}");

    let delete = as_guest("DELETE /messages/{messageId}").path("messageId", guests["id"].as_str().unwrap());
    assert_eq!(world.send(guest_chat::handle, &delete).await.status, 200);
    let deleted = json!({ "conversation": sent["conversation"], "messageId": guests["id"], "seq": 1 });
    assert_eq!(said(heard(&world).await), [is("message.deleted", deleted)]);

    lease::put(&world, json!({})).await;
    let of_lease = lease::write(&world, "ada", "Bonjour").await;
    let conversation = json!({ "kind": "lease", "bailId": "b1" });
    let expected = json!({ "conversation": conversation, "messageId": of_lease["id"], "seq": 1, "authorId": "ada", "role": "client" });
    assert_eq!(said(heard(&world).await), [is("message.sent", expected)]);

    connect(&world, "ws", "a1", "ada").await;
    connect(&world, "ws", "b1", "ben").await;
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": "Hi" })).await;
    let facts = said(heard(&world).await);
    let direct = facts.iter().find(|(name, _)| name == "message.sent").unwrap();
    assert_eq!(direct.1["conversation"], json!({ "kind": "direct", "userIds": ["ada", "ben"] }));
    let read = Request::new("GET /messages/{userId}").by("ben").path("userId", "ada");
    let page = world.send(messages::handle, &read).await;
    assert_eq!(direct.1["messageId"], page.body["messages"][0]["id"], "the id that its readers have");
}

#[tokio::test]
async fn a_message_that_is_deleted_before_its_fact_went_out_is_two_facts_and_its_text_is_in_none() {
    let world = World::with(&[("FACTS", "on,text")]).await;
    let message = guest_writes(&world, "Hello").await;
    let facts = owed(&world).await;
    assert!(facts.iter().any(|entry| entry["fact"]["detail"]["text"] == "Hello"), "{facts:?}");
    let rows = world.table.rows().await;
    let row = rows.iter().find(|((_, sk), _)| sk.starts_with("MSG#")).unwrap().1;
    assert!(!row["outbox"].as_str().unwrap().contains("Hello"), "the row has the text once");
    let delete = as_guest("DELETE /messages/{messageId}").path("messageId", message["id"].as_str().unwrap());
    world.send(guest_chat::handle, &delete).await;
    let heard = heard(&world).await;
    let names: Vec<_> = heard.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["message.sent", "message.deleted"]);
    assert!(heard.iter().all(|entry| entry.detail.get("text").is_none()), "{heard:?}");
}

#[tokio::test]
async fn a_fact_has_the_text_of_a_message_where_the_operator_asks_for_texts() {
    let world = World::with(&[("FACTS", "on,text")]).await;
    guest_writes(&world, "Hello").await;
    let facts = said(heard(&world).await);
    assert_eq!(facts[0].1["text"], "Hello");
    connect(&world, "ws", "a1", "ada").await;
    connect(&world, "ws", "b1", "ben").await;
    let sealed = json!({ "ciphertext": "AAAA", "nonce": "A".repeat(32), "keyVersion": 1 });
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": sealed })).await;
    let sent: Vec<_> = said(heard(&world).await).into_iter().filter(|(name, _)| name == "message.sent").collect();
    assert!(sent.len() == 1 && sent[0].1.get("text").is_none(), "{sent:?}");
}

#[tokio::test]
async fn a_request_of_a_lease_is_a_fact_when_it_is_made_and_when_it_changes() {
    let world = lease::with_email_and(&[ON]).await;
    let request = lease_requests::create(&world, "ben").await;
    let ids = json!({ "bailId": "b1", "requestId": request["id"] });
    let with = |more: Value| {
        let mut fields = ids.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let created = with(json!({ "status": "pending", "createdBy": "ben" }));
    assert_eq!(said(heard(&world).await), [is("lease-request.created", created)]);
    lease_requests::change(&world, "ada", &request, "accepted").await;
    let accepted = with(json!({ "status": "accepted", "updatedBy": "ada" }));
    assert_eq!(said(heard(&world).await), [is("lease-request.updated", accepted)]);
}

#[tokio::test]
async fn a_notification_is_a_fact_when_it_is_stored_and_when_it_is_read() {
    let world = World::with(&[ON]).await;
    let id = notify(&world, json!({})).await;
    let ids = json!({ "notificationId": id, "userId": "ada" });
    let created = json!({ "notificationId": id, "userId": "ada", "notificationType": "MESSAGE" });
    assert_eq!(said(heard(&world).await), [is("notification.created", created)]);
    let read = || Request::new("POST /notifications/{notificationId}/read").by("ada").path("notificationId", &id);
    for _ in 0..2 {
        assert_eq!(world.send(notifications::handle, &read()).await.status, 200);
    }
    assert_eq!(said(heard(&world).await), [is("notification.read", ids)], "once");
    notify(&world, json!({})).await;
    heard(&world).await;
    for user in ["ada", "ada", "nobody"] {
        world.send(notifications::handle, &Request::new("POST /notifications/read-all").by(user)).await;
    }
    assert_eq!(said(heard(&world).await), [is("notification.all-read", json!({ "userId": "ada" }))]);
}

#[tokio::test]
async fn a_device_is_a_fact_when_it_is_registered_and_when_it_is_forgotten() {
    let world = World::with(&[ON]).await;
    world.send(device_tokens::handle, &register("ada", "phone")).await;
    let facts = said(heard(&world).await);
    let [(name, fields)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((name.as_str(), &fields["userId"]), ("device.registered", &json!("ada")));
    let id = fields["deviceId"].as_str().unwrap();
    world.send(device_tokens::handle, &register("ben", "phone")).await;
    let of = |user: &str| json!({ "userId": user, "deviceId": id });
    let expected = [is("device.registered", of("ben")), is("device.forgotten", of("ada"))];
    assert_eq!(said(heard(&world).await), expected, "another user's now");
    let forget = Request::new("DELETE /notifications/device-token").by("ben").query("token", "phone");
    assert_eq!(world.send(device_tokens::handle, &forget).await.status, 200);
    assert_eq!(said(heard(&world).await), [is("device.forgotten", of("ben"))]);
}

#[tokio::test]
async fn e_mail_that_is_turned_off_and_on_is_a_fact_each_time() {
    let world = lease::with_email_and(&[ON]).await;
    for _ in 0..2 {
        email_unsubscribe::call(&world, "POST", &email_unsubscribe::link(&world, Locale::En)).await;
    }
    let expected = is("email.turned-off", json!({ "userId": "ada", "reason": "unsubscribed" }));
    assert_eq!(said(heard(&world).await), [expected], "once");
    for _ in 0..2 {
        let on = email_unsubscribe::link(&world, Locale::En);
        email_unsubscribe::submit(&world, "POST", &on, "emails=on").await;
    }
    assert_eq!(said(heard(&world).await), [is("email.turned-on", json!({ "userId": "ada" }))]);
}

async fn erase_ada(world: &World) {
    let token = token_with("app", &json!({ "roles": ["service"] }));
    let erase = Request::new("DELETE /users/{userId}").bearer(&token).path("userId", "ada");
    while world.send(erasure::handle, &erase).await.body["done"] != json!(true) {}
}

#[tokio::test]
async fn an_erased_user_is_a_fact() {
    let world = World::with(&[ON]).await;
    give_kudos(&world).await;
    heard(&world).await;
    erase_ada(&world).await;
    assert_eq!(said(heard(&world).await), [is("user.erased", json!({ "userId": "ada" }))]);
    // A call that begins before the others are done.
    assert!(!one_step(&world, "ben").await.done);
    assert!(heard(&world).await.is_empty(), "not before the end");
}

#[tokio::test]
async fn entering_and_leaving_a_room_are_facts_only_where_the_operator_asks_for_presence() {
    for (facts, expected) in [("on", &[][..]), ("on,presence", &["room.joined", "room.left"])] {
        let world = World::with(&[("FACTS", facts)]).await;
        let call = |route: &str| Request::new(route).by("ada").path("bookId", "emma");
        world.send(presence_join::handle, &call("POST /rooms/{bookId}/presence")).await;
        world.send(presence_leave::handle, &call("DELETE /rooms/{bookId}/presence")).await;
        let names: Vec<_> = heard(&world).await.into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn an_erased_user_leaves_the_room_for_other_systems_too() {
    let world = World::with(&[("FACTS", "on,presence")]).await;
    let join = Request::new("POST /rooms/{bookId}/presence").by("ada").path("bookId", "emma");
    world.send(presence_join::handle, &join).await;
    heard(&world).await;
    erase_ada(&world).await;
    let expected =
        [is("room.left", json!({ "bookId": "emma", "userId": "ada" })), is("user.erased", json!({ "userId": "ada" }))];
    assert_eq!(said(heard(&world).await), expected);
}

#[tokio::test]
async fn a_notification_that_is_deleted_at_once_was_created_all_the_same() {
    let world = World::with(&[ON]).await;
    let create = json!({ "userId": "ada", "type": "SYSTEM" });
    let token = token_with("app", &json!({ "roles": ["service"] }));
    let create = Request::new("POST /notifications").bearer(&token).json(&create);
    let id = world.send(::notifications::handle, &create).await.body["notificationId"].as_str().unwrap().to_owned();
    let delete = Request::new("DELETE /notifications/{notificationId}").by("ada").path("notificationId", &id);
    assert_eq!(world.send(::notifications::handle, &delete).await.status, 204);
    let names: Vec<_> = heard(&world).await.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["notification.created"]);
}

#[tokio::test]
async fn up_to_ten_facts_go_in_a_request_and_the_facts_of_a_row_one_after_the_other() {
    let world = World::with(&[ON]).await;
    for _ in 0..12 {
        give_kudos(&world).await;
    }
    let party = parties::party_of(&world, &["ben"]).await;
    parties::depart(&world, "ben", &party, "ben").await;
    let heard = heard(&world).await;
    // 12 kudos, the party's first fact and the invitation's; then the second of each; then the party's third.
    let mut requests = world.bus.take_requests();
    requests[..2].sort_unstable();
    assert_eq!(requests, [4, 10, 2, 1]);
    let of_party: Vec<_> =
        heard.iter().map(|entry| entry.name.as_str()).filter(|name| !name.contains("kudos")).collect();
    let place = |name: &str| of_party.iter().position(|other| *other == name).unwrap();
    assert!(place("party.created") < place("member.joined") && place("member.joined") < place("member.left"));
}

#[tokio::test]
async fn of_a_request_that_is_refused_in_part_only_the_refused_facts_go_again_by_the_same_id() {
    let world = World::with(&[ON]).await;
    for _ in 0..3 {
        give_kudos(&world).await;
    }
    world.bus.fail_next(BusFault::Entries(vec![1], "ThrottlingException"));
    let first = heard(&world).await;
    assert_eq!(first.len(), 2);
    let left = owed(&world).await;
    assert_eq!(left.len(), 1);
    age(&world, 3600).await;
    let second = heard(&world).await;
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].detail["id"], left[0]["id"]);
    assert!(first.iter().all(|entry| entry.detail["id"] != second[0].detail["id"]));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_later_fact_of_a_row_waits_for_the_earlier_one() {
    let world = World::with(&[ON]).await;
    let party = parties::create(&world, "ada").await;
    heard(&world).await;
    parties::known(&world, &["ben"]).await;
    parties::invite(&world, "ada", &party, "ben").await;
    parties::decline(&world, &party, "ben").await;
    world.bus.take_requests();
    world.bus.fail_next(BusFault::Entries(vec![0], "InternalFailure"));
    assert!(heard(&world).await.is_empty());
    assert_eq!(world.bus.take_requests(), [1]);
    age(&world, 3600).await;
    let names: Vec<_> = heard(&world).await.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["invitation.sent", "invitation.declined"]);
}

#[tokio::test]
async fn a_fact_that_the_bus_never_takes_is_a_dead_letter_and_holds_up_no_other() {
    let world = World::with(&[ON]).await;
    give_kudos(&world).await;
    give_kudos(&world).await;
    world.bus.fail_next(BusFault::Entries(vec![0], "MalformedDetail"));
    assert_eq!(heard(&world).await.len(), 1);
    assert!(owed(&world).await.is_empty());
    let letters = world.queues.sent("dead-letter");
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.body["given_up"]["kind"], "fact");
    assert!(letter.body["reason"].as_str().unwrap().contains("MalformedDetail"), "{letter:?}");
    // A person replays it.
    assert!(retry(&world, &letter.body).await);
    let again = world.bus.take_heard();
    assert_eq!(again[0].detail["id"], letter.body["given_up"]["id"], "by the same id");
}

#[tokio::test]
async fn of_a_request_that_is_refused_as_a_whole_each_fact_goes_alone() {
    let world = World::with(&[ON]).await;
    for _ in 0..3 {
        give_kudos(&world).await;
    }
    world.bus.fail_next(BusFault::Request(400, "ValidationException"));
    assert_eq!(heard(&world).await.len(), 3);
    assert_eq!(world.bus.take_requests(), [3, 1, 1, 1]);
}

#[tokio::test]
async fn a_fact_waits_while_the_bus_may_not_be_used_or_is_overloaded() {
    for (status, code) in [(400, "AccessDeniedException"), (400, "ThrottlingException"), (500, "InternalFailure")] {
        let world = World::with(&[ON]).await;
        give_kudos(&world).await;
        world.bus.fail_next(BusFault::Request(status, code));
        assert!(heard(&world).await.is_empty());
        assert_eq!((owed(&world).await.len(), world.queues.sent("dead-letter").len()), (1, 0), "{code}");
        age(&world, 3600).await;
        assert_eq!(heard(&world).await.len(), 1, "{code}");
    }
}

/// Each costs its own write in the outbox, one more to take it out, and a fortieth of a kilobyte of reading.
#[tokio::test]
async fn a_fact_costs_a_write_and_a_tenth_of_a_request_to_the_bus() {
    let mut units = Vec::new();
    for facts in ["off", "on"] {
        let world = World::with(&[("FACTS", facts)]).await;
        world.knows(&tests::token("ada")).await;
        world.take_traffic();
        give_kudos(&world).await;
        let writer = world.take_traffic();
        consume(&world).await.unwrap();
        let consumer = world.take_traffic();
        units.push((writer.write_units, consumer.write_units));
    }
    assert_eq!((units[1].0 - units[0].0, units[1].1 - units[0].1), (0.0, 1.0), "{units:?}");
}
