//! A stand-in for Google's servers: a token endpoint, and FCM's HTTP v1 API. The local stack, the Rust tests and the end-to-end
//! tests use it.
//!
//! It accepts what Google accepts: an assertion that the project's account signed (RFC 7523, with the claims that Google
//! documents), then messages with an access token from here. A test sets its answers with a [`Command`], in process by
//! [`StandIn::control`] or over HTTP at [`StandIn::control_router`]. FCM answers for a device whose token begins with `gone` as for an
//! app that was removed.

mod message;
mod state;

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use state::State;

/// The grant of RFC 7523, as a form encodes it.
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// The lifetime of an access token, unless a test sets another one.
const TOKEN_SECONDS: i64 = 3599;
/// How far the clock of a client may differ, in seconds.
const MAX_SKEW_SECONDS: i64 = 5;
/// No request here has more.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How the token of a device begins whose app was removed.
const GONE: &str = "gone";

/// A Firebase project and its service account.
pub struct Project {
    pub id: String,
    pub client_email: String,
    pub public_key: DecodingKey,
}

/// An error response of FCM.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    status: u16,
    error_code: String,
    /// The field that an `INVALID_ARGUMENT` names.
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    retry_after: Option<String>,
}

impl Refusal {
    /// A response with this status and an `FcmError` with this code.
    #[must_use]
    pub fn new(status: u16, code: &str) -> Self {
        Self { status, error_code: code.to_owned(), field: None, retry_after: None }
    }

    /// The device token is no longer registered.
    #[must_use]
    pub fn unregistered() -> Self {
        Self::new(404, "UNREGISTERED")
    }

    /// `INVALID_ARGUMENT` with this field in its details.
    #[must_use]
    pub fn invalid(field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(400, "INVALID_ARGUMENT") }
    }

    /// Adds this `Retry-After` header.
    #[must_use]
    pub fn after(self, value: &str) -> Self {
        Self { retry_after: Some(value.to_owned()), ..self }
    }

    fn response(&self) -> Response {
        let mut details = vec![
            json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": self.error_code }),
        ];
        details.extend(self.field.as_ref().map(|field| {
            let violations = json!([{ "field": field, "description": "Invalid value" }]);
            json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations })
        }));
        let mut response = error(self.status, &self.error_code, details);
        if let Some(value) = self.retry_after.as_ref().and_then(|value| value.parse().ok()) {
            response.headers_mut().insert("retry-after", value);
        }
        response
    }
}

/// A request of a test.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", deny_unknown_fields)]
pub enum Command {
    /// Answers the next requests for this device with these errors.
    Refuse { device: String, refusals: VecDeque<Refusal> },
    /// Accepts no access token any more that was given before.
    Revoke,
    /// Answers requests for an access token with this status; `None` ends that.
    RefuseAccess { status: Option<u16> },
    /// Gives later access tokens this lifetime.
    SetLifetime { seconds: i64 },
    /// Delays each request to send a message by this time.
    SetPause { milliseconds: u64 },
    /// Keeps the messages for this device, as FCM does while a device is offline.
    SetOffline { device: String },
    /// Can be reached, or cannot.
    SetUp { up: bool },
}

/// Requests and messages so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Met {
    /// The messages that were accepted.
    pub sent: Vec<Value>,
    /// Each request to send a message: its device, and when it came, in milliseconds since 1970.
    pub requests: Vec<(String, u64)>,
    /// How many access tokens were asked for.
    pub fetches: usize,
    /// Requests that Google would not understand.
    pub faults: Vec<String>,
}

/// The stand-in.
#[derive(Clone)]
pub struct StandIn(Arc<Inner>);

struct Inner {
    project: Project,
    state: Mutex<State>,
    is_up: watch::Sender<bool>,
    /// A file of JSON lines, to which each accepted message is added.
    journal: Option<PathBuf>,
}

impl StandIn {
    #[must_use]
    pub fn new(project: Project, journal: Option<PathBuf>) -> Self {
        let is_up = watch::Sender::new(true);
        Self(Arc::new(Inner { project, state: Mutex::default(), is_up, journal }))
    }

    /// Google's addresses.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// `POST /` takes a [`Command`], and `GET /` answers with [`Met`].
    pub fn control_router(&self) -> Router {
        Router::new().route("/", post(control).get(met)).with_state(self.clone())
    }

