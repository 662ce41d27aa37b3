//! A fake of the app's own server that gets webhooks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::server::serve;

/// How the receiver answers a request.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Status(u16),
    Nothing,
}

#[derive(Default)]
struct Inner {
    received: Vec<ReceivedWebhook>,
    answers: Vec<Answer>,
}

/// A request that it got.
#[derive(Debug, Clone)]
pub struct ReceivedWebhook {
    pub method: Method,
    /// By names in lower case.
    pub headers: HashMap<String, String>,
    /// As it was sent, which the signature is of.
    pub body: String,
}

impl ReceivedWebhook {
    /// Its events.
    pub fn events(&self) -> Vec<Value> {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["events"].as_array().unwrap().clone()
    }
}

/// The fake. Its address has a secret, which no log may show.
pub struct FakeReceiver {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

impl FakeReceiver {
    pub async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let port = serve(Router::new().fallback(take).with_state(inner.clone())).await;
        Self { port, inner }
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}/hooks?token=hidden", self.port)
    }

    /// The requests since the last call.
    pub fn take_received(&self) -> Vec<ReceivedWebhook> {
        std::mem::take(&mut self.inner.lock().unwrap().received)
    }

    /// Answers the next request with this status. One of a redirect leads back here.
    pub fn answer(&self, status: u16) {
        self.inner.lock().unwrap().answers.push(Answer::Status(status));
    }

    /// Takes the next request, and never answers.
    pub fn hang(&self) {
        self.inner.lock().unwrap().answers.push(Answer::Nothing);
    }
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut inner = inner.lock().unwrap();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let body = String::from_utf8(body.to_vec()).unwrap();
        inner.received.push(ReceivedWebhook { method, headers: headers.collect(), body });
        if inner.answers.is_empty() { Answer::Status(200) } else { inner.answers.remove(0) }
    };
    match answer {
        Answer::Status(status) => (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response(),
        Answer::Nothing => std::future::pending().await,
    }
}
