//! Which conversations a user has.
//!
//! No row is sorted by a user's newest message, since each message would have to write one for each participant. So the index of read
//! marks names the conversations in which the user wrote or read, and rows of their own those in which somebody else wrote to them
//! first. The heads tell which of them is the newest.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use crate::chats::{Conversation, ConversationKind};
use crate::contract::id::{LeaseId, UserId};
use crate::hotels;
use crate::leases::Lease;
use crate::table::key::{CONVERSATION, DIRECT_CHAT, LEASE_CHAT, author, user as of_user};
use crate::table::{Key, Query, Table, TableError, text};

/// Most direct conversations, most chats of leases, and most conversations in which the user has neither written nor read.
const MAX_OF_A_KIND: u16 = 500;
/// Most requests for the marks of a kind: messages of earlier versions are in the index, too.
const MAX_REQUESTS: usize = 4;
/// Most hotels, and how many chats of each: the newest.
const MAX_HOTELS: u8 = 10;
const CHATS_OF_A_HOTEL: u8 = 50;

/// A user's conversations, in no order.
pub(super) struct Found {
    pub(super) conversations: Vec<Conversation>,
    /// The leases among them.
    pub(super) leases: HashMap<LeaseId, Lease>,
    /// Whether the user has no direct conversation, lease or hotel beside these.
    pub(super) is_complete: bool,
}

/// Conversations by their partitions, and whether these are all.
type Known = (HashMap<String, Conversation>, bool);

/// The conversations of a user. A lease in which they do not take part any more is left out.
pub(super) async fn find(table: &Table, user: &UserId) -> Result<Found, TableError> {
    let (direct, of_leases, unread, of_hotels) = futures_util::try_join!(
        by_marks(table, user, DIRECT_CHAT),
        by_marks(table, user, LEASE_CHAT),
        listed(table, user),
        of_hotels(table, user),
    )?;
    let is_complete = direct.1 && of_leases.1 && unread.1 && of_hotels.1;
    let mut known: HashMap<String, Conversation> = HashMap::new();
    for (more, _) in [direct, of_leases, unread, of_hotels] {
        known.extend(more);
    }
    let ids: Vec<_> = known.values().filter_map(lease_of).cloned().collect();
    let keys: Vec<_> = ids.iter().map(Key::lease).collect();
    let mut rows = table.get_many(&keys, true).await?;
    let mut leases = HashMap::with_capacity(ids.len());
    for id in ids {
        let lease = rows.remove(&Key::lease(&id)).map(Lease::of_row).transpose()?;
        leases.extend(lease.filter(|lease| lease.role(user).is_some()).map(|lease| (id, lease)));
    }
    let is_open = |conversation: &Conversation| lease_of(conversation).is_none_or(|id| leases.contains_key(id));
    let conversations = known.into_values().filter(is_open).collect();
    Ok(Found { conversations, leases, is_complete })
}

fn lease_of(conversation: &Conversation) -> Option<&LeaseId> {
    match conversation.kind() {
        ConversationKind::Lease(lease) => Some(lease),
        ConversationKind::Guest(..) | ConversationKind::Direct(..) => None,
    }
}

/// Those of a kind in which the user wrote or read.
async fn by_marks(table: &Table, user: &UserId, kind: &str) -> Result<Known, TableError> {
    let mut query = Query::of_index(author(user)).begins_with_in_index(kind).limit(MAX_OF_A_KIND);
    let mut found = HashMap::new();
    for _ in 0..MAX_REQUESTS {
        let page = table.query(&query).await?;
        let partitions = page.items.iter().filter_map(|row| text(row.get("pk")?));
        found.extend(partitions.filter_map(|pk| Some((pk.to_owned(), Conversation::of_partition(pk)?))));
        match page.last_evaluated_key {
            None => return Ok((found, true)),
            Some(_) if found.len() >= MAX_OF_A_KIND.into() => break,
            Some(last) => query = query.after(last),
        }
    }
    Ok((found, false))
}

/// Those that rows of the user's list.
async fn listed(table: &Table, user: &UserId) -> Result<Known, TableError> {
    let query = Query::new(of_user(user)).begins_with(CONVERSATION).project(&["sk"]).limit(MAX_OF_A_KIND);
    let page = table.query(&query).await?;
    let partitions = page.items.iter().filter_map(|row| text(row.get("sk")?)?.strip_prefix(CONVERSATION));
    let found = partitions.filter_map(|pk| Some((pk.to_owned(), Conversation::of_partition(pk)?))).collect();
    Ok((found, page.last_evaluated_key.is_none()))
}

/// The newest chats of the user's hotels. A hotel may have any number of chats; the others are in its inbox.
async fn of_hotels(table: &Table, user: &UserId) -> Result<Known, TableError> {
    let (hotels, are_all) = hotels::hotels_of(table, user, MAX_HOTELS).await?;
    let chats = hotels.iter().map(|hotel| hotels::newest_chats(table, hotel, CHATS_OF_A_HOTEL));
    let chats = try_join_all(chats).await?.into_iter().flatten();
    Ok((chats.map(|chat| (chat.partition().to_owned(), chat)).collect(), are_all))
}
