//! A fake of SQS that records requests (AWS JSON protocol 1.0).

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::serve;

#[derive(Default)]
struct Inner {
    requests: Vec<(String, Value)>,
    fails: bool,
}

/// The fake.
pub struct FakeQueues {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

/// A message that was sent to a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    /// The body, which is JSON.
    pub body: Value,
    /// The delay in seconds before it becomes visible.
    pub delay: i64,
}

impl FakeQueues {
    pub(crate) async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let port = serve(Router::new().fallback(take).with_state(inner.clone())).await;
        Self { port, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/123456789012/{name}", self.endpoint())
    }

    /// The messages that were sent to this queue (`retry`, `webhooks` or `dead-letter`).
    pub fn sent(&self, queue: &str) -> Vec<SentMessage> {
        let to_it = |request: &&(String, Value)| request.0 == "SendMessage" && request.1["QueueUrl"] == self.url(queue);
        let inner = self.inner.lock().unwrap();
        let sent = inner.requests.iter().filter(to_it).map(|(_, request)| SentMessage {
            body: serde_json::from_str(request["MessageBody"].as_str().unwrap()).unwrap(),
            delay: request["DelaySeconds"].as_i64().unwrap_or_default(),
        });
        sent.collect()
    }

    /// The new visibility timeouts of messages in seconds, in order.
    pub fn postponed(&self) -> Vec<i64> {
        let inner = self.inner.lock().unwrap();
        let hidden = inner.requests.iter().filter(|(operation, _)| operation == "ChangeMessageVisibility");
        hidden.map(|(_, request)| request["VisibilityTimeout"].as_i64().unwrap()).collect()
    }

    /// Takes requests again.
    pub fn recover(&self) {
        self.inner.lock().unwrap().fails = false;
    }

    /// Refuses all requests from now on.
    pub fn fail(&self) {
        self.inner.lock().unwrap().fails = true;
    }
}

/// Whether SQS takes this body: 1 MiB at most, and of XML 1.0's characters alone (Amazon SQS, "SendMessage").
fn is_taken(request: &Value) -> bool {
    let body = request["MessageBody"].as_str().unwrap_or_default();
    body.len() <= 1 << 20 && !body.contains(['\u{fffe}', '\u{ffff}'])
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: Bytes) -> (StatusCode, Json<Value>) {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut inner = inner.lock().unwrap();
    if inner.fails {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "__type": "InternalError" })));
    }
    let request = serde_json::from_slice(&body).unwrap();
    if !is_taken(&request) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "__type": "InvalidMessageContents" })));
    }
    inner.requests.push((operation, request));
    (StatusCode::OK, Json(json!({ "MessageId": "m" })))
}
