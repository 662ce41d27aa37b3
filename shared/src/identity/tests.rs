//! Tokens that are accepted, and the many that are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::clients::https::HttpClient;
use crate::settings::Secret;

const SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";

fn tokens(keys: TokenKeys) -> Tokens {
    Tokens { keys, issuer: None, audiences: Vec::new(), claims: ClaimNames::default() }
}

fn verifier(keys: TokenKeys) -> Verifier {
    crate::jws::install_for_tests();
    Verifier::new(HttpClient::default(), &tokens(keys)).unwrap()
}

fn shared_secret() -> Verifier {
    verifier(TokenKeys::Shared(Secret::new(SECRET)))
}

fn claims(more: Value) -> Value {
    let mut claims = json!({ "sub": "ada", "exp": 4_102_444_800_i64 });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

fn signed(claims: &Value) -> String {
    crate::jws::install_for_tests();
    encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// A token with these claims and this header as they are written: no [`Value`] holds all of what JavaScript writes.
fn signed_text(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    crate::jws::install_for_tests();
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
    crate::jws::install_for_tests();
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
    crate::jws::install_for_tests();
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
    let mut settings = tokens(TokenKeys::Shared(Secret::new(SECRET)));
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
        let in_query = shared_secret().member_by_token(Some(empty), None).await.unwrap_err();
        assert_eq!(in_query.to_string(), Unauthenticated::Empty.to_string(), "{empty:?}");
    }
    let lower_case = format!("bearer {}", signed(&claims(json!({}))));
    assert!(shared_secret().member(Some(&lower_case)).await.is_ok());
}

#[tokio::test]
async fn issuer_and_audience_are_required_where_configured() {
    let tokens = Tokens {
        keys: TokenKeys::Shared(Secret::new(SECRET)),
        issuer: Some("https://id".to_owned()),
        audiences: vec!["web".to_owned(), "carillon".to_owned()],
        claims: ClaimNames::default(),
    };
    crate::jws::install_for_tests();
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

/// The kinds of key that a JWKS may hold, by the kid they are published under.
fn key_pairs() -> [(&'static str, Algorithm, EncodingKey); 9] {
    crate::jws::install_for_tests();
    [
        ("r", Algorithm::RS256, rsa()),
        ("e", Algorithm::ES256, EncodingKey::from_ec_der(&der(include_str!("testdata/p256.txt")))),
        ("d", Algorithm::EdDSA, EncodingKey::from_ed_der(&der(include_str!("testdata/ed25519.txt")))),
        ("e384", Algorithm::ES384, EncodingKey::from_ec_der(&der(include_str!("testdata/p384.txt")))),
        ("r384", Algorithm::RS384, rsa()),
        ("r512", Algorithm::RS512, rsa()),
        ("p256", Algorithm::PS256, rsa()),
        ("p384", Algorithm::PS384, rsa()),
        ("p512", Algorithm::PS512, rsa()),
    ]
}

fn published(pairs: &[(&str, Algorithm, EncodingKey)]) -> Value {
    let keys = pairs.iter().map(|(kid, algorithm, key)| {
        let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
        jwk.common.key_id = Some((*kid).to_owned());
        serde_json::to_value(jwk).unwrap()
    });
    let mut keys: Vec<_> = keys.collect();
    keys.push(json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET), "kid": "symmetric", "alg": "HS256" }));
    keys.push(json!({ "kty": "of tomorrow", "kid": "?" }));
    json!({ "keys": keys })
}

fn token_of(kid: &str, algorithm: Algorithm, key: &EncodingKey) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    encode(&header, &claims(json!({})), key).unwrap()
}

/// Serves a JWKS on loopback and counts how often it is requested.
async fn issuer(set: Value) -> (String, Arc<AtomicUsize>) {
    issuer_of_text(set.to_string()).await
}

async fn issuer_of_text(body: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 2048];
            let _ = connection.read(&mut request).await;
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = connection.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (address, requests)
}

#[tokio::test]
async fn each_kind_of_published_key_verifies_its_own_algorithm() {
    let pairs = key_pairs();
    let (address, requests) = issuer(published(&pairs)).await;
    let verifier = verifier(TokenKeys::Jwks(address));
    for (kid, algorithm, key) in &pairs {
        check(&verifier, &token_of(kid, *algorithm, key)).await.unwrap();
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1, "the set is cached");
    // Signed by one key in another's name, and by the published symmetric key.
    let crossed = token_of("e", Algorithm::RS256, &pairs[0].2);
    let symmetric = token_of("symmetric", Algorithm::HS256, &EncodingKey::from_secret(SECRET.as_bytes()));
    for (bad, why) in [(crossed, "wrong algorithm"), (symmetric, "unknown key")] {
        assert_eq!(check(&verifier, &bad).await.unwrap_err(), why);
    }
}

