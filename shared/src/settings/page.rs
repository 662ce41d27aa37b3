//! Addresses of the app's pages, to which e-mails link.

/// The address of a page, with names in braces for which an e-mail has values, such as `{bailId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAddress(String);

impl PageAddress {
    /// Parses an address with some of these names in braces; `None` for another name, and for anything that could end an attribute of
    /// HTML or a header.
    pub(super) fn parse(text: &str, names: &[&str]) -> Option<Self> {
        let fixed = names.iter().fold(text.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), ""));
        // The host must be fixed. Otherwise the links lead to as many hosts as there are conversations.
        let host = text.split('/').nth(2).unwrap_or_default();
        let is_page = (text.starts_with("https://") || text.starts_with("http://"))
            && !host.is_empty()
            && !host.contains(['{', '?', '#'])
            && fixed.bytes().all(|b| is_path(b) || b"?=&#".contains(&b));
        is_page.then(|| Self(text.to_owned()))
    }

    /// The page with these values for its names. No id has a brace, so no value is read as a name.
    #[must_use]
    pub fn at(&self, values: &[(&str, &str)]) -> String {
        values.iter().fold(self.0.clone(), |page, (name, value)| page.replace(&format!("{{{name}}}"), value))
    }
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/@%[]".contains(&byte)
}

/// An address that paths are added to, without a slash at its end: nothing in it may end an attribute of HTML, a header or a URL's path.
pub(super) fn address(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let is_address = !rest.is_empty() && rest.bytes().all(is_path);
    is_address.then(|| text.trim_end_matches('/').to_owned())
}
