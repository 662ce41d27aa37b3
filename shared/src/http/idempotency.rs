//! `Idempotency-Key`: a client that got no answer may ask again, and nothing happens twice.
//!
//! The key decides the id of the row that the request creates, so the row's own conditional put is the lock:
//!
//! ```text
//! first call    id = hash(operation, caller, key) -> put if absent: done    -> 201
//! same again    id = the same                     -> put refused, same body -> 201 as before, Idempotent-Replayed: true
//! other body    id = the same                     -> put refused, other body-> 422
//! ```
//!
//! Two calls at once cannot both win the put, so there is no "in progress" to tell. Where the created row is one, this
//! costs no second write. Keys live as long as the row; they are the caller's own, so two callers may use the same.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::contract::id::UserId;
use crate::http::{ReadRequest as _, Request};
use crate::problem::Problem;

/// Longest key, in characters.
const MAX_LENGTH: usize = 255;

/// A request's key, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The id of what is created: the same for the same operation, caller and key; a new one without a key.
    pub id: Uuid,
    /// Tells two bodies apart.
    pub fingerprint: String,
    /// Whether there was a key, without which nothing is ever a repetition.
    pub has_key: bool,
}

impl IdempotencyKey {
    /// Reads a request's key. `operation` keeps the keys of different operations apart.
    ///
    /// # Errors
    /// 400 for a key that is empty, longer than 255 characters, or not visible ASCII.
    pub fn of(request: &Request, operation: &str, caller: &UserId) -> Result<Self, Problem> {
        let fingerprint = hex::encode(Sha256::digest(request.bytes()));
        if !request.headers().contains_key("idempotency-key") {
            return Ok(Self { id: Uuid::now_v7(), fingerprint, has_key: false });
        }
        // One that is there and not text is as wrong as an empty one.
        let key = request.header("idempotency-key").unwrap_or_default();
        if !(1..=MAX_LENGTH).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let rule = format!("must be 1 to {MAX_LENGTH} visible ASCII characters, such as a UUID");
            return Err(Problem::field("Idempotency-Key", rule));
        }
        Ok(Self { id: id([operation, caller.as_str(), key]), fingerprint, has_key: true })
    }

    /// The key of an event: its own id, which stays the same however often it is delivered.
    #[must_use]
    pub fn of_event(operation: &str, source: &str, event: &str, detail: &[u8]) -> Self {
        // Two colons, which no user id holds: an event's source is no caller.
        let source = format!("event::{source}");
        Self { id: id([operation, &source, event]), fingerprint: hex::encode(Sha256::digest(detail)), has_key: true }
    }

    /// Whether the row that is already there was created by this same request.
    ///
    /// # Errors
    /// 422 when it was created by another body under the same key.
    pub fn must_match(&self, fingerprint: &str) -> Result<(), Problem> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        let told = "This Idempotency-Key was used with another body; send a new key with a new request";
        Err(Problem::Unprocessable(told.to_owned()))
    }
}

fn id(parts: [&str; 3]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    Uuid::new_v8(id)
}
