//! Uploads: a form by which a page puts one file into the bucket.

use serde::{Deserialize, Serialize};

use super::Conversation;
use super::attachment::{AttachmentRow, UNSENT_SECONDS, row_of};
use super::attachment_store::AttachmentStore;
use crate::api_error::ApiError;
use crate::clients::bucket;
use crate::contract::attachments::{AttachmentId, ObjectKey};
use crate::contract::id::UserId;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::http::idempotency::{self, IdempotencyKey};
use crate::outbox::Done;
use crate::table::rate_limit::{self, Limit, Wanted};
use crate::table::{Action, Key, Table, item};

/// How much an author may upload and send, in megabytes: 2,000 at once, and as many a day. A file counts when its upload is asked for and when a
/// message is to have it, each time as one megabyte at least.
pub const UPLOADS: Limit = Limit { burst: 2_000, interval: 43_200 };
const MEGABYTE: u64 = 1_000_000;
/// Longest name of a file, in characters.
const MAX_NAME: usize = 200;
/// How long a form is good, in seconds: for a large file over a slow line.
const FORM_SECONDS: i64 = 900;
/// The tag of an object that no message has. The bucket's lifecycle rules delete what has it (`template.yaml`).
pub(super) const UNSENT: bucket::Tag = ("state", "unsent");

/// A request for an upload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    name: String,
    r#type: String,
    size: u64,
}

/// An upload: the id for the message, and the form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    pub attachment_id: AttachmentId,
    #[serde(flatten)]
    pub form: bucket::Form,
}

impl NewUpload {
    fn checked(self, store: &AttachmentStore, author: &UserId, now: Millis) -> Result<AttachmentRow, ApiError> {
        let name = Line::parse(&self.name, MAX_NAME).map_err(|error| ApiError::field("name", error))?;
        if name.as_str().contains(['/', '\\']) {
            return Err(ApiError::field("name", "must be a file's name, without a folder: / and \\ are not in it"));
        }
        let content_type = self.r#type.to_ascii_lowercase();
        if !store.types.contains(&content_type) {
            return Err(ApiError::field("type", format!("must be one of {}", store.types.join(", "))));
        }
        if store.max_bytes == 0 {
            return Err(ApiError::Conflict(
                "No files come in here any more: an operator has closed attachments".to_owned(),
            ));
        }
        if !(1..=store.max_bytes).contains(&self.size) {
            return Err(ApiError::field("size", format!("must be 1 to {} bytes", store.max_bytes)));
        }
        Ok(AttachmentRow {
            author: Some(author.clone()),
            name,
            content_type,
            size: self.size,
            created_at: now,
            message: None,
            object: None,
            etag: None,
            expires_at: Some(now.plus_seconds(UNSENT_SECONDS).seconds()),
        })
    }
}

/// Lets an author upload one file to a conversation. A repeated request gets another form for the same file.
///
/// # Errors
/// 400 for a bad field, 409 for a repetition after the file was sent and where no files come in any more, 422 for a reused key, 429 over the
/// limit, 503 when too many write at once, 500.
pub async fn upload(
    table: &Table,
    store: &AttachmentStore,
    conversation: &Conversation,
    (author, key): (&UserId, &IdempotencyKey),
    new: NewUpload,
) -> Result<Done<Upload>, ApiError> {
    let wanted = new.checked(store, author, Millis::now())?;
    let id = AttachmentId::of(key.id().simple());
    let (row_key, limit) = (conversation.attachment(&id), limit(author));
    let is_replay = super::retry(|| async {
        let now = Millis::now();
        let [row, due] = table.get_each([&row_key, &limit], true).await?;
        let row = row.map(row_of).transpose()?.filter(|row| row.is_live(now));
        if let Some(first) = row {
            let is_same = first.author == wanted.author && first.view(&id) == wanted.view(&id);
            idempotency::must_be_same(is_same)?;
            if first.message.is_some() {
                let told = "This file was sent: ask for another upload with another Idempotency-Key";
                return Err(ApiError::Conflict(told.to_owned()));
            }
            return Ok(Some(true));
        }
        let due = due.as_ref().and_then(rate_limit::due);
        let next = UPLOADS.admit_several(megabytes(wanted.size), due, now).map_err(ApiError::TooManyRequests)?;
        let writes = [Action::put_new(item(&row_key, &wanted)?, now), rate_limit::count(&limit, due, next)];
        Ok(table.transact(writes).await?.is_done().then_some(false))
    })
    .await?;
    let (object, now) = (ObjectKey::of_upload(&id), Millis::now());
    let AttachmentRow { content_type, size, .. } = &wanted;
    let file = bucket::FormFile { object: object.as_str(), content_type, size: *size, tag: UNSENT };
    let form = store.bucket.form(&file, now, now.plus_seconds(FORM_SECONDS)).await?;
    let upload = Upload { attachment_id: id, form };
    Ok(if is_replay { Done::replay(upload) } else { Done::now(upload, None) })
}

/// The row of [`UPLOADS`].
fn limit(author: &UserId) -> Key {
    Key::limit(author, "megabytes")
}

/// As how many megabytes a file counts.
pub(super) fn megabytes(size: u64) -> i64 {
    i64::try_from(size.div_ceil(MEGABYTE).max(1)).unwrap_or(i64::MAX)
}

/// Counts so many megabytes against the author's limit.
///
/// # Errors
/// 429 over the limit, 503 when too many write at once, 500.
pub(super) async fn take_megabytes(
    table: &Table,
    author: &UserId,
    megabytes: i64,
    now: Millis,
) -> Result<(), ApiError> {
    // The upload has counted already, and seldom long ago.
    let wanted = Wanted { requests: megabytes, remembered: Some(now.plus_seconds(1)) };
    let taken = rate_limit::take(table, &limit(author), UPLOADS, wanted, now).await?;
    taken.map(drop).map_err(ApiError::TooManyRequests)
}