#[tokio::test]
async fn a_key_verifies_what_its_set_names_and_all_of_its_type_where_it_names_nothing() {
    let rsa_pairs = || key_pairs().into_iter().filter(|(_, algorithm, _)| algorithm.family() == AlgorithmFamily::Rsa);
    let only = |named: Option<&str>| {
        let mut set = published(&key_pairs()[..1]);
        let key = set["keys"][0].as_object_mut().unwrap();
        key.remove("alg");
        key.extend(named.map(|alg| ("alg".to_owned(), json!(alg))));
        set
    };
    let named = verifier(TokenKeys::Jwks(issuer(only(Some("PS384"))).await.0));
    let unnamed = verifier(TokenKeys::Jwks(issuer(only(None)).await.0));
    for (_, algorithm, key) in rsa_pairs() {
        let token = token_of("r", algorithm, &key);
        check(&unnamed, &token).await.unwrap();
        let expected = if algorithm == Algorithm::PS384 { None } else { Some("wrong algorithm".to_owned()) };
        assert_eq!(check(&named, &token).await.err(), expected, "{algorithm:?}");
    }
    let of_another_type = token_of("r", Algorithm::ES256, &key_pairs()[1].2);
    assert_eq!(check(&unnamed, &of_another_type).await.unwrap_err(), "wrong algorithm");
}

#[tokio::test]
async fn two_keys_of_one_id_verify_each_what_is_of_their_type() {
    let pairs = key_pairs();
    let same: Vec<_> = pairs.iter().take(3).map(|(_, algorithm, key)| ("k", *algorithm, key.clone())).collect();
    let verifier = verifier(TokenKeys::Jwks(issuer(published(&same)).await.0));
    for (kid, algorithm, key) in &same {
        check(&verifier, &token_of(kid, *algorithm, key))
            .await
            .unwrap_or_else(|cause| panic!("{algorithm:?}: {cause}"));
    }
    let other = token_of("k", Algorithm::ES384, &pairs[3].2);
    assert_eq!(check(&verifier, &other).await.unwrap_err(), "wrong algorithm");
}

