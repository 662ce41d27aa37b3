//! Ids that are part of channel names.
//!
//! Pusher allows `[-a-zA-Z0-9_=@,.;]` in a channel name, and at most 164 characters of it; a presence `user_id` has at
//! most 128. An id within both limits fits into any channel name of the contract without escaping.

use serde::{Deserialize, Serialize};

/// Longest id, in characters (Pusher's limit for a presence channel's `user_id`).
pub const MAX_LENGTH: usize = 128;

/// Whether Pusher allows this byte in a channel name.
pub(crate) fn is_channel_byte(byte: u8) -> bool {
    matches!(byte, b'-' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'=' | b'@' | b',' | b'.' | b';')
}

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses an id.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, too long, or has a character that a channel name cannot hold.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let fits = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_channel_byte);
                if fits { Ok(Self(text)) } else { Err(InvalidId) }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A user, as the token's `sub` names them.
    UserId
);
id!(
    /// A book, which has one reading room.
    BookId
);
id!(PartyId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_a_channel_name_can_hold() {
        for good in ["1", "48873148-efcc-4c01-b8a8-56b55f1143e3", "a@b.c", &"x".repeat(128)] {
            assert_eq!(UserId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\n", "auth0|1", "é", "а", "a/b", "a#b", &"x".repeat(129)] {
            assert_eq!(UserId::parse(bad), Err(InvalidId), "{bad:?}");
        }
    }
}
