//! Public keys for messages that are encrypted from end to end: X25519 (RFC 7748), one a user, with a version that grows by one
//! with each new key. The private keys never leave the clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::contract::id::UserId;
use crate::problem::Problem;
use crate::table::{Action, Backoff, Key, Table, TableError, Write, number, read, string};

/// Bytes of a key.
const BYTES: usize = 32;

/// A user's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKey {
    /// In base64.
    pub public_key: String,
    /// 1 for the first one.
    pub version: u32,
}

/// A new key, as a client sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKey {
    public_key: String,
}

/// Stores a user's key; the same key again keeps its version.
///
/// # Errors
/// 400 unless it is 32 bytes in base64; 500 when DynamoDB fails.
pub async fn save(table: &Table, user: &UserId, new: NewKey) -> Result<PublicKey, Problem> {
    let is_key = STANDARD.decode(&new.public_key).is_ok_and(|bytes| bytes.len() == BYTES && bytes != [0; BYTES]);
    if !is_key {
        return Err(Problem::field("publicKey", "must be an X25519 public key: 32 bytes in base64"));
    }
    let key = Key::public_key(user);
    let mut backoff = Backoff::new();
    loop {
        let before = find(table, user).await?;
        if let Some(same) = before.as_ref().filter(|before| before.public_key == new.public_key) {
            return Ok(same.clone());
        }
        let seen = before.map_or(0, |before| before.version);
        let saved = PublicKey { public_key: new.public_key.clone(), version: seen.saturating_add(1) };
        let update = Action::update(&key, "SET publicKey = :key, version = :version")
            .value(":key", string(&saved.public_key))
            .value(":version", number(saved.version.into()));
        let update = match seen {
            0 => update.condition("attribute_not_exists(pk)"),
            seen => update.condition("version = :seen").value(":seen", number(seen.into())),
        };
        if let Write::Done(_) = table.write(update).await? {
            return Ok(saved);
        }
        backoff.wait().await?;
    }
}

/// A user's key, if they have one.
///
/// # Errors
/// When DynamoDB fails or the row cannot be read.
pub async fn find(table: &Table, user: &UserId) -> Result<Option<PublicKey>, TableError> {
    table.get(&Key::public_key(user), true).await?.map(read).transpose()
}
