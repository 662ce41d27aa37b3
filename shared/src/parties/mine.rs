//! Pages of the parties that a user is a member of.

use serde::Serialize;

use super::row::PartyRow;
use super::view::Party;
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::http::page;
use crate::table::key::{self, PARTY};
use crate::table::{ByTime, Item, Key, Query, Table, TableError, read, text};

/// Most parties of a page: each takes two rows of one `BatchGetItem`, which reads a hundred.
pub const MAX_PARTIES: u8 = 50;

/// The last party of a page, after which the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MineCursor(ByTime);

impl MineCursor {
    /// Parses a [`PartyPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            let place = ByTime::parse(&text)?;
            PartyId::parse(place.id.clone()).ok().map(|_| Self(place))
        })
    }
}

/// A page of parties.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyPage {
    /// The one that the user has joined last is the first.
    pub parties: Vec<Party>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// Up to `limit` parties of a user, without their members. The index lags by a moment, so what it names is read again: a party
/// that has ended, or that the user has left, is not shown.
pub async fn mine(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&MineCursor>,
) -> Result<PartyPage, TableError> {
    let memberships = key::memberships(user);
    let mut query = Query::of_index(&memberships).descending().limit(limit.min(MAX_PARTIES).into());
    if let Some(MineCursor(place)) = cursor
        && let Ok(party) = PartyId::parse(place.id.clone())
    {
        query = query.after_in_index(&Key::member(&party, user), &memberships, &place.text());
    }
    let found = table.query(&query).await?;
    let ids: Vec<_> = found.items.iter().filter_map(party_of).collect();
    let keys: Vec<_> = ids.iter().flat_map(|id| [Key::party(id), Key::member(id, user)]).collect();
    let mut rows = table.get_many(&keys, true).await?;
    let mut parties = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(row) = rows.remove(&Key::party(&id)).filter(|_| rows.contains_key(&Key::member(&id, user))) else {
            continue;
        };
        let row: PartyRow = read(row)?;
        parties.extend((!row.dissolved).then(|| Party::of(&id, &row)));
    }
    let last = found.last_evaluated_key.as_ref().and_then(|last| text(last.get("gsi1sk")?));
    Ok(PartyPage { parties, next_cursor: last.map(page::cursor) })
}

fn party_of(row: &Item) -> Option<PartyId> {
    PartyId::parse(text(row.get("pk")?)?.strip_prefix(PARTY)?).ok()
}
