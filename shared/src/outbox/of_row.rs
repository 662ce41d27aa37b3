//! A delivery whose content its row has.

use serde::{Deserialize, Serialize};

use super::{Progress, PushTerms, Say};

/// A delivery by name. The module that builds the row's deliveries gives the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfRow {
    pub name: String,
    /// The one part of a direct message's events that its row does not have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_message_id: Option<String>,
    /// The content, where the row has the recipient alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub say: Option<Say>,
    /// How a notification is pushed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub push: Option<PushTerms>,
    /// Where a part of it was sent: the devices of a push that are left.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub devices: Option<Vec<String>>,
    /// Where a part of it was sent: how far a socket event has got.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub progress: Option<Progress>,
}

impl OfRow {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), client_message_id: None, say: None, push: None, devices: None, progress: None }
    }

    /// The same, as if nothing of it were sent.
    pub(super) fn unsent(&self) -> Self {
        Self { devices: None, progress: None, ..self.clone() }
    }
}
