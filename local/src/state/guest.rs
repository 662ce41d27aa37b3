//! A hotel's guest, as a token describes them.

use anyhow::{Result, ensure};
use contract::id::{BookingId, HotelSlug};
use serde_json::{Map, Value, json};

use crate::state::issuer::Issuer;

/// A hotel's guest.
#[derive(Clone, Copy)]
pub(crate) struct Guest<'a> {
    pub(crate) hotel: &'a str,
    pub(crate) booking: &'a str,
    pub(crate) name: &'a str,
    /// Where e-mails to the guest go.
    pub(crate) email: Option<&'a str>,
}

impl Guest<'_> {
    pub(super) fn check(&self) -> Result<()> {
        let Self { hotel, booking, .. } = self;
        ensure!(
            HotelSlug::parse(*hotel).is_ok(),
            "{hotel:?} is no hotel's slug: one has 1 to 50 characters out of a-z, A-Z, 0-9, - and _, without -guest-chat-booking in it"
        );
        ensure!(
            BookingId::parse(*booking).is_ok(),
            "{booking:?} is no booking: one has 1 to 64 characters out of a-z, A-Z, 0-9 and -_=@,.;"
        );
        Ok(())
    }

    /// The claims that the stack reads. `aud` says that it is a guest, so `JWT_AUDIENCE` is the members' alone, as are `JWT_CLAIM_…`.
    pub(super) fn claims(&self, issuer: &Issuer, issued_at: u64, hours: u64) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("aud", json!("guest"));
        set("hotel", json!(self.hotel));
        set("booking", json!(self.booking));
        set("name", json!(self.name));
        if let Some(email) = self.email {
            set("email", json!(email));
        }
        if let Some(name) = &issuer.issuer {
            set("iss", json!(name));
        }
        set("iat", json!(issued_at));
        set("exp", json!(issued_at + hours * 3600));
        claims
    }
}
