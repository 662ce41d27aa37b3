//! Pages of a user's open invitations.

use serde::Serialize;

use super::row::{InvitationRow, State};
use super::view::Invitation;
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::contract::time::Millis;
use crate::http::page;
use crate::table::key::{self, INVITATION};
use crate::table::{Key, Query, Table, TableError, eq, gt, read};

/// The party of the last invitation of a page, after which the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationCursor(PartyId);

impl InvitationCursor {
    /// Parses an [`InvitationPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
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

/// Lists up to `limit` open invitations of a user.
pub async fn invitations(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&InvitationCursor>,
) -> Result<InvitationPage, TableError> {
    let is_open = eq("state", State::Pending).and(gt("expires_at", Millis::now().seconds()));
    let query = Query::new(key::user(user)).begins_with(INVITATION).filter(is_open);
    let after = cursor.map(|cursor| Key::invitation(user, &cursor.0));
    let (rows, last) = table.query_page(query, limit, after.as_ref()).await?;
    let mut open = Vec::with_capacity(rows.len());
    for item in rows {
        let row: InvitationRow = read(item)?;
        open.extend(party_of(&row.sk).map(|party| (party, row)));
    }
    // An invitation outlives its party, and can then no longer be accepted.
    let keys: Vec<_> = open.iter().map(|(party, _)| Key::party(party)).collect();
    let parties = table.get_many(&keys, false).await?;
    open.retain(|(party, _)| parties.get(&Key::party(party)).is_some_and(|row| !row.contains_key("dissolved")));
    let invitations = open.into_iter().map(|(party, row)| Invitation::of(party, user.clone(), row)).collect();
    let next_cursor = last.and_then(|key| party_of(&key.sk)).map(|party| page::cursor(party.as_str()));
    Ok(InvitationPage { invitations, next_cursor })
}

fn party_of(sk: &str) -> Option<PartyId> {
    PartyId::parse(sk.strip_prefix(INVITATION)?).ok()
}
