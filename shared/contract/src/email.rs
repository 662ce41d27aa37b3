//! E-mail addresses, as narrow as SES takes them.

use serde::{Deserialize, Serialize};

/// Longest address, in characters (RFC 5321, section 4.5.3.1.3: 256 with its angle brackets).
const MAX_LENGTH: usize = 254;
/// Longest part before the `@`, and longest label of a domain (RFC 5321, section 4.5.3.1.1; RFC 1035, section 2.3.4).
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

/// An address that a message can be sent to: ASCII, without quotation, comments, spaces or control characters. SES takes no
/// other local parts ("Verified identities", "Email address identity"), and so nothing in it can become a header of its own.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is not an address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, in ASCII and at most {MAX_LENGTH} characters")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Parses an address.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`] for anything else, display names included.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidEmailAddress> {
        let text = text.into();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let fits = text.len() <= MAX_LENGTH && is_local(local) && is_domain(domain);
        if fits { Ok(Self(text)) } else { Err(InvalidEmailAddress) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dot-atom (RFC 5322, section 3.2.3).
fn is_local(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= MAX_LOCAL && local.split('.').all(is_atom)
}

/// Labels of letters, digits and hyphens, at least two of them (RFC 1123, section 2.1).
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

/// An address is a person's, and no log needs it.
impl std::fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmailAddress;
    fn try_from(text: String) -> Result<Self, InvalidEmailAddress> {
        Self::parse(text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_what_ses_can_send_to() {
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(63));
        for good in ["ada@example.com", "ada.lovelace+lease@mail.example.co.uk", "o'neil@example.fr", &long] {
            assert_eq!(EmailAddress::parse(good).unwrap().as_str(), good);
        }
        let too_long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "ada@@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            ".ada@example.com",
            "ada..l@example.com",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example.com.",
            "Ada <ada@example.com>",
            "ada@example.com, eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\n",
            "adé@example.com",
            "ada@exämple.com",
            "\"a b\"@example.com",
            &too_long,
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(InvalidEmailAddress), "{bad:?}");
        }
    }

    #[test]
    fn an_address_does_not_print() {
        assert!(!format!("{:?}", EmailAddress::parse("ada@example.com").unwrap()).contains("ada"));
    }

    proptest! {
        #[test]
        fn no_address_has_a_character_that_ends_a_header_or_an_address(text in "\\PC{0,40}|[ -~\r\n]{0,20}@[ -~\r\n]{0,20}") {
            if let Ok(address) = EmailAddress::parse(text) {
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic() && !b"<>,;:\"()[]\\".contains(&b)));
            }
        }
    }
}
