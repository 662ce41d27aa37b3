//! The people and the book of every new local stack.

use serde::{Deserialize, Serialize};

use crate::state::guest::Guest;

/// An author, a reader and a book; a hotel, a booking and a member of the staff; a lease and
/// its notary: all invented.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Demo {
    pub(crate) book_id: String,
    pub(crate) book_title: String,
    pub(crate) author_id: String,
    pub(crate) reader_id: String,
    pub(crate) hotel_slug: String,
    pub(crate) booking_id: String,
    pub(crate) staff_id: String,
    /// The reader is its client.
    pub(crate) lease_id: String,
    pub(crate) notary_id: String,
}

pub(crate) const AUTHOR_NAME: &str = "Ursula Vey";
/// The name of the hotel's guest.
pub(crate) const GUEST_NAME: &str = "Grace Moran";
const GUEST_EMAIL: &str = "grace@example.com";

impl Demo {
    pub(crate) fn new() -> Self {
        Self {
            book_id: "the-left-hand".to_owned(),
            book_title: "The Left Hand of the Tide".to_owned(),
            author_id: "ursula".to_owned(),
            reader_id: "ben".to_owned(),
            hotel_slug: "killarney".to_owned(),
            booking_id: "BK-2025-0123".to_owned(),
            staff_id: "nora".to_owned(),
            lease_id: "lilas-12".to_owned(),
            notary_id: "durand".to_owned(),
        }
    }

    /// The hotel's guest.
    pub(crate) fn guest(&self) -> Guest<'_> {
        Guest { hotel: &self.hotel_slug, booking: &self.booking_id, name: GUEST_NAME, email: Some(GUEST_EMAIL) }
    }

    /// The name that the person's token carries.
    pub(crate) fn name_of(&self, user_id: &str) -> Option<&'static str> {
        if user_id == self.author_id {
            Some(AUTHOR_NAME)
        } else if user_id == self.reader_id {
            Some("Ben Okoro")
        } else if user_id == self.staff_id {
            Some("Nora Byrne")
        } else if user_id == self.notary_id {
            Some("Maître Durand")
        } else {
            None
        }
    }
}
