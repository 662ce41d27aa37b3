//! The events of parties: invitations and changes.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::event::Event;
use crate::id::{PartyId, UserId};
use crate::text::{Line, Picture};

/// `user_info` of a party's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyMember {
    pub username: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Picture>,
}

/// The sender of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inviter {
    pub id: UserId,
    pub username: Line,
}

/// `party-invitation-received`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyInvitationReceived {
    #[serde(skip)]
    pub invitee: UserId,
    pub party_id: PartyId,
    pub party_name: Line,
    pub invited_by: Inviter,
    /// ISO 8601
    pub invited_at: String,
}

impl Event for PartyInvitationReceived {
    const NAME: &'static str = "party-invitation-received";

    fn channel(&self) -> Channel {
        Channel::User(self.invitee.clone())
    }
}

/// A change of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyUpdate {
    /// A user accepted an invitation.
    MemberJoined,
    /// A member left or was removed.
    MemberLeft,
    /// Name, settings or owner changed.
    SettingsChanged,
}

/// `party-ended`: the owner has ended the party. It is the last event.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyEnded {
    pub party_id: PartyId,
    /// The owner.
    pub ended_by: UserId,
    /// ISO 8601
    pub ended_at: String,
}

impl Event for PartyEnded {
    const NAME: &'static str = "party-ended";

    fn channel(&self) -> Channel {
        Channel::Party(self.party_id.clone())
    }
}

/// `party-updated`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyUpdated {
    pub party_id: PartyId,
    pub update_type: PartyUpdate,
    /// The fields that changed, named as in `GET /parties/{partyId}`.
    pub data: Map<String, Value>,
    /// ISO 8601
    pub updated_at: String,
}

impl Event for PartyUpdated {
    const NAME: &'static str = "party-updated";

    fn channel(&self) -> Channel {
        Channel::Party(self.party_id.clone())
    }
}
