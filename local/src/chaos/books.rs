//! The ledger of a run, which all parts of the harness write to, and the run's clock.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use super::event::{Event, PusherEvent};
use super::ledger::Ledger;

/// A handle to both.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Inner>);

#[derive(Default)]
struct Inner {
    begun: OnceLock<Instant>,
    ledger: Mutex<Ledger>,
}

impl Books {
    /// Starts the clock, once.
    pub(super) fn begin(&self) {
        let _ = self.0.begun.set(Instant::now());
    }

    /// The time since the clock was started.
    pub(super) fn now(&self) -> Duration {
        self.0.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger.lock().expect("nothing panics while it holds the ledger")
    }

    pub(super) fn accept(&self, event: Event) {
        let now = self.now();
        self.ledger().accept(event, now);
    }

    pub(super) fn deliver(&self, messages: &[PusherEvent]) {
        let now = self.now();
        let mut ledger = self.ledger();
        for message in messages {
            ledger.deliver(message, now);
        }
    }
}
