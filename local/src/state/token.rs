//! Tokens for the running stack.

use std::ops::RangeInclusive;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use contract::id::UserId;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use crate::state::State;
use crate::state::guest::Guest;
use crate::state::issuer::Issuer;

/// Validity of the demo's tokens, in hours.
pub(crate) const HOURS: u64 = 12;

/// The hours that a token may be good for; at most a year.
pub(crate) const LASTING: RangeInclusive<u64> = 1..=8784;

/// The person in a token.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bearer<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) picture: Option<&'a str>,
    pub(crate) roles: &'a [String],
    /// Channels of the app's own, and of dashboards.
    pub(crate) channels: &'a [String],
}

impl Bearer<'_> {
    /// The claims that the stack reads, under the names that the app's settings give them.
    fn claims(&self, issuer: &Issuer, issued_at: u64, hours: u64) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut set = |setting: &Option<String>, usual: &str, value: Value| {
            claims.insert(setting.clone().unwrap_or_else(|| usual.to_owned()), value);
        };
        set(&None, "sub", json!(self.user_id));
        set(&issuer.user_id, "sub", json!(self.user_id));
        if let Some(name) = self.name {
            set(&issuer.name, "name", json!(name));
        }
        if let Some(picture) = self.picture {
            set(&issuer.picture, "picture", json!(picture));
        }
        if !self.roles.is_empty() {
            set(&issuer.roles, "roles", json!(self.roles));
        }
        if !self.channels.is_empty() {
            set(&issuer.channels, "channels", json!(self.channels));
        }
        if let Some(name) = &issuer.issuer {
            set(&None, "iss", json!(name));
        }
        if let Some(audience) = issuer.audience.as_deref().and_then(|list| list.split(',').next()) {
            set(&None, "aud", json!(audience.trim()));
        }
        set(&None, "iat", json!(issued_at));
        set(&None, "exp", json!(issued_at + hours * 3600));
        claims
    }
}

/// A token for a person of the demo, or for a user with only an id.
pub(crate) fn of_user(state: &State, user_id: &str) -> Result<String> {
    with_roles(state, user_id, &[])
}

/// The same with these roles.
pub(crate) fn with_roles(state: &State, user_id: &str, roles: &[String]) -> Result<String> {
    sign(state, Bearer { user_id, name: state.demo.name_of(user_id), roles, ..Bearer::default() }, HOURS)
}

/// A token for a hotel's guest, as the hotel's own back end would make it.
pub(crate) fn of_guest(state: &State, guest: Guest, hours: u64) -> Result<String> {
    guest.check()?;
    encoded(secret_of(state)?, &guest.claims(&state.issuer, now()?, hours))
}

/// A token for an invented person, with a role if they have one.
pub(crate) fn of_person(state: &State, user_id: &str, name: &str, role: Option<&str>) -> Result<String> {
    let roles: Vec<_> = role.map(str::to_owned).into_iter().collect();
    sign(state, Bearer { user_id, name: Some(name), roles: &roles, ..Bearer::default() }, HOURS)
}

/// A token that expired an hour ago.
pub(crate) fn expired(state: &State, user_id: &str) -> Result<String> {
    let bearer = Bearer { user_id, ..Bearer::default() };
    let two_hours_ago = now()?.saturating_sub(2 * 3600);
    encoded(secret_of(state)?, &bearer.claims(&state.issuer, two_hours_ago, 1))
}

/// A token with these claims.
pub(crate) fn sign(state: &State, bearer: Bearer, hours: u64) -> Result<String> {
    ensure!(
        UserId::parse(bearer.user_id).is_ok(),
        "{:?} is no user id: one has 1 to 128 characters out of a-z, A-Z, 0-9 and -_=@,.; since it becomes part of Pusher's \
         channel names. If your issuer's ids have others (auth0|abc), have it add a claim with such an id, and set \
         JWT_CLAIM_USER_ID to that claim's name (docs/TOKENS.md)",
        bearer.user_id
    );
    encoded(secret_of(state)?, &bearer.claims(&state.issuer, now()?, hours))
}

