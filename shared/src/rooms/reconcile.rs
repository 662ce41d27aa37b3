//! Corrects rooms after a missed webhook, by comparing Pusher's list of users with the table.
//!
//! A run compares the rooms that are occupied according to either, in alphabetical order. If it has no time for all of
//! them, it stores its place, and the next run continues there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};

use super::observation::{Observation, RoomUser};
use super::presence::{self, PresenceRow};
use crate::channel_server::{ChannelServer, ChannelServerError};
use crate::contract::channel::{self, Channel};
use crate::contract::id::{BookId, UserId};
use crate::contract::time::Millis;
use crate::outbox::{Committed, WriteContext};
use crate::settings::SettingsError;
use crate::table::{Action, Key, Table, TableError, item, read};
use crate::telemetry;

/// Most rooms compared at the same time.
const MAX_AT_ONCE: usize = 8;

/// Why a run, or the comparison of one room, failed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Channels(#[from] ChannelServerError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The result of a run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReconcileReport {
    /// Rooms compared.
    pub rooms: usize,
    /// Users whose missed arrival or departure was corrected.
    pub healed: usize,
    /// Rooms that could not be compared.
    pub failed: usize,
    /// Rooms left for the next run.
    pub left: usize,
}

/// Compares rooms until all are done or the time `budget` is over. Passes each room's changed rows to `deliver`.
///
/// # Errors
/// When the rooms cannot be listed. The failure of a single room is only counted and logged.
pub async fn run<F>(
    table: &Table,
    writer: &WriteContext,
    channels: &ChannelServer,
    deliver: impl Fn(Vec<Committed>) -> F,
    budget: Duration,
) -> Result<ReconcileReport, ReconcileError>
where
    F: Future<Output = ()>,
{
    let deadline = Instant::now() + budget;
    let rooms = occupied(table, channels).await?;
    let place = place(table).await?;
    let mut queue: Vec<_> = rooms.into_iter().collect();
    let start = place.as_ref().map_or(0, |place| queue.partition_point(|room| room < place));
    queue.rotate_left(start);

    let mut report = ReconcileReport::default();
    let mut next = None;
    let deliver = &deliver;
    let mut outcomes = stream::iter(&queue)
        .map(|book| async move {
            if Instant::now() >= deadline {
                (book, None)
            } else {
                (book, Some(heal(table, writer, channels, deliver, book).await))
            }
        })
        .buffered(MAX_AT_ONCE);
    while let Some((book, outcome)) = outcomes.next().await {
        match outcome {
            Some(Ok(healed)) => {
                report.rooms += 1;
                report.healed += healed;
            }
            Some(Err(error)) => {
                telemetry::cause(&error);
                report.failed += 1;
            }
            None => {
                report.left += 1;
                next = next.or(Some(book));
            }
        }
    }
    remember(table, place.as_ref(), next).await?;
    Ok(report)
}

/// The rooms that are occupied according to Pusher or the table.
async fn occupied(table: &Table, channels: &ChannelServer) -> Result<BTreeSet<BookId>, ReconcileError> {
    let listed = channels.channels(channel::ROOM).await?;
    let mut rooms = presence::occupied_rooms(table).await?;
    rooms.extend(listed.iter().filter_map(|name| BookId::parse(name.strip_prefix(channel::ROOM)?).ok()));
    Ok(rooms)
}

/// Compares one room; returns how many users were corrected.
async fn heal<F>(
    table: &Table,
    writer: &WriteContext,
    channels: &ChannelServer,
    deliver: impl Fn(Vec<Committed>) -> F,
    book: &BookId,
) -> Result<usize, ReconcileError>
where
    F: Future<Output = ()>,
{
    // Taken before the list is requested, so that later observations are newer than the list.
    let observation = Observation::ByList(Millis::now());
    let listed: BTreeSet<UserId> =
        channels.users(&Channel::Room(book.clone()).to_string()).await?.into_iter().collect();
    let known: BTreeMap<UserId, PresenceRow> = presence::of_room(table, book).await?.into_iter().collect();

    let member = |user: &UserId| RoomUser { book: book.clone(), user: user.clone() };
    let mut healed = 0;
    let mut pending = Vec::new();
    // One user's failure is that user's alone; it is reported as the room's, and the next run tries again.
    let mut failure = None;
    for user in listed.iter().filter(|user| !known.get(*user).is_some_and(|row| row.present)) {
        match presence::join_by_id(table, writer, &member(user), observation).await {
            Ok(joined) => {
                healed += usize::from(joined.result == Some(observation.time()));
                pending.extend(joined.pending);
            }
            Err(error) => failure = Some(error),
        }
    }
    for (user, _) in known.iter().filter(|(user, row)| row.present && !listed.contains(*user)) {
        match presence::leave(table, writer, &member(user), observation).await {
            Ok(left) => {
                healed += usize::from(left.result.is_none());
                pending.extend(left.pending);
            }
            Err(error) => failure = Some(error),
        }
    }
    deliver(pending).await;
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(healed),
    }
}

/// Where the last run stopped.
#[derive(Serialize, Deserialize)]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<BookId>,
}

async fn place(table: &Table) -> Result<Option<BookId>, TableError> {
    let row = table.get(&Key::reconcile(), false).await?;
    Ok(row.map(read::<Place>).transpose()?.and_then(|place| place.next))
}

async fn remember(table: &Table, place: Option<&BookId>, next: Option<&BookId>) -> Result<(), TableError> {
    if place == next {
        return Ok(());
    }
    let row = item(&Key::reconcile(), &Place { next: next.cloned() })?;
    table.write(Action::put(row)).await.map(drop)
}
