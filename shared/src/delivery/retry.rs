//! The retry queue's consumer: what could not be delivered, again and again at growing distances.
//!
//! The queue counts how often a message is received and gives it up after as many times as the template allows (14: about an
//! hour and a half of Pusher being away).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use futures_util::future::join_all;

use super::plan::{Source, due};
use super::queue::Waiting;
use super::visit::Row;
use super::{Dispatcher, RetryQueue, Visit};
use crate::contract::time::Millis;
use crate::outbox::{Committed, Entry, INLINE_TIMEOUT, Outbox};
use crate::table::{Key, TableError};
use crate::telemetry;

/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(900);
/// How soon a row is visited again to which something was added during a visit.
const SOON: Duration = Duration::from_secs(1);

/// A message of the queue.
struct Message {
    sqs: SqsMessage,
    waiting: Waiting,
}

impl Message {
    fn source(&self) -> Source<'_> {
        if self.waiting.id.is_some() { Source::Queue(self.id()) } else { Source::Person(self.id()) }
    }

    /// The id by which the row knows it. A message that a person sent has none of ours, and goes by its own.
    fn id(&self) -> &str {
        self.waiting.id.as_deref().or(self.sqs.message_id.as_deref()).unwrap_or("unnamed")
    }
}

impl Dispatcher {
    /// Visits the rows of a batch of the retry queue; returns the ids of the messages that must come back.
    pub async fn from_queue(&self, event: SqsEvent, retry: &RetryQueue, deadline: Instant) -> Vec<String> {
        let (mut messages, mut unread) = (Vec::new(), Vec::new());
        for sqs in event.records {
            match serde_json::from_str(sqs.body.as_deref().unwrap_or_default()) {
                Ok(waiting) => messages.push(Message { sqs, waiting }),
                Err(error) => {
                    telemetry::cause(&error);
                    unread.push(sqs);
                }
            }
        }
        let (places, rows): (Vec<usize>, Vec<Row>) = match self.rows(&messages).await {
            Ok(visits) => visits.into_iter().unzip(),
            Err(error) => {
                telemetry::cause(&error);
                unread.extend(messages.into_iter().map(|message| message.sqs));
                return self.postpone_all(&unread, retry).await;
            }
        };
        let visit = Visit::of_consumer(&self.table, rows, deadline);
        self.attempt(&visit, retry).await;

        let rows = places.iter().zip(&visit.rows);
        let left = join_all(rows.map(|(place, row)| leave_in_queue(&messages[*place], &visit, row)));
        let again: Vec<_> = places.iter().copied().zip(left.await).collect();
        let mut back = self.postpone_all(&unread, retry).await;
        let pauses = again.iter().filter_map(|(place, pause)| Some((&messages[*place].sqs, (*pause)?)));
        let pauses: Vec<_> = pauses.collect();
        join_all(pauses.iter().map(|(message, pause)| self.postpone(message, *pause, retry))).await;
        back.extend(pauses.iter().map(|(message, _)| message.message_id.clone().unwrap_or_default()));
        back
    }

    /// The rows of these messages, each with its message's place. A message has none, and is done, when its row has no entries any
    /// more or belongs to another message.
    async fn rows(&self, messages: &[Message]) -> Result<Vec<(usize, Row)>, TableError> {
        let now = Millis::now();
        let asking = messages.iter().filter(|message| message.waiting.given_up.is_none());
        let mut keys: Vec<Key> = asking.map(|message| message.waiting.key.clone()).collect();
        keys.sort();
        keys.dedup();
        let read = self.read_again(&keys).await?;
        let mut rows: HashMap<_, _> = read.into_iter().map(|row| (row.key.clone(), row)).collect();
        let visit = |(place, message): (usize, &Message)| {
            let Waiting { key, given_up, .. } = &message.waiting;
            let (committed, due) = match given_up {
                // Replayed by a person: the row no longer knows of it.
                Some(entry) => {
                    let entry = Entry { lease: None, not_before: None, ..entry.clone() };
                    let committed = Committed::new(key.clone(), Outbox { entries: vec![entry], queue: None });
                    (committed, vec![0])
                }
                // Of several messages about one row, the one that the row names looks after it.
                None => {
                    let row = rows.get(key)?;
                    let due = due(&row.outbox, message.source(), now)?;
                    (rows.remove(key)?, due)
                }
            };
            Some((place, Row::new(due, committed)))
        };
        Ok(messages.iter().enumerate().filter_map(visit).collect())
    }

    async fn postpone_all(&self, messages: &[SqsMessage], retry: &RetryQueue) -> Vec<String> {
        let postpone = |message| self.postpone(message, back_off(received(message), rand::random()), retry);
        join_all(messages.iter().map(postpone)).await;
        messages.iter().map(|message| message.message_id.clone().unwrap_or_default()).collect()
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

/// Notes in the row what is left of it; returns the delay after which the message comes back, unless the row is done.
async fn leave_in_queue(message: &Message, visit: &Visit, row: &Row) -> Option<Duration> {
    let now = Millis::now();
    let pause = back_off(received(&message.sqs), rand::random());
    let delay = row.next_visit(pause, now);
    let is_replayed = message.waiting.given_up.is_some();
    if is_replayed {
        return delay;
    }
    if delay.is_none() && row.is_empty().await {
        return None;
    }
    match visit.close(row, Some((message.id(), delay.unwrap_or(SOON))), now).await {
        // The stream left entries to this message that were added meanwhile.
        Ok(is_more_owed) => delay.or(is_more_owed.then_some(SOON)),
        Err(error) => {
            telemetry::cause(&error);
            Some(pause)
        }
    }
}

pub(super) fn received(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The pause after the `received`th attempt: doubling from two seconds, a quarter of it left to chance (0.0 to 1.0), so that
/// what failed together does not come back together.
pub(super) fn back_off(received: u32, chance: f64) -> Duration {
    let whole = INLINE_TIMEOUT.saturating_mul(1 << received.saturating_sub(1).min(10)).min(MAX_PAUSE);
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
