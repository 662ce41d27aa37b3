//! The row of a notification.

use serde::{Deserialize, Serialize};

use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::outbox::PushLook;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NotificationRow {
    #[serde(skip_serializing)]
    pub(super) sk: String,
    /// Its number among the user's notifications, from 1.
    pub(super) n: i64,
    pub(super) r#type: String,
    /// The headline; rows from before there was one have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<Line>,
    pub(super) message: Text,
    /// JSON text.
    pub(super) data: String,
    pub(super) priority: String,
    /// How it is pushed.
    #[serde(default, skip_serializing_if = "PushLook::is_default")]
    pub(super) push: PushLook,
    pub(super) created_at: Millis,
    pub(super) expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read_at: Option<Millis>,
}
