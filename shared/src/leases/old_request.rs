//! Requests of another system, for imports.

use serde::Deserialize;

use super::participants::LEASE_ROLES;
use super::request::{CheckedRequest, MAX_NAME, NewRequest, RequestId};
use super::request_row::{LeaseRequestRow, StoredPerson};
use super::role::is_of_leases;
use crate::api_error::ApiError;
use crate::contract::chats::Role;
use crate::contract::id::{LeaseId, UserId};
use crate::contract::leases::{LeasePerson, RequestStatus};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::table::{Action, Key, item};

/// A person in a request of another system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldRequestPerson {
    id: String,
    name: String,
    role: Role,
}

impl OldRequestPerson {
    fn checked(self, field: &str) -> Result<StoredPerson, ApiError> {
        let id = UserId::parse(self.id).map_err(|error| ApiError::field(&format!("{field}.id"), error))?;
        let name =
            Line::parse(&self.name, MAX_NAME).map_err(|error| ApiError::field(&format!("{field}.name"), error))?;
        if !is_of_leases(self.role) {
            return Err(ApiError::field(&format!("{field}.role"), LEASE_ROLES));
        }
        Ok(StoredPerson::of(LeasePerson { id, name, role: self.role }))
    }
}

/// A request of another system, with its status.
#[derive(Debug, Clone)]
pub(crate) struct OldRequest {
    pub status: RequestStatus,
    pub created_by: OldRequestPerson,
    pub created_at: Millis,
    pub updated_by: Option<OldRequestPerson>,
    pub updated_at: Millis,
}

impl OldRequest {
    /// The id that the request has here: it sorts by time. `unique` is that of its own id.
    pub(crate) fn id(&self, unique: uuid::Uuid) -> RequestId {
        RequestId(format!("{:012x}{}", self.created_at.0, &unique.simple().to_string()[12..]))
    }

    /// The write of the request, unless it is there.
    ///
    /// # Errors
    /// 400 for invalid fields.
    pub(crate) fn imported(self, lease: &LeaseId, id: &RequestId, new: NewRequest) -> Result<Action, ApiError> {
        let CheckedRequest { title, description, to } = new.checked()?;
        let key = Key::lease_request(lease, id.as_str());
        let row = LeaseRequestRow {
            sk: key.sk.clone(),
            title,
            description,
            status: self.status,
            to,
            created_by: self.created_by.checked("createdBy")?,
            created_at: self.created_at,
            updated_by: self.updated_by.map(|person| person.checked("updatedBy")).transpose()?,
            updated_at: self.updated_at,
        };
        Ok(Action::put_new(item(&key, &row)?, self.created_at))
    }
}
