//! Texts that one person wrote and another is shown: names, titles, messages, pictures.
//!
//! Every text that reaches another person is one of the types here, so its rules are checked once, where it comes in. Texts of
//! tokens are cleaned ([`Line::cleaned`], [`Picture::parse`]): an odd name locks no user out. Texts of bodies are refused with a
//! sentence that says what to send instead ([`Line::parse`], [`Text::parse`]). Rows that an older version
//! stored are cleaned when they are read.
//!
//! | type | what it is | example |
//! |---|---|---|
//! | [`Line`] | one line | a name, a title |
//! | [`Text`] | lines, with tabs | a chat message, a description |
//! | [`Picture`] | the address of a picture | `https://example.com/ada.png` |
//!
//! Why: a line feed in a name makes a second sentence of a notification ("Ada⏎Your bank: call …"), U+202E turns the rest of the
//! sentence around, a name of U+3164 is one that nobody sees, and `javascript:…` as a picture is a script in somebody's page.
//!
//! The `data` of notifications and dashboards' events and the `settings` of a party are the app's own JSON and stay as sent.
//! Only the names that a sentence takes from `data`, and the pictures beside them, are checked.

mod cut;
mod direction;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;

pub use cut::{cut, cut_by, shortened};
use direction::{balanced, is_right_to_left, turns};

/// Longest line that is read from a row, in characters: more than any field may have.
const MAX_STORED: usize = 4_000;
/// Longest address of a picture, in bytes. With it and the longest name, a presence member's `user_info` is usually within
/// Pusher's 1 KB.
const MAX_PICTURE: usize = 512;

/// One line that other people are shown: trimmed, of at least one character that can be seen, without control characters,
/// line and paragraph separators (U+2028, U+2029) and characters that turn the direction of others (Unicode, UAX #9: embeddings,
/// overrides and isolates). The empty one stands for a name that was erased.
///
/// It does not print by itself: in a sentence, take [`Line::isolated`].
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Line(String);

/// The text is not one line of this length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one line of 1 to {most} characters, some of them visible, without line breaks, tabs and control characters"
)]
pub struct InvalidLine {
    most: usize,
}

impl Line {
    /// Parses a line of a body, of at most `most` characters. White space around it goes, and so do characters that turn the
    /// direction of others: word processors put them there, and nobody sees them.
    ///
    /// # Errors
    /// [`InvalidLine`] when it is empty or invisible, too long, or has a line break, a tab or another control character.
    pub fn parse(text: &str, most: usize) -> Result<Self, InvalidLine> {
        let text: String = text.trim().chars().filter(|c| !turns(*c)).collect();
        let text = text.trim();
        let fits = text.chars().count() <= most && text.chars().any(is_visible) && !text.chars().any(breaks_line);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidLine { most }) }
    }

    /// Makes one line of a text and cuts it between graphemes to at most `most` characters: each control character and line
    /// break becomes a space. `None` for a text without a visible character.
    #[must_use]
    pub fn cleaned(text: &str, most: usize) -> Option<Self> {
        let whole = match Self::parse(text, usize::MAX) {
            Ok(line) => line.0,
            Err(_) => {
                let spaced = |c: char| if breaks_line(c) { ' ' } else { c };
                let spaced: String = text.chars().filter(|c| !turns(*c)).map(spaced).collect();
                spaced.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        };
        let line = cut(&whole, most).trim_end();
        line.chars().any(is_visible).then(|| Self(line.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the one of somebody who was erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This line as a part of a sentence of ours. One with a character that is written from right to left is put between U+2068
    /// and U+2069 (FSI, PDI), so that it moves nothing of what is around it: without them, an Arabic name before "12 rue des
    /// Lilas" takes the house number along. All others stay as they are.
    #[must_use]
    pub fn isolated(&self) -> impl fmt::Display + use<'_> {
        Isolated(&self.0)
    }

    /// At most `most` characters of it, with an ellipsis as the last one where something is cut.
    #[must_use]
    pub fn shortened(&self, most: usize) -> Self {
        Self(shortened(&self.0, most).into_owned())
    }

    /// Takes the last grapheme off; `false` when nothing is left to take.
    pub fn shrink(&mut self) -> bool {
        let last = self.0.grapheme_indices(true).next_back().map(|(at, _)| at);
        last.inspect(|at| self.0.truncate(*at)).is_some()
    }
}

struct Isolated<'a>(&'a str);

impl fmt::Display for Isolated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().any(is_right_to_left) { write!(f, "\u{2068}{}\u{2069}", self.0) } else { f.write_str(self.0) }
    }
}

/// The ids of this API and what its own code says are lines: they have nothing but printable ASCII.
impl From<&crate::id::UserId> for Line {
    fn from(id: &crate::id::UserId) -> Self {
        Self(id.as_str().to_owned())
    }
}

