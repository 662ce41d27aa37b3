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

impl Person {
    /// A user of whom only the id is known.
    #[must_use]
    pub fn unknown(user: UserId) -> Self {
        Self { display_name: user.to_string(), user_id: user, avatar_url: None }
    }
}
