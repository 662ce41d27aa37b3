//! `TOKEN_COOKIE`: a cookie that may hold the token, and the pages that may send it.

use super::{SettingsError, Variables};

/// A cookie that holds a user's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCookie {
    /// `TOKEN_COOKIE`: its name.
    pub name: String,
    /// `ALLOWED_ORIGINS`, as a browser writes them into `Origin`. A browser adds the cookie to the requests of any page, so the page's origin decides.
    pub origins: Vec<String>,
}

impl TokenCookie {
    /// `None` without a name: then no cookie is read.
    pub(super) fn read(env: &Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(name) = env.get("TOKEN_COOKIE") else { return Ok(None) };
        if !name.bytes().all(is_token) {
            return Err(SettingsError::Malformed("TOKEN_COOKIE", "the name of a cookie, such as __Host-token"));
        }
        let origins = env.require("ALLOWED_ORIGINS")?;
        let origins: Vec<_> = origins.split(',').map(|origin| origin.trim().to_owned()).collect();
        if !origins.iter().all(|origin| is_origin(origin)) {
            let rule = "origins without * and without a slash at the end, such as https://app.example.com, while there is a TOKEN_COOKIE";
            return Err(SettingsError::Malformed("ALLOWED_ORIGINS", rule));
        }
        Ok(Some(Self { name, origins }))
    }
}

/// A character of a cookie's name (RFC 6265, section 4.1.1).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// One origin, and not a pattern of several.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"*/@?#".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, origins: &str) -> Result<Option<TokenCookie>, SettingsError> {
        let find = |variable: &str| {
            let value = if variable == "TOKEN_COOKIE" { name } else { origins };
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        TokenCookie::read(&Variables(&find))
    }

    #[test]
    fn a_cookie_needs_a_name_and_origins_without_patterns() {
        assert_eq!(read("", "*").unwrap(), None, "without a cookie, any origins are fine");
        let cookie = read("__Host-token", "https://app.example.com, http://localhost:3001").unwrap().unwrap();
        assert_eq!(cookie.origins, ["https://app.example.com", "http://localhost:3001"]);
        for (name, origins) in [
            ("a b", "https://app.example.com"),
            ("a;b", "https://app.example.com"),
            ("token", ""),
            ("token", "*"),
            ("token", "https://app.example.com,*"),
            ("token", "https://*"),
            ("token", "https://*.example.com"),
            ("token", "https://app.example.com/"),
            ("token", "null"),
            ("token", "app.example.com"),
        ] {
            assert!(read(name, origins).is_err(), "{name} {origins}");
        }
    }
}
