//! The id that Pusher gives a client's connection.

/// A `socket_id`: digits, a dot, digits (the whole text matches `\d+\.\d+`).
///
/// The signed text is the socket id, then the channel name. A looser format would let a caller shift characters from
/// one to the other. (Pusher's server libraries check the same.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketId(String);

/// Longest socket id, in bytes. Pusher's have about twenty.
const MAX_LENGTH: usize = 64;

/// The text is not a socket id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "socket_id must be two numbers with a dot between, like 123456.7890123; pass on the one that the Pusher client gives"
)]
pub struct InvalidSocketId;

impl SocketId {
    /// Parses a socket id.
    ///
    /// # Errors
    /// [`InvalidSocketId`] for anything but ASCII digits around one dot.
    pub fn parse(text: &str) -> Result<Self, InvalidSocketId> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('.') {
            Some((left, right)) if text.len() <= MAX_LENGTH && is_number(left) && is_number(right) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidSocketId),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_socket_id_is_digits_dot_digits() {
        assert_eq!(SocketId::parse("123456.7890123").unwrap().as_str(), "123456.7890123");
        let bad = ["", ".", "1", "1.", ".1", "1.2.3", "1.2\n", "\n1.2", " 1.2", "1.2:private-x", "1.a", "١.٢", "+1.2"];
        for bad in bad {
            assert_eq!(SocketId::parse(bad), Err(InvalidSocketId), "{bad:?}");
        }
        assert_eq!(SocketId::parse(&format!("1.{}", "2".repeat(10_000))), Err(InvalidSocketId));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_colon_never_passes(text in ".*") {
            if let Ok(id) = SocketId::parse(&text) {
                prop_assert!(!id.as_str().contains(':'));
            }
        }
    }
}
