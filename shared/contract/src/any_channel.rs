//! The channels to which a client of Pusher may subscribe. Sources: Pusher Channels docs, "Channel naming conventions", "Cache channels",
//! "Sending events to authenticated users".

use crate::channel::{MAX_LENGTH, is_encrypted, is_name, is_presence};
use crate::id::UserId;

/// Beginning of the channel of a signed-in user's events. Clients subscribe to it by themselves.
pub const TO_USER: &str = "#server-to-user-";
/// Beginning of the name by which the connections of a signed-in user are found. No client can ask for it.
const OF_USER: &str = "#user-";

/// A channel of any type: `news`, `private-orders-1`, `presence-lobby`, `#server-to-user-ada`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyChannel(String);

/// The text is not a channel's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A channel's name must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;")]
pub struct InvalidChannel;

impl AnyChannel {
    /// Parses the name that a client sent.
    ///
    /// # Errors
    /// [`InvalidChannel`] for what Pusher refuses, too.
    pub fn parse(text: &str) -> Result<Self, InvalidChannel> {
        let to_user = text.strip_prefix(TO_USER).is_some_and(|user| UserId::parse(user).is_ok());
        if to_user || is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidChannel) }
    }

    /// The connections on which this user has signed in, as subscribers of one channel.
    #[must_use]
    pub fn of_user(user: &UserId) -> Self {
        Self(format!("{OF_USER}{user}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The user whose events it has, if it has one user's.
    #[must_use]
    pub fn own_user(&self) -> Option<&str> {
        self.0.strip_prefix(TO_USER)
    }

    #[must_use]
    pub fn is_presence(&self) -> bool {
        is_presence(&self.0)
    }

    /// Whether a subscription must be signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.0.starts_with("private-") || self.is_presence()
    }

    /// Whether it keeps its last event for new subscribers.
    #[must_use]
    pub fn is_cache(&self) -> bool {
        let rest = ["private-encrypted-", "private-", "presence-"].iter().find_map(|kind| self.0.strip_prefix(kind));
        rest.unwrap_or(&self.0).starts_with("cache-")
    }

    /// Whether its subscribers may send each other events: what they send on an encrypted channel would not be encrypted.
    #[must_use]
    pub fn takes_client_events(&self) -> bool {
        self.is_signed() && !is_encrypted(&self.0)
    }

    /// Whether its subscribers get their number (Pusher Channels docs, "Events", `pusher:subscription_count`: on all types but
    /// presence channels).
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.is_listed() && !self.is_presence()
    }

    /// Whether the list of channels may name it: not those of signed-in users.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !self.0.starts_with('#')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> AnyChannel {
        AnyChannel::parse(name).unwrap()
    }

    #[test]
    fn a_name_says_what_a_subscription_needs() {
        for (name, is_signed, is_presence, is_cache, takes_client_events) in [
            ("news", false, false, false, false),
            ("private-orders-1", true, false, false, true),
            ("presence-lobby", true, true, false, true),
            ("cache-stock", false, false, true, false),
            ("private-cache-stock", true, false, true, true),
            ("private-encrypted-a", true, false, false, false),
            ("private-encrypted-cache-a", true, false, true, false),
            ("presence-cache-a", true, true, true, true),
            ("#server-to-user-ada", false, false, false, false),
        ] {
            let channel = of(name);
            let is = (channel.is_signed(), channel.is_presence(), channel.is_cache(), channel.takes_client_events());
            assert_eq!(is, (is_signed, is_presence, is_cache, takes_client_events), "{name}");
        }
        assert_eq!(of("#server-to-user-ada").own_user(), Some("ada"));
    }

    #[test]
    fn no_client_can_name_what_is_the_servers() {
        for bad in
            ["", "#user-ada", "#server-to-user-", "#server-to-user-a b", "a#b", "a b", "private-é", &"x".repeat(165)]
        {
            assert_eq!(AnyChannel::parse(bad), Err(InvalidChannel), "{bad}");
        }
    }
}
