//! Pages of a user's conversations.

use serde::Serialize;

use super::find::{Found, find};
use crate::api_error::ApiError;
use crate::chats::{Conversation, ConversationKind, Head, LastMessage, Seq, seq_of};
use crate::contract::chats::{ChatState, StaffMember};
use crate::contract::id::{BookingId, HotelSlug, LeaseId, UserId};
use crate::contract::person::Person;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::http::page;
use crate::table::{Table, TableError};
use crate::users::profile;

/// The last conversation of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationCursor {
    at: Millis,
    /// The conversation's partition.
    of: String,
}

impl ConversationCursor {
    /// Parses a `nextCursor`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            let (at, of) = text.split_once('#')?;
            let conversation = Conversation::of_partition(of)?;
            Some(Self { at: Millis::parse_iso(at)?, of: conversation.partition().to_owned() })
        })
    }

    fn text(&self) -> String {
        page::cursor(&format!("{}#{}", self.at.iso(), self.of))
    }
}

/// A page of a user's conversations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// The one with the newest message first.
    conversations: Vec<ConversationView>,
    /// Unread messages of all conversations, on every page the same.
    unread_count: u64,
    /// False where the user has more conversations than a list can have.
    is_complete: bool,
    /// For the next page, or `null`.
    next_cursor: Option<String>,
}

/// A conversation in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationView {
    #[serde(flatten)]
    about: About,
    last_message: LastMessage,
    /// The user has read all messages up to this number.
    read_seq: Seq,
    /// How many messages come after it, deleted ones included.
    unread_count: u64,
}

/// Which conversation it is.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum About {
    /// With another user.
    Direct { user: Person },
    /// About a lease.
    Lease { bail_id: LeaseId, title: Line },
    /// Of a hotel, of whose staff the user is, with a guest; without a name until the guest writes. Assigned to nobody without `assigned_to`.
    Guest { hotel_slug: HotelSlug, booking_id: BookingId, guest_name: Option<Line>, assigned_to: Option<StaffMember> },
}

/// A conversation with its head and how far the user has read.
struct Read {
    conversation: Conversation,
    head: Head,
    mark: Seq,
}

impl Read {
    fn place(&self) -> ConversationCursor {
        let at = self.head.last_at.unwrap_or(Millis::epoch());
        ConversationCursor { at, of: self.conversation.partition().to_owned() }
    }

    fn unread(&self) -> u64 {
        self.head.unread_after(self.mark)
    }
}

/// Up to `limit` of a user's conversations, newest first. Each page reads all of their heads and marks: 50 conversations in each
/// request.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn list(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&ConversationCursor>,
) -> Result<ConversationPage, TableError> {
    let Found { conversations, mut leases, is_complete } = find(table, user).await?;
    let mut all = read(table, user, conversations).await?;
    all.sort_by_cached_key(|read| {
        let place = read.place();
        std::cmp::Reverse((place.at, place.of))
    });
    let unread_count = all.iter().map(Read::unread).sum();
    if let Some(last) = cursor {
        all.retain(|read| {
            let place = read.place();
            (place.at, &place.of) < (last.at, &last.of)
        });
    }
    let has_more = all.len() > limit.into();
    all.truncate(limit.into());
    let next_cursor = all.last().filter(|_| has_more).map(|last| last.place().text());
    let others: Vec<_> = all.iter().filter_map(|read| read.conversation.other_than(user)).cloned().collect();
    let people = profile::people(table, others.iter()).await?;
    let mut conversations = Vec::with_capacity(all.len());
    for read in all {
        let about = match read.conversation.kind() {
            ConversationKind::Guest(hotel, booking) => About::Guest {
                hotel_slug: hotel.clone(),
                booking_id: booking.clone(),
                guest_name: read.head.guest_name.clone(),
                assigned_to: read.head.assignee(),
            },
            ConversationKind::Lease(lease) => {
                let Some(found) = leases.remove(lease) else { continue };
                About::Lease { bail_id: lease.clone(), title: found.title }
            }
            ConversationKind::Direct(..) => {
                let Some(other) = read.conversation.other_than(user) else { continue };
                let person = people.get(other).cloned().unwrap_or_else(|| Person::unknown(other.clone()));
                About::Direct { user: person }
            }
        };
        conversations.push(ConversationView {
            last_message: read.head.last_message(),
            read_seq: read.mark,
            unread_count: read.unread(),
            about,
        });
    }
    Ok(ConversationPage { conversations, unread_count, is_complete, next_cursor })
}

/// The conversations that have a message, without the chats that a hotel's staff closed.
async fn read(table: &Table, user: &UserId, conversations: Vec<Conversation>) -> Result<Vec<Read>, TableError> {
    let keys: Vec<_> = conversations.iter().flat_map(|chat| [chat.head(), chat.read_mark(user)]).collect();
    let mut rows = table.get_many(&keys, true).await?;
    let mut found = Vec::with_capacity(conversations.len());
    for conversation in conversations {
        let head = Head::of_row(rows.remove(&conversation.head()))?;
        let mark = seq_of(rows.remove(&conversation.read_mark(user)))?.max(head.last_of(user));
        // The index of open chats is a moment late.
        if head.seq != Seq::NONE && head.state() == ChatState::Open {
            found.push(Read { conversation, head, mark });
        }
    }
    Ok(found)
}
