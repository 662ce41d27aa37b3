//! The loop around a handler: responds, then does the work that can wait.
//!
//! ```text
//! Runtime API --next--> handler: verify, write --response--> client
//!                                                   `--> then: deliver, clear the outbox --> log line --> next
//! ```
//!
//! Lambda passes a buffered response on as soon as the runtime posts it. The invocation ends when the runtime requests
//! the next one (Lambda developer guide, "Execution environment lifecycle": the Invoke phase ends after the runtime and
//! all extensions signal that they are done by sending a Next API request). A layer of the runtime wraps the posting,
//! so work that the layer does afterwards delays no response, and is still within the invocation. It needs no
//! extension. Work that a crash or the function's time-out cuts off is in the table already, and is delivered from the
//! table's stream.
//!
//! After a 5xx, the caller's profile is not stored: that would wait for the same table again.

use std::cell::RefCell;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Service};
use lambda_runtime::tower::util::BoxCloneService;
use lambda_runtime::tower::{Layer, ServiceExt as _};
use lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::acting;
use super::compress::compressed;
use super::response::{ResponseExt as _, Work, json_text};
use super::{ReadRequest as _, Request, Response, query};
use crate::api_error::ApiError;
use crate::telemetry::{self, Record};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Work to do before each invocation.
pub type Before = Box<dyn Fn() -> BoxFuture<()> + Send + Sync>;

static BEFORE: OnceLock<Before> = OnceLock::new();

tokio::task_local! {
    /// Work to do after the invocation's response is posted.
    static LEFT: Arc<Mutex<Option<(Record, Option<Work>)>>>;
    /// Work for after the response, from code that does not have the response.
    static LATER: RefCell<Vec<(Outcome, Work)>>;
}

/// After which responses work is done that was left for later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All but those of the 5xx kind.
    Any,
    /// 404
    NotFound,
}

/// Has this done before each invocation that the functions here serve. A process says so once; what it says later has no effect.
pub fn before_each(work: impl Fn() -> BoxFuture<()> + Send + Sync + 'static) {
    let _ = BEFORE.set(Box::new(work));
}

async fn before() {
    if let Some(work) = BEFORE.get() {
        work().await;
    }
}

/// Leaves work for after the response to the current request: after the response's own work, and not at all if the
/// request fails by the server's fault, because the work would then wait for the same table.
pub fn after_response(work: impl Future<Output = ()> + Send + 'static) {
    leave(Outcome::Any, work);
}

/// Leaves work for after the response to the current request, if that is a 404.
pub fn after_not_found(work: impl Future<Output = ()> + Send + 'static) {
    leave(Outcome::NotFound, work);
}

fn leave(outcome: Outcome, work: impl Future<Output = ()> + Send + 'static) {
    // Outside a request there is no response to wait for, and nobody to do the work.
    let _ = LATER.try_with(|later| later.borrow_mut().push((outcome, Box::pin(work))));
}

/// A function's handler, of one type for all of them. The runtime around it is then compiled once, here, and not again for each function.
type Handler = BoxCloneService<Request, Response, ApiError>;

/// Runs a function whose events are HTTP requests, until Lambda ends it.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<S>(service: S) -> Result<(), BoxError>
where
    S: Service<Request, Response = Response, Error = ApiError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    serve_requests(Handler::new(service)).await
}

async fn serve_requests(handler: Handler) -> Result<(), BoxError> {
    Runtime::new(Adapter::from(Respond(handler))).layer(AfterResponseLayer).run().await
}

/// As [`serve`], with responses over 1 KB compressed for clients that accept it.
///
/// # Errors
/// As [`serve`].
pub async fn serve_compressed<S>(service: S) -> Result<(), BoxError>
where
    S: Service<Request, Response = Response, Error = ApiError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    serve_requests_compressed(Handler::new(service)).await
}

async fn serve_requests_compressed(handler: Handler) -> Result<(), BoxError> {
    Runtime::new(Adapter::from(compressed(Respond(handler)))).layer(AfterResponseLayer).run().await
}

/// The JSON that [`serve_compressed`] returns to API Gateway for one event.
///
/// # Errors
/// For an event that is not a request from API Gateway.
pub async fn answer<S>(service: S, event: Value) -> Result<Value, serde_json::Error>
where
    S: Service<Request, Response = Response, Error = ApiError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let event = LambdaEvent::new(serde_json::from_value::<LambdaRequest>(event)?, lambda_http::Context::default());
    let Ok(response) = Adapter::from(compressed(Respond(Handler::new(service)))).call(event).await;
    serde_json::to_value(response)
}

/// Runs a function whose events are HTTP requests and events of EventBridge, until Lambda ends it. Responses are those of
/// [`serve_compressed`]. When `on_event` fails, Lambda retries the event, and in the end sends it to the function's failure
/// destination.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve_with_events<S, F>(
    service: S,
    on_event: impl Fn(EventBridgeEvent) -> F + Send + Sync + 'static,
) -> Result<(), BoxError>
where
    S: Service<Request, Response = Response, Error = ApiError> + Clone + Send + 'static,
    S::Future: Send + 'static,
    F: Future<Output = Result<(), ApiError>> + Send + 'static,
{
    serve_requests_and_events(Handler::new(service), Arc::new(move |event| Box::pin(on_event(event)))).await
}

/// A function's work for an event of EventBridge.
type OnEvent = Arc<dyn Fn(EventBridgeEvent) -> BoxFuture<Result<(), ApiError>> + Send + Sync>;

