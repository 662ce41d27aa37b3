//! The table's stream: rows whose writer has not cleared their outbox.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use futures_util::future::join_all;
use serde_json::Value;

use super::plan::{Source, due};
use super::visit::Row;
use super::{Dispatcher, RetryQueue, Visit};
use crate::chats;
use crate::contract::time::Millis;
use crate::notifications;
use crate::outbox::{ATTRIBUTE, Committed};
use crate::sockets;
use crate::table::key::RowKind;
use crate::table::{Item, Key, TableError};
use crate::telemetry;

/// The first pause before the retry queue's consumer takes over.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// The sequence number from which Lambda repeats the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure(pub String);

impl Dispatcher {
    /// Visits the rows of a batch of the stream. A row that a later record clears is done; all others are read again, and their due
    /// entries are delivered. Entries that cannot be delivered now move to the retry queue, so that they hold up no others here; rows
    /// that the retry queue has already are left to it. Entries of a deleted row become dead letters.
    ///
    /// # Errors
    /// [`StreamFailure`] when neither delivery nor a queue took something. Lambda brings the batch again.
    pub async fn from_stream(&self, event: Event, retry: &RetryQueue, deadline: Instant) -> Result<(), StreamFailure> {
        let first = event.records.first().and_then(|record| record.change.sequence_number.clone()).unwrap_or_default();
        let batch = Batch::read(event.records);
        telemetry::note("rows", batch.owing.len());
        let lost = join_all(batch.deleted.iter().map(|row| dead_letter_deleted(row, retry))).await;
        if !lost.into_iter().all(|is_kept| is_kept) {
            return Err(StreamFailure(first));
        }
        let read = self.read_again(&batch.owing).await.map_err(|error| {
            telemetry::cause(&error);
            StreamFailure(first)
        })?;
        let now = Millis::now();
        let visited = |row: Committed| Some(Row::new(due(&row.outbox, Source::Stream, now)?, row));
        let rows = read.into_iter().filter_map(visited).collect();
        let visit = Visit::of_consumer(&self.table, rows, deadline);
        self.attempt(&visit, retry).await;
        let failed = join_all(visit.rows.iter().map(|row| leave(&visit, row, retry))).await;
        let unfinished = failed.into_iter().flatten().filter_map(|key| batch.sequence.get(&key));
        match unfinished.min_by(|a, b| compare_sequence(a, b)) {
            Some(first) => Err(StreamFailure(first.clone())),
            None => Ok(()),
        }
    }

    /// Writes records without a readable key to the dead-letter queue, unchanged.
    ///
    /// # Errors
    /// [`StreamFailure`] when the queue does not take one. Lambda brings the batch again from there.
    pub async fn dead_letter_records(&self, records: &[Value], retry: &RetryQueue) -> Result<(), StreamFailure> {
        for record in records {
            let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default();
            telemetry::failure(format!("the record {number} of the table's stream cannot be read"));
            if let Err(error) = retry.dead_letter_unread(&record.to_string()).await {
                telemetry::cause(&error);
                return Err(StreamFailure(number.to_owned()));
            }
            telemetry::delivery(None, "unreadable", "given-up");
        }
        Ok(())
    }

    /// The rows that have entries now.
    pub(super) async fn read_again(&self, keys: &[Key]) -> Result<Vec<Committed>, TableError> {
        let rows = self.table.get_many(keys, true).await?;
        // In the order of the stream, which is that of the writes.
        Ok(keys.iter().filter_map(|key| whole(rows.get(key)?)).collect())
    }
}

/// A row's outbox, if it has one, with the deliveries that it has by name.
#[must_use]
pub fn whole(row: &Item) -> Option<Committed> {
    let mut committed = Committed::of_row(row)?;
    match RowKind::of(&committed.key) {
        Some(RowKind::SocketPlace) => sockets::make_whole(&mut committed, row),
        Some(RowKind::Notification) => notifications::make_whole(&mut committed, row),
        _ => chats::make_whole(&mut committed, row),
    }
    Some(committed)
}

/// Queues what is left of a row, and notes that in the row; returns its key when neither the queue nor the table took it.
async fn leave(visit: &Visit, row: &Row, retry: &RetryQueue) -> Option<Key> {
    let now = Millis::now();
    let key = &row.committed.key;
    let Some(delay) = row.next_visit(FIRST_RETRY, now) else {
        // Entries that were written since then have a record of their own.
        return match visit.close(row, None, now).await {
            Ok(_) => None,
            Err(error) => {
                telemetry::cause(&error);
                Some(key.clone())
            }
        };
    };
    let id = uuid::Uuid::now_v7().simple().to_string();
    if let Err(error) = retry.later(key, &id, delay).await {
        telemetry::cause(&error);
        // Acknowledged now, so that the repeated batch does not deliver it twice.
        let _ = visit.close(row, None, now).await;
        return Some(key.clone());
    }
    match visit.close(row, Some((&id, delay)), now).await {
        Ok(_) => None,
        // A message that the row does not name is done with at its arrival, so the batch must come again.
        Err(error) => {
            telemetry::cause(&error);
            Some(key.clone())
        }
    }
}

