//! The heartbeat: every connection is pinged, so that it stays open; those that have ended without a word are removed. Those whose
//! token has expired are ended, and so are clients of Socket.IO that do not answer: nothing came from them for the interval and the
//! time-out that their open packet names.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use http::StatusCode;
use serde::Serialize;

use super::audience::page_of_all;
use super::framing::PING_TIMEOUT_MILLISECONDS;
use super::heard;
use super::row::Socket;
use super::{forget, told};
use crate::clients::connections::{Connections, PostError};
use crate::contract::sockets::{Address, ConnectionId, Framing, Namespace, Outgoing};
use crate::contract::time::Millis;
use crate::identity::Unauthenticated;
use crate::outbox::{Committed, Place, Target, Writer};
use crate::table::{Key, Table, TableError};
use crate::telemetry;

/// Posts at once.
const MAX_POSTS: usize = 64;
/// How old a connection is before 410 means that it has ended, in seconds: before, it may not be open yet.
const OPENING_SECONDS: i64 = 10;
/// How long a connection of Socket.IO may be in no namespace, in seconds; Socket.IO's own server gives it 45.
const IDLE_SECONDS: i64 = 60;

/// What a heartbeat came upon.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Connections that were found, those of Socket.IO once for each namespace.
    pub connections: usize,
    pub pinged: usize,
    /// Removed, since they had ended.
    pub gone: usize,
    /// Ended, since their token had expired.
    pub expired: usize,
    /// Ended, since they had joined no namespace.
    pub idle: usize,
    /// Ended, since they did not answer pings.
    pub silent: usize,
    /// Neither was known: API Gateway did not answer.
    pub failed: usize,
    /// Time was up before all were seen to.
    pub cut: bool,
}

/// How it went with one connection.
enum Beat {
    Pinged,
    Gone,
    Expired,
    Idle,
    Silent,
    Failed,
    /// Not pinged: a namespace of a connection of Socket.IO, which is pinged once, or a round without pings.
    Passed,
}

/// The work of one heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Whether connections are pinged. Otherwise this round only ends those that are to be ended.
    pub pings: bool,
    /// Clients of Socket.IO that sent nothing since then are ended: [`super::beats::to_be_answered`].
    pub heard_since: Option<Millis>,
}

struct Heart<'a> {
    table: &'a Table,
    connections: &'a Connections,
    writer: &'a Writer,
    round: Round,
}

/// One heartbeat of all connections, until `deadline`. Rows that then owe something are left to the stream.
///
/// # Errors
/// When the connections cannot be listed. The next heartbeat tries again.
pub async fn beat(
    table: &Table,
    connections: &Connections,
    writer: &Writer,
    round: Round,
    deadline: Instant,
) -> Result<(Report, Vec<Committed>), TableError> {
    let heart = Heart { table, connections, writer, round };
    let (mut report, mut owed) = (Report::default(), Vec::new());
    // Connections of Socket.IO come last, when it is known which of them are in a namespace.
    let mut joined: HashSet<ConnectionId> = HashSet::new();
    let mut heard: Option<HashMap<String, Millis>> = None;
    for namespace in [Namespace::Dashboard, Namespace::Ws, Namespace::SocketIo] {
        let mut next = Some(Place::default());
        while let Some(place) = next.take_if(|_| Instant::now() < deadline) {
            let page = page_of_all(table, namespace, None, &place, None, Millis::now()).await?;
            report.connections += page.targets.len();
            if namespace != Namespace::SocketIo {
                joined.extend(page.targets.iter().map(|target| target.address.connection.clone()));
            } else if round.heard_since.is_some() && heard.is_none() && !page.targets.is_empty() {
                heard = Some(heard::all(table).await?);
            }
            let beats: Vec<_> = page
                .targets
                .into_iter()
                .map(|target| {
                    let id = &target.address.connection;
                    let may_be_idle = namespace == Namespace::SocketIo && !joined.contains(id);
                    let known = heard.as_ref().and_then(|heard| heard.get(id.as_str())).copied();
                    heart.of_one(target, known, may_be_idle)
                })
                .collect();
            let beats: Vec<_> = stream::iter(beats).buffer_unordered(MAX_POSTS).collect().await;
            for (beat, rows) in beats {
                owed.extend(rows);
                match beat {
                    Beat::Pinged => report.pinged += 1,
                    Beat::Gone => report.gone += 1,
                    Beat::Expired => report.expired += 1,
                    Beat::Idle => report.idle += 1,
                    Beat::Silent => report.silent += 1,
                    Beat::Failed => report.failed += 1,
                    Beat::Passed => {}
                }
            }
            next = page.next;
        }
        report.cut |= next.is_some();
    }
    Ok((report, owed))
}

