//! Socket events on their way to connections: one's, a user's, a channel's, everybody's.
//!
//! A fan-out goes through the places of a namespace in pages, and notes in its row after each page how far it has got. So one
//! that is cut off goes on where it was; the connections of the page that was being sent get it twice. A connection that cannot
//! be reached is noted too and tried again later, and the others do not wait for it.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, StreamExt as _};

use super::transport::by_row;
use super::unread::of_notification;
use super::{Due, Outcome, Transport, Visit};
use crate::clients::connections::{Connections, ForOpening, Posted};
use crate::contract::sockets::Outgoing;
use crate::contract::time::Millis;
use crate::notifications;
use crate::outbox::{Audience, Delivery, Emit, PageStart, Progress, Rest, Say, Target, TransportName, WriteContext};
use crate::settings::Settings;
use crate::sockets::{self, PageQuery, framing};
use crate::table::{Table, TableError};
use crate::telemetry;

/// Posts at once, of one entry.
const MAX_POSTS: usize = 64;
/// Connections of a page.
const PAGE: u16 = 100;
/// A connection may be known before it is open: it is posted to as work after the response to its handshake. For this long
/// after it connected, 410 means that it is not open yet; after that, that it has ended.
const OPENING_SECONDS: i64 = 10;

/// Posts to connections.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub table: Table,
    pub connections: Connections,
    /// Of who stores a notification for a user without a connection. A writer has none, and leaves it to the consumer.
    pub notifier: Option<Arc<Settings>>,
}

impl Transport for Sockets {
    fn name(&self) -> TransportName {
        TransportName::Socket
    }

    /// Rows do not wait for each other.
    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            join_all(by_row(&entries).map(|row| self.of_row(row, visit))).await;
        })
    }
}

impl Sockets {
    /// An undelivered entry holds up the entries for the same connections, and no others.
    async fn of_row(&self, row: &[Due<'_>], visit: &Visit) {
        let mut held_up: Vec<&Audience> = Vec::new();
        for due in row {
            let Delivery::Socket(emit) = &due.entry.delivery else { continue };
            if held_up.contains(&&emit.to) {
                continue;
            }
            let outcome = Attempt { sockets: self, visit, due, emit }.deliver().await;
            if outcome.is_retry() {
                held_up.push(&emit.to);
            }
            visit.report(due, outcome);
        }
    }
}

struct Attempt<'a> {
    sockets: &'a Sockets,
    visit: &'a Visit,
    due: &'a Due<'a>,
    emit: &'a Emit,
}