/// A row of an older version is read as well as it can be shown.
impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::cleaned(&text, MAX_STORED).unwrap_or_default())
    }
}

impl PartialEq<str> for Line {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Line {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// Lines of text, with tabs: a paste from a spreadsheet has them. Every line break (CR LF, CR, U+2028, U+2029) is a line feed.
/// There are no other control characters, no overrides of direction, and no embedding or isolate that is not closed on its
/// line, so that none reaches into what comes after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(String);

/// The text is not one of this length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to {most} characters, some of them visible, without control characters other than tabs and line breaks"
)]
pub struct InvalidText {
    most: usize,
}

impl Text {
    /// Parses a text of a body, of at most `most` characters. White space around it stays.
    ///
    /// # Errors
    /// [`InvalidText`] when it is empty or invisible, too long, or has a control character other than tabs and line breaks.
    pub fn parse(text: &str, most: usize) -> Result<Self, InvalidText> {
        let text = balanced(&one_line_break(text));
        let fits = text.chars().count() <= most && text.chars().any(is_visible) && !text.chars().any(breaks_text);
        if fits { Ok(Self(text)) } else { Err(InvalidText { most }) }
    }

    /// As [`Text::parse`], for a text that may be left out: one in which nothing can be seen is the empty one.
    ///
    /// # Errors
    /// [`InvalidText`] when it is too long, or has a control character other than tabs and line breaks.
    pub fn parse_optional(text: &str, most: usize) -> Result<Self, InvalidText> {
        if text.chars().any(|c| is_visible(c) || breaks_text(c) && c != '\r') {
            return Self::parse(text, most);
        }
        Ok(Self::default())
    }

    /// Removes what cannot be shown and cuts the rest between graphemes to at most `most` characters. `None` for a text without
    /// a visible character.
    #[must_use]
    pub fn cleaned(text: &str, most: usize) -> Option<Self> {
        let kept: String = one_line_break(text).chars().filter(|c| !breaks_text(*c)).collect();
        let text = balanced(cut(&balanced(&kept), most));
        text.chars().any(is_visible).then_some(Self(text))
    }

    /// A content that is encrypted from end to end, as JSON. The caller has checked its form and its length.
    #[must_use]
    pub fn sealed(json: String) -> Self {
        Self(json)
    }

    /// A sentence of ours, in which every text of somebody else is a [`Line::isolated`].
    #[must_use]
    pub fn ours(sentence: String) -> Self {
        Self(sentence)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its beginning on one line, of at most `most` characters; `None` when nothing of it can be seen.
    #[must_use]
    pub fn preview(&self, most: usize) -> Option<Line> {
        Line::cleaned(&self.0, most)
    }
}

/// A row of an older version is read as well as it can be shown.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let kept: String = one_line_break(&text).chars().filter(|c| !breaks_text(*c)).collect();
        Ok(Self(balanced(&kept)))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// The address of a picture: `http` or `https`, at most 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Picture(String);

impl Picture {
    /// The refusal of another text.
    pub const RULE: &str = "must be an address of at most 512 bytes that begins with https:// (or http://), such as https://cdn.example/ada.png";

    /// Reads an address; `None` for anything else, `javascript:` and `data:` among them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let has_host = rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        // Browsers drop these, or end an attribute there.
        let is_odd = |c: char| c.is_whitespace() || breaks_line(c) || !is_visible(c) || "\"'<>\\`".contains(c);
        let is_picture = is_web && has_host && text.len() <= MAX_PICTURE && !text.contains(is_odd);
        is_picture.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The picture of a row; an older version may have stored another text.
    ///
    /// # Errors
    /// When it is neither text nor `null`.
    pub fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        Ok(text.and_then(|text| Self::parse(&text)))
    }
}

