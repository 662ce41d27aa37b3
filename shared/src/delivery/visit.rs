//! One visit to several rows: deliver what is due, settle it, and queue what is left.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::plan::{self, Fate};
use super::{Courier, RetryQueue, Row, email, fcm, pusher, socket, unread, wake};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Queued, Way, settle};
use crate::telemetry;

/// How a row was left.
pub(super) enum Left {
    /// It owes nothing of what this visit saw.
    Nothing,
    /// It is to be visited again after so long.
    Again(Duration),
}

impl Courier {
    /// Tries the rows' due entries, each way's in order and the ways side by side: an outage of one holds up no other. What was
    /// delivered is settled as it goes; what Pusher, FCM or SES refuses for good becomes a dead letter.
    pub(super) async fn attempt(&self, rows: &mut [Row], retry: &RetryQueue, deadline: Instant) {
        let [mut for_pushes, mut for_sockets] = [rows.to_vec(), rows.to_vec()];
        let [mut for_wakes, mut for_unread, mut for_emails] = [rows.to_vec(), rows.to_vec(), rows.to_vec()];
        let settle = |row: Row| self.settle_delivered(row);
        futures_util::join!(
            pusher::deliver(&self.pusher, rows, true, deadline, settle),
            fcm::deliver(self, &mut for_pushes, deadline),
            socket::deliver(self, &mut for_sockets, deadline),
            wake::deliver(self, &mut for_wakes, deadline),
            unread::deliver(self, &mut for_unread, deadline),
            email::deliver(self, &mut for_emails, deadline),
        );
        let tried = [
            (for_pushes, Way::Push),
            (for_sockets, Way::Socket),
            (for_wakes, Way::Wake),
            (for_unread, Way::Unread),
            (for_emails, Way::Email),
        ];
        for (of_way, way) in tried {
            for (row, tried) in rows.iter_mut().zip(of_way) {
                row.take_fates(tried, way);
            }
        }
        for row in rows.iter_mut() {
            for place in row.due.clone() {
                if row.committed.outbox.owed[place].delivery.way() == Way::None {
                    row.fates[place] = Fate::GivenUp("the outbox cannot be read".to_owned());
                }
            }
        }
        report(rows);
        join_all(rows.iter_mut().map(|row| self.bury(row, retry))).await;
    }

    /// Puts what was given up into the dead-letter queue. What the queue does not take is tried again.
    async fn bury(&self, row: &mut Row, retry: &RetryQueue) {
        for (owed, fate) in row.committed.outbox.owed.iter().zip(&mut row.fates) {
            let Fate::GivenUp(reason) = fate else { continue };
            *fate = match retry.give_up(&row.committed.key, owed, reason).await {
                Ok(()) => Fate::Moot,
                Err(error) => {
                    telemetry::cause(&error);
                    Fate::UNTRIED
                }
            };
        }
    }

    /// Notes in the row what is left of it, and that the message of this id will come back for it after so long. Returns
    /// whether something is owed that this visit has not seen, although the stream may have left it to this message.
    ///
    /// # Errors
    /// When the table does not take it.
    pub(super) async fn settle_rest(
        &self,
        row: &Row,
        message: Option<(&str, Duration)>,
        now: Millis,
    ) -> Result<bool, crate::table::TableError> {
        let changes = row.changes();
        if changes.is_empty() && message.is_none() {
            return Ok(false);
        }
        let queue = |rest: &crate::outbox::Outbox| -> Option<Queued> {
            message.map(|(id, delay)| plan::queued(id, delay, now)).or_else(|| rest.queue.clone())
        };
        let rest = settle(&self.table, &row.latest, &changes, queue).await?;
        let seen = |id: &str| row.committed.outbox.owed.iter().any(|owed| owed.id == id);
        Ok(rest.owed.iter().any(|owed| !seen(&owed.id)))
    }

    /// How a row is left after the attempts.
    pub(super) fn left(row: &Row, pause: Duration, now: Millis) -> Left {
        plan::again(&row.committed.outbox, &row.fates, pause, now).map_or(Left::Nothing, Left::Again)
    }
}

/// Counts and logs how each entry's attempt ended, by the request that caused it.
pub(super) fn report(rows: &[Row]) {
    let now = Millis::now();
    for row in rows {
        for (owed, fate) in row.committed.outbox.owed.iter().zip(&row.fates) {
            let outcome = match fate {
                Fate::Waiting => continue,
                Fate::Delivered => telemetry::Outcome::Delivered,
                Fate::Moot => telemetry::Outcome::Moot,
                Fate::Later(_) => telemetry::Outcome::Waiting,
                Fate::Postponed { .. } => telemetry::Outcome::Postponed,
                Fate::GivenUp(_) => telemetry::Outcome::GivenUp,
            };
            telemetry::delivery(owed.request_id.as_deref(), owed.delivery.kind(), outcome);
            if matches!(fate, Fate::Postponed { .. }) && !matches!(owed.delivery, Delivery::Unknown(_)) {
                telemetry::undelivered(now.since(owed.at));
            }
        }
    }
}
