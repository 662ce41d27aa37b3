//! The claims of a token.

use serde::Deserialize;

use super::{Identity, Unauthenticated};
use crate::contract::id::UserId;

/// The claims that Carillon reads. Issuers have two names for some of them.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: Option<Subject>,
    name: Option<String>,
    username: Option<String>,
    picture: Option<String>,
    avatar_url: Option<String>,
    email: Option<String>,
    locale: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    aud: Option<Audience>,
}

/// RFC 7519 makes `sub` a string; back ends with numeric user ids often send a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Subject {
    Text(String),
    Number(u64),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Longest name and picture. With them, a presence member's `user_info` is usually within Pusher's 1 KB.
const MAX_NAME_CHARACTERS: usize = 128;
const MAX_AVATAR_BYTES: usize = 512;

impl Claims {
    pub(super) fn is_guest(&self) -> bool {
        match &self.aud {
            Some(Audience::One(audience)) => audience == "guest",
            Some(Audience::Many(audiences)) => audiences.iter().any(|audience| audience == "guest"),
            None => false,
        }
    }

    pub(super) fn into_identity(self) -> Result<Identity, Unauthenticated> {
        let subject = match self.sub {
            Some(Subject::Text(text)) => text,
            Some(Subject::Number(number)) => number.to_string(),
            None => return Err(Unauthenticated::UnusableSubject),
        };
        let user = UserId::parse(subject).map_err(|_| Unauthenticated::UnusableSubject)?;
        let given = self.name.or(self.username).filter(|name| !name.trim().is_empty());
        let name = given.map_or_else(|| user.to_string(), |name| name.chars().take(MAX_NAME_CHARACTERS).collect());
        let avatar = self.picture.or(self.avatar_url);
        Ok(Identity {
            user,
            name,
            avatar: avatar.filter(|url| !url.is_empty() && url.len() <= MAX_AVATAR_BYTES),
            email: self.email,
            locale: self.locale,
            roles: self.roles,
        })
    }
}
