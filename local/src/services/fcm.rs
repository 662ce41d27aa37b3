//! Google's servers, as far as pushes meet them: where no Firebase project is named, the stack has this one, and keeps what
//! was pushed for `cargo local pushes`.
//!
//! It takes what Google takes: an assertion that the project's account signed (RFC 7523, with the claims that Google
//! documents), then messages with an access token from here. A device whose token begins with `gone` is answered as FCM
//! answers for an app that was removed.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::net::{guard, ports};
use crate::state::firebase::Firebase;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const TOKEN_SECONDS: u64 = 3599;
/// FCM's limit for a message, in bytes.
const MAX_MESSAGE_BYTES: usize = 4096;
/// More than any request here may have.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How the token of a device begins whose app was removed.
const GONE: &str = "gone";

/// Prints a new RSA key pair. Node needs a moment for it, an unoptimized Rust program half a minute.
const NEW_KEYS: &str = "process.stdout.write(JSON.stringify(require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048, \
     privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })))";

/// In PEM.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    public_key: String,
    private_key: String,
}

/// The stand-in, which listens already.
pub(crate) struct StandIn {
    listener: std::net::TcpListener,
    public_key: String,
}

impl StandIn {
    /// Listens on a free port, with a project of its own and a new key.
    pub(crate) async fn new() -> Result<(Firebase, Self)> {
        let keys = new_keys().await?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let firebase = Firebase::invented(keys.private_key, listener.local_addr()?.port());
        Ok((firebase, Self { listener, public_key: keys.public_key }))
    }

    /// Answers until the process ends. What is pushed is added to the file at `pushes`.
    pub(crate) async fn serve(self, firebase: Firebase, pushes: PathBuf) -> Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(self.listener)?;
        let google = Google::new(&firebase, &self.public_key, pushes)?;
        guard::serve(listener, router(google)).await.context("The stand-in for FCM cannot go on")
    }
}

/// A project for the end-to-end tests, which play Google's servers at its port.
pub(crate) async fn project_of_tests() -> Result<Firebase> {
    Ok(Firebase::invented(new_keys().await?.private_key, ports::free_one()?))
}

async fn new_keys() -> Result<Keys> {
    let node = Command::new("node").args(["-e", NEW_KEYS]).stdin(Stdio::null()).kill_on_drop(true).output();
    let made = node.await.context("node cannot be started")?;
    if !made.status.success() {
        bail!("node made no RSA key: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    serde_json::from_slice(&made.stdout).context("node made no RSA key")
}

#[derive(Clone)]
struct Google(Arc<Inner>);

struct Inner {
    messages_path: String,
    project_id: String,
    client_email: String,
    key: DecodingKey,
    pushes: PathBuf,
    access_tokens: Mutex<BTreeSet<String>>,
}

/// The claims of an assertion that Google asks for.
#[derive(Deserialize)]
struct Assertion {
    scope: String,
}

fn router(google: Google) -> Router {
    Router::new().fallback(handle).with_state(google)
}

async fn handle(State(google): State<Google>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_ARGUMENT", "The request is too large.");
    };
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/token") => google.grant(&String::from_utf8_lossy(&body)),
        (&Method::POST, path) if path == google.0.messages_path => google.send(&parts.headers, &body),
        _ => refusal(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such method here."),
    }
}

impl Google {
    fn new(firebase: &Firebase, public_key: &str, pushes: PathBuf) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            messages_path: format!("/v1/projects/{}/messages:send", firebase.project_id),
            project_id: firebase.project_id.clone(),
            client_email: firebase.client_email.clone(),
            key: DecodingKey::from_rsa_pem(public_key.as_bytes())?,
            pushes,
            access_tokens: Mutex::default(),
        })))
    }

    fn grant(&self, form: &str) -> Response {
        let field = |name: &str| {
            let pair = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.unwrap_or_default()
        };
        // A JWT has no character that a form encodes; the grant's name has.
        if field("grant_type").replace("%3A", ":") != GRANT {
            return denied("unsupported_grant_type", "grant_type must be that of RFC 7523");
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&self.0.client_email]);
        validation.set_audience(&[TOKEN_ADDRESS]);
        match decode::<Assertion>(field("assertion"), &self.0.key, &validation) {
            Ok(assertion) if assertion.claims.scope == SCOPE => {}
            Ok(_) => return denied("invalid_scope", "the scope must be firebase.messaging"),
            Err(error) => return denied("invalid_grant", &error.to_string()),
        }
        let token = hex::encode(rand::random::<[u8; 16]>());
        self.access_tokens().insert(token.clone());
        reply(StatusCode::OK, &json!({ "access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer" }))
    }

    fn send(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if !bearer.is_some_and(|token| self.access_tokens().contains(token)) {
            return refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "The access token is not one from here.");
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(message) = request.get("message").and_then(Value::as_object) else {
            return invalid("message");
        };
        if let Err(field) = check(message) {
            return invalid(field);
        }
        if message.get("token").and_then(Value::as_str).is_some_and(|token| token.starts_with(GONE)) {
            return refusal(StatusCode::NOT_FOUND, "UNREGISTERED", "The app was removed from the device.");
        }
        let id = hex::encode(rand::random::<[u8; 8]>());
        if request.get("validate_only") != Some(&Value::Bool(true))
            && let Err(error) = self.keep(message)
        {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", &error.to_string());
        }
        reply(StatusCode::OK, &json!({ "name": format!("projects/{}/messages/{id}", self.0.project_id) }))
    }

    fn keep(&self, message: &Map<String, Value>) -> Result<()> {
        let at = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let line = format!("{}\n", json!({ "at": at, "message": message }));
        OpenOptions::new().append(true).open(&self.0.pushes)?.write_all(line.as_bytes())?;
        Ok(())
    }

    fn access_tokens(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.access_tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether FCM would take the message; if not, the field that it would name.
fn check(message: &Map<String, Value>) -> Result<(), &'static str> {
    if message.get("token").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("message.token");
    }
    let data = message.get("data").and_then(Value::as_object);
    if data.into_iter().flatten().any(|(_, value)| !value.is_string()) {
        return Err("message.data");
    }
    let mut without_token = message.clone();
    without_token.remove("token");
    let bytes = serde_json::to_string(&without_token).map_or(usize::MAX, |text| text.len());
    if bytes > MAX_MESSAGE_BYTES { Err("message") } else { Ok(()) }
}

