//! The string literals of a Rust file, each with the code around it. Comments, character literals and unit tests are left out.

/// Stands for a literal in the code around another one.
pub(super) const LITERAL: char = '\u{1}';

/// A string literal, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) text: String,
    /// Where it stands in [`Source::code`].
    pub(super) at: usize,
}

/// A file without its comments; each literal is replaced by [`LITERAL`], and all white space by one space.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) code: String,
    pub(super) literals: Vec<Literal>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let (mut source, mut rest) = (Self::default(), text);
        while let Some(first) = rest.chars().next() {
            rest = source.step(first, rest);
        }
        source
    }

    /// The code before a literal, from the newest at most so many bytes back.
    pub(super) fn before(&self, literal: &Literal, most: usize) -> &str {
        let start = (literal.at.saturating_sub(most)..=literal.at).find(|at| self.code.is_char_boundary(*at));
        &self.code[start.unwrap_or(literal.at)..literal.at]
    }

    /// The code after a literal, to the end of its function.
    pub(super) fn after(&self, literal: &Literal) -> &str {
        let rest = &self.code[literal.at + LITERAL.len_utf8()..];
        rest.split(" fn ").next().unwrap_or_default()
    }

    /// Reads a comment, a literal or one character; returns what is left.
    fn step<'a>(&mut self, first: char, rest: &'a str) -> &'a str {
        if rest.starts_with("//") {
            return rest.find('\n').map_or("", |end| &rest[end..]);
        }
        let is_in_a_word = self.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let after_prefix = rest.strip_prefix('b').unwrap_or(rest);
        if let Some(raw) = after_prefix.strip_prefix('r').filter(|_| !is_in_a_word) {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if let Some(inside) = raw[hashes..].strip_prefix('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let (text, rest) = inside.split_once(&end).unwrap_or((inside, ""));
                self.push(text.to_owned());
                return rest;
            }
        }
        match first {
            '"' => {
                let (text, rest) = escaped(&rest[1..]);
                self.push(text);
                rest
            }
            '\'' => {
                let inside = &rest[1..];
                let length = match inside.strip_prefix('\\') {
                    Some(code) => code.find('\'').map(|end| end + 2),
                    None => inside.chars().next().map(char::len_utf8).filter(|at| inside[*at..].starts_with('\'')),
                };
                // Without an end it is a lifetime.
                length.map_or(inside, |length| &inside[(length + 1).min(inside.len())..])
            }
            other if other.is_whitespace() => {
                if !self.code.ends_with(' ') {
                    self.code.push(' ');
                }
                &rest[other.len_utf8()..]
            }
            other => {
                self.code.push(other);
                &rest[other.len_utf8()..]
            }
        }
    }

    fn push(&mut self, text: String) {
        self.literals.push(Literal { text, at: self.code.len() });
        self.code.push(LITERAL);
    }
}

/// Reads to the end of a literal whose quotation mark has been read: its text, and what is left.
fn escaped(inside: &str) -> (String, &str) {
    let (mut text, mut rest) = (String::new(), inside);
    while let Some(at) = rest.find(['"', '\\']) {
        text.push_str(&rest[..at]);
        if rest[at..].starts_with('"') {
            return (text, &rest[at + 1..]);
        }
        let code = rest[at + 1..].chars().next().unwrap_or_default();
        rest = &rest[(at + 1 + code.len_utf8()).min(rest.len())..];
        match code {
            // A line that goes on.
            '\n' => rest = rest.trim_start(),
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'u' => {
                let (number, after) = rest.trim_start_matches('{').split_once('}').unwrap_or(("", ""));
                text.extend(u32::from_str_radix(number, 16).ok().and_then(char::from_u32));
                rest = after;
            }
            other => text.push(other),
        }
    }
    (text, "")
}

#[test]
fn literals_are_found_and_comments_characters_and_unit_tests_are_not() {
    let text = r##"
        // "a comment", it's one
        fn f<'a>(c: char) -> &'a str { if c == '"' || c == '\'' { return r#"a "raw" one"#; }
            /// "documents"
            "a line that \
             goes \"on\" \u{2026}" }
#[cfg(test)]
mod tests { fn f() { "in a test" } }"##;
    let source = Source::read(text);
    let texts: Vec<_> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
    assert_eq!(texts, ["a \"raw\" one", "a line that goes \"on\" …"]);
    assert_eq!(source.before(&source.literals[0], 7), "return ");
    assert!(source.after(&source.literals[0]).starts_with("; }"));
}
