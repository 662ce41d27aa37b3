//! A message in FCM's words (`projects.messages` of the HTTP v1 API).

use serde_json::{Map, Value, json};

use super::Token;

/// Most bytes of a message (FCM, "About FCM messages"). FCM counts keys and values; here the whole JSON counts, but for the
/// device's token, which is never less.
pub const MAX_MESSAGE_BYTES: usize = 4096;

/// A message for any device.
#[derive(Debug, Clone, PartialEq)]
pub struct Message(Map<String, Value>);

impl Message {
    /// A message of these fields.
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Its size, as [`MAX_MESSAGE_BYTES`] counts it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len())
    }

    /// The request's body for one device.
    #[must_use]
    pub fn to(&self, token: &Token) -> String {
        let mut message = self.0.clone();
        message.insert("token".to_owned(), json!(token.as_str()));
        json!({ "message": message }).to_string()
    }
}
