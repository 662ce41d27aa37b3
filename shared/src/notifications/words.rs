//! The title and the sentence of a notification, made from its data, in each language.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::NotificationKind;
use crate::api_error::ApiError;
use crate::contract::text::{Line, Picture, Text};
use crate::users::locale::Locale;

/// Longest title and sentence, in characters.
const MAX_TITLE: usize = 100;
const MAX_SENTENCE: usize = 500;
/// Longest name of a person or a thing in a sentence, in characters; and of each of two. All sentences fit then: a cut would separate
/// U+2068 from its U+2069.
const MAX_NAME: usize = 300;
const MAX_OF_TWO: usize = 200;

/// The text of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The title of a push.
    pub title: Line,
    /// The sentence, which the contract calls `message`.
    pub body: Text,
}

/// The content of a field of the data.
#[derive(Clone, Copy)]
enum Shown {
    Name,
    Picture,
}

/// The fields of the data that a sentence or a client shows, each with the object that it is in.
const SHOWN: [(Option<&str>, &str, Shown); 10] = [
    (None, "senderName", Shown::Name),
    (None, "senderAvatar", Shown::Picture),
    (Some("fromUser"), "displayName", Shown::Name),
    (Some("fromUser"), "avatarUrl", Shown::Picture),
    (Some("invitedBy"), "username", Shown::Name),
    (Some("invitedBy"), "avatar", Shown::Picture),
    (None, "projectName", Shown::Name),
    (None, "bookTitle", Shown::Name),
    (None, "partyName", Shown::Name),
    (None, "title", Shown::Name),
];

impl Words {
    /// The text for this type. It names the sender and the subject if the data has them. A system announcement has the
    /// `title` and `message` of its data.
    #[must_use]
    pub fn of(kind: NotificationKind, locale: Locale, data: &Map<String, Value>) -> Self {
        let announced = |field| data.get(field).and_then(Value::as_str).filter(|_| kind == NotificationKind::System);
        let (title, body) = match locale {
            Locale::En => english(kind, data),
            Locale::Fr => french(kind, data),
        };
        // A title and a body of ours are never blank.
        let title =
            announced("title").and_then(|text| Line::cleaned(text, MAX_TITLE)).or(Line::cleaned(title, MAX_TITLE));
        let announced = announced("message").and_then(|text| Text::cleaned(text.trim(), MAX_SENTENCE));
        let body = announced.unwrap_or_else(|| Text::ours(body));
        Self { title: title.unwrap_or_default(), body }
    }

    /// The data as others may be shown it: of the names that a sentence shows, each is one line. An empty one counts as absent, and a
    /// longer one is cut.
    ///
    /// # Errors
    /// 400 for a name or a title with line breaks or control characters, which would make another sentence, and for a picture of the
    /// sender that is not an address on the web.
    pub(super) fn clean_data(mut data: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
        for (within, field, is) in SHOWN {
            let object = match within {
                None => Some(&mut data),
                Some(within) => data.get_mut(within).and_then(Value::as_object_mut),
            };
            let Some(Value::String(text)) = object.and_then(|object| object.get_mut(field)) else { continue };
            if text.trim().is_empty() {
                continue;
            }
            let named = || within.map_or_else(|| format!("data.{field}"), |within| format!("data.{within}.{field}"));
            *text = match is {
                Shown::Name => Line::parse(text, usize::MAX).map(|line| line.as_str().to_owned()).map_err(|_| {
                    ApiError::field(
                        &named(),
                        "must be one line that can be seen, without line breaks, tabs and control characters",
                    )
                })?,
                Shown::Picture => Picture::parse(text)
                    .map(|picture| picture.as_str().to_owned())
                    .ok_or_else(|| ApiError::field(&named(), Picture::RULE))?,
            };
        }
        Ok(data)
    }

    /// Reads a title and a sentence of the sender's own.
    ///
    /// # Errors
    /// 400 for a text that is blank, too long, or has control characters; the sentence may have line breaks and tabs.
    pub(super) fn own(title: Option<&str>, body: Option<&str>) -> Result<(Option<Line>, Option<Text>), ApiError> {
        let title = title.map(|title| Line::parse(title, MAX_TITLE)).transpose();
        let body = body.map(|body| Text::parse(body, MAX_SENTENCE)).transpose();
        Ok((
            title.map_err(|error| ApiError::field("title", error))?,
            body.map_err(|error| ApiError::field("body", error))?,
        ))
    }

    /// With the sender's own title and sentence, where there are any.
    #[must_use]
    pub(super) fn or_own(self, title: Option<Line>, body: Option<Text>) -> Self {
        Self { title: title.unwrap_or(self.title), body: body.unwrap_or(self.body) }
    }
}

