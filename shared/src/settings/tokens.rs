//! `JWT_*`: how bearer tokens are verified, and which claims say who a user is.

use super::{Secret, SettingsError, TokenCookie, Variables};

/// Shortest secret of HS256, in bytes (RFC 7518, section 3.2: at least as large as the hash).
const MIN_SECRET_BYTES: usize = 32;

/// How bearer tokens are verified.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The accepted keys, which imply the algorithms.
    pub keys: TokenKeys,
    /// `JWT_ISSUER`: the `iss` that a token must have.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`, with commas between several: a token's `aud` must name one of them. Empty where every audience is fine.
    pub audiences: Vec<String>,
    /// The `JWT_CLAIM_*` variables.
    pub claims: ClaimNames,
    /// `TOKEN_COOKIE` and `ALLOWED_ORIGINS`
    pub cookie: Option<TokenCookie>,
}

/// The claims that say who a user is, where they have other names than the usual ones. A dot leads into an object
/// (`app_metadata.roles`), unless the token has a claim of the whole name (`https://example.com/roles`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimNames {
    /// `JWT_CLAIM_USER_ID`, instead of `sub`. A person who can choose its value can act as any user.
    pub user_id: Option<String>,
    /// `JWT_CLAIM_NAME`, instead of `name`, `preferred_username`, `nickname` and `username`.
    pub name: Option<String>,
    /// `JWT_CLAIM_PICTURE`, instead of `picture`, `avatar_url` and `image`.
    pub picture: Option<String>,
    /// `JWT_CLAIM_ROLES`, instead of `roles`. A person who can choose its value can act as a service.
    pub roles: Option<String>,
    /// `JWT_CLAIM_CHANNELS`, instead of `channels`. Its value opens channels of dashboards and of the app's own, so only the issuer may choose it.
    pub channels: Option<String>,
}

/// Where verification keys come from.
#[derive(Debug, Clone)]
pub enum TokenKeys {
    /// `JWT_SECRET`, and beside it `JWT_PREVIOUS_SECRET` while the former is being rotated: HS256 only.
    Shared { current: Secret, previous: Option<Secret> },
    /// `JWT_JWKS_URL`: RS256, ES256 or EdDSA, depending on the key that `kid` names.
    Jwks(String),
}

impl Tokens {
    pub(super) fn read(env: &Variables<'_>) -> Result<Self, SettingsError> {
        let keys = match (env.get("JWT_JWKS_URL"), env.get("JWT_SECRET")) {
            (Some(url), _) if url.starts_with("https://") || url.starts_with("http://") => TokenKeys::Jwks(url),
            (Some(_), _) => {
                return Err(SettingsError::Malformed("JWT_JWKS_URL", "an https address"));
            }
            (None, Some(secret)) => {
                let long = |name, secret: String| match secret.len() {
                    ..MIN_SECRET_BYTES => Err(SettingsError::Malformed(name, "at least 32 bytes")),
                    _ => Ok(Secret::new(secret)),
                };
                let previous = env.get("JWT_PREVIOUS_SECRET");
                let previous = previous.map(|secret| long("JWT_PREVIOUS_SECRET", secret)).transpose()?;
                TokenKeys::Shared { current: long("JWT_SECRET", secret)?, previous }
            }
            (None, None) => return Err(SettingsError::Missing("JWT_SECRET")),
        };
        Ok(Self {
            keys,
            issuer: env.get("JWT_ISSUER"),
            audiences: env.get("JWT_AUDIENCE").map_or(Ok(Vec::new()), |list| audiences(&list))?,
            claims: ClaimNames::read(env),
            cookie: TokenCookie::read(env)?,
        })
    }
}

/// A list with commas between. An empty one would let every token in.
fn audiences(list: &str) -> Result<Vec<String>, SettingsError> {
    let named: Vec<_> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if named.iter().any(String::is_empty) {
        return Err(SettingsError::Malformed(
            "JWT_AUDIENCE",
            "an aud, or several with commas between, such as web,mobile",
        ));
    }
    Ok(named)
}

impl ClaimNames {
    fn read(env: &Variables<'_>) -> Self {
        Self {
            user_id: env.get("JWT_CLAIM_USER_ID"),
            name: env.get("JWT_CLAIM_NAME"),
            picture: env.get("JWT_CLAIM_PICTURE"),
            roles: env.get("JWT_CLAIM_ROLES"),
            channels: env.get("JWT_CLAIM_CHANNELS"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn keys(variables: &[(&str, &str)]) -> Result<TokenKeys, SettingsError> {
        let find = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Ok(Tokens::read(&Variables(&find))?.keys)
    }

    #[test]
    fn a_previous_secret_is_as_long_as_a_current_one_and_never_alone() {
        let both = keys(&[("JWT_SECRET", SECRET), ("JWT_PREVIOUS_SECRET", SECRET)]).unwrap();
        assert!(matches!(both, TokenKeys::Shared { previous: Some(_), .. }));
        assert!(!format!("{both:?}").contains(SECRET));
        let short = keys(&[("JWT_SECRET", SECRET), ("JWT_PREVIOUS_SECRET", "short999")]).unwrap_err().to_string();
        assert!(short.contains("JWT_PREVIOUS_SECRET") && !short.contains("999"), "{short}");
        assert_eq!(keys(&[("JWT_PREVIOUS_SECRET", SECRET)]).unwrap_err(), SettingsError::Missing("JWT_SECRET"));
    }
}
