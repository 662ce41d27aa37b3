//! The users in a room. A user is in it once, however many tabs are open.
//!
//! Each observation (an HTTP request, a webhook, Pusher's list) says that a user is in a room or not, at a moment. The
//! row of the user and the room holds the newest one. An observation that changes the state writes the row together
//! with the events of the change. One that confirms the state only updates the time, so that older ones that arrive
//! late change nothing.

use std::collections::BTreeSet;
use std::ops::ControlFlow::{Break, Continue};

use serde::Deserialize;

use super::book::{self, Book};
use super::observation::{Observation, RoomUser};
use crate::contract::event::Event as _;
use crate::contract::facts::Fact;
use crate::contract::id::{BookId, UserId};
use crate::contract::person::Person;
use crate::contract::rooms::{AuthorJoined, UserJoined, UserLeft};
use crate::contract::time::Millis;
use crate::identity::Identity;
use crate::outbox::{Append, Committed, Delivery, Done, Undone, WriteContext};
use crate::table::key::{PRESENT_SHARDS, present_shard, room, shard_of};
use crate::table::{Item, Key, Query, Table, TableError, Update, Write, absent, eq, le, lt, read, retry_from};
use crate::users::profile;

/// How long the row of a user who left is kept, in seconds, so that observations that arrive late change nothing.
const REMEMBER_SECONDS: i64 = 24 * 3600;

/// A presence row.
#[derive(Debug, Clone, Deserialize)]
pub struct PresenceRow {
    /// Whether the user is in the room.
    pub present: bool,
    /// The time of the newest observation.
    pub at: Millis,
    /// When the user entered, if they are in the room.
    pub joined_at: Option<Millis>,
}

impl PresenceRow {
    fn joined(&self) -> Option<Millis> {
        self.joined_at.filter(|_| self.present)
    }
}

/// A user who entered a room by their own request, or was in it already.
#[derive(Debug)]
pub struct Entered {
    pub member: RoomUser,
    pub is_author: bool,
    pub joined_at: Millis,
}

/// Puts a user into a room at their own request. Sends no event if they are in it already.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub async fn enter(
    table: &Table,
    writer: &WriteContext,
    member: RoomUser,
    caller: &Identity,
) -> Result<Done<Entered>, TableError> {
    let (book, profile) = book::get_with_profile(table, &member.book, &member.user).await?;
    let person = profile::shown(profile, caller);
    let now = Millis::now();
    let joined =
        join(table, writer, &member, Entrant { person: &person, book: book.as_ref() }, Observation::ByUser(now))
            .await?;
    let is_author = book.is_some_and(|book| book.is_by(&member.user));
    Ok(joined.map(|since| Entered { member, is_author, joined_at: since.unwrap_or(now) }))
}

/// A person who enters a room.
#[derive(Debug, Clone, Copy)]
pub struct Entrant<'a> {
    pub person: &'a Person,
    /// The room's book, if somebody has said who wrote it.
    pub book: Option<&'a Book>,
}

/// Records that a person is in a room. Returns when they entered; `None` if a newer observation says that they are not
/// in it.
///
/// # Errors
/// When DynamoDB fails or others keep changing the row.
pub async fn join(
    table: &Table,
    writer: &WriteContext,
    member: &RoomUser,
    Entrant { person, book }: Entrant<'_>,
    observation: Observation,
) -> Result<Done<Option<Millis>>, TableError> {
    let mut events = vec![Delivery::event(&UserJoined { book: member.book.clone(), person: person.clone() })];
    if let Some(book) = book.filter(|book| book.is_by(&member.user)) {
        let author_name = book.author_name.clone().unwrap_or_else(|| person.display_name.clone());
        let (book, author_id) = (member.book.clone(), member.user.clone());
        events.push(Delivery::event(&AuthorJoined { book, author_id, author_name }));
    }
    events.push(Delivery::fact(Fact::RoomJoined { book_id: member.book.clone(), user_id: member.user.clone() }));
    observe(table, writer, (member, true), &events, observation).await
}

/// As [`join`], by the user's id alone. Name and picture come from their profile.
///
/// # Errors
/// As [`join`].
pub async fn join_by_id(
    table: &Table,
    writer: &WriteContext,
    member: &RoomUser,
    observation: Observation,
) -> Result<Done<Option<Millis>>, TableError> {
    let (book, profile) = book::get_with_profile(table, &member.book, &member.user).await?;
    let person = match profile {
        Some(profile) => profile.person(member.user.clone()),
        // The user's authorization has not stored the profile yet.
        None => Person::unknown(member.user.clone()),
    };
    join(table, writer, member, Entrant { person: &person, book: book.as_ref() }, observation).await
}

/// Records that a user is not in a room. Returns when they entered, if a newer observation says that they are in it.
///
/// # Errors
/// As [`join`].
pub async fn leave(
    table: &Table,
    writer: &WriteContext,
    member: &RoomUser,
    observation: Observation,
) -> Result<Done<Option<Millis>>, TableError> {
    let event = Delivery::event(&UserLeft { book: member.book.clone(), user_id: member.user.clone() });
    let fact = Delivery::fact(Fact::RoomLeft { book_id: member.book.clone(), user_id: member.user.clone() });
    observe(table, writer, (member, false), &[event, fact], observation).await
}

