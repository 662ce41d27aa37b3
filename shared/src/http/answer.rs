//! What a client is told when all went well.

use std::pin::Pin;

use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

/// Work that is done once the client has its answer (see [`super::serve`]).
pub type Afterwards = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A response, and the work that may wait until it is sent.
pub struct Answer {
    status: StatusCode,
    body: Option<String>,
    replayed: bool,
    afterwards: Option<Afterwards>,
}

impl Answer {
    /// 200 with this as JSON.
    #[must_use]
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with this as JSON.
    #[must_use]
    pub fn created(body: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    /// 503 with this as JSON.
    #[must_use]
    pub fn unavailable(body: &impl Serialize) -> Self {
        Self::json(StatusCode::SERVICE_UNAVAILABLE, body)
    }

    /// 204
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, replayed: false, afterwards: None }
    }

    /// Marks the answer as the first one over again: `Idempotent-Replayed: true`.
    #[must_use]
    pub fn replayed(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }

    /// Does this once the client has its answer.
    #[must_use]
    pub fn afterwards(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.afterwards = Some(Box::pin(work));
        self
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).expect("answers are structs of strings, numbers and JSON values");
        Self { status, body: Some(text), replayed: false, afterwards: None }
    }

    /// The status it goes out with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn into_parts(self, request_id: &str) -> (Response<Body>, Option<Afterwards>) {
        let mut response = response(self.status, self.body, request_id);
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", header::HeaderValue::from_static("true"));
        }
        (response, self.afterwards)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("body", &self.body).finish_non_exhaustive()
    }
}

/// A response as every function sends it: JSON or nothing, and the request's id.
pub(super) fn response(status: StatusCode, body: Option<String>, request_id: &str) -> Response<Body> {
    let has_body = body.is_some();
    let mut response = Response::new(body.map_or(Body::Empty, Body::Text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if has_body {
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    }
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    response
}
