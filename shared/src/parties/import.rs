//! Parties, members and invitations of another system.

use serde::Deserialize;

use super::create::NewParty;
use super::invite::LIFETIME_SECONDS;
use super::reply::must_have_room;
use super::row::{InvitationRow, PartyRow, Snapshot, State, put_member};
use super::{check_name, check_settings};
use crate::api_error::ApiError;
use crate::contract::id::{PartyId, UserId};
use crate::contract::person::Person;
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::table::{
    Action, Imported, Key, LineDigest, MAX_TRANSACTION, Table, TransactItem, Transaction, Update, absent, eq, exists,
    item, retry,
};

/// Most members that are written with their party, in its transaction. Others follow one by one.
pub(crate) const MAX_WITH_PARTY: usize = MAX_TRANSACTION - 1;
/// Longest name of a member, in characters, as that of a caller.
const MAX_USERNAME: usize = 128;

/// A member as a line has them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewMember {
    user_id: String,
    username: String,
    avatar: Option<String>,
    /// ISO 8601; without it, when the party was created.
    joined_at: Option<String>,
}

/// A member of a party.
#[derive(Debug, Clone)]
pub(crate) struct OldMember {
    pub person: Person,
    pub joined_at: Millis,
}

impl NewMember {
    /// # Errors
    /// 400 for invalid fields.
    pub(crate) fn checked(self, default: Option<Millis>) -> Result<OldMember, ApiError> {
        let user_id = UserId::parse(self.user_id).map_err(|error| ApiError::field("userId", error))?;
        let display_name = username(&self.username)?;
        let picture =
            |address: String| Picture::parse(&address).ok_or_else(|| ApiError::field("avatar", Picture::RULE));
        let avatar_url = self.avatar.map(picture).transpose()?;
        let joined_at = match self.joined_at {
            None => default.ok_or_else(|| ApiError::field("joinedAt", Millis::RULE))?,
            Some(at) => Millis::parse_past(&at).ok_or_else(|| ApiError::field("joinedAt", Millis::RULE))?,
        };
        Ok(OldMember { person: Person { user_id, display_name, avatar_url }, joined_at })
    }
}

fn username(name: &str) -> Result<Line, ApiError> {
    Line::parse(name, MAX_USERNAME).map_err(|error| ApiError::field("username", error))
}

/// A party with its first members.
#[derive(Debug, Clone)]
pub(crate) struct OldParty {
    pub id: PartyId,
    pub members: Vec<OldMember>,
    row: PartyRow,
}

impl OldParty {
    /// # Errors
    /// 400 for invalid fields, two members with one id, and an owner outside of the members; 413 for settings over 4 KB.
    pub(crate) fn checked(
        id: PartyId,
        owner: UserId,
        new: NewParty,
        members: Vec<OldMember>,
        (created_at, updated_at): (Millis, Millis),
    ) -> Result<Self, ApiError> {
        if members.len() > MAX_WITH_PARTY {
            let rule = format!(
                "may have {MAX_WITH_PARTY} people: send the others in lines of the kind member, after this one"
            );
            return Err(ApiError::field("members", rule));
        }
        let mut ids: Vec<_> = members.iter().map(|member| &member.person.user_id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ApiError::field("members", "must name each user once: leave out the repetitions"));
        }
        if ids.binary_search(&&owner).is_err() {
            return Err(ApiError::field("members", "must have the owner: add the user of ownerId"));
        }
        let row = PartyRow {
            name: check_name(&new.party_name)?,
            settings: check_settings(&new.settings)?,
            owner,
            created_at,
            updated_at,
            version: 1,
            members: i64::try_from(members.len()).unwrap_or(i64::MAX),
            dissolved: false,
            expires_at: None,
            first_response: None,
        };
        Ok(Self { id, members, row })
    }

    /// Stores the party with its members, unless there is one of this id.
    ///
    /// # Errors
    /// 409 when it has more than `max_members`, 500 when DynamoDB fails or another writer has the rows.
    pub(crate) async fn import(
        &self,
        table: &Table,
        line: &LineDigest,
        max_members: i64,
        now: Millis,
    ) -> Result<Imported, ApiError> {
        if self.row.members > max_members {
            return Err(ApiError::Conflict(format!(
                "The party has {} members, and MaxPartyMembers allows {max_members}: choose a larger number first",
                self.row.members
            )));
        }
        let key = Key::party(&self.id);
        let mut puts = vec![Action::put_unless_live(item(&key, &self.row)?, now).imported(line)];
        for member in &self.members {
            puts.push(put_member(&self.id, &member.person, member.joined_at)?);
        }
        retry(|| async {
            match table.transact(puts.clone()).await? {
                Transaction::Done => Ok(Some(Imported::Created)),
                Transaction::ConditionFailed(failed) if failed.first() == Some(&true) => {
                    Ok(table.get(&key, true).await?.map(|row| Imported::of_present(&row, line)))
                }
                // Of a party that has ended, members' rows may be left.
                Transaction::ConditionFailed(failed) if failed.contains(&true) => {
                    Ok(Some(Imported::Skipped("rows of an ended party of this id are still here: try again in a day")))
                }
                Transaction::ConditionFailed(_) => Ok::<_, ApiError>(None),
            }
        })
        .await
    }
}

