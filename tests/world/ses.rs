//! A fake of SES (API v2) that keeps what was sent and can refuse.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::server::serve;

#[derive(Default)]
struct Inner {
    sent: Vec<Value>,
    refusals: Vec<(u16, String, String)>,
    requests: usize,
}

/// The fake.
pub struct FakeSes {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

impl FakeSes {
    pub(crate) async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new().route("/v2/email/outbound-emails", post(take)).with_state(inner.clone());
        Self { port: serve(router).await, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The e-mails that were taken since the last call, as the bodies of `SendEmail`.
    pub fn take_sent(&self) -> Vec<Value> {
        std::mem::take(&mut self.inner.lock().unwrap().sent)
    }

    /// The number of requests since the last call.
    pub fn take_requests(&self) -> usize {
        std::mem::take(&mut self.inner.lock().unwrap().requests)
    }

    /// Refuses the next request with this status, error code and text.
    pub fn refuse(&self, status: u16, code: &str, text: &str) {
        self.inner.lock().unwrap().refusals.push((status, code.to_owned(), text.to_owned()));
    }
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, body: Bytes) -> Response {
    let mut inner = inner.lock().unwrap();
    inner.requests += 1;
    if !inner.refusals.is_empty() {
        let (status, code, text) = inner.refusals.remove(0);
        let error = json!({ "message": text }).to_string();
        return (StatusCode::from_u16(status).unwrap(), [("x-amzn-errortype", code)], error).into_response();
    }
    inner.sent.push(serde_json::from_slice(&body).unwrap());
    ([("content-type", "application/json")], json!({ "MessageId": "m-1" }).to_string()).into_response()
}
