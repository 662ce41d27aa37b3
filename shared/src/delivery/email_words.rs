//! What an e-mail about a lease's messages says, in the recipient's language, as text and as HTML.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::users::locale::Locale;

/// Most characters of a message that an e-mail shows, the ellipsis included.
const MAX_PREVIEW: usize = 200;
/// Most characters of a name and of a lease's title in a subject.
const MAX_NAME: usize = 60;
const ELLIPSIS: &str = "…";

/// What an e-mail tells.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) locale: Locale,
    /// Who wrote.
    pub(super) author: &'a str,
    /// The lease's title.
    pub(super) title: &'a str,
    pub(super) count: usize,
    /// Whether there may be more than `count`.
    pub(super) is_more: bool,
    /// The oldest of the messages, oldest first: as many as are shown.
    pub(super) texts: Vec<&'a str>,
    /// Where the first of them is shown.
    pub(super) link: &'a str,
    /// Where these e-mails are turned off.
    pub(super) unsubscribe: &'a str,
}

/// An e-mail's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Told<'_> {
    /// The e-mail.
    pub(super) fn words(&self) -> Words {
        let (author, title) = (cut(&line(self.author), MAX_NAME), cut(&line(self.title), MAX_NAME));
        let headline = self.headline(&author);
        let previews: Vec<String> = self.texts.iter().map(|text| cut(&line(text), MAX_PREVIEW)).collect();
        let more = self.more();
        let (open, why, off) = match self.locale {
            Locale::En => (
                "Open the conversation",
                format!("You get this e-mail because you were not in the chat of “{title}”."),
                "Turn these e-mails off",
            ),
            Locale::Fr => (
                "Ouvrir la conversation",
                format!("Vous recevez cet e-mail parce que vous n’étiez pas dans la discussion «\u{a0}{title}\u{a0}»."),
                "Ne plus recevoir ces e-mails",
            ),
        };
        let (Self { link, unsubscribe, .. }, colon) = (self, self.locale.colon());
        let quoted: String = previews.iter().map(|preview| format!("> {preview}\n\n")).collect();
        let rest = more.as_ref().map(|more| format!("{more}\n\n")).unwrap_or_default();
        let text =
            format!("{headline}\n\n{quoted}{rest}{open}{colon}\n{link}\n\n-- \n{why}\n{off}{colon}\n{unsubscribe}\n");
        let [h, o, w, f, l, u] = [&headline, open, &why, off, link, unsubscribe].map(|text: &str| escape(text));
        let quote = |preview: &String| {
            let style = "margin: 0 0 0.5em; padding: 0.5em 1em; border-left: 3px solid #bbb";
            format!("<blockquote dir=\"auto\" style=\"{style}\">{}</blockquote>\n", escape(preview))
        };
        let p: String = previews.iter().map(quote).collect();
        let m = more.map(|more| format!("<p>{}</p>\n", escape(&more))).unwrap_or_default();
        let html = format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><title>{h}</title></head>\n\
             <body style=\"font-family: sans-serif; color: #222; max-width: 36em\">\n\
             <h1 style=\"font-size: 1.2em\">{h}</h1>\n\
             {p}{m}\
             <p><a href=\"{l}\">{o}</a></p>\n\
             <p style=\"font-size: 0.8em; color: #666\">{w}<br><a href=\"{u}\">{f}</a></p>\n</body>\n</html>\n",
            lang = self.locale.name(),
        );
        Words { subject: format!("{headline} – {title}"), text, html }
    }

    /// How many messages are not shown, if any.
    fn more(&self) -> Option<String> {
        let hidden = self.count.saturating_sub(self.texts.len());
        if hidden == 0 && !self.is_more {
            return None;
        }
        let count = format!("{hidden}{}", if self.is_more { "+" } else { "" });
        Some(match self.locale {
            Locale::En => format!("and {count} more"),
            Locale::Fr if hidden == 1 && !self.is_more => "et 1 autre".to_owned(),
            Locale::Fr => format!("et {count} autres"),
        })
    }

    fn headline(&self, author: &str) -> String {
        let count = format!("{}{}", self.count, if self.is_more { "+" } else { "" });
        match (self.locale, self.count == 1 && !self.is_more) {
            (Locale::En, true) => format!("New message from {author}"),
            (Locale::En, false) => format!("{count} new messages from {author}"),
            (Locale::Fr, true) => format!("Nouveau message de {author}"),
            (Locale::Fr, false) => format!("{count} nouveaux messages de {author}"),
        }
    }
}

