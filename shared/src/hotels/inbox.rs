//! A hotel's conversations, by their newest message.
//!
//! The index has the open ones in one partition, and the closed ones in another. A page merges both, and its cursor says how far each was
//! read.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::api_error::ApiError;
use crate::chats::{Conversation, ConversationKind, Head, LastMessage, Seq, seq_of};
use crate::contract::chats::{ChatState, StaffMember};
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::http::page;
use crate::table::key::{hotel_chats, hotel_closed_chats};
use crate::table::{Item, Key, Query, Table, TableError, text};

/// Most conversations of a page: each takes two rows of one `BatchGetItem`, which reads a hundred.
pub const MAX_CHATS: u8 = 50;
/// How often conversations are read for one page, if the filter leaves most of them out.
const MAX_ROUNDS: usize = 4;

/// Which conversations an inbox shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    state: Option<ChatState>,
    assigned_to: AssigneeFilter,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum AssigneeFilter {
    #[default]
    Any,
    Nobody,
    User(UserId),
}

impl InboxFilter {
    /// Parses the `state` and the `assignedTo` of a query of this caller.
    ///
    /// # Errors
    /// 400 for another state, and for an assignee that is not an id.
    pub fn parse(state: Option<&str>, assigned_to: Option<&str>, caller: &UserId) -> Result<Self, ApiError> {
        let state = match state {
            None => None,
            Some("open") => Some(ChatState::Open),
            Some("closed") => Some(ChatState::Closed),
            Some(_) => return Err(ApiError::field("state", "must be open or closed; leave it out for both")),
        };
        let assigned_to = match assigned_to {
            None => AssigneeFilter::Any,
            Some("nobody") => AssigneeFilter::Nobody,
            Some("me") => AssigneeFilter::User(caller.clone()),
            Some(user) => {
                let user = UserId::parse(user);
                let rule = "must be me, nobody or the id of a member of the staff";
                AssigneeFilter::User(user.map_err(|_| ApiError::field("assignedTo", rule))?)
            }
        };
        Ok(Self { state, assigned_to })
    }

    fn shows(&self, head: &Head) -> bool {
        let is_assigned = match &self.assigned_to {
            AssigneeFilter::Any => true,
            AssigneeFilter::Nobody => head.assigned_to.is_none(),
            AssigneeFilter::User(user) => head.assigned_to.as_ref() == Some(user),
        };
        is_assigned && self.state.is_none_or(|state| state == head.state())
    }

    /// How many rows of each partition a round reads for a page of so many.
    fn rows(&self, limit: u8) -> u8 {
        if self.assigned_to == AssigneeFilter::Any { limit } else { MAX_CHATS }
    }
}

/// How far an inbox was read: the open conversations, and the closed ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor([Reached; 2]);

/// How far a partition was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Reached {
    #[default]
    Nothing,
    Chat(ListedChat),
    End,
}

/// A conversation's place in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedChat {
    at: Millis,
    booking: BookingId,
}

impl ListedChat {
    fn parse(text: &str) -> Option<Self> {
        let (at, booking) = text.split_once('#')?;
        Some(Self { at: Millis::parse_iso(at)?, booking: BookingId::parse(booking).ok()? })
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

impl Reached {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Nothing),
            "end" => Some(Self::End),
            chat => ListedChat::parse(chat).map(Self::Chat),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Chat(ListedChat { at, booking }) => format!("{}#{booking}", at.iso()),
            Self::End => "end".to_owned(),
        }
    }
}

impl Cursor {
    /// Parses an [`Inbox::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            // No id and no time has a tilde. The version before read one partition, and its cursor is a place in it.
            let (open, closed) = text.split_once('~').unwrap_or((text.as_str(), text.as_str()));
            Some(Self([Reached::parse(open)?, Reached::parse(closed)?]))
        })
    }

    fn text(&self) -> String {
        let [open, closed] = &self.0;
        page::cursor(&format!("{}~{}", open.text(), closed.text()))
    }

    fn is_end(&self) -> bool {
        self.0 == [Reached::End, Reached::End]
    }

    /// The same, at the end of what the filter leaves out.
    fn within(mut self, filter: &InboxFilter) -> Self {
        let [open, closed] = &mut self.0;
        match filter.state {
            None => {}
            Some(ChatState::Open) => *closed = Reached::End,
            Some(ChatState::Closed) => *open = Reached::End,
        }
        self
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
    state: ChatState,
    /// `null` for nobody.
    assigned_to: Option<StaffMember>,
    last_message: LastMessage,
    /// How many messages come after the reader's mark, deleted ones included.
    unread_count: u64,
}

impl Chat {
    /// The conversation of this booking, for a reader with this mark.
    pub(super) fn new(booking: BookingId, head: Head, mark: Seq) -> Self {
        Self {
            unread_count: head.unread_after(mark),
            state: head.state(),
            assigned_to: head.assignee(),
            last_message: head.last_message(),
            guest_name: head.guest_name,
            booking_id: booking,
        }
    }
}

/// The newest open conversations of a hotel, by one query of the index.
///
/// # Errors
/// When DynamoDB fails.
pub async fn newest_chats(table: &Table, hotel: &HotelSlug, limit: u8) -> Result<Vec<Conversation>, TableError> {
    let query = Query::of_index(hotel_chats(hotel)).descending().limit(limit.into());
    let chat = |row: &Item| Conversation::of_partition(&Key::of(row)?.pk);
    Ok(table.query(&query).await?.items.iter().filter_map(chat).collect())
}

