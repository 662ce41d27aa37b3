//! `Idempotency-Key`: a client that got no response may send its request again, and nothing happens twice.
//!
//! # The protocol
//!
//! The key names a row, and the conditional put of that row is the lock:
//!
//! ```text
//! first request        id = hash(scope, caller, key) -> put if absent: done        -> 201
//! same again           the same id                   -> put refused, same request  -> same 201, Idempotent-Replayed: true
//! another request      the same id                   -> put refused, other request -> 422
//! ```
//!
//! Only one of two concurrent requests can win the put, so there is no "in progress" state. Several rows are created in a
//! transaction, and a repetition that meets it waits.
//!
//! | what is created | the row that is the lock | remembered | a repetition is compared with |
//! |---|---|---|---|
//! | kudos, a party, an upload | its own: its id is that of the key | as long as the row | the row |
//! | an event for dashboards, events by Pusher's HTTP API | its own | a day | the fingerprint |
//! | a message | one beside it, in the same transaction | a day | what was stored; the fingerprint once it is deleted |
//! | a lease's request | the same | a day | what was stored |
//! | a direct message with `clientMessageId` | the same | as long as the message has an author | what was stored |
//! | a notification | the same | a day, by an event's id as long as the notification | the fingerprint; nothing, for an event |
//! | notifications of several users | one for the request, put first, and one beside each notification | the same | the same |
//!
//! # Equal keys
//!
//! The scope, the caller and the key. The scope of a request is the route that API Gateway matched with each parameter of its
//! path, so the same key in two leases, hotels or bookings is two keys. [`IdempotencyKey::of`] takes it from the request, and a
//! new route cannot forget it. Everything else has a variant of [`Cause`] as its scope. A service that acts for a user is a caller of its own:
//! no key of its requests meets one that the user or another service chose.
//!
//! # Ids
//!
//! An id never depends on a text that somebody wrote: a guessed text could be compared with its hash. Without a key an id is random
//! (UUIDv7). With one, the ids of kudos, parties and dashboards' events are the lock's (UUIDv8), a SHA-256 of scope, caller and
//! key; the others are random then, too. That hash has no secret on purpose: a retry that comes after the secret was changed
//! would create the thing a second time. A guess can confirm the client's own key, which should be a UUID, and nothing else.
//!
//! # Two different requests with one key
//!
//! A repetition is compared with the thing that the first request created, wherever that still holds all that was asked
//! for. Then no other copy is kept. Where it does not, a *fingerprint* stands for the request for a day: HMAC-SHA256 of its JSON, in a
//! canonical form, by a key that derives from `PUSHER_SECRET`. So nobody who reads the table can try texts, and the order of fields,
//! spacing and `1.0` for `1` make no difference. A fingerprint names its key. After a change of the secret it cannot be compared
//! any more, and the repetition counts as one. A deleted message holds its text no longer: there, only an equal fingerprint is a
//! repetition. Else the deleted message would be the response to a new text, which would be lost.

use std::fmt;

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::http::{ReadRequest as _, Request};
use crate::json::{self, canonical};
use crate::settings::Secret;

/// Longest key, in characters.
const MAX_LENGTH: usize = 255;
/// How long a key is remembered that has a row of its own, in seconds; and a fingerprint, wherever it is.
pub const REMEMBERED_SECONDS: i64 = 24 * 3600;

/// The lock and the fingerprint of a request's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Names the lock: the same for the same scope, caller and key; without a key, random.
    id: Uuid,
    has_key: bool,
    fingerprint: Option<Fingerprint>,
}

/// The sender of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyOwner<'a> {
    /// The user, the guest, or all that have the app's keys.
    pub caller: &'a str,
    /// The back end that acts for the user.
    pub service: Option<&'a UserId>,
}

