//! A write to a row that may still owe something: the new deliveries come after the old ones, and the writer delivers them only
//! if there are no old ones.

use serde::Serialize;

use super::{ATTRIBUTE, Committed, Delivery, Entry, Outbox, TransportName, WriteContext};
use crate::contract::facts::Fact;
use crate::contract::time::Millis;
use crate::table::{Action, Condition, Key, TableError, Update, attributes, unchanged};

/// Deliveries that a write adds to what its row owes.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    earlier: Option<Committed>,
    committed: Committed,
    /// Whether something older comes first, so that the order matters.
    follows: bool,
}

/// How long a write may take from the moment that it calls now until DynamoDB has it, in seconds.
const COMMIT_SECONDS: i64 = 1;

/// How a change treats an entry that is still owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undone {
    /// The entry stays.
    No,
    /// It tells the state that the change ends (`room:user-joined`, of a departure). If it cannot have been sent yet, the change
    /// needs no event either.
    State,
    /// As `State`, and its receiver hears of states in turns: once it may be on its way, it stays, before what the change adds.
    Turn,
    /// It adds to what tells the state (`room:author-joined`), which may have arrived without it.
    Addition,
}

impl Append {
    /// Adds these deliveries to the row of this key, which owed `earlier` when it was read.
    ///
    /// # Errors
    /// [`TableError::OwesTooMuch`] when the row would owe more than a row may.
    pub(crate) fn new(
        key: Key,
        earlier: Option<Committed>,
        deliveries: impl IntoIterator<Item = Delivery>,
        writer: &WriteContext,
        at: Millis,
    ) -> Result<Self, TableError> {
        let outbox = earlier.as_ref().map(|seen| seen.outbox.clone()).unwrap_or_default();
        let outbox = outbox.with(deliveries, writer, at, lease_after(earlier.as_ref(), at));
        Self::checked(key, earlier, outbox)
    }

    /// An update of the row of this key, which then also owes this fact. Without anybody who asked for facts, the outbox is not in it, so
    /// `earlier` is of no matter.
    ///
    /// # Errors
    /// As [`Append::new`].
    pub(crate) fn update_with_fact(
        key: &Key,
        earlier: Option<Committed>,
        fact: Fact,
        writer: &WriteContext,
        at: Millis,
    ) -> Result<Update, TableError> {
        match writer.owed(Delivery::fact(fact)) {
            Some(fact) => Ok(Self::new(key.clone(), earlier, [fact], writer, at)?.update()),
            None => Ok(Update::new(key)),
        }
    }

