//! Cuts text between graphemes (Unicode, UAX #29).

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

const ELLIPSIS: &str = "…";

/// The beginning of a text, of at most `most` characters, cut between graphemes: no flag, family or accented letter is cut
/// through (Unicode, UAX #29). One grapheme that alone is longer is cut all the same.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    if text.chars().nth(most).is_none() {
        return text;
    }
    cut_by(text, most, |grapheme| grapheme.chars().count())
}

/// As [`cut`], with an ellipsis as the last character where something is cut.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = cut(text, most.saturating_sub(ELLIPSIS.chars().count())).trim_end();
    Cow::Owned(format!("{kept}{ELLIPSIS}"))
}

/// As [`cut`], where `room` and the size of a piece are something other than characters.
#[must_use]
pub fn cut_by(text: &str, room: usize, size: impl Fn(&str) -> usize) -> &str {
    let pieces = text.grapheme_indices(true);
    let end = end_of(pieces, room, &size).unwrap_or(text.len());
    if end > 0 || text.is_empty() {
        return &text[..end];
    }
    let pieces = text.char_indices().map(|(at, c)| (at, &text[at..at + c.len_utf8()]));
    &text[..end_of(pieces, room, &size).unwrap_or(text.len())]
}

/// Where the first piece begins that there is no room for.
fn end_of<'a>(
    mut pieces: impl Iterator<Item = (usize, &'a str)>,
    mut room: usize,
    size: &impl Fn(&str) -> usize,
) -> Option<usize> {
    let is_over = |(_, piece): &(usize, &str)| match room.checked_sub(size(piece)) {
        Some(left) => {
            room = left;
            false
        }
        None => true,
    };
    pieces.find(is_over).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Line;
    use super::super::tests::odd;
    use super::*;

    const FAMILY: &str = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";

    #[test]
    fn a_text_is_cut_between_graphemes() {
        assert_eq!(cut(&FAMILY.repeat(100), 200), FAMILY.repeat(28));
        assert_eq!(cut("🇫🇷🇫🇷", 3), "🇫🇷");
        assert_eq!(cut("e\u{301}e\u{301}", 3), "e\u{301}");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut(FAMILY, 3), "\u{1f468}\u{200d}\u{1f469}", "one that alone is too long");
        assert_eq!(shortened(&FAMILY.repeat(100), 200), format!("{}{ELLIPSIS}", FAMILY.repeat(28)));
        assert_eq!(shortened("abc", 3), "abc");
        let mut line = Line::parse(&format!("A{FAMILY}"), 50).unwrap();
        assert!(line.shrink() && line == "A" && line.shrink() && !line.shrink());
    }

    proptest! {
        #[test]
        fn cut_text_is_a_beginning_within_the_limit(text in odd(), most in 0_usize..40) {
            let cut = cut(&text, most);
            prop_assert!(text.starts_with(cut) && cut.chars().count() <= most);
        }
    }
}
