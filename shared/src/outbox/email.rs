//! A pending e-mail: its recipient and its message, by ids.

use serde::{Deserialize, Serialize};

use crate::contract::id::{LeaseId, UserId};

/// No address and no text: the transport reads both, and whether the e-mail is still wanted, when it sends. By then the
/// recipient may have read the message, and its author may have deleted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnseenEmail {
    /// Under the contract's name: an entry's `lease` is that of its writer.
    #[serde(rename = "bailId")]
    pub lease: LeaseId,
    /// The participant who has not seen the message.
    pub recipient: UserId,
    /// The message's number in the lease's chat.
    pub seq: u64,
}
