//! How somebody names a user whose id they do not know: by e-mail address or user name.
//!
//! The index has a hash of either, so that no key, and no log that quotes a key, shows an address. The hash has no secret: the
//! profile's row holds the address itself, for e-mails, so a reader of the table has no need to try addresses against hashes. A secret would
//! have to be in every function that takes a token, and each rotation would make everybody unknown until their next call.

use sha2::{Digest as _, Sha256};

use crate::contract::email::EmailAddress;
use crate::contract::text::Line;
use crate::table::key;

/// A name for a user other than their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownAs {
    /// An address that their token had as verified, or another back end put. Large and small letters are the same.
    Email(EmailAddress),
    /// The name that others see, letter by letter.
    Username(Line),
}

impl KnownAs {
    /// Partition key, in the index, of the users with this name.
    pub(super) fn partition(&self) -> String {
        match self {
            Self::Email(address) => with_email(address.as_str()),
            Self::Username(name) => named(name),
        }
    }
}

pub(super) fn with_email(address: &str) -> String {
    key::with_email(&hash(&address.to_ascii_lowercase()))
}

pub(super) fn named(name: &Line) -> String {
    key::with_name(&hash(name.as_str()))
}

/// 128 bits of the SHA-256, in hexadecimal.
fn hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}
