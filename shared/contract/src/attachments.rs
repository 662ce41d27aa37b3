//! Attachments: files of a message, as clients and other systems see them. The file itself is in the stack's bucket.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Line;

/// Beginning of the keys of uploads, which their forms name.
const UPLOADS: &str = "chats/";
/// Beginning of the keys of the files of messages, which no form names.
const OF_MESSAGES: &str = "messages/";

/// Names an attachment: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentId(String);

impl AttachmentId {
    /// The id that this UUID makes, without its hyphens.
    #[must_use]
    pub fn of(digits: impl fmt::Display) -> Self {
        Self(digits.to_string())
    }

    /// Parses an id; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of an object in the bucket. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ObjectKey(String);

impl ObjectKey {
    /// That of an upload. Its form may put another file there as long as it is good, also after the message was sent.
    #[must_use]
    pub fn of_upload(id: &AttachmentId) -> Self {
        Self(format!("{UPLOADS}{id}"))
    }

    /// That of the copy that comes with a message. `message` is new with each attempt to send it, so nothing is ever written there again.
    #[must_use]
    pub fn of_message(message: impl fmt::Display, id: &AttachmentId) -> Self {
        Self(format!("{OF_MESSAGES}{message}/{id}"))
    }

    /// That of the upload behind this copy.
    #[must_use]
    pub fn upload(&self) -> Option<Self> {
        let (_, id) = self.0.strip_prefix(OF_MESSAGES)?.rsplit_once('/')?;
        AttachmentId::parse(id).as_ref().map(Self::of_upload)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ObjectKey {
    /// The version before stored the id of an upload in place of a key.
    fn from(stored: String) -> Self {
        AttachmentId::parse(&stored).as_ref().map_or(Self(stored), Self::of_upload)
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.0
    }
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    /// The file's name, as its sender's client gave it.
    pub name: Line,
    /// Such as `image/png`.
    #[serde(rename = "type")]
    pub content_type: String,
    /// In bytes.
    pub size: u64,
}

/// A file as a fact names it: without its name, which is a person's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentFact {
    pub id: AttachmentId,
    /// Of its object in the stack's bucket.
    pub key: ObjectKey,
    #[serde(rename = "type")]
    pub content_type: String,
    /// In bytes.
    pub size: u64,
}

impl AttachmentFact {
    /// The file whose object has this key.
    #[must_use]
    pub fn of(attachment: &Attachment, key: ObjectKey) -> Self {
        let Attachment { id, content_type, size, .. } = attachment;
        Self { id: id.clone(), key, content_type: content_type.clone(), size: *size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_digits() {
        let id = "0193a2f6c0de7abc8123456789abcdef";
        assert_eq!(AttachmentId::parse(id).unwrap().as_str(), id);
        for bad in ["", &id[1..], &format!("{id}0"), &id.to_uppercase(), "../../etc/passwd", &format!("{}/", &id[1..])]
        {
            assert_eq!(AttachmentId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_copy_of_an_upload_leads_back_to_it() {
        let id = AttachmentId::parse("0193a2f6c0de7abc8123456789abcdef").unwrap();
        let (upload, copy) = (ObjectKey::of_upload(&id), ObjectKey::of_message("0123", &id));
        assert_eq!(copy.as_str(), format!("messages/0123/{id}"));
        assert_eq!((copy.upload(), upload.upload()), (Some(upload.clone()), None));
        let read = |json: &str| serde_json::from_str::<ObjectKey>(json).unwrap();
        assert_eq!(read(&format!("\"{id}\"")), upload, "of the version before");
        assert_eq!(read(&serde_json::to_string(&copy).unwrap()), copy);
    }
}
