//! A fake of EventBridge that keeps the events of a bus, and can refuse some (AWS JSON protocol 1.1, `PutEvents`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::serve;

/// The name of the bus.
pub(crate) const NAME: &str = "carillon-dev";

/// How the fake treats a request.
#[derive(Debug, Clone)]
pub enum BusFault {
    /// The whole request is refused, with this status and code.
    Request(u16, &'static str),
    /// The entries at these places are refused, with this code.
    Entries(Vec<usize>, &'static str),
}

#[derive(Default)]
struct Inner {
    requests: Vec<usize>,
    heard: Vec<BusEntry>,
    faults: VecDeque<BusFault>,
}

/// An event that the bus took.
#[derive(Debug, Clone, PartialEq)]
pub struct BusEntry {
    pub source: String,
    /// The `detail-type`.
    pub name: String,
    pub detail: Value,
    /// In seconds since 1970.
    pub time: f64,
}

/// The fake.
pub struct FakeBus {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

impl FakeBus {
    pub(crate) async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        Self { port: serve(Router::new().fallback(take).with_state(inner.clone())).await, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The events that were taken since the last call.
    pub fn take_heard(&self) -> Vec<BusEntry> {
        std::mem::take(&mut self.inner.lock().unwrap().heard)
    }

    /// How many entries each request had since the last call, refused ones included.
    pub fn take_requests(&self) -> Vec<usize> {
        std::mem::take(&mut self.inner.lock().unwrap().requests)
    }

    /// Treats the next request like this.
    pub fn fail_next(&self, fault: BusFault) {
        self.inner.lock().unwrap().faults.push_back(fault);
    }
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let entries = request["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()) && body.len() <= 256 * 1024, "EventBridge refuses more");
    let mut inner = inner.lock().unwrap();
    inner.requests.push(entries.len());
    let fault = inner.faults.pop_front();
    if let Some(BusFault::Request(status, code)) = fault {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({ "__type": code, "message": "refused" })))
            .into_response();
    }
    let mut results = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(BusFault::Entries(places, code)) = &fault
            && places.contains(&place)
        {
            results.push(json!({ "ErrorCode": code, "ErrorMessage": "refused" }));
            continue;
        }
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        assert_eq!(text("EventBusName"), NAME);
        let detail = serde_json::from_str(&text("Detail")).unwrap();
        let time = entry["Time"].as_f64().unwrap();
        inner.heard.push(BusEntry { source: text("Source"), name: text("DetailType"), detail, time });
        results.push(json!({ "EventId": format!("e-{place}") }));
    }
    let failed = results.iter().filter(|result| result["ErrorCode"].is_string()).count();
    Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
}
