//! Every error that a client can receive, with its HTTP status. The response's body is
//! `{"error": "<reason phrase>", "message": "<what to do>"}`. The log gets [`ApiError::log_text`] instead: a message
//! for the client can quote the request.
//!
//! Other modules convert their own errors to an [`ApiError`] with `From`, so that this module uses only the contract.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::contract::channel::InvalidChannelName;
use crate::contract::socket_id::InvalidSocketId;

/// How soon an unavailable operation may be tried again.
const UNAVAILABLE_SECONDS: u64 = 60;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the request, or a part of it, is missing or malformed.
    #[error("{0}")]
    Malformed(String),
    /// 400: the request does not parse (see [`crate::json`]).
    #[error("{told}")]
    Unreadable {
        /// For the client alone: it may quote the request.
        told: String,
        /// For the log: what kind of error is where.
        logged: String,
    },
    /// 401: the token is missing or not accepted.
    #[error("{told}")]
    Unauthenticated {
        told: String,
        /// For the log: why the token was refused. `None` when there is no token.
        cause: Option<&'static str>,
    },
    /// 401: a webhook of Pusher's, or a request of its HTTP API, that is not signed with the app's secret or is too old.
    #[error("{0}")]
    Unsigned(&'static str),
    /// 403: authenticated, but not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// 404
    #[error("{0}")]
    NotFound(String),
    /// 409: the current state no longer permits the request.
    #[error("{0}")]
    Conflict(String),
    /// 413: the request, or the message made from it, is too large.
    #[error("{what} has {bytes} bytes in UTF-8 and may have at most {limit}: send less")]
    TooLarge {
        what: &'static str,
        /// How many it has.
        bytes: usize,
        /// In bytes.
        limit: usize,
    },
    /// 415: a body of an unsupported type.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// 422: well-formed, but its values are not valid.
    #[error("{0}")]
    Unprocessable(String),
    /// 429: too many requests. A retry succeeds after this time.
    #[error("Too many requests; try again in {} s", seconds(.0))]
    TooManyRequests(Duration),
    /// 429: as many of something as there may be, until one of them ends.
    #[error("{told}")]
    LimitReached { told: String, retry_after: Duration },
    /// 503: it cannot be done just now, and nothing was changed.
    #[error("{0}")]
    Unavailable(String),
    /// 502: a request to Pusher, whose result the caller waits for, failed.
    #[error("Pusher did not take the event: {source}")]
    BadGateway {
        /// For the client alone: Pusher's words may quote the event.
        source: BoxError,
        /// For the log: the same without Pusher's words.
        logged: String,
    },
    /// 500: an internal error. The cause is logged, and not sent to the client.
    #[error("Something went wrong here; try again, and tell us the x-request-id if it stays")]
    Internal(#[source] BoxError),
}

impl ApiError {
    /// 403 for a channel that the caller may not subscribe to.
    #[must_use]
    pub fn not_your_channel() -> Self {
        Self::Forbidden("Not authorized to access this channel".to_owned())
    }

    /// 500. The cause is logged, and not sent to the client.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }

    /// 400 for a field that is missing or invalid.
    #[must_use]
    pub fn field(name: &str, rule: impl std::fmt::Display) -> Self {
        Self::Malformed(format!("{name} {rule}"))
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Unreadable { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated { .. } | Self::Unsigned(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) | Self::LimitReached { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadGateway { .. } => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `Retry-After`, in whole seconds, for a temporary problem.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests(wait) | Self::LimitReached { retry_after: wait, .. } => Some(seconds(wait)),
            Self::Unavailable(_) => Some(UNAVAILABLE_SECONDS),
            _ => None,
        }
    }

    /// `WWW-Authenticate`, for a 401 (RFC 6750, section 3). A request without a token is not told of an error (section
    /// 3.1).
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::Unauthenticated { told, cause: Some(_) } => {
                let described: String = told.chars().filter(is_description).collect();
                Some(format!(r#"Bearer error="invalid_token", error_description="{described}""#))
            }
            Self::Unauthenticated { cause: None, .. } | Self::Unsigned(_) => Some("Bearer".to_owned()),
            _ => None,
        }
    }

    /// Why the caller's token was refused, if it was.
    #[must_use]
    pub fn token_refused(&self) -> Option<&'static str> {
        match self {
            Self::Unauthenticated { cause, .. } => *cause,
            _ => None,
        }
    }

    /// The message as the log may hold it: without what may quote the request.
    #[must_use]
    pub fn log_text(&self) -> Cow<'_, str> {
        match self {
            Self::Unreadable { logged, .. } | Self::BadGateway { logged, .. } => Cow::Borrowed(logged),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The response's body.
    #[must_use]
    pub fn body(&self) -> String {
        let reason = self.status().canonical_reason().unwrap_or("Error");
        json!({ "error": reason, "message": self.to_string() }).to_string()
    }
}

/// Whether `error_description` may have this character (RFC 6750, section 3): printable ASCII without `"` and `\`.
fn is_description(character: &char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '"' | '\\')
}

/// Whole seconds, rounded up and at least one: a client that waits this long is not refused again.
fn seconds(wait: &Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

impl From<InvalidSocketId> for ApiError {
    fn from(error: InvalidSocketId) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<InvalidChannelName> for ApiError {
    fn from(error: InvalidChannelName) -> Self {
        Self::Malformed(error.to_string())
    }
}
