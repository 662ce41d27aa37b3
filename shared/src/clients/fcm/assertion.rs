//! The assertion with which a service account requests an access token (RFC 7523; Google identity, "Using OAuth 2.0 for
//! server to server applications").

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::TOKEN_ADDRESS;
use crate::contract::time::Millis;
use crate::settings::ServiceAccount;

/// The permissions of the access token.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// Lifetime of the assertion, in seconds: the longest that Google allows.
const LIFETIME: i64 = 3600;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'static str,
    iat: i64,
    exp: i64,
}

/// Signs assertions.
pub(super) struct Assertions {
    client_email: String,
    key: EncodingKey,
}

/// The private key cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable FIREBASE_PRIVATE_KEY must be an RSA key in PEM")]
pub(super) struct UnusableKey;

impl Assertions {
    pub(super) fn new(account: &ServiceAccount) -> Result<Self, UnusableKey> {
        // The cause is left out: it might quote the key.
        let key = EncodingKey::from_rsa_pem(account.private_key.bytes()).map_err(|_| UnusableKey)?;
        Ok(Self { client_email: account.client_email.clone(), key })
    }

    /// An assertion that is issued at `now`, signed with RS256.
    pub(super) fn sign(&self, now: Millis) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.seconds();
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: TOKEN_ADDRESS,
            iat,
            exp: iat.saturating_add(LIFETIME),
        };
        jws::sign(&Header::new(Algorithm::RS256), &claims, &self.key)
    }
}

impl std::fmt::Debug for Assertions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertions").field("client_email", &self.client_email).finish_non_exhaustive()
    }
}
