//! The retry queue's consumer: what could not be delivered, again and again at growing distances.
//!
//! The queue counts the receptions and gives a message up after as many as the template allows (14: about an hour and a
//! half of Pusher being away).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use futures_util::future::join_all;

use super::attempt;
use super::queue::Waiting;
use super::settle::again;
use super::stream::is_its_writers;
use super::{Courier, INLINE_BOUND, RetryQueue};
use crate::contract::time::Millis;
use crate::outbox::{Committed, Outbox, Owed};
use crate::telemetry;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(900);

/// A message of the queue, and the row that it is about.
struct Try {
    message: SqsMessage,
    /// The row with what it owes; `None` when it owes nothing any more.
    row: Option<Committed>,
}

impl Courier {
    /// Looks after a batch of the retry queue; answers with the ids of the messages that must come back.
    pub async fn from_queue(&self, event: SqsEvent, retry: &RetryQueue) -> Vec<String> {
        let (tries, failed) = self.read(event.records).await;
        let rows: Vec<_> = tries.iter().filter_map(|one| one.row.clone()).collect();
        let now = Millis::now();
        let is_due =
            |row: &Committed, owed: &Owed| owed.not_before.is_none_or(|then| then <= now) && !is_its_writers(row, owed);
        let mut fates = attempt::all(self, &rows, is_due).await.into_iter();
        let mut pauses = Vec::new();
        for one in &tries {
            let Some(row) = &one.row else { continue };
            let fates = fates.next().unwrap_or_default();
            let pause = back_off(received(&one.message), rand::random());
            let kept = self.settle(row, &fates, retry, true).await;
            let waiting = |owed: &Owed| Some(owed.not_before.map_or(INLINE_BOUND, |then| now.until(then)));
            let again = again(row, &fates, pause, now, waiting);
            pauses.extend(again.or((!kept).then_some(pause)).map(|pause| (&one.message, pause)));
        }
        pauses.extend(failed.iter().map(|message| (message, back_off(received(message), rand::random()))));
        join_all(pauses.iter().map(|(message, pause)| self.postpone(message, *pause, retry))).await;
        pauses.iter().map(|(message, _)| message.message_id.clone().unwrap_or_default()).collect()
    }

    /// Reads the rows that the messages are about, and answers with the messages that cannot be looked after, too.
    async fn read(&self, messages: Vec<SqsMessage>) -> (Vec<Try>, Vec<SqsMessage>) {
        let (mut tries, mut failed, mut asking) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            match serde_json::from_str::<Waiting>(message.body.as_deref().unwrap_or_default()) {
                // Replayed by a person: the row no longer knows of it.
                Ok(Waiting { key, given_up: Some(owed), .. }) => {
                    let owed = Owed { not_before: None, ..owed };
                    // Of no writer who might still be delivering it.
                    let at = Millis::now().plus_seconds(-INLINE_BOUND.as_secs().cast_signed());
                    let row = Committed { key, outbox: Outbox { at, owed: vec![owed] } };
                    tries.push(Try { message, row: Some(row) });
                }
                Ok(Waiting { key, .. }) => asking.push((key, message)),
                Err(error) => {
                    telemetry::cause(&error);
                    failed.push(message);
                }
            }
        }
        let keys: HashSet<_> = asking.iter().map(|(key, _)| key.clone()).collect();
        match self.read_again(&keys.into_iter().collect::<Vec<_>>()).await {
            Ok(rows) => {
                let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
                // Of several messages about one row, the first looks after it.
                tries.extend(asking.into_iter().map(|(key, message)| Try { message, row: rows.remove(&key) }));
            }
            Err(error) => {
                telemetry::cause(&error);
                failed.extend(asking.into_iter().map(|(_, message)| message));
            }
        }
        (tries, failed)
    }

    async fn postpone(&self, message: &SqsMessage, pause: Duration, retry: &RetryQueue) {
        let Some(receipt) = &message.receipt_handle else {
            return;
        };
        if let Err(error) = retry.postpone(receipt, pause).await {
            // The queue's own visibility time-out brings it back, only later.
            telemetry::cause(&error);
        }
    }
}

fn received(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The pause after the `received`th try: doubling from two seconds, a quarter of it left to chance (0.0 to 1.0), so that
/// what failed together does not come back together.
fn back_off(received: u32, chance: f64) -> Duration {
    let whole = INLINE_BOUND.saturating_mul(1 << received.saturating_sub(1).min(10)).min(LONGEST);
    whole.mul_f64(0.75 + chance / 4.0).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_double_up_to_a_quarter_of_an_hour() {
        let pauses: Vec<_> = [1, 2, 3, 9, 10, 14, 1000].map(|n| back_off(n, 1.0).as_secs()).to_vec();
        assert_eq!(pauses, [2, 4, 8, 512, 900, 900, 900]);
        assert_eq!(back_off(1, 0.0), Duration::from_millis(1500));
    }
}
