//! Links by which those in a conversation read a file.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Conversation;
use super::attachment::{row_of, unknown_attachment};
use super::attachment_store::AttachmentStore;
use crate::api_error::ApiError;
use crate::contract::attachments::{Attachment, AttachmentId, ObjectKey};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::Table;

/// How long a link is good.
const LIFETIME: Duration = Duration::from_secs(300);
/// The types that a browser shows within a page. Of anything else it could run what is in it, so it only saves that.
const SHOWN: [&str; 5] = ["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"];
/// The bytes that are escaped in a header's parameter: all but letters, digits and `-._~` (RFC 8187, section 3.2.1, has more).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A link.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub url: String,
    /// ISO 8601
    pub expires_at: String,
}

/// A link to a file for a reader of the conversation. A file that no message has is its author's alone.
///
/// # Errors
/// 404 when there is no such file, also where it was deleted or replaced in the bucket since it was sent; 503 when the bucket does not
/// answer, 500.
pub async fn link(
    table: &Table,
    store: &AttachmentStore,
    conversation: &Conversation,
    (reader, id): (&UserId, &str),
) -> Result<Link, ApiError> {
    let id = AttachmentId::parse(id).ok_or_else(unknown_attachment)?;
    let now = Millis::now();
    let row = table.get(&conversation.attachment(&id), true).await?.map(row_of).transpose()?;
    let row = row.filter(|row| row.is_live(now) && (row.message.is_some() || row.author.as_ref() == Some(reader)));
    let row = row.ok_or_else(unknown_attachment)?;
    let object = row.object.clone().unwrap_or_else(|| ObjectKey::of_upload(&id));
    let stored = store.bucket.look(object.as_str()).await?;
    if stored.is_none_or(|stored| row.etag.as_ref().is_some_and(|etag| *etag != stored.etag)) {
        return Err(ApiError::NotFound(
            "The file was taken out of the store, as a scanner does with a bad one".to_owned(),
        ));
    }
    let Attachment { name, content_type, .. } = row.view(&id);
    let disposition = disposition(name.as_str(), &content_type);
    let url = store.bucket.link(object.as_str(), (&content_type, &disposition), now, LIFETIME).await?;
    let expires_at = now.plus_seconds(LIFETIME.as_secs().cast_signed());
    Ok(Link { url, expires_at: expires_at.iso() })
}

/// The header `Content-Disposition` (RFC 6266, section 4): whether the file is shown or saved, and by which name. Old clients read the first
/// form of the name, in which `_` stands for what is not ASCII.
fn disposition(name: &str, content_type: &str) -> String {
    let shown = if SHOWN.contains(&content_type) { "inline" } else { "attachment" };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._-()".contains(c);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{shown}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_are_shown_and_a_name_ends_no_header() {
        assert_eq!(
            disposition("Plan é.png", "image/png"),
            "inline; filename=\"Plan _.png\"; filename*=UTF-8''Plan%20%C3%A9.png"
        );
        for saved in ["application/pdf", "image/svg+xml", "text/html"] {
            assert!(disposition("a", saved).starts_with("attachment;"), "{saved}");
        }
        let odd = disposition("a\"; x=y\r\n;.gif", "image/gif");
        assert_eq!(odd, "inline; filename=\"a__ x_y___.gif\"; filename*=UTF-8''a%22%3B%20x%3Dy%0D%0A%3B.gif");
    }
}
