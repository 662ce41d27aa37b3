//! A proxy before ministack that refuses some of the functions' requests for a while, as AWS does when it throttles.
//!
//! Requests to S3 reach it by the front door, those of pages, too. The functions wait two seconds for S3: one that is answered later was
//! done all the same.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::net::TcpListener;

use super::plan::Services;
use crate::front_door;
use crate::net::guard;
use crate::net::relay::Relay;

/// Largest request and response that SQS and DynamoDB know (BatchGetItem answers with up to 16 MB).
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How late S3 is, where it is late: later than its clients wait.
const FILES_LATE: Duration = Duration::from_millis(2_500);

/// The proxy's settings, which change while it runs.
#[derive(Clone)]
pub(super) struct Throttle(Arc<Mutex<Inner>>);

struct Inner {
    now: Option<(Services, f64)>,
    refused: u64,
    files: Option<FileFaults>,
    refused_files: u64,
    late_files: u64,
    random: StdRng,
}

/// How S3 fails: the shares of its requests that it refuses, and that it answers late.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileFaults {
    pub(super) refused: f64,
    pub(super) late: f64,
}

/// The fault of one request to S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFault {
    Refused,
    Late,
}

impl Throttle {
    pub(super) fn new(random: StdRng) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            now: None,
            refused: 0,
            files: None,
            refused_files: 0,
            late_files: 0,
            random,
        })))
    }

    /// Refuses this share of the requests to these services from now on.
    pub(super) fn begin(&self, services: Services, share: f64) {
        self.inner().now = Some((services, share));
    }

    pub(super) fn end(&self) {
        self.inner().now = None;
    }

    /// How many requests were refused.
    pub(super) fn refused(&self) -> u64 {
        self.inner().refused
    }

    /// Lets S3 fail from now on.
    pub(super) fn begin_files(&self, faults: FileFaults) {
        self.inner().files = Some(faults);
    }

    pub(super) fn end_files(&self) {
        self.inner().files = None;
    }

    /// How many requests to S3 were refused, and how many were answered late.
    pub(super) fn of_files(&self) -> (u64, u64) {
        let inner = self.inner();
        (inner.refused_files, inner.late_files)
    }

    /// Passes the listener's requests on to ministack, until the task ends.
    pub(super) async fn serve(self, listener: TcpListener, ministack: &str) -> Result<()> {
        let relay = Relay::to(ministack);
        let proxy = Proxy { throttle: self, files: relay.clone().keeping_host(), relay };
        let router = Router::new().fallback(handle).with_state(proxy);
        guard::serve(listener, router).await.context("The proxy before ministack cannot go on")
    }

    /// The error that a request is refused with, if it is.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let target = headers.get("x-amz-target")?.to_str().ok()?;
        let mut inner = self.inner();
        let (services, share) = inner.now?;
        let errors: &[&str] = match target {
            target if target.starts_with("DynamoDB_") && services.has_table() => &[
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "com.amazon.coral.availability#ThrottlingException",
            ],
            target if target.starts_with("AmazonSQS.") && services.has_queues() => {
                &["com.amazonaws.sqs#RequestThrottled", "com.amazon.coral.availability#ThrottlingException"]
            }
            _ => return None,
        };
        if !inner.random.random_bool(share) {
            return None;
        }
        inner.refused += 1;
        let which = inner.random.random_range(0..errors.len());
        errors.get(which).copied()
    }

    /// Decides how a request to S3 fails, if it does.
    fn file_fault(&self, method: &Method) -> Option<FileFault> {
        // S3 takes the tags with the form. Here the front door sends them after it, by a request that no client of S3 makes.
        if *method == Method::PUT {
            return None;
        }
        let mut inner = self.inner();
        let FileFaults { refused, late } = inner.files?;
        if inner.random.random_bool(refused) {
            inner.refused_files += 1;
            return Some(FileFault::Refused);
        }
        if inner.random.random_bool(late) {
            inner.late_files += 1;
            return Some(FileFault::Late);
        }
        None
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics while it holds the settings")
    }
}

#[derive(Clone)]
struct Proxy {
    throttle: Throttle,
    relay: Relay,
    /// The signature of a link is one of the header `Host`, too.
    files: Relay,
}

async fn handle(State(proxy): State<Proxy>, request: Request) -> Response {
    let is_for_files = front_door::is_for_bucket(&request);
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if is_for_files {
        return handle_file(&proxy, parts, body).await;
    }
    if let Some(error) = proxy.throttle.refusal(&parts.headers) {
        let body = json!({ "__type": error, "message": "Throttled by cargo local chaos" }).to_string();
        return (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response();
    }
    match proxy.relay.send(parts, body).await {
        Ok(response) => response.map(Body::from),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Passes a request on to S3, unless it is refused as S3 does that is asked too often.
async fn handle_file(proxy: &Proxy, parts: Parts, body: Bytes) -> Response {
    let fault = proxy.throttle.file_fault(&parts.method);
    if fault == Some(FileFault::Refused) {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code><Message>Throttled by cargo local chaos</Message></Error>";
        return (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "application/xml")], xml).into_response();
    }
    let response = proxy.files.send(parts, body).await;
    if fault == Some(FileFault::Late) {
        tokio::time::sleep(FILES_LATE).await;
    }
    response.map_or_else(|_| StatusCode::BAD_GATEWAY.into_response(), |response| response.map(Body::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn s3_fails_by_itself_and_takes_every_tag() {
        let throttle = Throttle::new(StdRng::seed_from_u64(1));
        throttle.begin(Services::Both, 1.0);
        assert_eq!(throttle.file_fault(&Method::HEAD), None);
        throttle.begin_files(FileFaults { refused: 0.5, late: 0.5 });
        let faults: Vec<_> = (0..1000).map(|_| throttle.file_fault(&Method::HEAD)).collect();
        let count = |wanted| faults.iter().filter(|fault| **fault == Some(wanted)).count();
        let (refused, late) = (count(FileFault::Refused), count(FileFault::Late));
        assert!((400..600).contains(&refused) && (150..350).contains(&late), "{refused} {late}");
        assert_eq!(throttle.of_files(), (refused as u64, late as u64));
        assert!((0..100).all(|_| throttle.file_fault(&Method::PUT).is_none()));
        throttle.end_files();
        assert_eq!(throttle.file_fault(&Method::HEAD), None);
    }

    fn refusals(services: Services, target: &'static str) -> usize {
        let throttle = Throttle::new(StdRng::seed_from_u64(1));
        throttle.begin(services, 0.5);
        let headers = HeaderMap::from_iter([("x-amz-target".parse().unwrap(), target.parse().unwrap())]);
        let refused = (0..1000).filter(|_| throttle.refusal(&headers).is_some()).count();
        assert_eq!(throttle.refused(), refused as u64);
        throttle.end();
        assert_eq!(throttle.refusal(&headers), None);
        refused
    }

    #[test]
    fn a_share_of_the_requests_to_a_throttled_service_is_refused() {
        let (table, queue) = ("DynamoDB_20120810.PutItem", "AmazonSQS.SendMessage");
        assert!((400..600).contains(&refusals(Services::Table, table)));
        assert!((400..600).contains(&refusals(Services::Both, queue)));
        assert_eq!(refusals(Services::Queues, table), 0);
        assert_eq!(refusals(Services::Table, queue), 0);
        assert_eq!(refusals(Services::Both, "secretsmanager.GetSecretValue"), 0);
    }
}
