//! Socket events on their way to connections: one's, a user's, a channel's, everybody's.
//!
//! A fan-out goes through the places of a namespace in pages, and notes in its row after each page how far it has got. So one
//! that is cut off goes on where it was; the connections of the page that was in hand are told twice. A connection that cannot
//! be reached is noted too and tried again later, and the others do not wait for it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};

use super::plan::Fate;
use super::unread::IntoFate as _;
use super::{Courier, Row};
use crate::clients::connections::{Connections, PostError};
use crate::contract::sockets::Outgoing;
use crate::contract::time::Millis;
use crate::notifications;
use crate::outbox::{
    Audience, Changes, Committed, Delivery, Emit, Owed, Place, Progress, Say, Target, Way, Writer, settle,
};
use crate::sockets;
use crate::table::TableError;
use crate::telemetry;

/// Posts at once, of one entry.
const MAX_POSTS: usize = 64;
/// Connections of a page.
const PAGE: u16 = 100;
/// A connection may be known before it is open: it is posted to as work after the response to its handshake. For this long
/// after it connected, 410 means that it is not open yet; after that, that it has ended.
const OPENING_SECONDS: i64 = 10;
/// The first pause before a connection that is not open yet is posted to again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Delivers the rows' due socket events and notes each one's fate in its row. Rows do not wait for each other.
pub(super) async fn deliver(courier: &Courier, rows: &mut [Row], deadline: Instant) {
    let Some(connections) = &courier.connections else {
        // A function that does not post: the consumer does.
        return;
    };
    join_all(rows.iter_mut().map(|row| of_row(courier, connections, row, deadline))).await;
}

async fn of_row(courier: &Courier, connections: &Connections, row: &mut Row, deadline: Instant) {
    let is_mine = |place: &usize| row.committed.outbox.owed[*place].delivery.way() == Way::Socket;
    let due: Vec<usize> = row.due.iter().copied().filter(is_mine).collect();
    for place in &due {
        row.fates[*place] = Fate::UNTRIED;
    }
    // What was not delivered holds up what goes to the same connections, and nobody else.
    let mut held_up: Vec<Audience> = Vec::new();
    for place in due {
        let owed = row.committed.outbox.owed[place].clone();
        let Delivery::Socket(emit) = &owed.delivery else { continue };
        if held_up.contains(&emit.to) {
            continue;
        }
        let visit = Visit { courier, connections, owed: &owed, deadline };
        let fate = visit.deliver(emit, &mut row.latest).await;
        if matches!(fate, Fate::Postponed { .. }) {
            held_up.push(emit.to.clone());
        }
        row.fates[place] = fate;
    }
}

/// How a post ended.
enum Posted {
    Arrived,
    Gone,
    Later,
    /// Not to this connection, whenever it is tried.
    Never,
    /// To no connection.
    TooLarge(String),
}

struct Visit<'a> {
    courier: &'a Courier,
    connections: &'a Connections,
    owed: &'a Owed,
    deadline: Instant,
}