impl Attempt<'_> {
    async fn deliver(&self) -> Outcome {
        let emit = self.emit;
        if emit.until.is_some_and(|until| until <= Millis::now()) {
            return Outcome::Skipped;
        }
        let ended = match &emit.to {
            Audience::Connection(target) if emit.say == Say::ContactsOnline => self.who_is_there(target).await,
            _ => self.go_on().await,
        };
        ended.unwrap_or_else(|error| Outcome::unsent(&error))
    }

    /// Tells a connection which of its user's contacts are there.
    async fn who_is_there(&self, target: &Target) -> Result<Outcome, TableError> {
        let now = Millis::now();
        if !target.address.may_hear(now) {
            return Ok(Outcome::Skipped);
        }
        let there = sockets::contacts_online(&self.sockets.table, target.namespace, &target.user, now).await?;
        for contact in &there {
            match self.post(&[sockets::is_there(target.namespace, contact, now)], target).await {
                Posted::Arrived => {}
                Posted::Later => return Ok(Outcome::UNCONFIRMED),
                // Its other events come upon the same, and see to it.
                Posted::Gone | Posted::Never | Posted::TooLarge(_) => return Ok(Outcome::Skipped),
            }
        }
        Ok(if there.is_empty() { Outcome::Skipped } else { Outcome::Delivered })
    }

    /// One page after the other, until all are done or time is up.
    async fn go_on(&self) -> Result<Outcome, TableError> {
        let emit = self.emit;
        let begun = emit.progress.clone();
        let mut progress = begun.clone().unwrap_or(Progress { again: Vec::new(), next: Some(PageStart::default()) });
        let mut reached = 0_usize;
        if !progress.again.is_empty() {
            let again = std::mem::take(&mut progress.again);
            let (arrived, later) = match self.post_to_all(again).await {
                Ok(posted) => posted,
                Err(refused) => return Ok(Outcome::Failed(refused)),
            };
            reached += arrived;
            progress.again = later;
        }
        while let Some(place) = progress.next.take() {
            if Instant::now() >= self.visit.deadline || progress.again.len() >= usize::from(PAGE) {
                progress.next = Some(place);
                break;
            }
            let (targets, next) = self.page(&place).await?;
            let seen = targets.len();
            let (arrived, later) = match self.post_to_all(targets).await {
                Ok(posted) => posted,
                Err(refused) => return Ok(Outcome::Failed(refused)),
            };
            reached += arrived;
            // Where nobody can be reached, the way itself is shut: the page is tried again as a whole.
            if later.len() == seen && seen > 1 {
                progress.next = Some(place);
                break;
            }
            progress.again.extend(later);
            progress.next = next;
            if progress.next.is_some() && seen > 0 {
                self.note(&progress).await?;
            }
        }
        if progress.next.is_none() && progress.again.is_empty() {
            if reached == 0 && begun.is_none() {
                return Ok(self.nobody().await);
            }
            return Ok(Outcome::Delivered);
        }
        let is_further = Some(&progress) != begun.as_ref() && reached > 0;
        if is_further {
            self.note(&progress).await?;
        }
        let rest = is_further.then_some(Rest::Connections(progress));
        Ok(Outcome::Retry { not_before: None, rest, tried: true })
    }

    /// The recipient has no open connection.
    async fn nobody(&self) -> Outcome {
        match (&self.emit.or_notify, &self.sockets.notifier) {
            (None, _) => Outcome::Skipped,
            (Some(_), None) => Outcome::UNSENT,
            (Some(notify), Some(settings)) => {
                of_notification(notifications::create_instead(&self.sockets.table, settings, notify).await)
            }
        }
    }

    /// The connections of a page, and where the next one starts.
    async fn page(&self, place: &PageStart) -> Result<(Vec<Target>, Option<PageStart>), TableError> {
        let (table, emit, now) = (&self.sockets.table, self.emit, Millis::now());
        let channel = match &emit.to {
            Audience::Connection(target) => return Ok((vec![target.clone()], None)),
            Audience::User(user) => {
                return Ok((sockets::of_user(table, emit.namespace, user, now).await?, None));
            }
            Audience::Contacts(user) => {
                return sockets::of_contacts(table, emit.namespace, user, place, now).await;
            }
            Audience::Channel(channel) => Some(channel.as_str()),
            Audience::Everybody => None,
        };
        let page = {
            let asked = PageQuery { namespace: emit.namespace, channel, from: place, limit: Some(PAGE) };
            sockets::page(table, asked, now).await?
        };
        Ok((page.targets, page.next))
    }

    /// Posts to all of these at once that may hear it; returns how many were reached and those that are to be tried again.
    ///
    /// # Errors
    /// Why no connection can take it.
    async fn post_to_all(&self, targets: Vec<Target>) -> Result<(usize, Vec<Target>), String> {
        // Those that were noted in the row earlier may have expired since.
        let now = Millis::now();
        let targets: Vec<_> = targets.into_iter().filter(|target| target.address.may_hear(now)).collect();
        let posts: Vec<_> = targets
            .iter()
            .map(|target| async move { self.post(&self.emit.said_to(&target.address), target).await })
            .collect();
        let posted: Vec<Posted> = stream::iter(posts).buffered(MAX_POSTS).collect().await;
        let (mut arrived, mut later, mut gone) = (0, Vec::new(), Vec::new());
        for (target, posted) in targets.into_iter().zip(posted) {
            match posted {
                Posted::Arrived => arrived += 1,
                Posted::Later => later.push(target),
                Posted::Gone => gone.push(target),
                Posted::Never => {}
                Posted::TooLarge(why) => return Err(why),
            }
        }
        let writer = WriteContext::without_delivery(self.due.entry.request_id.as_deref().unwrap_or_default());
        let forgotten = gone.iter().map(|target| async {
            let forgotten = sockets::forget(&self.sockets.table, &writer, target, Millis::now()).await;
            if let Err(error) = forgotten {
                // The heartbeat finds it, too.
                telemetry::cause(&error);
            }
        });
        join_all(forgotten).await;
        Ok((arrived, later))
    }

    async fn post(&self, said: &[Outgoing], target: &Target) -> Posted {
        let address = &target.address;
        for outgoing in said {
            let Some(text) = framing::write(address.framing, outgoing, &address.connection) else { continue };
            let left = self.visit.deadline.saturating_duration_since(Instant::now());
            let opens_by = address.since.plus_seconds(OPENING_SECONDS);
            let opening = ForOpening {
                stage: address.stage.into(),
                connection: &address.connection,
                text: &text,
                within: left.min(Millis::now().until(opens_by)),
            };
            let posted = self.sockets.connections.post_once_open(opening, || std::future::ready(true)).await;
            match Posted::from(posted) {
                Posted::Arrived => {}
                Posted::Gone if Millis::now() < opens_by => return Posted::Later,
                ended => return ended,
            }
        }
        Posted::Arrived
    }

    /// Notes in the row how far it has got.
    async fn note(&self, progress: &Progress) -> Result<(), TableError> {
        self.visit.keep(self.due, Rest::Connections(progress.clone())).await
    }
}
