//! The messages that an e-mail sums up.

use std::collections::VecDeque;

use crate::chats::{Conversation, Message, Seq};
use crate::contract::id::UserId;
use crate::outbox::{Committed, Delivery, EmailRecipient};
use crate::table::{Query, Table, TableError};

/// Most messages that are read. For more unseen ones, the e-mail says "100+".
const MOST: u16 = 100;
/// An e-mail shows the beginnings of at most this many messages.
const MAX_SHOWN: usize = 5;

/// Messages that the recipient has not seen, and that no e-mail has covered.
#[derive(Debug)]
pub(super) struct Unseen {
    /// The oldest of them.
    pub(super) first: Message,
    /// The next ones, oldest first, as many as an e-mail shows.
    pub(super) next: Vec<Message>,
    pub(super) count: usize,
    /// Whether there may be more.
    pub(super) is_more: bool,
    /// The conversation's newest message: an e-mail about these covers all up to it.
    pub(super) newest: Seq,
}

/// The unseen messages with higher numbers than `after`: those whose rows have an e-mail to the recipient pending, and the one with
/// this number. The recipient saw the others arrive, or an e-mail has covered them; of their own messages, they have read those
/// before, too. `None` when all of them are deleted or read. One query.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn unseen(
    table: &Table,
    conversation: &Conversation,
    (to, recipient): (&EmailRecipient, &UserId),
    after: Seq,
    own: Seq,
) -> Result<Option<Unseen>, TableError> {
    let query = Query::new(conversation.partition())
        .between(&conversation.message(after.next()).sk, &conversation.message(Seq::LAST).sk)
        .descending()
        .limit(MOST);
    let page = table.query(&query).await?;
    let (mut newest, mut count, mut oldest) = (own, 0, VecDeque::new());
    // Newest first.
    let mut has_written = false;
    for row in page.items {
        let owes = Committed::of_row(&row).is_some_and(|row| {
            let is_theirs = |delivery: &Delivery| matches!(delivery, Delivery::Email(email) if email.to == *to);
            row.outbox.entries.iter().any(|entry| is_theirs(&entry.delivery))
        });
        let message = Message::of_row(row)?;
        newest = newest.max(message.seq);
        if message.author.as_ref() == Some(recipient) {
            has_written = true;
        }
        let is_unseen = message.text.is_some() && !has_written;
        if is_unseen && (owes || message.seq == own) {
            count += 1;
            oldest.push_front(message);
            oldest.truncate(MAX_SHOWN);
        }
    }
    let is_more = page.last_evaluated_key.is_some();
    let first = oldest.pop_front();
    Ok(first.map(|first| Unseen { first, next: oldest.into(), count, is_more, newest }))
}
