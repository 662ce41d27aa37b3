//! Tokens for the running stack.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::cli;
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

/// Whether Carillon takes this as a user's id: the rule of `UserId` in `shared/src/contract/id.rs`.
fn is_user_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=@,.;".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// `cargo local token`.
pub(crate) fn print(workspace: &Workspace, options: &cli::Token) -> Result<ExitCode> {
    let state = State::read(&workspace.state())?;
    let name = options.name.as_deref().or(state.demo.name_of(&options.user_id));
    let token = sign(
        &state.jwt_secret,
        &Claims {
            sub: &options.user_id,
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
