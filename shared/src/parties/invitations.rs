//! Pages of a user's open invitations.

use std::collections::HashSet;

use serde::Serialize;

use super::row::{InvitationRow, State};
use super::view::Invitation;
use crate::contract::id::{PartyId, UserId};
use crate::contract::time::Millis;
use crate::http::page;
use crate::problem::Problem;
use crate::table::key::{self, INVITATION};
use crate::table::{Key, Query, Table, TableError, number, read, string};

/// The party of the last invitation of a page, after which the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(PartyId);

impl Cursor {
    /// Parses an [`InvitationPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        page::parse_cursor(text, |id| PartyId::parse(id).ok().map(Self))
    }
}

/// A page of invitations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationPage {
    /// The open ones, ordered by party id.
    pub invitations: Vec<Invitation>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// Which of these parties still exist. An invitation outlives its party, and can then no longer be accepted.
async fn still_there(table: &Table, parties: Vec<Key>) -> Result<HashSet<Key>, TableError> {
    if parties.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = table.get_many(&parties, false).await?;
    Ok(rows.iter().filter(|row| !row.contains_key("dissolved")).filter_map(Key::of).collect())
}

/// Lists up to `limit` open invitations of a user.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn invitations(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&Cursor>,
) -> Result<InvitationPage, TableError> {
    let query = Query::new("pk = :user AND begins_with(sk, :invitation)")
        .filter("#state = :pending AND expires_at > :now")
        .name("#state", "state")
        .value(":user", string(key::user(user)))
        .value(":invitation", string(INVITATION))
        .value(":pending", State::Pending.value())
        .value(":now", number(Millis::now().seconds()));
    let after = cursor.map(|cursor| Key::invitation(user, &cursor.0));
    let (rows, last) = table.query_page(query, limit, after.as_ref()).await?;
    let mut open = Vec::with_capacity(rows.len());
    for item in rows {
        let row: InvitationRow = read(item)?;
        open.extend(party_of(&row.sk).map(|party| (party, row)));
    }
    let there = still_there(table, open.iter().map(|(party, _)| Key::party(party)).collect()).await?;
    open.retain(|(party, _)| there.contains(&Key::party(party)));
    let invitations = open.into_iter().map(|(party, row)| Invitation::of(party, user.clone(), row)).collect();
    let next_cursor = last.and_then(|key| party_of(&key.sk)).map(|party| page::cursor(party.as_str()));
    Ok(InvitationPage { invitations, next_cursor })
}

fn party_of(sk: &str) -> Option<PartyId> {
    PartyId::parse(sk.strip_prefix(INVITATION)?).ok()
}
