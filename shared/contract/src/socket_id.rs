//! The id that Pusher gives a client's connection.

use crate::sockets::ConnectionId;

/// A `socket_id`: digits, a dot, digits (the whole text matches `\d+\.\d+`).
///
/// The signed text is the socket id, then the channel name. A looser format would let a caller shift characters from
/// one to the other. (Pusher's server libraries check the same.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketId(String);

/// Longest socket id, in bytes: that of the longest connection id. Pusher's have about twenty, and those of API Gateway's connections 34.
const MAX_LENGTH: usize = 2 + 2 * 128;
/// The first number of the socket ids that stand for connections of API Gateway.
const OF_CONNECTION: &str = "1.";
/// The characters of a connection id are printable, from this one on. Two digits say which one it is.
const FIRST: u8 = b'!';

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

    /// The socket id of a connection of API Gateway. Each has its own, and [`SocketId::connection`] leads back without a look-up.
    #[must_use]
    pub fn of(connection: &ConnectionId) -> Self {
        let digits = connection.as_str().bytes().map(|byte| format!("{:02}", byte.saturating_sub(FIRST)));
        Self(OF_CONNECTION.chars().map(String::from).chain(digits).collect())
    }

    /// The connection of API Gateway that this id stands for, if it does.
    #[must_use]
    pub fn connection(&self) -> Option<ConnectionId> {
        let digits = self.0.strip_prefix(OF_CONNECTION)?.as_bytes();
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        let text =
            pairs.iter().map(|[tens, ones]| char::from((tens - b'0') * 10 + (ones - b'0') + FIRST)).collect::<String>();
        ConnectionId::parse(text).ok()
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

    #[test]
    fn a_socket_id_of_pushers_stands_for_no_connection_of_ours() {
        for text in ["123456.7890123", "1.2", "1.000", "1.0000", "1.99", "2.4443"] {
            assert_eq!(SocketId::parse(text).unwrap().connection(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_connection_has_a_socket_id_that_leads_back_to_it(id in "[-a-zA-Z0-9+/=_]{1,128}") {
            let connection = ConnectionId::parse(id).unwrap();
            let socket = SocketId::of(&connection);
            prop_assert_eq!(SocketId::parse(socket.as_str()), Ok(socket.clone()));
            prop_assert_eq!(socket.connection(), Some(connection));
        }

        #[test]
        fn no_text_panics_and_a_colon_never_passes(text in ".*") {
            if let Ok(id) = SocketId::parse(&text) {
                let _ = id.connection();
                prop_assert!(!id.as_str().contains(':'));
            }
        }
    }
}
