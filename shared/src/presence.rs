//! Who is in a room: once, however many tabs are open.
//!
//! Each observation (an HTTP call, a webhook, Pusher's own list) says "there" or "not there" as of a moment. A user's row
//! holds the newest one. An observation that changes the state writes the row together with the events of the change; one
//! that confirms it only moves the moment forward, so that older ones arriving late change nothing.

use serde::Deserialize;

use crate::book::Book;
use crate::contract::{Event, Person};
use crate::id::{BookId, UserId};
use crate::key::{AttributeValue, Item, Key, number, present_shard, room, shard_of, string};
use crate::outbox::{Committed, Outbox};
use crate::store::{Action, Query, Store, StoreError, Write, read};
use crate::time::Millis;

/// How often a change is tried while others change the same row.
const TRIES: u32 = 8;
/// Rows of users who left are kept this long, in seconds, to refuse observations that arrive late.
const REMEMBER: i64 = 24 * 3600;

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seat {
    /// The room's book.
    pub book: BookId,
    /// The user.
    pub user: UserId,
}

/// As of when somebody was seen, or was seen missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The user says so, now: whatever was observed before, they decide.
    Now(Millis),
    /// Somebody else says so of this moment; a newer observation wins.
    At(Millis),
    /// Pusher's list says so of this moment; only an observation older than the grace period gives way, since a client may
    /// be about to subscribe or to be reported.
    ListedAt(Millis),
}

/// How long an observation stands against Pusher's list, in seconds.
pub const GRACE: i64 = 60;

impl Moment {
    fn time(self) -> Millis {
        match self {
            Self::Now(time) | Self::At(time) | Self::ListedAt(time) => time,
        }
    }

    /// The newest earlier observation that gives way to this one.
    fn beats_up_to(self) -> Millis {
        match self {
            Self::Now(_) => Millis(i64::MAX),
            Self::At(time) => time,
            Self::ListedAt(time) => time.plus_seconds(-GRACE),
        }
    }
}

/// What an observation came to.
#[derive(Debug)]
pub struct Observed {
    /// Since when the user is there; `None` when they are not.
    pub joined_at: Option<Millis>,
    /// The change, with the events it owes; `None` when nothing changed.
    pub change: Option<Change>,
}

/// A change of state that was committed.
#[derive(Debug)]
pub struct Change {
    /// The row and all that it owes.
    pub committed: Committed,
    /// Whether the row owed something from before. Then the order matters, and only the stream's consumer delivers.
    pub is_queued: bool,
}

/// A presence row.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Whether the user is there.
    pub present: bool,
    /// As of when.
    pub at: Millis,
    /// Since when, if they are.
    pub joined_at: Option<Millis>,
}

impl Row {
    fn joined(&self) -> Option<Millis> {
        self.joined_at.filter(|_| self.present)
    }
}

/// Observes that a person is in a room.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub async fn join(
    store: &Store,
    seat: &Seat,
    person: &Person,
    book: Option<&Book>,
    moment: Moment,
) -> Result<Observed, StoreError> {
    let mut events = vec![Event::UserJoined { book: seat.book.clone(), person: person.clone() }];
    if let Some(book) = book.filter(|book| book.is_by(&seat.user)) {
        let name = book.author_name.clone().unwrap_or_else(|| person.display_name.clone());
        events.push(Event::AuthorJoined { book: seat.book.clone(), author: seat.user.clone(), name });
    }
    observe(store, seat, true, &events, moment).await
}

/// Observes that a user is not in a room.
///
/// # Errors
/// As [`join`].
pub async fn leave(store: &Store, seat: &Seat, moment: Moment) -> Result<Observed, StoreError> {
    let events = [Event::UserLeft { book: seat.book.clone(), user: seat.user.clone() }];
    observe(store, seat, false, &events, moment).await
}

async fn observe(
    store: &Store,
    seat: &Seat,
    present: bool,
    events: &[Event],
    moment: Moment,
) -> Result<Observed, StoreError> {
    let key = Key::presence(&seat.book, &seat.user);
    let mut earlier: Option<Outbox> = None;
    for _ in 0..TRIES {
        let outbox = Outbox::of(events, Millis::now()).after(earlier.clone());
        let committed = Committed { key: key.clone(), outbox };
        match store.write(change(seat, present, &committed, earlier.as_ref(), moment)).await? {
            Write::Done(_) => {
                let is_queued = earlier.is_some();
                let joined_at = present.then(|| moment.time());
                return Ok(Observed { joined_at, change: Some(Change { committed, is_queued }) });
            }
            Write::ConditionFailed(None) if !present => {
                return Ok(Observed { joined_at: None, change: None });
            }
            // The row expired between the write and its refusal.
            Write::ConditionFailed(None) => earlier = None,
            Write::ConditionFailed(Some(item)) => {
                let owing = Outbox::of_row(&item)?;
                let row: Row = read(item)?;
                if row.present == present {
                    confirm(store, &key, &row, moment).await?;
                    return Ok(Observed { joined_at: row.joined(), change: None });
                }
                if row.at > moment.beats_up_to() {
                    return Ok(Observed { joined_at: row.joined(), change: None });
                }
                earlier = owing;
            }
        }
    }
    Err(StoreError::Contended)
}

