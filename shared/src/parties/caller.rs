//! The user who reads, changes or ends a party.

use super::row::PartyRow;
use super::{members_only, owner_only};
use crate::api_error::ApiError;
use crate::contract::id::UserId;

/// The user who reads a party, ends it or removes a member.
#[derive(Debug, Clone, Copy)]
pub struct PartyCaller<'a> {
    pub user: &'a UserId,
    /// Whether they look after all parties, and so need not be a member.
    pub is_operator: bool,
}

impl PartyCaller<'_> {
    /// Checks that the caller is the owner, or an operator.
    ///
    /// # Errors
    /// 403
    pub(super) fn must_own(&self, party: &PartyRow, is_member: bool) -> Result<(), ApiError> {
        if self.is_operator || party.owner == *self.user {
            return Ok(());
        }
        Err(if is_member { owner_only() } else { members_only() })
    }
}
