//! The requests in clients' frames.

use std::time::Duration;

use super::connection::{self, sign_in};
use super::grant::{self, Refused};
use super::outcome::{Gateway, GatewayOutcome, Then};
use super::presence::ChannelMember;
use super::report;
use super::row::SubscriptionRow;
use super::subscription::{NotChanged, SubscribeOutcome, WantedSubscription, subscribe, unsubscribe};
use crate::clients::pusher::frames::{ClientEvent, ClientFrame, ErrorCode, ServerFrame, SignInFrame, SubscribeFrame};
use crate::contract::any_channel::AnyChannel;
use crate::contract::event::{MAX_EVENT_BYTES, MAX_EVENT_NAME};
use crate::contract::socket_id::SocketId;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::WriteContext;
use crate::table::rate_limit::{Limit, Wanted as Count, take};
use crate::table::{Key, Table, TableError, read};
use crate::telemetry;

/// How often a connection may send a frame: as many as it may have channels, twice, and ten more each second.
const FRAMES: Limit = Limit { burst: 500, interval: 100 };
/// How often a connection may send an event (Pusher Channels docs, "Client events": ten a second).
const CLIENT_EVENTS: Limit = Limit { burst: 10, interval: 100 };

/// A frame that was received.
struct Received<'a> {
    gateway: &'a Gateway,
    writer: &'a WriteContext,
    connection: &'a ConnectionId,
    /// When API Gateway received it.
    at: Millis,
}

/// Does what a frame asks for. `text` is `None` for binary data; `at` is when API Gateway received it.
///
/// # Errors
/// When DynamoDB fails or others keep changing the rows. The connection is to be ended then, so that its client connects again.
pub async fn handle(
    gateway: &Gateway,
    writer: &WriteContext,
    connection: &ConnectionId,
    text: Option<&str>,
    at: Millis,
) -> Result<GatewayOutcome, TableError> {
    let received = Received { gateway, writer, connection, at };
    let frame = text.map(ClientFrame::read);
    let (name, limit) = match &frame {
        Some(Ok(ClientFrame::Event(_))) => ("CLIENT_EVENTS", CLIENT_EVENTS),
        _ => ("FRAMES", FRAMES),
    };
    if let Err(wait) = received.count(name, limit).await? {
        return received.too_often(frame.and_then(Result::ok), wait).await;
    }
    match frame {
        Some(Ok(ClientFrame::Ping)) => Ok(GatewayOutcome::reply(&ServerFrame::Pong)),
        Some(Ok(ClientFrame::Nothing)) => Ok(GatewayOutcome::default()),
        Some(Ok(ClientFrame::Event(event))) => received.client_event(&event).await,
        Some(Ok(ClientFrame::Subscribe(asked))) => received.subscribe(&asked).await,
        Some(Ok(ClientFrame::Unsubscribe { channel })) => received.unsubscribe(&channel).await,
        Some(Ok(ClientFrame::SignIn(asked))) => received.sign_in(&asked).await,
        Some(Err(unreadable)) => Ok(GatewayOutcome::error(None, &unreadable.to_string())),
        None => Ok(GatewayOutcome::error(None, "Binary data cannot be sent here: the server takes text only")),
    }
}

