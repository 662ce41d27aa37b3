//! Deliveries: after a response, the events of its request; in the function `delivery`, what other functions left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{App, StartError};
use crate::channel_server::ChannelServer;
use crate::clients::connections::Connections;
use crate::clients::pusher::PusherClient;
use crate::contract::time::Millis;
use crate::delivery::{
    Dispatcher, Notifications, Pusher, RetryQueue, Sockets, Subscribers, Transport, UnreadMessages, WebhookSender,
    Webhooks,
};
use crate::gateway::DividedRows;
use crate::hotels::Wakes;
use crate::http::{self, Response, ResponseExt as _};
use crate::outbox::{Committed, Done, INLINE_TIMEOUT, WriteContext};
use crate::settings::{MasterKey, Settings};
use crate::table::Table;

/// How long a response waits for the shards of a channel with many subscribers, where the order of events matters. The table's stream takes
/// a second, and the shards of ten thousand as long. Some of Pusher's server libraries give up after five seconds.
const ORDER_TIMEOUT: Duration = Duration::from_secs(4);

impl App {
    /// Delivers what writers left, with all transports. The next transport is one line here.
    #[must_use]
    pub fn dispatcher(&self) -> Dispatcher {
        let (table, settings) = (self.table.clone(), Arc::new(self.settings.clone()));
        let mut transports: Vec<Arc<dyn Transport>> = vec![
            Arc::new(UnreadMessages { table: table.clone(), settings: settings.clone() }),
            Arc::new(Notifications { table: table.clone(), settings: settings.clone() }),
        ];
        if let Some(channels) = &self.channels {
            transports.extend(self.to_channels(Pusher::of_consumer, Subscribers::of_consumer));
            transports.push(Arc::new(Webhooks { table: table.clone(), facts: self.settings.facts }));
            transports.push(Arc::new(Wakes {
                table: table.clone(),
                channels: channels.clone(),
                settings: settings.clone(),
            }));
        }
        transports.extend(self.sockets(Some(settings)));
        transports.extend(self.senders.iter().cloned());
        Dispatcher::new(table, transports)
    }

    /// The transport to the subscribers of channels: Pusher as this makes it, or our own sockets where this function posts to them.
    fn to_channels(
        &self,
        pusher: impl Fn(&PusherClient) -> Pusher,
        subscribers: impl Fn(Table, Connections, Option<MasterKey>) -> Subscribers,
    ) -> Option<Arc<dyn Transport>> {
        match self.channels.as_ref()? {
            ChannelServer::Pusher(client) => Some(Arc::new(pusher(client))),
            ChannelServer::Gateway(own) => {
                let connections = self.connections.clone()?;
                Some(Arc::new(subscribers(self.table.clone(), connections, own.master_key.clone())))
            }
        }
    }

    fn sockets(&self, notifier: Option<Arc<Settings>>) -> Option<Arc<dyn Transport>> {
        let connections = self.connections.clone()?;
        Some(Arc::new(Sockets { table: self.table.clone(), connections, notifier }))
    }

    /// The context of this request's writes. It says whether this process delivers after its response: it does not while Pusher
    /// fails to respond, so that an outage holds up no invocation.
    #[must_use]
    pub fn writer(&self, request_id: &str) -> WriteContext {
        WriteContext {
            request_id: request_id.to_owned(),
            delivers: match &self.channels {
                None => false,
                Some(ChannelServer::Pusher(pusher)) => !pusher.breaker().is_open(Millis::now()),
                Some(ChannelServer::Gateway(_)) => self.connections.is_some(),
            },
            posts: self.connections.is_some(),
            webhooks: self.settings.webhooks,
            counts: self.settings.subscription_counts,
            notifications_of: self.settings.notifications_of,
            facts: self.settings.facts,
            service: http::acting_service(),
        }
    }

    /// The response to a command. Its events are delivered after it.
    #[must_use]
    pub fn finish(&self, done: Done<Response>) -> Response {
        done.result.replayed(done.is_replay).then(self.deliver(done.pending))
    }

    /// As [`App::finish`], for callers whose next command must not overtake this one: the response waits for the delivery, for
    /// [`INLINE_TIMEOUT`] at most, and for the shards of a channel with many subscribers, for four seconds in all.
    pub async fn finish_in_order(&self, done: Done<Response>) -> Response {
        let (begun, divided) = (Instant::now(), DividedRows::default());
        let mut delivery = Box::pin(self.deliver_noting(done.pending, &divided));
        let response = done.result.replayed(done.is_replay);
        if tokio::time::timeout(INLINE_TIMEOUT, &mut delivery).await.is_err() {
            return response.then(delivery);
        }
        divided.sent(&self.table, begun + ORDER_TIMEOUT).await;
        response
    }

    /// Delivers what was just committed, to be done after the response.
    pub fn deliver(&self, rows: Vec<Committed>) -> impl Future<Output = ()> + Send + use<> {
        self.deliver_noting(rows, &DividedRows::default())
    }

    fn deliver_noting(&self, rows: Vec<Committed>, divided: &DividedRows) -> impl Future<Output = ()> + Send + use<> {
        let subscribers = |table, connections, key| Subscribers::of_writer(table, connections, key, divided.clone());
        let transports =
            self.to_channels(Pusher::of_writer, subscribers).into_iter().chain(self.sockets(None)).collect();
        Dispatcher::new(self.table.clone(), transports).inline(rows)
    }

    /// The sender of webhooks, in the one function that has it, and where the app wants any.
    #[must_use]
    pub fn webhook_sender(&self) -> Option<&WebhookSender> {
        self.webhooks.as_ref()
    }

    /// The retry queue, for the one function that has any use for it; the others need not even contain it.
    ///
    /// # Errors
    /// Names the variables that only the function `delivery` has.
    pub fn retry_queue(&self) -> Result<RetryQueue, StartError> {
        let queues = self.settings.queues.as_ref().ok_or_else(|| {
            StartError("set the environment variables RETRY_QUEUE_URL and DEAD_LETTER_QUEUE_URL".to_owned())
        })?;
        Ok(RetryQueue::new(&self.aws, queues.clone()))
    }
}
