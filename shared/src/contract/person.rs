//! People, as events and presence show them.

use serde::{Deserialize, Serialize};

use super::id::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub user_id: UserId,
    /// The user id when the token has no name.
    pub display_name: String,
    /// Picture, or `null`.
    pub avatar_url: Option<String>,
}
