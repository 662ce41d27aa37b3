//! The row of a request.

use serde::{Deserialize, Serialize};

use crate::contract::chats::Role;
use crate::contract::id::LeaseId;
use crate::contract::leases::{LeasePerson, LeaseRequest, RequestAddressee, RequestStatus};
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::table::key::REQUEST;

/// A request, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LeaseRequestRow {
    #[serde(skip_serializing)]
    pub(super) sk: String,
    pub(super) title: Line,
    pub(super) description: Text,
    pub(super) status: RequestStatus,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) to: Option<RequestAddressee>,
    pub(super) created_by: StoredPerson,
    pub(super) created_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) updated_by: Option<StoredPerson>,
    pub(super) updated_at: Millis,
}

/// A participant, as stored: with their side as the role, which is all that the version before reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredPerson {
    #[serde(flatten)]
    pub(super) person: LeasePerson,
    #[serde(rename = "exactRole", skip_serializing_if = "Option::is_none", default)]
    pub(super) exact_role: Option<Role>,
}

impl StoredPerson {
    pub(super) fn of(person: LeasePerson) -> Self {
        let exact_role = person.role.beside_side();
        Self { person: LeasePerson { role: person.role.side(), ..person }, exact_role }
    }

    fn whole(self) -> LeasePerson {
        LeasePerson { role: self.exact_role.unwrap_or(self.person.role), ..self.person }
    }
}

impl LeaseRequestRow {
    pub(super) fn view(self, lease: &LeaseId) -> LeaseRequest {
        LeaseRequest {
            lease: lease.clone(),
            id: self.sk.strip_prefix(REQUEST).unwrap_or_default().to_owned(),
            title: self.title,
            description: self.description,
            status: self.status,
            to: self.to,
            created_by: self.created_by.whole(),
            created_at: self.created_at.iso(),
            updated_by: self.updated_by.map(StoredPerson::whole),
            updated_at: self.updated_at.iso(),
        }
    }
}
