//! `Idempotency-Key`: a client that got no response may send its request again, and nothing happens twice.
//!
//! The key determines the id of the row that the request creates, so the conditional put of that row is the lock:
//!
//! ```text
//! first request   id = hash(operation, caller, key) -> put if absent: done     -> 201
//! same again      the same id                       -> put refused, same body  -> same 201, Idempotent-Replayed: true
//! another body    the same id                       -> put refused, other body -> 422
//! ```
//!
//! Only one of two concurrent requests can win the put, so there is no "in progress" state. Several rows are created in a
//! transaction, and a repetition that meets it waits. A request that creates one row needs no further write for this. A key lives as long as its row. Two callers may use the same key.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::contract::id::UserId;
use crate::http::{ReadRequest as _, Request};
use crate::problem::Problem;

/// Longest key, in characters.
const MAX_LENGTH: usize = 255;

/// What a request's key determines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The id of what is created: the same for the same operation, caller and key; without a key, a new one.
    pub id: Uuid,
    /// The SHA-256 of the body, in hexadecimal.
    pub fingerprint: String,
    /// Whether the request has a key. Without one, it is never a repetition.
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
        // A key that is not text is refused as an empty one is.
        let key = request.header("idempotency-key").unwrap_or_default();
        if !(1..=MAX_LENGTH).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let rule = format!("must be 1 to {MAX_LENGTH} visible ASCII characters, such as a UUID");
            return Err(Problem::field("Idempotency-Key", rule));
        }
        Ok(Self { id: id([operation, caller.as_str(), key]), fingerprint, has_key: true })
    }

    /// The key of an event: its id, which is the same each time it is delivered.
    #[must_use]
    pub fn of_event(operation: &str, source: &str, event: &str, detail: &[u8]) -> Self {
        // A user id holds no colon, so an event's source is never the same as a caller.
        let source = format!("event::{source}");
        Self { id: id([operation, &source, event]), fingerprint: hex::encode(Sha256::digest(detail)), has_key: true }
    }

    /// The key of what somebody sends otherwise than by a request: `parts` are what makes it the same, and `content` what must
    /// then be the same.
    #[must_use]
    pub fn of_parts(parts: [&str; 3], content: &[u8]) -> Self {
        Self { id: id(parts), fingerprint: hex::encode(Sha256::digest(content)), has_key: true }
    }

    /// Checks that the row that is already there was created by the same request.
    ///
    /// # Errors
    /// 422 when it was created by a request with another body.
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
