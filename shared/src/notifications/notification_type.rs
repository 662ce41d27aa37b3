//! The type of a notification: one of Carillon's, or one of the app's own.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::NotificationKind;

/// Longest name of an own type, in characters.
const MAX_NAME: usize = 64;

/// The type of a notification. An own type has no words here: its sender sends title and sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum NotificationType {
    BuiltIn(NotificationKind),
    Own(OwnType),
}

/// The name of an own type: `[A-Z][A-Z0-9_]{0,63}`, and not a built-in one's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnType(String);

/// The text is neither a built-in type nor the name of an own one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct InvalidType;

impl fmt::Display for InvalidType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let built_in = NotificationKind::names();
        write!(
            f,
            "must be one of {built_in}, or a type of your own: a capital letter, then at most {} capital letters, digits and \
             underscores, such as ORDER_SHIPPED",
            MAX_NAME - 1
        )
    }
}

impl NotificationType {
    /// Parses a name.
    ///
    /// # Errors
    /// [`InvalidType`] for a text of another form.
    pub fn parse(name: impl Into<String>) -> Result<Self, InvalidType> {
        let name = name.into();
        if let Some(kind) = NotificationKind::named(&name) {
            return Ok(Self::BuiltIn(kind));
        }
        let is_rest = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let is_own =
            name.len() <= MAX_NAME && name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(is_rest);
        if is_own { Ok(Self::Own(OwnType(name))) } else { Err(InvalidType) }
    }

    /// The type in a row. One of a later version, whatever its form, is as an own one: its words are in the row.
    #[must_use]
    pub(super) fn of_row(name: &str) -> Self {
        Self::parse(name).unwrap_or_else(|InvalidType| Self::Own(OwnType(name.to_owned())))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.name(),
            Self::Own(OwnType(name)) => name,
        }
    }

    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }
}

impl From<NotificationKind> for NotificationType {
    fn from(kind: NotificationKind) -> Self {
        Self::BuiltIn(kind)
    }
}

impl TryFrom<String> for NotificationType {
    type Error = InvalidType;

    fn try_from(name: String) -> Result<Self, InvalidType> {
        Self::parse(name)
    }
}

impl Serialize for NotificationType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_built_in_name_is_the_built_in_type() {
        for kind in NotificationKind::ALL {
            let parsed = NotificationType::parse(kind.name()).unwrap();
            assert_eq!((&parsed, parsed.is_own()), (&NotificationType::BuiltIn(kind), false));
        }
    }

    #[test]
    fn an_own_name_is_of_capitals_digits_and_underscores() {
        let longest = "X".repeat(MAX_NAME);
        for own in ["ORDER_SHIPPED", "A", "A1", "A_", "MESSAGES", &longest] {
            let parsed = NotificationType::parse(own).unwrap();
            assert_eq!((parsed.name(), parsed.is_own(), json!(parsed)), (own, true, json!(own)));
        }
        let too_long = "X".repeat(MAX_NAME + 1);
        for bad in ["", "a", "Order", "1A", "_A", "A-B", "A B", "A\n", "\u{c9}", "A\u{c9}", "message", &too_long] {
            assert_eq!(NotificationType::parse(bad), Err(InvalidType), "{bad:?}");
        }
        let told = InvalidType.to_string();
        assert!(told.contains("PARTY_INVITATION, or a type of your own") && told.contains("ORDER_SHIPPED"), "{told}");
    }

    proptest! {
        #[test]
        fn a_name_is_accepted_exactly_if_it_has_the_form(name in "[A-Z][A-Z0-9_]{0,70}|[A-Za-z0-9_ -]{0,6}|.{0,8}") {
            let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
            let has_form = first.chars().any(|c| c.is_ascii_uppercase()) && rest.len() < MAX_NAME
                && rest.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_'));
            let parsed = NotificationType::parse(name.as_str());
            prop_assert_eq!(parsed.is_ok(), has_form);
            if let Ok(parsed) = parsed {
                prop_assert_eq!(parsed.name(), &name);
                prop_assert_eq!(serde_json::from_value::<NotificationType>(json!(parsed)).unwrap(), parsed);
            }
        }
    }
}
