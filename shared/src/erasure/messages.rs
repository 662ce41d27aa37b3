//! Erasing what a user wrote, when their account is deleted.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::api_error::ApiError;
use crate::chats::{Conversation, ConversationKind, Head, Message, ReadMessage, Seq, retry, seq_of};
use crate::contract::id::UserId;
use crate::hotels;
use crate::http::page;
use crate::leases;
use crate::outbox::{ATTRIBUTE, Committed, Delivery, Done, WriteContext};
use crate::sockets::direct;
use crate::table::key::{CHAT_MESSAGE, CHAT_READ, author};
use crate::table::{Action, Item, Key, Query, Table, TableError, Update, absent, eq, exists, text, unchanged};

/// How many messages one call erases.
const ROWS_A_CALL: u16 = 25;
/// Messages of a conversation that are read at once, and how often in a call, before the next call goes on.
const ROWS_OF_A_PAGE: u16 = 500;
const PAGES_A_CALL: u16 = 10;

/// The result of a call.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
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

/// How far a call got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageCursor {
    /// The last row of the index with which it was done.
    after: Option<Key>,
    /// In the next row's conversation, by its partition, it was done with messages up to this number.
    within: Option<(String, Seq)>,
}

impl MessageCursor {
    /// Parses an [`Erased::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            let parts: Vec<_> = text.split('\n').collect();
            let (pk, sk, within) = match parts.as_slice() {
                [pk, sk] => (pk, sk, None),
                [pk, sk, conversation, seq] => (pk, sk, Some((*conversation, *seq))),
                _ => return None,
            };
            let within = match within {
                Some((conversation, seq)) => {
                    Conversation::of_partition(conversation)?;
                    Some((conversation.to_owned(), Seq::parse(seq, "cursor").ok()?))
                }
                None => None,
            };
            let is_first = pk.is_empty() && sk.is_empty() && within.is_some();
            if !is_first {
                Conversation::of_partition(pk)?;
                // Its rows that name an author are messages and read marks.
                let is_mark = |user: &str| UserId::parse(user).is_ok();
                (Seq::of_sort_key(sk).is_some() || is_mark(sk.strip_prefix(CHAT_READ)?)).then_some(())?;
            }
            let after = (!is_first).then(|| Key { pk: (*pk).to_owned(), sk: (*sk).to_owned() });
            Some(Self { after, within })
        })
    }

    fn text(&self) -> String {
        let (pk, sk) = self.after.as_ref().map_or(("", ""), |key| (&key.pk, &key.sk));
        let within = self.within.as_ref().map(|(conversation, seq)| format!("\n{conversation}\n{seq}"));
        page::cursor(&format!("{pk}\n{sk}{}", within.unwrap_or_default()))
    }
}

/// Erases messages and read marks of a user, up to `ROWS_A_CALL` messages. A message loses its text, its author and the
/// author's name, and leaves its number; conversations that are open hear of a deletion. It may be called again at any time,
/// with the cursor or from the beginning. The index by which it finds the conversations is a moment late, so a later call finds what
/// is written during this one.
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
    let MessageCursor { mut after, mut within } = cursor.cloned().unwrap_or_default();
    if let Some(last) = &after {
        query = query.after_in_index(last, &author, &last.pk);
    }
    let found = table.query(&query).await?;
    let mut call = Call { table, writer, user, result: Erased::default(), pending: Vec::new() };
    for key in found.items.iter().filter_map(Key::of) {
        if key.sk.starts_with(CHAT_MESSAGE) {
            // Of a version that gave each message an entry in the index.
            let message = erase_message(table, writer, user, &key).await?;
            call.note(message);
        } else {
            let begun = within.take().filter(|(conversation, _)| *conversation == key.pk);
            let from = begun.map_or(Seq::NONE, |(_, seq)| seq);
            if let Some(reached) = call.conversation(&key, from).await? {
                let next = MessageCursor { after, within: Some((key.pk, reached)) };
                call.result.next_cursor = Some(next.text());
                return Ok(call.done());
            }
        }
        after = Some(key);
    }
    let last = found.last_evaluated_key.as_ref().and_then(Key::of);
    let next = last.map(|last| MessageCursor { after: Some(last), within: None });
    call.result.next_cursor = next.map(|next| next.text());
    Ok(call.done())
}

