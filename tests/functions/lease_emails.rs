//! E-mails to a person who is not in a lease's chat: when one is sent and what it says.

use lease_chat::handle;
use serde_json::{Value, json};
use tests::consumer::{age, consume, owed, retry};
use tests::french::misprints;
use tests::lease::{ask, known, put, with_email, with_email_and, write};
use tests::notification::save_preferences;
use tests::{Request, World};

/// A world in which ben can be reached at ben@example.com.
async fn with_ben() -> World {
    let world = with_email().await;
    known(&world, "ben", "ben@example.com").await;
    world
}

async fn mails(world: &World) -> Vec<Value> {
    consume(world).await.unwrap();
    world.ses.take_sent()
}

/// The parts of an e-mail's body that the tests compare.
fn part<'a>(mail: &'a Value, part: &str) -> &'a str {
    mail["Content"]["Simple"]["Body"][part]["Data"].as_str().unwrap()
}

fn subject(mail: &Value) -> &str {
    mail["Content"]["Simple"]["Subject"]["Data"].as_str().unwrap()
}

/// Lets five minutes pass, and gives the consumer the messages of the retry queue of before.
async fn after_the_window(world: &World) -> Vec<Value> {
    let (pk, sk) = ("LEASE#b1", "EMAIL#ben");
    let mut row = world.table.row(pk, sk).await.unwrap();
    row.insert("sent_at".to_owned(), json!(row["sent_at"].as_i64().unwrap() - 300_000));
    world.table.put_rows(&[json!(row)]).await;
    age(world, 300).await;
    for message in world.queues.sent("retry") {
        retry(world, &message.body).await;
    }
    world.ses.take_sent()
}

#[tokio::test]
async fn a_message_to_somebody_who_is_away_is_one_e_mail() {
    let world = with_ben().await;
    let message = write(&world, "ada", "Bonjour, <i>une</i> question").await;
    assert!(world.ses.take_sent().is_empty(), "not in the request");
    let sent = mails(&world).await;
    assert_eq!(sent.len(), 1);
    let mail = &sent[0];
    assert_eq!(mail["Destination"], json!({ "ToAddresses": ["ben@example.com"] }));
    assert_eq!(mail["FromEmailAddress"], "chat@example.com");
    assert_eq!(mail["ConfigurationSetName"], "carillon-test");
    assert_eq!(subject(mail), "New message from Ada – 12 rue des Lilas");
    let link = format!("https://app.example.com/leases/b1/chat#message-{}", message["id"].as_str().unwrap());
    for name in ["Text", "Html"] {
        assert!(part(mail, name).contains(&link), "{}", part(mail, name));
    }
    assert!(part(mail, "Text").contains("> Bonjour, <i>une</i> question\n"));
    assert!(part(mail, "Html").contains("Bonjour, &lt;i&gt;une&lt;/i&gt; question"));
    assert!(owed(&world).await.is_empty());
    assert!(mails(&world).await.is_empty());
    assert!(world.queues.sent("retry").is_empty() && world.queues.sent("dead-letter").is_empty());
}

#[tokio::test]
async fn an_outbox_names_nobodys_address_and_quotes_nothing() {
    let world = with_ben().await;
    write(&world, "ada", "un secret").await;
    let owed = owed(&world).await;
    assert_eq!(owed.len(), 1);
    let (kind, lease, recipient, seq) = (&owed[0]["kind"], &owed[0]["bailId"], &owed[0]["recipient"], &owed[0]["seq"]);
    assert_eq!((kind, lease, recipient, seq), (&json!("email"), &json!("b1"), &json!("ben"), &json!(1)));
    assert!(!owed[0].to_string().contains("secret") && !owed[0].to_string().contains("example.com"));
}

#[tokio::test]
async fn an_e_mail_can_be_unsubscribed_from_in_one_request() {
    let world = with_ben().await;
    write(&world, "ada", "Bonjour").await;
    let mail = mails(&world).await.remove(0);
    let headers = mail["Content"]["Simple"]["Headers"].as_array().unwrap();
    let header = |name: &str| headers.iter().find(|header| header["Name"] == name).unwrap()["Value"].as_str().unwrap();
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let link = header("List-Unsubscribe").strip_prefix('<').unwrap().strip_suffix('>').unwrap();
    assert!(link.starts_with("https://api.example.com/email/unsubscribe?user=ben&lang=en&signature="), "{link}");
    assert!(part(&mail, "Text").contains(link));
}

