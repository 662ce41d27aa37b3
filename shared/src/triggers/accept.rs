//! The row of a request to trigger events.

use serde::{Deserialize, Serialize};

use super::Triggered;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::http::idempotency::{IdempotencyKey, REMEMBERED_SECONDS};
use crate::outbox::{Committed, Delivery, Done, MAX_BYTES, Outbox, WriteContext};
use crate::table::{Key, Table, Write, read};

#[derive(Serialize, Deserialize)]
struct AppEventRow {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fingerprint: Option<String>,
    expires_at: i64,
}

/// Stores events with what they owe: one conditional put.
///
/// # Errors
/// 413 when the events are over 200 KB together, 422 for a reused key; then nothing is written.
pub async fn accept(
    table: &Table,
    writer: &WriteContext,
    events: Vec<Triggered>,
    key: &IdempotencyKey,
) -> Result<Done<()>, ApiError> {
    let deliveries = events.into_iter().map(|triggered| Delivery::AppEvent(Box::new(triggered.event)));
    put(table, writer, deliveries, key).await
}

/// Stores the end of a user's connections.
///
/// # Errors
/// When DynamoDB fails.
pub async fn terminate(table: &Table, writer: &WriteContext, user: UserId) -> Result<Done<()>, ApiError> {
    put(table, writer, [Delivery::Terminate { user }], &IdempotencyKey::absent()).await
}

async fn put(
    table: &Table,
    writer: &WriteContext,
    deliveries: impl IntoIterator<Item = Delivery>,
    key: &IdempotencyKey,
) -> Result<Done<()>, ApiError> {
    let now = Millis::now();
    let committed =
        Committed::new(Key::app_event(&key.id().simple().to_string()), Outbox::new(deliveries, writer, now));
    if committed.text().len() > MAX_BYTES {
        let (what, bytes) = ("The batch as JSON", committed.text().len());
        return Err(ApiError::TooLarge { what, bytes, limit: MAX_BYTES });
    }
    // Kept to be delivered, and to recognize a repetition by.
    let expires_at = now.plus_seconds(REMEMBERED_SECONDS).seconds();
    let row = AppEventRow { fingerprint: key.fingerprint(), expires_at };
    match table.create(committed.item(&row)?, now).await? {
        Write::Done(()) => Ok(Done::now((), [committed])),
        Write::ConditionFailed(first) => {
            if let Some(first) = first {
                let first: AppEventRow = read(first)?;
                key.must_match(first.fingerprint.as_deref())?;
            }
            Ok(Done::replay(()))
        }
    }
}
