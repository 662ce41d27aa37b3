//! Public keys for messages that are encrypted from end to end: X25519 (RFC 7748), one a user, with a version that grows by one
//! with each new key. The private keys never leave the clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::table::{Key, Table, TableError, Update, read, retry, unchanged};

/// Bytes of a key.
const BYTES: usize = 32;

/// The points of low order, and their encodings that are not canonical: whatever the private key, the shared secret is all zeros,
/// which everybody knows (RFC 7748, sections 6.1 and 7; the list is that of libsodium, `crypto_scalarmult/curve25519/ref10`).
/// The highest bit of the last byte is not part of a point (RFC 7748, section 5).
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Whether these bytes are a public key that keeps a secret.
fn is_public_key(bytes: &[u8]) -> bool {
    let mut point = bytes.to_vec();
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    point.len() == BYTES && !LOW_ORDER.contains(&hex::encode(point).as_str())
}

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
/// 400 unless it is 32 bytes in base64 that keep a secret; 500 when DynamoDB fails.
pub async fn save(table: &Table, user: &UserId, new: NewKey) -> Result<PublicKey, ApiError> {
    if !STANDARD.decode(&new.public_key).is_ok_and(|bytes| is_public_key(&bytes)) {
        let rule = "must be an X25519 public key, such as nacl.box.keyPair() makes: 32 bytes in base64, and no point of low order";
        return Err(ApiError::field("publicKey", rule));
    }
    let key = Key::public_key(user);
    retry(|| async {
        let before = find(table, user).await?;
        if let Some(same) = before.as_ref().filter(|before| before.public_key == new.public_key) {
            return Ok(Some(same.clone()));
        }
        let seen = before.map(|before| before.version);
        let saved = PublicKey { public_key: new.public_key.clone(), version: seen.unwrap_or(0).saturating_add(1) };
        let update = Update::new(&key).set("publicKey", &saved.public_key).set("version", saved.version);
        let update = update.when(unchanged("version", seen));
        let is_done = table.write(update).await?.is_done();
        Ok(is_done.then_some(saved))
    })
    .await
}

/// A user's key, if they have one.
pub async fn find(table: &Table, user: &UserId) -> Result<Option<PublicKey>, TableError> {
    table.get(&Key::public_key(user), true).await?.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_with_a_known_secret_is_refused_as_a_key() {
        for point in LOW_ORDER {
            let mut bytes = hex::decode(point).unwrap();
            assert!(!is_public_key(&bytes), "{point}");
            bytes[31] |= 0x80;
            assert!(!is_public_key(&bytes), "{point} with the bit that is not part of it");
        }
        // RFC 7748, section 6.1: Alice's and Bob's.
        for key in [
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ] {
            assert!(is_public_key(&hex::decode(key).unwrap()));
        }
        assert!(!is_public_key(&[9; 31]) && !is_public_key(&[9; 33]) && !is_public_key(&[]));
    }
}
