//! The attempt at one entry: its frames on their way to the subscribers of its channels.
//!
//! A fan-out goes through the subscribers of a channel in pages, and notes in its entry after each 200 of them how far it has got. So one
//! that is cut off goes on where it was; the connections since the last note get it twice. A connection that cannot be reached
//! is noted too and tried again later. The events that follow in the same row wait for it, as far as they go to this connection.
//!
//! Where a channel has many subscribers, the event is divided among its shards instead ([`gateway::divide`]).

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow::{self, Break, Continue};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{Due, Outcome, Visit};
use crate::clients::connections::Posted;
use crate::clients::pusher::PusherEvent;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::gateway::{self, ChannelPage, Divided, DividedRows, Poster};
use crate::outbox::{Delivery, FanOut, PageStart, Rest, ShardFanOut};
use crate::table::{Table, TableError};
use crate::telemetry;

/// Connections of a page. If a shard has so many, the event is divided among the shards ([`gateway::divide`]).
const PAGE: u16 = 500;
/// Connections of a part of a page: the fan-out notes after each how far it has got.
const PART: u16 = 200;
/// So many connections that cannot be reached are noted in an entry. A channel of more is tried again as a whole.
const MAX_AGAIN: usize = 1000;
/// If others took an event, a connection that does not is ended this many seconds after it.
const END_AFTER_SECONDS: i64 = 30;
/// A writer begins no page so shortly before its time is up: one that is cut off is sent again.
const RESERVE: Duration = Duration::from_millis(600);

/// The way to connections.
#[derive(Debug)]
pub(super) struct SubscriberPoster {
    pub(super) table: Table,
    pub(super) poster: Poster,
    /// Whether it sends what its own process has just written.
    pub(super) is_writers: bool,
    /// The rows among which it divides events.
    pub(super) divided: DividedRows,
}

/// A frame for the subscribers of a channel.
pub(super) struct ForChannel {
    pub(super) channel: String,
    pub(super) text: String,
    /// The event that a cache channel keeps.
    pub(super) kept: Option<PusherEvent>,
    /// The one shard that it is for; `None` for the whole channel.
    pub(super) shard: Option<u8>,
}

/// The frames of an entry.
pub(super) struct Sent {
    pub(super) frames: Vec<ForChannel>,
    /// This connection does not get it.
    pub(super) except: Option<ConnectionId>,
    /// Each connection ends once it has got it.
    pub(super) closes: bool,
}

/// Connections that have not got an earlier event, by channel.
pub(super) type MissedBy = HashMap<String, HashSet<ConnectionId>>;

/// The subscribers at a place of a channel.
enum Found {
    Page(ChannelPage),
    /// There are [`PAGE`] or more.
    Many,
}

/// Connections of an attempt.
#[derive(Default)]
struct Tally {
    reached: usize,
    /// Those that got it since the entry last said how far it is.
    unnoted: usize,
}

/// An attempt at an entry.
pub(super) struct Attempt<'a> {
    pub(super) posts: &'a SubscriberPoster,
    pub(super) visit: &'a Visit,
    pub(super) due: &'a Due<'a>,
    pub(super) sent: &'a Sent,
    pub(super) missed: &'a MissedBy,
}

