//! The records that all parts of the harness write to: the ledger of a run, the subscriptions of clients, and the run's clock.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use super::attendance::Attendance;
use super::event::{Event, PusherEvent};
use super::ledger::{Delivery, Ledger, PUSHER};

/// A handle to all of it.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Inner>);

#[derive(Default)]
struct Inner {
    begun: OnceLock<Instant>,
    ledger: Mutex<Ledger>,
    attendance: Mutex<Attendance>,
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

    pub(super) fn attendance(&self) -> MutexGuard<'_, Attendance> {
        self.0.attendance.lock().expect("nothing panics while it holds the attendance")
    }

    pub(super) fn accept(&self, event: Event) {
        let now = self.now();
        self.ledger().accept(event, now);
    }

    /// The Pusher server took these.
    pub(super) fn deliver(&self, messages: &[PusherEvent]) {
        let delivery = Delivery { to: PUSHER, at: self.now(), clock: 0.0 };
        let mut ledger = self.ledger();
        for message in messages {
            ledger.deliver(message, &delivery);
        }
    }
}
