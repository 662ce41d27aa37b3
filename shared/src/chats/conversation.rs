//! Which conversation it is.

use crate::contract::facts::ConversationRef;
use crate::contract::id::{BookingId, GUEST, HotelSlug, InvalidId, LeaseId, UserId};
use crate::table::{Key, key};

use super::Seq;

/// A guest's id in conversations: there is one for each booking. `;` is in no slug, so no two bookings share one.
///
/// # Errors
/// Never: a slug and a booking are short enough, and of characters that an id may have.
pub fn guest_id(hotel: &HotelSlug, booking: &BookingId) -> Result<UserId, InvalidId> {
    UserId::parse(format!("{GUEST}{hotel};{booking}"))
}

/// A conversation: between a hotel and the guest of a booking, or about a lease. It needs no creation: it is there from its
/// first message on, and empty before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conversation {
    kind: ConversationKind,
    pk: String,
}

/// The participants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// A hotel's staff and the guest of a booking.
    Guest(HotelSlug, BookingId),
    /// A lease's client and notary.
    Lease(LeaseId),
    /// Two members, in the order of their ids.
    Direct(UserId, UserId),
}

impl Conversation {
    /// The conversation of a hotel with the guest of a booking.
    #[must_use]
    pub fn guest(hotel: &HotelSlug, booking: &BookingId) -> Self {
        Self { pk: key::guest_chat(hotel, booking), kind: ConversationKind::Guest(hotel.clone(), booking.clone()) }
    }

    /// The conversation about a lease.
    #[must_use]
    pub fn lease(lease: &LeaseId) -> Self {
        Self { pk: key::lease_chat(lease), kind: ConversationKind::Lease(lease.clone()) }
    }

    /// The conversation of two members, whichever is named first.
    #[must_use]
    pub fn direct(one: &UserId, other: &UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self { pk: key::direct_chat(first, second), kind: ConversationKind::Direct(first.clone(), second.clone()) }
    }

    /// Whether this author is the guest of this conversation, and so writes in no other.
    pub(super) fn is_of_guest(&self, author: &UserId) -> bool {
        match &self.kind {
            ConversationKind::Guest(hotel, booking) => guest_id(hotel, booking).is_ok_and(|guest| guest == *author),
            ConversationKind::Lease(_) | ConversationKind::Direct(..) => false,
        }
    }

    /// In a direct conversation of this user: the other one.
    #[must_use]
    pub fn other_than(&self, user: &UserId) -> Option<&UserId> {
        match &self.kind {
            ConversationKind::Direct(first, second) if first == user => Some(second),
            ConversationKind::Direct(first, second) if second == user => Some(first),
            _ => None,
        }
    }

    /// The conversation with this partition key.
    pub(crate) fn of_partition(pk: &str) -> Option<Self> {
        if let Some(rest) = pk.strip_prefix(key::GUEST_CHAT) {
            let (hotel, booking) = rest.split_once('#')?;
            return Some(Self::guest(&HotelSlug::parse(hotel).ok()?, &BookingId::parse(booking).ok()?));
        }
        if let Some(rest) = pk.strip_prefix(key::DIRECT_CHAT) {
            let (first, second) = rest.split_once('#')?;
            return Some(Self::direct(&UserId::parse(first).ok()?, &UserId::parse(second).ok()?));
        }
        Some(Self::lease(&LeaseId::parse(pk.strip_prefix(key::LEASE_CHAT)?).ok()?))
    }

    #[must_use]
    pub fn kind(&self) -> &ConversationKind {
        &self.kind
    }

    /// As facts name it.
    pub(super) fn named(&self) -> ConversationRef {
        match &self.kind {
            ConversationKind::Guest(hotel, booking) => {
                ConversationRef::Guest { hotel_slug: hotel.clone(), booking_id: booking.clone() }
            }
            ConversationKind::Lease(lease) => ConversationRef::Lease { bail_id: lease.clone() },
            ConversationKind::Direct(first, second) => {
                ConversationRef::Direct { user_ids: [first.clone(), second.clone()] }
            }
        }
    }

    /// Its partition of the table.
    pub(crate) fn partition(&self) -> &str {
        &self.pk
    }

    pub(crate) fn head(&self) -> Key {
        Key::chat_head(&self.pk)
    }

    pub(crate) fn message(&self, seq: Seq) -> Key {
        Key::chat_message(&self.pk, seq.0)
    }

    pub(crate) fn read_mark(&self, user: &UserId) -> Key {
        Key::chat_read(&self.pk, user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_conversation_is_known_by_its_partition(
            slug in "[-a-z]{1,30}", booking in "[-a-zA-Z0-9_=@,.;]{1,64}", lease in "[-a-zA-Z0-9_=@,.;]{1,128}"
        ) {
            if let Ok(hotel) = HotelSlug::parse(slug) {
                let guest = Conversation::guest(&hotel, &BookingId::parse(booking).unwrap());
                prop_assert_eq!(Conversation::of_partition(guest.partition()), Some(guest));
            }
            let one = UserId::parse(lease.clone()).unwrap();
            let direct = Conversation::direct(&one, &UserId::parse("m").unwrap());
            prop_assert_eq!(Conversation::of_partition(direct.partition()), Some(direct));
            let lease = Conversation::lease(&LeaseId::parse(lease).unwrap());
            prop_assert_eq!(Conversation::of_partition(lease.partition()), Some(lease));
        }
    }
}
