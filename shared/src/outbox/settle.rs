//! Taking what was delivered out of a row.

use std::collections::HashMap;

use super::{ATTRIBUTE, Committed, Outbox, Owed};
use crate::table::{Action, Backoff, Table, TableError, Write};

/// What to do with some of a row's entries, by id: remove them (`None`), or owe them in another form.
pub(crate) type Settlement<'a> = HashMap<&'a str, Option<Owed>>;

/// Takes settled entries out of a row's outbox, or puts others in their places. One write, unless another writer got
/// between.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row; the entries are then delivered once more.
pub(crate) async fn settle(table: &Table, row: &Committed, settlement: &Settlement<'_>) -> Result<(), TableError> {
    if settlement.is_empty() {
        return Ok(());
    }
    let mut seen = row.outbox.clone();
    let mut backoff = Backoff::new();
    loop {
        let owed = seen.owed.iter().filter_map(|owed| match settlement.get(owed.id.as_str()) {
            Some(instead) => instead.clone(),
            None => Some(owed.clone()),
        });
        let rest = Outbox { at: seen.at, owed: owed.collect() };
        if rest == seen {
            return Ok(());
        }
        let update = if rest.owed.is_empty() {
            Action::update(&row.key, "REMOVE #outbox")
        } else {
            Action::update(&row.key, "SET #outbox = :rest").value(":rest", rest.value())
        };
        let update = update.condition("#outbox = :seen").name("#outbox", ATTRIBUTE).value(":seen", seen.value());
        match table.write(update).await? {
            Write::Done(_) => return Ok(()),
            Write::ConditionFailed(now) => match now.as_ref().map(Outbox::of_row).transpose()?.flatten() {
                Some(outbox) => seen = outbox,
                None => return Ok(()),
            },
        }
        backoff.wait().await?;
    }
}
