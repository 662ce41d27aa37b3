//! The entries of the index by which a user is found: by name in the profile's row, by e-mail in a row of its own, since a row has
//! one entry.
//!
//! The profile's row notes both, so a call that changes neither writes nothing, and a profile of before there were entries gets
//! them at the user's next call. Only `UpdateItem` is used, which every function that takes a token may do.

use crate::contract::id::UserId;
use crate::table::{Key, Table, TableError, Update, exists, unchanged};

/// The partitions of the index that a user is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

impl Entries {
    /// Writes these in place of the ones that the profile's row has. Returns `false` when another writer was first, or the user is erased.
    pub(super) async fn write(&self, table: &Table, user: &UserId, seen: &Self) -> Result<bool, TableError> {
        let is_as_seen = unchanged("gsi1pk", seen.name.as_ref()).and(unchanged("emailEntry", seen.email.as_ref()));
        let profile = Update::new(&Key::profile(user))
            .replace("gsi1pk", self.name.as_ref())
            .replace("gsi1sk", self.name.as_ref().map(|_| user))
            .replace("emailEntry", self.email.as_ref())
            .when(exists("pk").and(is_as_seen));
        if self.email == seen.email {
            return Ok(table.write(profile).await?.is_done());
        }
        // Without an address, the row stays without anything but its key.
        let by_email = Update::new(&Key::email_entry(user))
            .replace("gsi1pk", self.email.as_ref())
            .replace("gsi1sk", self.email.as_ref().map(|_| user));
        Ok(table.transact([profile, by_email]).await?.is_done())
    }
}