/// The line in a field; `None` for an invisible one.
fn line(data: &Map<String, Value>, field: &str, most: usize) -> Option<Line> {
    Line::cleaned(data.get(field)?.as_str()?, most)
}

/// `senderName`, or the person as the events of kudos and invitations show them; and what the sentence also names.
fn sender_and_thing(kind: NotificationKind, data: &Map<String, Value>) -> (Option<Line>, Option<Line>) {
    let (thing, most) = match kind {
        NotificationKind::Kudos => (line(data, "bookTitle", MAX_OF_TWO), MAX_OF_TWO),
        NotificationKind::PartyInvitation => (line(data, "partyName", MAX_OF_TWO), MAX_OF_TWO),
        NotificationKind::ProjectUpdate => (line(data, "projectName", MAX_NAME), MAX_NAME),
        _ => (None, MAX_NAME),
    };
    let of = |person: &str, name: &str| line(data.get(person)?.as_object()?, name, most);
    let sender = line(data, "senderName", most).or_else(|| of("fromUser", "displayName"));
    (sender.or_else(|| of("invitedBy", "username")), thing)
}

/// The name as a part of a sentence; without a name, other words.
fn named<'a>(name: Option<&'a Line>, otherwise: &'a str) -> Box<dyn Display + 'a> {
    match name {
        Some(name) => Box::new(name.isolated()),
        None => Box::new(otherwise),
    }
}

fn english(kind: NotificationKind, data: &Map<String, Value>) -> (&'static str, String) {
    let (sender, thing) = sender_and_thing(kind, data);
    let sender = named(sender.as_ref(), "Someone");
    match kind {
        NotificationKind::Message => ("New Message", format!("{sender} sent you a message")),
        NotificationKind::ConnectionRequest => ("Connection Request", format!("{sender} wants to connect with you")),
        NotificationKind::ConnectionAccepted => {
            ("Connection Accepted", format!("{sender} accepted your connection request"))
        }
        NotificationKind::PostComment => ("New Comment", format!("{sender} commented on your post")),
        NotificationKind::CommentMention => ("New Mention", format!("{sender} mentioned you in a comment")),
        NotificationKind::ReferralApplication => {
            ("Referral Application", format!("{sender} applied for your referral"))
        }
        NotificationKind::ProjectUpdate => {
            ("Project Update", format!("There is news in {}", named(thing.as_ref(), "your project")))
        }
        NotificationKind::System => ("Announcement", "There is an announcement for you".to_owned()),
        NotificationKind::Kudos => match &thing {
            Some(book) => ("Kudos", format!("{sender} gave you kudos for reading {}", book.isolated())),
            None => ("Kudos", format!("{sender} gave you kudos")),
        },
        NotificationKind::PartyInvitation => {
            ("Party Invitation", format!("{sender} invited you to {}", named(thing.as_ref(), "a party")))
        }
    }
}

