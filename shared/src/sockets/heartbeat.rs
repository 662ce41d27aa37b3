//! The heartbeat: every connection is pinged, so that it stays open; those that have ended without a word are removed. Those whose
//! token has expired are ended, and so are clients of Socket.IO that do not answer: nothing came from them for the interval and the
//! time-out that their open packet names. Where many are silent at once, the failure is rather ours: no connection is ended then,
//! and `OperatorErrors` counts it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use http::StatusCode;
use serde::Serialize;

use super::audience::{PageQuery, page_of_all};
use super::framing::{self, Asked, PING_TIMEOUT_MILLISECONDS};
use super::heard;
use super::row::Socket;
use super::waiting::{self, WaitingSocket};
use super::{forget, replies};
use crate::clients::connections::{Connections, PostError};
use crate::contract::sockets::{Address, ConnectionId, Framing, Namespace, Outgoing};
use crate::contract::time::Millis;
use crate::identity::Unauthenticated;
use crate::outbox::{Committed, PageStart, Target, WriteContext};
use crate::table::{Key, Table, TableError};
use crate::telemetry;

/// Posts at once.
const MAX_POSTS: usize = 64;
/// How old a connection is before 410 means that it has ended, in seconds: before, it may not be open yet.
const OPENING_SECONDS: i64 = 10;
/// How long a connection of Socket.IO may be in no namespace, in seconds; Socket.IO's own server gives it 45.
const IDLE_SECONDS: i64 = 60;
/// So many silent clients may be a network's failure, however few others there are.
const FEW_SILENT: usize = 20;
/// And so may one of so many.
const FEW_SILENT_OF: usize = 10;

/// The result of a heartbeat.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatReport {
    /// Connections that were found, those of Socket.IO once for each namespace.
    pub connections: usize,
    pub pinged: usize,
    /// Removed, since they had ended.
    pub gone: usize,
    /// Ended, since their token had expired.
    pub expired: usize,
    /// Ended, since they had joined no namespace.
    pub idle: usize,
    /// Waited for their token, those among them that were ended.
    pub waiting: usize,
    /// Ended, since their token did not come.
    pub unsigned: usize,
    /// Ended, since they did not answer pings.
    pub silent: usize,
    /// They did not answer pings, and were not ended: there were too many of them at once.
    pub spared: usize,
    /// Unknown: API Gateway did not answer.
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
    Failed,
    /// Not pinged: a namespace of a connection of Socket.IO, which is pinged once, or a round without pings.
    Passed,
}

/// Whether a client of Socket.IO has answered its pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Heard,
    /// It left pings unanswered for the time-out.
    Silent,
    /// It has no ping to answer, or nobody notes that it does.
    NotJudged,
}

/// Whether so many silent clients, of so many that are to answer, say that pongs are not noted: by a deployment that went wrong, or
/// where Lambda or the table refuses. Else one failure of ours would end every client.
fn is_ours(silent: usize, judged: usize) -> bool {
    silent > FEW_SILENT && silent.saturating_mul(FEW_SILENT_OF) > judged
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
    writer: &'a WriteContext,
    round: Round,
}

