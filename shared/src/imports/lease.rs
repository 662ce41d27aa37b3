//! Leases and their requests.

use super::job::ReadJob;
use super::line::{LineFields, made_of};
use crate::api_error::ApiError;
use crate::contract::id::LeaseId;
use crate::contract::time::Millis;
use crate::leases::{OldRequest, imported_lease};
use crate::table::{Key, LineDigest};

/// `{"kind": "lease", "id", …}` with the fields of `PUT /leases/{bailId}`, `createdAt` and `updatedAt`?
pub(super) fn lease(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (id, times): (LeaseId, _) = (fields.parsed("id")?, fields.times()?);
    Ok(ReadJob::row(id.as_str(), &Key::lease(&id), imported_lease(&id, fields.rest()?, times)?))
}

/// `{"kind": "leaseRequest", "id", "bailId", "title", "description"?, "status", "createdBy": {"id", "name", "role"}, "createdAt", "updatedBy"?,
/// "updatedAt"?}`
pub(super) fn request(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (own, lease): (_, LeaseId) = (fields.own_id("id")?, fields.parsed("bailId")?);
    let (created_at, updated_at) = fields.times()?;
    let status = fields.part("status")?.ok_or_else(|| ApiError::field("status", "is missing: send it, too"))?;
    let created_by = fields.part("createdBy")?;
    let created_by = created_by.ok_or_else(|| {
        ApiError::field("createdBy", r#"is missing: send {"id": "ada", "name": "Ada", "role": "client"}"#)
    })?;
    let updated_by = fields.part("updatedBy")?;
    let old = OldRequest { status, created_by, created_at, updated_by, updated_at };
    let id = old.id(made_of("leaseRequest", lease.as_str(), &own));
    let key = Key::lease_request(&lease, id.as_str());
    Ok(ReadJob::row(own, &key, old.imported(&lease, &id, fields.rest()?)?).stored_as(id.as_str().to_owned()))
}
