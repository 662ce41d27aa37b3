//! Verifies bearer tokens, to know who is calling. A cookie may hold the token (`TOKEN_COOKIE`).
//!
//! The configuration sets the algorithm (HS256 for a shared secret, that of the key for a JWKS key; of its type, where the set names
//! none). `exp` is required. Guests' tokens (`aud: "guest"`) are refused on members' routes, and members' on guests'. Which claims say who
//! the caller is, the settings decide (`JWT_CLAIM_*`), or else the usual names are tried.

mod claims;
mod cookie;
mod jwks;
mod token;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::api_error::ApiError;
use crate::clients::https::HttpClient;
use crate::contract::email::EmailAddress;
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::settings::{ClaimNames, Secret, TokenCookie, TokenKeys, Tokens};

pub use cookie::Effect;

use claims::Claims;
use jwks::Jwks;
use token::Token;

/// Longest token, in bytes. API Gateway allows 10,240 bytes for all headers together.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A signed-in member of the app, or a service of its back end; or the member for whom a service acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `JWT_CLAIM_USER_ID`, or else `sub`.
    pub user: UserId,
    /// `JWT_CLAIM_NAME`, or else the first of `name`, `preferred_username`, `nickname` and `username`. At most 128 characters,
    /// cleaned. Others may see another name: [`crate::App::person`].
    pub(crate) claimed_name: Option<Line>,
    /// `JWT_CLAIM_PICTURE`, or else the first of `picture`, `avatar_url` and `image` that is an address on the web of at most
    /// 512 bytes. As with the name, others may see another one.
    pub(crate) claimed_picture: Option<Picture>,
    /// `email`, unless `email_verified` is false there or in `user_metadata`.
    pub email: Option<EmailAddress>,
    /// Whether `email_verified` is true: the issuer says so. In `user_metadata`, Supabase's users may write it themselves.
    pub email_is_verified: bool,
    /// `locale`, such as `fr-FR` (OpenID Connect)
    pub locale: Option<String>,
    /// `iat`: when the token was issued (RFC 7519, section 4.1.6).
    pub(crate) issued: Option<Millis>,
    /// When the token expires.
    pub expires: Millis,
    /// `JWT_CLAIM_ROLES`, or else `roles`: a list, or text with spaces between them.
    roles: Vec<String>,
    /// `JWT_CLAIM_CHANNELS`, or else `channels`: channels of dashboards and of the app's own, likewise; the first hundred.
    pub channels: Vec<String>,
    /// The service that acts for this user (`On-Behalf-Of`). Then only the id and `expires` are known: the service's token says nothing of the
    /// user.
    pub service: Option<UserId>,
}

/// A hotel's guest. Their token opens the chat of one booking, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// `hotel`
    pub hotel: HotelSlug,
    /// `booking`
    pub booking: BookingId,
    /// `name`; without one, `Guest`. At most 128 characters, cleaned.
    pub name: Line,
    /// `email`, unless `email_verified` is false.
    pub email: Option<EmailAddress>,
    /// `locale`, such as `fr-FR` (OpenID Connect)
    pub locale: Option<String>,
    /// `iat`: when the token was issued (RFC 7519, section 4.1.6).
    pub(crate) issued: Option<Millis>,
}

impl Identity {
    /// Checks that the caller is another back end (role `service`).
    ///
    /// # Errors
    /// 403 when it is not, 400 when it acts for a user, to whom the route is closed.
    pub fn must_be_service(&self) -> Result<(), ApiError> {
        if self.is_service() {
            return Ok(());
        }
        self.must_not_act()?;
        Err(ApiError::Forbidden("Only services may do this: the token needs the role service".to_owned()))
    }

    /// Checks that the caller is an operator: another back end, or a person with the role `admin`.
    ///
    /// # Errors
    /// As [`Identity::must_be_service`].
    pub fn must_be_operator(&self) -> Result<(), ApiError> {
        if self.is_operator() {
            return Ok(());
        }
        self.must_not_act()?;
        Err(ApiError::Forbidden("Only operators may do this: the token needs the role service or admin".to_owned()))
    }

