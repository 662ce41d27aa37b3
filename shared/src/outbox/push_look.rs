//! How a push looks and sounds on a device.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

/// Longest address, in bytes. An image is in a message three times and a link twice, and FCM takes 4,096 bytes.
const MAX_ADDRESS: usize = 512;
/// Longest name of an action, in characters.
const MAX_ACTION: usize = 100;

/// The choices of a push's sender beside its words. The default is a push with the device's usual sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PushLook {
    /// A large picture below the words.
    #[serde(deserialize_with = "SecureAddress::stored", skip_serializing_if = "Option::is_none")]
    pub image: Option<SecureAddress>,
    /// The small picture of a browser's notification.
    #[serde(deserialize_with = "SecureAddress::stored", skip_serializing_if = "Option::is_none")]
    pub icon: Option<SecureAddress>,
    /// The page that a click opens.
    #[serde(deserialize_with = "SecureAddress::stored", skip_serializing_if = "Option::is_none")]
    pub link: Option<SecureAddress>,
    /// Names what a tap starts in the app.
    #[serde(deserialize_with = "ClickAction::stored", skip_serializing_if = "Option::is_none")]
    pub click_action: Option<ClickAction>,
    /// Makes no sound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

impl PushLook {
    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The same without the addresses, which may name a user or show one.
    #[must_use]
    pub(crate) fn without_addresses(&self) -> Self {
        Self { image: None, icon: None, link: None, ..self.clone() }
    }

    /// The addresses, by the names of their fields.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, &SecureAddress)> {
        let fields = [("image", &self.image), ("icon", &self.icon), ("link", &self.link)];
        fields.into_iter().filter_map(|(name, address)| Some((name, address.as_ref()?)))
    }
}

/// An address on the web that begins with `https://`: at most 512 visible ASCII characters, with a host, without user name and
/// password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecureAddress(String);

impl SecureAddress {
    /// The refusal of another text.
    pub const RULE: &str = "must be an address of at most 512 ASCII characters that begins with https://, such as https://app.example/orders/7";

    /// Reads an address; `None` for anything else, `http:` and `javascript:` among them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // The parser of addresses skips tabs and line breaks, and escapes the rest; a device would get the text as it is.
        let is_plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&b);
        let (scheme, rest) = text.split_once("://")?;
        let begins_with_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        let is_https = scheme.eq_ignore_ascii_case("https") && begins_with_host;
        let has_form = is_https && text.len() <= MAX_ADDRESS && text.bytes().all(is_plain);
        let address = has_form.then(|| reqwest::Url::parse(text).ok())??;
        let is_public = address.username().is_empty() && address.password().is_none();
        is_public.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in a row; one that another version allowed is left out.
    fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        known(deserializer, Self::parse)
    }
}

/// Names what a tap starts in the app: the action of an Android activity's intent filter, and the category of an iOS
/// notification. 1 to 100 letters, digits, dots, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClickAction(String);

impl ClickAction {
    /// The refusal of another text.
    pub const RULE: &str =
        "must be the name of an action, of 1 to 100 letters, digits, dots, hyphens and underscores, such as OPEN_ORDER";

    /// Reads a name; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let is_name = (1..=MAX_ACTION).contains(&text.len()) && text.bytes().all(is_part);
        is_name.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in a row; one that another version allowed is left out.
    fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        known(deserializer, Self::parse)
    }
}

/// The value of a text in a row; `None` for one that this version does not allow.
fn known<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| parse(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_address_is_on_the_web_and_encrypted() {
        let longest = format!("https://a.example/{}", "x".repeat(MAX_ADDRESS - 18));
        for good in [
            "https://app.example/orders/7?from=push#top",
            "HTTPS://app.example",
            "https://[::1]:8443/a",
            "https://cdn.example/%C3%A9.png",
            &longest,
        ] {
            assert_eq!(SecureAddress::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "https://",
            "https:///a",
            "http://app.example/a",
            "//app.example/a",
            "/orders/7",
            "app.example",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://app.example/a b",
            " https://app.example",
            "https://app.example/a\n",
            "https://app.example/é",
            "https://app.example/\"onerror=",
            "https://app.example:99999/",
            "https://ada:secret@app.example/",
            "https://ada@app.example/",
            &format!("{longest}x"),
        ] {
            assert_eq!(SecureAddress::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_action_is_a_name() {
        let longest = "x".repeat(MAX_ACTION);
        for good in ["OPEN_ORDER", "com.example.app.OPEN-1", "FLUTTER_NOTIFICATION_CLICK", &longest] {
            assert_eq!(ClickAction::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "é", "a\n", &format!("{longest}x")] {
            assert_eq!(ClickAction::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_row_of_another_version_is_read_without_what_this_one_does_not_know() {
        let row = json!({ "image": "ftp://example.com/a", "clickAction": "a b", "link": "https://app.example", "vibrate": [1] });
        let look: PushLook = serde_json::from_value(row).unwrap();
        let link = SecureAddress::parse("https://app.example");
        assert_eq!(look, PushLook { link, ..PushLook::default() });
        assert!(serde_json::from_value::<PushLook>(json!({})).unwrap().is_default());
        assert_eq!(json!(PushLook::default()), json!({}), "a usual push takes no room in a row");
    }

    proptest! {
        /// A message of pushes is counted in bytes of JSON.
        #[test]
        fn an_address_needs_no_escape_in_json(text in "https://[a-z]{1,8}\\.example/.{0,20}") {
            if let Some(address) = SecureAddress::parse(&text) {
                prop_assert_eq!(json!(address.as_str()).to_string().len(), text.len() + 2);
            }
        }
    }
}