#[tokio::test]
async fn a_person_who_is_in_the_chat_or_has_read_gets_no_e_mail() {
    let world = with_ben().await;
    world.pusher.set_users("presence-bail-b1", &["ada", "ben"]);
    write(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty());
    assert!(owed(&world).await.is_empty());
    world.pusher.set_users("presence-bail-b1", &["ada"]);
    write(&world, "ada", "2").await;
    world.send(handle, &ask("ben", "PUT /leases/{bailId}/read").json(&json!({ "seq": 2 }))).await;
    assert!(mails(&world).await.is_empty());
    write(&world, "ada", "3").await;
    let sent = mails(&world).await;
    assert_eq!(subject(&sent[0]), "New message from Ada – 12 rue des Lilas", "what ben saw is not counted");
}

#[tokio::test]
async fn while_pusher_does_not_say_who_is_there_they_count_as_away() {
    let world = with_ben().await;
    world.pusher.set_users("presence-bail-b1", &["ada", "ben"]);
    write(&world, "ada", "1").await;
    world.pusher.respond_always(Some(500));
    assert_eq!(mails(&world).await.len(), 1);
}

#[tokio::test]
async fn messages_within_five_minutes_are_summed_up_at_their_end() {
    let world = with_ben().await;
    write(&world, "ada", "0").await;
    assert_eq!(mails(&world).await.len(), 1);
    let first = write(&world, "ada", "1").await;
    write(&world, "ada", "2").await;
    write(&world, "ada", "3").await;
    assert!(mails(&world).await.is_empty());
    let delays: Vec<_> = world.queues.sent("retry").iter().map(|message| message.delay).collect();
    assert!(delays.len() == 3 && delays.iter().all(|delay| (290..=300).contains(delay)), "{delays:?}");
    assert_eq!(owed(&world).await.len(), 3);

    let sent = after_the_window(&world).await;
    assert_eq!(sent.iter().map(subject).collect::<Vec<_>>(), ["3 new messages from Ada – 12 rue des Lilas"]);
    let link = format!("chat#message-{}", first["id"].as_str().unwrap());
    assert!(part(&sent[0], "Text").contains(&link), "the link leads to the first of them");
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn messages_that_come_together_are_one_e_mail() {
    let world = with_ben().await;
    for text in ["1", "2", "3"] {
        write(&world, "ada", text).await;
    }
    let sent = mails(&world).await;
    assert_eq!(sent.iter().map(subject).collect::<Vec<_>>(), ["3 new messages from Ada – 12 rue des Lilas"]);
    assert!(owed(&world).await.is_empty() && world.queues.sent("retry").is_empty());
}

#[tokio::test]
async fn an_e_mail_about_two_messages_shows_both() {
    let world = with_ben().await;
    write(&world, "ada", "Bonjour Maître").await;
    write(&world, "ada", "Avez-vous <reçu> le dossier ?").await;
    let mail = &mails(&world).await[0];
    assert_eq!(subject(mail), "2 new messages from Ada – 12 rue des Lilas");
    let text = part(mail, "Text");
    assert!(text.contains("> Bonjour Maître\n\n> Avez-vous <reçu> le dossier ?\n\n"), "{text}");
    let html = part(mail, "Html");
    assert!(html.contains(">Bonjour Maître</blockquote>") && html.contains("&lt;reçu&gt; le dossier ?<"), "{html}");
}

#[tokio::test]
async fn a_french_e_mail_has_no_break_spaces_where_french_has_them() {
    let world = with_ben().await;
    put(&world, json!({ "locale": "fr" })).await;
    write(&world, "ada", "Bonjour").await;
    let mail = &mails(&world).await[0];
    for part in [subject(mail), part(mail, "Text"), part(mail, "Html")] {
        assert_eq!(misprints(part), [""; 0], "{part}");
    }
    assert!(part(mail, "Text").contains("Ouvrir la conversation\u{a0}:\n"), "{}", part(mail, "Text"));
}

#[tokio::test]
async fn a_message_that_was_read_or_deleted_within_the_window_is_not_summed_up() {
    let world = with_ben().await;
    write(&world, "ada", "0").await;
    mails(&world).await;
    write(&world, "ada", "1").await;
    let second = write(&world, "ada", "2").await;
    write(&world, "ada", "3").await;
    mails(&world).await;
    world.send(handle, &ask("ben", "PUT /leases/{bailId}/read").json(&json!({ "seq": 2 }))).await;
    let delete = ask("ada", "DELETE /leases/{bailId}/messages/{messageId}");
    world.send(handle, &delete.path("messageId", second["id"].as_str().unwrap())).await;
    let sent = after_the_window(&world).await;
    assert_eq!(sent.iter().map(subject).collect::<Vec<_>>(), ["New message from Ada – 12 rue des Lilas"]);
    assert!(part(&sent[0], "Text").contains("> 3\n"));
}

#[tokio::test]
async fn a_person_who_comes_back_within_the_window_gets_no_summary() {
    let world = with_ben().await;
    write(&world, "ada", "0").await;
    mails(&world).await;
    write(&world, "ada", "1").await;
    mails(&world).await;
    world.pusher.set_users("presence-bail-b1", &["ben"]);
    assert!(after_the_window(&world).await.is_empty());
    assert!(owed(&world).await.is_empty());
}

#[tokio::test]
async fn an_e_mail_that_ses_did_not_take_goes_again_and_tells_of_all() {
    for (status, code) in
        [(429, "TooManyRequestsException"), (503, "ServiceUnavailable"), (403, "AccessDeniedException")]
    {
        let world = with_ben().await;
        world.ses.refuse(status, code, "no to ben@example.com");
        write(&world, "ada", "1").await;
        assert!(mails(&world).await.is_empty());
        assert_eq!(world.ses.take_requests(), 1, "one attempt a visit");
        write(&world, "ada", "2").await;
        age(&world, 10).await;
        for message in world.queues.sent("retry") {
            retry(&world, &message.body).await;
        }
        let sent = world.ses.take_sent();
        assert_eq!(
            sent.iter().map(subject).collect::<Vec<_>>(),
            ["2 new messages from Ada – 12 rue des Lilas"],
            "{code}"
        );
        assert!(mails(&world).await.is_empty(), "the second was told of");
        assert!(owed(&world).await.is_empty());
    }
}

#[tokio::test]
async fn an_e_mail_that_ses_never_takes_is_a_dead_letter_without_an_address() {
    let world = with_ben().await;
    world.ses.refuse(400, "MessageRejected", "The message to ben@example.com contains a virus");
    write(&world, "ada", "un secret").await;
    assert!(mails(&world).await.is_empty());
    let letters = world.queues.sent("dead-letter");
    assert_eq!(letters.len(), 1);
    let letter = letters[0].body.to_string();
    assert!(letter.contains("MessageRejected") && letter.contains("\"recipient\":\"ben\""), "{letter}");
    assert!(!letter.contains("example.com") && !letter.contains("secret"), "{letter}");
    assert!(owed(&world).await.is_empty());
    assert!(retry(&world, &letters[0].body).await, "replayed by a person");
    assert_eq!(world.ses.take_sent().len(), 1);
}

#[tokio::test]
async fn an_e_mail_that_the_sandbox_refuses_waits_for_the_operator_who_leaves_it() {
    let world = with_ben().await;
    let text =
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: ben@example.com";
    world.ses.refuse(400, "MessageRejected", text);
    write(&world, "ada", "1").await;
    let record = shared::telemetry::Record::new("r", "stream");
    record.scope(async { consume(&world).await.unwrap() }).await;
    let line = record.line("test");
    assert!(line.contains("\"OperatorErrors\":1") && line.contains("MessageRejected, verify the sender"), "{line}");
    assert!(!line.contains("example.com"), "{line}");
    assert!(world.queues.sent("dead-letter").is_empty());
    for message in world.queues.sent("retry") {
        retry(&world, &message.body).await;
    }
    assert_eq!((world.ses.take_sent().len(), owed(&world).await.len()), (1, 0));
}

#[tokio::test]
async fn an_e_mail_whose_consumer_was_killed_goes_again_once() {
    let world = with_ben().await;
    write(&world, "ada", "1").await;
    let rows = world.table.row("CHAT#LEASE#b1", "MSG#000000000001").await.unwrap();
    assert_eq!(mails(&world).await.len(), 1);
    // Killed after SES took it and before the row was acknowledged.
    world.table.set_text(("CHAT#LEASE#b1", "MSG#000000000001"), "outbox", rows["outbox"].as_str().unwrap()).await;
    assert!(mails(&world).await.is_empty(), "the claim says that it was sent");
    assert!(owed(&world).await.is_empty());
    // Killed between the claim and SES.
    world.table.set_text(("CHAT#LEASE#b1", "MSG#000000000001"), "outbox", rows["outbox"].as_str().unwrap()).await;
    let mut claim = world.table.row("LEASE#b1", "EMAIL#ben").await.unwrap();
    claim.insert("sent".to_owned(), json!(false));
    world.table.put_rows(&[json!(claim)]).await;
    assert!(mails(&world).await.is_empty(), "another worker may be sending it");
    claim.insert("busy_until".to_owned(), json!(claim["sent_at"]));
    world.table.put_rows(&[json!(claim)]).await;
    age(&world, 30).await;
    for message in world.queues.sent("retry") {
        retry(&world, &message.body).await;
    }
    assert_eq!(world.ses.take_sent().len(), 1);
}

#[tokio::test]
async fn nobody_is_written_to_without_an_address_or_against_their_will() {
    let world = with_email().await;
    write(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty(), "no address");
    known(&world, "ada", "ada@example.com").await;
    write(&world, "ben", "2").await;
    let off = save_preferences(&json!({ "types": { "MESSAGE": { "email": false } } }));
    world.send(notifications::handle, &off).await;
    assert!(mails(&world).await.is_empty(), "ada has turned it off");
    assert!(owed(&world).await.is_empty());

    let off = World::new().await;
    put(&off, json!({})).await;
    known(&off, "ben", "ben@example.com").await;
    write(&off, "ada", "1").await;
    assert!(owed(&off).await.is_empty(), "without EMAIL_FROM none is owed");
}

#[tokio::test]
async fn the_address_is_the_leases_or_else_the_verified_one_of_the_token() {
    let world = with_email().await;
    let unverified = tests::token_with("ben", &json!({ "email": "ben@example.com", "email_verified": false }));
    world.send(handle, &Request::new("GET /leases/{bailId}").bearer(&unverified).path("bailId", "b1")).await;
    write(&world, "ada", "1").await;
    assert!(mails(&world).await.is_empty());
    put(&world, json!({ "notaryEmail": "etude@example.fr", "clientEmail": "ada@example.com" })).await;
    known(&world, "ben", "ben@example.com").await;
    write(&world, "ada", "2").await;
    assert_eq!(mails(&world).await[0]["Destination"]["ToAddresses"], json!(["etude@example.fr"]));
    write(&world, "ben", "3").await;
    assert_eq!(mails(&world).await[0]["Destination"]["ToAddresses"], json!(["ada@example.com"]));
}

#[tokio::test]
async fn an_e_mail_is_in_the_recipients_language() {
    let french = "Nouveau message de Ada – 12 rue des Lilas";
    let world = with_ben().await;
    put(&world, json!({ "locale": "fr" })).await;
    write(&world, "ada", "1").await;
    assert_eq!(subject(&mails(&world).await[0]), french, "the lease's");

    let world = with_email().await;
    let token = tests::token_with("ben", &json!({ "email": "ben@example.com", "locale": "fr-FR" }));
    world.send(handle, &Request::new("GET /leases/{bailId}").bearer(&token).path("bailId", "b1")).await;
    write(&world, "ada", "1").await;
    assert_eq!(subject(&mails(&world).await[0]), french, "the token's");

    let world = with_ben().await;
    put(&world, json!({ "locale": "en" })).await;
    let save = Request::new("PUT /notifications/preferences").by("ben").json(&json!({ "locale": "fr" }));
    world.send(notifications::handle, &save).await;
    write(&world, "ada", "1").await;
    assert_eq!(subject(&mails(&world).await[0]), french, "the one that ben chose");
}

#[tokio::test]
async fn no_name_and_no_message_adds_a_header() {
    let world = with_email_and(&[("EMAIL_FROM_NAME", "Étude, \"Durand\"")]).await;
    known(&world, "ben", "ben@example.com").await;
    let eve = tests::token_with("ada", &json!({ "name": "Eve\r\nBcc: all@example.com" }));
    let body = json!({ "content": "Hi\r\nBcc: all@example.com\r\n\r\n<html>" });
    let request = Request::new("POST /leases/{bailId}/messages").bearer(&eve).path("bailId", "b1").json(&body);
    assert_eq!(world.send(handle, &request).await.status, 201);
    let mail = &mails(&world).await[0];
    assert_eq!(subject(mail), "New message from Eve Bcc: all@example.com – 12 rue des Lilas");
    assert_eq!(mail["Destination"]["ToAddresses"], json!(["ben@example.com"]));
    assert_eq!(mail["FromEmailAddress"], "=?UTF-8?B?w4l0dWRlLCAiRHVyYW5kIg==?= <chat@example.com>");
    let headers = mail["Content"]["Simple"]["Headers"].as_array().unwrap();
    assert!(headers.iter().all(|header| !header["Value"].as_str().unwrap().contains(['\r', '\n'])));
}

#[tokio::test]
async fn a_log_line_holds_no_address_and_no_signature() {
    let world = with_ben().await;
    world.ses.refuse(503, "ServiceUnavailable", "no to ben@example.com");
    write(&world, "ada", "un secret").await;
    let record = shared::telemetry::Record::new("r", "stream");
    record.scope(async { consume(&world).await.unwrap() }).await;
    let line = record.line("test");
    assert!(line.contains("\"email\",\"postponed\"") && line.contains("ServiceUnavailable"), "{line}");
    assert!(!line.contains("example.com") && !line.contains("secret") && !line.contains("signature"), "{line}");
}
