//! Every error that a client can be told, with the status it maps to. Its body is
//! `{"error": "<reason phrase>", "message": "<what to do>"}`.
//!
//! This module knows the contract and nothing above it. Whatever can go wrong elsewhere says there, by a `From`, which
//! problem it is; so a problem can be told over a socket as well as over HTTP.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::contract::channel::InvalidChannelName;
use crate::contract::id::InvalidId;
use crate::contract::socket_id::InvalidSocketId;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// 400: the request cannot be read as what it should be.
    #[error("{0}")]
    Malformed(String),
    /// 401: the token is missing or not accepted.
    #[error("{0}")]
    Unauthenticated(String),
    /// 401: a webhook that Pusher did not sign, or long ago.
    #[error("{0}")]
    UntrustedWebhook(&'static str),
    /// 403: signed in, and still not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// 404
    #[error("{0}")]
    NotFound(String),
    /// 409: it was so, and no longer is.
    #[error("{0}")]
    Conflict(String),
    /// 413: larger than what this is turned into may be.
    #[error("{what} may have at most {limit} bytes")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// 415: a body that is neither of the types that are read here.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// 422: well-formed, and makes no sense.
    #[error("{0}")]
    Unprocessable(String),
    /// 429: more than the limit allows.
    #[error("Too many requests; try again in {} s", seconds(.0))]
    TooManyRequests(Duration),
    /// 502: Pusher did not do what it was asked for while the caller waits.
    #[error("Pusher did not take the event: {0}")]
    BadGateway(#[source] BoxError),
    /// 500: our fault. The cause is logged and not told.
    #[error("Something went wrong here; try again, and tell us the x-request-id if it stays")]
    Internal(#[source] BoxError),
}

impl Problem {
    /// 403 for a channel that the caller may not subscribe to.
    #[must_use]
    pub fn not_your_channel() -> Self {
        Self::Forbidden("Not authorized to access this channel".to_owned())
    }

    /// 500, for a reason that the client is not told.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }

    /// 400 for a field that is missing or not what it should be.
    #[must_use]
    pub fn field(name: &str, rule: impl std::fmt::Display) -> Self {
        Self::Malformed(format!("{name} {rule}"))
    }

    /// The status it maps to.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) | Self::UntrustedWebhook(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::BadGateway(_) => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `Retry-After`, in whole seconds, for a problem that passes.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests(wait) => Some(seconds(wait)),
            _ => None,
        }
    }

    /// The body that tells it.
    #[must_use]
    pub fn body(&self) -> String {
        let reason = self.status().canonical_reason().unwrap_or("Error");
        json!({ "error": reason, "message": self.to_string() }).to_string()
    }
}

/// Whole seconds, at least one: a client that waits them is let in.
fn seconds(wait: &Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

impl From<InvalidSocketId> for Problem {
    fn from(error: InvalidSocketId) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<InvalidChannelName> for Problem {
    fn from(error: InvalidChannelName) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl InvalidId {
    /// 400 that names the field.
    #[must_use]
    pub fn in_field(self, name: &str) -> Problem {
        Problem::field(name, self)
    }
}