    fn must_not_act(&self) -> Result<(), ApiError> {
        if self.service.is_none() {
            return Ok(());
        }
        let rule = "is for what members do: leave it out, as services do this for themselves";
        Err(ApiError::field("On-Behalf-Of", rule))
    }

    /// Whether the caller is another back end (role `service`).
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.has_role("service")
    }

    /// Whether the caller looks after all users: another back end, or a person with the role `admin`.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.is_service() || self.has_role("admin")
    }

    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// This user, for whom the caller acts.
    pub(crate) fn acting_for(self, user: UserId) -> Self {
        Self {
            user,
            claimed_name: None,
            claimed_picture: None,
            email: None,
            email_is_verified: false,
            locale: None,
            issued: None,
            expires: self.expires,
            roles: Vec::new(),
            channels: Vec::new(),
            service: Some(self.user),
        }
    }

    /// A member whose token has this name and nothing else.
    #[cfg(test)]
    pub(crate) fn named(user: &str, name: &str) -> Self {
        Self {
            user: UserId::parse(user).expect("an id"),
            claimed_name: Line::cleaned(name, 128),
            claimed_picture: None,
            email: None,
            email_is_verified: false,
            locale: None,
            issued: None,
            expires: Millis::epoch(),
            roles: Vec::new(),
            channels: Vec::new(),
            service: None,
        }
    }
}

/// Why a token was not accepted. The sentence is for the client. [`Unauthenticated::cause`] is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// No `Authorization: Bearer …`, and no cookie.
    #[error("Sign in first: send the header Authorization: Bearer <token>")]
    Missing,
    /// `Authorization: Bearer` with nothing after it: whatever was to give the token gave none.
    #[error("There is no token after Bearer; look at what is to put it there: Authorization: Bearer <token>")]
    Empty,
    /// Not known to be signed by the issuer. All have the same message, so that a forger learns nothing from it.
    #[error("The token is not valid here; sign in again")]
    Untrusted(Untrusted),
    #[error("The token has expired; sign in again")]
    Expired,
    /// RFC 7519, section 4.1.5
    #[error("The token is not valid yet: its nbf is ahead of this server's clock")]
    NotYetValid,
    #[error("The token's nbf must be a number of seconds since 1970")]
    MalformedNotBefore,
    /// A token that never expires, or whose `exp` is not a number.
    #[error("The token needs an exp, a number of seconds since 1970")]
    NoExpiry,
    #[error("The token is not from the issuer that is trusted here: see its iss")]
    OtherIssuer,
    #[error("The token is not for this API: see its aud")]
    OtherAudience,
    /// The claim that holds the user's id is absent.
    #[error("The token does not name its user: it needs the claim {0}, or JWT_CLAIM_USER_ID must name another claim")]
    NoUserId(String),
    /// The claim that holds the user's id cannot be part of a channel name.
    #[error(
        "The token's {0} must be 1 to 128 characters out of a-z, A-Z, 0-9 and -_=@,.; since it becomes part of Pusher's \
         channel names; have the issuer add a claim with such an id, and set JWT_CLAIM_USER_ID to that claim's name"
    )]
    UnusableUserId(String),
    /// A guest's token on a member's route.
    #[error("A guest's token does not open this; sign in as a member")]
    Guest,
    /// No token of a guest's, neither in the header nor in the query.
    #[error("Open this with the guest's link: send ?token=<token> or the header Authorization: Bearer <token>")]
    MissingGuest,
    /// A member's token on a guest's route.
    #[error("This needs a guest's token: one whose aud is guest")]
    NotGuest,
    /// A guest's token that does not say whose guest it is.
    #[error(
        "A guest's token needs the claims hotel (1 to 50 characters out of a-z, A-Z, 0-9, - and _) and booking (1 to 64 \
         characters out of a-z, A-Z, 0-9 and -_=@,.;)"
    )]
    UnusableGuest,
}

