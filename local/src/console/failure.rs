//! Error responses for the page.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// A status and a sentence.
pub(super) struct Failure {
    status: StatusCode,
    message: String,
}

/// The result of a handler.
pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// The requested thing is gone.
    pub(super) fn gone(message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.to_owned() }
    }

    /// The request makes no sense.
    pub(super) fn unusable(message: impl std::fmt::Display) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, message: format!("{message:#}") }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message: format!("{error:#}") }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "message": self.message }))).into_response()
    }
}
