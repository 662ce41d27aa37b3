//! Taking what was delivered out of a row.

use std::collections::HashMap;

use super::{ATTRIBUTE, Committed, Outbox, Owed, Queued};
use crate::table::{Action, Backoff, Key, Table, TableError, Write, string};

/// What to do with some of a row's entries, by id: take them out (`None`), or owe them in another form.
pub(crate) type Changes = HashMap<String, Option<Owed>>;

/// Takes entries out of a row's outbox or puts others in their places, and notes whose message of the retry queue is about
/// what is left: `queue` is asked once it is known what that is. One write, unless another writer got between. Returns what
/// the row owes now.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row; what was taken out is then delivered once more.
pub(crate) async fn acknowledge(
    table: &Table,
    row: &Committed,
    changes: &Changes,
    queue: impl Fn(&Outbox) -> Option<Queued>,
) -> Result<Outbox, TableError> {
    let mut seen = row.clone();
    let mut backoff = Backoff::new();
    loop {
        let rest = changed(&seen.outbox, changes, &queue);
        if rest == seen.outbox {
            return Ok(rest);
        }
        let update = if rest.owed.is_empty() {
            Action::update(&row.key, "REMOVE #outbox")
        } else {
            Action::update(&row.key, "SET #outbox = :rest").value(":rest", string(rest.text()))
        };
        let update = update.condition("#outbox = :seen").name("#outbox", ATTRIBUTE).value(":seen", string(seen.text()));
        match table.write(update).await? {
            Write::Done(_) => return Ok(rest),
            Write::ConditionFailed(now) => match now.as_ref().and_then(Committed::of_row) {
                Some(now) => seen = now,
                None => return Ok(Outbox::default()),
            },
        }
        backoff.wait().await?;
    }
}

/// Deletes a row and what it owes. A row that is removed with an outbox would be dead letters, so the outbox goes first.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub(crate) async fn discard(table: &Table, key: &Key) -> Result<(), TableError> {
    let mut backoff = Backoff::new();
    loop {
        let delete = Action::delete(key).condition("attribute_not_exists(#outbox)").name("#outbox", ATTRIBUTE);
        if let Write::Done(_) = table.write(delete).await? {
            return Ok(());
        }
        let clear =
            Action::update(key, "REMOVE #outbox").condition("attribute_exists(#outbox)").name("#outbox", ATTRIBUTE);
        table.write(clear).await?;
        backoff.wait().await?;
    }
}

/// An outbox after these changes.
pub(crate) fn changed(outbox: &Outbox, changes: &Changes, queue: impl Fn(&Outbox) -> Option<Queued>) -> Outbox {
    let owed = outbox.owed.iter().filter_map(|owed| match changes.get(&owed.id) {
        Some(instead) => instead.clone(),
        None => Some(owed.clone()),
    });
    let mut rest = Outbox { owed: owed.collect(), queue: outbox.queue.clone() };
    rest.queue = if rest.owed.is_empty() { None } else { queue(&rest) };
    rest
}
