//! A message in FCM's format (`projects.messages` of the HTTP v1 API).

use serde_json::{Map, Value, json};

use super::DeviceToken;

/// Most bytes of a message (FCM, "About FCM messages"). FCM counts only keys and values. [`FcmMessage::bytes`] counts all
/// of the JSON without the device's token, which is never less.
pub const MAX_MESSAGE_BYTES: usize = 4096;

/// A message, without the device that receives it.
#[derive(Debug, Clone, PartialEq)]
pub struct FcmMessage(Map<String, Value>);

impl FcmMessage {
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// The size that [`MAX_MESSAGE_BYTES`] limits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len())
    }

    /// The smallest message: one field of data.
    #[must_use]
    pub(super) fn minimal() -> Self {
        Self(Map::from_iter([("data".to_owned(), json!({ "type": "probe" }))]))
    }

    /// The request body that has FCM check the message for one device, and send nothing.
    #[must_use]
    pub(super) fn dry_run(&self, token: &DeviceToken) -> String {
        let mut message = self.0.clone();
        message.insert("token".to_owned(), json!(token.as_str()));
        json!({ "validate_only": true, "message": message }).to_string()
    }

    /// The request body for one device.
    #[must_use]
    pub fn to(&self, token: &DeviceToken) -> String {
        let mut message = self.0.clone();
        message.insert("token".to_owned(), json!(token.as_str()));
        json!({ "message": message }).to_string()
    }
}
