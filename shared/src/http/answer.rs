//! What a client is told when all went well.

use std::pin::Pin;

use http::StatusCode;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

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

    pub(super) fn into_parts(self, request_id: &str) -> (Response, Option<Afterwards>) {
        let mut response = Response::new(self.status, self.body, request_id);
        if self.replayed {
            response = response.with("idempotent-replayed", "true");
        }
        (response, self.afterwards)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("body", &self.body).finish_non_exhaustive()
    }
}

/// A response as every function sends it: JSON or nothing, and the request's id. API Gateway reads it from JSON (payload
/// format 2.0).
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Response {
    pub(super) fn new(status: StatusCode, body: Option<String>, request_id: &str) -> Self {
        let mut headers = Vec::with_capacity(4);
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.push(("cache-control", "no-store".to_owned()));
        headers.push(("x-request-id", request_id.to_owned()));
        Self { status, headers, body }
    }

    /// Adds a header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers, their names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Headers<'a>(&'a [(&'static str, String)]);

        impl Serialize for Headers<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
            }
        }

        let mut response = serializer.serialize_struct("Response", 4)?;
        response.serialize_field("statusCode", &self.status.as_u16())?;
        response.serialize_field("headers", &Headers(&self.headers))?;
        response.serialize_field("body", self.body.as_deref().unwrap_or_default())?;
        response.serialize_field("isBase64Encoded", &false)?;
        response.end()
    }
}