/// A call under way, with its result so far.
struct Call<'a> {
    table: &'a Table,
    writer: &'a WriteContext,
    user: &'a UserId,
    result: Erased,
    pending: Vec<Committed>,
}

impl Call<'_> {
    fn note(&mut self, message: Option<ErasedMessage>) {
        if let Some(message) = message {
            self.result.erased += 1;
            self.result.names.insert(message.author_name);
            self.pending.extend(message.pending);
        }
    }

    fn done(self) -> Done<Erased> {
        Done::now(self.result, self.pending)
    }

    /// Erases the user's messages after this number from the conversation of their read mark, and then the mark. Returns the number
    /// up to which it is done, if another call has to go on.
    ///
    /// The head first forgets that the user wrote. So of messages that they write from then on, the first one writes the mark again,
    /// which then stays: by it a later call finds them.
    async fn conversation(&mut self, mark: &Key, from: Seq) -> Result<Option<Seq>, ApiError> {
        let conversation = Conversation::of_partition(&mark.pk)
            .ok_or_else(|| TableError::corrupt(Some(mark.clone()), "it is in no conversation"))?;
        let [head, row] = self.table.get_each([&conversation.head(), mark], true).await?;
        let head = Head::of_row(head)?;
        if head.last_of(self.user) != Seq::NONE {
            self.table.write(Head::forget_writer(&conversation.head(), self.user)).await?;
        }
        let mut reached = from;
        for _ in 0..PAGES_A_CALL {
            let query = Query::new(conversation.partition())
                .between(&conversation.message(reached.next()).sk, &conversation.message(Seq::LAST).sk)
                .filter(eq("author", self.user))
                .limit(ROWS_OF_A_PAGE);
            let page = self.table.query(&query).await?;
            for row in page.items {
                if self.result.erased >= usize::from(ROWS_A_CALL) {
                    return Ok(Some(reached));
                }
                let seq = row.get("sk").and_then(text).and_then(Seq::of_sort_key).unwrap_or(reached);
                let message = self.message(&conversation, row, &head).await?;
                self.note(message);
                reached = seq;
            }
            let last = page.last_evaluated_key.as_ref().and_then(Key::of);
            let Some(last) = last.and_then(|key| Seq::of_sort_key(&key.sk)) else {
                if let Some(row) = row {
                    discard_mark(self.table, mark, row).await?;
                }
                return Ok(None);
            };
            reached = last;
        }
        Ok(Some(reached))
    }

    /// Erases a message that was read a moment ago, as [`erase_message`].
    async fn message(
        &self,
        conversation: &Conversation,
        row: Item,
        head: &Head,
    ) -> Result<Option<ErasedMessage>, ApiError> {
        let key = Key::of(&row);
        let seen = ReadMessage::of_row(conversation, row, head.clone())?;
        let author_name = seen.message.author_name.as_str().to_owned();
        if let Some(done) = seen.bury(self.table, self.writer, true, |left| told(conversation, left)).await? {
            return Ok(Some(ErasedMessage { author_name, pending: done.pending }));
        }
        // It has changed, or another message came.
        match key {
            Some(key) => erase_message(self.table, self.writer, self.user, &key).await,
            None => Ok(None),
        }
    }
}

/// Deletes a read mark, unless its reader has read or written since it was read.
async fn discard_mark(table: &Table, key: &Key, row: Item) -> Result<(), TableError> {
    let owes = row.contains_key(ATTRIBUTE);
    let seq = seq_of(Some(row))?;
    let is_as_read = || unchanged("seq", (seq != Seq::NONE).then_some(seq));
    // A row that is removed with an outbox would be dead letters, so the outbox goes first.
    if owes {
        table.write(Update::new(key).remove(ATTRIBUTE).when(exists(ATTRIBUTE).and(is_as_read()))).await?;
    }
    table.write(Action::delete(key).when(absent(ATTRIBUTE).and(is_as_read()))).await?;
    Ok(())
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
