//! Read marks: how far somebody has read a conversation. A mark is the higher of two numbers: that of the reader's own row, and that of
//! their newest message, which the head has ([`Head::last_of`]).

use serde::Deserialize;

use super::head::Head;
use super::{Conversation, Seq};
use crate::api_error::ApiError;
use crate::contract::chats::{ConversationName, ConversationRead};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::key::author;
use crate::table::{Item, Table, TableError, read, unchanged};

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// All messages up to this number are read.
    pub seq: Seq,
    /// How many there are after it.
    pub unread: u64,
}

#[derive(Deserialize)]
struct Row {
    seq: Seq,
}

pub(crate) fn seq_of(row: Option<Item>) -> Result<Seq, TableError> {
    Ok(row.map(read::<Row>).transpose()?.map_or(Seq::NONE, |row| row.seq))
}

/// A reader, and the last message that they have read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub reader: &'a UserId,
    pub seq: Seq,
}

/// Moves a reader's mark forward, never back, and not past the newest message. `owes` makes the events of a move; the events of
/// an earlier move that are still pending are dropped.
///
/// # Errors
/// 503 when too many change it at once, 500.
pub async fn mark_read(
    table: &Table,
    writer: &WriteContext,
    conversation: &Conversation,
    Reading { reader, seq }: Reading<'_>,
    owes: impl Fn(Mark, Millis) -> Vec<Delivery>,
) -> Result<Done<Mark>, ApiError> {
    let key = conversation.read_mark(reader);
    super::retry(|| async {
        let (head, row) = look_up(table, conversation, reader).await?;
        let owing = row.as_ref().and_then(Committed::of_row);
        let stored = seq_of(row)?;
        let (before, seq) = (stored.max(head.last_of(reader)), seq.min(head.seq));
        if seq <= before {
            return Ok(Some(Done::now(Mark { seq: before, unread: head.unread_after(before) }, None)));
        }
        let (now, mark) = (Millis::now(), Mark { seq, unread: head.unread_after(seq) });
        let append = Append::instead(key.clone(), owing, owes(mark, now), writer, now);
        let update =
            append.update().set("seq", seq).set("gsi1pk", author(reader)).set("gsi1sk", conversation.partition());
        let is_unmoved = unchanged("seq", (stored != Seq::NONE).then_some(stored));
        let is_done = table.write(update.when(is_unmoved)).await?.is_done();
        Ok(is_done.then(|| Done::now(mark, append.deliverable())))
    })
    .await
}

/// Whether a reader has read up to this number. Most who have, have marked it; of the others, the head knows what they wrote.
///
/// # Errors
/// When DynamoDB fails.
pub async fn has_read(
    table: &Table,
    conversation: &Conversation,
    Reading { reader, seq }: Reading<'_>,
) -> Result<bool, TableError> {
    if seq_of(table.get(&conversation.read_mark(reader), true).await?)? >= seq {
        return Ok(true);
    }
    Ok(super::head(table, conversation).await?.last_of(reader) >= seq)
}

/// The event of a read mark for the reader's own other tabs and devices.
#[must_use]
pub fn conversation_read(reader: &UserId, conversation: ConversationName, mark: Mark, at: Millis) -> ConversationRead {
    let (seq, unread_count) = (mark.seq.0, mark.unread);
    ConversationRead { reader: reader.clone(), conversation, seq, unread_count, read_at: at.iso() }
}

/// The conversation's head with how far a reader has read, in one request.
///
/// # Errors
/// When DynamoDB fails.
pub async fn head_and_mark(
    table: &Table,
    conversation: &Conversation,
    reader: &UserId,
) -> Result<(Head, Seq), TableError> {
    let (head, row) = look_up(table, conversation, reader).await?;
    let mark = seq_of(row)?.max(head.last_of(reader));
    Ok((head, mark))
}

async fn look_up(
    table: &Table,
    conversation: &Conversation,
    reader: &UserId,
) -> Result<(Head, Option<Item>), TableError> {
    let keys = [&conversation.head(), &conversation.read_mark(reader)];
    let [head, mark] = table.get_each(keys, true).await?;
    Ok((Head::of_row(head)?, mark))
}
