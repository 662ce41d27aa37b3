//! Read marks: how far somebody has read a conversation.

use serde::Deserialize;

use super::head::Head;
use super::{Conversation, Seq};
use crate::api_error::ApiError;
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
    owes: impl Fn(Seq, Millis) -> Vec<Delivery>,
) -> Result<Done<Mark>, ApiError> {
    let key = conversation.read_mark(reader);
    super::retry(|| async {
        let (head, row) = look_up(table, conversation, reader).await?;
        let owing = row.as_ref().and_then(Committed::of_row);
        let (before, seq) = (seq_of(row)?, seq.min(head.seq));
        if seq <= before {
            return Ok(Some(Done::now(Mark { seq: before, unread: head.unread_after(before) }, None)));
        }
        let now = Millis::now();
        let append = Append::instead(key.clone(), owing, owes(seq, now), writer, now);
        let update =
            append.update().set("seq", seq).set("gsi1pk", author(reader)).set("gsi1sk", conversation.partition());
        let is_unmoved = unchanged("seq", (before != Seq::NONE).then_some(before));
        let is_done = table.write(update.when(is_unmoved)).await?.is_done();
        Ok(is_done.then(|| Done::now(Mark { seq, unread: head.unread_after(seq) }, append.deliverable())))
    })
    .await
}

/// How far a reader has read.
///
/// # Errors
/// When DynamoDB fails.
pub async fn read_mark(table: &Table, conversation: &Conversation, reader: &UserId) -> Result<Seq, TableError> {
    seq_of(table.get(&conversation.read_mark(reader), true).await?)
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
    Ok((head, seq_of(row)?))
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
