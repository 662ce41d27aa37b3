//! Events on their way to the subscribers of channels that Carillon itself serves, where there is no Pusher.
//!
//! A fan-out goes through the subscribers of a channel in pages, and notes in its entry after each 200 of them how far it has got. So one
//! that is cut off goes on where it was; the connections since the last note get it twice. A connection that cannot be reached
//! is noted too and tried again later: it gets the events that follow after the one that it missed. All others wait for nothing.
//!
//! Where a channel has many subscribers, the event is queued for each of its shards instead ([`gateway::queue`]).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};

use super::transport::by_row;
use super::{Due, Outcome, Transport, Visit};
use crate::clients::connections::{Connections, Posted};
use crate::clients::pusher::frames::{ErrorCode, ServerFrame};
use crate::clients::pusher::{PusherError, PusherEvent, sealed};
use crate::contract::any_channel::AnyChannel;
use crate::contract::channel::is_encrypted;
use crate::contract::socket_id::SocketId;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::gateway::{self, Poster};
use crate::outbox::{Delivery, FanOut, PageStart, Rest, ShardFanOut, TransportName};
use crate::settings::MasterKey;
use crate::table::{Table, TableError};
use crate::telemetry;

/// Connections of a page.
const PAGE: u16 = 200;
/// A shard of more subscribers than this gets the event by its queue. Four shards of so many are what a writer can reach itself.
const MANY: u16 = 500;
/// So many connections that cannot be reached are noted in an entry. A channel of more is tried again as a whole.
const MAX_AGAIN: usize = 1000;
/// If others took an event, a connection that does not is ended this many seconds after it.
const END_AFTER_SECONDS: i64 = 30;
/// A writer begins no page so shortly before its time is up: one that is cut off is sent again.
const RESERVE: Duration = Duration::from_millis(600);

/// Posts to subscribers. Those that have ended are left to the next keep-alive.
#[derive(Debug)]
pub(crate) struct Subscribers {
    table: Table,
    poster: Poster,
    master_key: Option<MasterKey>,
    is_writers: bool,
}

/// A frame for the subscribers of a channel.
struct ForChannel {
    channel: String,
    text: String,
    /// The event that a cache channel keeps.
    kept: Option<PusherEvent>,
    /// The one shard that it is for; `None` for the whole channel.
    shard: Option<u8>,
}

/// The frames of an entry.
struct Sent {
    frames: Vec<ForChannel>,
    /// This connection does not get it.
    except: Option<ConnectionId>,
    /// Each connection ends once it has got it.
    closes: bool,
}

impl Transport for Subscribers {
    fn name(&self) -> TransportName {
        TransportName::Pusher
    }

    /// Rows do not wait for each other.
    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            join_all(by_row(&entries).map(|row| self.of_row(row, visit))).await;
        })
    }
}

impl Subscribers {
    pub(crate) fn of_writer(table: Table, connections: Connections, master_key: Option<MasterKey>) -> Self {
        Self { table, poster: Poster { connections }, master_key, is_writers: true }
    }

    pub(crate) fn of_consumer(table: Table, connections: Connections, master_key: Option<MasterKey>) -> Self {
        Self { is_writers: false, ..Self::of_writer(table, connections, master_key) }
    }