impl Heart<'_> {
    async fn of_one(&self, target: Target, known: Option<Millis>, may_be_idle: bool) -> (Beat, Vec<Committed>) {
        let (address, now) = (&target.address, Millis::now());
        if address.token_expires <= now {
            self.end(&target, expired).await;
            return (Beat::Expired, self.remove(&target).await);
        }
        if may_be_idle && now >= address.since.plus_seconds(IDLE_SECONDS) && self.is_idle(address).await {
            self.end(&target, |_| Vec::new()).await;
            return (Beat::Idle, self.remove(&target).await);
        }
        if address.framing == Framing::SocketIo && target.namespace != Namespace::SocketIo {
            return (Beat::Passed, Vec::new());
        }
        if address.framing == Framing::SocketIo && self.is_silent(address, known).await {
            self.end(&target, silent).await;
            return (Beat::Silent, self.remove(&target).await);
        }
        if !self.round.pings {
            return (Beat::Passed, Vec::new());
        }
        let Some(text) = address.framing.write(&Outgoing::Ping { at: now.iso() }, &address.connection) else {
            return (Beat::Passed, Vec::new());
        };
        match self.connections.post(address.stage, &address.connection, &text).await {
            Ok(()) => (Beat::Pinged, Vec::new()),
            Err(PostError::Gone) if now >= address.since.plus_seconds(OPENING_SECONDS) => {
                (Beat::Gone, self.remove(&target).await)
            }
            Err(error) => {
                if !matches!(error, PostError::Gone) {
                    telemetry::cause(&error);
                }
                // It got no ping, so it has none to answer.
                if address.framing == Framing::SocketIo
                    && let Err(error) = heard::note(self.table, &address.connection, address.since, now).await
                {
                    telemetry::cause(&error);
                }
                (Beat::Failed, Vec::new())
            }
        }
    }

    /// Whether a connection of Socket.IO is in no namespace. The pages may have been read before it joined one.
    async fn is_idle(&self, address: &Address) -> bool {
        match Socket::find(self.table, &Key::socket(&address.connection)).await {
            Ok(socket) => socket.is_none_or(|socket| socket.namespaces.keys().all(|name| *name == Namespace::SocketIo)),
            Err(error) => {
                telemetry::cause(&error);
                false
            }
        }
    }

    /// Whether a client of Socket.IO left pings unanswered for the time-out.
    async fn is_silent(&self, address: &Address, known: Option<Millis>) -> bool {
        let Some(then) = self.round.heard_since else { return false };
        match heard::is_since(self.table, &address.connection, address.since, known, then).await {
            Ok(is_heard) => !is_heard,
            Err(error) => {
                telemetry::cause(&error);
                false
            }
        }
    }

    /// Ends a connection, after telling it why.
    async fn end(&self, target: &Target, why: impl FnOnce(&Socket) -> Vec<Outgoing>) {
        let address = &target.address;
        if let Ok(Some(socket)) = Socket::find(self.table, &Key::socket(&address.connection)).await {
            told::tell(self.connections, address, &why(&socket)).await;
        }
        if let Err(error) = self.connections.close(address.stage, &address.connection).await {
            telemetry::cause(&error);
        }
    }

    async fn remove(&self, target: &Target) -> Vec<Committed> {
        match forget(self.table, self.writer, target, Millis::now()).await {
            Ok(done) => done.owed,
            Err(error) => {
                telemetry::cause(&error);
                Vec::new()
            }
        }
    }
}

fn expired(socket: &Socket) -> Vec<Outgoing> {
    let error = told::error(&Unauthenticated::Expired.into(), None, Millis::now());
    told::error_events(socket, None, &error)
}

fn silent(socket: &Socket) -> Vec<Outgoing> {
    let seconds = PING_TIMEOUT_MILLISECONDS / 1000;
    let message =
        format!("A ping was not answered within {seconds} s: answer each 2 with a 3, as socket.io-client does");
    let error = told::error_of(StatusCode::REQUEST_TIMEOUT, message, Millis::now());
    told::error_events(socket, None, &error)
}

/// As the heartbeat does when it finds one whose token has expired: an `error` event that says so, then the end.
pub async fn end_expired(connections: &Connections, socket: &Socket) {
    told::tell(connections, &socket.address, &expired(socket)).await;
    if let Err(error) = connections.close(socket.address.stage, &socket.address.connection).await {
        telemetry::cause(&error);
    }
}
