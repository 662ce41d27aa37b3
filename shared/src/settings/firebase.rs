//! `FIREBASE_*`: the project and the account that send pushes. All are optional: without a project, push is off.

use super::{Secret, SettingsError, Variables};

/// A Firebase project.
#[derive(Debug, Clone)]
pub struct Firebase {
    /// `FIREBASE_PROJECT_ID`
    pub project_id: String,
    /// `FIREBASE_CLIENT_EMAIL` and `FIREBASE_PRIVATE_KEY`; only `delivery` has them.
    pub account: Option<ServiceAccount>,
    /// `FCM_ENDPOINT`: scheme, host and port of a stand-in for Google's servers, for tests.
    pub endpoint: Option<String>,
}

/// The service account that sends.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// `FIREBASE_CLIENT_EMAIL`
    pub client_email: String,
    /// `FIREBASE_PRIVATE_KEY`: PKCS #8 in PEM, as in the account's JSON file.
    pub private_key: Secret,
}

impl Firebase {
    pub(super) fn read(env: &Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(project_id) = env.get("FIREBASE_PROJECT_ID") else {
            return Ok(None);
        };
        if !project_id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':')) {
            return Err(SettingsError::Malformed("FIREBASE_PROJECT_ID", "the project's id, letters, digits and -"));
        }
        let account = match (env.get("FIREBASE_CLIENT_EMAIL"), env.get("FIREBASE_PRIVATE_KEY")) {
            (Some(client_email), Some(key)) => Some(ServiceAccount { client_email, private_key: pem(&key)? }),
            (Some(_), None) => return Err(SettingsError::Missing("FIREBASE_PRIVATE_KEY")),
            (None, Some(_)) => return Err(SettingsError::Missing("FIREBASE_CLIENT_EMAIL")),
            (None, None) => None,
        };
        let endpoint = env.get("FCM_ENDPOINT");
        match endpoint.as_deref().map(|url| url.starts_with("https://") || url.starts_with("http://")) {
            Some(false) => Err(SettingsError::Malformed("FCM_ENDPOINT", "an http or https address without a path")),
            _ => Ok(Some(Self { project_id, account, endpoint })),
        }
    }
}

/// Accepts line breaks as they are, or as the two characters `\n`, into which many consoles turn them.
fn pem(text: &str) -> Result<Secret, SettingsError> {
    let text = text.replace("\\n", "\n");
    if text.trim_start().starts_with("-----BEGIN PRIVATE KEY-----") {
        return Ok(Secret::new(text));
    }
    Err(SettingsError::Malformed("FIREBASE_PRIVATE_KEY", "the private_key of the service account's JSON file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n";

    fn read(variables: &[(&str, &str)]) -> Result<Option<Firebase>, SettingsError> {
        let find = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Firebase::read(&Variables(&find))
    }

    #[test]
    fn without_a_project_push_is_off() {
        assert!(read(&[("FIREBASE_PRIVATE_KEY", PEM)]).unwrap().is_none());
        assert!(read(&[("FIREBASE_PROJECT_ID", "p")]).unwrap().unwrap().account.is_none());
    }

    #[test]
    fn the_key_may_have_its_line_breaks_escaped() {
        let all = [("FIREBASE_PROJECT_ID", "p"), ("FIREBASE_CLIENT_EMAIL", "a@p"), ("FIREBASE_PRIVATE_KEY", PEM)];
        let firebase = read(&all).unwrap().unwrap();
        let key = firebase.account.clone().unwrap().private_key;
        assert_eq!(key.bytes(), PEM.replace("\\n", "\n").as_bytes());
        assert!(!format!("{firebase:?}").contains("AAAA"));
    }

    #[test]
    fn half_an_account_is_named_and_its_value_is_not_shown() {
        let with = |name, value| read(&[("FIREBASE_PROJECT_ID", "p"), (name, value)]).unwrap_err().to_string();
        assert!(with("FIREBASE_CLIENT_EMAIL", "a@p").contains("FIREBASE_PRIVATE_KEY"));
        assert!(with("FIREBASE_PRIVATE_KEY", PEM).contains("FIREBASE_CLIENT_EMAIL"));
        assert!(with("FCM_ENDPOINT", "ftp://999").contains("FCM_ENDPOINT"));
        let both = [("FIREBASE_PROJECT_ID", "p"), ("FIREBASE_CLIENT_EMAIL", "a@p"), ("FIREBASE_PRIVATE_KEY", "999")];
        let message = read(&both).unwrap_err().to_string();
        assert!(message.contains("FIREBASE_PRIVATE_KEY") && !message.contains("999"), "{message}");
        assert!(read(&[("FIREBASE_PROJECT_ID", "../p")]).is_err());
    }
}
