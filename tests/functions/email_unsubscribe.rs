//! `/email/unsubscribe` and what SES says of addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use email_unsubscribe::{handle, on_event};
use serde_json::{Value, json};
use shared::contract::email::EmailAddress;
use shared::contract::id::UserId;
use shared::notifications::unsubscribe_link;
use shared::users::locale::Locale;
use tests::french::misprints;
use tests::lease::{with_email, with_email_and};
use tests::notification::save_preferences;
use tests::{Reply, Request, World};

/// The query of ada's link.
pub(crate) fn link(world: &World, locale: Locale) -> String {
    let links = world.app.settings.email.as_ref().unwrap().links.as_ref().unwrap();
    let (ada, to) = (UserId::parse("ada").unwrap(), EmailAddress::parse("ada@example.com").unwrap());
    let link = unsubscribe_link(links, "https://api.example.com", (&ada, &to), locale);
    link.split_once('?').unwrap().1.to_owned()
}

pub(crate) async fn call(world: &World, method: &str, query: &str) -> Reply {
    submit(world, method, query, "List-Unsubscribe=One-Click").await
}

pub(crate) async fn submit(world: &World, method: &str, query: &str, form: &str) -> Reply {
    let mut request = Request::new(&format!("{method} /email/unsubscribe"));
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        request = request.query(name, value);
    }
    world.send(handle, &request.form(form)).await
}

async fn wants_email(world: &World) -> bool {
    let reply = world.send(notifications::handle, &Request::new("GET /notifications/preferences").by("ada")).await;
    reply.body["types"]["MESSAGE"]["email"].as_bool().unwrap()
}

#[tokio::test]
async fn a_link_turns_e_mail_off_without_a_login_and_other_preferences_stay() {
    let world = with_email().await;
    let save =
        save_preferences(&json!({ "locale": "fr", "types": { "MESSAGE": { "push": false }, "KUDOS": { "push": false },
            "ORDER_SHIPPED": { "push": false } } }));
    world.send(notifications::handle, &save).await;
    let reply = call(&world, "POST", &link(&world, Locale::Fr)).await;
    assert_eq!((reply.status, &reply.headers["content-type"][..]), (200, "text/html; charset=utf-8"));
    assert!(reply.body.as_str().unwrap().contains("désactivés"));
    let preferences =
        world.send(notifications::handle, &Request::new("GET /notifications/preferences").by("ada")).await.body;
    assert_eq!(preferences["types"]["MESSAGE"], json!({ "inApp": true, "push": false, "email": false }));
    for other in ["KUDOS", "ORDER_SHIPPED"] {
        assert_eq!(preferences["types"][other], json!({ "inApp": true, "push": false, "email": true }), "{other}");
    }
    assert_eq!(preferences["locale"], "fr");
    assert_eq!(call(&world, "POST", &link(&world, Locale::Fr)).await.status, 200, "twice is the same");
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let world = with_email().await;
    let rows = world.table.rows().await;
    let reply = call(&world, "GET", &link(&world, Locale::En)).await;
    assert_eq!(reply.status, 200);
    let page = reply.body.as_str().unwrap();
    assert!(page.contains("<form method=\"post\">") && page.contains("<button>"), "{page}");
    assert!(reply.headers["content-security-policy"].contains("default-src 'none'"));
    assert_eq!(reply.headers["referrer-policy"], "no-referrer");
    assert_eq!(world.table.rows().await, rows);
    assert!(wants_email(&world).await);
}

#[tokio::test]
async fn a_link_that_was_not_signed_here_is_refused() {
    let world = with_email().await;
    let good = link(&world, Locale::En);
    let signature = good.split_once("signature=").unwrap().1;
    for query in [
        format!("user=ben&signature={signature}"),
        format!("user=ADA&signature={signature}"),
        "user=ada&signature=".to_owned(),
        "user=ada&signature=AAAA".to_owned(),
        format!("user=&signature={signature}"),
        format!("signature={signature}"),
    ] {
        for method in ["GET", "POST"] {
            let reply = call(&world, method, &query).await;
            assert_eq!(reply.status, 403, "{query}");
            assert!(!reply.line.to_string().contains(signature));
        }
    }
    assert!(wants_email(&world).await);
    assert_eq!(call(&World::new().await, "POST", &good).await.status, 404, "where e-mail is off");
}

#[tokio::test]
async fn a_link_of_the_key_that_is_rotated_out_still_works() {
    let old = with_email().await;
    let query = link(&old, Locale::En);
    let world = with_email_and(&[
        ("EMAIL_LINK_KEY", "another-key-of-links-of-at-least-32"),
        ("EMAIL_PREVIOUS_LINK_KEY", tests::lease::LINK_KEY),
    ])
    .await;
    assert_eq!(call(&world, "POST", &query).await.status, 200);
    assert!(!wants_email(&world).await);
}

/// An event of SES's.
fn event(name: &str, more: &Value) -> aws_lambda_events::event::eventbridge::EventBridgeEvent {
    let tags = json!({ "carillon-user": [URL_SAFE_NO_PAD.encode("ada")], "ses:configuration-set": ["carillon-dev"] });
    let mut detail = json!({ "eventType": "x", "mail": { "messageId": "m", "tags": tags } });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "version": "0", "id": "e", "detail-type": name, "source": "aws.ses", "account": "1", "region": "eu-west-1",
        "time": "2026-11-20T05:00:00Z", "resources": [], "detail": detail,
    }))
    .unwrap()
}