/// The update that changes the state, if the row is in the other one, not newer, and owes what we think it owes.
fn change(seat: &Seat, present: bool, committed: &Committed, earlier: Option<&Outbox>, moment: Moment) -> Action {
    const JOIN: &str = "SET present = :present, #at = :at, joined_at = :at, #outbox = :owed, gsi1pk = :shard, \
                        gsi1sk = :seat REMOVE expires_at";
    const LEAVE: &str = "SET present = :present, #at = :at, expires_at = :expires, #outbox = :owed \
                         REMOVE joined_at, gsi1pk, gsi1sk";
    let time = moment.time();
    let owes = if earlier.is_some() { "#outbox = :earlier" } else { "attribute_not_exists(#outbox)" };
    let update = if present {
        Action::update(&committed.key, JOIN)
            .condition(format!("attribute_not_exists(pk) OR (present = :other AND #at <= :upto AND {owes})"))
            .value(":shard", string(present_shard(shard_of(&seat.book))))
            .value(":seat", string(format!("{}#{}", seat.book, seat.user)))
    } else {
        Action::update(&committed.key, LEAVE)
            .condition(format!("present = :other AND #at <= :upto AND {owes}"))
            .value(":expires", number(time.plus_seconds(REMEMBER).seconds()))
    };
    let update = match earlier {
        Some(earlier) => update.value(":earlier", earlier.value()),
        None => update,
    };
    update
        .name("#at", "at")
        .name("#outbox", crate::outbox::ATTRIBUTE)
        .value(":present", AttributeValue::Bool(present))
        .value(":other", AttributeValue::Bool(!present))
        .value(":at", number(time.0))
        .value(":upto", number(moment.beats_up_to().0))
        .value(":owed", committed.outbox.value())
}

/// Moves the moment of an unchanged state forward.
async fn confirm(store: &Store, key: &Key, row: &Row, moment: Moment) -> Result<(), StoreError> {
    let time = moment.time();
    // Pusher's list confirms every minute, and nothing late is ever compared with it.
    if time <= row.at || matches!(moment, Moment::ListedAt(_)) {
        return Ok(());
    }
    let update = Action::update(key, "SET #at = :at")
        .condition("present = :present AND #at < :at")
        .name("#at", "at")
        .value(":at", number(time.0))
        .value(":present", AttributeValue::Bool(row.present));
    store.write(update).await.map(drop)
}

/// Everyone's row in a room, by user.
///
/// # Errors
/// When DynamoDB fails.
pub async fn of_room(store: &Store, book: &BookId) -> Result<Vec<(UserId, Row)>, StoreError> {
    let query = Query::new("pk = :room").value(":room", string(room(book)));
    let mut rows = Vec::new();
    for item in store.query_all(query).await? {
        rows.extend(user_of(&item).zip(Some(read::<Row>(item)?)));
    }
    Ok(rows)
}

fn user_of(item: &Item) -> Option<UserId> {
    let Key { sk, .. } = Key::of(item)?;
    UserId::parse(sk.strip_prefix("USER#")?).ok()
}

/// The rooms that somebody is in, as far as the table knows.
///
/// # Errors
/// When DynamoDB fails.
pub async fn occupied_rooms(store: &Store) -> Result<std::collections::BTreeSet<BookId>, StoreError> {
    let mut rooms = std::collections::BTreeSet::new();
    for shard in 0..crate::key::PRESENT_SHARDS {
        let query = Query::new("gsi1pk = :shard").in_index("gsi1").value(":shard", string(present_shard(shard)));
        for item in store.query_all(query).await? {
            let book = Key::of(&item).and_then(|key| BookId::parse(key.pk.strip_prefix("ROOM#")?).ok());
            rooms.extend(book);
        }
    }
    Ok(rooms)
}

/// The rows that the writer itself may deliver: a change that came upon an older debt is left to the stream's consumer,
/// which delivers both in order.
pub fn deliverable(change: Option<Change>) -> Vec<Committed> {
    change.filter(|change| !change.is_queued).map(|change| change.committed).into_iter().collect()
}
