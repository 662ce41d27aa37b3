//! Creates a party: its row and its first member's, in one transaction.

use serde::Deserialize;
use serde_json::Value;

use super::row::{PartyRow, Snapshot, put_member};
use super::view::Party;
use super::{PartySettings, check_name, check_settings, unknown_party};
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::PartyId;
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::http::idempotency::{self, IdempotencyKey};
use crate::json::canonical;
use crate::outbox::{Committed, Delivery, Done, Outbox, WriteContext};
use crate::table::{Action, Key, Table, TableError, Transaction, retry};

/// A founder's request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewParty {
    pub(super) party_name: String,
    #[serde(default)]
    pub(super) settings: PartySettings,
}

/// Creates a party that the caller owns. A repeated request returns what the first response held.
///
/// # Errors
/// 400 for a bad name, 413 for settings over 4 KB, 422 for a reused key, 500 when DynamoDB fails or the first request
/// with the key stays in its transaction.
pub async fn create(
    table: &Table,
    writer: &WriteContext,
    founder: &Person,
    new: NewParty,
    key: &IdempotencyKey,
) -> Result<Done<Value>, ApiError> {
    let name = check_name(&new.party_name)?;
    let settings = check_settings(&new.settings)?;
    // A UUID fits into a channel name.
    let id = PartyId::parse(key.id().to_string()).map_err(ApiError::internal)?;
    let now = Millis::now();

    let mut row = PartyRow {
        name,
        settings,
        owner: founder.user_id.clone(),
        created_at: now,
        updated_at: now,
        version: 1,
        members: 1,
        dissolved: false,
        expires_at: None,
        first_response: None,
    };
    let party = serde_json::to_value(Party::of(&id, &row)).map_err(ApiError::internal)?;
    row.first_response = key.has_key().then(|| party.to_string());
    let fact = Delivery::fact(Fact::PartyCreated { party_id: id.clone(), owner_id: founder.user_id.clone() });
    let committed = Committed::new(Key::party(&id), Outbox::new([fact], writer, now));
    let puts = [Action::put_unless_live(committed.item(&row)?, now), put_member(&id, founder, now)?];
    retry(|| async {
        match table.transact(puts.clone()).await? {
            Transaction::Done => Ok(Some(Done::now(party.clone(), None))),
            Transaction::ConditionFailed(failed) if failed.contains(&true) => {
                replay(table, &id, &party).await.map(Some)
            }
            // The first request with the key is in its transaction, which may yet fail.
            Transaction::ConditionFailed(_) => Ok(None),
        }
    })
    .await
}

/// `again` is what this request would have created. The first response holds the name and the settings that were first asked
/// for; the row holds the present ones.
async fn replay(table: &Table, id: &PartyId, again: &Value) -> Result<Done<Value>, ApiError> {
    let first = Snapshot::read(table, id, Vec::new()).await?.party.ok_or_else(unknown_party)?.row;
    let body = first.first_response.ok_or(TableError::Contended)?;
    let party: Value = serde_json::from_str(&body).map_err(ApiError::internal)?;
    let is_same = |field: &&str| canonical(&party[*field]) == canonical(&again[*field]);
    idempotency::must_be_same(["partyName", "settings"].iter().all(is_same))?;
    Ok(Done::replay(party))
}
