//! The row of an attachment: from the request for its upload on. Without a message it expires, and its object by the bucket's own rule.

use serde::{Deserialize, Serialize};

use super::{Conversation, MessageId};
use crate::api_error::ApiError;
use crate::contract::attachments::{Attachment, AttachmentId, ObjectKey};
use crate::contract::id::UserId;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, WriteContext};
use crate::table::{Action, Item, Key, Table, TableError, Update, absent, eq, read};

/// How long after the request for its upload a file may be sent, in seconds. The bucket keeps uploads for a day longer.
pub(super) const UNSENT_SECONDS: i64 = 24 * 3600;

/// An attachment, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AttachmentRow {
    /// Its sender; absent once their account is erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) author: Option<UserId>,
    #[serde(default)]
    pub(super) name: Line,
    #[serde(rename = "type")]
    pub(super) content_type: String,
    pub(super) size: u64,
    pub(super) created_at: Millis,
    /// The message that it came with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) message: Option<MessageId>,
    /// The key of its object, since it was sent. A version before left it where it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) object: Option<ObjectKey>,
    /// Of its content when it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) etag: Option<String>,
    /// Absent once it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) expires_at: Option<i64>,
}

impl AttachmentRow {
    /// Whether it is there: rows that expired are removed some time later.
    pub(super) fn is_live(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now.seconds())
    }

    /// As clients see it.
    pub(super) fn view(&self, id: &AttachmentId) -> Attachment {
        let Self { name, content_type, size, .. } = self;
        Attachment { id: id.clone(), name: name.clone(), content_type: content_type.clone(), size: *size }
    }
}

impl Conversation {
    pub(super) fn attachment(&self, id: &AttachmentId) -> Key {
        Key::chat_attachment(self.partition(), id)
    }
}

/// The writes by which attachments go with the content of their message.
pub(super) fn forget<'a>(
    conversation: &'a Conversation,
    attachments: &'a [Attachment],
) -> impl Iterator<Item = Action> + 'a {
    attachments.iter().map(|attachment| Action::delete(&conversation.attachment(&attachment.id)))
}

/// Takes the sender and the name out of the row of a file that was uploaded and not sent, and removes the file. Returns whether the row was
/// as it was read.
pub(crate) async fn erase_upload(
    table: &Table,
    writer: &WriteContext,
    author: &UserId,
    key: &Key,
    row: &Item,
) -> Result<bool, TableError> {
    let id = key.sk.split_once('#').and_then(|(_, id)| AttachmentId::parse(id));
    let id = id.ok_or_else(|| TableError::corrupt(Some(key.clone()), "its key has no id"))?;
    let files = vec![ObjectKey::of_upload(&id)];
    let removal = Delivery::RemoveCopies { files };
    let append = Append::new(key.clone(), Committed::of_row(row), [removal], writer, Millis::now())?;
    let erased = append.update().remove("author").remove("name").when(eq("author", author).and(absent("message")));
    Ok(table.write(erased).await?.is_done())
}

/// The write by which a file becomes that of a message, if it still is its author's and no message's.
pub(super) fn attach(key: &Key, author: &UserId, message: &MessageId, (object, etag): (&ObjectKey, &str)) -> Action {
    let update = Update::new(key).set("message", message.as_str()).set("object", object.as_str()).set("etag", etag);
    update.remove("expires_at").when(eq("author", author).and(absent("message"))).into()
}

pub(super) fn row_of(item: Item) -> Result<AttachmentRow, TableError> {
    read(item)
}

pub(super) fn unknown_attachment() -> ApiError {
    ApiError::NotFound(
        "There is no attachment of this id in this conversation: take one from a message that is listed there"
            .to_owned(),
    )
}