#[tokio::test]
async fn ed25519_has_two_names_for_its_algorithm() {
    let (kid, algorithm, key) = &key_pairs()[2];
    let with = |name: &str| {
        signed_text(&format!(r#"{{"alg":"{name}","kid":"{kid}"}}"#), &claims(json!({})).to_string(), key, *algorithm)
    };
    for of_key in ["EdDSA", "Ed25519"] {
        let mut set = published(&key_pairs()[2..3]);
        set["keys"][0]["alg"] = json!(of_key);
        let verifier = verifier(TokenKeys::Jwks(issuer(set).await.0));
        for of_token in ["EdDSA", "Ed25519"] {
            assert!(check(&verifier, &with(of_token)).await.is_ok(), "{of_key} {of_token}");
        }
        assert_eq!(check(&verifier, &with("Ed448")).await.unwrap_err(), "malformed");
    }
}

#[tokio::test]
async fn odd_fields_of_a_key_cost_neither_it_nor_its_neighbours() {
    let (kid, algorithm, key) = &key_pairs()[1];
    let set = published(&key_pairs()[1..2]);
    let odd = r#""x5c":[7],"x5t":7,"x5t#S256":{},"x5u":null,"alg":null,"note":"\ud83d","n2":1e400"#;
    let deep = format!(r#""deep":{}{}"#, "[".repeat(200), "]".repeat(200));
    let of_key =
        set["keys"][0].to_string().replacen(r#""alg":"ES256","#, "", 1).replacen('{', &format!("{{{odd},{deep},"), 1);
    let other = format!(r#"{{"kty":"EC",{deep}}}"#);
    for keys in [of_key.clone(), format!(r#"{other},{{"kid":"\ud83d"}},{of_key}"#)] {
        let verifier = verifier(TokenKeys::Jwks(issuer_of_text(format!(r#"{{"keys":[{keys}]}}"#)).await.0));
        assert!(check(&verifier, &token_of(kid, *algorithm, key)).await.is_ok(), "{keys:.200}");
    }
}

#[tokio::test]
async fn a_modulus_with_a_leading_zero_octet_verifies() {
    let mut set = published(&key_pairs()[..1]);
    for number in ["n", "e"] {
        let octets = URL_SAFE_NO_PAD.decode(set["keys"][0][number].as_str().unwrap()).unwrap();
        set["keys"][0][number] = json!(URL_SAFE_NO_PAD.encode([&[0], octets.as_slice()].concat()));
    }
    let verifier = verifier(TokenKeys::Jwks(issuer(set).await.0));
    let (kid, algorithm, key) = &key_pairs()[0];
    check(&verifier, &token_of(kid, *algorithm, key)).await.unwrap();
}

#[tokio::test]
async fn a_set_without_a_usable_key_says_what_it_has_and_what_is_needed() {
    for (set, found) in [
        (
            json!({ "keys": [{ "kty": "EC", "crv": "P-521", "alg": "ES512", "kid": "e" }] }),
            "its set has ES512 (kty EC, crv P-521, use -); ",
        ),
        (
            json!({ "keys": [{ "kty": "RSA", "use": "enc", "alg": "RSA-OAEP\n", "n": "AQAB", "e": "AQAB" }, 7] }),
            "its set has RSA-OAEP (kty RSA, crv -, use enc), - (kty -, crv -, use -); ",
        ),
        (json!({ "keys": [] }), "its set has nothing; "),
    ] {
        let (address, requests) = issuer(set).await;
        let verifier = verifier(TokenKeys::Jwks(address));
        let (kid, algorithm, key) = &key_pairs()[1];
        for _ in 0..3 {
            let error = check(&verifier, &token_of(kid, *algorithm, key)).await.unwrap_err();
            assert!(error.contains(found) && error.contains("RS256, RS384, RS512, PS256"), "{error}");
        }
        assert_eq!(requests.load(Ordering::SeqCst), 1, "it is not asked again with each request");
    }
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

#[tokio::test]
async fn unknown_kids_cannot_drive_traffic_to_the_issuer() {
    let pairs = key_pairs();
    let (address, requests) = issuer(published(&pairs)).await;
    let verifier = verifier(TokenKeys::Jwks(address));
    for n in 0..50 {
        let token = token_of(&format!("invented-{n}"), Algorithm::RS256, &pairs[0].2);
        assert_eq!(check(&verifier, &token).await.unwrap_err(), "unknown key");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_after_the_minimum_interval() {
    let pairs = key_pairs();
    let (address, requests) = issuer(published(&pairs)).await;
    let jwks = Jwks::new(HttpClient::default(), &address).unwrap().with_min_refresh_interval(Duration::ZERO);
    assert!(jwks.key(Some("r"), Algorithm::RS256).await.unwrap().is_some());
    assert!(jwks.key(Some("new"), Algorithm::RS256).await.unwrap().is_none());
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_issuer_that_does_not_respond_is_an_internal_error() {
    // Port 9 is discard: nothing listens there.
    let verifier = verifier(TokenKeys::Jwks("http://127.0.0.1:9/jwks".to_owned()));
    let (kid, algorithm, key) = &key_pairs()[1];
    let error = verifier.member(Some(&format!("Bearer {}", token_of(kid, *algorithm, key)))).await.unwrap_err();
    assert!(matches!(error, ApiError::Internal(_)));
}

/// Serves a JWKS whose first response is an error.
async fn issuer_that_stumbles(set: Value) -> String {
    let (good, _) = issuer(set).await;
    let good: std::net::SocketAddr = good.trim_start_matches("http://").trim_end_matches("/jwks").parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let _ = first.read(&mut [0; 2048]).await;
        let _ = first.write_all(b"HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        drop(first);
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(good).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    });
    address
}

#[tokio::test]
async fn a_fetch_that_fails_before_any_key_is_known_is_tried_again_a_second_later() {
    let pairs = key_pairs();
    let verifier = verifier(TokenKeys::Jwks(issuer_that_stumbles(published(&pairs)).await));
    let (kid, algorithm, key) = &pairs[1];
    let token = token_of(kid, *algorithm, key);
    verifier.warm_up().await;
    assert!(check(&verifier, &token).await.unwrap_err().contains("it answers 503"), "not at once");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    check(&verifier, &token).await.unwrap();
}

#[tokio::test]
async fn a_published_key_that_is_not_for_verifying_verifies_nothing() {
    let pairs = key_pairs();
    let (kid, algorithm, key) = &pairs[1];
    for (operations, verifies) in [
        (json!(["verify"]), true),
        (json!(["sign", "verify"]), true),
        (json!(["sign"]), false),
        (json!(["encrypt", "wrapKey"]), false),
        (json!([]), false),
    ] {
        let mut set = published(&pairs);
        set["keys"][1]["key_ops"] = operations.clone();
        let verifier = verifier(TokenKeys::Jwks(issuer(set).await.0));
        assert_eq!(check(&verifier, &token_of(kid, *algorithm, key)).await.is_ok(), verifies, "{operations}");
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
    crate::jws::install_for_tests();
    let mut settings = tokens(TokenKeys::Shared(Secret::new(SECRET)));
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
