//! Ids that are part of channel names.
//!
//! Pusher allows `[-a-zA-Z0-9_=@,.;]` in a channel name, and at most 164 characters of it; a presence `user_id` has at
//! most 128. An id within both limits fits into any channel name of the contract without escaping.

use serde::{Deserialize, Serialize};

/// Longest id, in characters (Pusher's limit for a presence channel's `user_id`).
pub const MAX_LENGTH: usize = 128;

/// Whether Pusher allows this byte in a channel name.
pub fn is_channel_byte(byte: u8) -> bool {
    matches!(byte, b'-' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'=' | b'@' | b',' | b'.' | b';')
}

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;")]
pub struct InvalidId;

/// The methods of every id.
macro_rules! text_like {
    ($name:ident, $invalid:ident) => {
        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $invalid;
            fn try_from(text: String) -> Result<Self, $invalid> {
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
        }

        text_like!($name, InvalidId);
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
id!(
    /// A lease, which has one chat.
    LeaseId
);

/// Beginning of a guest's id in conversations. No member of a hotel's staff has an id that begins like this.
pub const GUEST: &str = "guest;";

impl UserId {
    /// Whether it has the form of a guest's: `guest;{hotel};{booking}`.
    #[must_use]
    pub fn is_guests(&self) -> bool {
        self.0.starts_with(GUEST)
    }
}

/// Longest slug of a hotel, in characters.
pub const MAX_SLUG: usize = 50;
/// Longest id of a booking, in characters. With it and the longest slug, every channel name of a chat fits.
pub const MAX_BOOKING: usize = 64;
/// The separator of slug and booking in the name of a guest's channel. No slug ends a name before it does.
pub const GUEST_CHAT: &str = "-guest-chat-booking";

/// The text is not a hotel's slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_SLUG} characters out of a-z, A-Z, 0-9, - and _, without {GUEST_CHAT} in it")]
pub struct InvalidSlug;

/// The text is not a booking's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_BOOKING} characters out of a-z, A-Z, 0-9 and -_=@,.;")]
pub struct InvalidBooking;

/// A hotel's name in addresses and channels, such as `killarney`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HotelSlug(String);

impl HotelSlug {
    /// Parses a slug. It holds no `-guest-chat-booking`, so the name of a guest's channel can be read in one way only.
    ///
    /// # Errors
    /// [`InvalidSlug`] says what a slug is.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSlug> {
        let text = text.into();
        let is_slug = |byte: u8| matches!(byte, b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9');
        let fits = (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(is_slug) && !text.contains(GUEST_CHAT);
        if fits { Ok(Self(text)) } else { Err(InvalidSlug) }
    }
}

/// A booking at a hotel, such as `BK-2025-0123`. Its guest has one chat with the hotel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BookingId(String);

impl BookingId {
    /// Parses a booking's id.
    ///
    /// # Errors
    /// [`InvalidBooking`] says what such an id is.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidBooking> {
        let text = text.into();
        let fits = (1..=MAX_BOOKING).contains(&text.len()) && text.bytes().all(is_channel_byte);
        if fits { Ok(Self(text)) } else { Err(InvalidBooking) }
    }
}

text_like!(HotelSlug, InvalidSlug);
text_like!(BookingId, InvalidBooking);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_cannot_be_taken_for_a_slug_with_a_booking() {
        for good in ["killarney", "The-Old_Mill", &"x".repeat(50)] {
            assert_eq!(HotelSlug::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a.b", "a b", "a\n", "é", "a-guest-chat-booking", "a-guest-chat-booking-b", &"x".repeat(51)] {
            assert_eq!(HotelSlug::parse(bad), Err(InvalidSlug), "{bad:?}");
        }
        assert_eq!(BookingId::parse("BK-2025-0123").unwrap().as_str(), "BK-2025-0123");
        for bad in ["", "BK 1", "BK\n", "*", "BK/1", &"x".repeat(65)] {
            assert_eq!(BookingId::parse(bad), Err(InvalidBooking), "{bad:?}");
        }
    }

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
