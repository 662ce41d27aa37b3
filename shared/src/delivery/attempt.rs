//! One attempt at what some rows owe, kind by kind and the kinds side by side: an outage of one holds up no other.

use crate::contract::time::Millis;
use crate::outbox::{Committed, Delivery, Owed, Push};
use crate::telemetry;

use super::Courier;
use super::fcm;
use super::pusher::send;

/// What became of one entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It was not due, and not tried.
    Waiting,
    /// It arrived.
    Delivered,
    /// There is nobody whom it should reach: no device, say.
    Moot,
    /// It could not be delivered now.
    Postponed {
        /// Not to be tried before this.
        not_before: Option<Millis>,
        /// What of it is left, when some of it arrived.
        rest: Option<Delivery>,
    },
    /// It never can be delivered, for this reason.
    GivenUp(String),
}

impl Fate {
    /// Nothing of it arrived, and nobody said when it might.
    pub(super) const POSTPONED: Self = Self::Postponed { not_before: None, rest: None };
}

/// Attempts those of the rows' entries that are due, each kind's in order, and tells every entry's fate (a list a row).
pub(super) async fn all(
    courier: &Courier,
    rows: &[Committed],
    is_due: impl Fn(&Committed, &Owed) -> bool,
) -> Vec<Vec<Fate>> {
    let mut fates: Vec<Vec<Fate>> = rows.iter().map(|row| vec![Fate::Waiting; row.outbox.owed.len()]).collect();
    let (mut events, mut pushes) = (Due::<Delivery>::default(), Due::<Push>::default());
    for (r, row) in rows.iter().enumerate() {
        // What is not due holds up what is owed after it in the same way: a `user-left` behind a waiting `user-joined`.
        let (mut events_wait, mut pushes_wait) = (false, false);
        for (e, owed) in row.outbox.owed.iter().enumerate() {
            match &owed.delivery {
                Delivery::Pusher(_) | Delivery::Terminate { .. } => {
                    events_wait |= !is_due(row, owed);
                    if !events_wait {
                        events.add((r, e), &owed.delivery);
                    }
                }
                Delivery::Push(push) => {
                    pushes_wait |= !is_due(row, owed);
                    if !pushes_wait {
                        pushes.add((r, e), push);
                    }
                }
            }
        }
    }
    let pushes_by_row = pushes.by_row();
    let (of_events, of_pushes) =
        futures_util::join!(send(&courier.pusher, &events.what), fcm::all(courier, &pushes_by_row));
    let told = events.places.into_iter().zip(of_events).chain(pushes.places.into_iter().zip(of_pushes));
    for ((row, entry), fate) in told {
        fates[row][entry] = fate;
    }
    count(rows, &fates);
    fates
}

/// The due entries of one kind, and where each of them comes from: row and entry.
struct Due<T> {
    places: Vec<(usize, usize)>,
    what: Vec<T>,
}

impl<T> Default for Due<T> {
    fn default() -> Self {
        Self { places: Vec::new(), what: Vec::new() }
    }
}

impl<T: Clone> Due<T> {
    fn add(&mut self, place: (usize, usize), what: &T) {
        self.places.push(place);
        self.what.push(what.clone());
    }

    fn by_row(&self) -> Vec<&[T]> {
        let mut rest = self.what.as_slice();
        self.places
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|places| {
                let (of_row, others) = rest.split_at(places.len());
                rest = others;
                of_row
            })
            .collect()
    }
}

fn count(rows: &[Committed], fates: &[Vec<Fate>]) {
    let now = Millis::now();
    for (row, fates) in rows.iter().zip(fates) {
        for (owed, fate) in row.outbox.owed.iter().zip(fates) {
            let outcome = match fate {
                Fate::Waiting => continue,
                Fate::Delivered => telemetry::Delivery::Delivered,
                Fate::Moot => telemetry::Delivery::Moot,
                Fate::Postponed { .. } => telemetry::Delivery::Postponed,
                Fate::GivenUp(_) => telemetry::Delivery::GivenUp,
            };
            telemetry::deliveries(owed.delivery.kind(), outcome, 1);
            if matches!(fate, Fate::Postponed { .. }) {
                telemetry::undelivered(now.since(row.outbox.at));
            }
        }
    }
}
