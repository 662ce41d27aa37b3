//! One visit to several rows: which entries each transport tries, how the attempts ended, and what the rows know of it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::outcome::{Outcome, Outcomes};
use super::plan;
use super::queue::RetryQueue;
use crate::contract::time::Millis;
use crate::outbox::{Committed, Entry, EntryChanges, Outbox, Rest, TransportName, acknowledge};
use crate::table::{Key, Table, TableError};
use crate::telemetry;

/// The rows of a visit.
#[derive(Debug)]
pub struct Visit {
    table: Table,
    pub(super) rows: Vec<Row>,
    /// Attempts begin before this.
    pub deadline: Instant,
    /// A writer acknowledges a row of several transports once, after all of them.
    is_writers: bool,
}

/// An entry that is due. Only a visit makes them, so a transport can report on no entry but its own.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    pub entry: &'a Entry,
    /// The row's place in the visit.
    pub(super) row: usize,
}

/// A row on a visit.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) committed: Committed,
    /// The places of the entries that are tried.
    due: Vec<usize>,
    outcomes: Mutex<Outcomes>,
    /// The row as it was last read or written, which the next write's condition names. One write at a time.
    latest: tokio::sync::Mutex<Committed>,
}

impl Row {
    pub(super) fn new(due: Vec<usize>, committed: Committed) -> Self {
        let latest = tokio::sync::Mutex::new(committed.clone());
        Self { committed, due, outcomes: Mutex::default(), latest }
    }

    fn due(&self) -> impl Iterator<Item = &Entry> {
        self.due.iter().map(|place| &self.committed.outbox.entries[*place])
    }

    fn has_several_transports(&self) -> bool {
        let mut transports = self.due().map(|entry| entry.delivery.transport());
        transports.next().is_some_and(|first| transports.any(|other| other != first))
    }

    pub(super) fn outcomes(&self) -> Outcomes {
        self.outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn report(&self, entry: &Entry, outcome: Outcome) {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        outcomes.insert(entry.id.clone(), outcome);
    }

    /// Whether the row in the table has no entries left.
    pub(super) async fn is_empty(&self) -> bool {
        self.latest.lock().await.outbox.entries.is_empty()
    }

    /// How long until the row must be visited again; `None` when nothing is left of what this visit saw.
    pub(super) fn next_visit(&self, pause: Duration, now: Millis) -> Option<Duration> {
        plan::next_visit(&self.committed.outbox, &self.outcomes(), pause, now)
    }
}

impl Visit {
    pub(super) fn of_consumer(table: &Table, rows: Vec<Row>, deadline: Instant) -> Self {
        Self { table: table.clone(), rows, deadline, is_writers: false }
    }

    pub(super) fn of_writer(table: &Table, rows: Vec<Row>, deadline: Instant) -> Self {
        Self { table: table.clone(), rows, deadline, is_writers: true }
    }

    /// The due entries of this transport, row by row. Until it reports otherwise, they are unsent.
    pub(super) fn entries(&self, transport: TransportName) -> Vec<Due<'_>> {
        let of_row = |(row, of)| Row::due(of).map(move |entry| Due { entry, row });
        let entries = self.rows.iter().enumerate().flat_map(of_row);
        let entries: Vec<_> = entries.filter(|due| due.entry.delivery.transport() == transport).collect();
        entries.iter().for_each(|due| self.report(due, Outcome::UNSENT));
        entries
    }

    /// The key of the row of this entry.
    pub(super) fn key(&self, due: &Due<'_>) -> &Key {
        &self.rows[due.row].committed.key
    }

    /// Notes how the attempt at this entry ended.
    pub fn report(&self, due: &Due<'_>, outcome: Outcome) {
        self.rows[due.row].report(due.entry, outcome);
    }

    /// Whether this entry stands in no other's way any more: it was delivered, or can never be.
    pub(super) fn is_done_with(&self, due: &Due<'_>) -> bool {
        matches!(self.rows[due.row].outcomes().get(&due.entry.id), Some(Outcome::Delivered | Outcome::Failed(_)))
    }

