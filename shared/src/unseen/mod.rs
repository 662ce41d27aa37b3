//! E-mails about messages that their recipient has not seen: of a lease's chat, to its client or notary; of a hotel's chat, to its guest.
//!
//! | file | what it is |
//! |---|---|
//! | `recipient` | the differences between kinds of conversation |
//! | `email` | the transport of these e-mails |
//! | `summary` | the messages that an e-mail sums up |
//! | `window` | whether an e-mail goes now, later or not at all: pure functions |
//! | `words` | the text of an e-mail |

mod email;
mod recipient;
mod summary;
mod window;
mod words;

pub(crate) use email::Emails;
pub(crate) use recipient::{Addressee, Recipient};