impl Visit<'_> {
    async fn deliver(&self, emit: &Emit, latest: &mut Committed) -> Fate {
        if emit.until.is_some_and(|until| until <= Millis::now()) {
            return Fate::Moot;
        }
        let ended = match &emit.to {
            Audience::Connection(target) if emit.say == Say::ContactsOnline => self.who_is_there(target).await,
            _ => self.go_on(emit, latest).await,
        };
        match ended {
            Ok(fate) => fate,
            Err(error) => {
                telemetry::cause(&error);
                Fate::UNTRIED
            }
        }
    }

    /// Tells a connection which of its user's contacts are there.
    async fn who_is_there(&self, target: &Target) -> Result<Fate, TableError> {
        let now = Millis::now();
        if !target.address.may_hear(now) {
            return Ok(Fate::Moot);
        }
        let there = sockets::contacts_online(&self.courier.table, target.namespace, &target.user, now).await?;
        for contact in &there {
            match self.post(&[sockets::is_there(target.namespace, contact, now)], target).await {
                Posted::Arrived => {}
                Posted::Later => return Ok(Fate::TRIED),
                // Its other events come upon the same, and see to it.
                Posted::Gone | Posted::Never | Posted::TooLarge(_) => return Ok(Fate::Moot),
            }
        }
        Ok(if there.is_empty() { Fate::Moot } else { Fate::Delivered })
    }

    /// One page after the other, until all are done or time is up.
    async fn go_on(&self, emit: &Emit, latest: &mut Committed) -> Result<Fate, TableError> {
        let begun = emit.progress.clone();
        let mut progress = begun.clone().unwrap_or(Progress { again: Vec::new(), next: Some(Place::default()) });
        let mut reached = 0_usize;
        if !progress.again.is_empty() {
            let again = std::mem::take(&mut progress.again);
            let (arrived, later) = match self.post_to_all(emit, again).await {
                Ok(posted) => posted,
                Err(refused) => return Ok(Fate::GivenUp(refused)),
            };
            reached += arrived;
            progress.again = later;
        }
        while let Some(place) = progress.next.take() {
            if Instant::now() >= self.deadline || progress.again.len() >= usize::from(PAGE) {
                progress.next = Some(place);
                break;
            }
            let (targets, next) = self.page(emit, &place).await?;
            let seen = targets.len();
            let (arrived, later) = match self.post_to_all(emit, targets).await {
                Ok(posted) => posted,
                Err(refused) => return Ok(Fate::GivenUp(refused)),
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
                self.note(emit, &progress, latest).await?;
            }
        }
        if progress.next.is_none() && progress.again.is_empty() {
            if reached == 0 && begun.is_none() {
                return Ok(self.nobody(emit).await);
            }
            return Ok(Fate::Delivered);
        }
        let is_further = Some(&progress) != begun.as_ref() && reached > 0;
        if is_further {
            self.note(emit, &progress, latest).await?;
        }
        let rest = is_further.then(|| Emit { progress: Some(progress), ..emit.clone() }.into());
        Ok(Fate::Postponed { not_before: None, rest, tried: true })
    }

    /// Nobody is there to be told.
    async fn nobody(&self, emit: &Emit) -> Fate {
        let Some(notify) = &emit.or_notify else {
            return Fate::Moot;
        };
        // A writer leaves it to the consumer.
        let Some(settings) = &self.courier.settings else {
            return Fate::UNTRIED;
        };
        notifications::create_instead(&self.courier.table, settings, notify).await.into_fate()
    }

    /// The connections of a page, and where the next one starts.
    async fn page(&self, emit: &Emit, place: &Place) -> Result<(Vec<Target>, Option<Place>), TableError> {
        let (table, now) = (&self.courier.table, Millis::now());
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
        let page = sockets::page(table, emit.namespace, channel, place, Some(PAGE), now).await?;
        Ok((page.targets, page.next))
    }

    /// Posts to all of these at once that may hear it; returns how many were reached and those that are to be tried again.
    ///
    /// # Errors
    /// Why nobody can be told this.
    async fn post_to_all(&self, emit: &Emit, targets: Vec<Target>) -> Result<(usize, Vec<Target>), String> {
        // Those that were noted in the row earlier may have expired since.
        let now = Millis::now();
        let targets: Vec<_> = targets.into_iter().filter(|target| target.address.may_hear(now)).collect();
        let posts: Vec<_> = targets
            .iter()
            .map(|target| async move { self.post(&emit.said_to(&target.address), target).await })
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
        let writer = Writer::without_delivery(self.owed.request_id.as_deref().unwrap_or_default());
        let forgotten = gone.iter().map(|target| async {
            let forgotten = sockets::forget(&self.courier.table, &writer, target, Millis::now()).await;
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
            let Some(text) = address.framing.write(outgoing, &address.connection) else { continue };
            let mut pause = FIRST_PAUSE;
            loop {
                match self.connections.post(address.stage, &address.connection, &text).await {
                    Ok(()) => break,
                    Err(PostError::Gone) if Millis::now() >= address.since.plus_seconds(OPENING_SECONDS) => {
                        return Posted::Gone;
                    }
                    Err(PostError::Gone) if Instant::now() + pause >= self.deadline => return Posted::Later,
                    Err(PostError::Gone) => {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_millis(320));
                    }
                    Err(error @ PostError::Unreachable(_)) => {
                        telemetry::cause(&error);
                        return Posted::Never;
                    }
                    Err(PostError::TooLarge(error)) => return Posted::TooLarge(error.to_string()),
                    Err(error @ PostError::Later(_)) => {
                        if error.is_operators() {
                            telemetry::operator_error(telemetry::chain(&error));
                        } else {
                            telemetry::cause(&error);
                        }
                        return Posted::Later;
                    }
                }
            }
        }
        Posted::Arrived
    }

    /// Notes in the row how far it has got.
    async fn note(&self, emit: &Emit, progress: &Progress, latest: &mut Committed) -> Result<(), TableError> {
        let delivery = Emit { progress: Some(progress.clone()), ..emit.clone() }.into();
        let owed = Owed { delivery, ..self.owed.clone() };
        let changes = Changes::from([(self.owed.id.clone(), Some(owed))]);
        let outbox = settle(&self.courier.table, latest, &changes, |rest| rest.queue.clone()).await?;
        *latest = Committed::new(latest.key.clone(), outbox);
        Ok(())
    }
}
