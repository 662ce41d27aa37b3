//! The loop around a handler: answer, then what can wait.
//!
//! ```text
//! Runtime API --next--> handler: verify, write --response--> client has its answer
//!                                                   `--> afterwards: deliver, clear the outbox --> log line --> next
//! ```
//!
//! Lambda passes a buffered response on as soon as the runtime posts it, and the invocation ends when the runtime asks for
//! the next one (Lambda developer guide, "Execution environment lifecycle": the Invoke phase ends after the runtime and
//! all extensions signal that they are done by sending a Next API request). The runtime's layers wrap the posting, so work
//! that follows it in a layer delays no answer and is still within the invocation; it needs no extension.
//! What is cut off there (a crash, the function's time-out) was committed before and is delivered from the table's stream.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use futures_util::FutureExt as _;
use lambda_http::http::StatusCode;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Request, Response, service_fn};
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime};
use serde_json::Value;

use super::answer::response;
use super::{Afterwards, Answer, Call, Problem};
use crate::telemetry::{self, Record};

type Pending = Arc<Mutex<Option<(Record, Option<Afterwards>)>>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function whose events are HTTP requests, until Lambda ends it.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<F>(handler: impl Fn(Call) -> F + Copy + Send + Sync + 'static) -> Result<(), BoxError>
where
    F: Future<Output = Result<Answer, Problem>> + Send + 'static,
{
    let pending = Pending::default();
    Runtime::new(Adapter::from(requests(handler, pending.clone()))).layer(AfterwardsLayer(pending)).run().await
}

/// Runs a function whose events are HTTP requests and events of EventBridge, until Lambda ends it. An event that `on_event`
/// fails at is brought again by Lambda, and kept by the function's failure destination in the end.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve_with_events<F, G>(
    handler: impl Fn(Call) -> F + Copy + Send + Sync + 'static,
    on_event: impl Fn(EventBridgeEvent) -> G + Copy + Send + Sync + 'static,
) -> Result<(), BoxError>
where
    F: Future<Output = Result<Answer, Problem>> + Send + 'static,
    G: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let pending = Pending::default();
    let adapter = Adapter::from(requests(handler, pending.clone()));
    let service = service_fn(move |incoming: LambdaEvent<Value>| {
        let mut adapter = adapter.clone();
        async move {
            let LambdaEvent { payload, context } = incoming;
            if payload.get("detail-type").is_some() {
                let event = serde_json::from_value(payload)?;
                return handle_event(on_event, event, &context.request_id).await.map(|()| Value::Null);
            }
            let request = LambdaEvent::new(serde_json::from_value::<LambdaRequest>(payload)?, context);
            let response = adapter.call(request).await?;
            Ok::<_, BoxError>(serde_json::to_value(response)?)
        }
    });
    Runtime::new(service).layer(AfterwardsLayer(pending)).run().await
}

async fn handle_event<G>(
    on_event: impl Fn(EventBridgeEvent) -> G,
    event: EventBridgeEvent,
    request_id: &str,
) -> Result<(), BoxError>
where
    G: Future<Output = Result<(), Problem>>,
{
    let record = Record::new(request_id, &event.detail_type);
    let outcome = record.scope(on_event(event)).await;
    if let Err(problem) = &outcome {
        note(problem, &record);
    }
    record.print();
    Ok(outcome?)
}

/// A service that answers requests and leaves what follows the answer in `pending`.
fn requests<F>(
    handler: impl Fn(Call) -> F + Copy + Send + Sync + 'static,
    pending: Pending,
) -> impl Service<Request, Response = Response<Body>, Error = std::convert::Infallible, Future: Send> + Clone
where
    F: Future<Output = Result<Answer, Problem>> + Send + 'static,
{
    service_fn(move |request: Request| {
        let pending = pending.clone();
        async move {
            let (response, record, afterwards) = answer(handler, request).await;
            *pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((record, afterwards));
            Ok(response)
        }
    })
}

/// One request answered, as [`serve`] does it: the response, the log record, and the work that is left.
pub async fn answer<F>(handler: impl Fn(Call) -> F, request: Request) -> (Response<Body>, Record, Option<Afterwards>)
where
    F: Future<Output = Result<Answer, Problem>>,
{
    let call = Call::from(request);
    let request_id = call.request_id();
    let record = Record::new(&request_id, call.route());
    let handled = record.scope(async { AssertUnwindSafe(async { handler(call).await }).catch_unwind().await }).await;
    let (response, afterwards) = match handled {
        Ok(Ok(answer)) => answer.into_parts(&request_id),
        Ok(Err(problem)) => (told(&problem, &record, &request_id), None),
        Err(_panic) => (told(&Problem::Internal("the handler panicked".into()), &record, &request_id), None),
    };
    record.answered(response.status().as_u16());
    (response, record, afterwards)
}

fn note(problem: &Problem, record: &Record) {
    match problem {
        Problem::Internal(cause) => record.cause(&telemetry::chain(cause.as_ref())),
        other => record.refusal(&other.to_string()),
    }
}

fn told(problem: &Problem, record: &Record, request_id: &str) -> Response<Body> {
    note(problem, record);
    let status = problem.status();
    let mut response = response(status, Some(problem.body()), request_id);
    if status == StatusCode::UNAUTHORIZED {
        let challenge = lambda_http::http::HeaderValue::from_static("Bearer");
        response.headers_mut().insert(lambda_http::http::header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = problem.retry_after() {
        response.headers_mut().insert(lambda_http::http::header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Does the pending work after the inner service has posted the response.
struct AfterwardsLayer(Pending);

impl<S> Layer<S> for AfterwardsLayer {
    type Service = AfterwardsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AfterwardsService { inner, pending: self.0.clone() }
    }
}

struct AfterwardsService<S> {
    inner: S,
    pending: Pending,
}

impl<S> Service<LambdaInvocation> for AfterwardsService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let posted = self.inner.call(invocation);
        let pending = self.pending.clone();
        Box::pin(async move {
            let outcome = posted.await;
            let taken = pending.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((record, afterwards)) = taken {
                finish(record, afterwards).await;
            }
            outcome
        })
    }
}

/// Does what was left, then writes the invocation's line.
async fn finish(record: Record, afterwards: Option<Afterwards>) {
    if let Some(work) = afterwards
        && record.scope(AssertUnwindSafe(work).catch_unwind()).await.is_err()
    {
        record.cause("work after the answer panicked; the stream's consumer takes over");
    }
    record.print();
}
