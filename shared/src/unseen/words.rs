//! The text of an e-mail about unseen messages, in the recipient's language, as text and as HTML.

use crate::contract::text::{Line, Text};
use crate::users::locale::Locale;

/// Most characters of a message that an e-mail shows, the ellipsis included.
const MAX_PREVIEW: usize = 200;
/// Most characters of a name and of a conversation's title in a subject.
const MAX_NAME: usize = 60;

/// The facts of an e-mail.
#[derive(Debug)]
pub(super) struct EmailFacts<'a> {
    pub(super) locale: Locale,
    /// The author of the messages.
    pub(super) author: &'a Line,
    /// The conversation's title.
    pub(super) title: &'a Line,
    pub(super) count: usize,
    /// Whether there may be more than `count`.
    pub(super) is_more: bool,
    /// The oldest of the messages, oldest first: as many as are shown.
    pub(super) texts: Vec<&'a Text>,
    /// Where the first of them is shown.
    pub(super) link: &'a str,
    /// Where these e-mails are turned off.
    pub(super) unsubscribe: &'a str,
}

/// An e-mail's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EmailParts {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl EmailFacts<'_> {
    /// The e-mail.
    pub(super) fn words(&self) -> EmailParts {
        let (author, title) = (self.author.shortened(MAX_NAME), self.title.shortened(MAX_NAME));
        let (headline, title) = (self.headline(&author), title.isolated());
        let preview = |text: &&Text| text.preview(usize::MAX).unwrap_or_default().shortened(MAX_PREVIEW);
        let previews: Vec<Line> = self.texts.iter().map(preview).collect();
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
        let quoted: String = previews.iter().map(|preview| format!("> {}\n\n", preview.as_str())).collect();
        let rest = more.as_ref().map(|more| format!("{more}\n\n")).unwrap_or_default();
        let text =
            format!("{headline}\n\n{quoted}{rest}{open}{colon}\n{link}\n\n-- \n{why}\n{off}{colon}\n{unsubscribe}\n");
        let [t, o, w, f, l, u] = [&headline, open, &why, off, link, unsubscribe].map(|text: &str| escape(text));
        // A title has no elements in it.
        let (h, w) = (isolates_as_elements(&t), isolates_as_elements(&w));
        let quote = |preview: &Line| {
            let style = "margin: 0 0 0.5em; padding: 0.5em 1em; border-left: 3px solid #bbb";
            format!("<blockquote dir=\"auto\" style=\"{style}\">{}</blockquote>\n", escape(preview.as_str()))
        };
        let p: String = previews.iter().map(quote).collect();
        let m = more.map(|more| format!("<p>{}</p>\n", escape(&more))).unwrap_or_default();
        let html = format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><title>{t}</title></head>\n\
             <body style=\"font-family: sans-serif; color: #222; max-width: 36em\">\n\
             <h1 style=\"font-size: 1.2em\">{h}</h1>\n\
             {p}{m}\
             <p><a href=\"{l}\">{o}</a></p>\n\
             <p style=\"font-size: 0.8em; color: #666\">{w}<br><a href=\"{u}\">{f}</a></p>\n</body>\n</html>\n",
            lang = self.locale.name(),
        );
        EmailParts { subject: format!("{headline} – {title}"), text, html }
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

    fn headline(&self, author: &Line) -> String {
        let author = author.isolated();
        let count = format!("{}{}", self.count, if self.is_more { "+" } else { "" });
        match (self.locale, self.count == 1 && !self.is_more) {
            (Locale::En, true) => format!("New message from {author}"),
            (Locale::En, false) => format!("{count} new messages from {author}"),
            (Locale::Fr, true) => format!("Nouveau message de {author}"),
            (Locale::Fr, false) => format!("{count} nouveaux messages de {author}"),
        }
    }
}