/// The cause of a creation that is not a request. It creates once for its id.
#[derive(Debug, Clone, Copy)]
pub enum Cause<'a> {
    /// A direct message that its sender named.
    DirectMessage { sender: &'a UserId, receiver: &'a UserId, name: &'a str },
    /// An event on EventBridge.
    Event { source: &'a str, id: &'a str },
    /// A direct message that did not reach its receiver, who is notified of it instead.
    Unread { receiver: &'a UserId, message: &'a str },
    /// A change that its receiver gets a notification about, beside the event.
    Change { receiver: &'a UserId, change: &'a str },
    /// A line of an import, by its own id. `within` names what the id is unique in.
    Line { kind: &'a str, within: &'a str, id: &'a str },
    /// A notification to a member of a hotel's staff about a guest's message.
    Wake { member: &'a UserId, hotel: &'a HotelSlug, booking: &'a BookingId, message: &'a str },
}

impl IdempotencyKey {
    /// Reads the key of a request by this caller. See [`crate::App::idempotency_key`], which knows the fingerprints. Without them, the key has
    /// none.
    ///
    /// # Errors
    /// 400 for a key that is empty, longer than 255 characters, or not visible ASCII; with a key, 400 for a body that is not JSON.
    pub fn of(request: &Request, owner: KeyOwner<'_>, fingerprints: Option<&Fingerprints>) -> Result<Self, ApiError> {
        if !request.headers().contains_key("idempotency-key") {
            return Ok(Self::absent());
        }
        // A key that is not text is refused as an empty one is.
        let key = request.header("idempotency-key").unwrap_or_default();
        check("Idempotency-Key", key)?;
        let parameters = request.path_parameters();
        let mut parts = vec![if owner.service.is_some() { "acting request" } else { "request" }, request.route()];
        for (name, value) in &parameters {
            parts.extend([name.as_str(), value]);
        }
        parts.extend(owner.service.map(UserId::as_str));
        parts.extend([owner.caller, key]);
        let fingerprint = match fingerprints {
            Some(fingerprints) => Some(fingerprints.of(&json::parse(request.bytes())?)),
            None => None,
        };
        Ok(Self { id: hash(&parts), has_key: true, fingerprint })
    }

    /// The key of something that is created once for its cause. It has no fingerprint: the same cause means the same
    /// thing.
    #[must_use]
    pub fn of_cause(cause: Cause<'_>) -> Self {
        let id = match cause {
            Cause::DirectMessage { sender, receiver, name } => {
                hash(&["direct message", sender.as_str(), receiver.as_str(), name])
            }
            Cause::Event { source, id } => hash(&["event", source, id]),
            Cause::Unread { receiver, message } => hash(&["unread", receiver.as_str(), message]),
            Cause::Change { receiver, change } => hash(&["change", receiver.as_str(), change]),
            Cause::Line { kind, within, id } => hash(&["import", kind, within, id]),
            Cause::Wake { member, hotel, booking, message } => {
                hash(&["wake", member.as_str(), hotel.as_str(), booking.as_str(), message])
            }
        };
        Self { id, has_key: true, fingerprint: None }
    }

    /// The key of this user's part of a request for several users. It has the fingerprint of the whole request.
    #[must_use]
    pub fn of_user(&self, user: &UserId) -> Self {
        if !self.has_key {
            return Self::absent();
        }
        let id = hash(&["one of several", &self.id.to_string(), user.as_str()]);
        Self { id, has_key: true, fingerprint: self.fingerprint.clone() }
    }

    /// The key of a request that has none: it is never a repetition.
    #[must_use]
    pub fn absent() -> Self {
        Self { id: Uuid::now_v7(), has_key: false, fingerprint: None }
    }

    /// The id of the lock, or of what is created where its own row is the lock.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether there is a key. Without one, a request is never a repetition.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.has_key
    }

    /// The fingerprint, to be stored with an expiry of [`REMEMBERED_SECONDS`]; see [`IdempotencyKey::must_match`].
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        self.fingerprint.as_ref().map(ToString::to_string)
    }

    /// Whether the stored fingerprint is certainly of the same request: one that cannot be compared is not.
    #[must_use]
    pub fn is_of(&self, stored: Option<&str>) -> bool {
        self.fingerprint().as_deref().zip(stored).is_some_and(|(own, stored)| own == stored)
    }

    /// Checks that the fingerprint that is already there is of the same request.
    ///
    /// # Errors
    /// 422 when it is of another one. A fingerprint of an earlier version or of another secret cannot be compared, and passes.
    pub fn must_match(&self, stored: Option<&str>) -> Result<(), ApiError> {
        let is_other = self.fingerprint.as_ref().zip(stored).is_some_and(|(own, stored)| own.differs_from(stored));
        if is_other { Err(reused()) } else { Ok(()) }
    }
}

/// Checks that what the first request created is what this one asks for.
///
/// # Errors
/// 422 when it is not.
pub fn must_be_same(is_same: bool) -> Result<(), ApiError> {
    if is_same { Ok(()) } else { Err(reused()) }
}

/// 422
fn reused() -> ApiError {
    let told = "This Idempotency-Key or clientMessageId was used for something else; send a new one with something new";
    ApiError::Unprocessable(told.to_owned())
}

