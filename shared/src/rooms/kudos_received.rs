//! Pages of the kudos that a user has received.

use serde::Serialize;

use super::kudos::KudosRow;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::text::Line;
use crate::http::page;
use crate::table::key::{KUDOS, kudos_received};
use crate::table::{ByTime, Item, Key, Query, Table, TableError, read, text};
use crate::users::profile;

/// The last kudos of a page, after which the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KudosCursor(ByTime);

impl KudosCursor {
    /// Parses a [`KudosPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| ByTime::parse(&text).filter(|place| is_id(&place.id)).map(Self))
    }
}

/// Whether it is a UUID, as the ids of kudos are.
fn is_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text)
}

/// A page of kudos.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KudosPage {
    /// Newest first.
    pub kudos: Vec<Received>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// Kudos as their receiver sees them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    kudos_id: String,
    /// The giver, with the name and picture of today.
    from_user: Person,
    session_id: String,
    book_title: Line,
    created_at: String,
}

/// Up to `limit` kudos for a user: a query of the index, one request for the rows and one for the givers' profiles. Kudos of
/// the last moment may be missing.
pub async fn received(
    table: &Table,
    receiver: &UserId,
    limit: u8,
    cursor: Option<&KudosCursor>,
) -> Result<KudosPage, TableError> {
    let mine = kudos_received(receiver);
    let mut query = Query::of_index(&mine).descending().limit(limit.into());
    if let Some(KudosCursor(place)) = cursor {
        query = query.after_in_index(&Key::kudos(&place.id), &mine, &place.text());
    }
    let found = table.query(&query).await?;
    let ids: Vec<_> = found.items.iter().filter_map(id_of).collect();
    let keys: Vec<_> = ids.iter().map(|id| Key::kudos(id)).collect();
    let mut rows = table.get_many(&keys, false).await?;
    let mut given: Vec<(String, KudosRow)> = Vec::with_capacity(ids.len());
    for (id, key) in ids.into_iter().zip(keys) {
        if let Some(row) = rows.remove(&key) {
            given.push((id, read(row)?));
        }
    }
    let people = profile::people(table, given.iter().map(|(_, row)| &row.giver)).await?;
    let kudos = given.into_iter().map(|(kudos_id, row)| Received {
        kudos_id,
        from_user: people.get(&row.giver).cloned().unwrap_or_else(|| Person::unknown(row.giver)),
        session_id: row.session_id,
        book_title: row.book_title,
        created_at: row.created_at.iso(),
    });
    let last = found.last_evaluated_key.as_ref().and_then(|last| text(last.get("gsi1sk")?));
    Ok(KudosPage { kudos: kudos.collect(), next_cursor: last.map(page::cursor) })
}

/// Most kudos that are counted: they are read from the index.
const MAX_COUNTED: u16 = 1_000;

/// How many kudos a user has received.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KudosCount {
    /// At most 1,000.
    received: usize,
    /// Whether there are more.
    has_more: bool,
}

/// Counts a user's kudos, by one query of the index.
///
/// # Errors
/// When DynamoDB fails.
pub async fn count(table: &Table, receiver: &UserId) -> Result<KudosCount, TableError> {
    let found = table.query(&Query::of_index(kudos_received(receiver)).limit(MAX_COUNTED)).await?;
    Ok(KudosCount { received: found.items.len(), has_more: found.last_evaluated_key.is_some() })
}

fn id_of(row: &Item) -> Option<String> {
    Some(text(row.get("pk")?)?.strip_prefix(KUDOS)?.to_owned())
}
