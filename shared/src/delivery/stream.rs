//! The table's stream: rows whose writer has not cleared their outbox.

use std::collections::HashMap;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use futures_util::future::join_all;

use super::attempt::{self, Fate};
use super::settle::again;
use super::{Courier, INLINE_BOUND, RetryQueue};
use crate::contract::time::Millis;
use crate::outbox::{ATTRIBUTE, Committed, Outbox, Owed};
use crate::table::{Item, Key, TableError};
use crate::telemetry;

/// The first pause before the retry queue's consumer takes over.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// The sequence number from which on Lambda shall bring the batch again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure(pub String);

impl Courier {
    /// Looks after a batch of the stream: rows that are cleared by a later record are done; all others are read again, and
    /// what they still owe is delivered. What cannot be delivered now moves to the retry queue, so that it holds up
    /// nothing here; what the retry queue already has is left to it.
    ///
    /// # Errors
    /// [`StreamFailure`] when neither delivery nor the retry queue took something. Lambda brings the batch again.
    pub async fn from_stream(&self, event: Event, retry: &RetryQueue) -> Result<(), StreamFailure> {
        let first = event.records.first().and_then(|record| record.change.sequence_number.clone()).unwrap_or_default();
        let (keys, sequence) = still_owing(event.records);
        telemetry::note("rows", keys.len());
        let rows = self.read_again(&keys).await.map_err(|error| {
            telemetry::cause(&error);
            StreamFailure(first)
        })?;
        let is_due = |row: &Committed, owed: &Owed| owed.not_before.is_none() && !is_its_writers(row, owed);
        let fates = attempt::all(self, &rows, is_due).await;
        let failed = join_all(rows.iter().zip(&fates).map(|(row, fates)| self.look_after(row, fates, retry))).await;
        let unfinished = failed.into_iter().flatten().filter_map(|key| sequence.get(&key));
        match unfinished.min_by(|a, b| compare_sequence(a, b)) {
            Some(first) => Err(StreamFailure(first.clone())),
            None => Ok(()),
        }
    }

    /// Notes what became of a row; answers with its key when nothing worked, not even the queue.
    async fn look_after(&self, row: &Committed, fates: &[Fate], retry: &RetryQueue) -> Option<Key> {
        let of_writer = |owed: &Owed| owed.not_before.is_none().then_some(INLINE_BOUND);
        let delay = again(row, fates, FIRST_RETRY, Millis::now(), of_writer);
        let is_queued = match delay {
            Some(delay) => self.later(row, retry, delay).await,
            None => true,
        };
        let kept = self.settle(row, fates, retry, is_queued).await;
        let is_done = is_queued && (kept || delay.is_some() || self.later(row, retry, FIRST_RETRY).await);
        if is_done { None } else { Some(row.key.clone()) }
    }

    async fn later(&self, row: &Committed, retry: &RetryQueue, delay: Duration) -> bool {
        let queued = retry.later(&row.key, delay).await;
        if let Err(error) = &queued {
            telemetry::cause(error);
        }
        queued.is_ok()
    }

    /// The rows as they are now, those that still owe something.
    pub(super) async fn read_again(&self, keys: &[Key]) -> Result<Vec<Committed>, TableError> {
        let rows = self.table.get_many(keys, true).await?;
        // In the order of the stream, which is that of the writes.
        let place: HashMap<_, _> = keys.iter().enumerate().map(|(place, key)| (key, place)).collect();
        let mut owing: Vec<_> = rows.iter().filter_map(owing).collect();
        owing.sort_by_key(|row| place.get(&row.key).copied());
        Ok(owing)
    }
}

/// A row with what it owes. An outbox that cannot be read is reported and left: it was written by another version.
fn owing(row: &Item) -> Option<Committed> {
    let key = Key::of(row)?;
    match Outbox::of_row(row) {
        Ok(outbox) => Some(Committed { key, outbox: outbox? }),
        Err(error) => {
            telemetry::cause(&error);
            None
        }
    }
}

/// Whether the row's writer may still be delivering the entry.
pub(super) fn is_its_writers(row: &Committed, owed: &Owed) -> bool {
    owed.delivery.is_immediate() && row.outbox.at.until(Millis::now()) < INLINE_BOUND
}

/// The keys whose last record in the batch still has an outbox, in order, and each key's first sequence number.
fn still_owing(records: Vec<EventRecord>) -> (Vec<Key>, HashMap<Key, String>) {
    let mut keys: Vec<Key> = Vec::new();
    let mut sequence = HashMap::new();
    for record in records {
        let number = record.change.sequence_number.unwrap_or_default();
        let Some(key) = Key::of(&record.change.keys.into()) else {
            continue;
        };
        keys.retain(|known| *known != key);
        if Item::from(record.change.new_image).contains_key(ATTRIBUTE) {
            sequence.entry(key.clone()).or_insert(number);
            keys.push(key);
        }
    }
    (keys, sequence)
}

/// Sequence numbers are decimal numbers of up to 40 digits.
fn compare_sequence(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn records(list: &[(&str, &str, bool)]) -> Vec<EventRecord> {
        let record = |(number, pk, owes): &(&str, &str, bool)| {
            let keys = json!({ "pk": { "S": pk }, "sk": { "S": "x" } });
            let mut image = keys.clone();
            if *owes {
                image["outbox"] = json!({ "S": "…" });
            }
            json!({ "awsRegion": "us-east-1", "eventID": "1", "eventName": "MODIFY", "dynamodb": {
                "ApproximateCreationDateTime": 1_700_000_000, "Keys": keys, "NewImage": image, "SequenceNumber": number,
                "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES" } })
        };
        let event: Event =
            serde_json::from_value(json!({ "Records": list.iter().map(record).collect::<Vec<_>>() })).unwrap();
        event.records
    }

    #[test]
    fn a_row_that_a_later_record_clears_is_done() {
        let (keys, _) = still_owing(records(&[("1", "a", true), ("2", "b", true), ("3", "a", false)]));
        assert_eq!(keys.iter().map(|key| key.pk.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_row_that_owes_again_counts_once_from_its_first_record() {
        let (keys, sequence) = still_owing(records(&[("8", "a", true), ("9", "b", true), ("10", "a", true)]));
        assert_eq!(keys.iter().map(|key| key.pk.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(sequence[&keys[1]], "8");
    }

    #[test]
    fn sequence_numbers_compare_as_numbers() {
        assert!(compare_sequence("9", "10").is_lt());
        assert!(compare_sequence("10", "9").is_gt());
    }
}
