use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header};

use tower::ServiceExt as _;

use super::*;

const CLIENT_EMAIL: &str = "carillon@carillon-test.iam.gserviceaccount.com";

fn stand_in(journal: Option<PathBuf>) -> StandIn {
    let public = STANDARD.decode(include_str!("../world/testdata/firebase-public.txt").trim()).unwrap();
    let public_key = DecodingKey::from_rsa_der(&public);
    StandIn::new(Project { id: "p".to_owned(), client_email: CLIENT_EMAIL.to_owned(), public_key }, journal)
}

async fn post(router: Router, path: &str, token: &str, body: String) -> (u16, Value) {
    let request = Request::post(path).header("authorization", format!("Bearer {token}"));
    let response = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (head.status.as_u16(), serde_json::from_slice(&body).unwrap())
}

/// The response to an assertion with these claims.
async fn sign_in(google: &StandIn, changes: Value) -> (u16, Value) {
    let seconds = now().as_secs();
    let mut claims =
        json!({ "iss": CLIENT_EMAIL, "scope": SCOPE, "aud": TOKEN_ADDRESS, "iat": seconds, "exp": seconds + 3600 });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let private = STANDARD.decode(include_str!("../world/testdata/firebase-private.txt").trim()).unwrap();
    let pem = STANDARD.encode(private);
    let lines: Vec<_> = pem.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let assertion = jws::sign(&Header::new(Algorithm::RS256), &claims, &key).unwrap();
    post(google.router(), "/token", "", format!("grant_type={GRANT}&assertion={assertion}")).await
}

async fn access(google: &StandIn) -> String {
    let (status, granted) = sign_in(google, json!({})).await;
    assert_eq!(status, 200, "{granted}");
    granted["access_token"].as_str().unwrap().to_owned()
}

async fn send(google: &StandIn, token: &str, body: Value) -> (u16, Value) {
    post(google.router(), "/v1/projects/p/messages:send", token, body.to_string()).await
}

async fn control(google: &StandIn, command: Value) -> u16 {
    post(google.control_router(), "/", "", command.to_string()).await.0
}

fn message(device: &str) -> Value {
    json!({ "token": device, "notification": { "title": "Hello" }, "data": { "type": "SYSTEM" } })
}

#[tokio::test]
async fn a_message_with_an_access_token_from_here_is_accepted_and_noted() {
    let journal = std::env::temp_dir().join(format!("fcm-stand-in-{}", std::process::id()));
    std::fs::write(&journal, "").unwrap();
    let google = stand_in(Some(journal.clone()));
    let token = access(&google).await;
    let (status, answer) = send(&google, &token, json!({ "message": message("phone") })).await;
    assert_eq!((status, answer["name"].as_str()), (200, Some("projects/p/messages/1")));
    let (status, _) = send(&google, &token, json!({ "message": message("phone"), "validate_only": true })).await;
    assert_eq!((status, google.met().sent), (200, vec![message("phone")]), "the second one was only to be checked");
    let lines = std::fs::read_to_string(&journal).unwrap();
    std::fs::remove_file(&journal).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["message"], message("phone"));
}

#[tokio::test]
async fn a_request_that_google_would_refuse_is_refused_and_not_accepted() {
    let google = stand_in(None);
    for changes in [
        json!({ "iss": "somebody@else" }),
        json!({ "aud": "https://other.example" }),
        json!({ "exp": 1 }),
        json!({ "scope": "https://www.googleapis.com/auth/drive" }),
        json!({ "sub": "x" }),
    ] {
        assert_eq!(sign_in(&google, changes.clone()).await.0, 400, "{changes}");
    }
    assert_eq!(post(google.router(), "/token", "", "grant_type=password&assertion=x".to_owned()).await.0, 400);
    assert_eq!(send(&google, "made-up", json!({ "message": message("phone") })).await.0, 401);
    let token = access(&google).await;
    for message in [
        json!({ "data": {} }),
        json!({ "token": "p", "notification": { "title": "t" }, "data": { "n": 1 } }),
        json!({ "token": "p", "notification": { "title": "t" }, "data": { "gcm.n": "1" } }),
        json!({ "token": "p", "notification": { "title": "t" }, "data": { "n": "x".repeat(4096) } }),
        json!({ "token": "p", "data": {} }),
        json!({ "token": "p", "notification": { "title": "t", "icon": "https://a.example" } }),
        json!({ "token": "p", "notification": { "title": "t" }, "android": { "notification": { "badge": 1 } } }),
        json!({ "token": "p", "notification": { "title": "t" }, "webpush": { "fcm_options": { "link": "http://a.example" } } }),
        json!({ "token": "p", "notification": { "title": "t" }, "apns": { "payload": { "aps": { "badge": "1" } } } }),
    ] {
        let (status, answer) = send(&google, &token, json!({ "message": message })).await;
        assert_eq!((status, &answer["error"]["details"][0]["errorCode"]), (400, &json!("INVALID_ARGUMENT")));
    }
    let (status, answer) = send(&google, &token, json!({ "message": message("gone-phone") })).await;
    assert_eq!((status, &answer["error"]["details"][0]["errorCode"]), (404, &json!("UNREGISTERED")));
    assert_eq!(google.met().sent, Vec::<Value>::new());
}

#[tokio::test]
async fn a_test_chooses_the_answers_over_http() {
    let google = stand_in(None);
    let token = access(&google).await;
    let refusal = json!({ "status": 503, "errorCode": "UNAVAILABLE", "retryAfter": "8" });
    assert_eq!(control(&google, json!({ "do": "refuse", "device": "phone", "refusals": [refusal] })).await, 200);
    assert_eq!(send(&google, &token, json!({ "message": message("phone") })).await.0, 503);
    assert_eq!(send(&google, &token, json!({ "message": message("phone") })).await.0, 200);
    assert_eq!(control(&google, json!({ "do": "revoke" })).await, 200);
    assert_eq!(send(&google, &token, json!({ "message": message("phone") })).await.0, 401);
    assert_eq!(control(&google, json!({ "do": "dance" })).await, 400);
}

#[tokio::test]
async fn it_cannot_be_reached_while_it_is_down() {
    let google = stand_in(None);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = google.clone();
    tokio::spawn(async move { serving.serve(listener, serving.router()).await });
    let reached = || async { tokio::net::TcpStream::connect(address).await.is_ok() };
    assert!(reached().await);
    for up in [false, true] {
        google.control(Command::SetUp { up });
        while reached().await != up {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
