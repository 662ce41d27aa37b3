//! Parties with their members, further members, and invitations. All of a party are one sequence.

use serde::Deserialize;

use super::job::{ImportJob, ReadJob};
use super::line::LineFields;
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::contract::time::Millis;
use crate::parties::{NewMember, OldInvitation, OldParty};
use crate::table::{LineDigest, key};

/// `{"kind": "party", "id", "ownerId", "partyName", "settings"?, "createdAt", "updatedAt"?, "members": [{"userId", "username", "avatar"?,
/// "joinedAt"?}]}`
pub(super) fn party(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (id, owner): (PartyId, UserId) = (fields.parsed("id")?, fields.parsed("ownerId")?);
    let times = fields.times()?;
    let members: Vec<NewMember> = fields.part("members")?.unwrap_or_default();
    let members = members.into_iter().map(|member| member.checked(Some(times.0))).collect::<Result<_, _>>()?;
    let sequence = key::party(&id);
    let party = OldParty::checked(id.clone(), owner, fields.rest()?, members, times)?;
    Ok(ReadJob::new(id, sequence, ImportJob::Party(Box::new(party))))
}

/// `{"kind": "member", "partyId", "userId", "username", "avatar"?, "joinedAt"}`
pub(super) fn member(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let party: PartyId = fields.parsed("partyId")?;
    let member = fields.rest::<NewMember>()?.checked(None)?;
    let id = format!("{party}/{}", member.person.user_id);
    Ok(ReadJob::new(id, key::party(&party), ImportJob::Member(party, member)))
}

/// The user who invited another one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OldInviter {
    id: String,
    username: String,
}

/// `{"kind": "invitation", "partyId", "userId", "partyName", "invitedBy": {"id", "username"}, "invitedAt"}`
pub(super) fn invitation(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (party, invitee): (PartyId, UserId) = (fields.parsed("partyId")?, fields.parsed("userId")?);
    let (name, invited_at) = (fields.text("partyName")?, fields.time("invitedAt")?);
    let missing = || ApiError::field("invitedBy", r#"is missing: send {"id": "ada", "username": "Ada"}"#);
    let inviter: OldInviter = fields.part("invitedBy")?.ok_or_else(missing)?;
    fields.end()?;
    let inviter_id = UserId::parse(inviter.id).map_err(|error| ApiError::field("invitedBy.id", error))?;
    let (id, sequence) = (format!("{party}/{invitee}"), key::party(&party));
    let old = OldInvitation::checked(party, invitee, &name, (inviter_id, &inviter.username), invited_at)?;
    Ok(ReadJob::new(id, sequence, ImportJob::Invitation(Box::new(old))))
}
