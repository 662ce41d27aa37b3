//! Stands in for the app's own server in the end-to-end tests: it gets every webhook, and answers as a test has told it.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::net::guard;

/// A request that it got.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    key: String,
    signature: String,
    content_type: String,
    body: String,
    /// The answer.
    status: u16,
}

struct Inner {
    received: Vec<Received>,
    status: u16,
}

/// The stand-in, which listens already.
pub(crate) struct WebhookStandIn {
    listener: TcpListener,
}

impl WebhookStandIn {
    /// Listens on a free port; returns its address.
    pub(crate) fn new() -> Result<(String, Self)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = format!("http://{}/webhooks", listener.local_addr()?);
        Ok((address, Self { listener }))
    }

    /// Answers until the process ends. `GET /received` lists the requests, and `POST /status` says how all further ones are answered.
    pub(crate) async fn serve(self) -> Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        guard::serve(listener, router()).await.context("The receiver of webhooks cannot go on")
    }
}

fn router() -> Router {
    let inner = Arc::new(Mutex::new(Inner { received: Vec::new(), status: 200 }));
    Router::new()
        .route("/webhooks", post(take))
        .route("/received", get(received))
        .route("/status", post(set_status))
        .with_state(inner)
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut inner = inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let status = inner.status;
    inner.received.push(Received {
        key: header("x-pusher-key"),
        signature: header("x-pusher-signature"),
        content_type: header("content-type"),
        body,
        status,
    });
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn received(State(inner): State<Arc<Mutex<Inner>>>) -> Json<Vec<Received>> {
    Json(inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).received.clone())
}

async fn set_status(State(inner): State<Arc<Mutex<Inner>>>, status: String) -> StatusCode {
    let Ok(status) = status.parse() else { return StatusCode::BAD_REQUEST };
    inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).status = status;
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_answers_with_the_status_of_the_test_and_keeps_each_request() {
        let router = router();
        let post = |path: &str, body: &'static str| {
            let request = Request::post(path).header("x-pusher-key", "key").body(Body::from(body)).unwrap();
            router.clone().oneshot(request)
        };
        assert_eq!(post("/webhooks", "{}").await.unwrap().status(), 200);
        assert_eq!(post("/status", "500").await.unwrap().status(), 200);
        assert_eq!(post("/webhooks", "{}").await.unwrap().status(), 500);
        assert_eq!(post("/status", "never").await.unwrap().status(), 400);
        let list = router.clone().oneshot(Request::get("/received").body(Body::empty()).unwrap()).await.unwrap();
        let list: Value = serde_json::from_slice(&to_bytes(list.into_body(), usize::MAX).await.unwrap()).unwrap();
        let expected =
            |status: u16| json!({ "key": "key", "signature": "", "contentType": "", "body": "{}", "status": status });
        assert_eq!(list, json!([expected(200), expected(500)]));
    }
}