/// The refusal of what belongs to a party that is not there.
fn no_party() -> ApiError {
    ApiError::Unprocessable(
        "The party is not here: send its line first, or leave this one out if it has ended".to_owned(),
    )
}

/// Stores a further member of a party that is there and has fewer than `max_members`. No event is sent.
///
/// # Errors
/// 422 where there is no such party, 409 when it is full, 500 when DynamoDB fails or others keep changing the party.
pub(crate) async fn import_member(
    table: &Table,
    party: &PartyId,
    member: &OldMember,
    line: &LineDigest,
    max_members: i64,
) -> Result<Imported, ApiError> {
    let user = &member.person.user_id;
    let key = Key::member(party, user);
    retry(|| async {
        let snapshot = Snapshot::read(table, party, vec![key.clone()]).await?;
        if let Some(present) = snapshot.row(&key) {
            return Ok(Some(Imported::of_present(present, line)));
        }
        let row = snapshot.party.as_ref().map(|seen| &seen.row).ok_or_else(no_party)?;
        must_have_room(row, max_members)?;
        let counted = Update::new(&Key::party(party)).set("version", row.version + 1).set("members", row.members + 1);
        let counted = counted.when(eq("version", row.version));
        let put = put_member(party, &member.person, member.joined_at)?.imported(line);
        Ok(table.transact([counted.into(), put]).await?.is_done().then_some(Imported::Created))
    })
    .await
}

/// An open invitation of another system.
#[derive(Debug, Clone)]
pub(crate) struct OldInvitation {
    pub party: PartyId,
    pub invitee: UserId,
    row: InvitationRow,
}

impl OldInvitation {
    /// # Errors
    /// 400 for invalid names, 422 where the two are the same user.
    pub(crate) fn checked(
        party: PartyId,
        invitee: UserId,
        party_name: &str,
        (inviter, inviter_name): (UserId, &str),
        invited_at: Millis,
    ) -> Result<Self, ApiError> {
        if inviter == invitee {
            return Err(ApiError::Unprocessable("invitedBy and userId must be two people".to_owned()));
        }
        let row = InvitationRow {
            sk: Key::invitation(&invitee, &party).sk,
            party_name: check_name(party_name)?,
            inviter,
            inviter_name: username(inviter_name)?,
            invited_at,
            state: State::Pending,
            expires_at: invited_at.plus_seconds(LIFETIME_SECONDS).seconds(),
        };
        Ok(Self { party, invitee, row })
    }

    /// Stores the invitation, unless it has expired, there is one, or the user is a member. No event is sent.
    ///
    /// # Errors
    /// 422 where there is no such party, 500 when DynamoDB fails or another writer has the rows.
    pub(crate) async fn import(&self, table: &Table, line: &LineDigest, now: Millis) -> Result<Imported, ApiError> {
        if !self.row.is_open(now) {
            return Ok(Imported::Skipped("it has expired: invitations are open for 30 days"));
        }
        let (key, member) = (Key::invitation(&self.invitee, &self.party), Key::member(&self.party, &self.invitee));
        let put = Action::put_new(item(&key, &self.row)?, now).imported(line);
        let items: [TransactItem; 3] = [
            TransactItem::check(&Key::party(&self.party), exists("pk").and(absent("dissolved"))),
            TransactItem::check(&member, absent("pk")),
            put.into(),
        ];
        retry(|| async {
            match table.transact(items.clone()).await? {
                Transaction::Done => Ok(Some(Imported::Created)),
                Transaction::ConditionFailed(failed) if failed.get(2) == Some(&true) => {
                    Ok(table.get(&key, true).await?.map(|row| Imported::of_present(&row, line)))
                }
                Transaction::ConditionFailed(failed) if failed.first() == Some(&true) => Err(no_party()),
                Transaction::ConditionFailed(failed) if failed.get(1) == Some(&true) => {
                    Ok(Some(Imported::Skipped("the user is a member of the party already")))
                }
                Transaction::ConditionFailed(_) => Ok(None),
            }
        })
        .await
    }
}
