//! Pages of a conversation.

use super::head::recent_head;
use super::{Conversation, Message, MessageId, Seq};
use crate::api_error::ApiError;
use crate::table::{Query, Table, TableError};

/// Which messages a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The newest, newest first.
    Newest,
    /// Those with lower numbers, newest first.
    Before(Seq),
    /// Those with higher numbers, oldest first. No message with a lower number appears later, so a reader who always goes on
    /// after the last one misses none.
    After(Seq),
}

impl Range {
    /// Parses the `before` and `after` of a request.
    ///
    /// # Errors
    /// 400 for both at once, and for text that is not a number.
    pub fn parse(before: Option<&str>, after: Option<&str>) -> Result<Self, ApiError> {
        match (before, after) {
            (None, None) => Ok(Self::Newest),
            (Some(before), None) => Ok(Self::Before(Seq::parse(before, "before")?)),
            (None, Some(after)) => Ok(Self::After(Seq::parse(after, "after")?)),
            (Some(_), Some(_)) => Err(ApiError::Malformed("Send before or after, not both".to_owned())),
        }
    }
}

/// A page.
#[derive(Debug)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Where the next page starts, if there may be one: the last number of this page, for the same direction.
    pub next: Option<Seq>,
}

/// The message of this id, by a consistent read.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn find(
    table: &Table,
    conversation: &Conversation,
    id: &MessageId,
) -> Result<Option<Message>, TableError> {
    let row = table.get(&conversation.message(id.seq()), true).await?;
    Ok(row.map(Message::of_row).transpose()?.filter(|message| message.id == *id))
}

/// Reads up to `limit` messages, deleted ones included: one consistent query.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn page(table: &Table, conversation: &Conversation, range: Range, limit: u8) -> Result<Page, ApiError> {
    let (from, to) = match range {
        Range::Newest => (Seq(1), Seq::LAST),
        Range::Before(seq) => (Seq(1), Seq(seq.0.saturating_sub(1))),
        Range::After(seq) => (seq.next(), Seq::LAST),
    };
    if from > to {
        return Ok(Page { messages: Vec::new(), next: None });
    }
    let query = Query::new(conversation.partition())
        .between(&conversation.message(from).sk, &conversation.message(to).sk)
        .limit(limit.into());
    let is_ascending = matches!(range, Range::After(_));
    let query = if is_ascending { query } else { query.descending() };
    let found = table.query(&query).await?;
    let messages = found.items.into_iter().map(Message::of_row).collect::<Result<Vec<_>, _>>()?;
    let last = messages.last().map(|message| message.seq);
    // Numbers have no gaps, so there are older messages down to number 1.
    let next = last.filter(|last| if is_ascending { found.last_evaluated_key.is_some() } else { last.0 > 1 });
    Ok(Page { messages, next })
}

/// The newest page, unless the client has it.
#[derive(Debug)]
pub enum Newest {
    /// It is what the client has: this cost half a read unit.
    Unchanged {
        /// Its `ETag`.
        etag: String,
    },
    Page {
        page: Page,
        etag: String,
    },
}

/// The newest page, unless its `ETag` is one of `if_none_match`. The head is read before the messages, so the tag is never
/// newer than the page.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn newest(
    table: &Table,
    conversation: &Conversation,
    limit: u8,
    if_none_match: Option<&str>,
) -> Result<Newest, ApiError> {
    let etag = recent_head(table, conversation).await?.etag();
    if if_none_match.is_some_and(|tags| matches_any(tags, &etag)) {
        return Ok(Newest::Unchanged { etag });
    }
    let page = page(table, conversation, Range::Newest, limit).await?;
    Ok(Newest::Page { page, etag })
}

/// Whether an `If-None-Match` names this tag, compared weakly (RFC 9110, section 13.1.2).
fn matches_any(tags: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    tags.trim() == "*" || tags.split(',').map(str::trim).any(|tag| opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_matches_whole_and_weakly() {
        for tags in ["\"7-0\"", "W/\"7-0\"", "\"1-0\", \"7-0\"", "*"] {
            assert!(matches_any(tags, "\"7-0\"") && matches_any(tags, "W/\"7-0\""), "{tags}");
        }
        for tags in ["", "7-0", "\"7-01\"", "\"17-0\"", "\"7-1\""] {
            assert!(!matches_any(tags, "W/\"7-0\""), "{tags}");
        }
    }
}
