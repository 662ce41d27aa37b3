//! A row for facts whose own row has no outbox or goes with the change.

use serde::Serialize;

use super::{Committed, Delivery, Outbox, WriteContext};
use crate::contract::facts::Fact;
use crate::contract::time::Millis;
use crate::table::{Action, Key, TableError};

/// How long the row is kept, in seconds: to be delivered.
const LIFETIME_SECONDS: i64 = 24 * 3600;

#[derive(Serialize)]
struct FactRow {
    expires_at: i64,
}

/// The write of a row that owes these facts, for the transaction of the change; `None` if nobody asked for them.
///
/// # Errors
/// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
pub(crate) fn fact_row(
    facts: impl IntoIterator<Item = Fact>,
    writer: &WriteContext,
    now: Millis,
) -> Result<Option<Action>, TableError> {
    let outbox = Outbox::new(facts.into_iter().map(Delivery::fact), writer, now);
    if outbox.entries.is_empty() {
        return Ok(None);
    }
    let committed = Committed::new(Key::app_event(&uuid::Uuid::now_v7().simple().to_string()), outbox);
    let row = FactRow { expires_at: now.plus_seconds(LIFETIME_SECONDS).seconds() };
    Ok(Some(Action::put_new(committed.item(&row)?, now)))
}
