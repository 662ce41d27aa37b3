//! A pending e-mail: its recipient and its message, by ids.

use serde::{Deserialize, Serialize};

use crate::contract::id::{BookingId, HotelSlug, LeaseId, UserId};

/// No address and no text: the transport reads both, and whether the e-mail is still wanted, when it sends. By then the
/// recipient may have read the message, and its author may have deleted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnseenEmail {
    /// The recipient, who has not seen the message.
    #[serde(flatten)]
    pub to: EmailRecipient,
    /// The message's number in its conversation.
    pub seq: u64,
}

/// The recipient of e-mails about one conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EmailRecipient {
    /// A lease's participant.
    Lease {
        /// Under the contract's name: an entry's `lease` is that of its writer.
        #[serde(rename = "bailId")]
        lease: LeaseId,
        recipient: UserId,
    },
    /// A hotel's guest. A version that does not know them leaves the entry to one that does.
    Guest {
        #[serde(rename = "hotelSlug")]
        hotel: HotelSlug,
        #[serde(rename = "bookingId")]
        booking: BookingId,
    },
}