/// HTML in which what [`Line::isolated`] put between U+2068 and U+2069 is in an element `bdi`. No line has these characters itself.
fn isolates_as_elements(html: &str) -> String {
    html.replace('\u{2068}', "<bdi>").replace('\u{2069}', "</bdi>")
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

    fn words(locale: Locale, author: &str, texts: &[&str], (count, is_more): (usize, bool)) -> EmailParts {
        let line = |text| Line::cleaned(text, 128).unwrap_or_default();
        let texts: Vec<_> = texts.iter().map(|text| Text::cleaned(text, 4_000).unwrap_or_default()).collect();
        let told = EmailFacts {
            locale,
            author: &line(author),
            title: &line("12 rue des Lilas"),
            count,
            is_more,
            texts: texts.iter().collect(),
            link: "https://app.example.com/leases/b1/chat#message-7",
            unsubscribe: "https://api.example.com/email/unsubscribe?user=ada&lang=fr&signature=x",
        };
        told.words()
    }

    fn of_one(locale: Locale, author: &str, text: &str) -> EmailParts {
        words(locale, author, &[text], (1, false))
    }

    #[test]
    fn an_e_mail_says_who_wrote_in_the_recipients_language() {
        let subject = |locale, count| words(locale, "Maître Durand", &["Bonjour"], (count, false)).subject;
        assert_eq!(subject(Locale::Fr, 1), "Nouveau message de Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::Fr, 3), "3 nouveaux messages de Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::En, 1), "New message from Maître Durand – 12 rue des Lilas");
        assert_eq!(subject(Locale::En, 3), "3 new messages from Maître Durand – 12 rue des Lilas");
        let many = words(Locale::En, "Ada", &["Hi"], (100, true));
        assert!(many.subject.starts_with("100+ new messages"));
        let words = of_one(Locale::Fr, "Maître Durand", "Bonjour");
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
        let both = words(Locale::En, "Ada", &["One", "Two"], (2, false));
        assert!(both.text.starts_with("2 new messages from Ada\n\n> One\n\n> Two\n\nOpen"), "{}", both.text);
        assert_eq!(both.html.matches("<blockquote").count(), 2, "{}", both.html);
        let some = |locale, count, is_more| words(locale, "Ada", &["One", "Two"], (count, is_more));
        assert!(some(Locale::En, 5, false).text.contains("> Two\n\nand 3 more\n\nOpen"));
        assert!(some(Locale::En, 99, true).html.contains("</blockquote>\n<p>and 97+ more</p>\n"));
        assert!(some(Locale::Fr, 3, false).text.contains("et 1 autre\n"));
        assert!(some(Locale::Fr, 4, false).text.contains("et 2 autres\n"));
    }

    #[test]
    fn html_in_a_message_is_text() {
        let words = of_one(Locale::En, "<b>Eve</b>", "<script>alert('1')</script> & \"so\"");
        assert!(!words.html.contains("<script>") && !words.html.contains("<b>"), "{}", words.html);
        assert!(words.html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;so&quot;"));
        assert!(words.text.contains("<script>alert('1')</script>"), "the text part is text");
    }

    #[test]
    fn a_preview_is_one_line_that_is_cut_between_graphemes() {
        // Each family is one grapheme of seven characters.
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let words = of_one(Locale::En, "Ada", &format!("{}\n{}", family, family.repeat(100)));
        assert!(words.text.contains(&format!("\n> {family} {}…\n", family.repeat(27))), "{}", words.text);
    }

    #[test]
    fn a_name_from_right_to_left_leaves_the_number_of_the_house_where_it_is() {
        let shown = of_one(Locale::Fr, "عمر", "مرحبا");
        assert_eq!(shown.subject, "Nouveau message de \u{2068}عمر\u{2069} – 12 rue des Lilas");
        let heading = "<h1 style=\"font-size: 1.2em\">Nouveau message de <bdi>عمر</bdi></h1>";
        assert!(shown.html.contains(heading), "{}", shown.html);
        assert!(!of_one(Locale::Fr, "Ada", "Bonjour").html.contains("bdi"));
    }

    proptest! {
        #[test]
        fn no_name_and_no_message_makes_a_header_or_a_tag(author in any::<String>(), text in any::<String>()) {
            let shown = of_one(Locale::En, &author, &text);
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
            prop_assert!(!shown.subject.chars().any(breaks), "{}", shown.subject);
            prop_assert!(shown.subject.chars().count() <= 200);
            let html = shown.html.replace("<bdi>", "").replace("</bdi>", "");
            let tags = of_one(Locale::En, "A", "B").html.matches('<').count();
            prop_assert_eq!(html.matches('<').count(), tags);
            prop_assert_eq!(html.matches('>').count(), tags);
        }
    }
}
