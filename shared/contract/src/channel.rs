//! Channel names, parsed once and compared whole.

use std::fmt;

use crate::id::{BookId, BookingId, GUEST_CHAT, HotelSlug, LeaseId, PartyId, UserId, is_channel_byte};

/// Longest channel name, in characters (Pusher Channels, "Channel naming conventions").
pub const MAX_LENGTH: usize = 164;

/// A valid name of a private or presence channel. [`Channel`] tells which channel it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelName(String);

/// Why a text is not a channel name that can be authorized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannelName {
    /// Empty, too long, or with characters that Pusher refuses.
    #[error("channel_name must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;")]
    Malformed,
    /// A public channel, to which anyone may subscribe without authorization.
    #[error("channel_name must start with private- or presence-; public channels need no authorization")]
    Public,
}

/// Whether Pusher accepts this as the name of a channel, public ones included.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_channel_byte)
}

/// Whether the subscribers of a channel of this name see each other.
#[must_use]
pub fn is_presence(name: &str) -> bool {
    name.starts_with("presence-")
}

/// Whether events on a channel of this name are encrypted end to end.
#[must_use]
pub fn is_encrypted(name: &str) -> bool {
    name.starts_with("private-encrypted-")
}

impl ChannelName {
    /// Parses the name of a private or presence channel.
    ///
    /// # Errors
    /// [`InvalidChannelName`] says which rule of Pusher's it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidChannelName> {
        if !is_name(text) {
            return Err(InvalidChannelName::Malformed);
        }
        if !text.starts_with("private-") && !is_presence(text) {
            return Err(InvalidChannelName::Public);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether events on this channel are encrypted end to end, with a key that the server derives.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        is_encrypted(&self.0)
    }

    /// Whether its subscribers see each other.
    #[must_use]
    pub fn is_presence(&self) -> bool {
        is_presence(&self.0)
    }

    /// The beginning, type included, that reserves this name for the contract, such as `private-user-`.
    fn reserved(&self) -> Option<&str> {
        let (kind, rest) = TYPES.iter().find_map(|kind| Some((*kind, self.0.strip_prefix(kind)?)))?;
        let family = FAMILIES.iter().find(|family| rest.starts_with(**family))?;
        Some(&self.0[..kind.len() + family.len()])
    }
}

/// Which channel a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// `private-user-{userId}`: events for one user.
    User(UserId),
    /// `private-encrypted-user-{userId}`: the same, encrypted end to end.
    EncryptedUser(UserId),
    /// `presence-room-{bookId}`: the users who are reading a book now.
    Room(BookId),
    /// `private-party-{partyId}`: events of a party.
    Party(PartyId),
    /// `private-encrypted-party-{partyId}`: the same, encrypted end to end.
    EncryptedParty(PartyId),
    /// `presence-party-{partyId}`: which members are online.
    PartyPresence(PartyId),
    /// `presence-bail-{bailId}`: the chat of a lease, and which of its two people are online.
    Lease(LeaseId),
    /// `private-hotel-{slug}-guest-chat-booking-{bookingId}`: a guest's chat with a hotel.
    GuestChat(HotelSlug, BookingId),
    /// `private-encrypted-hotel-{slug}-guest-chat-booking-{bookingId}`: the same, encrypted end to end.
    EncryptedGuestChat(HotelSlug, BookingId),
    /// `presence-hotel-{slug}-guest-chat-booking-{bookingId}`: the people who have a guest's chat open, and their typing.
    GuestChatPresence(HotelSlug, BookingId),
    /// `private-hotel-{slug}-staff`: what happens in any chat of a hotel.
    HotelStaff(HotelSlug),
    /// `private-encrypted-hotel-{slug}-staff`: the same, encrypted end to end.
    EncryptedHotelStaff(HotelSlug),
    /// Any other name outside the families above: a channel of the app's own.
    Own(OwnChannel),
}

/// A channel of the app's own: private or presence, encrypted or cached, and of no [`family`](FAMILIES) of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnChannel(ChannelName);

/// Why a text is not the name of a channel of the app's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOwnChannel {
    #[error(transparent)]
    Name(#[from] InvalidChannelName),
    /// The contract says who may subscribe to channels of these families.
    #[error("channel_name must not begin with {0}: Carillon itself decides who may subscribe to such channels")]
    Reserved(String),
}

/// Beginnings of the contract's channels, after the type (`private-`, `presence-cache-`, …). The app's own channels may not have them.
pub const FAMILIES: [&str; 5] = ["user-", "party-", "room-", "hotel-", "bail-"];

/// The types of channel, a longer one before its own beginning (Pusher Channels docs, "Channels", "Cache channels", "Encrypted channels").
const TYPES: [&str; 6] =
    ["private-encrypted-cache-", "private-encrypted-", "private-cache-", "private-", "presence-cache-", "presence-"];

