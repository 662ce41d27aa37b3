//! The files that come with a new message: uploaded to this conversation by its author, and no other message's.
//!
//! An upload's form is good for some minutes, also once its message is sent. So a message has copies, at keys that no form names: what its readers
//! get, and what a scanner has seen, stays as it was.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::attachment::{attach, row_of};
use super::attachment_store::{AttachmentStore, NewAttachments};
use super::upload::{UNSENT, megabytes, take_megabytes};
use super::{Conversation, MessageId};
use crate::api_error::ApiError;
use crate::clients::bucket::StoredObject;
use crate::contract::attachments::{Attachment, AttachmentId, ObjectKey};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Action, Item, Table};

/// Time-out of all copies of a message. S3 copies some 100 MB a second, and a function may take ten seconds.
const TIMEOUT: Duration = Duration::from_secs(6);

/// The copies of one message, made once however often its write is repeated.
pub(super) type Copies = OnceCell<Vec<CopiedFile>>;

/// A file that may come with the message.
pub(super) struct CopiedFile {
    pub(super) attachment: Attachment,
    object: ObjectKey,
    etag: String,
}

impl CopiedFile {
    /// The write by which it does.
    pub(super) fn attach(&self, conversation: &Conversation, author: &UserId, message: &MessageId) -> Action {
        attach(&conversation.attachment(&self.attachment.id), author, message, (&self.object, &self.etag))
    }
}

/// The uploads that are to come with a message.
pub(super) struct Uploads<'a> {
    pub(super) table: &'a Table,
    pub(super) conversation: &'a Conversation,
    pub(super) author: &'a UserId,
    pub(super) new: Option<&'a NewAttachments>,
}

impl Uploads<'_> {
    /// The uploads, as their rows say.
    ///
    /// # Errors
    /// 409 for one that another message has, 422 for one that the author has not asked to upload to this conversation in the last day, 500.
    pub(super) async fn asked(&self, now: Millis) -> Result<Vec<Attachment>, ApiError> {
        let Some(NewAttachments { ids, .. }) = self.new else { return Ok(Vec::new()) };
        let keys: Vec<_> = ids.iter().map(|id| self.conversation.attachment(id)).collect();
        let mut rows = self.table.get_many(&keys, true).await?;
        let mut uploads = Vec::with_capacity(ids.len());
        for (id, key) in ids.iter().zip(&keys) {
            uploads.push(checked(id, self.author, rows.remove(key), now)?);
        }
        Ok(uploads)
    }

    /// Copies the uploads. `unique` is new with each message. A copy counts against the author's limit, as its upload did, so that refused messages
    /// fill no bucket; one without a message has the tag of an upload without one, and expires.
    ///
    /// # Errors
    /// 422 for one that was not uploaded, 429 over the limit, 503 when the bucket does not answer, 500.
    pub(super) async fn copied<'c>(
        &self,
        uploads: Vec<Attachment>,
        unique: Uuid,
        copies: &'c Copies,
    ) -> Result<&'c [CopiedFile], ApiError> {
        let Some(NewAttachments { store, .. }) = self.new else { return Ok(&[]) };
        let copy_all = || async {
            let megabytes = uploads.iter().map(|upload| megabytes(upload.size)).sum();
            take_megabytes(self.table, self.author, megabytes, Millis::now()).await?;
            let copies = try_join_all(uploads.into_iter().map(|upload| copy(store, upload, unique)));
            match tokio::time::timeout(TIMEOUT, copies).await {
                Ok(copies) => copies,
                Err(_) => Err(ApiError::Unavailable("The store of attachments is slow; try again".to_owned())),
            }
        };
        Ok(copies.get_or_try_init(copy_all).await?)
    }
}

async fn copy(store: &AttachmentStore, attachment: Attachment, unique: Uuid) -> Result<CopiedFile, ApiError> {
    let upload = ObjectKey::of_upload(&attachment.id);
    let object = ObjectKey::of_message(unique.simple(), &attachment.id);
    let stored = store.bucket.look(upload.as_str()).await?;
    // The form let nothing else in. A scanner may have put something else in its place.
    let is_it =
        |stored: &StoredObject| stored.size == attachment.size && stored.content_type == attachment.content_type;
    let stored = stored.filter(is_it).ok_or_else(|| not_uploaded(&attachment.id))?;
    let copied = store.bucket.copy((upload.as_str(), &stored.etag), object.as_str(), UNSENT).await?;
    let etag = copied.ok_or_else(|| not_uploaded(&attachment.id))?;
    Ok(CopiedFile { attachment, object, etag })
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
