//! The retry queue's consumer: what could not be delivered, again and again at growing distances.
//!
//! The queue counts the receptions and gives a message up after as many as the template allows (14: about an hour and a
//! half of Pusher being away).

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};

use super::attempt::{self, Fate};
use super::queue::Waiting;
use super::stream::is_young;
use super::{Courier, INLINE_BOUND, RetryQueue};
use crate::outbox::{Committed, Outbox};
use crate::telemetry;
use crate::time::Millis;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(900);

impl Courier {
    /// Looks after a batch of the retry queue; answers with the ids of the messages that must come back.
    pub async fn from_queue(&self, event: SqsEvent, retry: &RetryQueue) -> Vec<String> {
        let mut failed = Vec::new();
        for message in event.records {
            let id = message.message_id.clone().unwrap_or_default();
            if !self.retry(&message, retry).await {
                self.postpone(&message, retry).await;
                failed.push(id);
            }
        }
        failed
    }

    /// Tries one message's row again; answers whether the message is done with.
    async fn retry(&self, message: &SqsMessage, retry: &RetryQueue) -> bool {
        let waiting: Waiting = match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
            Ok(waiting) => waiting,
            Err(error) => {
                telemetry::cause(&error);
                return false;
            }
        };
        if let Some(owed) = waiting.given_up {
            // Replayed by a person: the row no longer knows of it.
            let row = Committed { key: waiting.key, outbox: Outbox { at: Millis::now(), owed: vec![owed] } };
            return self.attempt_and_keep(row, retry).await;
        }
        match self.read_again(std::slice::from_ref(&waiting.key)).await {
            Ok(rows) => match rows.into_iter().next() {
                None => true,
                Some(row) if is_young(&row.outbox) => false,
                Some(row) => self.attempt_and_keep(row, retry).await,
            },
            Err(error) => {
                telemetry::cause(&error);
                false
            }
        }
    }

    async fn attempt_and_keep(&self, row: Committed, retry: &RetryQueue) -> bool {
        let rows = [row];
        let fates = attempt::all(&self.pusher, &rows).await.into_iter().next().unwrap_or_default();
        self.keep_books(&rows[0], &fates, retry).await && !fates.contains(&Fate::Postponed)
    }

    async fn postpone(&self, message: &SqsMessage, retry: &RetryQueue) {
        let received =
            message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let Some(receipt) = &message.receipt_handle else {
            return;
        };
        if let Err(error) = retry.postpone(receipt, back_off(received, rand::random())).await {
            // The queue's own visibility time-out brings it back, only later.
            telemetry::cause(&error);
        }
    }
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
