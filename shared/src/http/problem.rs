//! Every error a client can be told, with the status it maps to. Seed 001 prints the shape:
//! `{"error": "<reason phrase>", "message": "<what to do>"}`.

use http::StatusCode;
use serde_json::json;

use crate::channel::InvalidChannelName;
use crate::id::InvalidId;
use crate::identity::Unauthenticated;
use crate::pusher::PusherError;
use crate::socket_id::InvalidSocketId;
use crate::store::StoreError;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// 400: the request cannot be read as what it should be.
    #[error("{0}")]
    Malformed(String),
    /// 401: the token is missing or not accepted.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// 401: a webhook that Pusher did not sign, or long ago.
    #[error("{0}")]
    UntrustedWebhook(&'static str),
    /// 403: signed in, and still not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// 404
    #[error("{0}")]
    NotFound(String),
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
    /// 500: our fault. The cause is logged and not told.
    #[error("Something went wrong here; try again, and tell us the x-request-id if it stays")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Problem {
    /// 403, in the words of seed 001.
    #[must_use]
    pub fn not_your_channel() -> Self {
        Self::Forbidden("Not authorized to access this channel".to_owned())
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
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The body that tells it.
    #[must_use]
    pub fn body(&self) -> String {
        let reason = self.status().canonical_reason().unwrap_or("Error");
        json!({ "error": reason, "message": self.to_string() }).to_string()
    }
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<PusherError> for Problem {
    fn from(error: PusherError) -> Self {
        Self::Internal(error.into())
    }
}

impl InvalidId {
    /// 400 that names the field.
    #[must_use]
    pub fn in_field(self, name: &str) -> Problem {
        Problem::field(name, self)
    }
}
