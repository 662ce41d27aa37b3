//! A fake of Google's servers: a token endpoint that checks the assertions of the service account, and an FCM endpoint.
//!
//! The FCM endpoint accepts messages with the current access token and records them. It can be made to fail.

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

use crate::tcp_proxy::TcpProxy;

/// The Firebase project and the service account of the functions.
pub(crate) const PROJECT: &str = "carillon-test";
pub(crate) const CLIENT_EMAIL: &str = "carillon@carillon-test.iam.gserviceaccount.com";

/// The private key of the account, with escaped line breaks, as a user copies it from the JSON file.
pub(crate) fn private_key() -> String {
    let der = include_str!("testdata/firebase-private.txt").trim().as_bytes();
    let lines: Vec<_> = der.chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", lines.join("\\n"))
}

/// An error response of FCM.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: u16,
    details: Value,
    retry_after: Option<String>,
}

impl Refusal {
    /// A response with this status and an `FcmError` with this code.
    pub fn new(status: u16, code: &str) -> Self {
        let details = json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }]);
        Self { status, details, retry_after: None }
    }

    /// The device token is no longer registered.
    pub fn unregistered() -> Self {
        Self::new(404, "UNREGISTERED")
    }

    /// `INVALID_ARGUMENT` with this field in its details.
    pub fn invalid(field: &str) -> Self {
        let mut refusal = Self::new(400, "INVALID_ARGUMENT");
        let violations = json!([{ "field": field, "description": "Invalid value" }]);
        let named = json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations });
        refusal.details.as_array_mut().unwrap().push(named);
        refusal
    }

    /// Adds this `Retry-After` header.
    #[must_use]
    pub fn after(mut self, value: &str) -> Self {
        self.retry_after = Some(value.to_owned());
        self
    }
}

#[derive(Default)]
struct Inner {
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
    refusals: BTreeMap<String, VecDeque<Refusal>>,
    /// The messages that are kept for each device that is offline.
    offline: BTreeMap<String, Vec<Value>>,
    pause: Duration,
}

/// Most collapse keys whose messages FCM keeps for a device that is offline (Firebase, "Non-collapsible and collapsible
/// messages"). Which ones is not documented; this fake keeps the newest.
const MAX_COLLAPSE_KEYS: usize = 4;

/// The fake.
pub struct FakeFcm {
    proxy: TcpProxy,
    inner: Arc<Mutex<Inner>>,
}

impl FakeFcm {
    pub(crate) async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new()
            .route("/token", post(token))
            .route("/v1/projects/{project}/{method}", post(send))
            .with_state(inner.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpProxy::to(listener.local_addr().unwrap()).await;
        let connections = inner.clone();
        let listener = listener.tap_io(move |_| connections.lock().unwrap().connections += 1);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { proxy, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port)
    }

    fn with<T>(&self, what: impl FnOnce(&mut Inner) -> T) -> T {
        what(&mut self.inner.lock().unwrap())
    }

    /// The messages that were accepted since the last call.
    pub fn take_sent(&self) -> Vec<Value> {
        self.with(|inner| std::mem::take(&mut inner.sent))
    }

    /// The number of requests to send a message since the last call.
    pub fn take_requests(&self) -> usize {
        self.with(|inner| std::mem::take(&mut inner.requests))
    }

    /// The number of requests for an access token since the last call.
    pub fn take_fetches(&self) -> usize {
        self.with(|inner| std::mem::take(&mut inner.fetches))
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.with(|inner| inner.connections)
    }

    /// The highest number of concurrent requests to send a message.
    pub fn most_in_flight(&self) -> usize {
        self.with(|inner| inner.most_in_flight)
    }

    /// Responds to the next requests for this device with these errors.
    pub fn refuse(&self, token: &str, refusals: &[Refusal]) {
        self.with(|inner| inner.refusals.insert(token.to_owned(), refusals.iter().cloned().collect()));
    }

    /// Keeps the messages for this device from now on, as FCM does while a device is offline.
    pub fn set_offline(&self, token: &str) {
        self.with(|inner| inner.offline.insert(token.to_owned(), Vec::new()));
    }

