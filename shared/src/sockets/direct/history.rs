//! Pages of a conversation, for clients that connect again or scroll back.

use serde::Serialize;

use crate::api_error::ApiError;
use crate::chats::{self, Conversation, ConversationKind, Range, Seq, direct_view};
use crate::contract::id::UserId;
use crate::contract::sockets::DirectMessage;
use crate::table::Table;

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Oldest first with `after`, newest first otherwise.
    pub messages: Vec<DirectMessage>,
    /// The `after` or `before` of the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// A page of the messages that two members have exchanged, deleted ones included.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn history(
    table: &Table,
    reader: &UserId,
    other: &UserId,
    range: Range,
    limit: u8,
) -> Result<History, ApiError> {
    let conversation = Conversation::direct(reader, other);
    let page = chats::page(table, &conversation, range, limit).await?;
    let ConversationKind::Direct(first, second) = conversation.kind() else {
        return Err(ApiError::internal("a direct conversation is of two members"));
    };
    let of = |message: &chats::Message| {
        let receiver = if message.author.as_ref() == Some(first) { second } else { first };
        direct_view(message, receiver)
    };
    let next_cursor = page.next.map(|Seq(seq)| seq.to_string());
    Ok(History { messages: page.messages.iter().map(of).collect(), next_cursor })
}