fn french(kind: NotificationKind, data: &Map<String, Value>) -> (&'static str, String) {
    let (sender, thing) = sender_and_thing(kind, data);
    let sender = named(sender.as_ref(), "Quelqu’un");
    match kind {
        NotificationKind::Message => ("Nouveau message", format!("{sender} vous a envoyé un message")),
        NotificationKind::ConnectionRequest => {
            ("Demande de connexion", format!("{sender} souhaite entrer en contact avec vous"))
        }
        NotificationKind::ConnectionAccepted => {
            ("Demande acceptée", format!("{sender} a accepté votre demande de connexion"))
        }
        NotificationKind::PostComment => ("Nouveau commentaire", format!("{sender} a commenté votre publication")),
        NotificationKind::CommentMention => {
            ("Nouvelle mention", format!("{sender} vous mentionne dans un commentaire"))
        }
        NotificationKind::ReferralApplication => {
            ("Candidature", format!("{sender} a postulé à votre offre de cooptation"))
        }
        NotificationKind::ProjectUpdate => {
            ("Du nouveau", format!("Il y a du nouveau dans {}", named(thing.as_ref(), "votre projet")))
        }
        NotificationKind::System => ("Annonce", "Il y a une annonce pour vous".to_owned()),
        NotificationKind::Kudos => match &thing {
            Some(book) => {
                ("Félicitations", format!("{sender} vous félicite pour votre lecture de {}", book.isolated()))
            }
            None => ("Félicitations", format!("{sender} vous félicite pour votre lecture")),
        },
        NotificationKind::PartyInvitation => match &thing {
            Some(party) => ("Invitation", format!("{sender} vous invite à rejoindre {}", party.isolated())),
            None => ("Invitation", format!("{sender} vous invite à rejoindre un groupe")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn words(kind: NotificationKind, locale: Locale, data: Value) -> (String, String) {
        let Words { title, body } = Words::of(kind, locale, data.as_object().unwrap());
        (title.as_str().to_owned(), body.as_str().to_owned())
    }

    #[test]
    fn a_sentence_names_who_and_what_if_the_data_does() {
        let (title, body) = words(NotificationKind::Message, Locale::En, json!({ "senderName": "John" }));
        assert_eq!((title.as_str(), body.as_str()), ("New Message", "John sent you a message"));
        assert_eq!(
            words(NotificationKind::Message, Locale::En, json!({ "senderName": 7 })).1,
            "Someone sent you a message"
        );
        assert_eq!(words(NotificationKind::Message, Locale::Fr, json!({})).1, "Quelqu’un vous a envoyé un message");
        let kudos = json!({ "fromUser": { "displayName": "Ada" }, "bookTitle": "Emma" });
        assert_eq!(words(NotificationKind::Kudos, Locale::En, kudos).1, "Ada gave you kudos for reading Emma");
        let invitation = json!({ "invitedBy": { "username": "ada" }, "partyName": "Les lecteurs" });
        assert_eq!(
            words(NotificationKind::PartyInvitation, Locale::Fr, invitation).1,
            "ada vous invite à rejoindre Les lecteurs"
        );
        let system = json!({ "title": "Maintenance", "message": "Tonight at ten" });
        assert_eq!(
            words(NotificationKind::System, Locale::Fr, system),
            ("Maintenance".to_owned(), "Tonight at ten".to_owned())
        );
    }

    #[test]
    fn each_type_has_words_of_its_own_in_each_language() {
        let all = NotificationKind::ALL.into_iter().flat_map(|kind| [(kind, Locale::En), (kind, Locale::Fr)]);
        let bodies: BTreeSet<_> =
            all.map(|(kind, locale)| words(kind, locale, json!({ "senderName": "Ada" })).1).collect();
        assert_eq!(bodies.len(), 2 * NotificationKind::ALL.len());
    }

    #[test]
    fn text_from_a_request_is_cut() {
        let long = "é".repeat(1_000);
        let (title, body) = words(NotificationKind::System, Locale::En, json!({ "title": long, "message": long }));
        assert_eq!((title.chars().count(), body.chars().count()), (MAX_TITLE, MAX_SENTENCE));
    }
    #[test]
    fn a_sentence_is_cut_between_graphemes() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let (title, body) = words(
            NotificationKind::System,
            Locale::En,
            json!({ "title": family.repeat(20), "message": family.repeat(100) }),
        );
        assert_eq!((title, body), (family.repeat(14), family.repeat(71)));
        let sender = json!({ "senderName": format!("{}🇫🇷🇫🇷", "x".repeat(297)) });
        let expected = format!("{}🇫🇷 sent you a message", "x".repeat(297));
        assert_eq!(words(NotificationKind::Message, Locale::En, sender).1, expected);
    }

    #[test]
    fn each_isolated_name_ends_within_the_sentence_at_any_length() {
        let long = "ع".repeat(400);
        let data = json!({ "senderName": long, "bookTitle": long, "partyName": long, "projectName": long });
        for (kind, locale) in
            NotificationKind::ALL.into_iter().flat_map(|kind| [(kind, Locale::En), (kind, Locale::Fr)])
        {
            let body = words(kind, locale, data.clone()).1;
            assert_eq!(body.matches('\u{2068}').count(), body.matches('\u{2069}').count(), "{kind:?} {locale:?}");
            assert!(body.chars().count() <= MAX_SENTENCE, "{kind:?} {locale:?}: {}", body.chars().count());
        }
    }

    #[test]
    fn a_name_makes_no_sentence_of_its_own_and_turns_none_around() {
        let body = |sender: &str| words(NotificationKind::Message, Locale::En, json!({ "senderName": sender })).1;
        assert_eq!(body("Ada\nYour bank: call 0800"), "Ada Your bank: call 0800 sent you a message");
        assert_eq!(body("\u{202e}adA"), "adA sent you a message");
        assert_eq!(body("\u{3164}"), "Someone sent you a message");
        assert_eq!(body("عمر"), "\u{2068}عمر\u{2069} sent you a message");
        let check = |data: Value| {
            Words::clean_data(data.as_object().unwrap().clone()).map(drop).map_err(|error| error.to_string())
        };
        assert!(
            check(json!({ "fromUser": { "displayName": "a\nb" } })).unwrap_err().contains("data.fromUser.displayName")
        );
        for fine in [json!({ "senderName": "" }), json!({ "senderName": 7 }), json!({ "other": "a\nb" }), json!({})] {
            assert_eq!(check(fine), Ok(()));
        }
    }
}
