//! The work of a line.

use crate::chats::{Conversation, OldMark, OldMessage};
use crate::contract::id::{PartyId, UserId};
use crate::hotels::OldChat;
use crate::notifications::OldNotification;
use crate::parties::{OldInvitation, OldMember, OldParty};
use crate::table::{Action, Key};
use crate::users::device::OldDevice;
use crate::users::profile::OldProfile;

/// The work of a line.
#[derive(Debug, Clone)]
pub(super) enum ImportJob {
    /// One conditional write of one row.
    Row(Box<Action>),
    Profile(Box<OldProfile>),
    Device(OldDevice),
    Notification(UserId, Box<OldNotification>),
    Party(Box<OldParty>),
    Member(PartyId, OldMember),
    Invitation(Box<OldInvitation>),
    Message(Conversation, Box<OldMessage>),
    ReadMark(Conversation, OldMark),
    Chat(Box<OldChat>),
}

/// A line that was read.
#[derive(Debug, Clone)]
pub(super) struct ReadJob {
    /// By which the sender knows the line.
    pub(super) id: String,
    /// The id that its row has here, where it is another one and known before the line is written.
    pub(super) stored_as: Option<String>,
    /// Jobs of one sequence are done one after another, in the order of their lines: they share rows.
    pub(super) sequence: String,
    pub(super) job: ImportJob,
}

impl ReadJob {
    /// Of a line that is one row.
    pub(super) fn row(id: impl Into<String>, key: &Key, action: Action) -> Self {
        let sequence = format!("{} {}", key.pk, key.sk);
        Self { id: id.into(), stored_as: None, sequence, job: ImportJob::Row(Box::new(action)) }
    }

    pub(super) fn new(id: impl Into<String>, sequence: impl Into<String>, job: ImportJob) -> Self {
        Self { id: id.into(), stored_as: None, sequence: sequence.into(), job }
    }

    /// Notes the id that the row has here, unless it is the line's.
    pub(super) fn stored_as(self, id: String) -> Self {
        Self { stored_as: Some(id).filter(|id| *id != self.id), ..self }
    }
}