fn denied(error: &str, description: &str) -> Response {
    reply(StatusCode::BAD_REQUEST, &json!({ "error": error, "error_description": description }))
}

fn invalid(field: &str) -> Response {
    let violation = json!({
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{ "field": field, "description": "Invalid value" }],
    });
    answer(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "The message is not one.", vec![violation])
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    answer(status, code, message, Vec::new())
}

fn reply(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An error as FCM's HTTP v1 API has it.
fn answer(status: StatusCode, code: &str, message: &str, mut details: Vec<Value>) -> Response {
    details.insert(0, json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }));
    let error = json!({ "code": status.as_u16(), "status": code, "message": message, "details": details });
    reply(status, &json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::journal::{self, PUSHES, Reader};
    use axum::body::Body;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use tower::ServiceExt;

    struct Stage {
        router: Router,
        firebase: Firebase,
        reader: Reader,
        directory: PathBuf,
    }

    impl Stage {
        async fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("carillon-fcm-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&directory).unwrap();
            let pushes = journal::begin(&directory, PUSHES).unwrap();
            let (firebase, stand_in) = StandIn::new().await.unwrap();
            let router = router(Google::new(&firebase, &stand_in.public_key, pushes).unwrap());
            let reader = Reader::of(&directory, PUSHES);
            Self { router, firebase, reader, directory }
        }

        async fn post(&self, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
            let mut request = Request::post(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            (parts.status.as_u16(), serde_json::from_slice(&body).unwrap())
        }

        /// What the token endpoint says to an assertion with these claims.
        async fn sign_in(&self, changes: Value) -> (u16, Value) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let mut claims = json!({ "iss": self.firebase.client_email, "scope": SCOPE, "aud": TOKEN_ADDRESS, "iat": now, "exp": now + 3600 });
            claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let key = EncodingKey::from_rsa_pem(self.firebase.private_key.as_bytes()).unwrap();
            let assertion = encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap();
            let form = format!("grant_type={}&assertion={assertion}", GRANT.replace(':', "%3A"));
            self.post("/token", &[], form).await
        }

        async fn send(&self, token: &str, body: Value) -> (u16, Value) {
            let path = format!("/v1/projects/{}/messages:send", self.firebase.project_id);
            self.post(&path, &[("authorization", &format!("Bearer {token}"))], body.to_string()).await
        }

        fn kept(&mut self) -> Vec<Value> {
            self.reader.read().unwrap()
        }
    }

    impl Drop for Stage {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }

    #[tokio::test]
    async fn a_message_with_an_access_token_from_here_is_kept() {
        let mut stage = Stage::new("kept").await;
        let (status, granted) = stage.sign_in(json!({})).await;
        assert_eq!(status, 200, "{granted}");
        let token = granted["access_token"].as_str().unwrap().to_owned();
        let message = json!({ "token": "phone-1", "notification": { "title": "Hello" }, "data": { "type": "SYSTEM" } });
        let (status, answer) = stage.send(&token, json!({ "message": message })).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer["name"].as_str().unwrap().starts_with("projects/carillon-local/messages/"));
        assert_eq!(stage.kept()[0]["message"], message);
        let (status, _) = stage.send(&token, json!({ "message": message, "validate_only": true })).await;
        assert_eq!((status, stage.kept().len()), (200, 0), "it was only to be checked");
    }

    #[tokio::test]
    async fn what_google_would_refuse_is_refused_and_not_kept() {
        let mut stage = Stage::new("refused").await;
        for changes in [
            json!({ "iss": "somebody@else" }),
            json!({ "aud": "https://other.example" }),
            json!({ "exp": 1 }),
            json!({ "scope": "https://www.googleapis.com/auth/drive" }),
        ] {
            assert_eq!(stage.sign_in(changes.clone()).await.0, 400, "{changes}");
        }
        assert_eq!(stage.post("/token", &[], "grant_type=password&assertion=x".to_owned()).await.0, 400);
        let message = json!({ "token": "phone-1", "data": {} });
        assert_eq!(stage.send("made-up", json!({ "message": message })).await.0, 401);
        let token = stage.sign_in(json!({})).await.1["access_token"].as_str().unwrap().to_owned();
        for message in [
            json!({ "data": {} }),
            json!({ "token": "p", "data": { "n": 1 } }),
            json!({ "token": "p", "data": { "n": "x".repeat(MAX_MESSAGE_BYTES) } }),
        ] {
            let (status, answer) = stage.send(&token, json!({ "message": message })).await;
            assert_eq!((status, &answer["error"]["details"][0]["errorCode"]), (400, &json!("INVALID_ARGUMENT")));
        }
        let (status, answer) = stage.send(&token, json!({ "message": { "token": "gone-phone", "data": {} } })).await;
        assert_eq!((status, &answer["error"]["details"][0]["errorCode"]), (404, &json!("UNREGISTERED")));
        assert!(stage.kept().is_empty());
    }
}