impl Received<'_> {
    fn table(&self) -> &Table {
        self.gateway.table()
    }

    /// Counts a frame; `Err` with how long to wait.
    async fn count(&self, name: &str, limit: Limit) -> Result<Result<(), Duration>, TableError> {
        let (key, one) = (Key::socket_limit(self.connection, name), Count { requests: 1, remembered: None });
        Ok(take(self.table(), &key, limit, one, Millis::now()).await?.map(drop))
    }

    /// A frame beyond a limit. Clients repeat neither a subscription nor its end: their connection ends, and they connect again. A refused
    /// event counts as a frame, so that a client that goes on is ended, too.
    async fn too_often(&self, frame: Option<ClientFrame>, wait: Duration) -> Result<GatewayOutcome, TableError> {
        let mut milliseconds = wait.as_millis();
        if let Some(ClientFrame::Event(_)) = frame {
            match self.count("FRAMES", FRAMES).await? {
                Ok(()) => {
                    let told = format!("A connection may send ten events a second; wait {milliseconds} ms");
                    return Ok(GatewayOutcome::error(Some(ErrorCode::ClientEventRefused), &told));
                }
                Err(wait) => milliseconds = wait.as_millis(),
            }
        }
        let told = format!("A connection may send ten frames a second, and 500 at once; wait {milliseconds} ms");
        Ok(GatewayOutcome::error(Some(ErrorCode::Reconnect), &told).closing())
    }

    async fn subscribe(&self, asked: &SubscribeFrame) -> Result<GatewayOutcome, TableError> {
        let (name, socket) = (asked.channel.as_str(), SocketId::of(self.connection));
        let refused = |status, why: String| Ok(GatewayOutcome::refusal(name, status, &why));
        let channel = match AnyChannel::parse(name) {
            Ok(channel) => channel,
            Err(invalid) => return refused(400, invalid.to_string()),
        };
        if let Err(why) = grant::opens(self.gateway.signers(), &socket, &channel, asked) {
            return refused(401, why.to_string());
        }
        let member = match self.member(&channel, asked).await? {
            Ok(member) => member,
            Err(why) => return refused(401, why.to_string()),
        };
        let wanted =
            WantedSubscription { connection: self.connection, channel: &channel, member: member.as_ref(), at: self.at };
        let committed = match subscribe(self.table(), self.writer, wanted).await {
            Ok(SubscribeOutcome::Now(committed)) => committed,
            Ok(SubscribeOutcome::Already) => Vec::new(),
            Ok(SubscribeOutcome::Overtaken) => return Ok(GatewayOutcome::default()),
            Err(NotChanged::Table(error)) => return Err(error),
            Err(NotChanged::Ended) => return Ok(GatewayOutcome::default().closing()),
            Err(why) => return refused(403, why.to_string()),
        };
        Ok(GatewayOutcome::then(Then::Welcome(channel)).owing(committed))
    }

    /// As whom the connection subscribes to a presence channel: as the back end signed, or as the user who signed in. A channel of one
    /// user's events is that user's.
    async fn member(
        &self,
        channel: &AnyChannel,
        asked: &SubscribeFrame,
    ) -> Result<Result<Option<ChannelMember>, Refused>, TableError> {
        let is_own = channel.own_user();
        if let (true, Some(data)) = (channel.is_presence(), &asked.channel_data) {
            return Ok(ChannelMember::parse(data).ok_or(Refused::Member).map(Some));
        }
        if !channel.is_presence() && is_own.is_none() {
            return Ok(Ok(None));
        }
        let row = connection::find(self.table(), self.connection).await?;
        let signed_in = row.and_then(|row| Some((row.user?, row.user_info)));
        Ok(match (is_own, signed_in) {
            (Some(own), Some((user, _))) if user.as_str() == own => Ok(None),
            (Some(_), _) => Err(Refused::NotSignedIn),
            (None, Some((user, info))) => {
                Ok(Some(ChannelMember { id: user.to_string(), info: info.unwrap_or_else(|| "null".to_owned()) }))
            }
            (None, None) => Err(Refused::Member),
        })
    }

    async fn unsubscribe(&self, name: &str) -> Result<GatewayOutcome, TableError> {
        let Ok(channel) = AnyChannel::parse(name) else { return Ok(GatewayOutcome::default()) };
        match unsubscribe(self.table(), self.writer, (self.connection, &channel), self.at).await {
            Ok(committed) => Ok(GatewayOutcome::default().owing(committed)),
            Err(NotChanged::Table(error)) => Err(error),
            // It keeps asking for channels that it does not have.
            Err(why) => Ok(GatewayOutcome::error(Some(ErrorCode::Reconnect), &why.to_string()).closing()),
        }
    }

    async fn sign_in(&self, asked: &SignInFrame) -> Result<GatewayOutcome, TableError> {
        let refused = |why: &str| Ok(GatewayOutcome::error(Some(ErrorCode::Unauthorized), why));
        let (user, info) = match grant::signs_in(self.gateway.signers(), &SocketId::of(self.connection), asked) {
            Ok(user) => user,
            Err(why) => return refused(&why.to_string()),
        };
        if !sign_in(self.table(), self.connection, &user, &info).await? {
            return refused("Somebody else has signed in on this connection: connect again");
        }
        let (connection, channel, at) = (self.connection, &AnyChannel::of_user(&user), self.at);
        let wanted = WantedSubscription { connection, channel, member: None, at };
        match subscribe(self.table(), self.writer, wanted).await {
            Ok(_) => Ok(GatewayOutcome::reply(&ServerFrame::SignedIn { user_data: &asked.user_data })),
            Err(NotChanged::Table(error)) => Err(error),
            Err(NotChanged::Ended) => Ok(GatewayOutcome::default().closing()),
            Err(why) => refused(&why.to_string()),
        }
    }

    async fn client_event(&self, event: &ClientEvent) -> Result<GatewayOutcome, TableError> {
        let refused = |why: &str| Ok(GatewayOutcome::error(Some(ErrorCode::ClientEventRefused), why));
        let channel = AnyChannel::parse(&event.channel).ok().filter(AnyChannel::takes_client_events);
        let Some(channel) = channel else {
            return refused("Client events go to private and presence channels that are not encrypted");
        };
        if event.name.chars().count() > MAX_EVENT_NAME || event.data.len() > MAX_EVENT_BYTES {
            return refused("A client event may have a name of 200 characters and 10 KB of data");
        }
        let key = Key::subscription(self.connection, channel.as_str());
        let subscription = self.table().get(&key, true).await?.map(read::<SubscriptionRow>).transpose()?;
        let Some(subscription) = subscription.filter(|subscription| subscription.on) else {
            return refused("Subscribe to the channel before you send events to it");
        };
        let sender = (&SocketId::of(self.connection), subscription.member.as_deref());
        if let Err(error) = report::client_event(self.table(), self.writer, event, sender, self.at).await {
            // The others get the event all the same.
            telemetry::cause(&error);
        }
        let text = ServerFrame::ClientEvent { event, user: subscription.member.as_deref() }.text();
        Ok(GatewayOutcome::then(Then::Broadcast(event.channel.clone(), text)))
    }
}
