//! A hotel's conversations, by their newest message.

use serde::Serialize;

use crate::api_error::ApiError;
use crate::chats::{Conversation, ConversationKind, Head, LastMessage, seq_of};
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::http::page;
use crate::table::{Item, Key, Query, Table, TableError, key, text};

/// Most conversations of a page: each takes two rows of one `BatchGetItem`, which reads a hundred.
pub const MAX_CHATS: u8 = 50;

/// The last conversation of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    at: Millis,
    booking: BookingId,
}

impl Cursor {
    /// Parses an [`Inbox::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            let (at, booking) = text.split_once('#')?;
            Some(Self { at: Millis::parse_iso(at)?, booking: BookingId::parse(booking).ok()? })
        })
    }

    fn text(&self) -> String {
        page::cursor(&format!("{}#{}", self.at.iso(), self.booking))
    }

    /// The conversation of a row of the index.
    fn of(item: &Item) -> Option<Self> {
        match Conversation::of_partition(text(item.get("pk")?)?)?.kind() {
            ConversationKind::Guest(_, booking) => {
                Some(Self { at: Millis::parse_iso(text(item.get("gsi1sk")?)?)?, booking: booking.clone() })
            }
            ConversationKind::Lease(_) | ConversationKind::Direct(..) => None,
        }
    }
}

/// A page of a hotel's conversations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// The one with the newest message first.
    pub chats: Vec<Chat>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// A conversation in an inbox.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    booking_id: BookingId,
    /// `null` until the guest writes.
    guest_name: Option<Line>,
    last_message: LastMessage,
    /// How many messages come after the reader's mark, deleted ones included.
    unread_count: u64,
}

/// The newest conversations of a hotel, by one query of the index.
///
/// # Errors
/// When DynamoDB fails.
pub async fn newest_chats(table: &Table, hotel: &HotelSlug, limit: u8) -> Result<Vec<Conversation>, TableError> {
    let query = Query::of_index(key::hotel_chats(hotel)).descending().limit(limit.into());
    let chat = |row: &Item| Conversation::of_partition(&Key::of(row)?.pk);
    Ok(table.query(&query).await?.items.iter().filter_map(chat).collect())
}

/// Up to `limit` conversations of a hotel, with what this reader has not read: a query, and one request for what it names.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn inbox(
    table: &Table,
    hotel: &HotelSlug,
    reader: &UserId,
    limit: u8,
    cursor: Option<&Cursor>,
) -> Result<Inbox, TableError> {
    let chats = key::hotel_chats(hotel);
    let mut query = Query::of_index(&chats).descending().limit(limit.min(MAX_CHATS).into());
    if let Some(cursor) = cursor {
        let last = Conversation::guest(hotel, &cursor.booking).head();
        query = query.after_in_index(&last, &chats, &cursor.at.iso());
    }
    let found = table.query(&query).await?;
    let bookings: Vec<_> = found.items.iter().filter_map(Cursor::of).map(|chat| chat.booking).collect();
    let keys: Vec<_> = bookings
        .iter()
        .map(|booking| Conversation::guest(hotel, booking))
        .flat_map(|chat| [chat.head(), chat.read_mark(reader)])
        .collect();
    let mut rows = table.get_many(&keys, true).await?;
    let mut chats = Vec::with_capacity(bookings.len());
    for booking in bookings {
        let conversation = Conversation::guest(hotel, &booking);
        let head = Head::of_row(rows.remove(&conversation.head()))?;
        let mark = seq_of(rows.remove(&conversation.read_mark(reader)))?.max(head.last_of(reader));
        chats.push(Chat {
            unread_count: head.unread_after(mark),
            last_message: head.last_message(),
            guest_name: head.guest_name,
            booking_id: booking,
        });
    }
    let next_cursor = found.last_evaluated_key.as_ref().and_then(Cursor::of).map(|cursor| cursor.text());
    Ok(Inbox { chats, next_cursor })
}
