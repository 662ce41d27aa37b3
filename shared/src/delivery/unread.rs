//! Direct messages that nobody has read half a minute after they were posted to a connection: a notification instead.
//!
//! A post that API Gateway takes says that a connection was open, and not that anybody looked: a laptop is asleep, a tab is
//! forgotten. What says so is the receiver's read mark. It moves when they mark the message or a later one as read, and when they
//! write in the conversation.
//!
//! Acknowledgements of Socket.IO would not say more, and existing clients send none. This entry and the notification for a
//! user without a connection have one idempotency key, so there is one notification.

use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};

use super::plan::Fate;
use super::{Courier, Row};
use crate::chats::{self, Conversation};
use crate::notifications;
use crate::outbox::{Delivery, Unread};
use crate::telemetry;

/// Messages that are looked at together.
const MAX_AT_ONCE: usize = 8;

/// Delivers the rows' due entries of this way and notes each one's fate in its row.
pub(super) async fn deliver(courier: &Courier, rows: &mut [Row], deadline: Instant) {
    let due = |(place, row): (usize, &Row)| {
        let owed = &row.committed.outbox.owed;
        let unread = |entry: &usize| match &owed[*entry].delivery {
            Delivery::Unread(unread) => Some((place, *entry, unread.as_ref().clone())),
            _ => None,
        };
        row.due.iter().filter_map(unread).collect::<Vec<_>>()
    };
    let due: Vec<_> = rows.iter().enumerate().flat_map(due).collect();
    let attempts: Vec<_> = due.iter().map(|(_, _, unread)| attempt(courier, unread, deadline)).collect();
    let fates: Vec<_> = stream::iter(attempts).buffered(MAX_AT_ONCE).collect().await;
    for ((row, entry, _), fate) in due.into_iter().zip(fates) {
        rows[row].fates[entry] = fate;
    }
}

async fn attempt(courier: &Courier, unread: &Unread, deadline: Instant) -> Fate {
    if Instant::now() >= deadline {
        return Fate::UNTRIED;
    }
    let receiver = &unread.notify.user;
    let conversation = Conversation::direct(&unread.sender, receiver);
    match chats::read_mark(&courier.table, &conversation, receiver).await {
        Ok(mark) if mark.0 >= unread.seq => return Fate::Moot,
        Ok(_) => {}
        Err(error) => {
            telemetry::cause(&error);
            return Fate::UNTRIED;
        }
    }
    let Some(settings) = &courier.settings else {
        return Fate::UNTRIED;
    };
    notifications::create_instead(&courier.table, settings, &unread.notify).await.into_fate()
}

/// How the creation of a notification in place of something else ended.
pub(super) trait IntoFate {
    fn into_fate(self) -> Fate;
}

impl IntoFate for Result<bool, crate::Problem> {
    fn into_fate(self) -> Fate {
        match self {
            Ok(true) => Fate::Delivered,
            // There is no such user any more.
            Ok(false) => Fate::Moot,
            // Its request came from here, so it is no client's fault.
            Err(problem) if problem.status().is_client_error() => Fate::GivenUp(problem.log_text().into_owned()),
            Err(problem) => {
                telemetry::cause(&problem);
                Fate::UNTRIED
            }
        }
    }
}