/// The secret that signs this stack's tokens. An error if only the app's issuer has it.
fn secret_of(state: &State) -> Result<&str> {
    state.jwt_secret.as_deref().with_context(|| {
        format!(
            "This stack takes {}, so only your issuer can make one. Sign in to your app and take its token, or start \
             `cargo local` without JWT_JWKS_URL",
            state.issuer.describe()
        )
    })
}

fn encoded(secret: &str, claims: &Map<String, Value>) -> Result<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jws::sign(&Header::new(Algorithm::HS256), claims, &key).context("The token cannot be signed")
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH).context("The clock is set before 1970")?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(bearer: Bearer, issuer: &Issuer) -> Value {
        Value::Object(bearer.claims(issuer, 1, 1))
    }

    #[test]
    fn claims_that_are_not_given_are_left_out() {
        let bearer = Bearer { user_id: "ben", ..Bearer::default() };
        assert_eq!(claims(bearer, &Issuer::default()), json!({ "sub": "ben", "iat": 1, "exp": 3601 }));
    }

    #[test]
    fn a_guests_token_names_the_hotel_the_booking_and_the_guest() {
        let guest = Guest { hotel: "killarney", booking: "BK-2025-0123", name: "Grace", email: None };
        assert_eq!(
            Value::Object(guest.claims(&Issuer::default(), 1, 1)),
            json!({ "aud": "guest", "hotel": "killarney", "booking": "BK-2025-0123", "name": "Grace", "iat": 1, "exp": 3601 })
        );
        assert!(guest.check().is_ok());
        for (hotel, booking) in [("a.b", "BK-1"), ("", "BK-1"), ("killarney", ""), ("killarney", "BK 1")] {
            assert!(Guest { hotel, booking, name: "Grace", email: None }.check().is_err(), "{hotel} {booking}");
        }
    }

    #[test]
    fn a_guests_token_has_the_apps_issuer_and_neither_its_audience_nor_its_names_of_claims() {
        let issuer = Issuer {
            issuer: Some("https://id.example/".to_owned()),
            audience: Some("carillon".to_owned()),
            name: Some("user_metadata.full_name".to_owned()),
            ..Issuer::default()
        };
        let guest = Guest { hotel: "killarney", booking: "BK-2025-0123", name: "Grace", email: None };
        let claims = Value::Object(guest.claims(&issuer, 1, 1));
        assert_eq!(
            [&claims["iss"], &claims["aud"], &claims["name"]],
            [&json!("https://id.example/"), &json!("guest"), &json!("Grace")]
        );
    }

    #[test]
    fn a_token_has_the_claims_that_the_apps_settings_ask_for() {
        let issuer = Issuer {
            issuer: Some("https://id.example/".to_owned()),
            audience: Some("carillon, web".to_owned()),
            user_id: Some("https://app.example/user_id".to_owned()),
            name: Some("user_metadata.full_name".to_owned()),
            roles: Some("app_metadata.roles".to_owned()),
            channels: Some("app_metadata.channels".to_owned()),
            ..Issuer::default()
        };
        let roles = ["service".to_owned()];
        let channels = ["private-orders-*".to_owned()];
        let (name, picture) = (Some("Ben"), Some("https://b.example/b.png"));
        let bearer = Bearer { user_id: "ben", name, picture, roles: &roles, channels: &channels };
        assert_eq!(
            claims(bearer, &issuer),
            json!({
                "sub": "ben",
                "https://app.example/user_id": "ben",
                "user_metadata.full_name": "Ben",
                "picture": "https://b.example/b.png",
                "app_metadata.roles": ["service"],
                "app_metadata.channels": ["private-orders-*"],
                "iss": "https://id.example/",
                "aud": "carillon",
                "iat": 1,
                "exp": 3601,
            })
        );
    }
}
