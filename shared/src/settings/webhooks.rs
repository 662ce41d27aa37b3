//! `WEBHOOK_URL`, `WEBHOOK_EVENTS`: webhooks to the app's own server, where `CHANNELS` is `gateway`. Without them, nothing.

use http::Uri;

use super::{SettingsError, Variables};

/// Where webhooks are sent. It prints as nothing: its path or query may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

/// A type of webhook. Source: Pusher Channels docs, "Webhooks" (`/docs/channels/server_api/webhooks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookType {
    ChannelOccupied,
    ChannelVacated,
    MemberAdded,
    MemberRemoved,
    ClientEvent,
    CacheMiss,
    SubscriptionCount,
}

/// The types of webhooks that the app wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookTypes(u8);

impl WebhookUrl {
    pub(super) fn read(env: &Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(text) = env.get("WEBHOOK_URL") else { return Ok(None) };
        let url = text.parse::<Uri>().ok().filter(is_allowed);
        url.map(|_| Some(Self(text))).ok_or(SettingsError::Malformed(
            "WEBHOOK_URL",
            "an https address without a user, such as https://app.example.com/pusher/webhooks (http only to localhost)",
        ))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookUrl(…)")
    }
}

/// Webhooks name members, so none crosses a network without TLS.
fn is_allowed(url: &Uri) -> bool {
    let Some(authority) = url.authority().filter(|authority| !authority.as_str().contains('@')) else { return false };
    match url.scheme_str() {
        Some("https") => !authority.host().is_empty(),
        Some("http") => matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

impl WebhookType {
    const ALL: [Self; 7] = [
        Self::ChannelOccupied,
        Self::ChannelVacated,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::ClientEvent,
        Self::CacheMiss,
        Self::SubscriptionCount,
    ];

    /// The `name` of its events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChannelOccupied => "channel_occupied",
            Self::ChannelVacated => "channel_vacated",
            Self::MemberAdded => "member_added",
            Self::MemberRemoved => "member_removed",
            Self::ClientEvent => "client_event",
            Self::CacheMiss => "cache_miss",
            Self::SubscriptionCount => "subscription_count",
        }
    }
}

impl WebhookTypes {
    pub(super) fn read(env: &Variables<'_>) -> Result<Self, SettingsError> {
        let named = env.get("WEBHOOK_EVENTS").unwrap_or_default();
        let mut types = Self::default();
        for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let known = WebhookType::ALL.into_iter().find(|known| known.name() == name);
            types = types.with(known.ok_or(SettingsError::Malformed(
                "WEBHOOK_EVENTS",
                "names of webhooks with commas between them, such as channel_occupied,member_added",
            ))?);
        }
        Ok(types)
    }

    #[must_use]
    pub fn with(self, wanted: WebhookType) -> Self {
        Self(self.0 | 1 << wanted as u8)
    }

    #[must_use]
    pub fn contains(self, wanted: WebhookType) -> bool {
        self.0 & 1 << wanted as u8 != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::string::string_regex;

    use super::*;

    /// The pattern of a parameter in the template.
    fn allowed_pattern(parameter: &str) -> String {
        let template = include_str!("../../../template.yaml");
        let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
        let (_, rest) = rest.split_once("AllowedPattern: ").unwrap();
        serde_json::from_str(rest.lines().next().unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn each_address_that_the_template_takes_is_taken_here(text in string_regex(&allowed_pattern("WebhookUrl")).unwrap()) {
            // Without one, there is no variable.
            prop_assume!(!text.is_empty());
            prop_assert!(url(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn the_template_takes_the_types_that_are_known() {
        let names = WebhookType::ALL.map(WebhookType::name);
        assert_eq!(allowed_pattern("WebhookEvents"), format!("(|{})", names.join("|")));
    }

    fn url(text: &str) -> Result<Option<WebhookUrl>, SettingsError> {
        WebhookUrl::read(&Variables(&|name| (name == "WEBHOOK_URL").then(|| text.to_owned())))
    }

    fn types(text: &str) -> Result<WebhookTypes, SettingsError> {
        WebhookTypes::read(&Variables(&|name| (name == "WEBHOOK_EVENTS").then(|| text.to_owned())))
    }

    #[test]
    fn webhooks_go_over_tls_or_stay_on_this_machine() {
        for good in [
            "https://app.example.com/hooks?token=999",
            "https://app.example.com:8443",
            "http://localhost:8080/hooks",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/",
        ] {
            let read = url(good).unwrap().unwrap();
            assert_eq!(read.as_str(), good);
            assert!(!format!("{read:?}").contains("999"));
        }
        for bad in [
            "http://app.example.com/999",
            "http://localhost.example.com/999",
            "https://user:999@app.example.com/",
            "https:///999",
            "ftp://localhost/999",
            "app.example.com/999",
            "https://app.example.com/9 99",
        ] {
            let message = url(bad).unwrap_err().to_string();
            assert!(message.contains("WEBHOOK_URL") && !message.contains("999"), "{message}");
        }
    }

    #[test]
    fn the_types_are_those_that_are_named() {
        let some = types("channel_occupied, cache_miss").unwrap();
        let wanted: Vec<_> = WebhookType::ALL.into_iter().filter(|known| some.contains(*known)).collect();
        assert_eq!(wanted, [WebhookType::ChannelOccupied, WebhookType::CacheMiss]);
        assert_eq!(types("").unwrap(), WebhookTypes::default());
        let all: Vec<_> = WebhookType::ALL.map(WebhookType::name).to_vec();
        assert!(WebhookType::ALL.into_iter().all(|known| types(&all.join(",")).unwrap().contains(known)));
        let message = types("channel_occupied,999").unwrap_err().to_string();
        assert!(message.contains("WEBHOOK_EVENTS") && !message.contains("999"), "{message}");
    }
}