/// One line: white space becomes single spaces. Control characters go, and so do those that turn the direction of what follows
/// them (Unicode, UAX #9): they would turn our own words, too.
fn line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = |c: char| (c.is_whitespace() || !c.is_control()) && !turns(c);
    let text: String = text.chars().filter(|c| kept(*c)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many characters, cut between two graphemes and with an ellipsis where something is cut.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut room = most - ELLIPSIS.chars().count();
    let fits = |grapheme: &&str| {
        let length = grapheme.chars().count();
        let fits = length <= room;
        room = if fits { room - length } else { 0 };
        fits
    };
    let kept: String = text.graphemes(true).take_while(fits).collect();
    format!("{}{ELLIPSIS}", kept.trim_end())
}

/// Text as it stands in HTML, between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told<'a>(locale: Locale, author: &'a str, text: &'a str, count: usize) -> Told<'a> {
        Told {
            locale,
            author,
            title: "12 rue des Lilas",
            count,
            is_more: false,
            texts: vec![text],
            link: "https://app.example.com/leases/b1/chat#message-7",
            unsubscribe: "https://api.example.com/email/unsubscribe?user=ada&lang=fr&signature=x",
        }
    }

    #[test]
    fn an_e_mail_says_who_wrote_in_the_recipients_language() {
        let subject = |locale, count| told(locale, "Maître Durand", "Bonjour", count).words().subject;
        assert_eq!(subject(Locale::Fr, 1), "Nouveau message de Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::Fr, 3), "3 nouveaux messages de Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::En, 1), "New message from Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::En, 3), "3 new messages from Maître Durand – 12 rue des Lilas");
        let many = Told { is_more: true, ..told(Locale::En, "Ada", "Hi", 100) };
        assert!(many.words().subject.starts_with("100+ new messages"));
        let words = told(Locale::Fr, "Maître Durand", "Bonjour", 1).words();
        assert!(
            words.text.contains("> Bonjour\n") && words.text.contains("/leases/b1/chat#message-7\n"),
            "{}",
            words.text
        );
        assert!(
            words.html.contains("<html lang=\"fr\">") && words.html.contains("&amp;lang=fr&amp;"),
            "{}",
            words.html
        );
    }

    #[test]
    fn an_e_mail_shows_the_beginning_of_each_message_and_says_how_many_it_leaves_out() {
        let both = Told { texts: vec!["One", "Two"], ..told(Locale::En, "Ada", "", 2) }.words();
        assert!(both.text.starts_with("2 new messages from Ada\n\n> One\n\n> Two\n\nOpen"), "{}", both.text);
        assert_eq!(both.html.matches("<blockquote").count(), 2, "{}", both.html);
        let some = |locale, count, is_more| {
            Told { texts: vec!["One", "Two"], is_more, ..told(locale, "Ada", "", count) }.words()
        };
        assert!(some(Locale::En, 5, false).text.contains("> Two\n\nand 3 more\n\nOpen"));
        assert!(some(Locale::En, 99, true).html.contains("</blockquote>\n<p>and 97+ more</p>\n"));
        assert!(some(Locale::Fr, 3, false).text.contains("et 1 autre\n"));
        assert!(some(Locale::Fr, 4, false).text.contains("et 2 autres\n"));
    }

    #[test]
    fn html_in_a_message_is_text() {
        let words = told(Locale::En, "<b>Eve</b>", "<script>alert('1')</script> & \"so\"", 1).words();
        assert!(!words.html.contains("<script>") && !words.html.contains("<b>"), "{}", words.html);
        assert!(words.html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;so&quot;"));
        assert!(words.text.contains("<script>alert('1')</script>"), "the text part is text");
    }

    #[test]
    fn a_preview_is_cut_between_graphemes() {
        // Each family is one grapheme of seven characters.
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let preview = cut(&family.repeat(100), MAX_PREVIEW);
        assert_eq!(preview, format!("{}{ELLIPSIS}", family.repeat(28)));
        assert_eq!(cut(&"é".repeat(200), MAX_PREVIEW), "é".repeat(200));
        assert_eq!(cut(&"e\u{301}".repeat(150), MAX_PREVIEW), format!("{}{ELLIPSIS}", "e\u{301}".repeat(99)));
    }

    proptest! {
        #[test]
        fn no_name_and_no_message_makes_a_header_or_a_tag(author in any::<String>(), text in any::<String>()) {
            let words = told(Locale::En, &author, &text, 1).words();
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
            prop_assert!(!words.subject.chars().any(breaks), "{}", words.subject);
            prop_assert!(words.subject.chars().count() <= 200);
            let tags = told(Locale::En, "A", "B", 1).words().html.matches('<').count();
            prop_assert_eq!(words.html.matches('<').count(), tags);
            prop_assert_eq!(words.html.matches('>').count(), tags);
        }

        #[test]
        fn a_preview_has_at_most_200_characters(text in "\\PC{0,400}") {
            let preview = cut(&line(&text), MAX_PREVIEW);
            prop_assert!(preview.chars().count() <= MAX_PREVIEW);
            let kept = preview.strip_suffix(ELLIPSIS).unwrap_or(&preview);
            prop_assert!(line(&text).starts_with(kept));
        }
    }
}
