//! The rules by which the status of a request changes.

use super::lease::{Lease, Participant};
use super::request_row::LeaseRequestRow;
use super::role::{Right, may};
use crate::api_error::ApiError;
use crate::contract::leases::{RequestAddressee, RequestStatus};

use RequestStatus::{Accepted, Done as Finished, Pending, Refused};

/// A participant's side of a request. A side is a role, not a person: a new notary has the requests of the notary before, and decides
/// on those of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Their side made it.
    Asker,
    /// It is for them to decide on.
    Asked,
    /// It is for others on their side to decide on.
    Bystander,
}

/// Permitted changes of the status, and by which side. All others are refused.
const TRANSITIONS: &[(RequestStatus, RequestStatus, &[Side])] = &[
    (Pending, Accepted, &[Side::Asked]),
    (Pending, Refused, &[Side::Asked]),
    (Accepted, Refused, &[Side::Asked]),
    (Accepted, Finished, &[Side::Asker, Side::Asked]),
];

/// Checks a change of status against the table.
pub(super) fn permit(from: RequestStatus, to: RequestStatus, side: Side) -> Result<(), ApiError> {
    match TRANSITIONS.iter().find(|(before, after, _)| (*before, *after) == (from, to)) {
        None => Err(ApiError::Conflict(format!("A request that is {} cannot become {}", name(from), name(to)))),
        Some((.., sides)) if sides.contains(&side) => Ok(()),
        Some((.., [Side::Asked])) => {
            Err(ApiError::Forbidden(format!("Only whoever was asked may make it {}", name(to))))
        }
        Some(_) => {
            Err(ApiError::Forbidden(format!("Only the side that asked and who was asked may make it {}", name(to))))
        }
    }
}

pub(super) fn name(status: RequestStatus) -> &'static str {
    match status {
        Pending => "pending",
        Accepted => "accepted",
        Refused => "refused",
        Finished => "done",
    }
}

/// A participant's side of this request.
pub(super) fn side(row: &LeaseRequestRow, participant: &Participant, lease: &Lease) -> Side {
    let is_askers = row.created_by.person.role == participant.role.side();
    // A request to somebody who has left the lease is as one to nobody.
    let is_asked = |to: &&RequestAddressee| {
        let mut others = lease.people().filter(|(user, _)| **user != row.created_by.person.id);
        others.any(|(user, role)| to.names(user, role))
    };
    let is_addressed = match row.to.as_ref().filter(is_asked) {
        // A clerk may ask all clerks, and the others decide.
        Some(_) if row.created_by.person.id == participant.id => false,
        Some(to) => to.names(&participant.id, participant.role),
        None => !is_askers && may(participant.role, Right::Decide),
    };
    match () {
        () if is_addressed => Side::Asked,
        () if is_askers => Side::Asker,
        () => Side::Bystander,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [RequestStatus; 4] = [Pending, Accepted, Refused, Finished];

    #[test]
    fn the_asked_side_decides_and_either_side_finishes() {
        let permitted = |side| {
            let pairs = ALL.into_iter().flat_map(|from| ALL.map(|to| (from, to)));
            pairs.filter(|(from, to)| permit(*from, *to, side).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(permitted(Side::Asker), [(Accepted, Finished)]);
        let asked = [(Pending, Accepted), (Pending, Refused), (Accepted, Refused), (Accepted, Finished)];
        assert_eq!(permitted(Side::Asked), asked);
        assert!(permitted(Side::Bystander).is_empty());
    }

    #[test]
    fn an_impossible_change_is_a_conflict_and_a_change_for_the_other_side_is_forbidden() {
        assert!(matches!(permit(Refused, Accepted, Side::Asked), Err(ApiError::Conflict(_))));
        assert!(matches!(permit(Finished, Pending, Side::Asker), Err(ApiError::Conflict(_))));
        assert!(matches!(permit(Pending, Accepted, Side::Asker), Err(ApiError::Forbidden(_))));
    }
}
