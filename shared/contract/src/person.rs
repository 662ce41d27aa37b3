//! People, as events and presence show them.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::text::{Line, Picture};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub user_id: UserId,
    /// The user id when the token has no name.
    pub display_name: Line,
    /// Picture, or `null`.
    #[serde(deserialize_with = "Picture::stored", default)]
    pub avatar_url: Option<Picture>,
}

impl Person {
    /// A user without a known name.
    #[must_use]
    pub fn unknown(user: UserId) -> Self {
        Self { display_name: Line::from(&user), user_id: user, avatar_url: None }
    }
}