    /// Ends that; returns what was kept.
    pub fn set_online(&self, token: &str) -> Vec<Value> {
        self.with(|inner| inner.offline.remove(token)).unwrap_or_default()
    }

    /// Sets the lifetime of later access tokens in seconds.
    pub fn set_lifetime(&self, seconds: i64) {
        self.with(|inner| inner.lifetime = Some(seconds));
    }

    /// Revokes the current access token.
    pub fn revoke(&self) {
        self.with(|inner| inner.revoked = true);
    }

    /// Responds to requests for an access token with this status; `None` ends that.
    pub fn refuse_access(&self, status: Option<u16>) {
        self.with(|inner| inner.token_status = status);
    }

    /// Makes the present connections hang without closing them.
    pub fn hang_connections(&self) {
        self.proxy.hang_connections();
    }

    /// Sets how long each request to send a message takes.
    pub fn set_pause(&self, pause: Duration) {
        self.with(|inner| inner.pause = pause);
    }
}

async fn token(State(inner): State<Arc<Mutex<Inner>>>, body: String) -> Response {
    let mut inner = inner.lock().unwrap();
    inner.fetches += 1;
    if let Some(status) = inner.token_status {
        return (StatusCode::from_u16(status).unwrap(), "{}").into_response();
    }
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    match body.strip_prefix(grant).map(check) {
        Some(Ok(())) => {}
        wrong => return (StatusCode::BAD_REQUEST, format!("{wrong:?}")).into_response(),
    }
    inner.revoked = false;
    inner.given += 1;
    let token = format!("access-{}", inner.given);
    inner.access = Some(format!("Bearer {token}"));
    Json(json!({ "access_token": token, "expires_in": inner.lifetime.unwrap_or(3599), "token_type": "Bearer" }))
        .into_response()
}

/// Checks the signature, the algorithm and all claims of an assertion, as Google does.
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
    State(inner): State<Arc<Mutex<Inner>>>,
    Path((project, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!((project.as_str(), method.as_str()), (PROJECT, "messages:send"));
    let pause = {
        let mut inner = inner.lock().unwrap();
        inner.requests += 1;
        inner.in_flight += 1;
        inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
        inner.pause
    };
    tokio::time::sleep(pause).await;
    let mut inner = inner.lock().unwrap();
    inner.in_flight -= 1;
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if inner.revoked || given != inner.access.as_deref() {
        let error = json!({ "code": 401, "message": "no", "status": "UNAUTHENTICATED", "details": [] });
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": error }))).into_response();
    }
    let mut request = serde_json::from_slice::<Value>(&body).unwrap();
    let is_dry_run = request["validate_only"] == true;
    let message = request["message"].take();
    let device = message["token"].as_str().unwrap().to_owned();
    let Some(refusal) = inner.refusals.get_mut(&device).and_then(VecDeque::pop_front) else {
        match inner.offline.get_mut(&device) {
            Some(kept) if !is_dry_run => keep(kept, message),
            _ => inner.sent.extend((!is_dry_run).then_some(message)),
        }
        return Json(json!({ "name": format!("projects/{PROJECT}/messages/1") })).into_response();
    };
    let error = json!({ "code": refusal.status, "message": "no", "status": "X", "details": refusal.details });
    let mut response = (StatusCode::from_u16(refusal.status).unwrap(), Json(json!({ "error": error }))).into_response();
    if let Some(value) = refusal.retry_after {
        response.headers_mut().insert("retry-after", value.parse().unwrap());
    }
    response
}

/// Adds a message to those that are kept for a device. One with a collapse key replaces that of the same key.
fn keep(kept: &mut Vec<Value>, message: Value) {
    let key = |message: &Value| message["android"]["collapse_key"].as_str().map(str::to_owned);
    if let Some(own) = key(&message) {
        kept.retain(|other| key(other).as_ref() != Some(&own));
    }
    kept.push(message);
    let collapsible: Vec<usize> = (0..kept.len()).filter(|place| key(&kept[*place]).is_some()).collect();
    if collapsible.len() > MAX_COLLAPSE_KEYS {
        kept.remove(collapsible[0]);
    }
}
