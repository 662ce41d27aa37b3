//! Tokens, and keeping them out of what is printed.

/// A token. It cannot be printed by mistake.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::commands) struct Secret(String);

impl Secret {
    /// `None` for an empty text.
    pub(in crate::commands) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// For a request alone.
    pub(in crate::commands) fn reveal(&self) -> &str {
        &self.0
    }

    /// The same with another signature, as a forger would send it.
    pub(in crate::commands) fn forged(&self) -> Self {
        let (message, signature) = self.0.rsplit_once('.').unwrap_or((&self.0, ""));
        // The first character: the last one of base64 may hold bits that do not count.
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        let rest = signature.get(1..).unwrap_or_default();
        Self(format!("{message}.{other}{rest}"))
    }
}

/// Longest text of a response that is shown, in characters.
const SHOWN: usize = 300;
/// A signature of Pusher's has this many hexadecimal digits.
const SIGNATURE: usize = 64;

/// Removes secrets from texts.
#[derive(Clone, Default)]
pub(in crate::commands) struct Redaction {
    secrets: Vec<Secret>,
}

impl Redaction {
    pub(in crate::commands) fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self { secrets: secrets.into_iter().collect() }
    }

    /// The text as it may be shown: in one line, shortened, without tokens and without signatures that would open a channel.
    pub(in crate::commands) fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.reveal(), "…");
        }
        let text: String = without_signatures(&text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

fn without_signatures(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    let flush = |digits: &mut String, shown: &mut String| {
        shown.push_str(if digits.len() >= SIGNATURE { "…" } else { digits.as_str() });
        digits.clear();
    };
    for character in text.chars() {
        if character.is_ascii_hexdigit() {
            digits.push(character);
        } else {
            flush(&mut digits, &mut shown);
            shown.push(character);
        }
    }
    flush(&mut digits, &mut shown);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_token_differs_in_its_signature_alone() {
        for (token, forged) in [("a.b.cdef", "a.b.Adef"), ("a.b.Adef", "a.b.Bdef"), ("a.b.", "a.b.A"), ("ab", "ab.A")] {
            assert_eq!(Secret::new(token).unwrap().forged().reveal(), forged);
        }
        assert!(Secret::new(" \n").is_none());
    }

    #[test]
    fn a_shown_text_has_no_token_no_signature_one_line_and_an_end() {
        let redaction = Redaction::of(Secret::new("ey.a.b"));
        let signature = "0123456789abcdef".repeat(4);
        let text = format!("{{\"auth\":\"key:{signature}\",\n\"you sent\":\"ey.a.b\", \"id\":\"beef\"}}");
        assert_eq!(redaction.shown(&text), "{\"auth\":\"key:…\", \"you sent\":\"…\", \"id\":\"beef\"}");
        assert_eq!(redaction.shown(&"ü".repeat(500)).chars().count(), SHOWN + 1);
    }
}
