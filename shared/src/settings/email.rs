//! `EMAIL_*`, `APP_URL`, `GUEST_URL` and `API_URL`: what e-mail needs. All are optional: without `EMAIL_FROM`, e-mail is off.

use std::time::Duration;

use super::page::{PageAddress, address};
use super::{Secret, SettingsError, Variables};
use crate::contract::email::EmailAddress;

/// The default of `EMAIL_WINDOW_SECONDS`: five minutes.
const WINDOW_SECONDS: u64 = 300;
/// Shortest key of the links' signatures, in bytes (RFC 2104, section 3: at least as long as the hash).
const MIN_KEY_BYTES: usize = 32;

/// How e-mail is sent.
#[derive(Debug, Clone)]
pub struct Email {
    /// `EMAIL_FROM`: the sender's address, which SES has verified (or its domain).
    pub from: EmailAddress,
    /// `EMAIL_FROM_NAME`: the sender's name, if any.
    pub from_name: Option<String>,
    /// The keys of the links that unsubscribe; only in functions with [`Need::EmailLinks`](super::Need::EmailLinks).
    pub links: Option<EmailLinks>,
    /// `EMAIL_WINDOW_SECONDS`: at most one e-mail for each recipient and conversation in this time.
    pub window: Duration,
    /// `GUEST_URL`: the app's own page of a guest's chat, with `{bookingId}` and, where there are several hotels, `{hotelSlug}`; if it
    /// leads to a message, `{messageId}`. Without it, guests are sent no e-mail.
    pub guest_page: Option<PageAddress>,
    /// The settings that only the sending function has.
    pub sender: Option<EmailSender>,
}

/// The keys of the links that unsubscribe.
#[derive(Debug, Clone)]
pub struct EmailLinks {
    /// `EMAIL_LINK_KEY`: signs.
    pub key: Secret,
    /// `EMAIL_PREVIOUS_LINK_KEY`: the key being rotated out, whose links still work.
    pub previous_key: Option<Secret>,
}

/// Where the links of an e-mail lead, and how SES is to treat it; only `delivery` has it.
#[derive(Debug, Clone)]
pub struct EmailSender {
    /// `APP_URL`: the app's own page of a lease, with `{bailId}` and, if the page leads to a message, `{messageId}`.
    pub lease_page: PageAddress,
    /// `API_URL`: where this API is, without a slash at the end.
    pub api_url: String,
    /// `EMAIL_CONFIGURATION_SET`: the SES configuration set that reports bounces and complaints.
    pub configuration_set: Option<String>,
}

/// The lease's page where `APP_URL` is the address of the app alone.
const LEASE_PATH: &str = "/leases/{bailId}/chat#message-{messageId}";
const LEASE_PAGE: &str = "an https address such as https://app.example.com, or with the path to a lease's page: \
     https://app.example.com/leases/{bailId}/chat#message-{messageId}";
const GUEST_PAGE: &str =
    "an https address with a booking such as https://app.example.com/{hotelSlug}/chat/{bookingId}#message-{messageId}";

const API_URL: &str = "an https address such as https://api.example.com, without ? and #";

impl Email {
    pub(super) fn read(env: &Variables<'_>, needs_links: bool) -> Result<Option<Self>, SettingsError> {
        let Some(from) = env.get("EMAIL_FROM") else {
            return Ok(None);
        };
        let from = EmailAddress::parse(from).map_err(|_| {
            SettingsError::Malformed("EMAIL_FROM", "an address such as chat@example.com, without a name")
        })?;
        let from_name = env.get("EMAIL_FROM_NAME");
        if from_name.as_deref().is_some_and(|name| name.chars().any(char::is_control) || name.len() > 100) {
            return Err(SettingsError::Malformed("EMAIL_FROM_NAME", "at most 100 bytes without control characters"));
        }
        let window = match env.get("EMAIL_WINDOW_SECONDS").map(|seconds| seconds.parse()) {
            None => WINDOW_SECONDS,
            Some(Ok(seconds @ 1..=3600)) => seconds,
            Some(_) => return Err(SettingsError::Malformed("EMAIL_WINDOW_SECONDS", "a number from 1 to 3600")),
        };
        Ok(Some(Self {
            from,
            from_name,
            links: needs_links.then(|| EmailLinks::read(env)).transpose()?,
            window: Duration::from_secs(window),
            guest_page: guest_page(env)?,
            sender: EmailSender::read(env)?,
        }))
    }
}

impl EmailLinks {
    fn read(env: &Variables<'_>) -> Result<Self, SettingsError> {
        let key = |name| -> Result<Option<Secret>, SettingsError> {
            match env.get(name) {
                Some(key) if key.len() < MIN_KEY_BYTES => {
                    Err(SettingsError::Malformed(name, "at least 32 bytes (openssl rand -hex 32)"))
                }
                key => Ok(key.map(Secret::new)),
            }
        };
        Ok(Self {
            key: key("EMAIL_LINK_KEY")?.ok_or(SettingsError::Missing("EMAIL_LINK_KEY"))?,
            previous_key: key("EMAIL_PREVIOUS_LINK_KEY")?,
        })
    }
}

impl EmailSender {
    fn read(env: &Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(api_url) = env.get("API_URL") else {
            return Ok(None);
        };
        let api_url = address(&api_url).ok_or(SettingsError::Malformed("API_URL", API_URL))?;
        Ok(Some(Self {
            lease_page: lease_page(env)?.ok_or(SettingsError::Missing("APP_URL"))?,
            api_url,
            configuration_set: env.get("EMAIL_CONFIGURATION_SET"),
        }))
    }
}