#[tokio::test]
async fn the_french_pages_have_no_break_spaces_where_french_has_them() {
    let world = with_email().await;
    for method in ["GET", "POST"] {
        let reply = call(&world, method, &link(&world, Locale::Fr)).await;
        assert_eq!(misprints(reply.body.as_str().unwrap()), [""; 0]);
    }
}

#[tokio::test]
async fn an_odd_tag_of_an_e_mail_hides_no_bounce() {
    let world = with_email().await;
    let ada = URL_SAFE_NO_PAD.encode("ada");
    let tags = json!({ "carillon-user": [7, ada], "campaign": "text", "more": { "a": 1 } });
    let more = json!({ "bounce": { "bounceType": "Permanent" }, "mail": { "tags": tags } });
    on_event(world.app_of("email-unsubscribe"), event("Email Bounced", &more)).await.unwrap();
    assert!(!wants_email(&world).await);
}

#[tokio::test]
async fn a_provider_that_refuses_the_sender_turns_nobodys_e_mail_off() {
    for (codes, stays) in [(&["5.1.1"][..], false), (&["5.7.26"], true), (&["5.7.1", "5.1.1"], false), (&[], false)] {
        let world = with_email().await;
        let recipients: Vec<_> = codes.iter().map(|code| json!({ "emailAddress": "a@b.c", "status": code })).collect();
        let more = json!({ "bounce": { "bounceType": "Permanent", "bouncedRecipients": recipients } });
        let record = shared::telemetry::Record::new("r", "event");
        record
            .scope(async { on_event(world.app_of("email-unsubscribe"), event("Email Bounced", &more)).await.unwrap() })
            .await;
        assert_eq!(wants_email(&world).await, stays, "{codes:?}");
        assert_eq!(record.line("test").contains("\"OperatorErrors\":1"), stays, "{codes:?}");
    }
}

#[tokio::test]
async fn an_e_mail_that_ses_did_not_send_turns_nobodys_e_mail_off() {
    // For an address on its list SES reports 5.1.1, without asking the provider.
    let recipients = json!([{ "emailAddress": "a@b.c", "action": "failed", "status": "5.1.1" }]);
    for kind in ["OnAccountSuppressionList", "Suppressed"] {
        let bounce = json!({ "bounceType": "Permanent", "bounceSubType": kind, "bouncedRecipients": recipients });
        for (name, more) in [
            ("Email Bounced", json!({ "bounce": bounce })),
            ("Email Complaint Received", json!({ "complaint": { "complaintSubType": kind } })),
        ] {
            let world = with_email().await;
            let record = shared::telemetry::Record::new("r", "event");
            record
                .scope(async { on_event(world.app_of("email-unsubscribe"), event(name, &more)).await.unwrap() })
                .await;
            assert!(wants_email(&world).await, "{name} {kind}");
            assert!(record.line("test").contains("\"EmailSuppressed\":1"), "{name} {kind}");
        }
    }
}

#[tokio::test]
async fn hard_bounces_and_complaints_turn_e_mail_off_and_nothing_else_does() {
    for (name, more, stays) in [
        ("Email Bounced", json!({ "bounce": { "bounceType": "Permanent", "bounceSubType": "General" } }), false),
        ("Email Bounced", json!({ "bounce": { "bounceType": "Transient", "bounceSubType": "MailboxFull" } }), true),
        ("Email Bounced", json!({ "bounce": { "bounceType": "Undetermined" } }), true),
        ("Email Complaint Received", json!({ "complaint": { "complaintFeedbackType": "abuse" } }), false),
        ("Email Complaint Received", json!({ "complaint": {} }), false),
        ("Email Complaint Received", json!({ "complaint": { "complaintFeedbackType": "not-spam" } }), true),
        ("Email Bounced", json!({ "bounce": { "bounceType": "Permanent" }, "mail": { "tags": {} } }), true),
    ] {
        let world = with_email().await;
        on_event(world.app_of("email-unsubscribe"), event(name, &more)).await.unwrap();
        assert_eq!(wants_email(&world).await, stays, "{name} {more}");
    }
    let world = with_email().await;
    assert!(
        on_event(world.app_of("email-unsubscribe"), event("Email Bounced", &json!({ "bounce": 1 }))).await.is_err()
    );
}

#[tokio::test]
async fn preferences_that_are_saved_meanwhile_are_not_overwritten() {
    let world = with_email().await;
    let hold = tests::Hold::default();
    world.table.inject("UpdateItem", &[tests::Fault::Held(hold.clone())]);
    let query = link(&world, Locale::En);
    let save = save_preferences(&json!({ "types": { "KUDOS": { "email": false } } }));
    let turning_off = call(&world, "POST", &query);
    let saving = hold.meanwhile(async { world.send(notifications::handle, &save).await });
    let (turned, _) = futures_util::future::join(turning_off, saving).await;
    assert_eq!(turned.status, 200);
    let preferences =
        world.send(notifications::handle, &Request::new("GET /notifications/preferences").by("ada")).await.body;
    assert_eq!(preferences["types"]["KUDOS"]["email"], false);
    assert_eq!(preferences["types"]["MESSAGE"]["email"], false);
}