/// Rows of a partition of the index, and whether there may be more.
type Listed = (Vec<ListedChat>, bool);

/// Up to `limit` conversations of a hotel, with what this reader has not read: a query of each partition, and one request for what they
/// name. A filter by assignee leaves out what was read, so it may take four of these, and a page can be short and still
/// have a next one.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn inbox(
    table: &Table,
    (hotel, reader): (&HotelSlug, &UserId),
    limit: u8,
    cursor: Option<Cursor>,
    filter: &InboxFilter,
) -> Result<Inbox, TableError> {
    let limit = limit.min(MAX_CHATS);
    let mut cursor = cursor.unwrap_or_default().within(filter);
    let mut chats = Vec::with_capacity(limit.into());
    for _ in 0..MAX_ROUNDS {
        let rows = filter.rows(limit);
        let [open, closed] = &cursor.0;
        let (open, closed) = futures_util::try_join!(
            listed(table, hotel, hotel_chats(hotel), open, rows),
            listed(table, hotel, hotel_closed_chats(hotel), closed, rows),
        )?;
        let sides = [open, closed];
        let merged = merged(&sides, rows);
        let mut found = Found::read(table, hotel, reader, &merged).await?;
        let mut taken = [0; 2];
        for (side, listed) in merged {
            if chats.len() == usize::from(limit) {
                break;
            }
            taken[side] += 1;
            let shown = found.take(&listed.booking)?.filter(|(head, _)| filter.shows(head));
            chats.extend(shown.map(|(head, mark)| Chat::new(listed.booking.clone(), head, mark)));
            cursor.0[side] = Reached::Chat(listed);
        }
        for (side, (all, has_more)) in sides.iter().enumerate() {
            if taken[side] == all.len() && !has_more {
                cursor.0[side] = Reached::End;
            }
        }
        if cursor.is_end() || chats.len() == usize::from(limit) {
            break;
        }
    }
    let next_cursor = (!cursor.is_end()).then(|| cursor.text());
    Ok(Inbox { chats, next_cursor })
}

/// The next rows of a partition.
async fn listed(
    table: &Table,
    hotel: &HotelSlug,
    partition: String,
    reached: &Reached,
    rows: u8,
) -> Result<Listed, TableError> {
    let mut query = Query::of_index(&partition).descending().limit(rows.into());
    match reached {
        Reached::Nothing => {}
        Reached::Chat(ListedChat { at, booking }) => {
            query = query.after_in_index(&Conversation::guest(hotel, booking).head(), &partition, &at.iso());
        }
        Reached::End => return Ok((Vec::new(), false)),
    }
    let found = table.query(&query).await?;
    Ok((found.items.iter().filter_map(ListedChat::of).collect(), found.last_evaluated_key.is_some()))
}

/// The first rows of both partitions, the newest first, each with its partition's place.
fn merged(sides: &[Listed; 2], rows: u8) -> Vec<(usize, ListedChat)> {
    let of = |(side, (listed, _)): (usize, &Listed)| listed.iter().map(|chat| (side, chat.clone())).collect::<Vec<_>>();
    let mut merged: Vec<_> = sides.iter().enumerate().flat_map(of).collect();
    // Stable, so the order within a partition stays.
    merged.sort_by_key(|(_, chat)| Reverse(chat.at));
    merged.truncate(rows.into());
    merged
}

/// Heads and read marks.
struct Found<'a> {
    hotel: &'a HotelSlug,
    reader: &'a UserId,
    rows: HashMap<Key, Item>,
}

impl<'a> Found<'a> {
    async fn read(
        table: &Table,
        hotel: &'a HotelSlug,
        reader: &'a UserId,
        listed: &[(usize, ListedChat)],
    ) -> Result<Self, TableError> {
        // While a chat moves from one partition to the other, it may be in both.
        let bookings: BTreeSet<_> = listed.iter().map(|(_, chat)| &chat.booking).collect();
        let chats = bookings.into_iter().map(|booking| Conversation::guest(hotel, booking));
        let keys: Vec<_> = chats.flat_map(|chat| [chat.head(), chat.read_mark(reader)]).collect();
        Ok(Self { hotel, reader, rows: table.get_many(&keys, true).await? })
    }

    /// The head of a conversation, and how far the reader has read it; `None` when it was taken before.
    fn take(&mut self, booking: &BookingId) -> Result<Option<(Head, Seq)>, TableError> {
        let conversation = Conversation::guest(self.hotel, booking);
        let Some(head) = self.rows.remove(&conversation.head()) else { return Ok(None) };
        let head = Head::of_row(Some(head))?;
        let mark = seq_of(self.rows.remove(&conversation.read_mark(self.reader)))?.max(head.last_of(self.reader));
        Ok(Some((head, mark)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_so_is_that_of_the_version_before() {
        let chat = |booking: &str| {
            Reached::Chat(ListedChat { at: Millis(1_790_000_000_123), booking: BookingId::parse(booking).unwrap() })
        };
        for cursor in [Cursor([chat("BK-1"), Reached::End]), Cursor([Reached::Nothing, chat("BK-2")])] {
            assert_eq!(Cursor::parse(&cursor.text()).unwrap(), cursor);
        }
        let before = page::cursor(&format!("{}#BK-1", Millis(1_790_000_000_123).iso()));
        assert_eq!(Cursor::parse(&before).unwrap(), Cursor([chat("BK-1"), chat("BK-1")]));
        for bad in ["x~end", "end~x", "~#", "2026~"] {
            assert!(Cursor::parse(&page::cursor(bad)).is_err(), "{bad}");
        }
    }
}
