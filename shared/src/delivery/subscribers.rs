//! Events on their way to the subscribers of channels that Carillon itself serves, where there is no Pusher: the frames of an entry, and the order
//! of a row's entries. `fan_out` has the attempt at one entry.

use std::collections::HashMap;

use futures_util::future::{BoxFuture, join_all};

use super::fan_out::{Attempt, ForChannel, MissedBy, Sent, SubscriberPoster};
use super::transport::by_row;
use super::{Due, Outcome, Transport, Visit};
use crate::clients::connections::Connections;
use crate::clients::pusher::frames::{ErrorCode, ServerFrame};
use crate::clients::pusher::{PusherError, PusherEvent, sealed};
use crate::contract::any_channel::AnyChannel;
use crate::contract::channel::is_encrypted;
use crate::contract::socket_id::SocketId;
use crate::gateway::{self, DividedRows, Poster};
use crate::outbox::{Delivery, FanOut, Rest, ShardFanOut, TransportName};
use crate::settings::MasterKey;
use crate::table::Table;
use crate::telemetry;

/// Posts to subscribers. Those that have ended are left to the next keep-alive.
#[derive(Debug)]
pub(crate) struct Subscribers {
    posts: SubscriberPoster,
    master_key: Option<MasterKey>,
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
    /// `divided` gets the rows among which an event for many is divided.
    pub(crate) fn of_writer(
        table: Table,
        connections: Connections,
        master_key: Option<MasterKey>,
        divided: DividedRows,
    ) -> Self {
        let posts = SubscriberPoster { table, poster: Poster { connections }, is_writers: true, divided };
        Self { posts, master_key }
    }

    pub(crate) fn of_consumer(table: Table, connections: Connections, master_key: Option<MasterKey>) -> Self {
        let (poster, divided) = (Poster { connections }, DividedRows::default());
        Self { posts: SubscriberPoster { table, poster, is_writers: false, divided }, master_key }
    }

    /// An entry that has not been sent to all holds up the entries for the same channels, and no others. Of one that only some connections
    /// could not take, these alone wait.
    async fn of_row(&self, row: &[Due<'_>], visit: &Visit) {
        let mut held_up: Vec<String> = Vec::new();
        let mut missed: MissedBy = HashMap::new();
        for due in row {
            let Some(sent) = self.ready(due, visit).await else { continue };
            if sent.frames.iter().any(|frame| held_up.contains(&frame.channel)) {
                continue;
            }
            let outcome = Attempt { posts: &self.posts, visit, due, sent: &sent, missed: &missed }.deliver().await;
            match &outcome {
                Outcome::Retry { rest: Some(Rest::Subscribers(FanOut { next: None, again, .. })), .. } => {
                    for (place, connection) in again {
                        let Some(frame) = sent.frames.get(*place) else { continue };
                        missed.entry(frame.channel.clone()).or_default().insert(connection.clone());
                    }
                }
                Outcome::Retry { .. } => held_up.extend(sent.frames.into_iter().map(|frame| frame.channel)),
                _ => {}
            }
            visit.report(due, outcome);
            visit.acknowledge(std::slice::from_ref(due)).await;
            if let Delivery::Member(change) = &due.entry.delivery
                && change.info.is_none()
                && !self.posts.is_writers
                && let Err(error) = gateway::forget_member(&self.posts.table, &change.channel, &change.user).await
            {
                // It expires.
                telemetry::cause(&error);
            }
        }
    }

    /// The frames of an entry; `None` where there is nothing to send now.
    async fn ready(&self, due: &Due<'_>, visit: &Visit) -> Option<Sent> {
        let Delivery::SubscriptionCount { channel } = &due.entry.delivery else {
            // Without the key of encrypted channels, which an operator sets.
            return self.sent(&due.entry.delivery).map_err(|error| telemetry::operator_error(error.log_text())).ok()?;
        };
        let table = &self.posts.table;
        match gateway::take_count(table, channel).await {
            Ok(0) => {
                // The channel has no subscriber any more.
                visit.report(due, Outcome::Skipped);
                visit.acknowledge(std::slice::from_ref(due)).await;
                if let Err(error) = gateway::forget_channel(table, channel).await {
                    telemetry::cause(&error);
                }
                None
            }
            Ok(count) => Some(Sent::of_count(channel, count)),
            Err(error) => {
                visit.report(due, Outcome::unsent(&error));
                None
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

impl Sent {
    /// A cache channel does not keep it.
    fn of_count(channel: &str, count: usize) -> Self {
        let text = ServerFrame::SubscriptionCount { channel, count }.text();
        let frames = vec![ForChannel { channel: channel.to_owned(), text, kept: None, shard: None }];
        Self { frames, except: None, closes: false }
    }
}
