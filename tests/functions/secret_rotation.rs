//! `SECRETS_FROM`: secrets that are read from Secrets Manager at the start, and again when they were rotated.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use shared::App;
use shared::app::StartError;
use shared::clients::aws;
use shared::clients::https::HttpClient;
use shared::contract::time::Millis;
use shared::http::{answer, before_each, respond, service_fn};
use shared::running::{REFRESH_SECONDS, RETRY_SECONDS, Running};
use shared::settings::Need;
use shared::settings::secrets::MARKER;
use tests::Request;

const NAME: &str = "carillon/test";
const OLD: &str = "old-secret-of-at-least-thirty-two-bytes";
const NEW: &str = "new-secret-of-at-least-thirty-two-bytes";

/// A stand-in of Secrets Manager: what it answers to `GetSecretValue`, and what it was asked.
#[derive(Clone)]
struct SecretsManager {
    port: u16,
    answer: Arc<Mutex<(StatusCode, Value)>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn get_secret_value(State(fake): State<SecretsManager>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
    fake.asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    let (status, answer) = fake.answer.lock().unwrap().clone();
    (status, [("content-type", "application/x-amz-json-1.1")], answer.to_string()).into_response()
}

impl SecretsManager {
    async fn with(version: &str, secret: &Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fake = Self { port, answer: Arc::default(), asked: Arc::default() };
        fake.put(version, secret);
        let router = Router::new().route("/", post(get_secret_value)).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// Has this version of the secret from now on.
    fn put(&self, version: &str, secret: &Value) {
        self.says(json!({ "Name": NAME, "VersionId": version, "SecretString": secret.to_string() }));
    }

    fn says(&self, answer: Value) {
        *self.answer.lock().unwrap() = (StatusCode::OK, answer);
    }

    fn refuses(&self, code: &str) {
        let refusal = json!({ "__type": code, "message": "User: carillon is not authorized" });
        *self.answer.lock().unwrap() = (StatusCode::BAD_REQUEST, refusal);
    }

    /// How often it was asked since the last call.
    fn times_asked(&self) -> usize {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        assert!(asked.iter().all(|request| *request == json!({ "SecretId": NAME })), "{asked:?}");
        asked.len()
    }

    async fn aws(&self, http: &HttpClient) -> SdkConfig {
        aws::loader(http)
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://127.0.0.1:{}", self.port))
            .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
            .load()
            .await
    }

    /// A process with the usual variables, and these.
    async fn start(&self, more: &[(&str, &str)]) -> Result<Running, StartError> {
        let usual = [
            ("TABLE_NAME", "carillon"),
            ("PUSHER_APP_ID", "app"),
            ("PUSHER_KEY", "key"),
            ("PUSHER_SECRET", MARKER),
            ("PUSHER_CLUSTER", "eu"),
            ("JWT_SECRET", MARKER),
            ("SECRETS_FROM", NAME),
        ];
        let variables: HashMap<_, _> =
            usual.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let http = HttpClient::default();
        let aws = self.aws(&http).await;
        Running::with((App::with, &[Need::Tokens, Need::Pusher]), http, aws, variables).await
    }
}

fn secret(jwt: &str) -> Value {
    json!({ "JWT_SECRET": jwt, "PUSHER_SECRET": "pusher-secret" })
}

/// The response of `/pusher/auth` to Ada, whose token is signed with this secret: the status and the signature.
async fn asks(app: &App, jwt: &str) -> (u16, Value) {
    shared::jws::install();
    let claims = json!({ "sub": "ada", "exp": 4_102_444_800_i64 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(jwt.as_bytes())).unwrap();
    let subscription = json!({ "socket_id": "123456.7890123", "channel_name": "private-user-ada" });
    let request = Request::new("POST /pusher/auth").bearer(&token).json(&subscription);
    let (response, _) = respond(service_fn(|request| pusher_auth::handle(app, request)), request.build()).await;
    let body: &[u8] = response.body();
    let body: Value = serde_json::from_slice(body).unwrap();
    (response.status().as_u16(), body["auth"].clone())
}

async fn status(app: &App, jwt: &str) -> u16 {
    asks(app, jwt).await.0
}

fn after(seconds: i64) -> Millis {
    Millis::now().plus_seconds(seconds)
}

#[tokio::test]
async fn secrets_are_read_once_at_the_start() {
    let fake = SecretsManager::with("1", &secret(OLD)).await;
    let running = fake.start(&[]).await.unwrap();
    let (status, signature) = asks(&running, OLD).await;
    // printf '123456.7890123:private-user-ada' | openssl dgst -sha256 -hmac pusher-secret
    let expected = "key:875cc27a91f46249a30c7894597cde24a6057942945930a5fd4fc999481596b1";
    assert_eq!((status, signature), (200, json!(expected)));
    assert_eq!(asks(&running, NEW).await.0, 401);
    assert!(running.refresh_at(after(REFRESH_SECONDS - 2)).await.is_none());
    assert_eq!(fake.times_asked(), 1);
}

#[tokio::test]
async fn nothing_is_read_where_the_environment_has_the_values() {
    let fake = SecretsManager::with("1", &secret(NEW)).await;
    let own = [("JWT_SECRET", OLD), ("PUSHER_SECRET", "pusher-secret")];
    let running = fake.start(&own).await.unwrap();
    assert_eq!(status(&running, OLD).await, 200);
    assert!(running.refresh_at(after(REFRESH_SECONDS * 2)).await.is_none());
    assert_eq!(fake.times_asked(), 0);
}

#[tokio::test]
async fn a_rotated_secret_is_used_after_five_minutes_without_a_deployment() {
    let fake = SecretsManager::with("1", &secret(OLD)).await;
    let running = fake.start(&[]).await.unwrap();

    // During the rotation, both are accepted.
    let both = json!({ "JWT_SECRET": NEW, "JWT_PREVIOUS_SECRET": OLD, "PUSHER_SECRET": "other-secret", "PUSHER_KEY": "other" });
    fake.put("2", &both);
    let record = running.refresh_at(after(REFRESH_SECONDS)).await.unwrap();
    let line = record.line("test");
    assert!(line.contains(r#""secretVersion":"2""#) && line.contains(r#""outcome":"ok""#), "{line}");
    for text in [NEW, OLD, "other-secret"] {
        assert!(!line.contains(text), "{line}");
    }
    assert_eq!(status(&running, OLD).await, 200);
    let (status_of_new, signature) = asks(&running, NEW).await;
    // printf '123456.7890123:private-user-ada' | openssl dgst -sha256 -hmac other-secret
    let expected = "other:125deb7c12f4cb23b4cb3396475dd11b0b1306b097b9a11e93aac34e1bcc03a9";
    assert_eq!((status_of_new, signature), (200, json!(expected)));

    // And after it, only the new one.
    fake.put("3", &secret(NEW));
    assert!(running.refresh_at(after(REFRESH_SECONDS * 2)).await.is_some());
    assert_eq!((status(&running, NEW).await, status(&running, OLD).await), (200, 401));

    // An unchanged version changes nothing, and has no line.
    assert!(running.refresh_at(after(REFRESH_SECONDS * 3 + 1)).await.is_none());
    assert_eq!(fake.times_asked(), 4);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_leaves_the_old_one_in_use_and_rings_the_operator() {
    let fake = SecretsManager::with("1", &secret(OLD)).await;
    let running = fake.start(&[]).await.unwrap();
    assert_eq!(fake.times_asked(), 1);
    let mut moment = REFRESH_SECONDS;
    let mut fails = async |reason: &str| {
        let record = running.refresh_at(after(moment)).await.expect(reason);
        let line = record.line("test");
        assert!(line.contains(r#""OperatorErrors":1"#), "{line}");
        assert!(line.contains(reason) && line.contains(NAME), "{line}");
        assert!(!line.contains("999") && !line.contains(OLD), "{line}");
        assert_eq!(status(&running, OLD).await, 200, "{reason}");
        // Not again at once.
        assert!(running.refresh_at(after(moment + RETRY_SECONDS - 2)).await.is_none());
        assert_eq!(fake.times_asked(), 1, "{reason}");
        moment += RETRY_SECONDS + 1;
    };
    fake.refuses("AccessDeniedException");
    fails("AccessDeniedException").await;
    fake.says(json!({ "Name": NAME, "VersionId": "2", "SecretString": "[999]" }));
    fails("JSON object").await;
    fake.says(json!({ "Name": NAME, "VersionId": "3", "SecretBinary": "OTk5" }));
    fails("not bytes").await;
    fake.put("4", &json!({ "JWT_SECRET": "short-999", "PUSHER_SECRET": "pusher-secret" }));
    fails("JWT_SECRET must be at least 32 bytes").await;

    fake.put("5", &secret(NEW));
    assert!(running.refresh_at(after(moment)).await.is_some());
    assert_eq!((status(&running, NEW).await, status(&running, OLD).await), (200, 401));
}

/// So a request after a rotation is handled with the new secret, however long the process was frozen.
#[tokio::test]
async fn the_work_before_each_invocation_is_done_before_the_handler_starts() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    before_each(|| Box::pin(async { _ = DONE.fetch_add(1, Ordering::SeqCst) }));
    let done_before = DONE.load(Ordering::SeqCst);
    let handler = service_fn(move |_| async move {
        assert!(DONE.load(Ordering::SeqCst) > done_before);
        Ok(shared::http::no_content())
    });
    let response = answer(handler, Request::new("GET /health").event().clone()).await.unwrap();
    assert_eq!(response["statusCode"], 204, "{response}");
}

#[tokio::test]
async fn a_start_fails_in_one_sentence_when_the_secret_cannot_be_used() {
    let fake = SecretsManager::with("1", &secret(OLD)).await;
    let fails = async |fake: &SecretsManager, more: &[(&str, &str)]| {
        let message = fake.start(more).await.unwrap_err().to_string();
        assert!(!message.contains("999"), "{message}");
        message
    };
    fake.refuses("ResourceNotFoundException");
    let message = fails(&fake, &[]).await;
    assert!(message.starts_with("the secret carillon/test (SECRETS_FROM) cannot be read: "), "{message}");
    assert!(message.contains("ResourceNotFoundException"), "{message}");
    fake.put("1", &json!({ "JWT_SECRET": "999", "PUSHER_SECRET": "p" }));
    assert!(fails(&fake, &[]).await.contains("JWT_SECRET must be at least 32 bytes; "));
    fake.put("1", &json!({ "PUSHER_SECRET": "999", "JWT_SECRET": "" }));
    let message = fails(&fake, &[]).await;
    assert!(message.contains("JWT_SECRET") && message.contains("the secret carillon/test"), "{message}");
    assert!(fails(&fake, &[("SECRETS_FROM", "")]).await.contains("SECRETS_FROM"));
}
