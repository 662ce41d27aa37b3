//! Direct messages that nobody has read half a minute after they were posted to a connection: a notification instead.
//!
//! A post that API Gateway takes says that a connection was open, and not that anybody looked: a laptop is asleep, a tab is
//! forgotten. The receiver's read mark says that they looked. It moves when they mark the message or a later one as
//! read, and when they write in the conversation.
//!
//! Acknowledgements of Socket.IO would not say more, and existing clients send none. This entry and the notification for a
//! user without a connection have one idempotency key, so there is one notification.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::{Due, Outcome, Transport, Visit};
use crate::api_error::ApiError;
use crate::chats::{self, Conversation, Reading, Seq};
use crate::notifications;
use crate::outbox::{Delivery, TransportName};
use crate::settings::Settings;
use crate::table::Table;

/// Messages that are looked at together.
const MAX_AT_ONCE: usize = 8;

/// Notifies receivers of direct messages that they have not read.
#[derive(Debug)]
pub(crate) struct UnreadMessages {
    pub table: Table,
    pub settings: Arc<Settings>,
}

impl Transport for UnreadMessages {
    fn name(&self) -> TransportName {
        TransportName::Unread
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let attempts: Vec<_> = entries.iter().map(|due| self.attempt(due, visit)).collect();
            stream::iter(attempts).buffer_unordered(MAX_AT_ONCE).collect().await
        })
    }
}

impl UnreadMessages {
    async fn attempt(&self, due: &Due<'_>, visit: &Visit) {
        let Delivery::Unread(unread) = &due.entry.delivery else { return };
        if Instant::now() >= visit.deadline {
            return;
        }
        let receiver = &unread.notify.user;
        let conversation = Conversation::direct(&unread.sender, receiver);
        let reading = Reading { reader: receiver, seq: Seq(unread.seq) };
        let outcome = match chats::has_read(&self.table, &conversation, reading).await {
            Ok(true) => Outcome::Skipped,
            Ok(false) => {
                of_notification(notifications::create_instead(&self.table, &self.settings, &unread.notify).await)
            }
            Err(error) => Outcome::unsent(&error),
        };
        visit.report(due, outcome);
    }
}

/// How the creation of a notification in place of something else ended.
pub(super) fn of_notification(created: Result<bool, ApiError>) -> Outcome {
    match created {
        Ok(true) => Outcome::Delivered,
        // The user is erased.
        Ok(false) => Outcome::Skipped,
        // This module made the request, so no client can correct it.
        Err(error) if error.status().is_client_error() => Outcome::Failed(error.log_text().into_owned()),
        Err(error) => Outcome::unsent(&error),
    }
}
