//! Registration tokens. Each identifies one app on one device.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api_error::ApiError;

/// Longest token, in characters. FCM's have about 160 today and may grow.
const MAX_LENGTH: usize = 4096;

/// An FCM registration token. Never printed: a token is enough to send to the device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceToken(String);

/// The text is not a registration token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_LENGTH} visible ASCII characters")]
pub struct InvalidToken;

impl DeviceToken {
    /// Parses a token.
    ///
    /// # Errors
    /// [`InvalidToken`] for a text that cannot be a registration token.
    pub fn parse(text: String) -> Result<Self, InvalidToken> {
        let fits = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(InvalidToken) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last characters, by which a user may tell their devices apart: six, and never more than a quarter of the token.
    #[must_use]
    pub fn end(&self) -> &str {
        &self.0[self.0.len() - (self.0.len() / 4).min(6)..]
    }

    /// Identifies the device without showing the token: 128 bits of its SHA-256, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(&Sha256::digest(&self.0)[..16])
    }
}

impl std::fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

impl TryFrom<String> for DeviceToken {
    type Error = InvalidToken;

    fn try_from(text: String) -> Result<Self, InvalidToken> {
        Self::parse(text)
    }
}

impl From<DeviceToken> for String {
    fn from(token: DeviceToken) -> Self {
        token.0
    }
}

impl From<InvalidToken> for ApiError {
    fn from(error: InvalidToken) -> Self {
        Self::field("token", error)
    }
}
