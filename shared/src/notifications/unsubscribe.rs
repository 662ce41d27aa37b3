//! The link that turns e-mail off without a login (RFC 8058), turning it off, and turning it on again.
//!
//! ```text
//! {API_URL}/email/unsubscribe?user=…&lang=fr&signature=base64url(HMAC-SHA256(EMAIL_LINK_KEY, "unsubscribe:" + user))
//! ```
//!
//! The link has no end: it must work as long as the e-mail is kept. All that it can do is what its owner would do with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{NotificationKind, Preferences, preferences};
use crate::contract::email::EmailAddress;
use crate::contract::facts::{EmailOff, Fact};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{WriteContext, fact_row};
use crate::settings::{EmailLinks, Secret};
use crate::table::{Action, Item, Key, Table, TableError, Update, retry, text, unchanged};
use crate::users::locale::Locale;
use crate::users::profile::Profile;

/// The address to which a guest gets no more e-mail. The next guest of the booking may have another.
const OFF_FOR: &str = "email_off_for";

/// The address that turns a user's e-mail off, in the API at `api_url`.
#[must_use]
pub fn unsubscribe_link(links: &EmailLinks, api_url: &str, user: &UserId, locale: Locale) -> String {
    let signature = URL_SAFE_NO_PAD.encode(mac(&links.key, user).finalize().into_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("user", user.as_str())
        .append_pair("lang", locale.name())
        .append_pair("signature", &signature)
        .finish();
    format!("{api_url}/email/unsubscribe?{query}")
}

/// Whether this is the signature of a link of this user's, by the key or the one being rotated out.
#[must_use]
pub fn is_unsubscribe_signature(links: &EmailLinks, user: &UserId, signature: &str) -> bool {
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    let keys = std::iter::once(&links.key).chain(&links.previous_key);
    // Compared in constant time.
    keys.into_iter().any(|key| mac(key, user).verify_slice(&signature).is_ok())
}

fn mac(key: &Secret, user: &UserId) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes a key of any length");
    mac.chain_update("unsubscribe:").chain_update(user.as_str())
}

/// Turns off e-mail about messages for a user; other preferences stay. A guest's stays on for another address than that of their last
/// token. Turning it off twice writes once.
///
/// # Errors
/// When DynamoDB fails or the preferences keep changing.
pub async fn turn_email_off(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    reason: EmailOff,
) -> Result<(), TableError> {
    let profile = if user.is_guests() { table.get(&Key::profile(user), true).await? } else { None };
    let profile = Profile::or_none(profile);
    let off_for = profile.as_ref().and_then(Profile::email);
    let fact = Fact::EmailTurnedOff { user_id: user.clone(), reason };
    turn_email(table, user, false, off_for, fact_row([fact], writer, Millis::now())?).await
}

/// Turns on e-mail about messages again.
///
/// # Errors
/// As [`turn_email_off`].
pub async fn turn_email_on(table: &Table, writer: &WriteContext, user: &UserId) -> Result<(), TableError> {
    let fact = Fact::EmailTurnedOn { user_id: user.clone() };
    turn_email(table, user, true, None, fact_row([fact], writer, Millis::now())?).await
}

/// Turns e-mail on or off, together with the row that owes its fact.
async fn turn_email(
    table: &Table,
    user: &UserId,
    on: bool,
    off_for: Option<&str>,
    owes: Option<Action>,
) -> Result<(), TableError> {
    let key = Key::preferences(user);
    retry(|| async {
        let row = table.get(&key, true).await?;
        let seen = row.as_ref().and_then(|row| row.get("saved").cloned());
        let was_off_for = email_off_for(row.as_ref());
        let was_on = preferences::saved(row)?.of(&NotificationKind::Message.into()).email;
        if was_on == on && was_off_for.as_deref() == off_for {
            return Ok(Some(()));
        }
        let text = preferences::with_email(seen.as_ref().and_then(text), on);
        let text = text.map_err(|error| TableError::corrupt(Some(key.clone()), error))?;
        let update = Update::new(&key).set("saved", text).replace(OFF_FOR, off_for);
        let update = update.when(unchanged("saved", seen)).when(unchanged(OFF_FOR, was_off_for));
        let is_done = match &owes {
            Some(owes) => table.transact([update.into(), owes.clone()]).await?.is_done(),
            None => table.write(update).await?.is_done(),
        };
        Ok(is_done.then_some(()))
    })
    .await
}

/// The one address to which e-mail is turned off, by the row of a guest's preferences.
pub(crate) fn email_off_for(row: Option<&Item>) -> Option<String> {
    row?.get(OFF_FOR).and_then(text).map(str::to_owned)
}

/// Whether a user with these preferences gets e-mail about messages at this address.
pub(crate) fn takes_email(preferences: &Preferences, off_for: Option<&str>, address: &EmailAddress) -> bool {
    let is_another = off_for.is_some_and(|off| off != address.as_str());
    is_another || preferences.of(&NotificationKind::Message.into()).email
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links(key: &str, previous: Option<&str>) -> EmailLinks {
        EmailLinks { key: Secret::new(key), previous_key: previous.map(Secret::new) }
    }

    fn signature(link: &str) -> &str {
        link.split_once("signature=").unwrap().1
    }

    #[test]
    fn a_link_works_for_its_user_until_its_key_is_gone() {
        let (ada, ben) = (UserId::parse("ada@x;1").unwrap(), UserId::parse("ben").unwrap());
        let link = unsubscribe_link(&links("first", None), "https://api.example.com", &ada, Locale::Fr);
        assert!(
            link.starts_with("https://api.example.com/email/unsubscribe?user=ada%40x%3B1&lang=fr&signature="),
            "{link}"
        );
        let signature = signature(&link);
        assert!(is_unsubscribe_signature(&links("first", None), &ada, signature));
        assert!(is_unsubscribe_signature(&links("second", Some("first")), &ada, signature));
        assert!(!is_unsubscribe_signature(&links("second", None), &ada, signature));
        assert!(!is_unsubscribe_signature(&links("first", None), &ben, signature));
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_signature(text in "[-_A-Za-z0-9]{0,64}|.{0,64}") {
            let ada = UserId::parse("ada").unwrap();
            prop_assert!(!is_unsubscribe_signature(&links("first", None), &ada, &text));
        }
    }
}
