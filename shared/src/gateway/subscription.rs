//! A connection subscribes to a channel and leaves it. One transaction each changes the subscription as the connection has it and as the
//! channel has it, and in a presence channel the member.

use std::ops::ControlFlow::{Break, Continue};

use serde::Serialize;

use super::connection;
use super::count;
use super::occupancy::{self, StillOccupied};
use super::presence::{ChannelMember, PresentMemberRow};
use super::row::{ConnectionState, SubscriptionRow, expiry, until};
use crate::contract::any_channel::AnyChannel;
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::{Committed, WriteContext};
use crate::table::{Action, Key, Table, TableError, TransactItem, item, read, retry_in_a_crowd, unchanged};

/// Most channels to which a connection is subscribed at a time. Pusher has no such limit; here each subscription reads the others.
pub const MAX_CHANNELS: usize = 200;
/// How long it is remembered that a subscription ended, in milliseconds: a frame that API Gateway received before may be handled later.
const REMEMBER_MILLISECONDS: i64 = 60_000;

/// A subscription, as its channel has it.
#[derive(Serialize)]
struct SubscriberRow {
    expires_at: i64,
}

/// Why a connection is not subscribed, or not unsubscribed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotChanged {
    #[error("A connection may be subscribed to {MAX_CHANNELS} channels: unsubscribe from some first")]
    TooManyChannels,
    /// The user has too many connections in the channel.
    #[error("You have too many connections in this channel: close some first")]
    TooManyOfMember,
    /// The connection has ended.
    #[error("The connection has ended")]
    Ended,
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The outcome of a frame that asks for a subscription.
#[derive(Debug)]
pub(super) enum SubscribeOutcome {
    /// These rows owe the events for others.
    Now(Vec<Committed>),
    /// It was subscribed before.
    Already,
    /// The client has unsubscribed meanwhile.
    Overtaken,
}

/// A subscription that a connection asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedSubscription<'a> {
    pub(super) connection: &'a ConnectionId,
    pub(super) channel: &'a AnyChannel,
    /// As whom, in a presence channel.
    pub(super) member: Option<&'a ChannelMember>,
    /// When API Gateway received the frame.
    pub(super) at: Millis,
}

/// Subscribes a connection. The signature was checked.
pub(super) async fn subscribe(
    table: &Table,
    writer: &WriteContext,
    wanted: WantedSubscription<'_>,
) -> Result<SubscribeOutcome, NotChanged> {
    let WantedSubscription { connection, channel, member, at } = wanted;
    let name = channel.as_str();
    let key = &Key::subscription(connection, name);
    let (done, is_listed) = retry_in_a_crowd(false, |is_listed| async move {
        let now = Millis::now();
        let state = ConnectionState::read(table, connection).await?;
        let Some(open) = state.open() else { return Err(NotChanged::Ended) };
        let seen = state.subscriptions.get(name);
        match seen {
            Some(seen) if seen.on && seen.at >= at => return Ok(Break((SubscribeOutcome::Already, is_listed))),
            Some(seen) if seen.on => {
                // An older frame that unsubscribes may be still to come.
                let later = Action::put(item(key, &SubscriptionRow { at, ..seen.clone() })?);
                let is_done = table.write(later.when(unchanged("at", Some(seen.at)))).await?.is_done();
                return Ok(if is_done { Break((SubscribeOutcome::Already, is_listed)) } else { Continue(is_listed) });
            }
            Some(seen) if seen.at > at => return Ok(Break((SubscribeOutcome::Overtaken, is_listed))),
            _ => {}
        }
        make_room(table, connection, &state, (channel, seen.is_some()), now).await?;
        let until = until(open.since);
        let expires_at = expiry(until);
        let row = SubscriptionRow { at, on: true, member: member.map(|member| member.id.clone()), expires_at };
        let mut writes: Vec<TransactItem> = vec![
            Action::put(item(key, &row)?).when(unchanged("at", seen.map(|seen| seen.at))).into(),
            Action::put(item(&Key::subscriber(name, connection), &SubscriberRow { expires_at })?).into(),
        ];
        let mut pending = Vec::new();
        if let Some(member) = member {
            let row = PresentMemberRow::find(table, name, &member.id).await?;
            let change = row.joined(member, connection, until, now).ok_or(NotChanged::TooManyOfMember)?;
            let (write, owes) = change.write(name, writer, now)?;
            writes.push(write.into());
            pending.extend(owes);
        }
        // Before, so that a function which is killed leaves no channel unlisted; and after, since the last subscriber may leave between.
        occupancy::occupy(table, writer, channel, now).await?;
        let is_done = table.transact(writes).await?.is_done();
        Ok(if is_done { Break((SubscribeOutcome::Now(pending), true)) } else { Continue(true) })
    })
    .await?;
    let done = match done {
        SubscribeOutcome::Now(mut pending) => {
            occupancy::occupy(table, writer, channel, Millis::now()).await?;
            pending.extend(count::changed(table, writer, channel, Millis::now()).await);
            SubscribeOutcome::Now(pending)
        }
        SubscribeOutcome::Overtaken if is_listed => {
            // An attempt before listed the channel for nothing.
            left(table, &writer.left_to_consumer(), channel).await?;
            SubscribeOutcome::Overtaken
        }
        other => other,
    };
    if matches!(done, SubscribeOutcome::Now(_)) && connection::find(table, connection).await?.is_none() {
        // Its end may have read the subscriptions before this one was there.
        remove(table, writer, Ended { connection, channel: name }, Millis::now()).await?;
        return Err(NotChanged::Ended);
    }
    Ok(done)
}