    /// As [`Append::new`], for a change that undoes what is still owed: entries that it undoes and that nobody is known to have sent
    /// are dropped. If one of them tells the state that the change ends, and its time has not come, the change's own deliveries are
    /// dropped, too.
    ///
    /// An entry whose time has come may be on its way: a visit reads the row, sends, and notes it only then. So the change's own
    /// deliveries follow it. Otherwise a client could hear of an arrival and never of the departure. [`Undone::Turn`] stays then.
    pub(crate) fn undoing(
        (key, earlier): (Key, Option<Committed>),
        deliveries: impl IntoIterator<Item = Delivery>,
        undone: impl Fn(&Delivery) -> Undone,
        writer: &WriteContext,
        at: Millis,
    ) -> Result<Self, TableError> {
        let Some(seen) = earlier else {
            return Self::new(key, None, deliveries, writer, at);
        };
        let undone = |entry: &Entry| {
            let is_untouched = entry.lease.is_none() && !entry.tried;
            if is_untouched { undone(&entry.delivery) } else { Undone::No }
        };
        let committed_by = at.plus_seconds(COMMIT_SECONDS);
        let (mut untold, mut told, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (place, entry) in seen.outbox.entries.iter().enumerate() {
            let transport = entry.delivery.transport();
            match (undone(entry), seen.outbox.is_due(place, committed_by)) {
                (Undone::No, _) => kept.push(entry.clone()),
                (Undone::Turn, true) => {
                    told.push(transport);
                    kept.push(entry.clone());
                }
                (Undone::State | Undone::Turn, false) => untold.push(transport),
                (Undone::State, true) | (Undone::Addition, _) => {}
            }
        }
        // A receiver that does not hear of the departure need not hear of the return.
        let is_news = |delivery: &Delivery| {
            let transport = delivery.transport();
            untold.is_empty()
                || transport == TransportName::Facts
                || (told.contains(&transport) && !untold.contains(&transport))
        };
        let outbox = Outbox { entries: kept, queue: seen.outbox.queue.clone() };
        let lease = lease_after(Some(&seen), at);
        let outbox = outbox.with(deliveries.into_iter().filter(is_news), writer, at, lease);
        Self::checked(key, Some(seen), outbox)
    }

    /// As [`Append::new`], for deliveries that say what is so when they are sent, each with its earliest time. They take the places of
    /// those that `is_replaced`, all but the first of each transport: it keeps its time, and may be on its way.
    ///
    /// # Errors
    /// [`TableError::OwesTooMuch`] when the row would owe more than a row may.
    pub(crate) fn replacing(
        (key, earlier): (Key, Option<Committed>),
        deliveries: impl IntoIterator<Item = (Delivery, Option<Millis>)>,
        is_replaced: impl Fn(&Entry) -> bool,
        writer: &WriteContext,
        at: Millis,
    ) -> Result<Self, TableError> {
        let lease = earlier.is_none().then(|| WriteContext::lease(at));
        let mut outbox = earlier.as_ref().map(|seen| seen.outbox.clone()).unwrap_or_default();
        let mut first = Vec::new();
        outbox.entries.retain(|entry| {
            let transport = entry.delivery.transport();
            let stays = !is_replaced(entry) || !first.contains(&transport);
            if is_replaced(entry) {
                first.push(transport);
            }
            stays
        });
        outbox.entries.extend(deliveries.into_iter().filter_map(|(delivery, then)| {
            let entry = Entry::new(delivery, writer, at, lease.filter(|_| then.is_none()))?;
            Some(Entry { not_before: then.or(entry.not_before), ..entry })
        }));
        Self::checked(key, earlier, outbox)
    }

    /// As [`Append::new`], for a change after which nothing of what the row owed may be delivered any more. Where others that go
    /// the same way are being delivered just now, the new deliveries wait for the end of that lease, so that they come after.
    /// The row no longer waits for anything else: its message of the retry queue finds nothing to do. Facts and removals of files stay.
    pub(crate) fn instead(
        key: Key,
        earlier: Option<Committed>,
        deliveries: impl IntoIterator<Item = Delivery>,
        writer: &WriteContext,
        at: Millis,
    ) -> Self {
        let deliveries: Vec<_> = deliveries.into_iter().collect();
        let entries = earlier.iter().flat_map(|seen| &seen.outbox.entries);
        let (kept, others): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.delivery.outlives_changes());
        let entries = kept.into_iter().cloned().collect();
        let same_way =
            |entry: &&Entry| deliveries.iter().any(|delivery| delivery.transport() == entry.delivery.transport());
        let before: Vec<_> = others.into_iter().filter(same_way).collect();
        if before.is_empty() {
            let outbox = Outbox { entries, queue: None };
            let outbox = outbox.with(deliveries, writer, at, Some(WriteContext::lease(at)));
            return Self { earlier, committed: Committed::new(key, outbox), follows: false };
        }
        let under_way = before.iter().filter_map(|entry| entry.waits_until(at)).max();
        let queue = earlier.as_ref().and_then(|seen| seen.outbox.queue.clone());
        let kept = entries.len();
        let mut outbox = Outbox { entries, queue }.with(deliveries, writer, at, None);
        outbox.entries[kept..].iter_mut().for_each(|entry| entry.not_before = under_way);
        Self { earlier, committed: Committed::new(key, outbox), follows: true }
    }