/// The cause, for the log alone, of refusing a token whose signature is not known to be the issuer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untrusted {
    TooLong,
    /// Not a JWT with an algorithm that exists, one with critical extensions, or its claims are not a JSON object.
    Malformed,
    /// Its `kid` names no key of the JWKS; or it has none, and the JWKS has several keys.
    UnknownKey,
    /// Its `alg` is not that of the key.
    WrongAlgorithm,
    BadSignature,
}

impl Unauthenticated {
    /// Why the token was refused, for the log. It holds nothing of the token. `None` when there was no token.
    #[must_use]
    pub fn cause(&self) -> Option<&'static str> {
        Some(match self {
            Self::Missing | Self::MissingGuest => return None,
            Self::Empty => "empty",
            Self::Untrusted(Untrusted::TooLong) => "too long",
            Self::Untrusted(Untrusted::Malformed) => "malformed",
            Self::Untrusted(Untrusted::UnknownKey) => "unknown key",
            Self::Untrusted(Untrusted::WrongAlgorithm) => "wrong algorithm",
            Self::Untrusted(Untrusted::BadSignature) => "bad signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::MalformedNotBefore => "malformed nbf",
            Self::NoExpiry => "no exp",
            Self::OtherIssuer => "other issuer",
            Self::OtherAudience => "other audience",
            Self::NoUserId(_) => "no user id",
            Self::UnusableUserId(_) => "unusable user id",
            Self::Guest => "guest",
            Self::NotGuest => "not a guest",
            Self::UnusableGuest => "unusable hotel or booking",
        })
    }
}

impl From<Unauthenticated> for ApiError {
    fn from(error: Unauthenticated) -> Self {
        Self::Unauthenticated { told: error.to_string(), cause: error.cause() }
    }
}

impl From<Untrusted> for Unauthenticated {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(untrusted)
    }
}

/// Verifies tokens according to the settings.
#[derive(Debug)]
pub struct Verifier {
    keys: Keys,
    /// The required `iss`.
    issuer: Option<String>,
    /// Whom a member's token must be for, unless empty. A guest's `aud` is always `guest`.
    audiences: Vec<String>,
    claim_names: ClaimNames,
    cookie: Option<TokenCookie>,
}