/// Checks that a connection may have another row. It forgets subscriptions that ended more than a minute ago: no frame from before can
/// still come.
async fn make_room(
    table: &Table,
    connection: &ConnectionId,
    state: &ConnectionState,
    (channel, has_row): (&AnyChannel, bool),
    now: Millis,
) -> Result<(), NotChanged> {
    let (on, over): (Vec<_>, Vec<_>) = state.subscriptions.iter().partition(|(_, subscription)| subscription.on);
    // Those of a user who signed in do not count.
    let counted = on.iter().filter(|(name, _)| !name.starts_with('#')).count();
    if channel.is_listed() && counted >= MAX_CHANNELS {
        return Err(NotChanged::TooManyChannels);
    }
    if has_row || over.len() < MAX_CHANNELS {
        return Ok(());
    }
    let mut forgotten = 0;
    for (channel, subscription) in over {
        if subscription.at.0 < now.0 - REMEMBER_MILLISECONDS {
            let old = Action::delete(&Key::subscription(connection, channel));
            table.write(old.when(unchanged("at", Some(subscription.at)))).await?;
            forgotten += 1;
        }
    }
    if forgotten == 0 { Err(NotChanged::TooManyChannels) } else { Ok(()) }
}

/// Ends a subscription that a client ended by a frame that API Gateway received at `at`. A subscription by a later frame stays, and so
/// does one of the same moment: no client unsubscribes before it was told that it is subscribed. Returns the rows that tell others.
pub(super) async fn unsubscribe(
    table: &Table,
    writer: &WriteContext,
    (connection, channel): (&ConnectionId, &AnyChannel),
    at: Millis,
) -> Result<Vec<Committed>, NotChanged> {
    let name = channel.as_str();
    let key = &Key::subscription(connection, name);
    let ended = retry_in_a_crowd((), |()| async move {
        let now = Millis::now();
        let state = ConnectionState::read(table, connection).await?;
        let Some(open) = state.open() else { return Ok(Break(None)) };
        let seen = state.subscriptions.get(name);
        if seen.is_some_and(|seen| seen.at > at || (seen.on && seen.at == at)) {
            return Ok(Break(None));
        }
        let row = SubscriptionRow { at, on: false, member: None, expires_at: expiry(until(open.since)) };
        let over = Action::put(item(key, &row)?).when(unchanged("at", seen.map(|seen| seen.at)));
        let Some(seen) = seen.filter(|seen| seen.on) else {
            if seen.is_none() {
                make_room(table, connection, &state, (channel, false), now).await?;
            }
            // The frame that subscribes may be still to come, and is older.
            let is_done = table.write(over).await?.is_done();
            return Ok(if is_done { Break(None) } else { Continue(()) });
        };
        let (mut writes, pending) = leaving(table, writer, (connection, name), seen.member.as_deref(), now).await?;
        writes.push(over.into());
        let is_done = table.transact(writes).await?.is_done();
        Ok::<_, NotChanged>(if is_done { Break(Some(pending)) } else { Continue(()) })
    })
    .await?;
    let Some(mut pending) = ended else { return Ok(Vec::new()) };
    pending.extend(left(table, writer, channel).await?);
    Ok(pending)
}