    /// An entry that has not been sent to all holds up the entries for the same channels, and no others. Of one that only some connections
    /// could not take, these alone wait.
    async fn of_row(&self, row: &[Due<'_>], visit: &Visit) {
        let mut held_up: Vec<String> = Vec::new();
        let mut waiting: Waiting = HashMap::new();
        for due in row {
            let sent = match self.sent(&due.entry.delivery) {
                Ok(Some(sent)) => sent,
                Ok(None) => continue,
                Err(error) => {
                    // Without the key of encrypted channels, which an operator sets.
                    telemetry::operator_error(error.log_text());
                    continue;
                }
            };
            if sent.frames.iter().any(|frame| held_up.contains(&frame.channel)) {
                continue;
            }
            let outcome = Attempt { subscribers: self, visit, due, sent: &sent, waiting: &waiting }.deliver().await;
            match &outcome {
                Outcome::Retry { rest: Some(Rest::Subscribers(FanOut { next: None, again })), .. } => {
                    for (place, connection) in again {
                        let Some(frame) = sent.frames.get(*place) else { continue };
                        waiting.entry(frame.channel.clone()).or_default().push(connection.clone());
                    }
                }
                Outcome::Retry { .. } => held_up.extend(sent.frames.into_iter().map(|frame| frame.channel)),
                _ => {}
            }
            visit.report(due, outcome);
            visit.acknowledge(std::slice::from_ref(due)).await;
            if let Delivery::Member(change) = &due.entry.delivery
                && change.info.is_none()
                && !self.is_writers
                && let Err(error) = gateway::forget_member(&self.table, &change.channel, &change.user).await
            {
                // It expires.
                telemetry::cause(&error);
            }
        }
    }

    /// The frames of an entry; `None` for one of another transport.
    fn sent(&self, delivery: &Delivery) -> Result<Option<Sent>, PusherError> {
        let frame = |event: &PusherEvent| {
            let PusherEvent { channel, name, data } = event;
            let is_kept = AnyChannel::parse(channel).is_ok_and(|channel| channel.is_cache());
            let kept = is_kept.then(|| event.clone());
            let text = ServerFrame::Event { channel, name, data }.text();
            ForChannel { channel: channel.clone(), text, kept, shard: None }
        };
        let to_all = |frames| Sent { frames, except: None, closes: false };
        Ok(Some(match delivery {
            Delivery::Pusher(event) if is_encrypted(&event.channel) => {
                to_all(vec![frame(&sealed(event, self.master_key.as_ref())?)])
            }
            Delivery::Pusher(event) => to_all(vec![frame(event)]),
            Delivery::AppEvent(event) => {
                let of = |channel: &String| {
                    frame(&PusherEvent { channel: channel.clone(), name: event.name.clone(), data: event.data.clone() })
                };
                let socket = event.socket_id.as_deref().and_then(|id| SocketId::parse(id).ok());
                let except = socket.and_then(|socket| socket.connection());
                Sent { except, ..to_all(event.channels.iter().map(of).collect()) }
            }
            Delivery::Member(change) => {
                let (channel, user) = (change.channel.as_str(), change.user.as_str());
                let text = match change.info.as_deref() {
                    Some(info) => ServerFrame::MemberAdded { channel, user, info }.text(),
                    None => ServerFrame::MemberRemoved { channel, user }.text(),
                };
                let frames = vec![ForChannel { channel: channel.to_owned(), text, kept: None, shard: None }];
                Sent { except: change.except.clone(), ..to_all(frames) }
            }
            Delivery::Terminate { user } => {
                let message = "Your connection was ended by the app";
                let text = ServerFrame::Error { code: Some(ErrorCode::Unauthorized), message }.text();
                let channel = AnyChannel::of_user(user).as_str().to_owned();
                Sent { closes: true, ..to_all(vec![ForChannel { channel, text, kept: None, shard: None }]) }
            }
            Delivery::ShardFanOut(part) => {
                let ShardFanOut { channel, shard, text, except, closes } = part.as_ref();
                let (channel, text) = (channel.clone(), text.clone());
                let frames = vec![ForChannel { channel, text, kept: None, shard: Some(*shard) }];
                Sent { frames, except: except.clone(), closes: *closes }
            }
            _ => return Ok(None),
        }))
    }
}

/// Connections that have not got an earlier event, by channel.
type Waiting = HashMap<String, Vec<ConnectionId>>;

struct Attempt<'a> {
    subscribers: &'a Subscribers,
    visit: &'a Visit,
    due: &'a Due<'a>,
    sent: &'a Sent,
    waiting: &'a Waiting,
}

