//! A hotel's guest, as the recipient of e-mails about unseen messages.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::guest::guest_id;
use crate::channel_server::{ChannelServer, ChannelServerError};
use crate::chats::{Conversation, MessageId};
use crate::clients::ses::Mailer;
use crate::contract::channel::Channel;
use crate::contract::id::{BookingId, HotelSlug, InvalidId, UserId};
use crate::contract::text::Line;
use crate::table::{Item, Key, TableError};
use crate::unseen::{Addressee, Recipient};
use crate::users::locale::Locale;

/// Longest title, in characters: more than a slug and a booking have.
const MAX_TITLE: usize = 200;

/// A guest who is sent e-mails. Their address and language are those of the token with which they last read or wrote.
#[derive(Debug)]
pub(crate) struct EmailedGuest {
    hotel: HotelSlug,
    booking: BookingId,
    id: UserId,
}

impl EmailedGuest {
    /// # Errors
    /// Never: see [`guest_id`].
    pub(crate) fn new(hotel: &HotelSlug, booking: &BookingId) -> Result<Self, InvalidId> {
        Ok(Self { id: guest_id(hotel, booking)?, hotel: hotel.clone(), booking: booking.clone() })
    }
}

impl Recipient for EmailedGuest {
    fn id(&self) -> &UserId {
        &self.id
    }

    fn conversation(&self) -> Conversation {
        Conversation::guest(&self.hotel, &self.booking)
    }

    fn window(&self) -> Key {
        Key::chat_email(self.conversation().partition(), &self.id)
    }

    /// Staff pages hear of everything on the staff's channel, so a subscriber of the guest's own channel is the guest. The presence channel,
    /// where staff pages are, too, names its members.
    fn is_there<'a>(&'a self, channels: &'a ChannelServer) -> BoxFuture<'a, Result<bool, ChannelServerError>> {
        let own = Channel::GuestChat(self.hotel.clone(), self.booking.clone());
        let presence = Channel::GuestChatPresence(self.hotel.clone(), self.booking.clone()).to_string();
        async move {
            let (is_occupied, users) = futures_util::join!(channels.is_occupied(&own), channels.users(&presence));
            Ok(is_occupied || users?.contains(&self.id))
        }
        .boxed()
    }

    fn row(&self) -> Option<Key> {
        None
    }

    fn addressee(&self, _: Option<Item>, locale: Option<Locale>) -> Result<Option<Addressee>, TableError> {
        let (hotel, booking, locale) = (&self.hotel, &self.booking, locale.unwrap_or_default());
        let title = match locale {
            Locale::En => format!("{hotel}, booking {booking}"),
            Locale::Fr => format!("{hotel}, réservation {booking}"),
        };
        Ok(Some(Addressee { title: Line::cleaned(&title, MAX_TITLE).unwrap_or_default(), address: None, locale }))
    }

    fn link(&self, mailer: &Mailer, message: &MessageId) -> Option<String> {
        let values =
            [("hotelSlug", self.hotel.as_str()), ("bookingId", self.booking.as_str()), ("messageId", message.as_str())];
        Some(mailer.settings.guest_page.as_ref()?.at(&values))
    }
}