fn lease_page(env: &Variables<'_>) -> Result<Option<PageAddress>, SettingsError> {
    let malformed = || SettingsError::Malformed("APP_URL", LEASE_PAGE);
    let Some(text) = env.get("APP_URL") else {
        return Ok(None);
    };
    let text = if text.contains("{bailId}") { text } else { address(&text).ok_or_else(malformed)? + LEASE_PATH };
    PageAddress::parse(&text, &["bailId", "messageId"]).map(Some).ok_or_else(malformed)
}

fn guest_page(env: &Variables<'_>) -> Result<Option<PageAddress>, SettingsError> {
    let Some(text) = env.get("GUEST_URL") else {
        return Ok(None);
    };
    let page = PageAddress::parse(&text, &["hotelSlug", "bookingId", "messageId"]);
    let page = page.filter(|_| text.contains("{bookingId}"));
    page.map(Some).ok_or(SettingsError::Malformed("GUEST_URL", GUEST_PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn read(variables: &[(&str, &str)]) -> Result<Option<Email>, SettingsError> {
        let find = |name: &str| {
            let found = variables.iter().rev().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Email::read(&Variables(&find), true)
    }

    fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let all = [
            ("EMAIL_FROM", "chat@example.com"),
            ("EMAIL_LINK_KEY", KEY),
            ("APP_URL", "https://app.example.com/"),
            ("API_URL", "https://api.example.com"),
        ];
        all.iter().chain(more).copied().collect()
    }

    #[test]
    fn without_a_sender_e_mail_is_off() {
        assert!(read(&[("EMAIL_LINK_KEY", KEY), ("APP_URL", "https://app.example.com")]).unwrap().is_none());
        let own = read(&[("EMAIL_FROM", "chat@example.com"), ("EMAIL_LINK_KEY", KEY)]).unwrap().unwrap();
        assert!(own.sender.is_none(), "a function that sends nothing has no address of the API");
        let from = |name: &str| (name == "EMAIL_FROM").then(|| "chat@example.com".to_owned());
        let without_links = Email::read(&Variables(&from), false).unwrap().unwrap();
        assert!(without_links.links.is_none(), "a function that only writes what is mailed later has no key");
        let all = read(&with(&[])).unwrap().unwrap();
        let page = all.sender.unwrap().lease_page.at(&[("bailId", "b1"), ("messageId", "7")]);
        assert_eq!(page, "https://app.example.com/leases/b1/chat#message-7");
        assert_eq!(all.window, Duration::from_secs(300));
    }

    #[test]
    fn the_page_of_a_lease_is_where_the_app_has_it() {
        for (template, page) in [
            ("https://app.example.com/fr/baux/{bailId}?message={messageId}&tab=chat", "/fr/baux/b1?message=7&tab=chat"),
            ("https://app.example.com/chat/{bailId}", "/chat/b1"),
            ("https://app.example.com/fr/", "/fr/leases/b1/chat#message-7"),
        ] {
            let email = read(&with(&[("APP_URL", template)])).unwrap().unwrap();
            assert_eq!(
                email.sender.unwrap().lease_page.at(&[("bailId", "b1"), ("messageId", "7")]),
                format!("https://app.example.com{page}")
            );
        }
    }

    #[test]
    fn the_page_of_a_guest_is_where_the_app_has_it_and_none_if_it_has_none() {
        assert!(read(&with(&[])).unwrap().unwrap().guest_page.is_none());
        let values = [("hotelSlug", "killarney"), ("bookingId", "BK-1"), ("messageId", "7")];
        for (template, page) in [
            (
                "https://app.example.com/{hotelSlug}/chat/{bookingId}#message-{messageId}",
                "/killarney/chat/BK-1#message-7",
            ),
            ("https://app.example.com/stay?booking={bookingId}", "/stay?booking=BK-1"),
        ] {
            let email = read(&with(&[("GUEST_URL", template)])).unwrap().unwrap();
            let guest_page = email.guest_page.unwrap();
            assert_eq!(guest_page.at(&values), format!("https://app.example.com{page}"));
        }
    }

    #[test]
    fn a_bad_variable_is_named_and_its_value_is_not_shown() {
        for (name, value) in [
            ("EMAIL_FROM", "999"),
            ("EMAIL_FROM", "Chat <999@example.com>"),
            ("EMAIL_FROM_NAME", "9\n99"),
            ("EMAIL_LINK_KEY", "999"),
            ("EMAIL_PREVIOUS_LINK_KEY", "999"),
            ("EMAIL_WINDOW_SECONDS", "99999"),
            ("APP_URL", "app.example.com/999"),
            ("APP_URL", "https://app.example.com/?999"),
            ("APP_URL", "https://app.example.com/{leaseId}/999"),
            ("APP_URL", "https://app.example.com/{bailId}/{userId}999"),
            ("APP_URL", "https://{bailId}.example.com/999"),
            ("APP_URL", "https:///{bailId}/999"),
            ("APP_URL", "javascript:999//{bailId}"),
            ("APP_URL", "https://app.example.com/{bailId}\"999"),
            ("GUEST_URL", "https://app.example.com/999"),
            ("GUEST_URL", "https://{hotelSlug}.example.com/{bookingId}/999"),
            ("GUEST_URL", "https://app.example.com/{bookingId}/{token}999"),
            ("API_URL", "https://\"999"),
            ("API_URL", "https://"),
        ] {
            let message = read(&with(&[(name, value)])).unwrap_err().to_string();
            assert!(message.contains(name) && !message.contains("999"), "{message}");
        }
        assert!(read(&[("EMAIL_FROM", "chat@example.com")]).unwrap_err().to_string().contains("EMAIL_LINK_KEY"));
        assert!(!format!("{:?}", read(&with(&[])).unwrap()).contains(KEY));
    }
}
