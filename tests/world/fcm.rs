//! A stand-in for Google: a token endpoint that checks the service account's assertions, and an FCM that takes a message
//! only with the access token it gave, records it, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::wire::Wire;

/// The project and the account of the world's functions.
pub(crate) const PROJECT: &str = "carillon-test";
pub(crate) const CLIENT_EMAIL: &str = "carillon@carillon-test.iam.gserviceaccount.com";

/// The account's private key, with its line breaks escaped as a console would.
pub(crate) fn private_key() -> String {
    let der = include_str!("testdata/firebase-private.txt").trim().as_bytes();
    let lines: Vec<_> = der.chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", lines.join("\\n"))
}

/// An answer of FCM's other than the usual one.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: u16,
    details: Value,
    retry_after: Option<String>,
}

impl Refusal {
    /// An answer of this status, with a `FcmError` of this code.
    pub fn new(status: u16, code: &str) -> Self {
        let details = json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }]);
        Self { status, details, retry_after: None }
    }

    /// The token is not registered any more.
    pub fn unregistered() -> Self {
        Self::new(404, "UNREGISTERED")
    }

    /// `INVALID_ARGUMENT` that names this field.
    pub fn invalid(field: &str) -> Self {
        let mut refusal = Self::new(400, "INVALID_ARGUMENT");
        let violations = json!([{ "field": field, "description": "Invalid value" }]);
        let named = json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations });
        refusal.details.as_array_mut().unwrap().push(named);
        refusal
    }

    /// With this `Retry-After`.
    #[must_use]
    pub fn after(mut self, value: &str) -> Self {
        self.retry_after = Some(value.to_owned());
        self
    }
}

#[derive(Default)]
struct Told {
    sent: Vec<Value>,
    requests: usize,
    fetches: usize,
    connections: usize,
    in_flight: usize,
    most_in_flight: usize,
    lifetime: Option<i64>,
    given: usize,
    access: Option<String>,
    revoked: bool,
    token_status: Option<u16>,
    answers: BTreeMap<String, VecDeque<Refusal>>,
    pause: Duration,
}

/// The stand-in.
pub struct FakeFcm {
    wire: Wire,
    told: Arc<Mutex<Told>>,
}

impl FakeFcm {
    pub(crate) async fn new() -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let router = Router::new()
            .route("/token", post(token))
            .route("/v1/projects/{project}/{method}", post(send))
            .with_state(told.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::to(listener.local_addr().unwrap()).await;
        let connections = told.clone();
        let listener = listener.tap_io(move |_| connections.lock().unwrap().connections += 1);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { wire, told }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.wire.port)
    }

    fn told<T>(&self, what: impl FnOnce(&mut Told) -> T) -> T {
        what(&mut self.told.lock().unwrap())
    }

    /// The messages that were taken since the last call.
    pub fn take_sent(&self) -> Vec<Value> {
        self.told(|told| std::mem::take(&mut told.sent))
    }

    /// How many requests to send a message came since the last call.
    pub fn take_requests(&self) -> usize {
        self.told(|told| std::mem::take(&mut told.requests))
    }

    /// How many access tokens were asked for since the last call.
    pub fn take_fetches(&self) -> usize {
        self.told(|told| std::mem::take(&mut told.fetches))
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.told(|told| told.connections)
    }

    /// The most messages that were being sent at once.
    pub fn most_in_flight(&self) -> usize {
        self.told(|told| told.most_in_flight)
    }

    /// Answers the next requests for this device so.
    pub fn answer(&self, token: &str, refusals: &[Refusal]) {
        self.told(|told| told.answers.insert(token.to_owned(), refusals.iter().cloned().collect()));
    }

    /// Access tokens hold so many seconds from now on.
    pub fn set_lifetime(&self, seconds: i64) {
        self.told(|told| told.lifetime = Some(seconds));
    }

    /// Takes no access token that was given before.
    pub fn revoke(&self) {
        self.told(|told| told.revoked = true);
    }

    /// Gives no access tokens but answers with this status; `None` for the usual.
    pub fn refuse_access(&self, status: Option<u16>) {
        self.told(|told| told.token_status = status);
    }

    /// Lets the connections that there are now go dead, without a word.
    pub fn go_dead(&self) {
        self.wire.go_dead();
    }

    /// Takes so long for each message.
    pub fn set_pause(&self, pause: Duration) {
        self.told(|told| told.pause = pause);
    }
}

async fn token(State(told): State<Arc<Mutex<Told>>>, body: String) -> Response {
    let mut told = told.lock().unwrap();
    told.fetches += 1;
    if let Some(status) = told.token_status {
        return (StatusCode::from_u16(status).unwrap(), "{}").into_response();
    }
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    match body.strip_prefix(grant).map(check) {
        Some(Ok(())) => {}
        wrong => return (StatusCode::BAD_REQUEST, format!("{wrong:?}")).into_response(),
    }
    told.revoked = false;
    told.given += 1;
    let token = format!("access-{}", told.given);
    told.access = Some(format!("Bearer {token}"));
    Json(json!({ "access_token": token, "expires_in": told.lifetime.unwrap_or(3599), "token_type": "Bearer" }))
        .into_response()
}

/// Whether Google would take the assertion: signature, algorithm and every claim.
fn check(assertion: &str) -> Result<(), String> {
    let header = decode_header(assertion).map_err(|error| error.to_string())?;
    if header.alg != Algorithm::RS256 {
        return Err(format!("{:?}", header.alg));
    }
    let public = STANDARD.decode(include_str!("testdata/firebase-public.txt").trim()).unwrap();
    let key = DecodingKey::from_rsa_der(&public);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = 0;
    validation.set_audience(&["https://oauth2.googleapis.com/token"]);
    validation.set_issuer(&[CLIENT_EMAIL]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let claims = decode::<Value>(assertion, &key, &validation).map_err(|error| error.to_string())?.claims;
    let (issued, expires) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
    let now = shared::contract::time::Millis::now().seconds();
    if expires - issued != 3600 || (now - issued).abs() > 5 {
        return Err(format!("iat {issued}, exp {expires}, now {now}"));
    }
    match claims["scope"].as_str() {
        Some("https://www.googleapis.com/auth/firebase.messaging") => Ok(()),
        other => Err(format!("scope {other:?}")),
    }
}

async fn send(
    State(told): State<Arc<Mutex<Told>>>,
    Path((project, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!((project.as_str(), method.as_str()), (PROJECT, "messages:send"));
    let pause = {
        let mut told = told.lock().unwrap();
        told.requests += 1;
        told.in_flight += 1;
        told.most_in_flight = told.most_in_flight.max(told.in_flight);
        told.pause
    };
    tokio::time::sleep(pause).await;
    let mut told = told.lock().unwrap();
    told.in_flight -= 1;
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if told.revoked || given != told.access.as_deref() {
        return (StatusCode::UNAUTHORIZED, "{}").into_response();
    }
    let message = serde_json::from_slice::<Value>(&body).unwrap()["message"].take();
    let device = message["token"].as_str().unwrap().to_owned();
    let Some(refusal) = told.answers.get_mut(&device).and_then(VecDeque::pop_front) else {
        told.sent.push(message);
        return Json(json!({ "name": format!("projects/{PROJECT}/messages/1") })).into_response();
    };
    let error = json!({ "code": refusal.status, "message": "no", "status": "X", "details": refusal.details });
    let mut response = (StatusCode::from_u16(refusal.status).unwrap(), Json(json!({ "error": error }))).into_response();
    if let Some(value) = refusal.retry_after {
        response.headers_mut().insert("retry-after", value.parse().unwrap());
    }
    response
}
