//! Pages of the users who are in a room now.

use serde::Serialize;

use super::book;
use super::presence::PresenceRow;
use crate::api_error::ApiError;
use crate::contract::id::{BookId, UserId};
use crate::contract::person::Person;
use crate::contract::rooms::RoomMember;
use crate::http::page;
use crate::table::key::room;
use crate::table::{Item, Key, Query, Table, TableError, eq, read};
use crate::users::profile;

/// The last user of a page, after whom the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupantsCursor(UserId);

impl OccupantsCursor {
    /// Parses the `nextCursor` of a [`OccupantsPage`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |id| UserId::parse(id).ok().map(Self))
    }
}

/// A page of a room's users.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OccupantsPage {
    book_id: BookId,
    /// Ordered by user id.
    members: Vec<Occupant>,
    /// For the next page, or `null`.
    next_cursor: Option<String>,
}

/// A user who is in the room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Occupant {
    #[serde(flatten)]
    member: RoomMember,
    joined_at: String,
}

/// Up to `limit` users who are in a room: a query, and one request each for the book and the users' profiles.
pub async fn occupants(
    table: &Table,
    id: BookId,
    limit: u8,
    cursor: Option<&OccupantsCursor>,
) -> Result<OccupantsPage, TableError> {
    // Rows of those who left stay for a day.
    let query = Query::new(room(&id)).filter(eq("present", true));
    let after = cursor.map(|OccupantsCursor(user)| Key::presence(&id, user));
    let (book, found) = futures_util::join!(book::get(table, &id), table.query_page(query, limit, after.as_ref()));
    let (book, (rows, last)) = (book?, found?);
    let mut present = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(user) = user_of(&row) {
            present.push((user, read::<PresenceRow>(row)?));
        }
    }
    let people = profile::people(table, present.iter().map(|(user, _)| user)).await?;
    let members = present.into_iter().map(|(user, row)| {
        let is_author = book.as_ref().is_some_and(|book| book.is_by(&user));
        let person = people.get(&user).cloned().unwrap_or_else(|| Person::unknown(user));
        Occupant { member: RoomMember { person, is_author }, joined_at: row.joined_at.unwrap_or(row.at).iso() }
    });
    let members = members.collect();
    let next_cursor = last.and_then(|key| user_of(&key.item())).map(|user| page::cursor(user.as_str()));
    Ok(OccupantsPage { book_id: id, members, next_cursor })
}

fn user_of(row: &Item) -> Option<UserId> {
    UserId::parse(Key::of(row)?.sk.strip_prefix("USER#")?).ok()
}