impl OwnChannel {
    /// Parses the name of a channel of the app's own.
    ///
    /// # Errors
    /// [`InvalidOwnChannel`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidOwnChannel> {
        let name = ChannelName::parse(text)?;
        match name.reserved() {
            Some(beginning) => Err(InvalidOwnChannel::Reserved(beginning.to_owned())),
            None => Ok(Self(name)),
        }
    }

    #[must_use]
    pub fn name(&self) -> &ChannelName {
        &self.0
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

const USER: &str = "private-user-";
const ENCRYPTED_USER: &str = "private-encrypted-user-";
const PARTY: &str = "private-party-";
const ENCRYPTED_PARTY: &str = "private-encrypted-party-";
const PARTY_PRESENCE: &str = "presence-party-";
const LEASE: &str = "presence-bail-";
const HOTEL: &str = "private-hotel-";
const ENCRYPTED_HOTEL: &str = "private-encrypted-hotel-";
const HOTEL_PRESENCE: &str = "presence-hotel-";
const STAFF: &str = "-staff";
/// Prefix of every reading room's channel, as `GET /channels?filter_by_prefix=` takes it.
pub const ROOM: &str = "presence-room-";

impl Channel {
    /// The channel with this name. Returns `None` for a name of a reserved family that the contract does not have.
    #[must_use]
    pub fn of(name: &ChannelName) -> Option<Self> {
        let id = |prefix: &str| name.as_str().strip_prefix(prefix);
        let user = |prefix: &str| UserId::parse(id(prefix)?).ok();
        let party = |prefix: &str| PartyId::parse(id(prefix)?).ok();
        let book = |prefix: &str| BookId::parse(id(prefix)?).ok();
        let staff = |prefix: &str| HotelSlug::parse(id(prefix)?.strip_suffix(STAFF)?).ok();
        let guest = |prefix: &str| {
            let (hotel, booking) = id(prefix)?.split_once(GUEST_CHAT)?;
            Some((HotelSlug::parse(hotel).ok()?, BookingId::parse(booking.strip_prefix('-')?).ok()?))
        };
        // A slug cannot hold the separator before a booking, so a guest's channel is never read as the staff's or the reverse.
        // No prefix starts with another, so their order does not matter.
        (user(USER).map(Self::User))
            .or_else(|| user(ENCRYPTED_USER).map(Self::EncryptedUser))
            .or_else(|| book(ROOM).map(Self::Room))
            .or_else(|| party(PARTY).map(Self::Party))
            .or_else(|| party(ENCRYPTED_PARTY).map(Self::EncryptedParty))
            .or_else(|| party(PARTY_PRESENCE).map(Self::PartyPresence))
            .or_else(|| LeaseId::parse(id(LEASE)?).ok().map(Self::Lease))
            .or_else(|| guest(HOTEL).map(|(hotel, booking)| Self::GuestChat(hotel, booking)))
            .or_else(|| guest(ENCRYPTED_HOTEL).map(|(hotel, booking)| Self::EncryptedGuestChat(hotel, booking)))
            .or_else(|| guest(HOTEL_PRESENCE).map(|(hotel, booking)| Self::GuestChatPresence(hotel, booking)))
            .or_else(|| staff(HOTEL).map(Self::HotelStaff))
            .or_else(|| staff(ENCRYPTED_HOTEL).map(Self::EncryptedHotelStaff))
            .or_else(|| name.reserved().is_none().then(|| Self::Own(OwnChannel(name.clone()))))
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "{USER}{user}"),
            Self::EncryptedUser(user) => write!(f, "{ENCRYPTED_USER}{user}"),
            Self::Room(book) => write!(f, "{ROOM}{book}"),
            Self::Party(party) => write!(f, "{PARTY}{party}"),
            Self::EncryptedParty(party) => write!(f, "{ENCRYPTED_PARTY}{party}"),
            Self::PartyPresence(party) => write!(f, "{PARTY_PRESENCE}{party}"),
            Self::Lease(lease) => write!(f, "{LEASE}{lease}"),
            Self::GuestChat(hotel, booking) => write!(f, "{HOTEL}{hotel}{GUEST_CHAT}-{booking}"),
            Self::EncryptedGuestChat(hotel, booking) => {
                write!(f, "{ENCRYPTED_HOTEL}{hotel}{GUEST_CHAT}-{booking}")
            }
            Self::GuestChatPresence(hotel, booking) => {
                write!(f, "{HOTEL_PRESENCE}{hotel}{GUEST_CHAT}-{booking}")
            }
            Self::HotelStaff(hotel) => write!(f, "{HOTEL}{hotel}{STAFF}"),
            Self::EncryptedHotelStaff(hotel) => write!(f, "{ENCRYPTED_HOTEL}{hotel}{STAFF}"),
            Self::Own(own) => f.write_str(own.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Option<Channel> {
        Channel::of(&ChannelName::parse(text).ok()?)
    }

    #[test]
    fn each_family_is_recognised_by_its_whole_name() {
        let ada = UserId::parse("ada").unwrap();
        assert_eq!(of("private-user-ada"), Some(Channel::User(ada.clone())));
        assert_eq!(of("private-encrypted-user-ada"), Some(Channel::EncryptedUser(ada)));
        assert_eq!(of("presence-room-b1"), Some(Channel::Room(BookId::parse("b1").unwrap())));
        for none in [
            "private-user-",
            "presence-user-ada",
            "private-room-b1",
            "private-encrypted-room-b1",
            "private-cache-user-ada",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_name_of_no_family_is_a_channel_of_the_apps_own() {
        for own in [
            "private-orders-1",
            "private-users-ada",
            "private-user",
            "presence-lobby",
            "private-cache-stock",
            "presence-cache-lobby",
            "private-encrypted-cards",
            "private-encrypted-cache-cards",
            "private-",
        ] {
            assert_eq!(of(own), Some(Channel::Own(OwnChannel::parse(own).unwrap())), "{own}");
        }
        for (reserved, beginning) in [
            ("private-user-ada", "private-user-"),
            ("private-encrypted-cache-hotel-a", "private-encrypted-cache-hotel-"),
            ("presence-cache-bail-1", "presence-cache-bail-"),
        ] {
            assert_eq!(OwnChannel::parse(reserved), Err(InvalidOwnChannel::Reserved(beginning.to_owned())));
        }
        assert_eq!(OwnChannel::parse("news"), Err(InvalidChannelName::Public.into()));
    }

    #[test]
    fn names_that_pusher_refuses_are_refused() {
        let long = format!("private-user-{}", "x".repeat(10_000));
        for bad in ["", "private-user-ada\n", "private-user-аda", "private-user-a b", "private-user-a/b", &long] {
            assert_eq!(ChannelName::parse(bad), Err(InvalidChannelName::Malformed), "{bad:?}");
        }
        assert_eq!(ChannelName::parse("news"), Err(InvalidChannelName::Public));
        assert_eq!(ChannelName::parse("Private-user-ada"), Err(InvalidChannelName::Public));
    }

    #[test]
    fn a_hotels_channels_are_told_apart_whatever_the_slug_and_the_booking() {
        let hotel = |slug: &str| HotelSlug::parse(slug).unwrap();
        let chat = |slug, booking: &str| Some(Channel::GuestChat(hotel(slug), BookingId::parse(booking).unwrap()));
        let name = "private-hotel-killarney-guest-chat-booking-BK-2025-0123";
        assert_eq!(of(name), chat("killarney", "BK-2025-0123"));
        assert_eq!(of("private-hotel-a-guest-chat-booking-b-staff"), chat("a", "b-staff"));
        assert_eq!(of("private-hotel-a-staff-guest-chat-booking-b"), chat("a-staff", "b"));
        let open = Channel::GuestChatPresence(hotel("a-staff"), BookingId::parse("b").unwrap());
        assert_eq!(of("presence-hotel-a-staff-guest-chat-booking-b"), Some(open));
        let twice = "private-hotel-a-guest-chat-booking-guest-chat-booking-b";
        assert_eq!(of(twice), chat("a", "guest-chat-booking-b"));
        assert_eq!(of("private-hotel-a-staff-staff"), Some(Channel::HotelStaff(hotel("a-staff"))));
        for none in [
            "presence-hotel-a-staff",
            "private-hotel--staff",
            "private-hotel-staff",
            "private-hotel-a-guest-chat-booking-",
            "private-hotel-a",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
        let longest = Channel::EncryptedGuestChat(hotel(&"h".repeat(50)), BookingId::parse("b".repeat(64)).unwrap());
        assert!(longest.to_string().len() <= MAX_LENGTH);
    }

    proptest! {
        #[test]
        fn a_hotels_channel_prints_as_the_name_it_came_from(
            text in "(private|private-encrypted|presence)-hotel-[-a-z]{1,20}(-staff|-guest-chat-booking-[-a-z]{1,20}(-staff|-guest-chat-booking)?)"
        ) {
            if let Some(channel) = of(&text) {
                prop_assert_eq!(channel.to_string(), text);
            }
        }

        #[test]
        fn a_parsed_channel_prints_as_the_name_it_came_from(
            text in "((private|private-encrypted)-(user|party)-|presence-(room|party|bail)-)[-a-zA-Z0-9_=@,.;]{1,128}"
        ) {
            prop_assert_eq!(of(&text).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = of(&text);
        }
    }
}
