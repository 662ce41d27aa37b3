//! The participants of a lease, as a service names them: the client and the notary alone, or two to ten people with roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::is_of_leases;
use crate::api_error::ApiError;
use crate::contract::chats::Role;
use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;

/// Most participants of a lease.
const MAX_PARTICIPANTS: usize = 10;

/// A participant, as a service puts them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PutParticipant {
    user_id: String,
    role: String,
    email: Option<String>,
}

/// The participants as a service puts them.
#[derive(Debug)]
pub(super) enum PutParticipants {
    Two { client_id: String, notary_id: String, client_email: Option<String>, notary_email: Option<String> },
    Several(Vec<PutParticipant>),
}

/// A participant beside the client and the notary, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FurtherParticipant {
    pub(super) role: Role,
    /// Where their e-mail goes, instead of the address in their token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<EmailAddress>,
}

/// A participant, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantView {
    pub user_id: UserId,
    pub role: Role,
}

/// Participants that were checked. Each lease has one client and one notary: the version before knows these two alone.
#[derive(Debug)]
pub(super) struct Participants {
    pub(super) client: (UserId, Option<EmailAddress>),
    pub(super) notary: (UserId, Option<EmailAddress>),
    pub(super) further: BTreeMap<UserId, FurtherParticipant>,
}

impl PutParticipants {
    /// # Errors
    /// 400 for a bad field; 422 when one person is named twice, or there is not exactly one client and one notary.
    pub(super) fn checked(self) -> Result<Participants, ApiError> {
        match self {
            Self::Two { client_id, notary_id, client_email, notary_email } => {
                let (client, notary) = (user(client_id, "clientId")?, user(notary_id, "notaryId")?);
                if client == notary {
                    return Err(ApiError::Unprocessable("clientId and notaryId must be two people".to_owned()));
                }
                let client = (client, email(client_email, "clientEmail")?);
                Ok(Participants {
                    client,
                    notary: (notary, email(notary_email, "notaryEmail")?),
                    further: BTreeMap::new(),
                })
            }
            Self::Several(people) => several(people),
        }
    }
}

fn several(people: Vec<PutParticipant>) -> Result<Participants, ApiError> {
    if !(2..=MAX_PARTICIPANTS).contains(&people.len()) {
        return Err(ApiError::field("participants", format!("must name 2 to {MAX_PARTICIPANTS} people")));
    }
    let (mut clients, mut notaries, mut further) = (Vec::new(), Vec::new(), BTreeMap::new());
    for person in people {
        let id = user(person.user_id, "participants.userId")?;
        let is_named = |(named, _): &(UserId, _)| *named == id;
        if clients.iter().chain(&notaries).any(is_named) || further.contains_key(&id) {
            return Err(ApiError::Unprocessable("participants must be different people".to_owned()));
        }
        let email = email(person.email, "participants.email")?;
        match role(&person.role, "participants.role")? {
            Role::Client => clients.push((id, email)),
            Role::Notary => notaries.push((id, email)),
            role => {
                further.insert(id, FurtherParticipant { role, email });
            }
        }
    }
    match (<[_; 1]>::try_from(clients), <[_; 1]>::try_from(notaries)) {
        (Ok([client]), Ok([notary])) => Ok(Participants { client, notary, further }),
        _ => Err(ApiError::Unprocessable(
            "participants must have exactly one client and one notary: others are clerk or co-tenant".to_owned(),
        )),
    }
}

/// The rule for a role of leases.
pub(super) const LEASE_ROLES: &str = "must be client, notary, clerk or co-tenant";

/// A role of leases, by its name.
///
/// # Errors
/// 400 with this field for any other name.
pub(super) fn role(name: &str, field: &str) -> Result<Role, ApiError> {
    let role = Role::deserialize(serde_json::Value::from(name)).ok().filter(|role| is_of_leases(*role));
    role.ok_or_else(|| ApiError::field(field, LEASE_ROLES))
}

fn user(id: String, field: &str) -> Result<UserId, ApiError> {
    UserId::parse(id).map_err(|error| ApiError::field(field, error))
}

fn email(address: Option<String>, field: &str) -> Result<Option<EmailAddress>, ApiError> {
    address.map(EmailAddress::parse).transpose().map_err(|error| ApiError::field(field, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(n: usize, role: &str) -> PutParticipant {
        PutParticipant { user_id: format!("u{n}"), role: role.to_owned(), email: None }
    }

    proptest! {
        #[test]
        fn of_any_people_those_with_one_client_and_one_notary_are_taken(
            roles in proptest::collection::vec(proptest::sample::select(&["client", "notary", "clerk", "co-tenant"][..]), 0..13),
        ) {
            let count = |wanted: &str| roles.iter().filter(|role| **role == wanted).count();
            let fits = (2..=10).contains(&roles.len()) && count("client") == 1 && count("notary") == 1;
            let people: Vec<_> = roles.iter().enumerate().map(|(n, role)| person(n, role)).collect();
            let checked = PutParticipants::Several(people).checked();
            prop_assert_eq!(checked.is_ok(), fits);
            if let Ok(checked) = checked {
                prop_assert_eq!(checked.further.len() + 2, roles.len());
            }
        }
    }

    #[test]
    fn one_person_has_one_role_and_roles_of_other_chats_are_refused() {
        let twice = PutParticipants::Several(vec![person(1, "client"), person(2, "notary"), person(1, "clerk")]);
        assert!(matches!(twice.checked(), Err(ApiError::Unprocessable(_))));
        for name in ["guest", "staff", "member", "Client", "", "lawyer"] {
            assert!(role(name, "role").is_err(), "{name}");
        }
    }
}
