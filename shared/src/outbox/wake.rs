//! A guest's message that the hotel should hear of, although nobody may be looking.

use serde::{Deserialize, Serialize};

use crate::contract::id::{BookingId, HotelSlug};
use crate::contract::text::Line;

/// Without the text of the message. The transport reads who the staff are, and whether one of them is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wake {
    pub hotel: HotelSlug,
    pub booking: BookingId,
    /// The message's id, by which each member of the staff is notified once.
    pub message: String,
    pub guest_name: Line,
}
