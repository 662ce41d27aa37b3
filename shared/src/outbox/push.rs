//! A pending push.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PushLook;
use crate::contract::id::UserId;
use crate::contract::quiet_hours::QuietHoursText;
use crate::contract::text::{Line, Text};

/// A push. The transport reads the user's devices when it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Push {
    pub user: UserId,
    /// The notification's type, such as `MESSAGE`.
    pub r#type: String,
    /// The headline.
    pub title: Line,
    /// A sentence below it; cut where the whole would be too large for FCM.
    pub body: Text,
    /// The data of the notification, with `notificationId`; never cut.
    pub data: Map<String, Value>,
    /// Image, icon, link, action and silence, as its sender chose them.
    #[serde(skip_serializing_if = "PushLook::is_default", default)]
    pub look: PushLook,
    /// Wakes the device, and goes out in quiet hours and to users who are connected, too.
    pub high: bool,
    /// Goes out although the user is connected: nothing tells them in the app, or they want both.
    pub even_if_connected: bool,
    /// Pushes with the same tag replace each other on the device. At most 32 characters, letters and digits.
    pub tag: String,
    /// When it is dropped, unless it is `high`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quiet_hours: Option<QuietHoursText>,
    /// The devices that have not got it yet, by the hashes of their tokens; without this, all of the user's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub devices: Option<Vec<String>>,
}

/// The part of a push that the row of its notification does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushTerms {
    pub even_if_connected: bool,
    pub tag: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quiet_hours: Option<QuietHoursText>,
}
