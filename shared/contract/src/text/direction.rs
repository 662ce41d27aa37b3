//! The direction of text (Unicode, UAX #9): which characters turn it, and which of them a text keeps.

/// Whether this turns the direction of the characters after it, or ends that (UAX #9: embeddings, overrides, isolates).
pub(super) fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether this is written from right to left (the blocks whose default class is R or AL; UAX #9, table 4, and
/// DerivedBidiClass.txt), or a mark that says so.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
        || turns(c)
}

/// The closing character that an opening one of UAX #9 needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// U+2069
    Isolate,
    /// U+202C
    Embedding,
    /// U+202C, which goes as it does.
    Override,
}

/// Without overrides, and without embeddings and isolates that are not closed before the line ends, where their effect ends.
pub(super) fn balanced(text: &str) -> String {
    if !text.contains(turns) {
        return text.to_owned();
    }
    text.split('\n').map(balanced_line).collect::<Vec<_>>().join("\n")
}

fn balanced_line(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let mut kept: Vec<bool> = characters.iter().map(|c| !turns(*c)).collect();
    let mut open: Vec<(usize, Opened)> = Vec::new();
    for (at, c) in characters.iter().enumerate() {
        match c {
            '\u{2066}'..='\u{2068}' => open.push((at, Opened::Isolate)),
            '\u{202a}' | '\u{202b}' => open.push((at, Opened::Embedding)),
            '\u{202d}' | '\u{202e}' => open.push((at, Opened::Override)),
            '\u{202c}' => {
                if let Some((opening, kind)) = open.pop_if(|(_, kind)| *kind != Opened::Isolate) {
                    let stays = kind == Opened::Embedding;
                    (kept[opening], kept[at]) = (stays, stays);
                }
            }
            '\u{2069}' => {
                if let Some(place) = open.iter().rposition(|(_, kind)| *kind == Opened::Isolate) {
                    // The end of an isolate ends what was opened within it, which then is not balanced and goes.
                    (kept[open[place].0], kept[at]) = (true, true);
                    open.truncate(place);
                }
            }
            _ => {}
        }
    }
    characters.into_iter().zip(kept).filter_map(|(c, kept)| kept.then_some(c)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::odd;
    use super::super::{Line, Text};

    #[test]
    fn no_direction_reaches_over_the_end_of_a_line() {
        let parsed = |text: &str| Text::parse(text, 100).unwrap().as_str().to_owned();
        assert_eq!(
            parsed("\u{2067}a\u{2069} \u{202b}b\u{202c}"),
            "\u{2067}a\u{2069} \u{202b}b\u{202c}",
            "closed: kept"
        );
        assert_eq!(parsed("\u{2067}a\nb\u{2069}"), "a\nb");
        assert_eq!(parsed("invoice\u{202e}fdp\u{202c}.exe"), "invoicefdp.exe");
        assert_eq!(parsed("\u{2066}a\u{202b}b\u{2069}\u{202c}"), "\u{2066}ab\u{2069}");
    }

    #[test]
    fn only_what_is_written_from_right_to_left_is_isolated() {
        let shown = |name: &str| format!("{} – 12 rue des Lilas", Line::cleaned(name, 50).unwrap().isolated());
        assert_eq!(shown("Maître Durand"), "Maître Durand – 12 rue des Lilas");
        assert_eq!(shown("عمر"), "\u{2068}عمر\u{2069} – 12 rue des Lilas");
        assert_eq!(shown("דנה (Dana)"), "\u{2068}דנה (Dana)\u{2069} – 12 rue des Lilas");
        assert_eq!(shown("張偉"), "張偉 – 12 rue des Lilas");
    }

    proptest! {
        #[test]
        fn a_text_is_balanced_on_each_line_and_stays_as_it_is(text in odd()) {
            if let Ok(parsed) = Text::parse(&text, 100) {
                prop_assert_eq!(Text::parse(parsed.as_str(), 100).unwrap(), parsed.clone());
                for line in parsed.as_str().split('\n') {
                    let count = |these: &[char]| line.chars().filter(|c| these.contains(c)).count();
                    prop_assert_eq!(count(&['\u{2066}', '\u{2067}', '\u{2068}']), count(&['\u{2069}']));
                    prop_assert_eq!(count(&['\u{202a}', '\u{202b}']), count(&['\u{202c}']));
                    prop_assert_eq!(count(&['\u{202d}', '\u{202e}']), 0);
                }
            }
        }
    }
}