    /// Takes what was delivered out of the rows of these entries, so that it is not sent again when the process ends early.
    pub async fn acknowledge(&self, entries: &[Due<'_>]) {
        let mut rows: Vec<_> = entries.iter().map(|due| due.row).collect();
        rows.dedup();
        let rows = rows.into_iter().map(|row| &self.rows[row]);
        let rows = rows.filter(|row| !(self.is_writers && row.has_several_transports()));
        join_all(rows.map(|row| self.acknowledge_row(row))).await;
    }

    /// Takes what was delivered out of all rows.
    pub(super) async fn acknowledge_all(&self) {
        join_all(self.rows.iter().map(|row| self.acknowledge_row(row))).await;
    }

    async fn acknowledge_row(&self, row: &Row) {
        let mut latest = row.latest.lock().await;
        let outcomes = row.outcomes();
        let delivered = |seen: &Outbox| {
            let mut changes = plan::changes(seen, &outcomes);
            changes.retain(|_, left| left.is_none());
            changes
        };
        if let Err(error) = self.write(&mut latest, delivered).await {
            // The entries are delivered once more.
            telemetry::cause(&error);
        }
    }

    /// Stores how far the delivery of an entry got.
    pub(super) async fn keep(&self, due: &Due<'_>, rest: Rest) -> Result<(), TableError> {
        let mut latest = self.rows[due.row].latest.lock().await;
        self.write(&mut latest, |seen| change_of(seen, due, |entry| entry.only(rest.clone()))).await
    }

    /// Stores how far a writer got with an entry, and leaves it to the consumer at once. The stream may have brought the row before, under
    /// the writer's lease, and then left it to a message of the retry queue; that message finds nothing to do.
    pub(super) async fn hand_over(&self, due: &Due<'_>, rest: Rest) -> Result<(), TableError> {
        let left = |entry: &Entry| Entry { lease: None, tried: true, ..entry.only(rest.clone()) };
        let mut latest = self.rows[due.row].latest.lock().await;
        let rest = acknowledge(&self.table, &latest, |seen| change_of(seen, due, left), |_| None).await?;
        *latest = Committed::new(latest.key.clone(), rest);
        Ok(())
    }

    async fn write(&self, latest: &mut Committed, changes: impl Fn(&Outbox) -> EntryChanges) -> Result<(), TableError> {
        if !changes(&latest.outbox).is_empty() {
            let rest = acknowledge(&self.table, latest, changes, |rest| rest.queue.clone()).await?;
            *latest = Committed::new(latest.key.clone(), rest);
        }
        Ok(())
    }

    /// Writes the outcomes into the row that it does not have yet. With `message`, also notes that the message of this id comes back
    /// after this delay. Returns whether the row has entries that this visit has not seen: the stream may have left them to this
    /// message.
    pub(super) async fn close(
        &self,
        row: &Row,
        message: Option<(&str, Duration)>,
        now: Millis,
    ) -> Result<bool, TableError> {
        let latest = row.latest.lock().await;
        let outcomes = row.outcomes();
        let queue = |rest: &Outbox| match message {
            Some((id, delay)) => Some(plan::queued(id, delay, now)),
            None => rest.queue.clone(),
        };
        let rest = acknowledge(&self.table, &latest, |seen| plan::changes(seen, &outcomes), queue).await?;
        let is_known = |id: &str| row.committed.outbox.entries.iter().any(|entry| entry.id == id);
        Ok(rest.entries.iter().any(|entry| !is_known(&entry.id)))
    }

    /// Counts and logs each outcome, by the request that caused the entry.
    pub(super) fn log(&self) {
        let now = Millis::now();
        for row in &self.rows {
            let outcomes = row.outcomes();
            for entry in &row.committed.outbox.entries {
                let Some(outcome) = outcomes.get(&entry.id) else { continue };
                telemetry::delivery(entry.request_id.as_deref(), entry.delivery.kind(), outcome.word());
                if outcome.is_retry() {
                    telemetry::undelivered(now.since(entry.at));
                }
            }
        }
    }

    /// Puts failed entries into the dead-letter queue. An entry that the queue does not take is tried again.
    pub(super) async fn dead_letter(&self, retry: &RetryQueue) {
        let failed = self.rows.iter().map(|row| async move {
            let outcomes = row.outcomes();
            for entry in row.due() {
                let Some(Outcome::Failed(reason)) = outcomes.get(&entry.id) else { continue };
                let kept = retry.dead_letter(&row.committed.key, entry, reason).await;
                row.report(entry, kept.map_or_else(|error| Outcome::unsent(&error), |()| Outcome::Skipped));
            }
        });
        join_all(failed).await;
    }
}

/// The change of this entry alone, where the row still has it.
fn change_of(seen: &Outbox, due: &Due<'_>, change: impl Fn(&Entry) -> Entry) -> EntryChanges {
    let entry = seen.entries.iter().find(|entry| entry.id == due.entry.id);
    entry.map(|entry| (entry.id.clone(), Some(change(entry)))).into_iter().collect()
}
