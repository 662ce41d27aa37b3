//! Tokens for the running stack.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::cli;
use crate::demo::GUEST_NAME;
use crate::state::State;
use crate::workspace::Workspace;

/// Validity of the demo's tokens, in hours.
pub(crate) const HOURS: u64 = 12;

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    roles: &'a [String],
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
struct GuestClaims<'a> {
    aud: &'a str,
    hotel: &'a str,
    booking: &'a str,
    name: &'a str,
    iat: u64,
    exp: u64,
}

/// Whether Carillon takes this as a user's id: the rule of `UserId` in `shared/src/contract/id.rs`.
fn is_user_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=@,.;".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// `cargo local token`.
pub(crate) fn print(workspace: &Workspace, options: &cli::Token) -> Result<ExitCode> {
    let state = State::read(&workspace.state())?;
    if let (Some(hotel), Some(booking)) = (&options.hotel, &options.booking) {
        let name = options.name.as_deref().unwrap_or(GUEST_NAME);
        println!("{}", of_guest(&state.jwt_secret, hotel, booking, name, options.hours)?);
        return Ok(ExitCode::SUCCESS);
    }
    let user_id = options.user_id.as_deref().context("Say whose token: a user's id, or --hotel and --booking")?;
    let name = options.name.as_deref().or(state.demo.name_of(user_id));
    let token = sign(
        &state.jwt_secret,
        &Claims {
            sub: user_id,
            name,
            picture: options.avatar.as_deref(),
            roles: &options.roles,
            iat: now()?,
            exp: now()? + options.hours * 3600,
        },
    )?;
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}

/// A token for a person of the demo, or for a user with only an id.
pub(crate) fn of_user(state: &State, user_id: &str) -> Result<String> {
    with_roles(state, user_id, &[])
}

/// The same with these roles.
pub(crate) fn with_roles(state: &State, user_id: &str, roles: &[String]) -> Result<String> {
    let name = state.demo.name_of(user_id);
    let claims = Claims { sub: user_id, name, picture: None, roles, iat: now()?, exp: now()? + HOURS * 3600 };
    sign(&state.jwt_secret, &claims)
}

/// A token for a hotel's guest, as the hotel's own back end would make it.
pub(crate) fn of_guest(secret: &str, hotel: &str, booking: &str, name: &str, hours: u64) -> Result<String> {
    ensure!(
        is_slug(hotel),
        "{hotel:?} is no hotel's slug: one has 1 to 50 characters out of a-z, A-Z, 0-9, - and _, without -guest-chat-booking in it"
    );
    ensure!(
        is_user_id(booking) && booking.len() <= 64,
        "{booking:?} is no booking: one has 1 to 64 characters out of a-z, A-Z, 0-9 and -_=@,.;"
    );
    let claims = GuestClaims { aud: "guest", hotel, booking, name, iat: now()?, exp: now()? + hours * 3600 };
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).context("The token cannot be signed")
}

/// Whether Carillon takes this as a hotel's slug: the rule of `HotelSlug` in `shared/src/contract/id.rs`.
fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=50).contains(&text.len()) && text.bytes().all(fits) && !text.contains("-guest-chat-booking")
}

/// A token for an invented person, with a role if they have one.
pub(crate) fn of_person(secret: &str, user_id: &str, name: &str, role: Option<&str>) -> Result<String> {
    let roles: Vec<_> = role.map(str::to_owned).into_iter().collect();
    let claims = Claims {
        sub: user_id,
        name: Some(name),
        picture: None,
        roles: &roles,
        iat: now()?,
        exp: now()? + HOURS * 3600,
    };
    sign(secret, &claims)
}

fn sign(secret: &str, claims: &Claims) -> Result<String> {
    ensure!(
        is_user_id(claims.sub),
        "{:?} is no user id: one has 1 to 128 characters out of a-z, A-Z, 0-9 and -_=@,.; since it becomes part of Pusher's \
         channel names. If your issuer's ids have others (auth0|abc), have it add a claim with such an id, and set \
         JWT_CLAIM_USER_ID to that claim's name",
        claims.sub
    );
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).context("The token cannot be signed")
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH).context("The clock is set before 1970")?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn claims_that_are_not_given_are_left_out() {
        let claims = Claims { sub: "ben", name: None, picture: None, roles: &[], iat: 1, exp: 2 };
        let token = sign("secret", &claims).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let decoded = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        assert_eq!(decoded, br#"{"sub":"ben","iat":1,"exp":2}"#);
    }

    #[test]
    fn a_guests_token_names_the_hotel_the_booking_and_the_guest() {
        let token = of_guest("secret", "killarney", "BK-2025-0123", "Grace", 1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let of = |name: &str| claims[name].as_str().unwrap().to_owned();
        assert_eq!(
            [of("aud"), of("hotel"), of("booking"), of("name")],
            ["guest", "killarney", "BK-2025-0123", "Grace"]
        );
        for (hotel, booking) in [("a.b", "BK-1"), ("", "BK-1"), ("killarney", ""), ("killarney", "BK 1")] {
            assert!(of_guest("secret", hotel, booking, "Grace", 1).is_err(), "{hotel} {booking}");
        }
    }

    #[test]
    fn an_id_that_no_channel_name_can_hold_gets_no_token() {
        let token = |sub: &str| sign("secret", &Claims { sub, name: None, picture: None, roles: &[], iat: 1, exp: 2 });
        for good in ["ben", "b.en@example.com", "-_=@,.;", "42", &"x".repeat(128)] {
            assert!(token(good).is_ok(), "{good}");
        }
        for bad in ["", "auth0|abc", "a b", "a/b", "ben\n", "é", &"x".repeat(129)] {
            let refused = token(bad).unwrap_err().to_string();
            assert!(refused.contains("JWT_CLAIM_USER_ID"), "{refused}");
        }
    }
}
