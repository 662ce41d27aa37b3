//! Pushes that replace each other: of several pushes of one type and one source within a minute, a device shows only
//! the newest. The stored notifications stay separate.
//!
//! By tag and not by `collapse_key`: FCM keeps four of those for an offline phone and drops the rest. The groups are in the
//! counter row, which every notification writes, so two notifications at once cannot both start a group.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{NotificationKind, NotificationType};
use crate::contract::time::Millis;
use crate::settings::Secret;

/// How long after its first push a group accepts others, in seconds.
const WINDOW: i64 = 60;
/// Most groups in the counter row, which every notification writes.
const MAX_GROUPS: usize = 16;

/// The groups of the last minute, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Groups(Vec<Group>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    kind: NotificationType,
    /// A keyed hash: the row is the receiver's, and the source may be a user who is erased.
    source: String,
    tag: String,
    since: Millis,
}

impl Groups {
    /// The tag of the group to which a push of this type and source belongs. `tag` is the tag of a new group. A push
    /// without a source is a group of its own.
    pub(super) fn join(&mut self, kind: NotificationType, source: Option<String>, tag: String, now: Millis) -> String {
        self.0.retain(|group| now.since(group.since) < WINDOW * 1000);
        let Some(source) = source else {
            return tag;
        };
        if let Some(group) = self.0.iter().find(|group| group.kind == kind && group.source == source) {
            return group.tag.clone();
        }
        if self.0.len() >= MAX_GROUPS {
            self.0.remove(0);
        }
        self.0.push(Group { kind, source, tag: tag.clone(), since: now });
        tag
    }
}

/// The source of a notification, as a keyed hash.
pub(super) fn source(secret: &Secret, kind: &NotificationType, data: &Map<String, Value>) -> Option<String> {
    named(kind, data).map(|source| secret.pseudonym("source of pushes", &source))
}

/// The source in the data: `sourceId`, or else the fields that suit the type.
fn named(kind: &NotificationType, data: &Map<String, Value>) -> Option<String> {
    let NotificationType::BuiltIn(kind) = kind else {
        return first_of(&["sourceId", "senderId"], data);
    };
    let own = match kind {
        NotificationKind::Message => &["conversationId", "senderId"][..],
        NotificationKind::ConnectionRequest | NotificationKind::ConnectionAccepted | NotificationKind::System => {
            &["senderId"]
        }
        NotificationKind::PostComment | NotificationKind::CommentMention => &["postId", "senderId"],
        NotificationKind::ReferralApplication => &["referralId", "senderId"],
        NotificationKind::ProjectUpdate => &["projectId"],
        NotificationKind::Kudos => &["sessionId", "senderId"],
        NotificationKind::PartyInvitation => &["partyId"],
    };
    first_of(&["sourceId"], data).or_else(|| first_of(own, data))
}

/// The first of these fields that is in the data, as text.
fn first_of(fields: &[&str], data: &Map<String, Value>) -> Option<String> {
    fields.iter().find_map(|field| match data.get(*field)? {
        Value::String(text) if !text.is_empty() => Some(text.chars().take(128).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_group_is_one_type_and_one_source_within_a_minute() {
        let (mut groups, now) = (Groups::default(), Millis(1_000_000));
        let mut join = |kind: NotificationKind, source: Option<&str>, tag: &str, seconds| {
            groups.join(kind.into(), source.map(str::to_owned), tag.to_owned(), now.plus_seconds(seconds))
        };
        assert_eq!(join(NotificationKind::Message, Some("ben"), "1", 0), "1");
        assert_eq!(join(NotificationKind::Message, Some("ben"), "2", 30), "1");
        assert_eq!(join(NotificationKind::Message, Some("eve"), "3", 30), "3");
        assert_eq!(join(NotificationKind::PostComment, Some("ben"), "4", 30), "4");
        assert_eq!(join(NotificationKind::Message, None, "5", 30), "5");
        assert_eq!(join(NotificationKind::Message, None, "6", 30), "6");
        assert_eq!(join(NotificationKind::Message, Some("ben"), "7", 59), "1");
        assert_eq!(
            join(NotificationKind::Message, Some("ben"), "8", 60),
            "8",
            "a minute after the first, not the last"
        );
    }

    #[test]
    fn the_newest_groups_are_remembered() {
        let (mut groups, now) = (Groups::default(), Millis(0));
        for n in 0..=MAX_GROUPS {
            groups.join(NotificationKind::Message.into(), Some(n.to_string()), n.to_string(), now);
        }
        assert_eq!(groups.0.len(), MAX_GROUPS);
        assert_eq!(
            groups.join(NotificationKind::Message.into(), Some(MAX_GROUPS.to_string()), "new".to_owned(), now),
            MAX_GROUPS.to_string()
        );
    }

    #[test]
    fn a_source_is_what_the_type_is_about() {
        let of = |kind: NotificationKind, data: Value| named(&kind.into(), data.as_object().unwrap());
        assert_eq!(of(NotificationKind::Message, json!({ "senderId": "ben" })).as_deref(), Some("ben"));
        assert_eq!(of(NotificationKind::PostComment, json!({ "senderId": "ben", "postId": 7 })).as_deref(), Some("7"));
        assert_eq!(of(NotificationKind::PostComment, json!({ "sourceId": "s", "postId": 7 })).as_deref(), Some("s"));
        assert_eq!(of(NotificationKind::System, json!({ "message": "m" })), None);
        let of_own = |data: Value| named(&NotificationType::parse("ORDER_SHIPPED").unwrap(), data.as_object().unwrap());
        assert_eq!(of_own(json!({ "senderId": "shop", "sourceId": "order-7" })).as_deref(), Some("order-7"));
        assert_eq!(of_own(json!({ "senderId": "shop", "projectId": "p" })).as_deref(), Some("shop"));
        assert_eq!(of_own(json!({ "orderId": "7" })), None);
    }
}
