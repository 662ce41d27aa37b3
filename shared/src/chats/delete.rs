//! Deleting a message: its number stays, what it said goes.

use super::attachment::forget;
use super::head::Head;
use super::wire_id::shown_id;
use super::{Conversation, Message, MessageId};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::{Action, Item, Key, Table, TableError, Update, text};

/// A message, and the user who deletes it.
#[derive(Debug, Clone, Copy)]
pub struct Deletion<'a> {
    pub id: &'a MessageId,
    pub author: &'a UserId,
}

/// Deletes a message. Its text leaves its row, the inbox, and the pending deliveries of the row, and its files the bucket; `owes` makes
/// the deliveries of the deletion. Deleting twice is the same.
///
/// # Errors
/// 403 unless the caller wrote it, 404 when there is no such message, 503 when too many write at once, 500.
pub async fn delete(
    table: &Table,
    writer: &WriteContext,
    conversation: &Conversation,
    Deletion { id, author }: Deletion<'_>,
    owes: impl Fn(&Message) -> Vec<Delivery>,
) -> Result<Done<Message>, ApiError> {
    super::retry(|| async {
        let seen = ReadMessage::read(table, conversation, id.seq().0).await?.filter(|seen| seen.message.id == *id);
        let seen = seen.ok_or_else(super::unknown_message)?;
        if seen.message.author.as_ref() != Some(author) {
            return Err(ApiError::Forbidden("Only its author may delete a message: ask them to".to_owned()));
        }
        if seen.message.deleted_at.is_some() {
            return Ok(Some(Done::now(seen.message, None)));
        }
        if let Some(done) = seen.bury(table, writer, false, &owes).await? {
            return Ok(Some(done));
        }
        Ok(None)
    })
    .await
}

/// A message as it was read, with the conversation's head.
pub(crate) struct ReadMessage {
    conversation: Conversation,
    pub(crate) message: Message,
    owing: Option<Committed>,
    head: Head,
    /// The row of its idempotency key.
    key: Option<Key>,
}

impl ReadMessage {
    /// The message with this number, if there is one.
    pub(crate) async fn read(table: &Table, conversation: &Conversation, seq: u64) -> Result<Option<Self>, TableError> {
        let keys = [&conversation.head(), &conversation.message(super::Seq(seq))];
        let [head, message] = table.get_each(keys, true).await?;
        let head = Head::of_row(head)?;
        message.map(|row| Self::of_row(conversation, row, head)).transpose()
    }

    /// The message of this row, with the conversation's head.
    pub(crate) fn of_row(conversation: &Conversation, row: Item, head: Head) -> Result<Self, TableError> {
        let owing = Committed::of_row(&row);
        let lock = row.get("key").and_then(text);
        let key = lock.map(|lock| Key::chat_key(conversation.partition(), lock));
        Ok(Self { conversation: conversation.clone(), message: Message::of_row(row)?, owing, head, key })
    }

    /// Takes out what the message said, and with `erases` who wrote it; `None` when the row or the head has changed meanwhile.
    pub(crate) async fn bury(
        self,
        table: &Table,
        writer: &WriteContext,
        erases: bool,
        owes: impl Fn(&Message) -> Vec<Delivery>,
    ) -> Result<Option<Done<Message>>, TableError> {
        let (now, conversation) = (Millis::now(), &self.conversation);
        let was_deleted = self.message.deleted_at.is_some();
        let deleted_at = Some(self.message.deleted_at.unwrap_or(now));
        let mut left = Message { text: None, attachments: Vec::new(), deleted_at, ..self.message.clone() };
        if erases {
            left.author = None;
            left.author_name = Line::default();
        }
        // Its readers know already that it is deleted. They need not learn who had written it.
        let fact = Delivery::fact(Fact::MessageDeleted {
            conversation: conversation.named(),
            message_id: shown_id(conversation, &left),
            seq: left.seq.0,
        });
        let files = self.message.objects();
        let removal = (!files.is_empty()).then_some(Delivery::RemoveCopies { files });
        let told = if was_deleted { Vec::new() } else { owes(&left).into_iter().chain([fact]).collect() };
        let deliveries = told.into_iter().chain(removal);
        let append = Append::instead(conversation.message(left.seq), self.owing, deliveries, writer, now);
        let mut update =
            append.update().set("deleted_at", left.deleted_at.unwrap_or(now)).remove("text").remove("attachments");
        if erases {
            // The last two are of a version that gave each message an entry in the index.
            let gone = ["author", "author_name", "key", "gsi1pk", "gsi1sk"];
            update = gone.into_iter().fold(update, Update::remove);
        }
        let mut writes = vec![update.into(), self.head.bury(conversation, &self.message, erases)];
        writes.extend(forget(conversation, &self.message.attachments));
        writes.extend(self.key.filter(|_| erases).map(|key| Action::delete(&key)));
        Ok(table.transact(writes).await?.is_done().then(|| Done::now(left, append.deliverable())))
    }
}
