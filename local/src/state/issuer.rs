//! The issuer of accepted tokens: the stack itself, or the developer's app (`JWT_…`, as in a deployed stack).

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::files::variables::Variables;

/// Fewest bytes of `JWT_SECRET` (RFC 7518, section 3.2: no fewer than the hash has).
const MIN_SECRET_BYTES: usize = 32;

/// The issuer of the tokens, as in the functions' settings.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Issuer {
    pub(crate) keys: Keys,
    /// `JWT_ISSUER`: what `iss` must be.
    pub(crate) issuer: Option<String>,
    /// `JWT_AUDIENCE`: what `aud` must be or hold; one of several, with commas between, is enough.
    pub(crate) audience: Option<String>,
    /// `JWT_CLAIM_USER_ID`
    pub(crate) user_id: Option<String>,
    /// `JWT_CLAIM_NAME`
    pub(crate) name: Option<String>,
    /// `JWT_CLAIM_PICTURE`
    pub(crate) picture: Option<String>,
    /// `JWT_CLAIM_ROLES`
    pub(crate) roles: Option<String>,
    /// `JWT_CLAIM_CHANNELS`
    pub(crate) channels: Option<String>,
    /// `TOKEN_COOKIE`: a cookie that may hold a token.
    pub(crate) cookie: Option<String>,
}

/// The keys that verify tokens.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Keys {
    /// A secret of this machine, which nobody else has.
    #[default]
    Own,
    /// `JWT_SECRET`, the app's.
    Secret(String),
    /// `JWT_JWKS_URL`: the keys that the app's issuer publishes.
    Jwks(String),
}

impl Issuer {
    /// Reads the variables.
    pub(crate) fn read(variables: &Variables) -> Result<Self> {
        let keys = match (variables.get("JWT_JWKS_URL"), variables.get("JWT_SECRET")) {
            (Some(url), _) if url.starts_with("https://") || url.starts_with("http://") => Keys::Jwks(url),
            (Some(_), _) => bail!("JWT_JWKS_URL must be an address that begins with https:// (or http://)"),
            (None, Some(secret)) if secret.len() < MIN_SECRET_BYTES => bail!(
                "JWT_SECRET is too short: it has {} bytes, and HS256 needs at least {MIN_SECRET_BYTES}. Give your back end and \
                 Carillon a longer one (`openssl rand -hex 32` prints one), or unset it, and `cargo local` uses one of its own",
                secret.len()
            ),
            (None, Some(secret)) => Keys::Secret(secret),
            (None, None) => Keys::Own,
        };
        Ok(Self {
            keys,
            issuer: variables.get("JWT_ISSUER"),
            audience: variables.get("JWT_AUDIENCE"),
            user_id: variables.get("JWT_CLAIM_USER_ID"),
            name: variables.get("JWT_CLAIM_NAME"),
            picture: variables.get("JWT_CLAIM_PICTURE"),
            roles: variables.get("JWT_CLAIM_ROLES"),
            channels: variables.get("JWT_CLAIM_CHANNELS"),
            cookie: variables.get("TOKEN_COOKIE"),
        })
    }

    /// The template's parameters, each with its value; an empty one for what is not set.
    pub(crate) fn parameters(&self) -> [(&'static str, &str); 9] {
        let jwks = match &self.keys {
            Keys::Jwks(url) => url,
            Keys::Own | Keys::Secret(_) => "",
        };
        [
            ("JwtJwksUrl", jwks),
            ("JwtIssuer", self.issuer.as_deref().unwrap_or_default()),
            ("JwtAudience", self.audience.as_deref().unwrap_or_default()),
            ("JwtClaimUserId", self.user_id.as_deref().unwrap_or_default()),
            ("JwtClaimName", self.name.as_deref().unwrap_or_default()),
            ("JwtClaimPicture", self.picture.as_deref().unwrap_or_default()),
            ("JwtClaimRoles", self.roles.as_deref().unwrap_or_default()),
            ("JwtClaimChannels", self.channels.as_deref().unwrap_or_default()),
            ("TokenCookie", self.cookie.as_deref().unwrap_or_default()),
        ]
    }

    /// In a few words, for the developer. Never the secret.
    pub(crate) fn describe(&self) -> String {
        match &self.keys {
            Keys::Own => "tokens of its own (JWT_SECRET or JWT_JWKS_URL makes it take your app's)".to_owned(),
            Keys::Secret(_) => "your app's tokens, by JWT_SECRET".to_owned(),
            Keys::Jwks(url) => format!("your app's tokens, by the keys at {url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "an-app-s-own-secret-of-32-bytes-";

    fn read(pairs: &[(&str, &str)]) -> Result<Issuer> {
        Issuer::read(&Variables::of(pairs))
    }

    #[test]
    fn without_a_word_the_stack_has_a_secret_of_its_own() {
        assert_eq!(read(&[]).unwrap(), Issuer::default());
        assert!(read(&[]).unwrap().parameters().iter().all(|(_, value)| value.is_empty()));
    }

    #[test]
    fn a_secret_of_32_bytes_is_taken_and_an_error_names_the_length_of_a_shorter_one() {
        assert_eq!(read(&[("JWT_SECRET", SECRET)]).unwrap().keys, Keys::Secret(SECRET.to_owned()));
        let message = read(&[("JWT_SECRET", "hunter2")]).unwrap_err().to_string();
        for part in ["JWT_SECRET", "7 bytes", "32", "openssl rand"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn published_keys_go_before_a_secret_as_they_do_when_deployed() {
        let url = "https://id.example/.well-known/jwks.json";
        let issuer = read(&[("JWT_JWKS_URL", url), ("JWT_SECRET", SECRET)]).unwrap();
        assert_eq!(issuer.keys, Keys::Jwks(url.to_owned()));
        assert!(issuer.parameters().contains(&("JwtJwksUrl", url)));
        assert!(read(&[("JWT_JWKS_URL", "id.example")]).is_err());
    }

    #[test]
    fn each_setting_reaches_the_parameter_of_the_template() {
        let template = include_str!("../../../template.yaml");
        let issuer = read(&[
            ("JWT_ISSUER", "i"),
            ("JWT_AUDIENCE", "a"),
            ("JWT_CLAIM_USER_ID", "u"),
            ("JWT_CLAIM_NAME", "n"),
            ("JWT_CLAIM_PICTURE", "p"),
            ("JWT_CLAIM_ROLES", "r"),
        ]);
        let issuer = issuer.unwrap();
        let values: String = issuer.parameters().iter().map(|&(_, value)| value).collect();
        assert_eq!(values, "iaunpr");
        for (parameter, _) in issuer.parameters() {
            assert!(template.contains(&format!("\n  {parameter}:\n    Type: String\n")), "{parameter}");
        }
    }

    #[test]
    fn the_description_holds_no_secret() {
        assert!(!read(&[("JWT_SECRET", SECRET)]).unwrap().describe().contains(SECRET));
    }
}
