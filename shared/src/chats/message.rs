//! A message: its number, its id, its text, its row.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attachment_store::NewAttachments;
use crate::api_error::ApiError;
use crate::contract::attachments::{Attachment, ObjectKey};
use crate::contract::chats::{AuthorView, MessageView, Role};
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::http::idempotency::IdempotencyKey;
use crate::table::key::CHAT_MESSAGE;
use crate::table::{AttributeValue, IntoValue, Item, Key, TableError, read};

/// Longest text, in characters.
pub const MAX_TEXT: usize = 4_000;
/// The highest number: those of sort keys have twelve digits.
const MAX_SEQ: u64 = 999_999_999_999;

/// The number of a message in its conversation, from 1. As a mark ("read up to", "after"), 0 is before the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first message.
    pub const NONE: Self = Self(0);
    /// No message has a higher number.
    pub(crate) const LAST: Self = Self(MAX_SEQ);

    /// Reads a number from a query.
    ///
    /// # Errors
    /// 400, naming the field, for anything but a number from 0 to 999999999999.
    pub fn parse(text: &str, field: &str) -> Result<Self, ApiError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seq = text.parse().ok().filter(|seq| digits && *seq <= MAX_SEQ);
        seq.map(Self).ok_or_else(|| ApiError::field(field, "must be the seq of a message, or 0"))
    }

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number in a message's sort key.
    pub(crate) fn of_sort_key(sk: &str) -> Option<Self> {
        sk.strip_prefix(CHAT_MESSAGE)?.parse().ok().filter(|seq| *seq <= MAX_SEQ).map(Self)
    }
}

impl IntoValue for Seq {
    fn into_value(self) -> AttributeValue {
        AttributeValue::N(self.0.to_string())
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message's id: its number and a UUID. So a message is found by one key, and an id of another conversation is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    pub(super) fn new(seq: Seq, id: uuid::Uuid) -> Self {
        Self(format!("{:012}-{}", seq.0, id.simple()))
    }

    /// Parses an id from a path.
    ///
    /// # Errors
    /// 404 for anything else: there is no message of such an id.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let is_id = text.split_once('-').is_some_and(|(seq, id)| {
            let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            seq.len() == 12 && seq.bytes().all(|byte| byte.is_ascii_digit()) && id.len() == 32 && id.bytes().all(is_hex)
        });
        if is_id { Ok(Self(text.to_owned())) } else { Err(super::unknown_message()) }
    }

    /// The message's number.
    #[must_use]
    pub fn seq(&self) -> Seq {
        Seq(self.0.split('-').next().and_then(|seq| seq.parse().ok()).unwrap_or_default())
    }

    /// Its part without the number: 32 hexadecimal digits, which no other message has.
    fn unique(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, unique)| unique)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses a message's text, of 1 to 4,000 characters; `field` is what the request calls it. The client that shows it escapes it.
///
/// # Errors
/// 400 when it is empty, too long, or has a control character other than tabs and line breaks.
pub fn message_text(text: &str, field: &str) -> Result<Text, ApiError> {
    Text::parse(text, MAX_TEXT).map_err(|error| ApiError::field(field, error))
}

/// As [`message_text`], of a message that comes with these files: the text may then be empty.
///
/// # Errors
/// As [`message_text`].
pub fn text_with(attachments: Option<&NewAttachments>, text: &str, field: &str) -> Result<Text, ApiError> {
    match attachments {
        None => message_text(text, field),
        Some(_) => Text::parse_optional(text, MAX_TEXT).map_err(|error| ApiError::field(field, error)),
    }
}

/// The author of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub id: UserId,
    /// As the others see them.
    pub name: Line,
    pub role: Role,
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub author: Author,
    /// Those besides the author whose lists of conversations are to have this one.
    pub others: Vec<UserId>,
    pub text: Text,
    /// The files that come with it.
    pub attachments: Option<NewAttachments>,
    /// The request's key. One that has none is never a repetition.
    pub key: Option<IdempotencyKey>,
}

/// A stored message, or what is left of it once it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub seq: Seq,
    /// `None` once the author's account is erased.
    pub author: Option<UserId>,
    /// Empty once the author's account is erased.
    pub author_name: Line,
    pub role: Role,
    /// `None` once it is deleted.
    pub text: Option<Text>,
    /// Whether the text is a sealed content: JSON with what only its receiver can read.
    pub sealed: bool,
    /// Empty once it is deleted.
    pub attachments: Vec<Attachment>,
    pub created_at: Millis,
    pub deleted_at: Option<Millis>,
}

impl NewMessage {
    /// Whether a message has the files that this one is to have.
    pub(super) fn has_files_of(&self, message: &Message) -> bool {
        let wanted = self.attachments.iter().flat_map(|new| &new.ids);
        wanted.eq(message.attachments.iter().map(|attachment| &attachment.id))
    }
}

