//! The title and the sentence of a notification, made from its data, in each language.

use serde_json::{Map, Value};

use super::Kind;
use crate::problem::Problem;
use crate::users::locale::Locale;

/// Longest title and sentence, in characters.
const MAX_TITLE: usize = 100;
const MAX_SENTENCE: usize = 500;

/// The text of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The title of a push.
    pub title: String,
    /// The sentence, which the contract calls `message`.
    pub body: String,
}

impl Words {
    /// The text for this type. It names the sender and the subject if the data has them. A system announcement has the
    /// `title` and `message` of its data.
    #[must_use]
    pub fn of(kind: Kind, locale: Locale, data: &Map<String, Value>) -> Self {
        let sender = sender(data);
        let (title, body) = match locale {
            Locale::En => english(kind, sender.unwrap_or("Someone"), data),
            Locale::Fr => french(kind, sender.unwrap_or("Quelqu’un"), data),
        };
        let cut = |text: &str, most| text.chars().take(most).collect();
        Self { title: cut(title, MAX_TITLE), body: cut(&body, MAX_SENTENCE) }
    }

    /// Checks a title and a sentence of the sender's own.
    ///
    /// # Errors
    /// 400 for a text that is blank, too long, or has control characters other than line breaks in the sentence.
    pub(super) fn check_own(title: Option<&str>, body: Option<&str>) -> Result<(), Problem> {
        let fits = |text: &str, most: usize, may_have: fn(char) -> bool| {
            let is_plain = |character: char| !character.is_control() || may_have(character);
            !text.trim().is_empty() && text.chars().count() <= most && text.chars().all(is_plain)
        };
        if title.is_some_and(|title| !fits(title, MAX_TITLE, |_| false)) {
            let rule = format!("must be 1 to {MAX_TITLE} characters without control characters");
            return Err(Problem::field("title", rule));
        }
        if body.is_some_and(|body| !fits(body, MAX_SENTENCE, |character| character == '\n')) {
            let rule =
                format!("must be 1 to {MAX_SENTENCE} characters without control characters other than line feeds");
            return Err(Problem::field("body", rule));
        }
        Ok(())
    }

    /// With the sender's own title and sentence, where there are any.
    #[must_use]
    pub(super) fn or_own(self, title: Option<&str>, body: Option<&str>) -> Self {
        let own = |text: Option<&str>, other| text.map_or(other, str::to_owned);
        Self { title: own(title, self.title), body: own(body, self.body) }
    }
}

fn text<'a>(data: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    data.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// `senderName`, or the person as the events of kudos and invitations show them.
fn sender(data: &Map<String, Value>) -> Option<&str> {
    let of = |person: &str, name: &str| text(data.get(person)?.as_object()?, name);
    text(data, "senderName").or_else(|| of("fromUser", "displayName")).or_else(|| of("invitedBy", "username"))
}

fn english<'a>(kind: Kind, sender: &str, data: &'a Map<String, Value>) -> (&'a str, String) {
    match kind {
        Kind::Message => ("New Message", format!("{sender} sent you a message")),
        Kind::ConnectionRequest => ("Connection Request", format!("{sender} wants to connect with you")),
        Kind::ConnectionAccepted => ("Connection Accepted", format!("{sender} accepted your connection request")),
        Kind::PostComment => ("New Comment", format!("{sender} commented on your post")),
        Kind::CommentMention => ("New Mention", format!("{sender} mentioned you in a comment")),
        Kind::ReferralApplication => ("Referral Application", format!("{sender} applied for your referral")),
        Kind::ProjectUpdate => {
            let project = text(data, "projectName").unwrap_or("your project");
            ("Project Update", format!("There is news in {project}"))
        }
        Kind::System => {
            let message = text(data, "message").unwrap_or("There is an announcement for you");
            (text(data, "title").unwrap_or("Announcement"), message.to_owned())
        }
        Kind::Kudos => match text(data, "bookTitle") {
            Some(book) => ("Kudos", format!("{sender} gave you kudos for reading {book}")),
            None => ("Kudos", format!("{sender} gave you kudos")),
        },
        Kind::PartyInvitation => {
            let party = text(data, "partyName").unwrap_or("a party");
            ("Party Invitation", format!("{sender} invited you to {party}"))
        }
    }
}

