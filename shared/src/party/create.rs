//! Founding a party: its row and its first member's, both or neither.

use serde::Deserialize;
use serde_json::Value;

use super::row::{PartyRow, Snapshot, put_member};
use super::shown::Party;
use super::{Settings, check_name, check_settings, unknown_party};
use crate::contract::Person;
use crate::http::Problem;
use crate::id::PartyId;
use crate::idempotency;
use crate::key::{Key, number, string};
use crate::store::{Action, Store, StoreError, Transaction, read};
use crate::time::Millis;

/// What a founder asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Founding {
    party_name: String,
    #[serde(default)]
    settings: Settings,
}

/// A party that was founded, now or by the same request before.
#[derive(Debug)]
pub struct Created {
    /// The party, as the first answer told it.
    pub party: Value,
    /// Whether this is a repetition.
    pub is_repeated: bool,
}

/// Founds a party that the caller owns.
///
/// # Errors
/// 400 for a bad name, 413 for settings over 4 KB, 422 for a reused key, 500 when DynamoDB fails.
pub async fn create(
    store: &Store,
    founder: &Person,
    founding: Founding,
    request: &idempotency::IdempotencyKey,
) -> Result<Created, Problem> {
    let name = check_name(&founding.party_name)?;
    let settings = check_settings(&founding.settings)?;
    // A UUID, which every channel name can hold.
    let id = PartyId::parse(request.id.to_string()).map_err(|error| Problem::Internal(error.into()))?;
    let now = Millis::now();

    let mut item = Key::party(&id).item();
    item.insert("name".to_owned(), string(name));
    item.insert("settings".to_owned(), string(settings));
    item.insert("owner".to_owned(), string(founder.user_id.as_str()));
    item.insert("created_at".to_owned(), number(now.0));
    item.insert("updated_at".to_owned(), number(now.0));
    item.insert("version".to_owned(), number(1));
    item.insert("members".to_owned(), number(1));
    item.insert("fingerprint".to_owned(), string(&request.fingerprint));
    let row: PartyRow = read(item.clone())?;
    let party = serde_json::to_value(Party::of(&id, &row)).map_err(|error| Problem::Internal(error.into()))?;
    if request.has_key {
        item.insert("first_answer".to_owned(), string(party.to_string()));
    }
    match store.transact([Action::put_new(item), put_member(&id, founder, now)]).await? {
        Transaction::Done => Ok(Created { party, is_repeated: false }),
        Transaction::ConditionFailed(_) => repeated(store, &id, request).await,
    }
}

async fn repeated(store: &Store, id: &PartyId, request: &idempotency::IdempotencyKey) -> Result<Created, Problem> {
    let first = Snapshot::read(store, id, Vec::new()).await?.party.ok_or_else(unknown_party)?.row;
    request.must_match(&first.fingerprint)?;
    let told = first.first_answer.ok_or(StoreError::Contended)?;
    let party = serde_json::from_str(&told).map_err(|error| Problem::Internal(error.into()))?;
    Ok(Created { party, is_repeated: true })
}