impl Message {
    /// As a guest's chat shows it: with its text as `message`.
    #[must_use]
    pub fn with_message(&self) -> MessageView {
        MessageView { message: self.text.clone(), ..self.view() }
    }

    /// As a lease's chat shows it: with its text as `content`.
    #[must_use]
    pub fn with_content(&self) -> MessageView {
        MessageView { content: self.text.clone(), ..self.view() }
    }

    /// Its words for those who see no file: its text, or else the name of its first file; `None` once it is deleted.
    #[must_use]
    pub(crate) fn words(&self) -> Option<Text> {
        let text = self.text.as_ref()?;
        match self.attachments.first().filter(|_| text.as_str().is_empty()) {
            Some(first) => Some(Text::ours(first.name.as_str().to_owned())),
            None => Some(text.clone()),
        }
    }

    /// The content of a direct message, as clients see it: text, a sealed content, or `null` once it is deleted.
    pub(super) fn content(&self) -> Value {
        match &self.text {
            None => Value::Null,
            Some(json) if self.sealed => serde_json::from_str(json.as_str()).unwrap_or(Value::Null),
            Some(text) => Value::String(text.as_str().to_owned()),
        }
    }

    /// The keys of its files in the bucket.
    pub(super) fn objects(&self) -> Vec<ObjectKey> {
        let unique = self.id.unique();
        self.attachments.iter().map(|attachment| ObjectKey::of_message(unique, &attachment.id)).collect()
    }

    fn view(&self) -> MessageView {
        MessageView {
            id: self.id.to_string(),
            seq: self.seq.0,
            author: AuthorView { id: self.author.clone(), name: self.author_name.clone(), role: self.role },
            message: None,
            content: None,
            attachments: self.attachments.clone(),
            created_at: self.created_at.iso(),
            deleted_at: self.deleted_at.map(Millis::iso),
        }
    }

    pub(crate) fn of_row(item: Item) -> Result<Self, TableError> {
        let key = Key::of(&item);
        let seq = key.as_ref().and_then(|key| Seq::of_sort_key(&key.sk));
        let seq = seq.ok_or_else(|| TableError::corrupt(key, "its key has no number"))?;
        let row: MessageRow = read(item)?;
        Ok(Self {
            id: row.id,
            seq,
            author: row.author,
            author_name: row.author_name.unwrap_or_default(),
            role: row.exact_role.unwrap_or(row.role),
            text: row.text,
            sealed: row.sealed,
            attachments: row.attachments,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
        })
    }
}

/// A message, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MessageRow {
    pub(super) id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author_name: Option<Line>,
    /// The side ([`Role::side`]).
    pub(super) role: Role,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) exact_role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Text>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(super) sealed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) attachments: Vec<Attachment>,
    pub(super) created_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted_at: Option<Millis>,
    /// The row of its idempotency key, which goes with its author.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) key: Option<String>,
}

impl MessageRow {
    /// The row of a new message, with the row of its idempotency key.
    pub(super) fn new(message: &Message, key: Option<String>) -> Self {
        Self {
            id: message.id.clone(),
            author: message.author.clone(),
            author_name: Some(message.author_name.clone()),
            role: message.role.side(),
            exact_role: message.role.beside_side(),
            text: message.text.clone(),
            sealed: message.sealed,
            attachments: message.attachments.clone(),
            created_at: message.created_at,
            deleted_at: None,
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_text(text: &str) -> bool {
        message_text(text, "message").is_ok()
    }

    #[test]
    fn a_text_has_up_to_4000_characters_and_no_control_characters_but_tabs_and_line_breaks() {
        let longest = "é".repeat(4_000);
        for good in ["x", "a\nb\r\nc", "a\tb", "<script>alert(1)</script>", "👋🏽", " x ", &longest] {
            assert!(is_text(good), "{good:?}");
        }
        for bad in ["", " ", "\n", "a\0", "\u{1b}[31m", "a\u{85}b", "\u{7f}", &format!("{longest}x")] {
            assert!(!is_text(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_number_of_a_query_is_digits_alone() {
        assert_eq!(Seq::parse("0", "after").unwrap(), Seq::NONE);
        assert_eq!(Seq::parse("999999999999", "after").unwrap(), Seq::LAST);
        for bad in ["", "-1", "+1", "1.0", " 1", "1\n", "x", "1000000000000", "99999999999999999999999"] {
            assert!(Seq::parse(bad, "after").is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_tells_its_number(seq in 1..=MAX_SEQ) {
            let id = MessageId::new(Seq(seq), uuid::Uuid::now_v7());
            prop_assert_eq!(MessageId::parse(id.as_str()).unwrap().seq(), Seq(seq));
        }

        #[test]
        fn no_text_is_taken_for_an_id_that_it_is_not(text in ".{0,60}") {
            if let Ok(id) = MessageId::parse(&text) {
                prop_assert_eq!(id.as_str().len(), 45);
            }
        }
    }
}
