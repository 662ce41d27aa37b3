//! Keys from the issuer's JWKS address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::AlgorithmFamily;
use jsonwebtoken::jwk::Jwk;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// The kinds of key that a JWKS may hold, by the kid they are published under.
fn key_pairs() -> [(&'static str, Algorithm, EncodingKey); 9] {
    jws::install_for_tests();
    [
        ("r", Algorithm::RS256, rsa()),
        ("e", Algorithm::ES256, EncodingKey::from_ec_der(&der(include_str!("../testdata/p256.txt")))),
        ("d", Algorithm::EdDSA, EncodingKey::from_ed_der(&der(include_str!("../testdata/ed25519.txt")))),
        ("e384", Algorithm::ES384, EncodingKey::from_ec_der(&der(include_str!("../testdata/p384.txt")))),
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
