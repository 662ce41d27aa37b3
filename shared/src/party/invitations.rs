//! A user's open invitations, a page at a time.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::row::{InvitationRow, State};
use super::shown::Invitation;
use crate::http::Problem;
use crate::id::{PartyId, UserId};
use crate::key::{INVITATION, Key, number, string};
use crate::store::{Store, StoreError, read};
use crate::time::Millis;

/// Where a page goes on: after the invitation to this party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(PartyId);

impl Cursor {
    /// Parses what [`InvitationPage::next_cursor`] was.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let id = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let party = id.and_then(|id| PartyId::parse(id).ok());
        party.map(Self).ok_or_else(|| Problem::field("cursor", "must be the nextCursor of an earlier page"))
    }
}

/// A page of invitations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationPage {
    /// Open ones, by party.
    pub invitations: Vec<Invitation>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// Those of these parties that have not ended: an invitation outlives its party, and nobody can accept it.
async fn still_there(store: &Store, parties: Vec<Key>) -> Result<HashSet<Key>, StoreError> {
    if parties.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = store.get_many(&parties, false).await?;
    Ok(rows.iter().filter(|row| !row.contains_key("dissolved")).filter_map(Key::of).collect())
}

/// Lists up to `limit` open invitations of a user.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn invitations(
    store: &Store,
    user: &UserId,
    limit: u8,
    cursor: Option<&Cursor>,
) -> Result<InvitationPage, StoreError> {
    let limit = usize::from(limit);
    let mut found: Vec<Invitation> = Vec::new();
    let mut from = cursor.map(|cursor| Key::invitation(user, &cursor.0).item());
    // Answered and expired ones are passed over, so a page may take more than one query to fill.
    loop {
        let page = store
            .client()
            .query()
            .table_name(store.table())
            .consistent_read(true)
            .key_condition_expression("pk = :user AND begins_with(sk, :invitation)")
            .filter_expression("#state = :pending AND expires_at > :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":user", string(Key::profile(user).pk))
            .expression_attribute_values(":invitation", string(INVITATION))
            .expression_attribute_values(":pending", State::Pending.value())
            .expression_attribute_values(":now", number(Millis::now().seconds()))
            .limit(i32::from(u8::try_from(limit - found.len()).unwrap_or(u8::MAX)))
            .set_exclusive_start_key(from.take())
            .send()
            .await
            .map_err(StoreError::dynamodb)?;
        let mut open = Vec::new();
        for item in page.items.unwrap_or_default() {
            let row: InvitationRow = read(item)?;
            let party = row.sk.strip_prefix(INVITATION).and_then(|id| PartyId::parse(id).ok());
            open.extend(party.map(|party| (party, row)));
        }
        let there = still_there(store, open.iter().map(|(party, _)| Key::party(party)).collect()).await?;
        open.retain(|(party, _)| there.contains(&Key::party(party)));
        found.extend(open.into_iter().map(|(party, row)| Invitation::of(party, user.clone(), row)));
        match page.last_evaluated_key {
            Some(last) if found.len() < limit => from = Some(last),
            last => {
                let last = last.as_ref().and_then(Key::of);
                let id = last.and_then(|key| key.sk.strip_prefix(INVITATION).map(str::to_owned));
                return Ok(InvitationPage { invitations: found, next_cursor: id.map(|id| URL_SAFE_NO_PAD.encode(id)) });
            }
        }
    }
}
