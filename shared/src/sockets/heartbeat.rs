//! The heartbeat: every connection is pinged, so that it stays open; those that have ended without a word are removed, and
//! those whose token has expired are ended.

use std::collections::HashSet;
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::audience::page_of_all;
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
    /// Neither was known: API Gateway did not answer.
    pub failed: usize,
}

/// How it went with one connection.
enum Beat {
    Pinged,
    Gone,
    Expired,
    Idle,
    Failed,
    /// It is pinged as the connection of Socket.IO that it is part of.
    Elsewhere,
}

/// One heartbeat of all connections, until `deadline`. Rows that then owe something are left to the stream.
///
/// # Errors
/// When the connections cannot be listed. The next heartbeat tries again.
pub async fn beat(
    table: &Table,
    connections: &Connections,
    writer: &Writer,
    deadline: Instant,
) -> Result<(Report, Vec<Committed>), TableError> {
    let (mut report, mut owed) = (Report::default(), Vec::new());
    // Connections of Socket.IO come last, when it is known which of them are in a namespace.
    let mut joined: HashSet<ConnectionId> = HashSet::new();
    for namespace in [Namespace::Dashboard, Namespace::Ws, Namespace::SocketIo] {
        let mut next = Some(Place::default());
        while let Some(place) = next.take().filter(|_| Instant::now() < deadline) {
            let page = page_of_all(table, namespace, None, &place, None, Millis::now()).await?;
            report.connections += page.targets.len();
            if namespace != Namespace::SocketIo {
                joined.extend(page.targets.iter().map(|target| target.address.connection.clone()));
            }
            let beats: Vec<_> = page
                .targets
                .into_iter()
                .map(|target| {
                    let may_be_idle = namespace == Namespace::SocketIo && !joined.contains(&target.address.connection);
                    of_one(table, connections, writer, target, may_be_idle)
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
                    Beat::Failed => report.failed += 1,
                    Beat::Elsewhere => {}
                }
            }
            next = page.next;
        }
    }
    Ok((report, owed))
}

async fn of_one(
    table: &Table,
    connections: &Connections,
    writer: &Writer,
    target: Target,
    may_be_idle: bool,
) -> (Beat, Vec<Committed>) {
    let (address, now) = (&target.address, Millis::now());
    if address.token_expires <= now {
        expire(table, connections, &target).await;
        return (Beat::Expired, remove(table, writer, &target).await);
    }
    if may_be_idle && now >= address.since.plus_seconds(IDLE_SECONDS) && is_idle(table, address).await {
        if let Err(error) = connections.close(address.stage, &address.connection).await {
            telemetry::cause(&error);
        }
        return (Beat::Idle, remove(table, writer, &target).await);
    }
    if address.framing == Framing::SocketIo && target.namespace != Namespace::SocketIo {
        return (Beat::Elsewhere, Vec::new());
    }
    let Some(text) = address.framing.write(&Outgoing::Ping { at: now.iso() }, &address.connection) else {
        return (Beat::Elsewhere, Vec::new());
    };
    match connections.post(address.stage, &address.connection, &text).await {
        Ok(()) => (Beat::Pinged, Vec::new()),
        Err(PostError::Gone) if now >= address.since.plus_seconds(OPENING_SECONDS) => {
            (Beat::Gone, remove(table, writer, &target).await)
        }
        Err(PostError::Gone) => (Beat::Failed, Vec::new()),
        Err(error) => {
            telemetry::cause(&error);
            (Beat::Failed, Vec::new())
        }
    }
}

/// Whether a connection of Socket.IO is in no namespace. The pages may have been read before it joined one.
async fn is_idle(table: &Table, address: &Address) -> bool {
    match Socket::find(table, &Key::socket(&address.connection)).await {
        Ok(socket) => socket.is_none_or(|socket| socket.namespaces.keys().all(|name| *name == Namespace::SocketIo)),
        Err(error) => {
            telemetry::cause(&error);
            false
        }
    }
}

/// Tells a connection that its token has expired, and ends it.
async fn expire(table: &Table, connections: &Connections, target: &Target) {
    let found = Socket::find(table, &Key::socket(&target.address.connection)).await;
    if let Ok(Some(socket)) = &found {
        end_expired(connections, socket).await;
    } else if let Err(error) = connections.close(target.address.stage, &target.address.connection).await {
        telemetry::cause(&error);
    }
}

/// As the heartbeat does when it finds one: an `error` event that says so, then the end.
pub async fn end_expired(connections: &Connections, socket: &Socket) {
    let error = told::error(&Unauthenticated::Expired.into(), None, Millis::now());
    told::tell(connections, &socket.address, &told::error_events(socket, None, &error)).await;
    if let Err(error) = connections.close(socket.address.stage, &socket.address.connection).await {
        telemetry::cause(&error);
    }
}

async fn remove(table: &Table, writer: &Writer, target: &Target) -> Vec<Committed> {
    match forget(table, writer, target, Millis::now()).await {
        Ok(done) => done.owed,
        Err(error) => {
            telemetry::cause(&error);
            Vec::new()
        }
    }
}