    /// A change of the row's own text. Each entry that is still owed is delivered as `rewrite` says, or with `None` dropped. The
    /// entries stay with their writer or the stream's consumer.
    pub(crate) fn rewriting(
        key: Key,
        earlier: Option<Committed>,
        rewrite: impl Fn(&Delivery) -> Option<Delivery>,
    ) -> Self {
        let outbox = earlier.as_ref().map_or_else(Outbox::default, |seen| {
            let entries = seen.outbox.entries.iter();
            let entries =
                entries.filter_map(|entry| Some(Entry { delivery: rewrite(&entry.delivery)?, ..entry.clone() }));
            Outbox { entries: entries.collect(), queue: seen.outbox.queue.clone() }
        });
        Self { earlier, committed: Committed::new(key, outbox), follows: true }
    }

    /// The same, and what it adds is not delivered before `then`: until then it may be undone.
    pub(crate) fn not_before(self, then: Millis) -> Self {
        let known: Vec<_> = self.earlier.iter().flat_map(|seen| &seen.outbox.entries).map(|entry| &entry.id).collect();
        let mut outbox = self.committed.outbox.clone();
        outbox
            .entries
            .iter_mut()
            .filter(|entry| !known.contains(&&entry.id))
            .for_each(|entry| entry.not_before = Some(then));
        Self { committed: Committed::new(self.committed.key, outbox), ..self }
    }

    fn checked(key: Key, earlier: Option<Committed>, outbox: Outbox) -> Result<Self, TableError> {
        if earlier.is_some() && outbox.is_full() {
            return Err(TableError::OwesTooMuch(key));
        }
        let follows = earlier.as_ref().is_some_and(is_followed);
        Ok(Self { earlier, committed: Committed::new(key, outbox), follows })
    }

    /// The row with all that it owes once the write is done.
    pub(crate) fn committed(&self) -> &Committed {
        &self.committed
    }

    /// Puts this row with what it then owes, if it still owes what it owed when it was read.
    ///
    /// # Errors
    /// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
    pub(crate) fn put(&self, row: &impl Serialize) -> Result<Action, TableError> {
        Ok(Action::put(self.committed.item(row)?).when(self.is_as_read()))
    }

    /// An update of the row which also writes what it then owes, if it still owes what it owed when it was read.
    pub(crate) fn update(&self) -> Update {
        let owes = (!self.committed.outbox.entries.is_empty()).then(|| self.committed.text());
        let update = Update::new(&self.committed.key).when(self.is_as_read());
        if owes.is_none() && self.earlier.is_none() { update } else { update.replace(ATTRIBUTE, owes) }
    }

    /// As [`Append::update`], and writes all attributes of `row`. It keeps those that `row` does not have: a later version may have written
    /// them, before its deployment was rolled back to this one.
    ///
    /// # Errors
    /// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
    pub(crate) fn update_to(&self, row: &impl Serialize) -> Result<Update, TableError> {
        Ok(attributes(row)?.into_iter().fold(self.update(), |update, (name, value)| update.set(name, value)))
    }

    fn is_as_read(&self) -> Condition {
        unchanged(ATTRIBUTE, self.earlier.as_ref().map(Committed::text))
    }

    /// The row, if the writer itself delivers it once the write is done. If the row owes something older, the order matters, and the
    /// stream's consumer delivers both.
    pub(crate) fn deliverable(self) -> Option<Committed> {
        (!self.follows && self.committed.is_writers()).then_some(self.committed)
    }
}

/// Whether the order matters between what a row owes and what a write adds. Clients hear no facts, and the consumer alone sends them.
fn is_followed(earlier: &Committed) -> bool {
    !earlier.outbox.is_facts_alone()
}

/// The lease of what a write adds to such a row.
fn lease_after(earlier: Option<&Committed>, at: Millis) -> Option<Millis> {
    (!earlier.is_some_and(is_followed)).then(|| WriteContext::lease(at))
}
