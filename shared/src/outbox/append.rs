//! A write to a row that may still owe something: the new deliveries come after the old ones, and whoever writes may deliver
//! only where nothing older is owed.

use super::{ATTRIBUTE, Committed, Delivery, Outbox};
use crate::contract::time::Millis;
use crate::table::{Action, Key};

/// Deliveries that a write adds to what its row owes.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    earlier: Option<Outbox>,
    committed: Committed,
}

impl Append {
    /// Adds these deliveries to the row of this key, which owed `earlier` when it was read.
    pub(crate) fn new(
        key: Key,
        earlier: Option<Outbox>,
        deliveries: impl IntoIterator<Item = Delivery>,
        at: Millis,
    ) -> Self {
        let outbox = Outbox::new(deliveries, at).after(earlier.clone());
        Self { earlier, committed: Committed { key, outbox } }
    }

    /// The row with all that it owes once the write is done.
    pub(crate) fn committed(&self) -> &Committed {
        &self.committed
    }

    /// The part of the write's condition that holds while the row owes what it owed when it was read.
    pub(crate) fn unchanged(&self) -> &'static str {
        if self.earlier.is_some() { "#outbox = :earlier" } else { "attribute_not_exists(#outbox)" }
    }

    /// The part of the write's `SET` that owes the deliveries, with a comma before it; nothing where the row owes nothing.
    pub(crate) fn set(&self) -> &'static str {
        if self.committed.outbox.owed.is_empty() { "" } else { ", #outbox = :owed" }
    }

    /// The action with what the placeholders of [`Append::unchanged`] stand for.
    pub(crate) fn bind_condition(&self, action: Action) -> Action {
        let action = action.name("#outbox", ATTRIBUTE);
        match &self.earlier {
            Some(earlier) => action.value(":earlier", earlier.value()),
            None => action,
        }
    }

    /// The action with what the placeholders of [`Append::unchanged`] and [`Append::set`] stand for.
    pub(crate) fn bind(&self, action: Action) -> Action {
        let action = self.bind_condition(action);
        if self.committed.outbox.owed.is_empty() {
            return action;
        }
        action.value(":owed", self.committed.outbox.value())
    }

    /// What the writer itself delivers once the write is done. Where something older is owed, the order matters, and the
    /// stream's consumer delivers both.
    pub(crate) fn deliverable(self) -> Option<Committed> {
        (self.earlier.is_none() && !self.committed.outbox.owed.is_empty()).then_some(self.committed)
    }
}
