//! Taking a user who is erased out of a party.

use super::row::MemberRow;
use super::{hand_over, leave};
use crate::contract::id::{PartyId, UserId};
use crate::outbox::{Committed, Writer};
use crate::problem::Problem;
use crate::table::key::{self, MEMBER};
use crate::table::{self, Query, Table, string};

/// How often it is tried again because the heir, too, has left meanwhile.
const MAX_HEIRS: usize = 5;

/// Takes a user out of a party. An owner's party goes to the member who has been in it longest; without other members, it ends. A
/// user who is not in it, and a party that has ended, are no error.
///
/// # Errors
/// 503 when too much of the party waits for delivery, 500.
pub(crate) async fn withdraw(
    table: &Table,
    writer: &Writer,
    id: &PartyId,
    user: &UserId,
) -> Result<Vec<Committed>, Problem> {
    let mut owed = Vec::new();
    for _ in 0..MAX_HEIRS {
        match leave(table, writer, id, user).await {
            Ok(done) => {
                owed.extend(done.owed);
                return Ok(owed);
            }
            // Not a member, or the party has ended.
            Err(Problem::NotFound(_) | Problem::Forbidden(_)) => return Ok(owed),
            Err(Problem::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
        let Some(heir) = oldest_other(table, id, user).await? else { continue };
        match hand_over(table, writer, id, user, &heir).await {
            Ok(done) => owed.extend(done.owed),
            Err(Problem::NotFound(_) | Problem::Forbidden(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Problem::Unavailable("Too many changes at once in a party of the user's; try again".to_owned()))
}

async fn oldest_other(table: &Table, id: &PartyId, user: &UserId) -> Result<Option<UserId>, Problem> {
    let query = Query::new("pk = :party AND begins_with(sk, :member)")
        .value(":party", string(key::party(id)))
        .value(":member", string(MEMBER));
    let rows = table.query_all(query).await?.into_iter().map(table::read::<MemberRow>);
    let mut members = rows.collect::<Result<Vec<_>, _>>()?;
    members.sort_by_key(|row| row.joined_at);
    let ids = members.iter().filter_map(|row| UserId::parse(row.sk.strip_prefix(MEMBER)?).ok());
    Ok(ids.into_iter().find(|member| member != user))
}
