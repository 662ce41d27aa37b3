//! Tokens that are accepted, and the many that are not.

mod jwks;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::clients::https::HttpClient;

const SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";

fn tokens(keys: TokenKeys) -> Tokens {
    Tokens { keys, issuer: None, audiences: Vec::new(), claims: ClaimNames::default(), cookie: None }
}

fn verifier(keys: TokenKeys) -> Verifier {
    jws::install_for_tests();
    Verifier::new(HttpClient::default(), &tokens(keys)).unwrap()
}

fn shared_secret() -> Verifier {
    verifier(TokenKeys::Shared { current: Secret::new(SECRET), previous: None })
}

fn claims(more: Value) -> Value {
    let mut claims = json!({ "sub": "ada", "exp": 4_102_444_800_i64 });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

fn signed(claims: &Value) -> String {
    jws::install_for_tests();
    encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// A token with these claims and this header as they are written: no [`Value`] holds all of what JavaScript writes.
fn signed_text(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    jws::install_for_tests();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

async fn with_text(claims: &str) -> Result<Identity, String> {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    check(&shared_secret(), &signed_text(r#"{"alg":"HS256"}"#, claims, &key, Algorithm::HS256)).await
}

/// The identity, or the cause that is logged.
async fn check(verifier: &Verifier, token: &str) -> Result<Identity, String> {
    let checked = verifier.member(Some(&format!("Bearer {token}"))).await;
    checked.map_err(|error| error.token_refused().map_or(format!("{error:?}"), str::to_owned))
}

async fn with(more: Value) -> Result<Identity, String> {
    check(&shared_secret(), &signed(&claims(more))).await
}

#[tokio::test]
async fn a_token_says_who_is_calling_in_either_spelling() {
    let ada =
        with(json!({ "name": "Ada", "picture": "https://x/a.png", "email": "ada@example.com", "roles": ["service"] }))
            .await
            .unwrap();
    assert_eq!((ada.user.as_str(), ada.claimed_name.as_ref().map(Line::as_str)), ("ada", Some("Ada")));
    assert_eq!(
        (ada.claimed_picture.as_ref().map(Picture::as_str), ada.email.as_ref().map(|email| email.as_str())),
        (Some("https://x/a.png"), Some("ada@example.com"))
    );
    assert!(ada.must_be_service().is_ok());
    let ada = with(json!({ "username": "ada99", "avatar_url": "https://x/b.png" })).await.unwrap();
    let shown = (ada.claimed_name.as_ref().map(Line::as_str), ada.claimed_picture.as_ref().map(Picture::as_str));
    assert_eq!(shown, (Some("ada99"), Some("https://x/b.png")));
    assert!(ada.must_be_service().is_err());
    assert_eq!(with(json!({})).await.unwrap().claimed_name, None);
    assert_eq!(with(json!({ "sub": 42 })).await.unwrap().user.as_str(), "42");
}

#[tokio::test]
async fn the_example_of_rfc_7515_a_1_verifies_and_has_expired() {
    jws::install_for_tests();
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
                 .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
                 .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let decoding = DecodingKey::from_secret(&URL_SAFE_NO_PAD.decode(key).unwrap());
    // The signature is checked first: a changed token is invalid, not expired.
    let claims = Token::read(token).unwrap().claims(&decoding).ok().unwrap();
    assert_eq!(claims.check(None, Millis::now()), Err(Unauthenticated::Expired));
    assert_eq!(claims.check(Some("joe"), Millis(1_300_819_390_000)), Ok(()), "within the leeway");
    assert_eq!(claims.check(Some("joe"), Millis(1_300_819_391_000)), Err(Unauthenticated::Expired));
    let forged = token.replace("dBjf", "eBjf");
    assert_eq!(Token::read(&forged).unwrap().claims(&decoding).err(), Some(Untrusted::BadSignature));
}

#[tokio::test]
async fn forgeries_are_refused() {
    jws::install_for_tests();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let good = signed(&claims(json!({})));
    let unsigned = format!("{}.{}.", part(json!({ "alg": "none", "typ": "JWT" })), part(claims(json!({}))));
    let hs512 =
        encode(&Header::new(Algorithm::HS512), &claims(json!({})), &EncodingKey::from_secret(SECRET.as_bytes()))
            .unwrap();
    let other_key =
        encode(&Header::default(), &claims(json!({})), &EncodingKey::from_secret(b"another secret")).unwrap();
    let rs256 = encode(&Header::new(Algorithm::RS256), &claims(json!({})), &rsa()).unwrap();
    let changed = good.replacen(&part(claims(json!({}))), &part(claims(json!({ "sub": "eve" }))), 1);
    let long = format!("{good}{}", "x".repeat(10_000));
    for (bad, why) in [
        (unsigned.as_str(), "malformed"),
        (&hs512, "wrong algorithm"),
        (&other_key, "bad signature"),
        (&rs256, "wrong algorithm"),
        (&changed, "bad signature"),
        (&long, "too long"),
        ("…", "malformed"),
        ("a.b.c", "malformed"),
        (".", "malformed"),
    ] {
        assert_eq!(check(&shared_secret(), bad).await.unwrap_err(), why, "{bad}");
    }
    assert!(check(&shared_secret(), &good).await.is_ok());
}

#[tokio::test]
async fn claims_that_do_not_hold_are_refused() {
    for (more, why) in [
        (json!({ "exp": 1_600_000_000 }), "expired"),
        (json!({ "exp": null }), "no exp"),
        (json!({ "exp": "tomorrow" }), "no exp"),
        (json!({ "nbf": 4_102_444_000_i64 }), "not yet valid"),
        (json!({ "nbf": "tomorrow" }), "malformed nbf"),
        (json!({ "sub": null }), "no user id"),
        (json!({ "sub": ["ada"] }), "unusable user id"),
        (json!({ "sub": 4.2 }), "unusable user id"),
        (json!({ "sub": "" }), "unusable user id"),
        (json!({ "sub": "auth0|1" }), "unusable user id"),
        (json!({ "sub": "ada\n" }), "unusable user id"),
        (json!({ "aud": "guest" }), "guest"),
        (json!({ "aud": ["app", "guest"] }), "guest"),
    ] {
        assert_eq!(with(more.clone()).await.unwrap_err(), why, "{more}");
    }
}

#[tokio::test]
async fn a_token_with_a_critical_extension_is_refused() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signed = |header: &str| signed_text(header, r#"{"sub":"ada","exp":4102444800}"#, &key, Algorithm::HS256);
    assert!(check(&shared_secret(), &signed(r#"{"alg":"HS256"}"#)).await.is_ok());
    let critical = signed(r#"{"alg":"HS256","crit":["exp2"],"exp2":1}"#);
    assert_eq!(check(&shared_secret(), &critical).await.unwrap_err(), "malformed");
}

#[tokio::test]
async fn a_claim_that_cannot_be_read_locks_nobody_out() {
    let deep = |levels: usize| format!(r#""deep":{}1{}"#, "[".repeat(levels), "]".repeat(levels));
    for odd in [
        r#""bio":"Ada \ud83d""#,
        r#""bio":"\udc00 and so on""#,
        r#""\ud83d":1"#,
        r#""score":1e400"#,
        r#""name":-1e999"#,
        r#""user_metadata":{"\udc00":[{"bio":"\ud83d"}],"n":1e400}"#,
        &deep(127),
        &deep(1_000),
    ] {
        let ada = with_text(&format!(r#"{{"sub":"ada",{odd},"exp":4102444800,"locale":"fr"}}"#)).await;
        let ada = ada.unwrap_or_else(|cause| panic!("{cause}: {odd:.60}"));
        assert_eq!(
            (ada.user.as_str(), ada.claimed_name.is_none(), ada.locale.as_deref()),
            ("ada", true, Some("fr")),
            "{odd:.60}"
        );
    }
    let named = with_text(r#"{"sub":"ada","exp":4102444800,"name":"Ada \ud83d \ud83d\ude00"}"#).await.unwrap();
    assert_eq!(named.claimed_name.unwrap().as_str(), "Ada \u{fffd} \u{1f600}");
    let unverified = r#"{"sub":"ada","exp":4102444800,"email":"ada@example.com","user_metadata":{"a":"\ud83d","email_verified":false}}"#;
    assert_eq!(with_text(unverified).await.unwrap().email, None);
    let guest_claims = r#"{"aud":"guest","hotel":"killarney","booking":"BK-1","name":"Grace \ud83d","exp":4102444800}"#;
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = signed_text(r#"{"alg":"HS256"}"#, guest_claims, &key, Algorithm::HS256);
    assert_eq!(guest(&shared_secret(), None, Some(&token)).await.unwrap().name, "Grace \u{fffd}");
}

#[tokio::test]
async fn a_claim_that_decides_must_be_readable() {
    for (claims, cause) in [
        (r#"{"sub":"ada\ud83d","exp":4102444800}"#, "malformed"),
        (r#"{"sub":1e400,"exp":4102444800}"#, "malformed"),
        (r#"{"sub":"ada","exp":1e400}"#, "malformed"),
        (r#"{"sub":"ada","exp":4102444800,"nbf":"\ud83d"}"#, "malformed"),
        (r#"{"sub":"ada","exp":4102444800,"iss":"\ud83d"}"#, "malformed"),
        (r#"{"sub":"ada","exp":4102444800,"aud":["guest\ud83d"]}"#, "malformed"),
        (r#"{"sub":"ada","exp":4102444800,"bio":"\ud83d}"#, "malformed"),
        (r#"["\ud83d"]"#, "malformed"),
        (r#"{"sub":"ada","exp":1,"bio":"\ud83d"}"#, "expired"),
        (r#"{"sub":"ada","bio":"\ud83d"}"#, "no exp"),
        (r#"{"sub":"ada","exp":4102444800,"nbf":4102444000,"bio":"\ud83d"}"#, "not yet valid"),
        (r#"{"sub":"ada","exp":4102444800,"aud":"guest","bio":"\ud83d"}"#, "guest"),
    ] {
        assert_eq!(with_text(claims).await.unwrap_err(), cause, "{claims}");
    }
    let forger = EncodingKey::from_secret(b"another secret");
    let forged = signed_text(
        r#"{"alg":"HS256"}"#,
        r#"{"sub":"ada","exp":4102444800,"bio":"\ud83d"}"#,
        &forger,
        Algorithm::HS256,
    );
    assert_eq!(check(&shared_secret(), &forged).await.unwrap_err(), "bad signature");
    let role = r#"{"sub":"ada","exp":4102444800,"roles":["service\ud83d"]}"#;
    assert!(with_text(role).await.unwrap().must_be_service().is_err());
    let mut settings = tokens(TokenKeys::Shared { current: Secret::new(SECRET), previous: None });
    settings.claims.user_id = Some("uid".to_owned());
    settings.issuer = Some("https://id".to_owned());
    let verifier = Verifier::new(HttpClient::default(), &settings).unwrap();
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for (claims, cause) in [
        (r#"{"uid":"ada\ud83d","iss":"https://id","exp":4102444800}"#, "unusable user id"),
        (r#"{"uid":"ada","iss":"https://other","exp":4102444800,"bio":"\ud83d"}"#, "other issuer"),
        (r#"{"uid":"ada","exp":4102444800,"bio":"\ud83d"}"#, "other issuer"),
    ] {
        let token = signed_text(r#"{"alg":"HS256"}"#, claims, &key, Algorithm::HS256);
        assert_eq!(check(&verifier, &token).await.unwrap_err(), cause, "{claims}");
    }
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_refused_as_missing() {
    for none in [None, Some(""), Some("Basic YTpi"), Some("Bearertoken")] {
        let error = shared_secret().member(none).await.unwrap_err();
        assert_eq!(error.to_string(), Unauthenticated::Missing.to_string(), "{none:?}");
    }
    for empty in ["Bearer", "Bearer ", "Bearer  ", "bearer undefined", "Bearer null"] {
        let error = shared_secret().member(Some(empty)).await.unwrap_err();
        assert_eq!(error.to_string(), Unauthenticated::Empty.to_string(), "{empty:?}");
        assert_eq!(error.token_refused(), Some("empty"), "{empty:?}");
    }
    for empty in ["", " ", "undefined", "null"] {
        let in_query = shared_secret().member_by_token(Some(empty)).await.unwrap_err();
        assert_eq!(in_query.to_string(), Unauthenticated::Empty.to_string(), "{empty:?}");
    }
    let lower_case = format!("bearer {}", signed(&claims(json!({}))));
    assert!(shared_secret().member(Some(&lower_case)).await.is_ok());
}

#[tokio::test]
async fn issuer_and_audience_are_required_where_configured() {
    let tokens = Tokens {
        keys: TokenKeys::Shared { current: Secret::new(SECRET), previous: None },
        issuer: Some("https://id".to_owned()),
        audiences: vec!["web".to_owned(), "carillon".to_owned()],
        claims: ClaimNames::default(),
        cookie: None,
    };
    jws::install_for_tests();
    let verifier = Verifier::new(HttpClient::default(), &tokens).unwrap();
    for good in [json!(["carillon", "x"]), json!("carillon"), json!("web")] {
        assert!(
            check(&verifier, &signed(&claims(json!({ "iss": "https://id", "aud": good })))).await.is_ok(),
            "{good}"
        );
    }
    let of_cognito = json!({ "iss": "https://id", "token_use": "access", "client_id": "web" });
    assert!(check(&verifier, &signed(&claims(of_cognito))).await.is_ok(), "it has no aud");
    for (bad, why) in [
        (json!({ "iss": "https://id" }), "other audience"),
        (json!({ "aud": "carillon" }), "other issuer"),
        (json!({ "iss": "https://other", "aud": "carillon" }), "other issuer"),
        (json!({ "iss": "https://id", "aud": "other" }), "other audience"),
        (json!({ "iss": "https://id", "aud": "web,carillon" }), "other audience"),
        (json!({ "iss": "https://id", "aud": 7 }), "other audience"),
        (json!({ "iss": "https://id", "client_id": "web" }), "other audience"),
        (json!({ "iss": "https://id", "client_id": "web", "token_use": "id" }), "other audience"),
        (json!({ "iss": "https://id", "client_id": "other", "token_use": "access" }), "other audience"),
        (json!({ "iss": "https://id", "aud": "other", "client_id": "web", "token_use": "access" }), "other audience"),
    ] {
        assert_eq!(check(&verifier, &signed(&claims(bad.clone()))).await.unwrap_err(), why, "{bad}");
    }
    assert!(check(&verifier, &signed(&claims(json!({})))).await.is_err());
}

fn der(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64.trim()).unwrap()
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(&der(include_str!("testdata/rsa.txt")))
}

#[tokio::test]
async fn an_address_that_the_issuer_calls_unverified_is_not_taken() {
    for (more, is_taken) in [
        (json!({}), true),
        (json!({ "email_verified": true }), true),
        (json!({ "email_verified": false }), false),
        (json!({ "email_verified": "false" }), false),
        (json!({ "user_metadata": { "email_verified": false } }), false),
        (json!({ "user_metadata": { "email_verified": true } }), true),
        (json!({ "email_verified": true, "user_metadata": { "email_verified": false } }), false),
        (json!({ "email_verified": false, "user_metadata": { "email_verified": true } }), false),
        (json!({ "user_metadata": "odd" }), true),
    ] {
        let mut all = json!({ "email": "ada@example.com" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(with(all).await.unwrap().email.is_some(), is_taken, "{more}");
    }
}

/// The guest, or the cause that is logged.
async fn guest(verifier: &Verifier, header: Option<&str>, query: Option<&str>) -> Result<Guest, String> {
    let checked = verifier.guest(header, query).await;
    checked.map_err(|error| error.token_refused().map_or(error.to_string(), str::to_owned))
}

fn guest_claims(more: Value) -> Value {
    let mut guest = json!({
        "aud": "guest", "hotel": "killarney", "booking": "BK-2025-0123", "name": "Grace", "exp": 4_102_444_800_i64
    });
    guest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    guest
}

#[tokio::test]
async fn a_guests_token_says_whose_guest_it_is_in_the_header_or_in_the_query() {
    let verifier = shared_secret();
    let token = signed(&guest_claims(json!({})));
    let header = format!("Bearer {token}");
    let grace = guest(&verifier, Some(&header), None).await.unwrap();
    assert_eq!(
        (grace.hotel.as_str(), grace.booking.as_str(), grace.name.as_str()),
        ("killarney", "BK-2025-0123", "Grace")
    );
    assert_eq!(guest(&verifier, None, Some(&token)).await, Ok(grace.clone()));
    assert_eq!(guest(&verifier, Some("Basic x"), Some(&token)).await, Ok(grace.clone()));
    let other = signed(&guest_claims(json!({ "booking": "BK-1" })));
    assert_eq!(guest(&verifier, Some(&header), Some(&other)).await, Ok(grace), "the header goes first");
    let nameless = signed(&guest_claims(json!({ "name": " ", "aud": ["guest", "else"] })));
    assert_eq!(guest(&verifier, None, Some(&nameless)).await.unwrap().name, "Guest");
}

#[tokio::test]
async fn a_token_that_does_not_identify_a_guest_is_refused_with_its_cause() {
    let verifier = shared_secret();
    let refused = async |claims: Value| guest(&verifier, None, Some(&signed(&claims))).await.unwrap_err();
    assert_eq!(refused(claims(json!({}))).await, "not a guest");
    assert_eq!(refused(guest_claims(json!({ "aud": "guests" }))).await, "not a guest");
    assert_eq!(refused(guest_claims(json!({ "exp": 1 }))).await, "expired");
    for unusable in
        [json!({ "hotel": "a b" }), json!({ "booking": null }), json!({ "booking": 7 }), json!({ "hotel": "" })]
    {
        assert_eq!(refused(guest_claims(unusable)).await, "unusable hotel or booking");
    }
    for none in [None, Some(""), Some(" "), Some("undefined"), Some("null")] {
        let told = guest(&verifier, Some("Bearer undefined"), none).await.unwrap_err();
        assert!(told.starts_with("Open this with the guest's link"), "{none:?}: {told}");
    }
}

#[tokio::test]
async fn the_members_audience_and_issuer_are_not_confused_with_a_guests() {
    jws::install_for_tests();
    let mut settings = tokens(TokenKeys::Shared { current: Secret::new(SECRET), previous: None });
    settings.audiences = vec!["carillon".to_owned()];
    settings.issuer = Some("https://issuer".to_owned());
    let verifier = Verifier::new(HttpClient::default(), &settings).unwrap();
    let of_issuer = signed(&guest_claims(json!({ "iss": "https://issuer" })));
    assert!(guest(&verifier, None, Some(&of_issuer)).await.is_ok());
    let of_nobody = signed(&guest_claims(json!({})));
    assert_eq!(guest(&verifier, None, Some(&of_nobody)).await, Err("other issuer".to_owned()));
    let both = signed(&guest_claims(json!({ "iss": "https://issuer", "aud": ["carillon", "guest"], "sub": "ada" })));
    assert_eq!(
        check(&verifier, &both).await,
        Err("guest".to_owned()),
        "a guest is no member, whatever else the token says"
    );
}
