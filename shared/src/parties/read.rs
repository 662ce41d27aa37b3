//! Reads a party with its members.

use super::row::{MemberRow, PartyRow};
use super::view::Party;
use super::{PartyCaller, members_only, unknown_party};
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::table::key::{self, MEMBER};
use crate::table::{self, Key, Query, Table, TableError};

/// Reads a party for one of its members or an operator, with one consistent query.
///
/// # Errors
/// 404 for an unknown party, 403 unless the caller is a member or an operator, 500 when DynamoDB fails.
pub async fn read(table: &Table, id: &PartyId, caller: PartyCaller<'_>) -> Result<Party, ApiError> {
    let (party, members) = rows(table, id).await?;
    let party = party.filter(|row| !row.dissolved).ok_or_else(unknown_party)?;
    let is_member = members.iter().any(|row| row.sk.strip_prefix(MEMBER) == Some(caller.user.as_str()));
    if !is_member && !caller.is_operator {
        return Err(members_only());
    }
    Ok(Party::of(id, &party).with_members(members))
}

/// Whether a user is a member, by one consistent read of party and member. There is no cache, so a removed member cannot
/// subscribe to the party's channels any more, and no member to those of a party that has ended.
pub async fn is_member(table: &Table, party: &PartyId, user: &UserId) -> Result<bool, TableError> {
    let [party, member] = table.get_each([&Key::party(party), &Key::member(party, user)], true).await?;
    Ok(member.is_some() && party.is_some_and(|party| !party.contains_key("dissolved")))
}

async fn rows(table: &Table, id: &PartyId) -> Result<(Option<PartyRow>, Vec<MemberRow>), TableError> {
    let key = Key::party(id);
    let (mut party, mut members) = (None, Vec::new());
    for item in table.query_all(Query::new(key::party(id))).await? {
        if Key::of(&item).is_some_and(|found| found == key) {
            party = Some(table::read(item)?);
        } else {
            members.push(table::read::<MemberRow>(item)?);
        }
    }
    members.sort_by_key(|row| row.joined_at);
    Ok((party, members))
}
