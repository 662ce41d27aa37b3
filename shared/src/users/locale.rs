//! The languages of notifications.

use serde::{Deserialize, Serialize};

/// A language that notifications are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English, the default.
    #[default]
    En,
    Fr,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The language of a tag such as `fr-CA`, the format of a token's `locale` (OpenID Connect Core, section 5.1).
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        match tag.split(['-', '_']).next() {
            Some(language) if language.eq_ignore_ascii_case("fr") => Self::Fr,
            _ => Self::En,
        }
    }

    /// The tag of the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// A colon after a word. French has a space before `:`, `;`, `?`, `!` and `»` and after `«`, at which no line may end:
    /// U+00A0, or the narrow U+202F before `;`, `?` and `!` (Imprimerie nationale, "Lexique des règles typographiques").
    /// French texts have these two characters as `\u{a0}` and `\u{202f}`, so that they are seen in the source.
    #[must_use]
    pub fn colon(self) -> &'static str {
        match self {
            Self::En => ":",
            Self::Fr => "\u{a0}:",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_for_its_language() {
        for (tag, locale) in
            [("fr", Locale::Fr), ("fr-CA", Locale::Fr), ("FR_be", Locale::Fr), ("fry", Locale::En), ("", Locale::En)]
        {
            assert_eq!(Locale::of_tag(tag), locale, "{tag}");
        }
        assert_eq!(Locale::of_tag(Locale::Fr.name()), Locale::Fr);
    }
}
