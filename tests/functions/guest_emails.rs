//! E-mails to a hotel's guest who is away: when one is sent, where to, and what it says. Windows, failures and kills are those of
//! `lease_emails`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guest_chat::handle;
use serde_json::{Value, json};
use shared::contract::email::EmailAddress;
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::notifications::unsubscribe_link;
use shared::users::locale::Locale;
use tests::consumer::{age, consume, owed, retry};
use tests::guest_chat::{as_guest, as_service, as_staff, guest_writes, hire, staff_writes, with_token};
use tests::lease::with_email_and;
use tests::{Reply, Request, World, signed, token_with};

const GUEST: &str = "guest;killarney;BK-2025-0123";
const CHANNEL: &str = "private-hotel-killarney-guest-chat-booking-BK-2025-0123";
const PAGE: (&str, &str) = ("GUEST_URL", "https://app.example.com/{hotelSlug}/chat/{bookingId}#message-{messageId}");

/// A world that sends e-mails to guests, where ada is of the staff.
async fn with_page() -> World {
    let world = with_email_and(&[PAGE]).await;
    hire(&world, &["ada"]).await;
    world
}

/// The guest looks at the chat, with these further claims in the token.
fn look(more: Value) -> Request {
    let mut claims = json!({ "aud": "guest", "hotel": "killarney", "booking": "BK-2025-0123", "name": "Grace", "exp": 4_102_444_800_i64 });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_token(&signed(&claims), "GET /messages")
}

async fn looks(world: &World, more: Value) {
    let reply = world.send(handle, &look(more)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// A world whose guest can be reached.
pub(crate) async fn with_grace() -> World {
    let world = with_page().await;
    looks(&world, json!({ "email": "grace@example.com" })).await;
    world
}

/// Makes the last e-mail five minutes older.
async fn end_window(world: &World) {
    let (pk, sk) = ("CHAT#GUEST#killarney#BK-2025-0123", "EMAIL#guest;killarney;BK-2025-0123");
    let mut row = world.table.row(pk, sk).await.unwrap();
    row.insert("sent_at".to_owned(), json!(row["sent_at"].as_i64().unwrap() - 300_000));
    world.table.put_rows(&[json!(row)]).await;
}

async fn mails(world: &World) -> Vec<Value> {
    consume(world).await.unwrap();
    world.ses.take_sent()
}

fn part<'a>(mail: &'a Value, part: &str) -> &'a str {
    mail["Content"]["Simple"]["Body"][part]["Data"].as_str().unwrap()
}

fn subject(mail: &Value) -> &str {
    mail["Content"]["Simple"]["Subject"]["Data"].as_str().unwrap()
}

/// Follows the link at the end of an e-mail to grace@example.com, and posts this body there.
async fn unsubscribe(world: &World, body: &str) -> Reply {
    unsubscribe_from(world, "grace@example.com", body).await
}

