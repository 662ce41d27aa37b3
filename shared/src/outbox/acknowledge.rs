//! Taking what was delivered out of a row.

use std::collections::HashMap;
use std::ops::ControlFlow::{Break, Continue};

use super::{ATTRIBUTE, Committed, Entry, Outbox, Queued};
use crate::table::{Action, Key, Table, TableError, Update, Write, absent, eq, exists, retry, retry_from};

/// What to do with some of a row's entries, by id: take them out (`None`), or store them in another form.
pub(crate) type EntryChanges = HashMap<String, Option<Entry>>;

/// Takes entries out of a row's outbox or puts others in their places, and notes whose message of the retry queue is about
/// what is left: `queue` is asked once it is known what that is. One write, unless another writer got between. Then `changes`
/// is asked again, about the row as that writer left it: an erasure may have taken a name out of an entry. Returns what the row
/// has now.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row; the entries to remove are then delivered once more.
pub(crate) async fn acknowledge(
    table: &Table,
    row: &Committed,
    changes: impl Fn(&Outbox) -> EntryChanges,
    queue: impl Fn(&Outbox) -> Option<Queued>,
) -> Result<Outbox, TableError> {
    let (changes, queue) = (&changes, &queue);
    retry_from(row.clone(), |seen| async move {
        let rest = changed(&seen.outbox, &changes(&seen.outbox), queue);
        if rest == seen.outbox {
            return Ok(Break(rest));
        }
        let text = (!rest.entries.is_empty()).then(|| rest.text());
        let update = Update::new(&row.key).replace(ATTRIBUTE, text).when(eq(ATTRIBUTE, seen.text()));
        Ok(match table.write(update).await? {
            Write::Done(_) => Break(rest),
            Write::ConditionFailed(now) => match now.as_ref().and_then(Committed::of_row) {
                Some(now) => Continue(now.whole_as(&seen)),
                None => Break(Outbox::default()),
            },
        })
    })
    .await
}

/// Deletes a row with its outbox. A row that is removed with an outbox would be dead letters, so the outbox goes first.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub(crate) async fn discard(table: &Table, key: &Key) -> Result<(), TableError> {
    retry(|| async {
        if let Write::Done(_) = table.write(Action::delete(key).when(absent(ATTRIBUTE))).await? {
            return Ok(Some(()));
        }
        table.write(Update::new(key).remove(ATTRIBUTE).when(exists(ATTRIBUTE))).await?;
        Ok(None)
    })
    .await
}

/// An outbox after these changes.
pub(crate) fn changed(outbox: &Outbox, changes: &EntryChanges, queue: impl Fn(&Outbox) -> Option<Queued>) -> Outbox {
    let entries = outbox.entries.iter().filter_map(|entry| match changes.get(&entry.id) {
        Some(instead) => instead.clone(),
        None => Some(entry.clone()),
    });
    let mut rest = Outbox { entries: entries.collect(), queue: outbox.queue.clone() };
    rest.queue = if rest.entries.is_empty() { None } else { queue(&rest) };
    rest
}
