//! Events, and Pusher's rules for them (Pusher Channels docs, "Publishing events", "Channel naming conventions").

use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::contract::any_channel::TO_USER;
use crate::contract::channel::{MAX_LENGTH, is_name};
use crate::contract::event::{MAX_EVENT_BYTES, MAX_EVENT_NAME};

/// An event for one channel, with Pusher's field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PusherEvent {
    pub channel: String,
    pub name: String,
    /// The payload, as JSON text.
    pub data: String,
}

/// An event that another back end triggers, with Pusher's field names. It goes to Pusher as it came: that back end's library has
/// encrypted the data for an encrypted channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppEvent {
    /// One to a hundred.
    pub channels: Vec<String>,
    pub name: String,
    pub data: String,
    /// The connection that does not get it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub socket_id: Option<String>,
}

impl AppEvent {
    /// The channel, if a batch may have the event. Those for several channels, or for a signed-in user, go alone, as from Pusher's
    /// libraries.
    #[must_use]
    pub fn batched(&self) -> Option<&str> {
        match self.channels.as_slice() {
            [one] if !one.starts_with(TO_USER) => Some(one),
            _ => None,
        }
    }
}

/// Checks a text that should be the name of a channel, a public one included.
///
/// # Errors
/// 400 with the rule, for the field of this name.
pub fn check_channel<'a>(field: &'static str, text: &'a str) -> Result<&'a str, ApiError> {
    if is_name(text) {
        return Ok(text);
    }
    Err(ApiError::field(field, format!("must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;")))
}

/// Checks the name of an event, in the field of that name, and its data.
///
/// # Errors
/// 400 for a name that is empty or over 200 characters, 413 for data over 10 KB.
pub fn check_event(field: &'static str, name: &str, data: &str) -> Result<(), ApiError> {
    if !(1..=MAX_EVENT_NAME).contains(&name.chars().count()) {
        return Err(ApiError::field(field, format!("must be 1 to {MAX_EVENT_NAME} characters")));
    }
    if data.len() > MAX_EVENT_BYTES {
        return Err(ApiError::TooLarge { what: "data", bytes: data.len(), limit: MAX_EVENT_BYTES });
    }
    Ok(())
}
