//! Heals the rooms after a missed webhook: Pusher's own list of who is where, against the table.
//!
//! Rooms are those that either side calls occupied, in alphabetical order. A run that has not the time for all of them
//! remembers its place, and the next goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};

use crate::app::App;
use crate::authorization::look_up;
use crate::channel::{self, Channel};
use crate::contract::Person;
use crate::id::{BookId, UserId};
use crate::key::{Key, string, text};
use crate::outbox::Committed;
use crate::presence::{self, Moment, Observed, Seat};
use crate::pusher::PusherError;
use crate::store::{Action, Store, StoreError};
use crate::telemetry;
use crate::time::Millis;

/// Rooms looked at side by side.
const AT_ONCE: usize = 8;

/// Why a run, or one room's part of it, did not work.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Pusher's list.
    #[error(transparent)]
    Pusher(#[from] PusherError),
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rooms compared.
    pub rooms: usize,
    /// Users found to have joined or left unnoticed.
    pub healed: usize,
    /// Rooms that could not be compared.
    pub failed: usize,
    /// Rooms left for the next run.
    pub left: usize,
}

/// Compares rooms until all are done or `budget` is over.
///
/// # Errors
/// When neither side's list of rooms can be had. A single room's failure is counted and logged instead.
pub async fn run(app: &App, budget: Duration) -> Result<Report, ReconcileError> {
    let deadline = Instant::now() + budget;
    let rooms = occupied(app).await?;
    let place = place(&app.store).await?;
    let mut queue: Vec<_> = rooms.into_iter().collect();
    let start = place.as_ref().map_or(0, |place| queue.partition_point(|room| room < place));
    queue.rotate_left(start);

    let mut report = Report::default();
    let mut next = None;
    let mut outcomes = stream::iter(&queue)
        .map(|book| async move {
            if Instant::now() >= deadline { (book, None) } else { (book, Some(heal(app, book).await)) }
        })
        .buffered(AT_ONCE);
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
    remember(&app.store, place.as_ref(), next).await?;
    Ok(report)
}

/// The rooms that Pusher or the table calls occupied.
async fn occupied(app: &App) -> Result<BTreeSet<BookId>, ReconcileError> {
    let listed = app.pusher.channels(channel::ROOM).await?;
    let mut rooms = presence::occupied_rooms(&app.store).await?;
    rooms.extend(listed.iter().filter_map(|name| BookId::parse(name.strip_prefix(channel::ROOM)?).ok()));
    Ok(rooms)
}

/// Compares one room; answers how many users were healed.
async fn heal(app: &App, book: &BookId) -> Result<usize, ReconcileError> {
    // Before the list is asked for: whatever is observed later is newer than the list.
    let moment = Moment::ListedAt(Millis::now());
    let listed: BTreeSet<UserId> =
        app.pusher.users(&Channel::Room(book.clone()).to_string()).await?.into_iter().collect();
    let known: BTreeMap<UserId, presence::Row> = presence::of_room(&app.store, book).await?.into_iter().collect();

    let seat = |user: &UserId| Seat { book: book.clone(), user: user.clone() };
    let mut committed = Vec::new();
    for user in listed.iter().filter(|user| !known.get(*user).is_some_and(|row| row.present)) {
        committed.extend(joined(&app.store, &seat(user), moment).await?);
    }
    for (user, _) in known.iter().filter(|(user, row)| row.present && !listed.contains(*user)) {
        committed.extend(presence::leave(&app.store, &seat(user), moment).await?.change);
    }
    let healed = committed.len();
    let inline: Vec<Committed> =
        committed.into_iter().filter(|change| !change.is_queued).map(|change| change.committed).collect();
    app.courier().inline(inline).await;
    Ok(healed)
}

async fn joined(store: &Store, seat: &Seat, moment: Moment) -> Result<Option<presence::Change>, StoreError> {
    observe_join(store, seat, moment).await.map(|observed| observed.change)
}

/// Observes that a user of whom only the id is known is in a room: name and picture come from their profile.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub async fn observe_join(store: &Store, seat: &Seat, moment: Moment) -> Result<Observed, StoreError> {
    let (book, profile) = look_up(store, &seat.book, &seat.user).await?;
    let person = match profile {
        Some(profile) => profile.person(seat.user.clone()),
        // Authorized so long ago that the profile is gone, or in the very moment before it was kept.
        None => Person { user_id: seat.user.clone(), display_name: seat.user.to_string(), avatar_url: None },
    };
    presence::join(store, seat, &person, book.as_ref(), moment).await
}

/// Where the last run stopped, if it did.
async fn place(store: &Store) -> Result<Option<BookId>, StoreError> {
    let row = store.get(&Key::reconcile(), false).await?;
    Ok(row.and_then(|row| BookId::parse(text(row.get("next")?)?).ok()))
}

async fn remember(store: &Store, place: Option<&BookId>, next: Option<&BookId>) -> Result<(), StoreError> {
    if place == next {
        return Ok(());
    }
    let mut row = Key::reconcile().item();
    if let Some(next) = next {
        row.insert("next".to_owned(), string(next.as_str()));
    }
    store.write(Action::put(row)).await.map(drop)
}
