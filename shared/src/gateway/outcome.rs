//! The server of clients of Pusher, and its work after a frame: replies, the roster of a presence channel, events for others.

use std::time::{Duration, Instant};

use super::cache;
use super::connection::{self, ACTIVITY_SECONDS};
use super::post::{Poster, broadcast};
use super::presence::{self, MAX_MEMBERS};
use super::report;
use super::subscription::{Ended, remove};
use crate::clients::connections::{Connections, Posted};
use crate::clients::pusher::Signer;
use crate::clients::pusher::frames::{ErrorCode, Roster, ServerFrame};
use crate::contract::any_channel::AnyChannel;
use crate::contract::socket_id::SocketId;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::{Committed, WriteContext};
use crate::table::{Table, TableError};
use crate::telemetry;

/// How long the subscribers of a channel are sent a client's event. It is of no use later.
const BROADCAST_TIMEOUT: Duration = Duration::from_secs(4);
/// How often a roster is read again, while members keep coming and going.
const MAX_COMPARISONS: usize = 3;

/// The server of clients of Pusher.
#[derive(Debug, Clone)]
pub struct Gateway {
    table: Table,
    poster: Poster,
    /// That of the app's key and, during a rotation, that of the previous one.
    signers: Vec<Signer>,
}

/// The outcome of a frame.
#[derive(Debug, Default)]
pub struct GatewayOutcome {
    /// For the connection itself, in order.
    replies: Vec<String>,
    /// Rows whose outbox entries this process delivers.
    pub committed: Vec<Committed>,
    /// The work after the replies.
    then: Then,
}

#[derive(Debug, Default)]
pub(super) enum Then {
    #[default]
    Nothing,
    /// The connection ends.
    Close,
    /// The connection is told that it is subscribed.
    Welcome(AnyChannel),
    /// The other subscribers of the channel get this frame.
    Broadcast(String, String),
}

impl GatewayOutcome {
    pub(super) fn then(then: Then) -> Self {
        Self { then, ..Self::default() }
    }

    pub(super) fn reply(frame: &ServerFrame<'_>) -> Self {
        Self { replies: vec![frame.text()], ..Self::default() }
    }

    pub(super) fn error(code: Option<ErrorCode>, message: &str) -> Self {
        Self::reply(&ServerFrame::Error { code, message })
    }

    /// As pusher-js hears it by the channel, and other clients by the connection.
    pub(super) fn refusal(channel: &str, status: u16, message: &str) -> Self {
        let refused = ServerFrame::SubscriptionRefused { channel, status, message };
        let replies = vec![refused.text(), ServerFrame::Error { code: None, message }.text()];
        Self { replies, ..Self::default() }
    }

    /// The same, with these rows to deliver.
    pub(super) fn owing(self, committed: Vec<Committed>) -> Self {
        Self { committed, ..self }
    }

    pub(super) fn closing(self) -> Self {
        Self { then: Then::Close, ..self }
    }
}

impl Gateway {
    #[must_use]
    pub fn new(table: Table, connections: Connections, signers: Vec<Signer>) -> Self {
        Self { table, poster: Poster { connections }, signers }
    }