/// One heartbeat of all connections, until `deadline`. Rows that then owe something are left to the stream.
///
/// # Errors
/// When the connections cannot be listed. The next heartbeat tries again.
pub async fn beat(
    table: &Table,
    connections: &Connections,
    writer: &WriteContext,
    round: Round,
    deadline: Instant,
) -> Result<(HeartbeatReport, Vec<Committed>), TableError> {
    let heart = Heart { table, connections, writer, round };
    let (mut report, mut pending) = (HeartbeatReport::default(), Vec::new());
    match heart.end_late(deadline).await {
        Ok(counts) => (report.waiting, report.unsigned) = counts,
        // The next heartbeat ends them. Those who have signed in are not to miss their pings for it.
        Err(error) => telemetry::cause(&error),
    }
    // Connections of Socket.IO come last, when it is known which of them are in a namespace.
    let mut joined: HashSet<ConnectionId> = HashSet::new();
    let mut heard: Option<HashMap<String, Millis>> = None;
    // Silent clients are ended last, when their number is known.
    let (mut judged, mut silent) = (0, Vec::new());
    for namespace in [Namespace::Dashboard, Namespace::Ws, Namespace::SocketIo] {
        let mut next = Some(PageStart::default());
        while let Some(place) = next.take_if(|_| Instant::now() < deadline) {
            let page =
                page_of_all(table, PageQuery { namespace, channel: None, from: &place, limit: None }, Millis::now())
                    .await?;
            report.connections += page.targets.len();
            if namespace != Namespace::SocketIo {
                joined.extend(page.targets.iter().map(|target| target.address.connection.clone()));
            } else if round.heard_since.is_some() && heard.is_none() && !page.targets.is_empty() {
                heard = Some(heard::all(table, Millis::now()).await?);
            }
            let mut targets = page.targets;
            if let (Namespace::SocketIo, Some(heard)) = (namespace, &heard) {
                let judgements = heart.judge(targets, heard).await;
                judged += judgements.iter().filter(|(judgement, _)| *judgement != Judgement::NotJudged).count();
                let (of_silent, rest): (Vec<_>, Vec<_>) =
                    judgements.into_iter().partition(|(judgement, _)| *judgement == Judgement::Silent);
                silent.extend(of_silent.into_iter().map(|(_, target)| target));
                targets = rest.into_iter().map(|(_, target)| target).collect();
            }
            let beats: Vec<_> = targets
                .into_iter()
                .map(|target| {
                    let may_be_idle = namespace == Namespace::SocketIo && !joined.contains(&target.address.connection);
                    heart.of_one(target, may_be_idle)
                })
                .collect();
            let beats: Vec<_> = stream::iter(beats).buffer_unordered(MAX_POSTS).collect().await;
            pending.extend(report.count(beats));
            next = page.next;
        }
        report.cut |= next.is_some();
    }
    if is_ours(silent.len(), judged) {
        report.spared = silent.len();
        telemetry::operator_error(format!(
            "{} of {judged} clients of Socket.IO answered no ping, so none of them is ended: see whether socket-message fails, \
             or is throttled",
            silent.len()
        ));
        // They are pinged as the others are, else socket.io-client would end its connection.
        let mut left = silent.into_iter().peekable();
        while left.peek().is_some() && Instant::now() < deadline {
            let pings: Vec<_> = left.by_ref().take(MAX_POSTS).map(|target| heart.ping(target)).collect();
            let beats: Vec<_> = stream::iter(pings).buffer_unordered(MAX_POSTS).collect().await;
            pending.extend(report.count(beats));
        }
        report.cut |= left.peek().is_some();
    } else {
        report.silent = silent.len();
        let ends: Vec<_> = silent.into_iter().map(|target| heart.end_silent(target)).collect();
        let rows: Vec<_> = stream::iter(ends).buffer_unordered(MAX_POSTS).collect().await;
        pending.extend(rows.into_iter().flatten());
    }
    Ok((report, pending))
}

impl HeartbeatReport {
    /// Counts these; returns the rows that owe something.
    fn count(&mut self, beats: Vec<(Beat, Vec<Committed>)>) -> Vec<Committed> {
        let mut pending = Vec::new();
        for (beat, rows) in beats {
            pending.extend(rows);
            match beat {
                Beat::Pinged => self.pinged += 1,
                Beat::Gone => self.gone += 1,
                Beat::Expired => self.expired += 1,
                Beat::Idle => self.idle += 1,
                Beat::Failed => self.failed += 1,
                Beat::Passed => {}
            }
        }
        pending
    }
}

