//! Changes of a party's name, settings and owner.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::row::{NextVersion, PartyRow, ReadRow, Snapshot};
use super::view::Party;
use super::{PartySettings, check_name, check_settings, members_only, owner_only, retry_in_a_crowd, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::{PartyUpdate, PartyUpdated};
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Done, WriteContext};
use crate::table::{Key, Table, TransactItem, exists};

/// An owner's request; an absent field stays as it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartyChanges {
    party_name: Option<String>,
    settings: Option<PartySettings>,
}

/// Changes name and settings. Without a difference, it writes nothing and sends no event.
///
/// # Errors
/// 400 for a bad name or an empty request, 403 unless the caller is the owner, 404, 413 for settings over 4 KB, 500.
pub async fn change(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &UserId,
    changes: PartyChanges,
) -> Result<Done<Party>, ApiError> {
    let name = changes.party_name.as_deref().map(check_name).transpose()?;
    let settings = changes.settings.as_ref().map(check_settings).transpose()?;
    if name.is_none() && settings.is_none() {
        return Err(ApiError::Malformed("Send partyName, settings or both".to_owned()));
    }
    retry_in_a_crowd(|| async {
        let seen = owned(Snapshot::read(table, id, vec![Key::member(id, caller)]).await?, caller)?;
        let mut row = seen.row.clone();
        let mut data = Map::new();
        if let Some(name) = name.as_ref().filter(|name| **name != row.name) {
            row.name.clone_from(name);
            data.insert("partyName".to_owned(), json!(name));
        }
        if let Some(settings) = settings.as_ref().filter(|settings| **settings != row.settings) {
            row.settings.clone_from(settings);
            data.insert("settings".to_owned(), serde_json::from_str(settings).unwrap_or_default());
        }
        if let Some(done) = (Changed { id, seen: &seen, row, data }).write(table, writer, None).await? {
            return Ok(Some(done));
        }
        Ok(None)
    })
    .await
}

/// Hands the party over to another member.
///
/// # Errors
/// 403 unless the caller is the owner, 404 when there is no such party or member, 500.
pub async fn hand_over(
    table: &Table,
    writer: &WriteContext,
    id: &PartyId,
    caller: &UserId,
    heir: &UserId,
) -> Result<Done<Party>, ApiError> {
    retry_in_a_crowd(|| async {
        let snapshot = Snapshot::read(table, id, vec![Key::member(id, caller), Key::member(id, heir)]).await?;
        let is_member = snapshot.has_member(heir);
        let seen = owned(snapshot, caller)?;
        if !is_member {
            return Err(ApiError::NotFound("The new owner must be a member of the party: invite them first; GET /parties/{partyId} lists its members".to_owned()));
        }
        let mut row = seen.row.clone();
        let mut data = Map::new();
        if row.owner != *heir {
            row.owner = heir.clone();
            data.insert("ownerId".to_owned(), json!(heir));
        }
        // The heir may have left after their row was read and before the party's was.
        let stays = TransactItem::check(&Key::member(id, heir), exists("pk"));
        if let Some(done) = (Changed { id, seen: &seen, row, data }).write(table, writer, Some(stays)).await? {
            return Ok(Some(done));
        }
        Ok(None)
    })
    .await
}

/// The party, if the caller owns it.
fn owned(snapshot: Snapshot, caller: &UserId) -> Result<ReadRow<PartyRow>, ApiError> {
    let is_member = snapshot.has_member(caller);
    let seen = snapshot.party.ok_or_else(unknown_party)?;
    match () {
        () if seen.row.owner == *caller => Ok(seen),
        () if is_member => Err(owner_only()),
        () => Err(members_only()),
    }
}

/// A party with other settings or another owner.
struct Changed<'a> {
    id: &'a PartyId,
    /// The party as it was read.
    seen: &'a ReadRow<PartyRow>,
    row: PartyRow,
    /// The changed fields, for the event.
    data: Map<String, Value>,
}

impl Changed<'_> {
    /// Writes it with its event, if the check holds; `None` when another writer was first.
    async fn write(
        self,
        table: &Table,
        writer: &WriteContext,
        check: Option<TransactItem>,
    ) -> Result<Option<Done<Party>>, ApiError> {
        let Self { id, seen, mut row, data } = self;
        if data.is_empty() {
            return Ok(Some(Done::now(Party::of(id, &row), None)));
        }
        let now = Millis::now();
        row.updated_at = now;
        let update_type = PartyUpdate::SettingsChanged;
        let event = PartyUpdated { party_id: id.clone(), update_type, data, updated_at: now.iso() };
        // The caller owns the party.
        let (party_id, caller) = (id.clone(), seen.row.owner.clone());
        let fact = if row.owner == caller {
            Fact::PartyUpdated { party_id, updated_by: caller }
        } else {
            Fact::PartyOwnerChanged { party_id, owner_id: row.owner.clone(), previous_owner_id: caller }
        };
        let owed = [Delivery::event(&event), Delivery::fact(fact)];
        let next = NextVersion::new(id, seen, owed, writer, now)?
            .set("name", &row.name)
            .set("settings", &row.settings)
            .set("owner", &row.owner);
        let items = std::iter::once(next.write().into()).chain(check);
        Ok(table.transact(items).await?.is_done().then(|| Done::now(Party::of(id, &row), next.deliverable())))
    }
}