    /// Whether a client names the key of the app.
    #[must_use]
    pub fn is_app_key(&self, key: Option<&str>) -> bool {
        self.signers.iter().any(|signer| Some(signer.key()) == key)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn poster(&self) -> &Poster {
        &self.poster
    }

    pub(super) fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Sends a connection that opens its first frame, `pusher:connection_established`. One that cannot be sent it ends, so that its
    /// client tries again.
    pub async fn greet(&self, connection: &ConnectionId) {
        let socket = SocketId::of(connection);
        let text = ServerFrame::Established { socket: &socket, activity_seconds: ACTIVITY_SECONDS }.text();
        if !self.post_once_open(connection, &text).await {
            self.poster.close(connection).await;
        }
    }

    /// Posts to a connection that opens; returns whether it arrived. A client that has hung up meanwhile has no row any more, and is not waited
    /// for, so that a stranger keeps no process busy.
    async fn post_once_open(&self, connection: &ConnectionId, text: &str) -> bool {
        let is_awaited = || async {
            connection::may_be_there(&self.table, connection).await.unwrap_or_else(|error| {
                telemetry::cause(&error);
                true
            })
        };
        self.poster.post_once_open(connection, text, is_awaited).await
    }

    /// Tells a connection that opens why it is refused, and ends it.
    pub async fn turn_away(&self, connection: &ConnectionId, code: ErrorCode, message: &str) {
        let text = ServerFrame::Error { code: Some(code), message }.text();
        self.post_once_open(connection, &text).await;
        self.poster.close(connection).await;
    }

    /// Ends a connection after something failed, so that its client connects again.
    pub async fn give_up(&self, connection: &ConnectionId) {
        let message = "Something failed: connect again";
        let frame = ServerFrame::Error { code: Some(ErrorCode::Reconnect), message };
        self.poster.post(connection, &frame.text()).await;
        self.poster.close(connection).await;
    }

    /// Does what follows a frame's response: sends the replies, and what others get at once.
    pub async fn finish(&self, writer: &WriteContext, connection: &ConnectionId, outcome: GatewayOutcome) {
        if !self.tell(connection, &outcome.replies).await {
            return;
        }
        let followed = match outcome.then {
            Then::Nothing => Ok(()),
            Then::Close => {
                self.poster.close(connection).await;
                Ok(())
            }
            Then::Welcome(channel) => self.welcome(writer, connection, &channel).await,
            Then::Broadcast(channel, text) => {
                let deadline = Instant::now() + BROADCAST_TIMEOUT;
                broadcast(&self.table, &self.poster, (&channel, &text), Some(connection), deadline).await
            }
        };
        if let Err(error) = followed {
            telemetry::cause(&error);
            self.poster.close(connection).await;
        }
    }

    /// Posts these to a connection, in order; returns whether it goes on. A client that misses an answer waits for it for ever; one whose
    /// connection ends asks again.
    async fn tell(&self, connection: &ConnectionId, texts: &[String]) -> bool {
        for text in texts {
            match self.poster.post(connection, text).await {
                Posted::Arrived => {}
                Posted::Gone => return false,
                Posted::Later | Posted::Never | Posted::TooLarge(_) => {
                    self.poster.close(connection).await;
                    return false;
                }
            }
        }
        true
    }

    /// Tells a connection that it is subscribed, with the members of a presence channel and the last event of a cache channel.
    async fn welcome(
        &self,
        writer: &WriteContext,
        connection: &ConnectionId,
        channel: &AnyChannel,
    ) -> Result<(), TableError> {
        let name = channel.as_str();
        // Read just before it is sent: a change that others hear of meanwhile may arrive before it, and the roster replaces it.
        let (roster, open) = if channel.is_presence() {
            let (roster, open) = presence::roster(&self.table, name, Millis::now()).await?;
            (Some(roster), open)
        } else {
            (None, 0)
        };
        if open > MAX_MEMBERS {
            let told = format!("A presence channel has at most {MAX_MEMBERS} members");
            return self.take_back(writer, connection, channel, &told).await;
        }
        let text = ServerFrame::Subscribed { channel: name, roster: roster.as_ref() }.text();
        match self.poster.post(connection, &text).await {
            Posted::Arrived => {}
            Posted::Gone => return Ok(()),
            Posted::TooLarge(_) => {
                let told = "The members' user_info is too large for one frame: make it smaller";
                return self.take_back(writer, connection, channel, told).await;
            }
            Posted::Later | Posted::Never => {
                self.poster.close(connection).await;
                return Ok(());
            }
        }
        if channel.is_cache() {
            let last = cache::last(&self.table, name, Millis::now()).await?;
            let frame = match &last {
                Some(event) => ServerFrame::Event { channel: name, name: &event.name, data: &event.data },
                None => ServerFrame::CacheMiss { channel: name },
            };
            self.tell(connection, &[frame.text()]).await;
            if last.is_none()
                && let Err(error) = report::cache_miss(&self.table, writer, name, Millis::now()).await
            {
                // The client has all that it asked for.
                telemetry::cause(&error);
            }
        }
        match roster {
            Some(roster) => self.compare(connection, name, roster).await,
            None => Ok(()),
        }
    }

    /// Ends a subscription that cannot be, and tells its client why.
    async fn take_back(
        &self,
        writer: &WriteContext,
        connection: &ConnectionId,
        channel: &AnyChannel,
        why: &str,
    ) -> Result<(), TableError> {
        let writer = writer.left_to_consumer();
        remove(&self.table, &writer, Ended { connection, channel: channel.as_str() }, Millis::now()).await?;
        self.tell(connection, &GatewayOutcome::refusal(channel.as_str(), 403, why).replies).await;
        Ok(())
    }

    /// Tells a new subscriber who came to the channel or left it while the roster was on its way. So a client may hear of such a member
    /// twice.
    async fn compare(&self, connection: &ConnectionId, channel: &str, mut told: Roster) -> Result<(), TableError> {
        for _ in 0..MAX_COMPARISONS {
            let (roster, _) = presence::roster(&self.table, channel, Millis::now()).await?;
            let is_in = |roster: &Roster, id: &str| roster.members.iter().any(|(known, _)| known == id);
            let came = roster.members.iter().filter(|(user, _)| !is_in(&told, user));
            let came = came.map(|(user, info)| ServerFrame::MemberAdded { channel, user, info }.text());
            let left = told.members.iter().filter(|(user, _)| !is_in(&roster, user));
            let left = left.map(|(user, _)| ServerFrame::MemberRemoved { channel, user }.text());
            let changes: Vec<String> = came.chain(left).collect();
            if changes.is_empty() || !self.tell(connection, &changes).await {
                break;
            }
            told = roster;
        }
        Ok(())
    }
}
