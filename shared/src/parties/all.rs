//! Pages of all parties, for operators.
//!
//! No index has all parties: the rows of millions would share a key. So a page reads the table, row by row, and the list is for looking
//! after a stack, not for a page that users see.

use super::mine::PartyPage;
use super::row::PartyRow;
use super::view::Party;
use crate::api_error::ApiError;
use crate::contract::id::PartyId;
use crate::http::page;
use crate::table::key::PARTY;
use crate::table::{Key, Table, TableError, read};

/// Rows of the table that are read at once: at most a megabyte, which is 250 read units.
const ROWS: u16 = 1_000;
/// How often a page reads so many rows.
const READS: u8 = 4;

/// The last row of the table that a page looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllCursor(Key);

impl AllCursor {
    /// Parses a [`PartyPage::next_cursor`] of [`all`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |text| {
            let (pk, sk) = text.split_once('\n')?;
            let is_key = !pk.is_empty() && !sk.is_empty();
            is_key.then(|| Self(Key { pk: pk.to_owned(), sk: sk.to_owned() }))
        })
    }
}

/// Up to `limit` parties that have not ended, without their members, in no useful order. A page looks at 4,000 rows of the table at most, so it can be
/// short, even empty, and still have a next one.
///
/// # Errors
/// When DynamoDB fails or a party's row cannot be read.
pub async fn all(table: &Table, limit: u8, cursor: Option<&AllCursor>) -> Result<PartyPage, TableError> {
    let mut after = cursor.map(|cursor| cursor.0.clone());
    let mut parties = Vec::new();
    for _ in 0..READS {
        let rows = table.scan(after.as_ref(), ROWS).await?;
        for row in rows.items {
            let key = Key::of(&row);
            if let Some(id) = key.as_ref().and_then(party_of) {
                let row: PartyRow = read(row)?;
                parties.extend((!row.dissolved).then(|| Party::of(&id, &row)));
            }
            after = key;
            if parties.len() >= usize::from(limit) {
                return Ok(PartyPage { parties, next_cursor: after.as_ref().map(cursor_at) });
            }
        }
        after = rows.last_evaluated_key.as_ref().and_then(Key::of);
        if after.is_none() {
            break;
        }
    }
    Ok(PartyPage { parties, next_cursor: after.as_ref().map(cursor_at) })
}

fn cursor_at(key: &Key) -> String {
    page::cursor(&format!("{}\n{}", key.pk, key.sk))
}

/// The party whose own row it is.
fn party_of(key: &Key) -> Option<PartyId> {
    let id = PartyId::parse(key.pk.strip_prefix(PARTY)?).ok()?;
    (*key == Key::party(&id)).then_some(id)
}
