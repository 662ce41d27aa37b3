//! The three parts of a token: header, claims and signature (RFC 7515, section 7.1).

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Untrusted;
use super::claims::Claims;

/// A token that nobody has verified.
pub(super) struct Token<'a> {
    /// Header and claims, which are what is signed.
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
}

/// The fields of the header that matter.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that a reader must understand (RFC 7515, section 4.1.11). None is known here.
    crit: Option<IgnoredAny>,
}

impl<'a> Token<'a> {
    /// `None` for a text that is not a JWT with an algorithm that exists, or that has critical extensions.
    pub(super) fn read(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.rsplit_once('.')?;
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        let algorithm = match header.alg.as_str() {
            ED25519 => Algorithm::EdDSA,
            name => Algorithm::from_str(name).ok()?,
        };
        Some(Self { message, claims, signature, algorithm, key_id: header.kid })
    }

    /// The claims, once the signature was verified with this key.
    pub(super) fn claims(&self, key: &DecodingKey) -> Result<Claims, Untrusted> {
        match jws::verify(self.message.as_bytes(), self.signature, key, self.algorithm) {
            Ok(true) => {}
            Ok(false) => return Err(Untrusted::BadSignature),
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm | ErrorKind::InvalidKeyFormat => {
                        Untrusted::WrongAlgorithm
                    }
                    _ => Untrusted::Malformed,
                });
            }
        }
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| Untrusted::Malformed)?;
        Claims::read(&claims).ok_or(Untrusted::Malformed)
    }
}

/// The newer name of `EdDSA` with this curve (RFC 9864, section 2.2).
pub(super) const ED25519: &str = "Ed25519";
