//! An e-mail that is owed: to whom, and about what. Neither an address nor a word of the message.

use serde::{Deserialize, Serialize};

use crate::contract::id::{LeaseId, UserId};

/// What the outbox keeps of an e-mail. Whether it is still wanted, where it goes and what it says is looked up when it is
/// sent: by then the recipient may have read the message, and its author may have deleted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedEmail {
    /// Under the contract's name: an entry's `lease` is that of its writer.
    #[serde(rename = "bailId")]
    pub lease: LeaseId,
    /// Who has not seen the message.
    pub recipient: UserId,
    /// The message's number in the lease's chat.
    pub seq: u64,
}
