//! The conversations in which a user has written or read.

use serde::Serialize;

use super::{Conversation, ConversationKind};
use crate::contract::id::{BookingId, HotelSlug, LeaseId, UserId};
use crate::table::key::author;
use crate::table::{Item, Query, Table, TableError, text};

/// A conversation, by the kind of its participants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum UserConversation {
    /// A guest's with a hotel.
    Guest { hotel_slug: HotelSlug, booking_id: BookingId },
    /// About a lease.
    Lease { bail_id: LeaseId },
    /// With another user.
    Direct { user_id: UserId },
}

/// Some conversations of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserConversations {
    /// In no useful order.
    conversations: Vec<UserConversation>,
    /// Whether there are more.
    has_more: bool,
}

/// Up to `limit` conversations of a user, by one query of the index, which has each under the user's read mark. One in which they have neither
/// written nor read is not there.
///
/// # Errors
/// When DynamoDB fails.
pub async fn of_user(table: &Table, user: &UserId, limit: u16) -> Result<UserConversations, TableError> {
    let found = table.query(&Query::of_index(author(user)).limit(limit)).await?;
    let mut conversations = Vec::with_capacity(found.items.len());
    for view in found.items.iter().filter_map(|row| view(row, user)) {
        // Of a version that gave each message an entry in the index.
        if !conversations.contains(&view) {
            conversations.push(view);
        }
    }
    Ok(UserConversations { conversations, has_more: found.last_evaluated_key.is_some() })
}

fn view(row: &Item, user: &UserId) -> Option<UserConversation> {
    let conversation = Conversation::of_partition(text(row.get("pk")?)?)?;
    Some(match conversation.kind().clone() {
        ConversationKind::Guest(hotel_slug, booking_id) => UserConversation::Guest { hotel_slug, booking_id },
        ConversationKind::Lease(bail_id) => UserConversation::Lease { bail_id },
        ConversationKind::Direct(one, other) => {
            UserConversation::Direct { user_id: if one == *user { other } else { one } }
        }
    })
}
