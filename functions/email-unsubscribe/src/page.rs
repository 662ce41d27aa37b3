//! The pages. They quote nothing from the request: the button posts to the page's own address.

use shared::users::locale::Locale;

/// Asks whether to turn e-mail off.
pub(super) fn question(locale: Locale) -> String {
    let (title, text, button) = match locale {
        Locale::En => {
            ("E-mails about messages", "Do you want to get no more e-mails about new messages?", "Turn them off")
        }
        Locale::Fr => (
            "E-mails de messages",
            "Ne plus recevoir d’e-mails au sujet des nouveaux messages\u{202f}?",
            "Ne plus les recevoir",
        ),
    };
    page(locale, title, &form(text, "List-Unsubscribe", "One-Click", button))
}

/// The body that the button of [`off`] posts.
pub(super) const ON: &str = "emails=on";

/// Says that e-mail is off, with a button that turns it on again.
pub(super) fn off(locale: Locale) -> String {
    let (title, text, button) = match locale {
        Locale::En => ("E-mails are off", "You get no more e-mails about new messages.", "Turn them on again"),
        Locale::Fr => {
            ("E-mails désactivés", "Vous ne recevrez plus d’e-mails au sujet des nouveaux messages.", "Les réactiver")
        }
    };
    let (name, value) = ON.split_once('=').unwrap_or_default();
    page(locale, title, &form(text, name, value, button))
}

/// Says that e-mail is on.
pub(super) fn on(locale: Locale) -> String {
    let (title, text) = match locale {
        Locale::En => ("E-mails are on", "You get e-mails about new messages while you are away."),
        Locale::Fr => {
            ("E-mails activés", "Vous recevrez des e-mails au sujet des nouveaux messages pendant votre absence.")
        }
    };
    page(locale, title, &format!("<p>{text}</p>"))
}

/// A button that posts one field to the page's own address.
fn form(text: &str, name: &str, value: &str, button: &str) -> String {
    format!(
        "<p>{text}</p>\n<form method=\"post\"><input type=\"hidden\" name=\"{name}\" value=\"{value}\">\
         <button>{button}</button></form>"
    )
}

fn page(locale: Locale, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n",
        locale.name()
    )
}