/// Checks a key of this name.
///
/// # Errors
/// 400 for a key that is empty, longer than 255 characters, or not visible ASCII.
pub fn check(name: &str, key: &str) -> Result<(), ApiError> {
    if (1..=MAX_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(ApiError::field(name, format!("must be 1 to {MAX_LENGTH} visible ASCII characters, such as a UUID")))
}

/// Lengths are hashed, too, so that no two lists of parts are the same.
fn hash(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    Uuid::new_v8(id)
}

/// Makes fingerprints.
#[derive(Clone)]
pub struct Fingerprints {
    keyed: Hmac<Sha256>,
    /// Names the key, and tells nothing of it.
    key_name: String,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprints").field("key_name", &self.key_name).finish_non_exhaustive()
    }
}

/// Stands for a request. Without the key it reveals nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fingerprint {
    key_name: String,
    mac: String,
}

impl Fingerprints {
    /// Those by a key that derives from this secret.
    #[must_use]
    pub fn by(secret: &Secret) -> Self {
        let keyed = secret.keyed("idempotency");
        let key_name = hex::encode(&keyed.clone().chain_update("name").finalize().into_bytes()[..4]);
        Self { keyed, key_name }
    }

    fn of(&self, body: &Value) -> Fingerprint {
        let mac = self.keyed.clone().chain_update(canonical(body)).finalize().into_bytes();
        Fingerprint { key_name: self.key_name.clone(), mac: hex::encode(&mac[..16]) }
    }
}

impl Fingerprint {
    /// Whether a stored fingerprint is by the same key and of another request.
    fn differs_from(&self, stored: &str) -> bool {
        stored.split_once('.').is_some_and(|(key_name, mac)| key_name == self.key_name && mac != self.mac)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key_name, self.mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fingerprints(secret: &str) -> Fingerprints {
        Fingerprints::by(&Secret::new(secret))
    }

    fn key(secret: &str, body: &Value) -> IdempotencyKey {
        IdempotencyKey { id: Uuid::nil(), has_key: true, fingerprint: Some(fingerprints(secret).of(body)) }
    }

    #[test]
    fn a_fingerprint_is_of_what_was_asked_for_and_not_of_its_bytes() {
        let read = |text: &str| json::parse(text.as_bytes()).unwrap();
        let first = key("s", &read(r#"{"a": 1, "b": {"d": [1.5, -0.0], "c": "é"}, "n": 100}"#));
        let stored = first.fingerprint();
        let same = read(r#"{ "n":1e2,"b":{"c":"\u00e9","d":[15e-1,0]},"a":1.0 }"#);
        assert!(key("s", &same).must_match(stored.as_deref()).is_ok());
        for other in [r#"{"a":1}"#, r#"{"a":1,"b":{"d":[0,1.5],"c":"é"},"n":100}"#, r#"{"a":"1"}"#] {
            assert!(key("s", &read(other)).must_match(stored.as_deref()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_fingerprint_of_another_secret_or_version_says_nothing() {
        let (body, other) = (json!({ "a": 1 }), json!({ "a": 2 }));
        let stored = key("before", &body).fingerprint();
        assert!(key("after", &other).must_match(stored.as_deref()).is_ok());
        assert!(key("before", &other).must_match(stored.as_deref()).is_err());
        assert!(key("s", &other).must_match(None).is_ok());
        assert!(key("s", &other).must_match(Some(&hex::encode(Sha256::digest("{}")))).is_ok());
    }

    #[test]
    fn a_fingerprint_tells_neither_the_secret_nor_the_text() {
        let printed =
            format!("{:?}{:?}", fingerprints("pusher-secret"), key("pusher-secret", &json!({ "a": "hello" })));
        assert!(!printed.contains("hello") && !printed.contains("pusher-secret"), "{printed}");
        assert!(!printed.contains(&hex::encode(Sha256::digest(r#"{"a":"hello"}"#))[..32]));
    }

    proptest! {
        #[test]
        fn no_two_lists_of_parts_have_one_id(a in "[a-c]{0,3}", b in "[a-c]{0,3}", c in "[a-c]{0,3}", d in "[a-c]{0,3}") {
            prop_assert_eq!((&a, &b) == (&c, &d), hash(&[&a, &b]) == hash(&[&c, &d]));
            prop_assert_ne!(hash(&[&a, &b]), hash(&[&a, &b, ""]));
        }

        #[test]
        fn equal_json_has_one_form(text in "\\PC{0,20}", whole in -9_007_199_254_740_992_i64..9_007_199_254_740_992) {
            let value = json!({ "z": text, "a": [whole, { text.clone(): null }] });
            let again: Value = serde_json::from_str(&canonical(&value)).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(canonical(&json!(whole as f64)), canonical(&json!(whole)));
        }
    }
}
