//! `SECRETS_FROM`: a secret of Secrets Manager whose JSON has the values of variables.
//!
//! A variable whose value is [`MARKER`] has its real value in the secret, under the variable's name. So a function's environment lists
//! what the function uses, whether its secrets are there or not. A few keys come along with others (`ALONG`).

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::SettingsError;

/// Stands in the environment for a value that the secret has.
pub const MARKER: &str = "read-from-secrets-manager";

/// Keys that are read from the secret, if it has them, where the second one is: the public keys that change with their secrets, and
/// the old secret of tokens, which no template can name as optional (a dynamic reference to an absent key fails).
const ALONG: [(&str, &str); 3] = [
    ("PUSHER_KEY", "PUSHER_SECRET"),
    ("PUSHER_PREVIOUS_KEY", "PUSHER_PREVIOUS_SECRET"),
    ("JWT_PREVIOUS_SECRET", "JWT_SECRET"),
];

/// A secret's name or ARN, if a variable of this process has its value there.
///
/// # Errors
/// When a variable says so, and `SECRETS_FROM` is not set.
pub fn secret_of(variables: &HashMap<String, String>) -> Result<Option<&str>, SettingsError> {
    if !variables.values().any(|value| value == MARKER) {
        return Ok(None);
    }
    let name = variables.get("SECRETS_FROM").filter(|name| !name.is_empty());
    Ok(Some(name.ok_or(SettingsError::Missing("SECRETS_FROM"))?))
}

/// The variables of this process, without those that are not Unicode: Carillon has no such variable.
#[must_use]
pub fn environment() -> HashMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The keys and values of a secret. They do not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, Zeroizing<String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// The secret is not a JSON object. Says nothing of what it is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be a JSON object of texts, such as {{\"JWT_SECRET\":\"…\"}}")]
pub struct NotAnObject;

impl Secrets {
    /// Reads a secret's text. Members that are not texts are left out: a program that rotates the secret may keep others there.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub fn parse(text: &str) -> Result<Self, NotAnObject> {
        let members: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|_| NotAnObject)?;
        let text = |(key, value)| match value {
            Value::String(text) => Some((key, Zeroizing::new(text))),
            _ => None,
        };
        Ok(Self(members.into_iter().filter_map(text).collect()))
    }

    /// A variable's value: the secret's where `variable` returns [`MARKER`] for it, or for the one that it comes along with.
    pub fn value(&self, name: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        let in_secret = || self.0.get(name).filter(|text| !text.is_empty()).map(|text| text.to_string());
        let own = variable(name);
        if own.as_deref() == Some(MARKER) {
            return in_secret();
        }
        let along = ALONG.iter().find(|(key, _)| *key == name).and_then(|(_, with)| variable(with));
        if along.as_deref() == Some(MARKER) { in_secret().or(own) } else { own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#"{ "JWT_SECRET": "new-999", "JWT_PREVIOUS_SECRET": "old-999", "PUSHER_SECRET": "p-999", "PUSHER_KEY": "",
                              "PUSHER_PREVIOUS_KEY": "k-999", "TABLE_NAME": "t-999", "port": 5432 }"#;

    fn value(environment: &[(&str, &str)], name: &str) -> Option<String> {
        let find = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Secrets::parse(SECRET).unwrap().value(name, find)
    }

    #[test]
    fn a_marked_variable_has_the_value_of_the_secret_and_no_other_has() {
        let marked = [("JWT_SECRET", MARKER), ("TABLE_NAME", "carillon"), ("EMAIL_LINK_KEY", MARKER)];
        assert_eq!(value(&marked, "JWT_SECRET").unwrap(), "new-999");
        assert_eq!(value(&marked, "TABLE_NAME").unwrap(), "carillon");
        assert_eq!(value(&marked, "EMAIL_LINK_KEY"), None, "the marker itself is no value");
        assert_eq!(value(&marked, "PUSHER_SECRET"), None, "a function that does not list it does not get it");
        assert_eq!(value(&[("JWT_SECRET", "own")], "JWT_SECRET").unwrap(), "own");
    }

    #[test]
    fn public_keys_and_the_old_secret_come_along_with_what_they_belong_to() {
        let marked = [("JWT_SECRET", MARKER), ("PUSHER_SECRET", MARKER), ("PUSHER_KEY", "key")];
        assert_eq!(value(&marked, "JWT_PREVIOUS_SECRET").unwrap(), "old-999");
        assert_eq!(value(&marked, "PUSHER_KEY").unwrap(), "key", "the secret has an empty one");
        assert_eq!(value(&marked, "PUSHER_PREVIOUS_KEY"), None, "without PUSHER_PREVIOUS_SECRET");
        let marked = [("PUSHER_PREVIOUS_SECRET", MARKER), ("PUSHER_PREVIOUS_KEY", "old")];
        assert_eq!(value(&marked, "PUSHER_PREVIOUS_KEY").unwrap(), "k-999");
        assert_eq!(value(&[("JWT_SECRET", "own")], "JWT_PREVIOUS_SECRET"), None);
    }

    #[test]
    fn a_secret_is_read_only_where_a_variable_says_so() {
        let variables = |list: &[(&str, &str)]| {
            let variables = list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            secret_of(&variables).map(|secret| secret.map(str::to_owned))
        };
        assert_eq!(variables(&[("SECRETS_FROM", "carillon/prod"), ("STAGE", "prod")]), Ok(None));
        let marked = ("JWT_SECRET", MARKER);
        assert_eq!(variables(&[marked, ("SECRETS_FROM", "carillon/prod")]), Ok(Some("carillon/prod".to_owned())));
        let missing = Err(SettingsError::Missing("SECRETS_FROM"));
        assert_eq!(variables(&[marked]), missing);
        assert_eq!(variables(&[marked, ("SECRETS_FROM", "")]), missing);
    }

    #[test]
    fn a_secret_does_not_print_and_neither_does_one_that_cannot_be_read() {
        assert_eq!(format!("{:?}", Secrets::parse(SECRET).unwrap()), "Secrets(…)");
        for text in ["999", "\"999\"", "[\"999\"]", "{\"a\":999", ""] {
            let refused = Secrets::parse(text).unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("999"), "{text}");
        }
    }
}
