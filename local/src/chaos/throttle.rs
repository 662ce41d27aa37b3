//! A proxy before ministack that refuses some of the functions' requests for a while, as AWS does when it throttles.

use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::net::TcpListener;

use super::plan::Services;
use crate::net::guard;
use crate::net::relay::Relay;

/// Largest request and response that SQS and DynamoDB know (BatchGetItem answers with up to 16 MB).
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The proxy's settings, which change while it runs.
#[derive(Clone)]
pub(super) struct Throttle(Arc<Mutex<Inner>>);

struct Inner {
    now: Option<(Services, f64)>,
    refused: u64,
    random: StdRng,
}

impl Throttle {
    pub(super) fn new(random: StdRng) -> Self {
        Self(Arc::new(Mutex::new(Inner { now: None, refused: 0, random })))
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

    /// Passes the listener's requests on to ministack, until the task ends.
    pub(super) async fn serve(self, listener: TcpListener, ministack: &str) -> Result<()> {
        let proxy = Proxy { throttle: self, relay: Relay::to(ministack) };
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

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics while it holds the settings")
    }
}

#[derive(Clone)]
struct Proxy {
    throttle: Throttle,
    relay: Relay,
}

async fn handle(State(proxy): State<Proxy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Some(error) = proxy.throttle.refusal(&parts.headers) {
        let body = json!({ "__type": error, "message": "Throttled by cargo local chaos" }).to_string();
        return (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response();
    }
    match proxy.relay.send(parts, body).await {
        Ok(response) => response.map(Body::from),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

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