async fn serve_requests_and_events(handler: Handler, on_event: OnEvent) -> Result<(), BoxError> {
    let mut requests = Adapter::from(compressed(Respond(handler)));
    let either = lambda_runtime::service_fn(move |event: LambdaEvent<Trigger>| {
        let LambdaEvent { payload, context } = event;
        let outcome: BoxFuture<Result<_, BoxError>> = match payload {
            Trigger::Request(request) => {
                let response = requests.call(LambdaEvent::new(*request, context));
                Box::pin(async move { Ok(Reply::Response(response.await?)) })
            }
            Trigger::Event(event) => {
                let on_event = Arc::clone(&on_event);
                Box::pin(async move {
                    handle_event(&on_event, *event, &context.request_id).await?;
                    Ok(Reply::Nothing)
                })
            }
        };
        outcome
    });
    Runtime::new(either).layer(AfterResponseLayer).run().await
}

/// A trigger of a function that handles both requests and events.
enum Trigger {
    Request(Box<LambdaRequest>),
    Event(Box<EventBridgeEvent>),
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        // Only an event has the members `detail-type`, `source` and `detail`.
        if let Ok(event) = serde_json::from_str(raw.get()) {
            return Ok(Self::Event(event));
        }
        serde_json::from_str(raw.get()).map(Self::Request).map_err(D::Error::custom)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Reply<R> {
    Response(R),
    Nothing,
}

async fn handle_event(on_event: &OnEvent, event: EventBridgeEvent, request_id: &str) -> Result<(), ApiError> {
    before().await;
    let record = Record::new(request_id, &event.detail_type);
    let outcome = record.scope(on_event(event)).await;
    if let Err(error) = &outcome {
        note(error, &record);
    }
    record.print();
    outcome
}

/// Makes a response from a handler's result, and leaves the work after it to [`AfterResponseLayer`].
#[derive(Clone)]
struct Respond(Handler);

impl Service<Request> for Respond {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let handler = self.0.clone();
        Box::pin(async move {
            before().await;
            let (mut response, record) = respond(handler, request).await;
            let left = Some((record, response.take_work()));
            // The layer sets the slot around every invocation.
            let _ = LEFT.try_with(|slot| *slot.lock().unwrap_or_else(PoisonError::into_inner) = left);
            Ok(response)
        })
    }
}

/// Handles one request as [`serve`] does. Returns the response, with its work, and the log record.
pub async fn respond<S>(service: S, request: Request) -> (Response, Record)
where
    S: Service<Request, Response = Response, Error = ApiError>,
{
    let request_id = HeaderValue::from_str(request.request_id());
    let is_head = *request.method() == Method::HEAD;
    let record = Record::new(request.request_id(), request.route());
    let handling = AssertUnwindSafe(async {
        query::must_be_known(&request)?;
        service.oneshot(request).await
    })
    .catch_unwind();
    let with_later = async { (handling.await, LATER.with(RefCell::take)) };
    let (handled, later) = LATER.scope(RefCell::default(), acting::scope(record.scope(with_later))).await;
    let mut response = match handled {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error_response(&error, &record),
        Err(_panic) => error_response(&ApiError::Internal("the handler panicked".into()), &record),
    };
    // AWS's ids consist of characters that a header allows, so this does not fail.
    if let Ok(request_id) = request_id {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    // RFC 9110, section 9.3.2: the headers of a GET, and no content.
    if is_head {
        *response.body_mut() = Body::Empty;
    }
    if !response.status().is_server_error() {
        let is_miss = response.status() == StatusCode::NOT_FOUND;
        let due = later.into_iter().filter(|(outcome, _)| *outcome == Outcome::Any || is_miss);
        response = due.fold(response, |response, (_, work)| response.then(work));
    }
    record.responded(response.status().as_u16());
    (response, record)
}

fn note(error: &ApiError, record: &Record) {
    match error {
        ApiError::Internal(cause) => record.cause(&telemetry::chain(cause.as_ref())),
        other => {
            record.refusal(&other.log_text());
            if let Some(cause) = other.token_refused() {
                record.token_refused(cause);
            }
        }
    }
}

fn error_response(error: &ApiError, record: &Record) -> Response {
    note(error, record);
    let mut response = json_text(error.status(), error.body());
    if let Some(challenge) = error.challenge() {
        // A challenge is printable ASCII, which a header allows.
        let challenge = HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"));
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Does the work of a response after the inner service has posted the response.
struct AfterResponseLayer;

impl<S> Layer<S> for AfterResponseLayer {
    type Service = AfterResponseService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AfterResponseService { inner }
    }
}

struct AfterResponseService<S> {
    inner: S,
}

impl<S> Service<LambdaInvocation> for AfterResponseService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxError;
    type Future = BoxFuture<Result<(), BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let left = Arc::default();
        let posted = LEFT.scope(Arc::clone(&left), self.inner.call(invocation));
        Box::pin(async move {
            let outcome = posted.await;
            let left = left.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((record, work)) = left {
                finish(record, work).await;
            }
            outcome
        })
    }
}

/// Does the work, then writes the invocation's log line.
async fn finish(record: Record, work: Option<Work>) {
    if let Some(work) = work
        && record.scope(AssertUnwindSafe(work).catch_unwind()).await.is_err()
    {
        record.cause("work after the response panicked; the stream's consumer takes over");
    }
    record.print();
}