impl Heart<'_> {
    /// Ends the connections that waited too long for their token; returns how many waited, and how many were ended.
    async fn end_late(&self, deadline: Instant) -> Result<(usize, usize), TableError> {
        let now = Millis::now();
        let waiting = waiting::all(self.table, now).await?;
        let count = waiting.len();
        let late = waiting.into_iter().filter(|waiting| waiting.is_late(now) && Instant::now() < deadline);
        let ends: Vec<_> = late.map(|waiting| self.end_waiting(waiting)).collect();
        let ended: Vec<bool> = stream::iter(ends).buffer_unordered(MAX_POSTS).collect().await;
        Ok((count, ended.into_iter().filter(|ended| *ended).count()))
    }

    /// Ends one, unless it has signed in meanwhile; returns whether its place is free.
    async fn end_waiting(&self, waiting: WaitingSocket) -> bool {
        let address = &waiting.address;
        let ended = async {
            if Socket::find(self.table, &Key::socket(&address.connection)).await?.is_some() {
                waiting.forget(self.table).await?;
                return Ok(true);
            }
            waiting.end(self.table, self.connections).await
        };
        ended.await.inspect_err(|error: &TableError| telemetry::cause(error)).unwrap_or(false)
    }

    async fn of_one(&self, target: Target, may_be_idle: bool) -> (Beat, Vec<Committed>) {
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
        self.ping(target).await
    }

    async fn ping(&self, target: Target) -> (Beat, Vec<Committed>) {
        let (address, now) = (&target.address, Millis::now());
        if !self.round.pings {
            return (Beat::Passed, Vec::new());
        }
        let Some(text) = framing::write(address.framing, &Outgoing::Ping { at: now.iso() }, &address.connection) else {
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

    /// Judges each; `heard` is when they were heard of.
    async fn judge(&self, targets: Vec<Target>, heard: &HashMap<String, Millis>) -> Vec<(Judgement, Target)> {
        let judgements: Vec<_> = targets
            .into_iter()
            .map(|target| async {
                let known = heard.get(target.address.connection.as_str()).copied();
                (self.judge_one(&target.address, known).await, target)
            })
            .collect();
        stream::iter(judgements).buffer_unordered(MAX_POSTS).collect().await
    }

    async fn judge_one(&self, address: &Address, known: Option<Millis>) -> Judgement {
        let Some(then) = self.round.heard_since else { return Judgement::NotJudged };
        if address.token_expires <= Millis::now() || !heard::is_due(address.since, then) {
            return Judgement::NotJudged;
        }
        let judgement = async {
            if heard::is_since(self.table, &address.connection, known, then).await? {
                return Ok(Judgement::Heard);
            }
            let socket = Socket::find(self.table, &Key::socket(&address.connection)).await?;
            let is_noted = socket.is_some_and(|socket| socket.notes_pongs);
            Ok(if is_noted { Judgement::Silent } else { Judgement::NotJudged })
        };
        judgement.await.unwrap_or_else(|error: TableError| {
            telemetry::cause(&error);
            Judgement::NotJudged
        })
    }

    async fn end_silent(&self, target: Target) -> Vec<Committed> {
        self.end(&target, silent).await;
        self.remove(&target).await
    }

    /// Ends a connection, after telling it why.
    async fn end(&self, target: &Target, why: impl FnOnce(&Socket) -> Vec<Outgoing>) {
        let address = &target.address;
        if let Ok(Some(socket)) = Socket::find(self.table, &Key::socket(&address.connection)).await {
            replies::send(self.connections, address, &why(&socket)).await;
        }
        if let Err(error) = self.connections.close(address.stage, &address.connection).await {
            telemetry::cause(&error);
        }
    }

    async fn remove(&self, target: &Target) -> Vec<Committed> {
        match forget(self.table, self.writer, target, Millis::now()).await {
            Ok(done) => done.pending,
            Err(error) => {
                telemetry::cause(&error);
                Vec::new()
            }
        }
    }
}

fn expired(socket: &Socket) -> Vec<Outgoing> {
    let error = replies::error(&Unauthenticated::Expired.into(), &Asked::default(), Millis::now());
    replies::error_events(socket, None, &error)
}

fn silent(socket: &Socket) -> Vec<Outgoing> {
    let seconds = PING_TIMEOUT_MILLISECONDS / 1000;
    let message =
        format!("A ping was not answered within {seconds} s: answer each 2 with a 3, as socket.io-client does");
    let error = replies::error_of(StatusCode::REQUEST_TIMEOUT, message, Millis::now());
    replies::error_events(socket, None, &error)
}

/// As the heartbeat does when it finds one whose token has expired: an `error` event that says so, then the end.
pub async fn end_expired(connections: &Connections, socket: &Socket) {
    replies::send(connections, &socket.address, &expired(socket)).await;
    if let Err(error) = connections.close(socket.address.stage, &socket.address.connection).await {
        telemetry::cause(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn more_than_twenty_silent_clients_that_are_more_than_a_tenth_are_a_failure_of_ours() {
        for (silent, judged) in [(0, 0), (1, 1), (20, 20), (21, 210), (200, 2_000)] {
            assert!(!is_ours(silent, judged), "{silent} of {judged}");
        }
        for (silent, judged) in [(21, 21), (21, 209), (201, 2_000), (2_000, 2_000)] {
            assert!(is_ours(silent, judged), "{silent} of {judged}");
        }
    }
}
