//! Why the token of a handshake was refused, kept for a client of Socket.IO that hears it later.

use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;

/// Why the token of a handshake was refused, for a client of Socket.IO that waits to hear it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedHandshake {
    told: String,
    /// 401 or 403.
    status: u16,
}

impl RefusedHandshake {
    /// `None` for an error that says nothing of the token.
    #[must_use]
    pub fn of(error: &ApiError) -> Option<Self> {
        let status = error.status().as_u16();
        matches!(status, 401 | 403).then(|| Self { told: error.to_string(), status })
    }

    /// The error again. The handshake's line of the log has the cause.
    #[must_use]
    pub fn error(&self) -> ApiError {
        let told = self.told.clone();
        if self.status == 403 { ApiError::Forbidden(told) } else { ApiError::Unauthenticated { told, cause: None } }
    }
}
