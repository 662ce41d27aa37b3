//! The claims of a token.
//!
//! `exp`, `nbf`, `iss`, `aud` and the user's id are strict, because they decide. Any other claim that has another type, or cannot be
//! read, counts as absent, so an odd name locks no user out.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Guest, Identity, Unauthenticated};
use crate::contract::channel;
use crate::contract::email::EmailAddress;
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::json;
use crate::settings::ClaimNames;

/// The claims of a verified token.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

/// The claims that no repaired value may stand for.
const STRICT: [&str; 5] = ["sub", "exp", "nbf", "iss", "aud"];
/// How far the clocks of issuer and verifier may differ, in seconds.
const LEEWAY_SECONDS: u64 = 10;

/// The user's id (RFC 7519, section 4.1.2).
const USER_ID: &str = "sub";
/// The user's name: the first of these that is text (OpenID Connect Core, section 5.1; `username` is that of Cognito and of
/// many back ends).
const NAMES: [&str; 4] = ["name", "preferred_username", "nickname", "username"];
/// The address of the user's picture: the first of these that is usable (`picture` is OpenID Connect's, `avatar_url`
/// Supabase's and GitHub's, `image` Auth.js's).
const PICTURES: [&str; 3] = ["picture", "avatar_url", "image"];
/// The caller's roles (RFC 9068, section 2.2.3.1). They permit, so no other claim is guessed at.
const ROLES: &str = "roles";

/// Channels of dashboards, and channels of the app's own. They permit, too.
const CHANNELS: &str = "channels";
/// Most channels of a token.
const MAX_CHANNELS: usize = 100;
/// The longest name: a whole one of Pusher's, with a `*`.
const MAX_CHANNEL_CHARACTERS: usize = channel::MAX_LENGTH + 1;

/// Longest name, in characters.
const MAX_NAME: usize = 128;

