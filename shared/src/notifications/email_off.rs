//! Turning off e-mail about messages, and turning it on again: for a member as a whole, for a guest by address.
//!
//! The guests of a booking share an id, and one after the other may give an address. So a guest's preferences have the addresses that get
//! no e-mail, as hashes, and [`NotificationKind::Message`] has its e-mail off as long as there are any: a version that knows no addresses
//! then sends none.

use super::unsubscribe::address_in_link;
use super::{NotificationKind, Preferences, preferences};
use crate::contract::email::EmailAddress;
use crate::contract::facts::{EmailOff, Fact};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{WriteContext, fact_row};
use crate::table::{Action, Item, Key, Table, TableError, Update, retry, text, unchanged};

/// The attribute with the addresses: of each what [`address_in_link`] makes of it, with a space between two.
const ADDRESSES: &str = "email_off_addresses";
/// The attribute that the version before had instead: one address, as it is.
const ADDRESS: &str = "email_off_for";
/// Most addresses of a booking. Beyond, the oldest is forgotten: it takes an e-mail to each to get here.
const MAX_ADDRESSES: usize = 50;

/// Turns off e-mail about messages for a user; other preferences stay. For a guest, it is off for the address that this names, as in the
/// link of an e-mail to it, and stays on for others. Turning it off twice writes once.
///
/// # Errors
/// When DynamoDB fails or the preferences keep changing.
pub async fn turn_email_off(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    address: Option<&str>,
    reason: EmailOff,
) -> Result<(), TableError> {
    let fact = Fact::EmailTurnedOff { user_id: user.clone(), reason };
    turn_email(table, (user, address), false, fact_row([fact], writer, Millis::now())?).await
}

/// Turns on e-mail about messages again.
///
/// # Errors
/// As [`turn_email_off`].
pub async fn turn_email_on(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    address: Option<&str>,
) -> Result<(), TableError> {
    let fact = Fact::EmailTurnedOn { user_id: user.clone() };
    turn_email(table, (user, address), true, fact_row([fact], writer, Millis::now())?).await
}

/// Turns e-mail on or off, together with the row that owes its fact.
async fn turn_email(
    table: &Table,
    (user, address): (&UserId, Option<&str>),
    on: bool,
    owes: Option<Action>,
) -> Result<(), TableError> {
    let key = Key::preferences(user);
    let address = address.filter(|_| user.is_guests());
    retry(|| async {
        let row = table.get(&key, true).await?;
        let stored = |name: &str| row.as_ref().and_then(|row| row.get(name)).and_then(text).map(str::to_owned);
        let (saved, addresses, one) = (stored("saved"), stored(ADDRESSES), stored(ADDRESS));
        let was = AddressesOff::of_row(row.as_ref());
        let off = match address {
            Some(address) => was.clone().with(address, !on),
            None => AddressesOff::default(),
        };
        let is_on = if address.is_some() { off.0.is_empty() } else { on };
        let was_on = preferences::saved(row)?.of(&NotificationKind::Message.into()).email;
        // Off as a whole, it is off for each address: none of them may turn it on for the others by turning it off.
        let is_off_as_a_whole = !was_on && was == AddressesOff::default();
        if (was_on == is_on && was == off) || (!on && is_off_as_a_whole) {
            return Ok(Some(()));
        }
        let text = preferences::with_email(saved.as_deref(), is_on);
        let text = text.map_err(|error| TableError::corrupt(Some(key.clone()), error))?;
        let update = Update::new(&key).set("saved", text).replace(ADDRESSES, off.written()).remove(ADDRESS);
        let update = update.when(unchanged("saved", saved)).when(unchanged(ADDRESSES, addresses));
        let update = update.when(unchanged(ADDRESS, one));
        let is_done = match &owes {
            Some(owes) => table.transact([update.into(), owes.clone()]).await?.is_done(),
            None => table.write(update).await?.is_done(),
        };
        Ok(is_done.then_some(()))
    })
    .await
}

/// The addresses that get no e-mail, by the row of a guest's preferences, oldest first. Empty, the preferences decide alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AddressesOff(Vec<String>);

impl AddressesOff {
    pub(crate) fn of_row(row: Option<&Item>) -> Self {
        let stored = |name: &str| row.and_then(|row| row.get(name)).and_then(text);
        let earlier = stored(ADDRESS).map(address_in_link);
        Self(
            earlier
                .into_iter()
                .chain(stored(ADDRESSES).unwrap_or_default().split_whitespace().map(str::to_owned))
                .collect(),
        )
    }

    /// With this address among them or not.
    fn with(mut self, address: &str, is_off: bool) -> Self {
        if is_off && self.0.iter().any(|off| off == address) {
            return self;
        }
        self.0.retain(|off| off != address);
        if is_off {
            self.0.push(address.to_owned());
        }
        self.0.drain(..self.0.len().saturating_sub(MAX_ADDRESSES));
        self
    }

    fn written(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" "))
    }

    /// Whether a user with these preferences gets e-mail about messages at this address.
    pub(crate) fn permit(&self, preferences: &Preferences, address: &EmailAddress) -> bool {
        if self.0.is_empty() {
            return preferences.of(&NotificationKind::Message.into()).email;
        }
        !self.0.contains(&address_in_link(address.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::table::string;

    fn row(attributes: &[(&str, &str)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), string(*value))).collect::<HashMap<_, _>>()
    }

    #[test]
    fn an_address_of_the_version_before_is_off_beside_those_since() {
        let row = row(&[(ADDRESS, "grace@example.com"), (ADDRESSES, "abc def")]);
        let off = AddressesOff::of_row(Some(&row));
        assert_eq!(off.0, [address_in_link("grace@example.com").as_str(), "abc", "def"]);
        let address = |text: &str| EmailAddress::parse(text).unwrap();
        assert!(!off.permit(&Preferences::default(), &address("grace@example.com")));
        assert!(off.permit(&Preferences::default(), &address("moran@example.com")));
    }

    #[test]
    fn the_oldest_of_too_many_is_forgotten() {
        let off = (0..=MAX_ADDRESSES).fold(AddressesOff::default(), |off, n| off.with(&n.to_string(), true));
        assert_eq!((off.0.len(), off.0[0].as_str()), (MAX_ADDRESSES, "1"));
        assert_eq!(off.clone().with("7", true), off);
        assert_eq!(off.with("7", false).0.len(), MAX_ADDRESSES - 1);
    }
}
