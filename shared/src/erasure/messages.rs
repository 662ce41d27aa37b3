//! Erasing what a user wrote, when their account is deleted.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::api_error::ApiError;
use crate::chats::{Conversation, ConversationKind, Message, ReadMessage, Seq, retry};
use crate::contract::id::UserId;
use crate::hotels;
use crate::http::page;
use crate::leases;
use crate::outbox::{self, Committed, Delivery, Done, WriteContext};
use crate::sockets::direct;
use crate::table::key::{CHAT_MESSAGE, CHAT_READ, author};
use crate::table::{Key, Query, Table, TableError};

/// How many rows one call erases.
const ROWS_A_CALL: u16 = 25;

/// The result of a call.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// How many messages.
    pub erased: usize,
    /// For the next call; `null` when nothing is left.
    pub next_cursor: Option<String>,
    /// The names that the author had.
    #[serde(skip)]
    pub(super) names: BTreeSet<String>,
}

/// The last row that a call looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageCursor(Key);

impl MessageCursor {
    /// Parses an [`Erased::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |key| {
            let (pk, sk) = key.split_once('\n')?;
            Conversation::of_partition(pk)?;
            // Its rows that name an author are messages and read marks.
            let is_mark = |user: &str| UserId::parse(user).is_ok();
            (Seq::of_sort_key(sk).is_some() || is_mark(sk.strip_prefix(CHAT_READ)?)).then_some(())?;
            Some(Self(Key { pk: pk.to_owned(), sk: sk.to_owned() }))
        })
    }

    fn text(key: &Key) -> String {
        page::cursor(&format!("{}\n{}", key.pk, key.sk))
    }
}

/// Erases messages and read marks of a user, up to `ROWS_A_CALL` of them. A message loses its text, its author and the
/// author's name, and leaves its number; conversations that are open hear of a deletion. It may be called again at any time,
/// with the cursor or from the beginning. The index by which it finds the rows is a moment late, so a later call finds the rows
/// that are written during this one.
///
/// # Errors
/// 503 when too many write in one of the conversations at once, 500 when DynamoDB fails; the rows before that stay erased.
pub async fn erase_messages(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    cursor: Option<&MessageCursor>,
) -> Result<Done<Erased>, ApiError> {
    let author = author(user);
    let mut query = Query::of_index(&author).limit(ROWS_A_CALL);
    if let Some(MessageCursor(last)) = cursor {
        query = query.after_in_index(last, &author, &last.pk);
    }
    let found = table.query(&query).await?;
    let (mut erased, mut pending, mut names) = (0, Vec::new(), BTreeSet::new());
    for key in found.items.iter().filter_map(Key::of) {
        if key.sk.starts_with(CHAT_MESSAGE) {
            if let Some(message) = erase_message(table, writer, user, &key).await? {
                erased += 1;
                pending.extend(message.pending);
                names.insert(message.author_name);
            }
        } else {
            outbox::discard(table, &key).await?;
        }
    }
    let next_cursor = found.last_evaluated_key.as_ref().and_then(Key::of).map(|key| MessageCursor::text(&key));
    Ok(Done::now(Erased { erased, next_cursor, names }, pending))
}

/// A message that was erased.
pub(super) struct ErasedMessage {
    pub(super) author_name: String,
    /// The deliveries of its row.
    pub(super) pending: Vec<Committed>,
}

/// Erases a message; `None` when it is somebody else's, or was erased already.
///
/// # Errors
/// As [`erase_messages`].
pub(super) async fn erase_message(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    key: &Key,
) -> Result<Option<ErasedMessage>, ApiError> {
    let place = Conversation::of_partition(&key.pk).zip(Seq::of_sort_key(&key.sk));
    let (conversation, seq) =
        place.ok_or_else(|| TableError::corrupt(Some(key.clone()), "it is no message of a conversation"))?;
    retry(|| async {
        let Some(seen) = ReadMessage::read(table, &conversation, seq.0).await? else {
            return Ok(Some(None));
        };
        if seen.message.author.as_ref() != Some(user) {
            return Ok(Some(None));
        }
        let author_name = seen.message.author_name.as_str().to_owned();
        if let Some(done) = seen.bury(table, writer, true, |left| told(&conversation, left)).await? {
            return Ok(Some(Some(ErasedMessage { author_name, pending: done.pending })));
        }
        Ok(None)
    })
    .await
}

/// The deliveries of a deletion in a conversation of this kind.
fn told(conversation: &Conversation, left: &Message) -> Vec<Delivery> {
    match conversation.kind() {
        ConversationKind::Guest(hotel, booking) => hotels::message_deleted(hotel, booking, left),
        ConversationKind::Lease(lease) => leases::message_deleted(lease, left),
        ConversationKind::Direct(first, second) => direct::message_deleted(first, second, left),
    }
}
