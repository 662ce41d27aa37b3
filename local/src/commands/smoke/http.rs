//! Requests to the HTTP API. Each has a connection of its own, so that none fails because an earlier one was closed.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::address::Address;
use super::secret::{Redaction, Secret};
use super::wire::Connector;

/// Longest response that is read. API Gateway's limit, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A request.
pub(in crate::commands) struct Call<'a> {
    pub(in crate::commands) method: Method,
    /// With the query.
    pub(in crate::commands) path: &'a str,
    token: Option<&'a Secret>,
    headers: Vec<(HeaderName, &'a str)>,
    body: Option<(&'static str, String)>,
}

impl<'a> Call<'a> {
    pub(in crate::commands) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, token: None, headers: Vec::new(), body: None }
    }

    pub(in crate::commands) fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(in crate::commands) fn by(self, token: &'a Secret) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(in crate::commands) fn header(mut self, name: HeaderName, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(in crate::commands) fn json(self, body: &Value) -> Self {
        Self { body: Some(("application/json", body.to_string())), ..self }
    }

    /// Lines of JSON.
    pub(in crate::commands) fn lines(self, body: String) -> Self {
        Self { body: Some(("application/x-ndjson", body)), ..self }
    }

    /// As pusher-js sends its questions.
    pub(in crate::commands) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body: Some(("application/x-www-form-urlencoded", body)), ..self }
    }
}

/// A response.
pub(in crate::commands) struct Reply {
    pub(in crate::commands) status: StatusCode,
    pub(in crate::commands) headers: HeaderMap,
    pub(in crate::commands) text: String,
    /// The body, if it is JSON.
    pub(in crate::commands) json: Value,
}

impl Reply {
    /// The header's value; empty if it is missing.
    pub(in crate::commands) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A text in the body; empty if there is none.
    pub(in crate::commands) fn field(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    pub(in crate::commands) fn shown(&self, redaction: &Redaction) -> String {
        match redaction.shown(&self.text) {
            text if text.is_empty() => format!("{} without a body", self.status.as_u16()),
            text => format!("{} {text}", self.status.as_u16()),
        }
    }
}

/// Why there is no response.
#[derive(Debug)]
pub(in crate::commands) enum NoReply {
    Late(Duration),
    NoConnection(std::io::Error),
    Broken,
}

impl fmt::Display for NoReply {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Late(limit) => write!(formatter, "no response within {} s (--timeout)", limit.as_secs()),
            Self::NoConnection(error) => write!(formatter, "no connection: {error}"),
            Self::Broken => formatter.write_str("a connection that ended without a response of HTTP"),
        }
    }
}

/// The HTTP API, and how it is reached.
pub(in crate::commands) struct Http {
    pub(in crate::commands) address: Address,
    pub(in crate::commands) connector: Connector,
    pub(in crate::commands) timeout: Duration,
}

impl Http {
    /// Sends one request.
    ///
    /// # Errors
    /// [`NoReply`]
    pub(in crate::commands) async fn send(&self, call: &Call<'_>) -> Result<Reply, NoReply> {
        let exchanged = tokio::time::timeout(self.timeout, self.exchange(call)).await;
        exchanged.unwrap_or(Err(NoReply::Late(self.timeout)))
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Reply, NoReply> {
        let wire = self.connector.connect(&self.address).await.map_err(NoReply::NoConnection)?;
        let opened = hyper::client::conn::http1::handshake(TokioIo::new(wire)).await;
        let (mut sender, connection) = opened.map_err(|_| NoReply::Broken)?;
        // Ends with the sender.
        tokio::spawn(connection);
        let response = sender.send_request(self.request(call)?).await.map_err(|_| NoReply::Broken)?;
        let (parts, body) = response.into_parts();
        let body = to_bytes(Body::new(body), MAX_BODY_BYTES).await.map_err(|_| NoReply::Broken)?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply { status: parts.status, headers: parts.headers, text, json })
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Body>, NoReply> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(self.address.path(call.path))
            .header(HOST, self.address.authority());
        if let Some(token) = call.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.reveal()));
        }
        for (name, value) in &call.headers {
            request = request.header(name, *value);
        }
        let body = match &call.body {
            Some((content_type, body)) => {
                request = request.header(CONTENT_TYPE, *content_type);
                Body::from(body.clone())
            }
            None => Body::empty(),
        };
        // Only a token with a character that no header may have fails here.
        let invalid = |_| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, "the token has characters that no header may have")
        };
        request.body(body).map_err(|error| NoReply::NoConnection(invalid(error)))
    }
}
