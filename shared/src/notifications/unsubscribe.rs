//! The link that turns e-mail off without a login (RFC 8058).
//!
//! ```text
//! {API_URL}/email/unsubscribe?user=…&lang=fr&signature=base64url(HMAC-SHA256(EMAIL_LINK_KEY, "unsubscribe:" + user))
//! ```
//!
//! A guest's also has `address`, a hash of the e-mail's, and signs `":" + address` with the rest. A stranger to whom a mistyped address
//! belongs has no say in the e-mails of the right one.
//!
//! The link has no end: it must work as long as the e-mail is kept. All that it can do is what its owner would do with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;
use crate::settings::{EmailLinks, Secret};
use crate::users::locale::Locale;

/// The address that turns off a user's e-mail to `to`, in the API at `api_url`.
#[must_use]
pub fn unsubscribe_link(
    links: &EmailLinks,
    api_url: &str,
    (user, to): (&UserId, &EmailAddress),
    locale: Locale,
) -> String {
    let address = user.is_guests().then(|| address_in_link(to.as_str()));
    let signature = URL_SAFE_NO_PAD.encode(mac(&links.key, user, address.as_deref()).finalize().into_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("user", user.as_str()).append_pair("lang", locale.name());
    if let Some(address) = &address {
        query.append_pair("address", address);
    }
    format!("{api_url}/email/unsubscribe?{}", query.append_pair("signature", &signature).finish())
}

/// Names an address in a guest's link: 96 bits of its SHA-256, in base64url.
#[must_use]
pub fn address_in_link(address: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(address)[..12])
}

/// Whether this is the signature of a link of this user's, by the key or the one being rotated out. `address` is that of the link: a guest's has
/// one, and no other.
#[must_use]
pub fn is_unsubscribe_signature(links: &EmailLinks, user: &UserId, address: Option<&str>, signature: &str) -> bool {
    if user.is_guests() != address.is_some() {
        return false;
    }
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    let keys = std::iter::once(&links.key).chain(&links.previous_key);
    // Compared in constant time.
    keys.into_iter().any(|key| mac(key, user, address).verify_slice(&signature).is_ok())
}

fn mac(key: &Secret, user: &UserId, address: Option<&str>) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes a key of any length");
    let mac = mac.chain_update("unsubscribe:").chain_update(user.as_str());
    // No id has a colon.
    address.into_iter().fold(mac, |mac, address| mac.chain_update(":").chain_update(address))
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
        let to = EmailAddress::parse("ada@example.com").unwrap();
        let link = unsubscribe_link(&links("first", None), "https://api.example.com", (&ada, &to), Locale::Fr);
        assert!(
            link.starts_with("https://api.example.com/email/unsubscribe?user=ada%40x%3B1&lang=fr&signature="),
            "{link}"
        );
        let signature = signature(&link);
        assert!(is_unsubscribe_signature(&links("first", None), &ada, None, signature));
        assert!(is_unsubscribe_signature(&links("second", Some("first")), &ada, None, signature));
        assert!(!is_unsubscribe_signature(&links("second", None), &ada, None, signature));
        assert!(!is_unsubscribe_signature(&links("first", None), &ben, None, signature));
    }

    #[test]
    fn a_guests_link_is_for_one_address() {
        let guest = UserId::parse("guest;killarney;BK-1").unwrap();
        let to = EmailAddress::parse("grace@example.com").unwrap();
        let link = unsubscribe_link(&links("first", None), "https://api.example.com", (&guest, &to), Locale::En);
        let (signature, address) = (signature(&link), address_in_link(to.as_str()));
        assert!(link.contains(&format!("&address={address}&signature=")) && !link.contains("grace"), "{link}");
        let is_good = |address| is_unsubscribe_signature(&links("first", None), &guest, address, signature);
        let other = address_in_link("eve@example.com");
        assert!(is_good(Some(address.as_str())) && !is_good(Some(other.as_str())));
        assert!(!is_good(None) && !is_good(Some("")));
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_signature(text in "[-_A-Za-z0-9]{0,64}|.{0,64}") {
            let ada = UserId::parse("ada").unwrap();
            prop_assert!(!is_unsubscribe_signature(&links("first", None), &ada, None, &text));
        }
    }
}
