//! Parties, members and invitations as clients see them.

use serde::Serialize;

use super::PartySettings;
use super::row::{InvitationRow, MemberRow, PartyRow};
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::Inviter;
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::table::key::MEMBER;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    party_id: PartyId,
    party_name: Line,
    owner_id: UserId,
    settings: PartySettings,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<Member>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    user_id: String,
    username: Line,
    avatar: Option<Picture>,
    role: &'static str,
    joined_at: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub(super) party_id: PartyId,
    pub(super) party_name: Line,
    pub(super) user_id: UserId,
    pub(super) invited_by: Inviter,
    pub(super) invited_at: String,
}

impl Party {
    pub(super) fn of(id: &PartyId, row: &PartyRow) -> Self {
        Self {
            party_id: id.clone(),
            party_name: row.name.clone(),
            owner_id: row.owner.clone(),
            settings: serde_json::from_str(&row.settings).unwrap_or_default(),
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
            members: None,
        }
    }

    pub(super) fn with_members(mut self, members: Vec<MemberRow>) -> Self {
        let owner = self.owner_id.clone();
        self.members = Some(members.into_iter().map(|row| Member::of(row, &owner)).collect());
        self
    }
}

impl Member {
    fn of(row: MemberRow, owner: &UserId) -> Self {
        let user_id = row.sk.strip_prefix(MEMBER).unwrap_or_default().to_owned();
        let role = if user_id == owner.as_str() { "owner" } else { "member" };
        Self { user_id, username: row.username, avatar: row.avatar, role, joined_at: row.joined_at.iso() }
    }
}

impl Invitation {
    pub(super) fn of(party: PartyId, invitee: UserId, row: InvitationRow) -> Self {
        Self {
            party_id: party,
            party_name: row.party_name,
            user_id: invitee,
            invited_by: Inviter { id: row.inviter, username: row.inviter_name },
            invited_at: Millis::iso(row.invited_at),
        }
    }
}
