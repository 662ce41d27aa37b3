//! The two pages. They quote nothing from the request: the button posts to the page's own address.

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
    let form = format!(
        "<p>{text}</p>\n<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
         <button>{button}</button></form>"
    );
    page(locale, title, &form)
}

/// Says that e-mail is off.
pub(super) fn done(locale: Locale) -> String {
    let (title, text) = match locale {
        Locale::En => {
            ("E-mails are off", "You get no more e-mails about new messages. You can turn them on again in the app.")
        }
        Locale::Fr => (
            "E-mails désactivés",
            "Vous ne recevrez plus d’e-mails au sujet des nouveaux messages. Vous pouvez les réactiver dans l’application.",
        ),
    };
    page(locale, title, &format!("<p>{text}</p>"))
}

fn page(locale: Locale, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n",
        locale.name()
    )
}