fn french<'a>(kind: Kind, sender: &str, data: &'a Map<String, Value>) -> (&'a str, String) {
    match kind {
        Kind::Message => ("Nouveau message", format!("{sender} vous a envoyé un message")),
        Kind::ConnectionRequest => ("Demande de connexion", format!("{sender} souhaite entrer en contact avec vous")),
        Kind::ConnectionAccepted => ("Demande acceptée", format!("{sender} a accepté votre demande de connexion")),
        Kind::PostComment => ("Nouveau commentaire", format!("{sender} a commenté votre publication")),
        Kind::CommentMention => ("Nouvelle mention", format!("{sender} vous mentionne dans un commentaire")),
        Kind::ReferralApplication => ("Candidature", format!("{sender} a postulé à votre offre de cooptation")),
        Kind::ProjectUpdate => {
            let project = text(data, "projectName").unwrap_or("votre projet");
            ("Du nouveau", format!("Il y a du nouveau dans {project}"))
        }
        Kind::System => {
            let message = text(data, "message").unwrap_or("Il y a une annonce pour vous");
            (text(data, "title").unwrap_or("Annonce"), message.to_owned())
        }
        Kind::Kudos => match text(data, "bookTitle") {
            Some(book) => ("Félicitations", format!("{sender} vous félicite pour votre lecture de {book}")),
            None => ("Félicitations", format!("{sender} vous félicite pour votre lecture")),
        },
        Kind::PartyInvitation => match text(data, "partyName") {
            Some(party) => ("Invitation", format!("{sender} vous invite à rejoindre {party}")),
            None => ("Invitation", format!("{sender} vous invite à rejoindre un groupe")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn words(kind: Kind, locale: Locale, data: Value) -> (String, String) {
        let Words { title, body } = Words::of(kind, locale, data.as_object().unwrap());
        (title, body)
    }

    #[test]
    fn a_sentence_names_who_and_what_if_the_data_does() {
        let (title, body) = words(Kind::Message, Locale::En, json!({ "senderName": "John" }));
        assert_eq!((title.as_str(), body.as_str()), ("New Message", "John sent you a message"));
        assert_eq!(words(Kind::Message, Locale::En, json!({ "senderName": 7 })).1, "Someone sent you a message");
        assert_eq!(words(Kind::Message, Locale::Fr, json!({})).1, "Quelqu’un vous a envoyé un message");
        let kudos = json!({ "fromUser": { "displayName": "Ada" }, "bookTitle": "Emma" });
        assert_eq!(words(Kind::Kudos, Locale::En, kudos).1, "Ada gave you kudos for reading Emma");
        let invitation = json!({ "invitedBy": { "username": "ada" }, "partyName": "Les lecteurs" });
        assert_eq!(words(Kind::PartyInvitation, Locale::Fr, invitation).1, "ada vous invite à rejoindre Les lecteurs");
        let system = json!({ "title": "Maintenance", "message": "Tonight at ten" });
        assert_eq!(words(Kind::System, Locale::Fr, system), ("Maintenance".to_owned(), "Tonight at ten".to_owned()));
    }

    #[test]
    fn each_type_has_words_of_its_own_in_each_language() {
        let all = Kind::ALL.into_iter().flat_map(|kind| [(kind, Locale::En), (kind, Locale::Fr)]);
        let bodies: BTreeSet<_> =
            all.map(|(kind, locale)| words(kind, locale, json!({ "senderName": "Ada" })).1).collect();
        assert_eq!(bodies.len(), 2 * Kind::ALL.len());
    }

    #[test]
    fn text_from_a_request_is_cut() {
        let long = "é".repeat(1_000);
        let (title, body) = words(Kind::System, Locale::En, json!({ "title": long, "message": long }));
        assert_eq!((title.chars().count(), body.chars().count()), (MAX_TITLE, MAX_SENTENCE));
    }
}
