//! Notifications: stored for the user, and told at once to whoever of their clients listens.

mod create;
mod kind;
mod list;
mod read;

pub use create::{Created, Request, create};
pub use kind::{Kind, Priority};
pub use list::{Cursor, Page, Shown, list, unread_count};
pub use read::{Marked, read, read_all};

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::key::Key;
use crate::store::{Store, StoreError};
use crate::time::Millis;

/// A user's counter row.
///
/// Each notification has a number, one more than the last one's. Reading all of them just moves `read_up_to` to `last`, so
/// it is one write for any number of rows; a row counts as read when it says so itself or its number is not above that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counter {
    /// The newest notification's number.
    last: i64,
    /// How many are unread.
    unread: i64,
    /// All up to this number were read at once.
    #[serde(default)]
    read_up_to: i64,
    /// When that was.
    #[serde(default)]
    read_all_at: Option<Millis>,
}

impl Counter {
    async fn of(store: &Store, user: &UserId, consistent: bool) -> Result<Option<Self>, StoreError> {
        let row = store.get(&Key::notification_counter(user), consistent).await?;
        row.map(crate::store::read).transpose()
    }
}
