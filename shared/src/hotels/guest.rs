//! A guest's chat with a hotel: who its guest is to the conversation, and whom its changes concern.

use crate::api_error::ApiError;
pub use crate::chats::guest_id;
use crate::chats::{self, Conversation, Mark, Message, to_guest_and_staff};
use crate::contract::chats::{ConversationName, GuestChatChange, Reader, Role};
use crate::contract::id::{BookingId, GUEST, HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, EmailRecipient, UnseenEmail};

/// The hotel and the booking in a guest's id; `None` for a member's.
pub(crate) fn booking_of(user: &UserId) -> Option<(&str, &str)> {
    user.as_str().strip_prefix(GUEST)?.split_once(';')
}

/// Refuses a guest's id: a guest's token opens one chat alone.
///
/// # Errors
/// 422 for an id that looks like a guest's.
pub fn must_not_be_guests(user: &UserId) -> Result<(), ApiError> {
    if user.is_guests() {
        return Err(ApiError::Unprocessable(
            "Ids that begin with guest; are the guests': send the id of a member".to_owned(),
        ));
    }
    Ok(())
}

/// The deliveries of a new message: to the chat and the staff's inbox. A guest's message wakes the hotel. Where `emails` is true, a
/// message of the staff owes the guest an e-mail, and the transport finds out later whether they need it.
#[must_use]
pub fn message_created(hotel: &HotelSlug, booking: &BookingId, message: &Message, emails: bool) -> Vec<Delivery> {
    let to = EmailRecipient::Guest { hotel: hotel.clone(), booking: booking.clone() };
    let email = UnseenEmail { to, seq: message.seq.0 };
    let email = (emails && message.role == Role::Staff).then_some(Delivery::Email(email));
    chats::created(&Conversation::guest(hotel, booking), message, None).into_iter().chain(email).collect()
}

/// The deliveries of a deletion.
#[must_use]
pub fn message_deleted(hotel: &HotelSlug, booking: &BookingId, left: &Message) -> Vec<Delivery> {
    to_guest_and_staff(hotel, booking, &GuestChatChange::MessageDeleted { message: left.with_message() }).into()
}

/// The deliveries of a read mark. A member of the staff has a channel of their own, on which their other tabs hear of it; a guest's
/// tabs have the chat's.
#[must_use]
pub fn messages_read(hotel: &HotelSlug, booking: &BookingId, reader: Reader, mark: Mark, at: Millis) -> Vec<Delivery> {
    let name = ConversationName::Guest { hotel_slug: hotel.clone(), booking_id: booking.clone() };
    let own = (reader.role == Role::Staff).then(|| chats::conversation_read(&reader.id, name, mark, at));
    let change = GuestChatChange::MessagesRead { reader, seq: mark.seq.0, read_at: at.iso() };
    let own = own.iter().map(Delivery::event);
    to_guest_and_staff(hotel, booking, &change).into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_slug_and_booking_make_an_id() {
        let hotel = HotelSlug::parse("h".repeat(crate::contract::id::MAX_SLUG)).unwrap();
        let booking = BookingId::parse("b".repeat(crate::contract::id::MAX_BOOKING)).unwrap();
        assert!(guest_id(&hotel, &booking).unwrap().is_guests());
    }
}
