//! Verifies bearer tokens, to know who is calling.
//!
//! The configuration sets the algorithm (HS256 for a shared secret, the one algorithm of its type for a JWKS key),
//! never the token. `exp` is required. Guests' tokens (`aud: "guest"`) are refused on members' routes.

mod claims;
mod jwks;

use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode, decode_header};

use crate::clients::https::HttpClient;
use crate::contract::id::UserId;
use crate::problem::Problem;
use crate::settings::{TokenKeys, Tokens};

use claims::Claims;
use jwks::Jwks;

/// How far the clocks of issuer and verifier may differ, in seconds.
const LEEWAY_SECONDS: u64 = 10;
/// Longest token, in bytes. API Gateway allows 10,240 bytes for all headers together.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A signed-in member of the app, or a service of its back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`
    pub user: UserId,
    /// `name` or `username`, or else the user id. At most 128 characters.
    pub name: String,
    /// `picture` or `avatar_url`, if it is at most 512 bytes.
    pub avatar: Option<String>,
    /// `email`
    pub email: Option<String>,
    /// `locale`, such as `fr-FR` (OpenID Connect)
    pub locale: Option<String>,
    roles: Vec<String>,
}

impl Identity {
    /// Checks that the caller is another back end (role `service`).
    ///
    /// # Errors
    /// 403 when it is not.
    pub fn must_be_service(&self) -> Result<(), Problem> {
        if self.roles.iter().any(|role| role == "service") {
            return Ok(());
        }
        Err(Problem::Forbidden("Only services may do this: the token needs the role service".to_owned()))
    }

    /// This person, as events and presence show them.
    #[must_use]
    pub fn person(&self) -> crate::contract::person::Person {
        crate::contract::person::Person {
            user_id: self.user.clone(),
            display_name: self.name.clone(),
            avatar_url: self.avatar.clone(),
        }
    }
}

/// Why a token was not accepted. All forgeries have the same message, so that a forger learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// No `Authorization: Bearer …`.
    #[error("Sign in first: send the header Authorization: Bearer <token>")]
    Missing,
    #[error("The token has expired; sign in again")]
    Expired,
    /// Not signed by the issuer, or not meant for this API.
    #[error("The token is not valid here; sign in again")]
    Invalid,
    /// `sub` cannot be part of a channel name.
    #[error("The token's sub must be 1 to 128 characters out of a-z, A-Z, 0-9 and -_=@,.;")]
    UnusableSubject,
    /// A guest's token on a member's route.
    #[error("A guest's token does not open this; sign in as a member")]
    Guest,
}

impl From<Unauthenticated> for Problem {
    fn from(error: Unauthenticated) -> Self {
        Self::Unauthenticated(error.to_string())
    }
}

/// Verifies tokens according to the settings.
#[derive(Debug)]
pub struct Verifier {
    keys: Keys,
    /// What is required of a token, for each accepted algorithm.
    validations: Vec<Validation>,
}

enum Keys {
    Shared(Box<DecodingKey>),
    Jwks(Box<Jwks>),
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shared(_) => "Shared(…)",
            Self::Jwks(_) => "Jwks(…)",
        })
    }
}

impl Verifier {
    /// A verifier for these settings. Fetches nothing.
    ///
    /// # Errors
    /// When `JWT_JWKS_URL` is not an address.
    pub fn new(http: HttpClient, tokens: &Tokens) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        crate::jws::install();
        let (keys, algorithms): (_, &[_]) = match &tokens.keys {
            TokenKeys::Shared(secret) => {
                (Keys::Shared(Box::new(DecodingKey::from_secret(secret.bytes()))), &[Algorithm::HS256])
            }
            TokenKeys::Jwks(url) => {
                (Keys::Jwks(Box::new(Jwks::new(http, url)?)), &[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA])
            }
        };
        Ok(Self { keys, validations: algorithms.iter().map(|algorithm| validation(*algorithm, tokens)).collect() })
    }

    /// Fetches the JWKS, if there is one, so that the first request does not wait for it. That request reports a
    /// failure.
    pub async fn warm_up(&self) {
        if let Keys::Jwks(jwks) = &self.keys {
            jwks.refresh().await;
        }
    }

    /// Who sent this `Authorization` header.
    ///
    /// # Errors
    /// 401, with what to do. 500 when the JWKS address does not respond: the token may be valid.
    pub async fn member(&self, authorization: Option<&str>) -> Result<Identity, Problem> {
        let token = bearer(authorization)?;
        let claims = self.claims(token).await?;
        if claims.is_guest() {
            return Err(Unauthenticated::Guest.into());
        }
        Ok(claims.into_identity()?)
    }

    async fn claims(&self, token: &str) -> Result<Claims, Problem> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Unauthenticated::Invalid.into());
        }
        let decoded = match &self.keys {
            Keys::Shared(key) => self.decode(token, key, Algorithm::HS256),
            Keys::Jwks(jwks) => {
                let header = decode_header(token).map_err(|_| Unauthenticated::Invalid)?;
                let found = jwks.key(header.kid.as_deref()).await.map_err(Problem::internal)?;
                let key = found.ok_or(Unauthenticated::Invalid)?;
                self.decode(token, &key.decoding, key.algorithm)
            }
        };
        Ok(decoded?.claims)
    }

    fn decode(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<TokenData<Claims>, Unauthenticated> {
        let validation = self.validations.iter().find(|validation| validation.algorithms == [algorithm]);
        let validation = validation.ok_or(Unauthenticated::Invalid)?;
        decode::<Claims>(token, key, validation).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::ExpiredSignature => Unauthenticated::Expired,
            _ => Unauthenticated::Invalid,
        })
    }
}

/// What is required of a token that is signed with this algorithm.
fn validation(algorithm: Algorithm, tokens: &Tokens) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    let mut required = vec!["exp"];
    if let Some(issuer) = &tokens.issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    match &tokens.audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        None => validation.validate_aud = false,
    }
    validation.set_required_spec_claims(&required);
    validation
}

/// The token in `Authorization: Bearer <token>` (RFC 6750, section 2.1; RFC 9110: the scheme is case-insensitive).
fn bearer(authorization: Option<&str>) -> Result<&str, Unauthenticated> {
    let (scheme, token) = authorization.and_then(|value| value.split_once(' ')).ok_or(Unauthenticated::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Unauthenticated::Missing);
    }
    Ok(token.trim())
}

#[cfg(test)]
mod tests;
