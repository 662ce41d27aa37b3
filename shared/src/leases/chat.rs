//! The deliveries of a lease's chat: its events, and an e-mail to each other participant, in case they see none of them.

use super::lease::Participant;
use super::participants::ParticipantView;
use super::role::{Right, may};
use crate::chats::{self, Author, Conversation, Mark, Message};
use crate::contract::chats::{ConversationName, Reader};
use crate::contract::id::LeaseId;
use crate::contract::leases::{LeaseMessageDeleted, LeaseMessagesRead, LeasePerson};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, EmailRecipient, UnseenEmail};

impl Participant {
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        Conversation::lease(&self.lease)
    }

    /// They, as others see them by this name.
    #[must_use]
    pub fn person(&self, name: Line) -> LeasePerson {
        LeasePerson { id: self.id.clone(), name, role: self.role }
    }

    /// They, as the author of a message.
    #[must_use]
    pub fn author(&self, name: Line) -> Author {
        Author { id: self.id.clone(), name, role: self.role }
    }

    /// The deliveries of a new message: `new-message`, and where e-mail is on, an e-mail to each other participant. The transport
    /// finds out later whether they need it.
    #[must_use]
    pub fn message_created(&self, message: &Message, emails: bool) -> Vec<Delivery> {
        let recipients = self.others().into_iter().filter(|other| emails && may(other.role, Right::BeMailed));
        let email = |other: ParticipantView| {
            let to = EmailRecipient::Lease { lease: self.lease.clone(), recipient: other.user_id };
            Delivery::Email(UnseenEmail { to, seq: message.seq.0 })
        };
        chats::created(&self.conversation(), message, None).into_iter().chain(recipients.map(email)).collect()
    }

    /// The deliveries of a read mark: `messages-read`, and `conversation:read` for the reader.
    #[must_use]
    pub fn messages_read(&self, mark: Mark, at: Millis) -> Vec<Delivery> {
        let reader = Reader { id: self.id.clone(), role: self.role };
        let event = LeaseMessagesRead { lease: self.lease.clone(), reader, seq: mark.seq.0, read_at: at.iso() };
        let name = ConversationName::Lease { bail_id: self.lease.clone() };
        vec![Delivery::event(&event), Delivery::event(&chats::conversation_read(&self.id, name, mark, at))]
    }
}

/// The delivery of a deletion: `message-deleted`.
#[must_use]
pub fn message_deleted(lease: &LeaseId, left: &Message) -> Vec<Delivery> {
    let event = LeaseMessageDeleted {
        lease: lease.clone(),
        message_id: left.id.to_string(),
        seq: left.seq.0,
        deleted_at: left.deleted_at.unwrap_or(left.created_at).iso(),
    };
    vec![Delivery::event(&event)]
}
