//! The messages of a lease's chat that an e-mail sums up.

use std::collections::VecDeque;

use super::{Conversation, Message, Seq};
use crate::contract::id::{LeaseId, UserId};
use crate::outbox::{Committed, Delivery};
use crate::table::{Key, Query, Table, TableError, string};

/// Most messages that are looked at. Whoever has more unseen ones is told "100+".
const MOST: u16 = 100;
/// An e-mail shows the beginnings of at most this many messages.
const MAX_SHOWN: usize = 5;

/// Messages that the recipient has neither seen nor been told of.
#[derive(Debug)]
pub(crate) struct Unseen {
    /// The oldest of them.
    pub(crate) first: Message,
    /// The next ones, oldest first, as many as an e-mail shows.
    pub(crate) next: Vec<Message>,
    pub(crate) count: usize,
    /// Whether there may be more.
    pub(crate) is_more: bool,
    /// The conversation's newest message: an e-mail about these covers all up to it.
    pub(crate) newest: Seq,
}

/// The row of a user's read mark in a lease's chat.
pub(crate) fn read_mark_key(lease: &LeaseId, user: &UserId) -> Key {
    Conversation::lease(lease).read_mark(user)
}

/// The unseen messages with higher numbers than `after`: those whose rows still owe the recipient an e-mail, and the one with
/// this number. Others were in front of the recipient when they came, or are told already. `None` when all of them are deleted.
/// One query.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn unseen(
    table: &Table,
    lease: &LeaseId,
    recipient: &UserId,
    after: Seq,
    own: Seq,
) -> Result<Option<Unseen>, TableError> {
    let conversation = Conversation::lease(lease);
    let query = Query::new("pk = :chat AND sk BETWEEN :from AND :to")
        .value(":chat", string(conversation.partition()))
        .value(":from", string(conversation.message(after.next()).sk))
        .value(":to", string(conversation.message(Seq::LAST).sk))
        .descending()
        .limit(MOST);
    let page = table.query(&query).await?;
    let (mut newest, mut count, mut oldest) = (own, 0, VecDeque::new());
    for row in page.items {
        let owes = Committed::of_row(&row).is_some_and(|row| {
            let is_theirs =
                |delivery: &Delivery| matches!(delivery, Delivery::Email(email) if email.recipient == *recipient);
            row.outbox.owed.iter().any(|owed| is_theirs(&owed.delivery))
        });
        let message = Message::of_row(row)?;
        newest = newest.max(message.seq);
        let is_unseen = message.text.is_some() && message.author.as_ref() != Some(recipient);
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
