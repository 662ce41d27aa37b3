//! Attachments: files of a message, as clients and other systems see them. The file itself is in the stack's bucket.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Line;

/// Beginning of each object's key in the bucket.
const OBJECTS: &str = "chats/";

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

    /// The key of its object in the bucket. It names nobody.
    #[must_use]
    pub fn object(&self) -> String {
        format!("{OBJECTS}{}", self.0)
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    pub key: String,
    #[serde(rename = "type")]
    pub content_type: String,
    /// In bytes.
    pub size: u64,
}

impl From<&Attachment> for AttachmentFact {
    fn from(attachment: &Attachment) -> Self {
        let Attachment { id, content_type, size, .. } = attachment;
        Self { id: id.clone(), key: id.object(), content_type: content_type.clone(), size: *size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_digits() {
        let id = "0193a2f6c0de7abc8123456789abcdef";
        assert_eq!(AttachmentId::parse(id).unwrap().object(), format!("chats/{id}"));
        for bad in ["", &id[1..], &format!("{id}0"), &id.to_uppercase(), "../../etc/passwd", &format!("{}/", &id[1..])]
        {
            assert_eq!(AttachmentId::parse(bad), None, "{bad}");
        }
    }
}