    /// Serves `router` at this address whenever the stand-in is up.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub async fn serve(&self, listener: std::net::TcpListener, router: Router) -> std::io::Result<()> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let mut listener = Some(TcpListener::from_std(listener)?);
        let mut is_up = self.0.is_up.subscribe();
        loop {
            let listening = match listener.take() {
                Some(listening) => listening,
                None => TcpListener::bind(address).await?,
            };
            let mut goes_down = is_up.clone();
            let down = async move { drop(goes_down.wait_for(|up| !up).await) };
            let serving = axum::serve(listening, router.clone()).with_graceful_shutdown(down).into_future();
            let is_back = async {
                drop(is_up.wait_for(|up| !up).await);
                drop(is_up.wait_for(|up| *up).await);
            };
            // A connection of a process that Lambda has frozen may stay open while it is down.
            tokio::select! {
                ended = serving => ended?,
                () = is_back => {}
            }
            drop(is_up.wait_for(|up| *up).await);
        }
    }

    /// Does what a test asks for.
    pub fn control(&self, command: Command) {
        if let Command::SetUp { up } = command {
            self.0.is_up.send_replace(up);
        } else {
            self.state().control(command);
        }
    }

    /// Requests and messages since the beginning.
    #[must_use]
    pub fn met(&self) -> Met {
        self.state().met.clone()
    }

    /// A part of them, since the last call.
    #[must_use]
    pub fn take_met<T: Default>(&self, part: impl FnOnce(&mut Met) -> &mut T) -> T {
        std::mem::take(part(&mut self.state().met))
    }

    /// The highest number of concurrent requests to send a message.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.state().most_in_flight
    }

    /// Ends [`Command::SetOffline`]; returns what was kept.
    #[must_use]
    pub fn set_online(&self, device: &str) -> Vec<Value> {
        self.state().offline.remove(device).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self, form: &str) -> Response {
        let mut state = self.state();
        state.met.fetches += 1;
        if let Some(status) = state.token_status {
            return reply(status, &json!({}));
        }
        if let Err(why) = self.check(form) {
            state.met.faults.push(why.clone());
            return reply(400, &json!({ "error": "invalid_grant", "error_description": why }));
        }
        let (token, lifetime) = (state.give_access(), state.lifetime.unwrap_or(TOKEN_SECONDS));
        reply(200, &json!({ "access_token": token, "expires_in": lifetime, "token_type": "Bearer" }))
    }

    /// Checks the assertion in a request for an access token as Google does.
    fn check(&self, form: &str) -> Result<(), String> {
        let assertion = form.strip_prefix(&format!("grant_type={GRANT}&assertion="));
        let assertion = assertion.ok_or("the form must have the grant of RFC 7523, then an assertion")?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.set_issuer(&[&self.0.project.client_email]);
        validation.set_audience(&[TOKEN_ADDRESS]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        jws::install();
        let claims = decode::<Value>(assertion, &self.0.project.public_key, &validation);
        let claims = claims.map_err(|error| error.to_string())?.claims;
        let named: Vec<_> = claims.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        if named != ["aud", "exp", "iat", "iss", "scope"] {
            return Err(format!("claims {named:?}"));
        }
        let (issued, expires) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
        let seconds = i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
        if expires - issued != 3600 || (seconds - issued).abs() > MAX_SKEW_SECONDS {
            return Err(format!("iat {issued}, exp {expires}, now {seconds}"));
        }
        if claims["scope"] == SCOPE { Ok(()) } else { Err(format!("scope {}", claims["scope"])) }
    }

    async fn send(&self, head: &Parts, body: &Bytes) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let device = request["message"]["token"].as_str().unwrap_or_default().to_owned();
        let pause = self.state().arrives(&device);
        tokio::time::sleep(pause).await;
        let mut state = self.state();
        state.in_flight -= 1;
        let given = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if !given.is_some_and(|token| state.has_given(token)) {
            return error(401, "UNAUTHENTICATED", Vec::new());
        }
        let (message, is_dry_run) = (&request["message"], request["validate_only"] == true);
        if let Err((field, why)) = message::check(message, is_dry_run) {
            state.met.faults.push(why);
            return Refusal::invalid(field).response();
        }
        if let Some(refusal) = state.refusal(&device) {
            return refusal.response();
        }
        if device.starts_with(GONE) {
            return Refusal::unregistered().response();
        }
        if !is_dry_run {
            if let Err(error) = self.note(message) {
                state.met.faults.push(error.to_string());
                return Refusal::new(500, "INTERNAL").response();
            }
            state.accept(&device, message.clone());
        }
        reply(200, &json!({ "name": format!("projects/{}/messages/{}", self.0.project.id, state.met.requests.len()) }))
    }

    fn note(&self, message: &Value) -> std::io::Result<()> {
        let Some(path) = &self.0.journal else { return Ok(()) };
        let line = format!("{}\n", json!({ "at": milliseconds(), "message": message }));
        OpenOptions::new().append(true).open(path)?.write_all(line.as_bytes())
    }
}

async fn handle(Shared(google): Shared<StandIn>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return error(413, "INVALID_ARGUMENT", Vec::new());
    };
    if head.version != Version::HTTP_2 {
        google.state().met.faults.push(format!("{:?} instead of HTTP/2", head.version));
    }
    let messages = format!("/v1/projects/{}/messages:send", google.0.project.id);
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/token") => google.grant(&String::from_utf8_lossy(&body)),
        (&Method::POST, path) if path == messages => google.send(&head, &body).await,
        (method, path) => {
            google.state().met.faults.push(format!("{method} {path}"));
            error(404, "NOT_FOUND", Vec::new())
        }
    }
}

async fn control(Shared(google): Shared<StandIn>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(command) => {
            google.control(command);
            reply(200, &json!({}))
        }
        Err(error) => reply(400, &json!({ "error": error.to_string() })),
    }
}

async fn met(Shared(google): Shared<StandIn>) -> Response {
    reply(200, &json!(google.met()))
}

fn reply(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An error as FCM's HTTP v1 API has it.
fn error(status: u16, code: &str, details: Vec<Value>) -> Response {
    let error = json!({ "code": status, "status": code, "message": "The stand-in says no.", "details": details });
    reply(status, &json!({ "error": error }))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn milliseconds() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