/// Notes that a channel has lost a subscriber. Returns the row that tells the others how many they are.
async fn left(table: &Table, writer: &WriteContext, channel: &AnyChannel) -> Result<Option<Committed>, TableError> {
    match occupancy::vacate(table, writer, channel.as_str(), Millis::now()).await? {
        StillOccupied::Yes | StillOccupied::Again => Ok(count::changed(table, writer, channel, Millis::now()).await),
        StillOccupied::No => Ok(None),
    }
}

/// A subscription of a connection that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) connection: &'a ConnectionId,
    pub(super) channel: &'a str,
}

/// Removes it. Returns the rows that tell others.
pub(super) async fn remove(
    table: &Table,
    writer: &WriteContext,
    Ended { connection, channel }: Ended<'_>,
    now: Millis,
) -> Result<Vec<Committed>, TableError> {
    let key = &Key::subscription(connection, channel);
    let (mut pending, was_on) = retry_in_a_crowd((), |()| async move {
        let Some(row) = table.get(key, true).await? else { return Ok(Break((Vec::new(), true))) };
        let seen: SubscriptionRow = read(row)?;
        let gone = Action::delete(key).when(unchanged("at", Some(seen.at)));
        if !seen.on {
            let is_done = table.write(gone).await?.is_done();
            return Ok(if is_done { Break((Vec::new(), false)) } else { Continue(()) });
        }
        if seen.member.is_none() {
            // Not a transaction, which costs twice as much: the row of the channel goes first, so that what is cut off is repeated.
            table.write(Action::delete(&Key::subscriber(channel, connection))).await?;
            let is_done = table.write(gone).await?.is_done();
            return Ok(if is_done { Break((Vec::new(), true)) } else { Continue(()) });
        }
        let (mut writes, pending) = leaving(table, writer, (connection, channel), seen.member.as_deref(), now).await?;
        writes.push(gone.into());
        let is_done = table.transact(writes).await?.is_done();
        Ok::<_, TableError>(if is_done { Break((pending, true)) } else { Continue(()) })
    })
    .await?;
    if let (true, Ok(channel)) = (was_on, &AnyChannel::parse(channel)) {
        // Also where it was gone already: the answer to its deletion may have been lost.
        pending.extend(left(table, writer, channel).await?);
    }
    Ok(pending)
}

/// The writes that take a connection out of a channel and its member out of the roster, and the row that tells others.
async fn leaving(
    table: &Table,
    writer: &WriteContext,
    (connection, channel): (&ConnectionId, &str),
    member: Option<&str>,
    now: Millis,
) -> Result<(Vec<TransactItem>, Vec<Committed>), TableError> {
    let mut writes: Vec<TransactItem> = vec![Action::delete(&Key::subscriber(channel, connection)).into()];
    let mut pending = Vec::new();
    if let Some(member) = member {
        let row = PresentMemberRow::find(table, channel, member).await?;
        if let Some(change) = row.left(member, connection, now) {
            let (write, owes) = change.write(channel, writer, now)?;
            writes.push(write.into());
            pending.extend(owes);
        }
    }
    Ok((writes, pending))
}
