//! SQS queues that record what they are sent (AWS JSON protocol 1.0).

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::serve;

#[derive(Default)]
struct Told {
    requests: Vec<(String, Value)>,
    fails: bool,
}

/// The stand-in.
pub struct FakeQueues {
    port: u16,
    told: Arc<Mutex<Told>>,
}

/// A message that was sent: its body and its delay in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    /// The body, which is JSON.
    pub body: Value,
    /// Seconds before anyone may see it.
    pub delay: i64,
}

impl FakeQueues {
    pub(crate) async fn new() -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let port = serve(Router::new().fallback(take).with_state(told.clone())).await;
        Self { port, told }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/123456789012/{name}", self.endpoint())
    }

    /// What was sent to this queue (`retry` or `dead-letter`).
    pub fn sent(&self, queue: &str) -> Vec<SentMessage> {
        let to_it = |request: &&(String, Value)| request.0 == "SendMessage" && request.1["QueueUrl"] == self.url(queue);
        let told = self.told.lock().unwrap();
        let sent = told.requests.iter().filter(to_it).map(|(_, request)| SentMessage {
            body: serde_json::from_str(request["MessageBody"].as_str().unwrap()).unwrap(),
            delay: request["DelaySeconds"].as_i64().unwrap_or_default(),
        });
        sent.collect()
    }

    /// For how many seconds each message was hidden again, in order.
    pub fn postponed(&self) -> Vec<i64> {
        let told = self.told.lock().unwrap();
        let hidden = told.requests.iter().filter(|(operation, _)| operation == "ChangeMessageVisibility");
        hidden.map(|(_, request)| request["VisibilityTimeout"].as_i64().unwrap()).collect()
    }

    /// Refuses everything from now on.
    pub fn fail(&self) {
        self.told.lock().unwrap().fails = true;
    }
}

async fn take(State(told): State<Arc<Mutex<Told>>>, headers: HeaderMap, body: Bytes) -> (StatusCode, Json<Value>) {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut told = told.lock().unwrap();
    if told.fails {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "__type": "InternalError" })));
    }
    told.requests.push((operation, serde_json::from_slice(&body).unwrap()));
    (StatusCode::OK, Json(json!({ "MessageId": "m" })))
}