/// Follows the link at the end of an e-mail to this address, and posts this body there.
async fn unsubscribe_from(world: &World, to: &str, body: &str) -> Reply {
    let links = world.app.settings.email.as_ref().unwrap().links.as_ref().unwrap();
    let (guest, to) = (UserId::parse(GUEST).unwrap(), EmailAddress::parse(to).unwrap());
    let link = unsubscribe_link(links, "https://api.example.com", (&guest, &to), Locale::En);
    let (rest, signature) = link.split_once("&signature=").unwrap();
    let (_, address) = rest.split_once("&address=").unwrap();
    let request = Request::new("POST /email/unsubscribe").query("user", GUEST).query("address", address);
    let request = request.query("signature", signature);
    let reply = world.send(email_unsubscribe::handle, &request.form(body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

#[tokio::test]
async fn a_guest_who_is_away_gets_the_staffs_message_by_e_mail() {
    let world = with_grace().await;
    let message = staff_writes(&world, "ada", "Your room is <ready>").await;
    assert!(world.ses.take_sent().is_empty(), "not in the request");
    let sent = mails(&world).await;
    assert_eq!(sent.len(), 1);
    let mail = &sent[0];
    assert_eq!(mail["Destination"]["ToAddresses"], json!(["grace@example.com"]));
    assert_eq!(subject(mail), "New message from Ada – killarney, booking BK-2025-0123");
    let link =
        format!("https://app.example.com/killarney/chat/BK-2025-0123#message-{}", message["id"].as_str().unwrap());
    assert!(part(mail, "Text").contains(&link) && part(mail, "Html").contains(&link), "{}", part(mail, "Text"));
    assert!(part(mail, "Text").contains("> Your room is <ready>\n"));
    assert!(part(mail, "Text").contains("/email/unsubscribe?user=guest%3Bkillarney%3BBK-2025-0123&lang=en&address="));
    assert!(owed(&world).await.is_empty() && mails(&world).await.is_empty());
}

#[tokio::test]
async fn messages_of_the_staff_within_five_minutes_are_summed_up() {
    let world = with_grace().await;
    staff_writes(&world, "ada", "0").await;
    assert_eq!(mails(&world).await.len(), 1);
    staff_writes(&world, "ada", "1").await;
    staff_writes(&world, "ada", "2").await;
    assert!(mails(&world).await.is_empty());
    let delays: Vec<_> = world.queues.sent("retry").iter().map(|message| message.delay).collect();
    assert!(delays.len() == 2 && delays.iter().all(|delay| (290..=300).contains(delay)), "{delays:?}");
    end_window(&world).await;
    age(&world, 300).await;
    for message in world.queues.sent("retry") {
        retry(&world, &message.body).await;
    }
    let sent = world.ses.take_sent();
    assert_eq!(
        sent.iter().map(subject).collect::<Vec<_>>(),
        ["2 new messages from Ada – killarney, booking BK-2025-0123"]
    );
    assert!(part(&sent[0], "Text").contains("> 1\n\n> 2\n"), "{}", part(&sent[0], "Text"));
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_e_mail_shows_the_beginning_of_a_long_message_and_no_name_makes_another_header() {
    let world = with_grace().await;
    let eve = token_with("ada", &json!({ "name": "Ada\r\nBcc: eve@example.com" }));
    let write = as_staff("ada", "POST /messages").bearer(&eve).json(&json!({ "message": "word ".repeat(400) }));
    assert_eq!(world.send(handle, &write).await.status, 201);
    let sent = mails(&world).await;
    assert!(!subject(&sent[0]).contains(['\r', '\n']), "{}", subject(&sent[0]));
    assert_eq!(sent[0]["Destination"], json!({ "ToAddresses": ["grace@example.com"] }));
    assert!(part(&sent[0], "Text").chars().count() < 1_200, "{}", part(&sent[0], "Text"));
}

#[tokio::test]
async fn a_token_with_several_addresses_has_no_address() {
    let world = with_page().await;
    for bad in ["grace@example.com, eve@example.com", "grace@example.com\r\nBcc: eve@example.com", "grace"] {
        looks(&world, json!({ "email": bad })).await;
        staff_writes(&world, "ada", "1").await;
        assert!(mails(&world).await.is_empty(), "{bad}");
    }
}

#[tokio::test]
async fn a_delivery_that_runs_twice_sends_one_e_mail() {
    let world = with_grace().await;
    staff_writes(&world, "ada", "1").await;
    age(&world, 60).await;
    let (one, other) = tokio::join!(consume(&world), consume(&world));
    one.unwrap();
    other.unwrap();
    assert_eq!(world.ses.take_sent().len(), 1);
}

#[tokio::test]
async fn a_guest_who_has_the_chat_open_has_read_it_or_wrote_it_gets_no_e_mail() {
    let world = with_grace().await;
    world.pusher.set_users(CHANNEL, &["somebody"]);
    staff_writes(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty(), "they are there");
    world.pusher.set_users(CHANNEL, &[]);
    world.pusher.set_users(&CHANNEL.replace("private-", "presence-"), &["ada", GUEST]);
    staff_writes(&world, "ada", "also 1").await;
    assert!(mails(&world).await.is_empty(), "they are there, and typing");
    world.pusher.set_users(&CHANNEL.replace("private-", "presence-"), &["ada"]);
    staff_writes(&world, "ada", "2").await;
    world.send(handle, &as_guest("PUT /read").json(&json!({ "seq": 3 }))).await;
    assert!(mails(&world).await.is_empty(), "they have read it");
    guest_writes(&world, "3").await;
    assert!(mails(&world).await.is_empty(), "it is their own");
    assert!(owed(&world).await.iter().all(|entry| entry["kind"] != "email"));
}

#[tokio::test]
async fn an_outbox_names_nobodys_address_and_quotes_nothing() {
    let world = with_grace().await;
    staff_writes(&world, "ada", "a secret").await;
    let owed = owed(&world).await;
    let expected = json!({ "kind": "email", "hotelSlug": "killarney", "bookingId": "BK-2025-0123", "seq": 1 });
    assert_eq!(owed.len(), 1);
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&owed[0][field], value, "{field}");
    }
    assert!(!owed[0].to_string().contains("secret") && !owed[0].to_string().contains("example.com"));
}

#[tokio::test]
async fn a_guests_e_mail_goes_to_the_address_of_the_last_token_that_had_one_in_its_language() {
    let world = with_page().await;
    looks(&world, json!({ "email": "eve@example.com", "email_verified": false })).await;
    staff_writes(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty(), "no address");
    looks(&world, json!({ "email": "grace@example.com", "locale": "fr-FR" })).await;
    looks(&world, json!({})).await;
    staff_writes(&world, "ada", "2").await;
    let sent = mails(&world).await;
    assert_eq!(sent[0]["Destination"]["ToAddresses"], json!(["grace@example.com"]));
    assert_eq!(subject(&sent[0]), "Nouveau message de Ada – killarney, réservation BK-2025-0123");
}

#[tokio::test]
async fn the_address_is_written_once_however_often_the_guest_looks() {
    let world = with_page().await;
    let writes = async |claims| {
        let (_, [before, after]) = world.count(handle, &look(claims)).await;
        before.write_units + after.write_units > 0.0
    };
    assert!(!writes(json!({})).await, "without an address there is nothing to keep");
    assert!(writes(json!({ "email": "grace@example.com" })).await);
    assert!(!writes(json!({ "email": "grace@example.com" })).await);
    assert!(writes(json!({ "email": "moran@example.com" })).await);
}

#[tokio::test]
async fn without_a_page_to_link_to_no_e_mail_is_owed() {
    let world = with_email_and(&[]).await;
    hire(&world, &["ada"]).await;
    looks(&world, json!({ "email": "grace@example.com" })).await;
    staff_writes(&world, "ada", "1").await;
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn a_guest_who_unsubscribes_gets_none_until_they_turn_it_on_again() {
    let world = with_grace().await;
    let page = unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    assert!(page.body.as_str().unwrap().contains("value=\"on\""), "{page:?}");
    staff_writes(&world, "ada", "1").await;
    looks(&world, json!({ "email": "grace@example.com" })).await;
    assert!(mails(&world).await.is_empty());
    let page = unsubscribe(&world, "emails=on").await;
    assert!(page.body.as_str().unwrap().contains("E-mails are on"), "{page:?}");
    staff_writes(&world, "ada", "2").await;
    assert_eq!(mails(&world).await.len(), 1);
}

#[tokio::test]
async fn a_guest_who_unsubscribes_with_one_address_gets_e_mail_at_another() {
    let world = with_grace().await;
    unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    looks(&world, json!({ "email": "moran@example.com" })).await;
    staff_writes(&world, "ada", "1").await;
    let sent = mails(&world).await;
    assert_eq!(sent[0]["Destination"]["ToAddresses"], json!(["moran@example.com"]));
    unsubscribe_from(&world, "moran@example.com", "List-Unsubscribe=One-Click").await;
    staff_writes(&world, "ada", "2").await;
    assert!(mails(&world).await.is_empty(), "nor at that one, now");
}

#[tokio::test]
async fn a_link_in_an_e_mail_turns_off_and_on_the_address_that_it_was_sent_to_alone() {
    let world = with_grace().await;
    looks(&world, json!({ "email": "moran@example.com" })).await;
    unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    staff_writes(&world, "ada", "1").await;
    assert_eq!(mails(&world).await.len(), 1);
    unsubscribe_from(&world, "moran@example.com", "List-Unsubscribe=One-Click").await;
    staff_writes(&world, "ada", "2").await;
    assert!(mails(&world).await.is_empty());
    assert!(owed(&world).await.is_empty(), "and none waits for its window");
    looks(&world, json!({ "email": "grace@example.com" })).await;
    end_window(&world).await;
    staff_writes(&world, "ada", "3").await;
    assert!(mails(&world).await.is_empty(), "both have opted out");
    unsubscribe(&world, "emails=on").await;
    staff_writes(&world, "ada", "4").await;
    assert_eq!(mails(&world).await.len(), 1);
    end_window(&world).await;
    looks(&world, json!({ "email": "moran@example.com" })).await;
    staff_writes(&world, "ada", "5").await;
    assert!(mails(&world).await.is_empty(), "the other one has not opted in");
}

#[tokio::test]
async fn e_mail_that_is_off_as_a_whole_stays_off_when_one_address_opts_out() {
    let world = with_grace().await;
    unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    // As it is where a version before knew no address.
    let (pk, sk) = world.table.every_row().await.into_keys().find(|(_, sk)| sk == "PREFERENCES").unwrap();
    world.table.set_text((&pk, &sk), "email_off_addresses", "").await;
    unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    looks(&world, json!({ "email": "moran@example.com" })).await;
    staff_writes(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty());
}

#[tokio::test]
async fn an_older_token_replaces_no_newer_tokens_address() {
    let world = with_page().await;
    looks(&world, json!({ "email": "grace@example.com", "iat": 1_700_000_100 })).await;
    looks(&world, json!({ "email": "typo@example.com", "iat": 1_700_000_000 })).await;
    staff_writes(&world, "ada", "1").await;
    assert_eq!(mails(&world).await[0]["Destination"]["ToAddresses"], json!(["grace@example.com"]));
    looks(&world, json!({ "email": "moran@example.com", "iat": 1_700_000_100 })).await;
    looks(&world, json!({ "email": "ada@example.com" })).await;
    looks(&world, json!({ "email": "eve@example.com", "iat": 4_000_000_000_i64 })).await;
    looks(&world, json!({ "email": "ben@example.com", "iat": Millis::now().seconds() + 2 })).await;
    end_window(&world).await;
    staff_writes(&world, "ada", "2").await;
    let sent = mails(&world).await;
    assert_eq!(
        sent[0]["Destination"]["ToAddresses"],
        json!(["ben@example.com"]),
        "a clock that is ahead shuts nobody out"
    );
}

#[tokio::test]
async fn a_bounce_turns_off_the_address_that_bounced() {
    let world = with_grace().await;
    let bounce = async |to: &str| {
        let tags = json!({ "carillon-user": [URL_SAFE_NO_PAD.encode(GUEST)] });
        let detail = json!({ "mail": { "tags": tags, "destination": [to] }, "bounce": { "bounceType": "Permanent" } });
        let event = json!({ "version": "0", "id": "e", "detail-type": "Email Bounced", "source": "aws.ses", "account": "1",
            "region": "eu-west-1", "time": "2026-11-20T05:00:00Z", "resources": [], "detail": detail });
        let event = serde_json::from_value(event).unwrap();
        email_unsubscribe::on_event(world.app_of("email-unsubscribe"), event).await.unwrap();
    };
    bounce("graec@example.com").await;
    staff_writes(&world, "ada", "1").await;
    assert_eq!(mails(&world).await.len(), 1, "the address was corrected before its bounce came");
    bounce("grace@example.com").await;
    staff_writes(&world, "ada", "2").await;
    assert!(mails(&world).await.is_empty() && owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_erased_guests_address_is_in_no_row() {
    let world = with_grace().await;
    staff_writes(&world, "ada", "1").await;
    assert_eq!(mails(&world).await.len(), 1);
    unsubscribe(&world, "List-Unsubscribe=One-Click").await;
    staff_writes(&world, "ada", "2").await;
    let erase = as_service("DELETE /users/{userId}").path("userId", GUEST);
    let reply = world.send(erasure::handle, &erase).await;
    assert_eq!((reply.status, &reply.body["done"]), (200, &json!(true)), "{reply:?}");
    let left = json!(world.table.every_row().await.into_values().collect::<Vec<_>>()).to_string();
    assert!(!left.contains("grace@example.com") && !left.contains("EMAIL#guest"), "{left}");
    assert!(mails(&world).await.is_empty());
}

#[tokio::test]
async fn a_guest_with_an_address_is_still_nobody_whom_members_can_invite() {
    let world = with_grace().await;
    let party = crate::parties::party_of(&world, &[]).await;
    assert_eq!(crate::parties::invite(&world, "ada", &party, GUEST).await.status, 404);
    let by_address = Request::new("POST /parties/{partyId}/invitations").by("ada").path("partyId", &party);
    let reply = world.send(::parties::handle, &by_address.json(&json!({ "email": "grace@example.com" }))).await;
    assert!([400, 404].contains(&reply.status), "{reply:?}");
}
