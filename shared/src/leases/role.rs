//! The rights of each role in a lease: one table.

use crate::api_error::ApiError;
use crate::contract::chats::Role;

/// Something that a participant may do, or that happens to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Reads messages and requests, and subscribes to the channel.
    Read,
    /// Writes messages.
    Write,
    /// Makes requests.
    Ask,
    /// Decides on the requests that are made of their side. Those that are addressed to somebody, their addressee decides on.
    Decide,
    /// Gets e-mails about messages while away.
    BeMailed,
}

use Right::{Ask, BeMailed, Decide, Read, Write};

/// The table. A co-tenant speaks for themselves, and the client for their side.
const RIGHTS: &[(Role, &[Right])] = &[
    (Role::Client, &[Read, Write, Ask, Decide, BeMailed]),
    (Role::Notary, &[Read, Write, Ask, Decide, BeMailed]),
    (Role::Clerk, &[Read, Write, Ask, Decide, BeMailed]),
    (Role::CoTenant, &[Read, Write, Ask, BeMailed]),
];

/// Whether somebody of this role may do this in a lease. Roles of other chats may nothing.
pub(super) fn may(role: Role, right: Right) -> bool {
    RIGHTS.iter().any(|(of, rights)| *of == role && rights.contains(&right))
}

/// Whether it is a role of leases.
pub(super) fn is_of_leases(role: Role) -> bool {
    may(role, Read)
}

/// # Errors
/// 403 when somebody of this role may not do this.
pub(super) fn must(role: Role, right: Right) -> Result<(), ApiError> {
    if may(role, right) {
        return Ok(());
    }
    Err(ApiError::Forbidden("Your role in this lease does not permit this".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROLES: [Role; 7] =
        [Role::Client, Role::Notary, Role::Clerk, Role::CoTenant, Role::Guest, Role::Staff, Role::Member];
    const ALL: [Right; 5] = [Read, Write, Ask, Decide, BeMailed];

    proptest! {
        #[test]
        fn each_right_needs_that_of_reading_and_a_side_has_every_right_of_its_roles(
            role in proptest::sample::select(&ROLES[..]),
            right in proptest::sample::select(&ALL[..]),
        ) {
            let allowed = may(role, right);
            prop_assert_eq!(must(role, right).is_ok(), allowed);
            prop_assert!(!allowed || may(role, Read));
            prop_assert!(!allowed || may(role.side(), right), "the version before reads the side");
            prop_assert!(!is_of_leases(role) || matches!(role.side(), Role::Client | Role::Notary));
        }
    }

    #[test]
    fn the_client_and_the_notary_have_the_same_rights_and_each_role_is_once_in_the_table() {
        for right in ALL {
            assert!(may(Role::Client, right) && may(Role::Notary, right), "{right:?}");
        }
        let roles: std::collections::HashSet<_> = RIGHTS.iter().map(|(role, _)| role).collect();
        assert_eq!(roles.len(), RIGHTS.len());
        assert!(!may(Role::CoTenant, Decide) && !may(Role::Staff, Read));
    }
}