/// Puts the entries of a deleted row into the dead-letter queue; returns whether the queue took them.
async fn dead_letter_deleted(row: &Committed, retry: &RetryQueue) -> bool {
    for entry in row.outbox.entries.iter().filter(|entry| !entry.delivery.ends_with_its_row()) {
        let reason = "the row was deleted while it still owed this";
        if let Err(error) = retry.dead_letter(&row.key, entry, reason).await {
            telemetry::cause(&error);
            return false;
        }
        telemetry::delivery(entry.request_id.as_deref(), entry.delivery.kind(), "given-up");
    }
    true
}

/// The rows of a batch of records.
#[derive(Default)]
struct Batch {
    /// The keys whose last record still has an outbox, in order.
    owing: Vec<Key>,
    /// Each key's first sequence number.
    sequence: HashMap<Key, String>,
    /// Rows that were deleted with an outbox.
    deleted: Vec<Committed>,
}

impl Batch {
    fn read(records: Vec<EventRecord>) -> Self {
        let mut batch = Self::default();
        for record in records {
            let number = record.change.sequence_number.unwrap_or_default();
            let keys = Item::from(record.change.keys);
            let Some(key) = Key::of(&keys) else { continue };
            batch.owing.retain(|known| *known != key);
            if record.event_name == "REMOVE" {
                let mut old = Item::from(record.change.old_image);
                old.extend(keys);
                batch.deleted.extend(whole(&old));
            } else if Item::from(record.change.new_image).contains_key(ATTRIBUTE) {
                batch.sequence.entry(key.clone()).or_insert(number);
                batch.owing.push(key);
            }
        }
        batch
    }
}

/// Sequence numbers are decimal numbers of up to 40 digits.
fn compare_sequence(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn records(list: &[(&str, &str, &str, bool)]) -> Vec<EventRecord> {
        let record = |(number, name, pk, owes): &(&str, &str, &str, bool)| {
            let keys = json!({ "pk": { "S": pk }, "sk": { "S": "x" } });
            let mut image = keys.clone();
            if *owes {
                image["outbox"] = json!({ "S": r#"{"owed":[{"id":"1","kind":"terminate","user":"ada"}]}"# });
            }
            let side = if *name == "REMOVE" { "OldImage" } else { "NewImage" };
            json!({ "awsRegion": "us-east-1", "eventID": "1", "eventName": name, "dynamodb": {
                "ApproximateCreationDateTime": 1_700_000_000, "Keys": keys, side: image, "SequenceNumber": number,
                "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES" } })
        };
        let event: Event =
            serde_json::from_value(json!({ "Records": list.iter().map(record).collect::<Vec<_>>() })).unwrap();
        event.records
    }

    fn owing(batch: &Batch) -> Vec<&str> {
        batch.owing.iter().map(|key| key.pk.as_str()).collect()
    }

    #[test]
    fn a_row_that_a_later_record_clears_is_done() {
        let batch = Batch::read(records(&[
            ("1", "INSERT", "a", true),
            ("2", "INSERT", "b", true),
            ("3", "MODIFY", "a", false),
        ]));
        assert_eq!(owing(&batch), ["b"]);
    }

    #[test]
    fn a_row_that_owes_again_counts_once_from_its_first_record() {
        let batch = Batch::read(records(&[
            ("8", "INSERT", "a", true),
            ("9", "INSERT", "b", true),
            ("10", "MODIFY", "a", true),
        ]));
        assert_eq!(owing(&batch), ["b", "a"]);
        assert_eq!(batch.sequence[&batch.owing[1]], "8");
    }

    #[test]
    fn a_row_that_was_deleted_with_an_outbox_is_not_forgotten() {
        let batch = Batch::read(records(&[
            ("1", "INSERT", "a", true),
            ("2", "REMOVE", "a", true),
            ("3", "REMOVE", "b", false),
        ]));
        assert!(owing(&batch).is_empty());
        assert_eq!(batch.deleted.len(), 1);
        assert_eq!((batch.deleted[0].key.pk.as_str(), batch.deleted[0].outbox.entries.len()), ("a", 1));
    }

    #[test]
    fn sequence_numbers_compare_as_numbers() {
        assert!(compare_sequence("9", "10").is_lt());
        assert!(compare_sequence("10", "9").is_gt());
    }
}
