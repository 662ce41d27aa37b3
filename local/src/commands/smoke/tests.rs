//! Each check passes against a stack that answers as Carillon does, and fails against one that does not.

mod fault;
mod http_api;
mod socket_api;
mod stand_in;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::net::TcpListener;

use self::fault::{EXPIRED, Fault, MEMBER, ORIGIN, SERVICE};
use self::stand_in::FaultyServer;
use super::address::Address;
use super::report::Counts;
use super::secret::Secret;
use super::target::{Target, Tokens};
use super::wire::Connector;
use super::{Run, secret};

/// Long enough for a busy machine, short enough to wait for many times.
const TIMEOUT: Duration = Duration::from_secs(2);

fn target(http: &str, sockets: &str) -> Target {
    let token = |text: &str| Secret::new(text).unwrap();
    let tokens = Tokens { member: token(MEMBER), service: Some(token(SERVICE)), expired: Some(token(EXPIRED)) };
    let http = Address::of_http(http).unwrap();
    Target { http, sockets: Address::of_sockets(sockets).unwrap(), tokens, origin: ORIGIN.parse().ok() }
}

async fn text_of(target: Target, json: bool) -> (Counts, String) {
    let mut out = Vec::new();
    let run = Run { connector: Connector::new(), timeout: TIMEOUT, json, write: true };
    let counts = run.check(target, &mut out).await;
    (counts, String::from_utf8(out).unwrap())
}

/// The checks, each with its line, of a stack with this fault.
async fn checked(fault: Fault) -> Vec<Value> {
    let stand_in = FaultyServer::start(fault).await;
    let (_, text) = text_of(target(&stand_in.http, &stand_in.sockets), true).await;
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.pop();
    lines
}

fn with_outcome(lines: &[Value], outcome: &str) -> BTreeSet<String> {
    let has = |line: &&Value| line["outcome"] == outcome;
    lines.iter().filter(has).map(|line| line["check"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_check_passes_on_a_stack_that_is_well() {
    let lines = checked(Fault::None).await;
    let failed: Vec<_> = lines.iter().filter(|line| line["outcome"] != "ok").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(lines.len() > 45, "only {} checks", lines.len());
}

#[tokio::test]
async fn each_check_fails_on_a_stack_that_misbehaves_and_no_other_does() {
    let faults = http_api::FAULTS.iter().chain(socket_api::FAULTS);
    let found: Vec<_> = futures_util::stream::iter(faults)
        .map(async |(fault, names)| (fault, names, checked(*fault).await))
        .buffer_unordered(8)
        .collect()
        .await;
    let mut seen = BTreeSet::new();
    for (fault, names, lines) in found {
        let expected: BTreeSet<_> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(with_outcome(&lines, "failed"), expected, "{fault:?}: {lines:#?}");
        for line in lines.iter().filter(|line| line["outcome"] == "failed") {
            for part in ["expected", "got", "see"] {
                assert!(line[part].as_str().is_some_and(|text| text.len() > 3), "{line}");
            }
        }
        seen.extend(expected);
    }
    let all = with_outcome(&checked(Fault::None).await, "ok");
    let never: Vec<_> = all.difference(&seen).collect();
    assert!(never.is_empty(), "no fault makes these fail: {never:#?}");
}

#[tokio::test]
async fn a_failure_says_what_came_instead() {
    let got = async |fault: Fault| {
        let lines = checked(fault).await;
        let failed = lines.iter().find(|line| line["outcome"] == "failed").cloned().unwrap_or_default();
        failed["got"].as_str().unwrap_or_default().to_owned()
    };
    let refused = Fault::answers("nobody GET /health", 500, r#"{"message":"Internal Server Error"}"#);
    assert_eq!(got(refused).await, r#"500 {"message":"Internal Server Error"}"#);
    assert_eq!(got(Fault::Hangs("nobody HEAD /health")).await, "no response within 2 s (--timeout)");
    assert_eq!(got(Fault::Socket("ends on a bad frame")).await, "the end of the connection, with code 1011");
    let throttled = r#"{"connectionId":"a=","message":"Internal server error","requestId":"b="} of API Gateway's: the function failed or was throttled"#;
    assert_eq!(got(Fault::Socket("is throttled")).await, throttled);
    assert_eq!(got(Fault::Socket("is full")).await, "a handshake that was refused with 429");
    let quiet = got(Fault::Socket("answers no ping")).await;
    assert!(quiet.starts_with("no such frame within 2 s"), "{quiet}");
}

#[tokio::test]
async fn a_stack_that_is_just_starting_gets_another_chance_at_health_alone() {
    let lines = checked(Fault::SlowStart).await;
    assert_eq!(with_outcome(&lines, "failed"), BTreeSet::new(), "{lines:#?}");
}

#[tokio::test]
async fn without_a_stack_every_check_fails_and_says_why() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (counts, text) =
        text_of(target(&format!("http://127.0.0.1:{port}"), &format!("ws://127.0.0.1:{port}")), false).await;
    assert_eq!(counts.passed, 0, "{text}");
    assert!(counts.failed > 10 && counts.skipped > 20, "{counts:?}");
    assert!(text.contains("got       no connection: "), "{text}");
    assert!(
        text.contains(
            "skipped            channels: a member may subscribe to their own: the member's token was not accepted"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_check_without_its_option_is_skipped_and_names_it() {
    let stand_in = FaultyServer::start(Fault::None).await;
    let all = target(&stand_in.http, &stand_in.sockets);
    let tokens = Tokens { service: None, expired: None, ..all.tokens };
    let mut out = Vec::new();
    let run = Run { connector: Connector::new(), timeout: TIMEOUT, json: false, write: false };
    let counts = run.check(Target { tokens, origin: None, ..all }, &mut out).await;
    let text = String::from_utf8(out).unwrap();
    assert_eq!((counts.failed, counts.skipped), (0, 4), "{text}");
    for option in ["--origin", "--expired-token", "--service-token"] {
        assert!(text.contains(option), "{option}: {text}");
    }
    assert!(!text.contains("write: "), "{text}");
}

#[tokio::test]
async fn a_stack_that_repeats_what_it_is_sent_makes_no_token_visible() {
    let stand_in = FaultyServer::start(Fault::Echoes).await;
    for json in [false, true] {
        let (counts, text) = text_of(target(&stand_in.http, &stand_in.sockets), json).await;
        // No page of another origin may call it.
        assert_eq!(counts.passed, 1, "{text}");
        assert!(text.contains("418 you sent Bearer …"), "{text}");
        let forged = secret::Secret::new(MEMBER).unwrap().forged();
        for token in [MEMBER, SERVICE, EXPIRED, forged.reveal()] {
            assert!(!text.contains(token), "{text}");
        }
    }
}

mod tls {
    use super::*;
    use crate::commands::smoke::http::{Call, Http};
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{RootCertStore, ServerConfig};
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::TlsAcceptor;

    #[tokio::test]
    async fn a_certificate_is_trusted_only_if_its_authority_is() {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        let address = Address::of_http(&format!("https://localhost:{port}")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let trusting = Http { address: address.clone(), connector: Connector::trusting(roots), timeout: TIMEOUT };
        assert_eq!(trusting.send(&Call::get("/")).await.ok().unwrap().text, "ok");
        let other = Http { address, connector: Connector::new(), timeout: TIMEOUT };
        let refusal = other.send(&Call::get("/")).await.err().unwrap().to_string();
        assert!(refusal.contains("certificate"), "{refusal}");
    }
}
