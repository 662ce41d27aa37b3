//! The types of notification for which Carillon has words, and priorities.

use serde::{Deserialize, Serialize};

/// A built-in type. [`super::NotificationType`] is one of these or the app's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotificationKind {
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
    /// Kudos for a reading session.
    Kudos,
    /// Invited to a party.
    PartyInvitation,
}

/// How urgent a notification is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    #[default]
    Normal,
    /// Urgent: pushed even if the user is connected.
    High,
}

impl NotificationKind {
    pub const ALL: [Self; 10] = [
        Self::Message,
        Self::ConnectionRequest,
        Self::ConnectionAccepted,
        Self::PostComment,
        Self::CommentMention,
        Self::ReferralApplication,
        Self::ProjectUpdate,
        Self::System,
        Self::Kudos,
        Self::PartyInvitation,
    ];

    /// The type with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// All names, separated by commas.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
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
            Self::Kudos => "KUDOS",
            Self::PartyInvitation => "PARTY_INVITATION",
        }
    }
}

impl Priority {
    /// Its name in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_type_has_its_name_both_ways() {
        for kind in NotificationKind::ALL {
            assert_eq!(NotificationKind::named(kind.name()), Some(kind));
            assert_eq!(json!(kind), json!(kind.name()));
        }
        assert_eq!(NotificationKind::named("message"), None);
        assert_eq!(json!(Priority::High), json!(Priority::High.name()));
    }
}