impl Attempt<'_> {
    async fn deliver(&self) -> Outcome {
        self.go_on().await.unwrap_or_else(|error| Outcome::unsent(&error))
    }

    /// Whether another page may begin.
    fn has_time(&self) -> bool {
        let reserve = if self.subscribers.is_writers { RESERVE } else { Duration::ZERO };
        Instant::now() + reserve < self.visit.deadline
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

    /// Queues a frame for this shard of its channel and those after it; returns whether it is queued. A writer leaves that to the consumer,
    /// except for the events of back ends, which a function of its own writes: those that a caller sends one after the other stay in order.
    async fn queue(&self, frame: &ForChannel, shard: u8) -> bool {
        let entry = self.due.entry;
        if self.subscribers.is_writers && !matches!(entry.delivery, Delivery::AppEvent(_)) {
            return false;
        }
        let (channel, text) = (frame.channel.clone(), frame.text.clone());
        let first = ShardFanOut { channel, shard, text, except: self.sent.except.clone(), closes: self.sent.closes };
        let queued =
            gateway::queue(&self.subscribers.table, entry.request_id.as_deref().unwrap_or_default(), &first).await;
        queued.inspect_err(|error| telemetry::cause(error)).is_ok()
    }

    /// One page after the other, until all are done or time is up.
    async fn go_on(&self) -> Result<Outcome, TableError> {
        let begun = self.due.entry.fan_out.clone().unwrap_or_else(|| FanOut::from(self.start()));
        let FanOut { mut next, again } = begun.clone();
        let (mut later, mut reached, mut unnoted) = (Vec::new(), 0_usize, 0_usize);
        for (place, frame) in self.sent.frames.iter().enumerate() {
            let of_frame = again.iter().filter(|(of, _)| *of == place).map(|(_, connection)| connection.clone());
            match self.post_to_all(frame, of_frame.collect()).await {
                Ok((arrived, unreached)) => {
                    reached += arrived;
                    later.extend(unreached.into_iter().map(|connection| (place, connection)));
                }
                Err(refused) => return Ok(Outcome::Failed(refused)),
            }
        }
        let refused_again = later.len();
        while let Some((place, from)) = next.take() {
            let Some(frame) = self.sent.frames.get(place) else { break };
            if !self.has_time() || later.len() >= MAX_AGAIN {
                next = Some((place, from));
                break;
            }
            if from == PageStart::default()
                && let Some(event) = &frame.kept
            {
                gateway::keep_in_cache(&self.subscribers.table, event, self.due.entry.at, Millis::now()).await?;
            }
            let counts = frame.shard.is_none() && from.after.is_none();
            let most = if counts { MANY } else { PAGE };
            let mut page = gateway::page(&self.subscribers.table, &frame.channel, &from, most, Millis::now()).await?;
            if counts && page.next.as_ref().is_some_and(|next| next.shard == from.shard) {
                if !self.queue(frame, from.shard).await {
                    next = Some((place, from));
                    break;
                }
                next = self.after(place);
                continue;
            }
            page.cut(PAGE, &from);
            let seen = page.connections.len();
            let (arrived, unreached) = match self.post_to_all(frame, page.connections).await {
                Ok(posted) => posted,
                Err(refused) => return Ok(Outcome::Failed(refused)),
            };
            reached += arrived;
            // Where nobody at all can be reached, the way itself is shut: the page is tried again as a whole.
            if reached == 0 && unreached.len() == seen && seen > 1 {
                next = Some((place, from));
                break;
            }
            later.extend(unreached.into_iter().map(|connection| (place, connection)));
            next = match page.next.filter(|next| frame.shard.is_none_or(|shard| next.shard == shard)) {
                Some(from) => Some((place, from)),
                None => self.after(place),
            };
            // So few that they may as well get it twice are not worth a write.
            unnoted += seen;
            if next.is_some() && unnoted >= usize::from(PAGE) {
                self.visit
                    .keep(self.due, Rest::Subscribers(FanOut { next: next.clone(), again: later.clone() }))
                    .await?;
                unnoted = 0;
            }
        }
        // An entry whose pages were all sent before has reached others, too.
        let reaches_others = reached > 0 || begun.next.is_none();
        if reaches_others && Millis::now() >= self.due.entry.at.plus_seconds(END_AFTER_SECONDS) {
            // It is these connections that take nothing. Their clients connect again.
            let stubborn: Vec<_> = later.drain(..refused_again).collect();
            join_all(stubborn.iter().map(|(_, connection)| self.subscribers.poster.close(connection))).await;
        }
        let fan_out = FanOut { next, again: later };
        if fan_out.next.is_none() && fan_out.again.is_empty() {
            return Ok(Outcome::Delivered);
        }
        let tried = reached > 0 || self.due.entry.tried;
        let rest = Rest::Subscribers(fan_out);
        if self.subscribers.is_writers {
            self.visit.hand_over(self.due, rest.clone()).await?;
        }
        Ok(Outcome::Retry { not_before: None, rest: Some(rest), tried })
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
        let (poster, except) = (&self.subscribers.poster, self.sent.except.as_ref());
        let connections = connections.into_iter().filter(|connection| Some(connection) != except);
        let is_waiting = |connection: &ConnectionId| {
            self.waiting.get(&frame.channel).is_some_and(|waiting| waiting.contains(connection))
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