enum Keys {
    /// The current secret's, and the previous one's.
    Shared(Box<DecodingKey>, Option<Box<DecodingKey>>),
    Jwks(Box<Jwks>),
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shared(..) => "Shared(…)",
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
        let keys = match &tokens.keys {
            TokenKeys::Shared { current, previous } => {
                let key = |secret: &Secret| Box::new(DecodingKey::from_secret(secret.bytes()));
                Keys::Shared(key(current), previous.as_ref().map(key))
            }
            TokenKeys::Jwks(url) => Keys::Jwks(Box::new(Jwks::new(http, url)?)),
        };
        let Tokens { issuer, audiences, claims, cookie, .. } = tokens.clone();
        Ok(Self { keys, issuer, audiences, claim_names: claims, cookie })
    }

    /// Fetches the JWKS, if there is one, so that the first request does not wait for it. That request reports a
    /// failure.
    pub async fn warm_up(&self) {
        if let Keys::Jwks(jwks) = &self.keys {
            jwks.refresh().await;
        }
    }

    /// The sender of this `Authorization` header.
    ///
    /// # Errors
    /// 401, with what to do. 500 when the JWKS address does not respond: the token may be valid.
    pub async fn member(&self, authorization: Option<&str>) -> Result<Identity, ApiError> {
        self.member_of(bearer(authorization)?).await
    }

    /// The sender of these headers: by `Authorization`, or without it by the cookie that the settings name.
    ///
    /// # Errors
    /// As [`Verifier::member`]; 403 for a cookie on a request that may be another page's.
    pub async fn member_by_headers(&self, headers: &HeaderMap, effect: Effect) -> Result<Identity, ApiError> {
        if headers.contains_key(AUTHORIZATION) {
            let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            return self.member(authorization).await;
        }
        let token = self.cookie.as_ref().map(|cookie| cookie::token_in(cookie, headers, effect)).transpose()?.flatten();
        match token {
            Some(token) => self.member_of(given(token)?).await,
            None => self.member(None).await,
        }
    }

    async fn member_of(&self, token: &str) -> Result<Identity, ApiError> {
        let claims = self.claims(token).await?;
        if claims.is_guest() {
            return Err(Unauthenticated::Guest.into());
        }
        if !self.audiences.is_empty() && !claims.is_for(&self.audiences) {
            return Err(Unauthenticated::OtherAudience.into());
        }
        Ok(claims.into_identity(&self.claim_names)?)
    }

    /// The sender of this token, in a query or a packet.
    ///
    /// # Errors
    /// As [`Verifier::member`].
    pub async fn member_by_token(&self, token: Option<&str>) -> Result<Identity, ApiError> {
        self.member_of(token.map_or(Err(Unauthenticated::Missing), given)?).await
    }

    /// Which guest sent this `Authorization` header, or this token in the query where there is no bearer's header.
    ///
    /// # Errors
    /// As [`Verifier::member`].
    pub async fn guest(&self, authorization: Option<&str>, in_query: Option<&str>) -> Result<Guest, ApiError> {
        let in_query = || in_query.and_then(|token| given(token).ok());
        let token = bearer(authorization).ok().or_else(in_query).ok_or(Unauthenticated::MissingGuest)?;
        let claims = self.claims(token).await?;
        if !claims.is_guest() {
            return Err(Unauthenticated::NotGuest.into());
        }
        Ok(claims.into_guest()?)
    }

    async fn claims(&self, token: &str) -> Result<Claims, ApiError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Unauthenticated::from(Untrusted::TooLong).into());
        }
        let token = Token::read(token).ok_or(Unauthenticated::from(Untrusted::Malformed))?;
        let wrong_algorithm = Unauthenticated::from(Untrusted::WrongAlgorithm);
        let claims = match &self.keys {
            Keys::Shared(current, previous) if token.algorithm == Algorithm::HS256 => {
                match (token.claims(current), previous) {
                    (Err(Untrusted::BadSignature), Some(previous)) => token.claims(previous),
                    (claims, _) => claims,
                }
            }
            Keys::Shared(..) => return Err(wrong_algorithm.into()),
            Keys::Jwks(jwks) => {
                let found = jwks.key(token.key_id.as_deref(), token.algorithm).await.map_err(ApiError::internal)?;
                let key = found.ok_or(Unauthenticated::from(Untrusted::UnknownKey))?;
                if !key.algorithms.contains(&token.algorithm) {
                    return Err(wrong_algorithm.into());
                }
                token.claims(&key.decoding)
            }
        };
        let claims = claims.map_err(Unauthenticated::from)?;
        claims.check(self.issuer.as_deref(), Millis::now())?;
        Ok(claims)
    }
}

/// The token in `Authorization: Bearer <token>` (RFC 6750, section 2.1; RFC 9110: the scheme is case-insensitive).
fn bearer(authorization: Option<&str>) -> Result<&str, Unauthenticated> {
    let value = authorization.unwrap_or_default().trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthenticated::Missing);
    }
    given(token)
}

/// This token, unless it is what a shell, a template or JavaScript writes for a variable that is not set.
fn given(token: &str) -> Result<&str, Unauthenticated> {
    let token = token.trim();
    if matches!(token, "" | "undefined" | "null") { Err(Unauthenticated::Empty) } else { Ok(token) }
}

#[cfg(test)]
mod tests;