/// Records whether a user is in a room.
async fn observe(
    table: &Table,
    writer: &WriteContext,
    (member, present): (&RoomUser, bool),
    events: &[Delivery],
    observation: Observation,
) -> Result<Done<Option<Millis>>, TableError> {
    let key = &Key::presence(&member.book, &member.user);
    retry_from(None, |earlier: Option<Committed>| async move {
        let (events, now) = (events.iter().cloned(), Millis::now());
        let append =
            Append::undoing((key.clone(), earlier.clone()), events, |pending| undone(pending, present), writer, now)?;
        match table.write(change(member, present, &append, observation)).await? {
            Write::Done(_) => {
                let joined_at = present.then(|| observation.time());
                Ok(Break(Done::now(joined_at, append.deliverable())))
            }
            Write::ConditionFailed(None) if !present => {
                let is_webhook = matches!(observation, Observation::ByWebhook(_));
                if !is_webhook || remember_departure(table, key, observation.time()).await? {
                    return Ok(Break(Done::now(None, None)));
                }
                Ok(Continue(earlier))
            }
            // The row expired just now.
            Write::ConditionFailed(None) => Ok(Continue(None)),
            Write::ConditionFailed(Some(item)) => {
                let owing = Committed::of_row(&item);
                let row: PresenceRow = read(item)?;
                if row.present == present {
                    confirm(table, key, &row, observation).await?;
                    return Ok(Break(Done::now(row.joined(), None)));
                }
                if row.at > observation.beats_up_to() {
                    return Ok(Break(Done::now(row.joined(), None)));
                }
                Ok(Continue(owing))
            }
        }
    })
    .await
}

/// Which owed events a change to `present` undoes.
fn undone(delivery: &Delivery, present: bool) -> Undone {
    let Delivery::Pusher(message) = delivery else { return Undone::No };
    match (message.name.as_str(), present) {
        (UserLeft::NAME, true) | (UserJoined::NAME, false) => Undone::State,
        (AuthorJoined::NAME, false) => Undone::Addition,
        _ => Undone::No,
    }
}

/// The update that changes the state, if the row has the other state, is not newer, and its outbox is as it was read.
fn change(member: &RoomUser, present: bool, append: &Append, observation: Observation) -> Update {
    let time = observation.time();
    let is_older = eq("present", !present).and(le("at", observation.beats_up_to()));
    let update = append.update().set("present", present).set("at", time);
    if present {
        update
            .set("joined_at", time)
            .set("gsi1pk", present_shard(shard_of(&member.book)))
            .set("gsi1sk", format!("{}#{}", member.book, member.user))
            .remove("expires_at")
            .when(absent("pk").or(is_older))
    } else {
        let expires_at = time.plus_seconds(REMEMBER_SECONDS).seconds();
        let update = update.set("expires_at", expires_at).remove("joined_at");
        update.remove("gsi1pk").remove("gsi1sk").when(is_older)
    }
}

/// Writes that a user without a row has left, unless there is a row by now. Webhooks overtake one another: an arrival that comes
/// after this departure is older, and must not put the user into the room.
async fn remember_departure(table: &Table, key: &Key, time: Millis) -> Result<bool, TableError> {
    let update = Update::new(key)
        .set("present", false)
        .set("at", time)
        .set("expires_at", time.plus_seconds(REMEMBER_SECONDS).seconds())
        .when(absent("pk"));
    Ok(table.write(update).await?.is_done())
}

/// Updates the time of an unchanged state.
async fn confirm(table: &Table, key: &Key, row: &PresenceRow, observation: Observation) -> Result<(), TableError> {
    let time = observation.time();
    // Pusher's list confirms the state every minute, and no late observation depends on that time.
    if time <= row.at || matches!(observation, Observation::ByList(_)) {
        return Ok(());
    }
    let update = Update::new(key).set("at", time).when(eq("present", row.present).and(lt("at", time)));
    table.write(update).await.map(drop)
}

/// The rows of all users of a room, also of those who left lately.
pub async fn of_room(table: &Table, book: &BookId) -> Result<Vec<(UserId, PresenceRow)>, TableError> {
    let mut rows = Vec::new();
    for item in table.query_all(Query::new(room(book))).await? {
        rows.extend(user_of(&item).zip(Some(read::<PresenceRow>(item)?)));
    }
    Ok(rows)
}

fn user_of(item: &Item) -> Option<UserId> {
    let Key { sk, .. } = Key::of(item)?;
    UserId::parse(sk.strip_prefix("USER#")?).ok()
}

/// The rooms that have users in them, according to the table.
pub async fn occupied_rooms(table: &Table) -> Result<BTreeSet<BookId>, TableError> {
    let mut rooms = BTreeSet::new();
    for shard in 0..PRESENT_SHARDS {
        for item in table.query_all(Query::of_index(present_shard(shard))).await? {
            let book = Key::of(&item).and_then(|key| BookId::parse(key.pk.strip_prefix("ROOM#")?).ok());
            rooms.extend(book);
        }
    }
    Ok(rooms)
}
