//! Kudos: one reader's thanks to another.

use serde::Deserialize;

use crate::contract::{Event, MAX_EVENT_BYTES, Person};
use crate::http::Problem;
use crate::id::{UserId, is_channel_byte};
use crate::idempotency;
use crate::key::{Item, Key, number, string};
use crate::outbox::{ATTRIBUTE, Committed, Outbox};
use crate::store::{Store, StoreError, Write, read};
use crate::time::Millis;

/// Longest book title, in characters.
const MAX_TITLE: usize = 500;

/// What a giver asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gift {
    receiver_id: String,
    session_id: String,
    book_title: String,
}

/// Kudos that were given, now or by the same request before.
#[derive(Debug)]
pub struct Given {
    /// The id.
    pub id: String,
    /// When they were first given.
    pub created_at: Millis,
    /// The row with what it owes; `None` when this is a repetition, which owes nothing.
    pub committed: Option<Committed>,
}

#[derive(Deserialize)]
struct Row {
    created_at: Millis,
    fingerprint: String,
}

/// Gives kudos: one conditional put, which carries the event.
///
/// # Errors
/// 400 for fields that are not what they should be, 413 when the event would be over 10 KB, 422 for kudos to oneself or a
/// reused key, 500 when DynamoDB fails.
pub async fn give(
    store: &Store,
    from: Person,
    gift: Gift,
    request: &idempotency::IdempotencyKey,
) -> Result<Given, Problem> {
    let receiver = UserId::parse(gift.receiver_id).map_err(|error| error.in_field("receiverId"))?;
    check_session(&gift.session_id)?;
    check_title(&gift.book_title)?;
    if receiver == from.user_id {
        return Err(Problem::Unprocessable("Kudos are for others: receiverId is your own id".to_owned()));
    }
    let created_at = Millis::now();
    let id = request.id.to_string();
    let giver = from.user_id.clone();
    let event = Event::KudosReceived {
        receiver: receiver.clone(),
        from,
        session_id: gift.session_id.clone(),
        book_title: gift.book_title.clone(),
    };
    if event.data().len() > MAX_EVENT_BYTES {
        return Err(Problem::TooLarge { what: "The event", limit: MAX_EVENT_BYTES });
    }
    let committed = Committed { key: Key::kudos(&id), outbox: Outbox::of(&[event], created_at) };
    let mut row = committed.key.item();
    row.insert("giver".to_owned(), string(giver));
    row.insert("receiver".to_owned(), string(receiver));
    row.insert("session_id".to_owned(), string(gift.session_id));
    row.insert("book_title".to_owned(), string(gift.book_title));
    row.insert("created_at".to_owned(), number(created_at.0));
    row.insert("fingerprint".to_owned(), string(&request.fingerprint));
    row.insert(ATTRIBUTE.to_owned(), committed.outbox.value());
    match store.create(row).await? {
        Write::Done(()) => Ok(Given { id, created_at, committed: Some(committed) }),
        Write::ConditionFailed(first) => repeated(id, first, request),
    }
}

fn repeated(id: String, first: Option<Item>, request: &idempotency::IdempotencyKey) -> Result<Given, Problem> {
    // Kudos are never deleted, so the row that refused the put is there.
    let first: Row = read(first.ok_or(StoreError::Contended)?)?;
    request.must_match(&first.fingerprint)?;
    Ok(Given { id, created_at: first.created_at, committed: None })
}

fn check_session(id: &str) -> Result<(), Problem> {
    if (1..=128).contains(&id.len()) && id.bytes().all(is_channel_byte) {
        return Ok(());
    }
    Err(crate::id::InvalidId.in_field("sessionId"))
}

fn check_title(title: &str) -> Result<(), Problem> {
    let fits = !title.trim().is_empty() && title.chars().count() <= MAX_TITLE && !title.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    Err(Problem::field("bookTitle", format!("must be 1 to {MAX_TITLE} characters without control characters")))
}
