//! Leases: a client, a notary and those beside them, their chat, what they ask of each other, and e-mails about messages that one of them has not seen.
//!
//! | file | what it is |
//! |---|---|
//! | `lease` | the lease and its participants |
//! | `participants` | the participants as a service names them |
//! | `role` | the rights of each role: one table |
//! | `chat` | the deliveries that changes of the chat cause |
//! | `request` | requests between the participants |
//! | `request_rules`, `request_row` | who may change their status; their rows |
//! | `old_request` | requests of another system |
//! | `email` | the participants, as recipients of e-mails about unseen messages |

mod chat;
mod email;
mod lease;
mod old_request;
mod participants;
mod request;
mod request_row;
mod request_rules;
mod role;

pub use chat::message_deleted;
pub(crate) use email::EmailedParticipant;
pub(crate) use lease::imported as imported_lease;
pub use lease::{Lease, LeaseView, Participant, PutLease, participant, put, role_in};
pub(crate) use old_request::OldRequest;
pub use participants::ParticipantView;
pub(crate) use request::erase_from_request;
pub use request::{
    NewRequest, REQUESTS, RequestCursor, RequestId, RequestPage, StatusChange, change_request, create_request, requests,
};
pub use role::Right;
