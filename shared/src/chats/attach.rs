//! The files that come with a new message: uploaded to this conversation by its author, and no other message's.

use futures_util::future::try_join_all;

use super::attachment::{attach, row_of};
use super::attachment_store::NewAttachments;
use super::{Conversation, MessageId};
use crate::api_error::ApiError;
use crate::clients::bucket::StoredObject;
use crate::contract::attachments::{Attachment, AttachmentId};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Action, Item, Table};

/// A file that may come with the message.
pub(super) struct Ready {
    pub(super) attachment: Attachment,
    etag: String,
}

impl Ready {
    /// The write by which it does.
    pub(super) fn attach(&self, conversation: &Conversation, author: &UserId, message: &MessageId) -> Action {
        attach(&conversation.attachment(&self.attachment.id), author, (message, &self.etag))
    }
}

/// Looks up the files in the table and in the bucket.
///
/// # Errors
/// 409 for one that another message has, 422 for one that the author has not uploaded to this conversation in the last day, 503 when the
/// bucket does not answer, 500.
pub(super) async fn ready(
    table: &Table,
    conversation: &Conversation,
    author: &UserId,
    new: Option<&NewAttachments>,
    now: Millis,
) -> Result<Vec<Ready>, ApiError> {
    let Some(NewAttachments { ids, store }) = new else { return Ok(Vec::new()) };
    let keys: Vec<_> = ids.iter().map(|id| conversation.attachment(id)).collect();
    let mut rows = table.get_many(&keys, true).await?;
    let mut asked = Vec::with_capacity(ids.len());
    for (id, key) in ids.iter().zip(&keys) {
        asked.push(checked(id, author, rows.remove(key), now)?);
    }
    try_join_all(asked.into_iter().map(|attachment| async {
        let stored = store.bucket.look(&attachment.id.object()).await?;
        // The form let nothing else in. A scanner may have put something else in its place.
        let is_it =
            |stored: &StoredObject| stored.size == attachment.size && stored.content_type == attachment.content_type;
        let stored = stored.filter(is_it);
        let stored = stored.ok_or_else(|| not_uploaded(&attachment.id))?;
        Ok(Ready { attachment, etag: stored.etag })
    }))
    .await
}

fn checked(id: &AttachmentId, author: &UserId, row: Option<Item>, now: Millis) -> Result<Attachment, ApiError> {
    let row = row.map(row_of).transpose()?.filter(|row| row.is_live(now) && row.author.as_ref() == Some(author));
    let row = row.ok_or_else(|| not_uploaded(id))?;
    if row.message.is_some() {
        let told = format!("Another message has the attachment {id}: upload the file again to send it again");
        return Err(ApiError::Conflict(told));
    }
    Ok(row.view(id))
}

fn not_uploaded(id: &AttachmentId) -> ApiError {
    ApiError::Unprocessable(format!(
        "You have not uploaded {id} to this conversation: ask for an upload here, post its form, and send the message within a day"
    ))
}
