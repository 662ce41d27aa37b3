//! A guest's message that the hotel should hear of, although nobody may be looking.

use serde::{Deserialize, Serialize};

use crate::contract::id::{BookingId, HotelSlug};
use crate::contract::text::Line;

/// What the outbox keeps of it: nothing of the text. Who is there, and who the staff are, is looked up when it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wake {
    pub hotel: HotelSlug,
    pub booking: BookingId,
    /// The message's id, by which each member of the staff is notified once.
    pub message: String,
    pub guest_name: Line,
}
