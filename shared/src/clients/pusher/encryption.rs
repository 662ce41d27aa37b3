//! End-to-end encrypted channels: Pusher relays data that it cannot read.
//!
//! Each channel's key is the SHA-256 of its name and the master key. Data is a NaCl secretbox (XSalsa20-Poly1305) under
//! a random nonce. Source: Pusher Channels docs, "Encrypted channels".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::contract::channel::ChannelName;
use crate::settings::MasterKey;

/// The key of one encrypted channel, which its subscribers receive.
pub struct SharedSecret(Zeroizing<[u8; 32]>);

/// Encryption failed; the cipher does not say why.
#[derive(Debug, thiserror::Error)]
#[error("the event cannot be encrypted")]
pub struct EncryptionError;

impl SharedSecret {
    /// Derives a channel's key.
    #[must_use]
    pub fn of(channel: &ChannelName, master: &MasterKey) -> Self {
        let hash = Sha256::new().chain_update(channel.as_str()).chain_update(master.0.as_slice()).finalize();
        Self(Zeroizing::new(hash.into()))
    }

    /// The form in the response to a subscriber.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0.as_slice())
    }

    /// Encrypts an event's data; returns the JSON text `{"nonce": …, "ciphertext": …}`.
    ///
    /// # Errors
    /// When the cipher fails. It does not for data within Pusher's limits.
    pub fn encrypt(&self, data: &str) -> Result<String, EncryptionError> {
        let nonce: [u8; 24] = rand::random();
        let cipher = XSalsa20Poly1305::new(self.0.as_ref().into());
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), data.as_bytes()).map_err(|_| EncryptionError)?;
        Ok(json!({ "nonce": STANDARD.encode(nonce), "ciphertext": STANDARD.encode(sealed) }).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SharedSecret {
        let master = STANDARD.decode("zyrm8pvV2C9fJcBfhyXzvxbJVN/H7QLmbe0xJi1GhPU=").unwrap();
        let master = MasterKey(Zeroizing::new(master.try_into().unwrap()));
        SharedSecret::of(&ChannelName::parse("private-encrypted-bla").unwrap(), &master)
    }

    #[test]
    fn the_shared_secret_is_the_one_that_pusher_libraries_derive() {
        assert_eq!(secret().to_base64(), "nlr49ISQHz91yS3cy/yWmW8wFMNeTnNL5tNHnbPJcLQ=");
    }

    #[test]
    fn sealed_data_opens_with_the_shared_secret_and_differs_each_time() {
        let sealed = secret().encrypt(r#"{"some":"data"}"#).unwrap();
        let fields: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        let bytes = |field: &str| STANDARD.decode(fields[field].as_str().unwrap()).unwrap();
        let cipher = XSalsa20Poly1305::new(secret().0.as_ref().into());
        let opened = cipher.decrypt(Nonce::from_slice(&bytes("nonce")), bytes("ciphertext").as_slice()).unwrap();
        assert_eq!(opened, br#"{"some":"data"}"#);
        assert_ne!(secret().encrypt("x").unwrap(), secret().encrypt("x").unwrap());
    }
}