impl Claims {
    /// Reads claims. Where they cannot be read as a whole, each is read apart and repaired ([`json::repaired`]), but for the strict
    /// ones. Returns `None` if a strict claim is unreadable or the text is not a JSON object. The claim that `JWT_CLAIM_USER_ID` names is
    /// repaired, too. This makes nobody another user: a repaired value has U+FFFD in it or is null, and neither is a [`UserId`].
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let claim = |(name, text): (String, &RawValue)| {
            let is_strict = STRICT.contains(&name.as_str());
            let value = if is_strict { serde_json::from_str(text.get()).ok() } else { json::repaired(text.get()) };
            Some((name, value?))
        };
        let apart = || json::fields(text)?.into_iter().map(claim).collect::<Option<_>>().map(Self);
        serde_json::from_slice(text).ok().or_else(apart)
    }

    /// Checks issuer and times (RFC 7519, sections 4.1.1, 4.1.4 and 4.1.5).
    pub(super) fn check(&self, issuer: Option<&str>, now: Millis) -> Result<(), Unauthenticated> {
        let now = u64::try_from(now.seconds()).unwrap_or_default();
        let expires = self.0.get("exp").and_then(seconds).ok_or(Unauthenticated::NoExpiry)?;
        if expires.saturating_add(LEEWAY_SECONDS) < now {
            return Err(Unauthenticated::Expired);
        }
        if let Some(not_before) = self.0.get("nbf") {
            let not_before = seconds(not_before).ok_or(Unauthenticated::MalformedNotBefore)?;
            if not_before > now.saturating_add(LEEWAY_SECONDS) {
                return Err(Unauthenticated::NotYetValid);
            }
        }
        let is_from = |issuer: &str| match self.0.get("iss") {
            Some(Value::Array(all)) => all.iter().any(|one| one == issuer),
            Some(one) => one == issuer,
            None => false,
        };
        if issuer.is_none_or(is_from) { Ok(()) } else { Err(Unauthenticated::OtherIssuer) }
    }

    pub(super) fn is_guest(&self) -> bool {
        match self.0.get("aud") {
            Some(Value::String(audience)) => audience == "guest",
            Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == "guest"),
            _ => false,
        }
    }

    /// Whether the token is for one of these. Cognito's access tokens have no `aud`: the app client is in `client_id`.
    pub(super) fn is_for(&self, audiences: &[String]) -> bool {
        let is_one =
            |claim: &Value| text(claim).is_some_and(|named| audiences.iter().any(|audience| audience == named));
        match self.0.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_one),
            Some(Value::Null) | None => {
                let is_access_token = self.0.get("token_use").and_then(text) == Some("access");
                is_access_token && self.0.get("client_id").is_some_and(is_one)
            }
            Some(one) => is_one(one),
        }
    }

    /// The member. `names` has the claims to read instead of the usual ones.
    pub(super) fn into_identity(self, names: &ClaimNames) -> Result<Identity, Unauthenticated> {
        let user = self.user(names.user_id.as_deref().unwrap_or(USER_ID))?;
        let name = |value| Line::cleaned(text(value)?, MAX_NAME);
        let name = self.first(names.name.as_deref(), &NAMES, name);
        let picture = |value| Picture::parse(text(value)?);
        Ok(Identity {
            claimed_name: name,
            claimed_picture: self.first(names.picture.as_deref(), &PICTURES, picture),
            email: self.email(),
            email_is_verified: self.0.get("email_verified").is_some_and(is_true),
            locale: self.locale(),
            issued: self.issued(),
            expires: self.expires(),
            roles: self.first(names.roles.as_deref(), &[ROLES], roles).unwrap_or_default(),
            channels: self.first(names.channels.as_deref(), &[CHANNELS], channels).unwrap_or_default(),
            service: None,
            user,
        })
    }

    fn locale(&self) -> Option<String> {
        self.0.get("locale").and_then(text).map(str::to_owned)
    }

    /// `exp` in seconds, which [`Claims::check`] has found to be a number. Far times are cut.
    fn expires(&self) -> Millis {
        let seconds = self.0.get("exp").and_then(|exp| exp.as_i64().or(exp.as_f64().map(|exp| exp as i64)));
        Millis::epoch().plus_seconds(seconds.unwrap_or_default())
    }

    /// `iat`, rounded to a second.
    fn issued(&self) -> Option<Millis> {
        let seconds = self.0.get("iat").and_then(seconds)?;
        Some(Millis::epoch().plus_seconds(i64::try_from(seconds).ok()?))
    }

    /// Which hotel's guest the token is about.
    pub(super) fn into_guest(self) -> Result<Guest, Unauthenticated> {
        let claim = |name: &str| self.0.get(name).and_then(text);
        let hotel = claim("hotel").and_then(|slug| HotelSlug::parse(slug).ok());
        let booking = claim("booking").and_then(|id| BookingId::parse(id).ok());
        let (hotel, booking) = hotel.zip(booking).ok_or(Unauthenticated::UnusableGuest)?;
        let named = |name: &str| Line::cleaned(name, MAX_NAME);
        let name = claim("name").and_then(named).or_else(|| named("Guest")).unwrap_or_default();
        Ok(Guest { hotel, booking, name, email: self.email(), locale: self.locale(), issued: self.issued() })
    }

    /// RFC 7519 makes `sub` a string; back ends with numeric user ids often send a number.
    fn user(&self, claim: &str) -> Result<UserId, Unauthenticated> {
        let id = match find(&self.0, claim) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            None | Some(Value::Null) => return Err(Unauthenticated::NoUserId(claim.to_owned())),
            Some(_) => return Err(Unauthenticated::UnusableUserId(claim.to_owned())),
        };
        UserId::parse(id).map_err(|_| Unauthenticated::UnusableUserId(claim.to_owned()))
    }

    /// OpenID Connect Core, section 5.1. An address that nobody has verified may be somebody else's. Some issuers write the
    /// booleans as text, and Supabase writes this one into `user_metadata`.
    fn email(&self) -> Option<EmailAddress> {
        let is_false = |value: &Value| match value {
            Value::Bool(verified) => !verified,
            Value::String(text) => text.eq_ignore_ascii_case("false"),
            _ => false,
        };
        let of_supabase = self.0.get("user_metadata").and_then(|of_user| of_user.get("email_verified"));
        let is_unverified = self.0.get("email_verified").into_iter().chain(of_supabase).any(is_false);
        let address = self.0.get("email").and_then(text).filter(|_| !is_unverified)?;
        EmailAddress::parse(address).ok()
    }

    /// The claim of this name; without a name, the first usable one of the usual claims.
    fn first<'a, T>(
        &'a self,
        named: Option<&'a str>,
        usual: &[&'static str],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        match named {
            Some(name) => find(&self.0, name).and_then(read),
            None => usual.iter().find_map(|name| self.0.get(*name).and_then(&read)),
        }
    }
}

/// Some issuers write booleans as text.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is_true) => *is_true,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// The claim of this name. `app_metadata.roles` is also `roles` in the object `app_metadata`; a claim whose own name has dots
/// (`https://example.com/roles`; RFC 7519, section 4.2) comes first.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let nested = |(dot, _): (usize, &str)| find(claims.get(&name[..dot])?.as_object()?, &name[dot + 1..]);
    claims.get(name).or_else(|| name.match_indices('.').find_map(nested))
}

/// Seconds since 1970, rounded (RFC 7519, section 2: NumericDate).
fn seconds(value: &Value) -> Option<u64> {
    let rounded = |seconds: f64| (0.0..u64::MAX as f64).contains(&seconds).then_some(seconds.round() as u64);
    value.as_u64().or_else(|| rounded(value.as_f64()?))
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// Channels, as roles: a bounded number, since the row of a connection holds them.
fn channels(value: &Value) -> Option<Vec<String>> {
    let names = roles(value)?.into_iter().filter(|name| name.chars().count() <= MAX_CHANNEL_CHARACTERS);
    Some(names.take(MAX_CHANNELS).collect())
}

/// Roles as a list, or as text with spaces between them, as `scope` has them (RFC 8693, section 4.2).
fn roles(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(words) => Some(words.split_whitespace().map(str::to_owned).collect()),
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}