impl PartialEq<str> for Picture {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

/// Whether this ends a line or is a control character (C0, C1).
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether this is a control character that no text has.
fn breaks_text(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// Whether something of it can be seen: no white space, and nothing of Unicode's Default_Ignorable_Code_Point
/// (DerivedCoreProperties.txt) and the other blanks (U+2800 is a Braille pattern without dots).
fn is_visible(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    !is_ignorable && !c.is_whitespace() && !breaks_line(c)
}

/// Each line break as a line feed.
fn one_line_break(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\u{2028}', '\u{2029}']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_that_makes_a_second_sentence_is_one_line() {
        let cleaned = |text| Line::cleaned(text, 128).map(|line| line.as_str().to_owned());
        assert_eq!(cleaned("Ada\nYour bank: call 0800").as_deref(), Some("Ada Your bank: call 0800"));
        assert_eq!(cleaned("Ada\u{2028}Eve\r\n\tB\u{85}C").as_deref(), Some("Ada Eve B C"));
        assert_eq!(cleaned("\u{202e}adA\u{202c} \u{2067}x").as_deref(), Some("adA x"));
        assert_eq!(
            cleaned(" M.\u{a0}Durand  de  L ").as_deref(),
            Some("M.\u{a0}Durand  de  L"),
            "nothing else changes"
        );
    }

    #[test]
    fn invisible_text_is_refused_as_a_name() {
        for invisible in [
            "",
            " ",
            "\u{200b}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{2800}\u{2800}",
            "\u{feff}",
            "\u{ad}",
            "\u{ffa0}",
            "\u{e0041}",
            "\u{fe0f}",
            "\u{202e}\u{202c}",
            "\n",
            "\u{180e} \u{2060}",
        ] {
            assert_eq!(Line::cleaned(invisible, 128), None, "{invisible:?}");
            assert!(Line::parse(invisible, 128).is_err(), "{invisible:?}");
            assert!(Text::parse(invisible, 128).is_err(), "{invisible:?}");
        }
        for visible in ["Ö", "張", "عمر", "👋🏽", "-", "e\u{301}"] {
            assert_eq!(Line::parse(visible, 9).unwrap(), visible);
        }
    }

    #[test]
    fn a_line_of_a_body_is_refused_with_what_to_send() {
        let told = Line::parse("a\nb", 200).unwrap_err().to_string();
        assert!(told.contains("one line of 1 to 200 characters") && told.contains("without line breaks"), "{told}");
        for bad in ["a\tb", "a\u{0}b", "a\u{7f}", "a\u{2029}b", &"x".repeat(201)] {
            assert!(Line::parse(bad, 200).is_err(), "{bad:?}");
        }
        assert_eq!(Line::parse(" \u{2068}12 rue\u{2069} ", 200).unwrap(), "12 rue", "a paste of a word processor");
    }

    #[test]
    fn a_text_has_tabs_and_one_kind_of_line_break() {
        assert_eq!(Text::parse("a\tb\r\nc\rd\u{2028}e", 100).unwrap(), "a\tb\nc\nd\ne");
        for bad in ["a\0", "\u{1b}[31m", "a\u{85}b", "\u{7f}x", "a\u{b}b"] {
            assert!(Text::parse(bad, 100).is_err(), "{bad:?}");
        }
        assert!(Text::parse(&"é".repeat(100), 100).is_ok() && Text::parse(&"é".repeat(101), 100).is_err());
        assert_eq!(Text::parse_optional(" \r\n", 9).unwrap(), "");
        assert!(Text::parse_optional("\0", 9).is_err());
    }

    #[test]
    fn a_picture_is_on_the_web() {
        for good in ["https://example.com/ada.png", "HTTP://example.com/a?b=c&d", "https://[::1]/é.png"] {
            assert_eq!(&Picture::parse(good).unwrap(), good);
        }
        let long = format!("https://example.com/{}", "x".repeat(512));
        for bad in [
            "",
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "data:image/svg+xml,<svg>",
            "//example.com/a",
            "https://",
            "https:///a",
            "java\nscript://a",
            "https://example.com/a b",
            "https://example.com/\"onerror=",
            "https://a\u{202e}b",
            "file:///etc/passwd",
            "ada.png",
            &long,
        ] {
            assert!(Picture::parse(bad).is_none(), "{bad:?}");
        }
        assert_eq!(&Picture::parse(" https://example.com/a\n").unwrap(), "https://example.com/a");
    }

    #[test]
    fn a_row_of_an_older_version_is_read_cleaned() {
        assert_eq!(serde_json::from_str::<Line>(r#""Ada\nEve""#).unwrap(), "Ada Eve");
        assert_eq!(serde_json::from_str::<Line>(r#""""#).unwrap(), "");
        assert_eq!(serde_json::from_str::<Text>(r#""a\r\nb\u0000""#).unwrap(), "a\nb");
    }

    pub(super) fn odd() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                any::<char>(),
                "[\u{202a}-\u{202e}\u{2066}-\u{2069}]".prop_map(|s| s.chars().next().unwrap_or('x')),
                Just('\n'),
                Just('\r'),
                Just('\u{2028}'),
                Just('a'),
                Just('\u{200d}'),
                Just('ع')
            ],
            0..60,
        )
        .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn cleaned_text_is_a_line_and_stays_as_it_is(text in odd(), most in 1_usize..40) {
            if let Some(line) = Line::cleaned(&text, most) {
                prop_assert!(line.as_str().chars().count() <= most);
                prop_assert_eq!(Line::parse(line.as_str(), most).unwrap(), line.clone());
                let read: Line = serde_json::from_str(&serde_json::to_string(&line).unwrap()).unwrap();
                prop_assert_eq!(read, line);
            }
        }
    }
}
