//! What an attempt leaves behind: in the row, in the dead-letter queue, and for how long.

use std::time::Duration;

use super::attempt::Fate;
use super::{Courier, RetryQueue};
use crate::contract::time::Millis;
use crate::outbox::{self, Committed, Owed, Settlement};
use crate::telemetry;

impl Courier {
    /// Moves what was given up to the dead-letter queue, takes it and what was delivered out of the row, and notes there what
    /// of the rest arrived and when it may be tried again. Answers whether the queue and the table took it all.
    ///
    /// `is_queued` says that the retry queue has the row. What is left is then marked so (`notBefore`), and the stream leaves
    /// it alone: were both to deliver it, it would come twice.
    pub(super) async fn settle(&self, row: &Committed, fates: &[Fate], retry: &RetryQueue, is_queued: bool) -> bool {
        let mut kept = true;
        let mut settlement = Settlement::with_capacity(fates.len());
        for (owed, fate) in row.outbox.owed.iter().zip(fates) {
            match fate {
                // The queue already had it, and has it still.
                Fate::Waiting | Fate::Postponed { not_before: None, rest: None } if owed.not_before.is_some() => {}
                Fate::Waiting if !is_queued => {}
                Fate::Waiting => {
                    let marked = Owed { not_before: Some(Millis::now()), ..owed.clone() };
                    settlement.insert(&owed.id, Some(marked));
                }
                Fate::Delivered | Fate::Moot => {
                    settlement.insert(&owed.id, None);
                }
                Fate::Postponed { not_before, rest } => {
                    let delivery = rest.as_ref().unwrap_or(&owed.delivery).clone();
                    let not_before = is_queued.then(|| not_before.unwrap_or_else(Millis::now));
                    settlement.insert(&owed.id, Some(Owed { id: owed.id.clone(), not_before, delivery }));
                }
                Fate::GivenUp(reason) => match retry.give_up(&row.key, owed, reason).await {
                    Ok(()) => {
                        settlement.insert(&owed.id, None);
                    }
                    Err(error) => {
                        telemetry::cause(&error);
                        kept = false;
                    }
                },
            }
        }
        if let Err(error) = outbox::settle(&self.table, row, &settlement).await {
            telemetry::cause(&error);
            kept = false;
        }
        kept
    }
}

/// How long until a row is to be looked at again; `None` when nothing is left of it. `pause` is the one after an attempt
/// that failed, `waiting` that of an entry that was not due. Each goes by its own time, so that one kind's long wait is not
/// another's.
pub(super) fn again(
    row: &Committed,
    fates: &[Fate],
    pause: Duration,
    now: Millis,
    waiting: impl Fn(&Owed) -> Option<Duration>,
) -> Option<Duration> {
    let of_entry = |(owed, fate): (&Owed, &Fate)| match fate {
        Fate::Delivered | Fate::Moot | Fate::GivenUp(_) => None,
        Fate::Postponed { not_before, .. } => Some(not_before.map_or(pause, |then| pause.max(now.until(then)))),
        Fate::Waiting => waiting(owed),
    };
    row.outbox.owed.iter().zip(fates).filter_map(of_entry).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::pusher::Message;
    use crate::outbox::{Delivery, Outbox};
    use crate::table::key::Key;

    #[test]
    fn each_entry_goes_by_its_own_time() {
        let now = Millis(1_000_000);
        let event = || Delivery::Pusher(Message { channel: "c".into(), name: "n".into(), data: "{}".into() });
        let row = Committed { key: Key::kudos("k"), outbox: Outbox::new([event(), event()], now) };
        let again = |a: &Fate, b: &Fate| {
            again(&row, &[a.clone(), b.clone()], Duration::from_secs(4), now, |_| Some(Duration::from_secs(2)))
        };
        let later = |seconds| Fate::Postponed { not_before: Some(now.plus_seconds(seconds)), rest: None };
        assert_eq!(again(&Fate::Delivered, &Fate::Moot), None);
        assert_eq!(again(&Fate::POSTPONED, &later(600)), Some(Duration::from_secs(4)));
        assert_eq!(again(&Fate::Delivered, &later(600)), Some(Duration::from_secs(600)));
        assert_eq!(again(&Fate::Delivered, &later(1)), Some(Duration::from_secs(4)), "backing off all the same");
        assert_eq!(again(&Fate::Waiting, &later(600)), Some(Duration::from_secs(2)));
    }
}
