//! Kudos.

use super::job::ReadJob;
use super::line::{LineFields, uuid_of};
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::rooms;
use crate::table::{Key, LineDigest};

/// `{"kind": "kudos", "id", "giverId", "receiverId", "sessionId", "bookTitle", "createdAt"}`
pub(super) fn kudos(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (own, giver, at) = (fields.own_id("id")?, fields.parsed("giverId")?, fields.time("createdAt")?);
    // Ids of kudos are UUIDs.
    let id = uuid_of("kudos", "", &own).to_string();
    let action = rooms::kudos::imported(&id, giver, fields.rest()?, at)?;
    Ok(ReadJob::row(own, &Key::kudos(&id), action).stored_as(id))
}
