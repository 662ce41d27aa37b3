//! The types of notification, and the sentence that each is told with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Seed 002, "Notification Types".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// New chat message.
    Message,
    /// Connection request received.
    ConnectionRequest,
    /// Connection request accepted.
    ConnectionAccepted,
    /// Comment on the user's post.
    PostComment,
    /// Mentioned in a comment.
    CommentMention,
    /// New referral application.
    ReferralApplication,
    /// Project update.
    ProjectUpdate,
    /// System announcement.
    System,
}

/// All of them, for messages that list what is allowed.
const ALL: [Kind; 8] = [
    Kind::Message,
    Kind::ConnectionRequest,
    Kind::ConnectionAccepted,
    Kind::PostComment,
    Kind::CommentMention,
    Kind::ReferralApplication,
    Kind::ProjectUpdate,
    Kind::System,
];

/// How urgent a notification is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// May wait.
    #[default]
    Normal,
    /// May not.
    High,
}

/// Longest sentence taken over from a request, in characters.
const MAX_SENTENCE: usize = 500;

impl Kind {
    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Every name, separated by commas.
    #[must_use]
    pub fn names() -> String {
        ALL.map(Self::name).join(", ")
    }

    /// Its name in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "MESSAGE",
            Self::ConnectionRequest => "CONNECTION_REQUEST",
            Self::ConnectionAccepted => "CONNECTION_ACCEPTED",
            Self::PostComment => "POST_COMMENT",
            Self::CommentMention => "COMMENT_MENTION",
            Self::ReferralApplication => "REFERRAL_APPLICATION",
            Self::ProjectUpdate => "PROJECT_UPDATE",
            Self::System => "SYSTEM",
        }
    }

    /// The sentence to show. It names the sender when the data does (`senderName`); a system announcement says what its
    /// `message` says.
    #[must_use]
    pub fn sentence(self, data: &Map<String, Value>) -> String {
        let text = |field: &str| data.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let sender = text("senderName").unwrap_or("Someone");
        let sentence = match self {
            Self::Message => format!("{sender} sent you a message"),
            Self::ConnectionRequest => format!("{sender} wants to connect with you"),
            Self::ConnectionAccepted => format!("{sender} accepted your connection request"),
            Self::PostComment => format!("{sender} commented on your post"),
            Self::CommentMention => format!("{sender} mentioned you in a comment"),
            Self::ReferralApplication => format!("{sender} applied for your referral"),
            Self::ProjectUpdate => match text("projectName") {
                Some(project) => format!("There is news in {project}"),
                None => "There is news in your project".to_owned(),
            },
            Self::System => text("message").unwrap_or("There is an announcement for you").to_owned(),
        };
        sentence.chars().take(MAX_SENTENCE).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_type_has_its_name_both_ways() {
        for kind in ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
            assert_eq!(json!(kind), json!(kind.name()));
        }
        assert_eq!(Kind::named("message"), None);
    }

    #[test]
    fn a_sentence_names_who_and_what_if_the_data_does() {
        let with = |data: Value| Kind::Message.sentence(data.as_object().unwrap());
        assert_eq!(with(json!({ "senderName": "John" })), "John sent you a message");
        assert_eq!(with(json!({ "senderName": 7 })), "Someone sent you a message");
    }
}