impl Attempt<'_> {
    pub(super) async fn deliver(&self) -> Outcome {
        let mut so_far = self.due.entry.fan_out.clone().unwrap_or_else(|| FanOut::from(self.start()));
        let has_sent_all = so_far.next.is_none();
        let (refused_again, reached) = match self.try_again(&mut so_far).await {
            Ok(tried) => tried,
            Err(why) => return Outcome::Failed(why),
        };
        let reached = match self.send_pages(&mut so_far, reached).await {
            Ok(reached) => reached,
            Err(why) => return Outcome::Failed(why),
        };
        // While pages are left, the way itself may be shut.
        let is_theirs = reached > 0 || has_sent_all;
        if is_theirs && so_far.is_refused_for(END_AFTER_SECONDS, Millis::now()) {
            self.end(&mut so_far, refused_again).await;
        }
        if so_far.next.is_none() && so_far.again.is_empty() {
            return Outcome::Delivered;
        }
        let tried = so_far.reached || self.due.entry.tried;
        let rest = Rest::Subscribers(so_far);
        if self.posts.is_writers
            && let Err(error) = self.visit.hand_over(self.due, rest.clone()).await
        {
            telemetry::cause(&error);
        }
        Outcome::Retry { not_before: None, rest: Some(rest), tried }
    }

    /// Where it begins.
    fn start(&self) -> PageStart {
        let shard = self.sent.frames.first().and_then(|frame| frame.shard);
        PageStart { shard: shard.unwrap_or_default(), after: None }
    }

    /// The channel after the one at this place.
    fn after(&self, place: usize) -> Option<(usize, PageStart)> {
        (place + 1 < self.sent.frames.len()).then(|| (place + 1, PageStart::default()))
    }

    /// Whether another page may begin.
    fn has_time(&self) -> bool {
        let reserve = if self.posts.is_writers { RESERVE } else { Duration::ZERO };
        Instant::now() + reserve < self.visit.deadline
    }

    /// Tries those that could not be reached before. Returns how many still cannot be, which are the first in the list, and how many it has
    /// reached.
    ///
    /// # Errors
    /// Why no connection can take it.
    async fn try_again(&self, so_far: &mut FanOut) -> Result<(usize, usize), String> {
        let again = std::mem::take(&mut so_far.again);
        let mut reached = 0;
        for (place, frame) in self.sent.frames.iter().enumerate() {
            let of_frame = again.iter().filter(|(of, _)| *of == place).map(|(_, connection)| connection.clone());
            let (arrived, unreached) = self.post_to_all(frame, of_frame.collect()).await?;
            reached += arrived;
            so_far.again.extend(unreached.into_iter().map(|connection| (place, connection)));
        }
        so_far.note_refusals(reached, Millis::now());
        Ok((so_far.again.len(), reached))
    }

    /// One page after the other, until all are sent or time is up. Returns how many it has reached, `reached` before it among them.
    ///
    /// # Errors
    /// Why no connection can take it.
    async fn send_pages(&self, so_far: &mut FanOut, reached: usize) -> Result<usize, String> {
        let mut tally = Tally { reached, unnoted: 0 };
        while let Some((place, from)) = so_far.next.clone() {
            let Some(frame) = self.sent.frames.get(place) else {
                so_far.next = None;
                break;
            };
            if !self.may_go_on(so_far) {
                break;
            }
            let page = match self.connections_at(frame, &from).await {
                Ok(Found::Page(page)) => page,
                Ok(Found::Many) if !self.divides() => break,
                Ok(Found::Many) => match self.divide(place, frame, from.shard).await {
                    Ok(()) => {
                        so_far.next = self.after(place);
                        continue;
                    }
                    Err(error) => {
                        telemetry::cause(&error);
                        break;
                    }
                },
                Err(error) => {
                    telemetry::cause(&error);
                    break;
                }
            };
            for part in page.parts(&from, PART) {
                if self.send_part(so_far, (place, frame), part, &mut tally).await?.is_break() {
                    return Ok(tally.reached);
                }
            }
        }
        Ok(tally.reached)
    }

    /// Whether another part may begin.
    fn may_go_on(&self, so_far: &FanOut) -> bool {
        self.has_time() && so_far.again.len() < MAX_AGAIN
    }

    /// Posts to a part, and notes how far it is. Breaks where the fan-out must stop.
    ///
    /// # Errors
    /// Why no connection can take it.
    async fn send_part(
        &self,
        so_far: &mut FanOut,
        (place, frame): (usize, &ForChannel),
        part: ChannelPage,
        tally: &mut Tally,
    ) -> Result<ControlFlow<()>, String> {
        if !self.may_go_on(so_far) {
            return Ok(Break(()));
        }
        let seen = part.connections.len();
        let (arrived, unreached) = self.post_to_all(frame, part.connections).await?;
        tally.reached += arrived;
        let is_old = so_far.reached && so_far.is_refused_for(END_AFTER_SECONDS, Millis::now());
        // Where nobody at all can be reached, the way itself is shut: the part is tried again as a whole.
        if tally.reached == 0 && unreached.len() == seen && seen > 1 && !is_old {
            so_far.refused_since.get_or_insert_with(Millis::now);
            return Ok(Break(()));
        }
        so_far.again.extend(unreached.into_iter().map(|connection| (place, connection)));
        so_far.note_refusals(arrived, Millis::now());
        so_far.next = match part.next.filter(|next| frame.shard.is_none_or(|shard| next.shard == shard)) {
            Some(from) => Some((place, from)),
            None => self.after(place),
        };
        // So few that they may as well get it twice are not worth a write.
        tally.unnoted += seen;
        if so_far.next.is_some() && tally.unnoted >= usize::from(PART) {
            if let Err(error) = self.visit.keep(self.due, Rest::Subscribers(so_far.clone())).await {
                telemetry::cause(&error);
                return Ok(Break(()));
            }
            tally.unnoted = 0;
        }
        Ok(Continue(()))
    }

    /// Ends the first of those that could not be reached: it is these connections that take nothing. Their clients connect again.
    async fn end(&self, so_far: &mut FanOut, count: usize) {
        let stubborn: Vec<_> = so_far.again.drain(..count).collect();
        let poster = &self.posts.poster;
        let ended = join_all(stubborn.iter().map(|(_, connection)| poster.close(connection))).await;
        so_far.again.extend(stubborn.into_iter().zip(ended).filter(|(_, has_ended)| !has_ended).map(|(left, _)| left));
    }

    /// The connections of a page; a cache channel keeps the event first.
    async fn connections_at(&self, frame: &ForChannel, from: &PageStart) -> Result<Found, TableError> {
        let (table, now) = (&self.posts.table, Millis::now());
        if *from == PageStart::default()
            && let Some(event) = &frame.kept
        {
            gateway::keep_in_cache(table, event, self.due.entry.at, now).await?;
        }
        let page = gateway::page(table, &frame.channel, from, PAGE, now).await?;
        let is_whole_shard = frame.shard.is_none() && from.after.is_none();
        if is_whole_shard && page.next.as_ref().is_some_and(|next| next.shard == from.shard) {
            return Ok(Found::Many);
        }
        Ok(Found::Page(page))
    }

    /// Whether it divides an event for many. The functions that write the events of products leave that to the consumer: they may not write
    /// these rows.
    fn divides(&self) -> bool {
        !self.posts.is_writers || matches!(self.due.entry.delivery, Delivery::AppEvent(_))
    }

    /// Divides the rest of a channel, from this shard on, among rows.
    async fn divide(&self, place: usize, frame: &ForChannel, shard: u8) -> Result<(), TableError> {
        let (posts, entry) = (self.posts, self.due.entry);
        let (channel, text) = (frame.channel.clone(), frame.text.clone());
        let first = ShardFanOut { channel, shard, text, except: self.sent.except.clone(), closes: self.sent.closes };
        let request_id = entry.request_id.as_deref().unwrap_or_default();
        let of = Divided { id: &format!("{}.{place}", entry.id), request_id };
        gateway::divide(&posts.table, of, &first, &posts.divided).await
    }

    /// Posts a frame to all of these; returns how many were reached and those that are to be tried again.
    ///
    /// # Errors
    /// Why no connection can take it.
    async fn post_to_all(
        &self,
        frame: &ForChannel,
        connections: Vec<ConnectionId>,
    ) -> Result<(usize, Vec<ConnectionId>), String> {
        let (poster, except) = (&self.posts.poster, self.sent.except.as_ref());
        let connections = connections.into_iter().filter(|connection| Some(connection) != except);
        let is_waiting = |connection: &ConnectionId| {
            self.missed.get(&frame.channel).is_some_and(|missed| missed.contains(connection))
        };
        let (mut later, connections): (Vec<_>, Vec<_>) = connections.partition(is_waiting);
        let mut arrived = Vec::new();
        for (connection, posted) in poster.post_to_all(connections, &frame.text).await {
            match posted {
                Posted::Arrived => arrived.push(connection),
                Posted::Later => later.push(connection),
                Posted::Gone | Posted::Never => {}
                Posted::TooLarge(why) => return Err(why),
            }
        }
        let reached = arrived.len();
        if self.sent.closes {
            let closed = join_all(arrived.iter().map(|connection| poster.close(connection))).await;
            let open = arrived.into_iter().zip(closed).filter(|(_, is_closed)| !is_closed);
            later.extend(open.map(|(connection, _)| connection));
        }
        Ok((reached, later))
    }
}
