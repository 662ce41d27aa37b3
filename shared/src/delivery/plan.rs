//! The decisions of a visit to a row, as pure functions: which entries are due, how the row changes after the attempts, and when the
//! next visit is. Time is a parameter, so that a test can try every interleaving of writers, visits and kills.

use std::time::Duration;

use super::outcome::{Outcome, Outcomes};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Entry, EntryChanges, Outbox, Queued};

/// A message of the retry queue is expected back this long after its delay, at the latest.
const QUEUE_SLACK_SECONDS: i64 = 300;

/// The reason of a consumer's visit to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// A record of the table's stream.
    Stream,
    /// The message of the retry queue of this id, which the row names as long as it is waited for.
    Queue(&'a str),
    /// A message that a person sent, by its own id. No row names it before its first visit.
    Person(&'a str),
}

/// The entries that this visit tries, by place; `None` where the row is the retry queue's, and not by this visit.
pub(crate) fn due(outbox: &Outbox, source: Source<'_>, now: Millis) -> Option<Vec<usize>> {
    let queue = outbox.queue.as_ref();
    let is_waited_for = queue.is_some_and(|queue| queue.until > now);
    let is_mine = match source {
        Source::Stream => !is_waited_for,
        // When the row names no message any more, its entries are the stream's.
        Source::Queue(id) => queue.is_some_and(|queue| queue.id == id),
        Source::Person(id) => !is_waited_for || queue.is_some_and(|queue| queue.id == id),
    };
    if !is_mine {
        return None;
    }
    let is_tried = |place: &usize| match outbox.entries[*place].delivery {
        Delivery::Unknown(_) => false,
        Delivery::Unreadable { .. } => true,
        _ => outbox.is_due(*place, now),
    };
    Some((0..outbox.entries.len()).filter(is_tried).collect())
}

/// The changes to a row after its due entries were tried. Entries that failed are left out: they become dead letters first.
pub(crate) fn changes(outbox: &Outbox, outcomes: &Outcomes) -> EntryChanges {
    let change = |entry: &Entry| {
        let tried_before = entry.tried || entry.lease.is_some();
        let left = match outcomes.get(&entry.id)? {
            Outcome::Failed(_) => return None,
            Outcome::Delivered | Outcome::Queued | Outcome::Skipped => return Some((entry.id.clone(), None)),
            Outcome::NotYet(then) => {
                Entry { not_before: Some(*then), lease: None, tried: tried_before, ..entry.clone() }
            }
            Outcome::Retry { not_before, rest, tried } => {
                let left = rest.clone().map_or_else(|| entry.clone(), |rest| entry.only(rest));
                // A writer that had a lease may have sent it, and been killed before it could acknowledge it.
                let tried = *tried || tried_before;
                Entry { not_before: *not_before, lease: None, tried, ..left }
            }
        };
        (left != *entry).then(|| (entry.id.clone(), Some(left)))
    };
    outbox.entries.iter().filter_map(change).collect()
}

/// How long until the row must be visited again; `None` when nothing is left of what this visit saw. `pause` is the one after
/// an attempt that failed. Each entry has its own time, so a long wait of one transport delays no other.
pub(crate) fn next_visit(outbox: &Outbox, outcomes: &Outcomes, pause: Duration, now: Millis) -> Option<Duration> {
    let of_entry = |entry: &Entry| match outcomes.get(&entry.id) {
        Some(Outcome::Delivered | Outcome::Queued | Outcome::Skipped | Outcome::Failed(_)) => None,
        Some(Outcome::NotYet(then)) => Some(now.until(*then)),
        Some(Outcome::Retry { not_before, .. }) => Some(not_before.map_or(pause, |then| pause.max(now.until(then)))),
        // A newer version is being deployed, or an older one again.
        None if matches!(entry.delivery, Delivery::Unknown(_)) => Some(pause),
        // Until its writer's lease ends or its time comes; or it is behind an entry that waits for that.
        None => Some(entry.waits_until(now).map_or(pause, |then| now.until(then))),
    };
    outbox.entries.iter().filter_map(of_entry).min()
}

/// The note that the message of this id is expected back after `delay`.
pub(crate) fn queued(id: &str, delay: Duration, now: Millis) -> Queued {
    let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX).saturating_add(QUEUE_SLACK_SECONDS);
    Queued { id: id.to_owned(), until: now.plus_seconds(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::pusher::PusherEvent;
    use crate::outbox::WriteContext;

    const NOW: Millis = Millis(1_000_000);

    fn outbox(delivers: bool, entries: usize) -> Outbox {
        let event =
            |n: usize| Delivery::Pusher(PusherEvent { channel: "c".into(), name: n.to_string(), data: "{}".into() });
        let writer = WriteContext { delivers, posts: delivers, ..WriteContext::without_delivery("r") };
        Outbox::new((0..entries).map(event), &writer, NOW)
    }

    fn outcomes(row: &Outbox, outcomes: impl IntoIterator<Item = Outcome>) -> Outcomes {
        row.entries.iter().map(|entry| entry.id.clone()).zip(outcomes).collect()
    }

    #[test]
    fn each_entry_goes_by_its_own_time() {
        let row = outbox(false, 2);
        let next_visit = |a, b| next_visit(&row, &outcomes(&row, [a, b]), Duration::from_secs(4), NOW);
        let later = |seconds| Outcome::Retry { not_before: Some(NOW.plus_seconds(seconds)), rest: None, tried: true };
        assert_eq!(next_visit(Outcome::Delivered, Outcome::Skipped), None);
        assert_eq!(next_visit(Outcome::UNCONFIRMED, later(600)), Some(Duration::from_secs(4)));
        assert_eq!(next_visit(Outcome::Delivered, later(600)), Some(Duration::from_secs(600)));
        assert_eq!(next_visit(Outcome::Delivered, later(1)), Some(Duration::from_secs(4)), "backing off all the same");
    }

    #[test]
    fn an_entry_under_a_lease_is_its_writers_and_holds_up_what_follows() {
        let mut row = outbox(true, 1);
        row.entries.extend(outbox(false, 1).entries);
        assert_eq!(due(&row, Source::Stream, NOW), Some(vec![]));
        assert_eq!(due(&row, Source::Stream, NOW.plus_seconds(3)), Some(vec![0, 1]));
        let next_visit = next_visit(&row, &Outcomes::new(), Duration::from_secs(9), NOW);
        assert_eq!(next_visit, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_row_that_the_queue_has_is_left_to_that_message() {
        let mut row = outbox(false, 1);
        row.queue = Some(queued("q", Duration::from_secs(2), NOW));
        assert_eq!(due(&row, Source::Stream, NOW), None);
        assert_eq!(due(&row, Source::Queue("other"), NOW), None);
        assert_eq!(due(&row, Source::Queue("q"), NOW), Some(vec![0]));
        let long_after = NOW.plus_seconds(400);
        assert_eq!(due(&row, Source::Stream, long_after), Some(vec![0]), "the message got lost");
        row.queue = None;
        assert_eq!(due(&row, Source::Queue("q"), NOW), None, "a message of which the row knows nothing");
        assert_eq!(due(&row, Source::Person("p"), NOW), Some(vec![0]));
    }

    #[test]
    fn an_entry_whose_time_has_not_come_waits_for_it_and_not_longer() {
        let row = outbox(false, 1);
        let then = NOW.plus_seconds(300);
        let outcomes = outcomes(&row, [Outcome::NotYet(then)]);
        let changed = crate::outbox::changed(&row, &changes(&row, &outcomes), |_| None);
        assert_eq!((changed.entries[0].not_before, changed.entries[0].tried), (Some(then), false));
        assert_eq!(next_visit(&row, &outcomes, Duration::from_secs(2), NOW), Some(Duration::from_secs(300)));
        assert_eq!(due(&changed, Source::Stream, NOW), Some(vec![]));
        assert_eq!(due(&changed, Source::Stream, then), Some(vec![0]));
    }

    #[test]
    fn an_entry_of_an_unknown_kind_stays_and_holds_up_nothing() {
        let text = r#"{"owed":[{"id":"1","at":1,"kind":"carrierPigeon","to":"ada"},{"id":"2","at":1,"kind":"terminate","user":"ada"}]}"#;
        let row = Outbox::parse(text);
        assert_eq!(due(&row, Source::Stream, NOW), Some(vec![1]));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&row.text()).unwrap(),
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }
}
