//! The table: one client, and the few calls that every kind of row shares.
//!
//! `action` is a write of one row, alone or with others in a transaction; `query` is a range of rows, a page at a time.

mod action;
mod query;

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::aws::{Aws, CallError, Service};
use crate::key::{Item, Key};

pub(crate) use action::{Action, Check, Member};
pub(crate) use query::Query;

/// Most keys of one `BatchGetItem` (DynamoDB API reference).
const BATCH: usize = 100;
/// How often what DynamoDB left out of a batch is asked for again.
const BATCH_TRIES: u32 = 5;

/// The table did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB refused the request or did not answer.
    #[error("DynamoDB failed")]
    DynamoDb(#[from] CallError),
    /// A row that is not what its key says.
    #[error("the row {0:?} cannot be read: {1}")]
    Corrupt(Key, String),
    /// Others kept changing the same rows.
    #[error("too many writers at once; try again")]
    Contended,
    /// DynamoDB kept leaving rows out of a batch.
    #[error("DynamoDB left rows unread")]
    Throttled,
}

impl StoreError {
    /// A row that cannot be read, for this reason; without a key where it has not even that.
    pub(crate) fn corrupt(key: Option<Key>, why: impl std::fmt::Display) -> Self {
        let key = key.unwrap_or_else(|| Key { pk: String::new(), sk: String::new() });
        Self::Corrupt(key, why.to_string())
    }
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Write<T = ()> {
    /// It was done.
    Done(T),
    /// The condition did not hold; this is the row as it is, if there is one.
    Refused(Option<Item>),
}

/// What became of several writes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    /// All were done.
    Done,
    /// None was: of which ones the condition did not hold, in order. All hold when another writer was at a row just then.
    Refused(Vec<bool>),
}

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    dynamodb: Service,
    table: String,
}

impl Store {
    /// The table of this name.
    #[must_use]
    pub fn new(aws: &Aws, table: impl Into<String>) -> Self {
        Self { dynamodb: aws.dynamodb(), table: table.into() }
    }

    /// A row, as it is at this moment (consistent) or was a moment ago (half the price).
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Item>, StoreError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a> {
            table_name: &'a str,
            key: Item,
            consistent_read: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            item: Option<Item>,
        }
        let input = Input { table_name: &self.table, key: key.item(), consistent_read: consistent };
        let Output { item } = self.dynamodb.call("GetItem", &input).await?;
        Ok(item)
    }

    /// Those of the rows that exist, in no order. One round trip for up to 100 keys, which must differ.
    ///
    /// # Errors
    /// When DynamoDB fails, or leaves rows out again and again.
    pub async fn get_many(&self, keys: &[Key], consistent: bool) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH) {
            let mut left: Vec<_> = keys.iter().map(Key::item).collect();
            let mut pause = Duration::from_millis(20);
            for _ in 0..BATCH_TRIES {
                let (rows, rest) = self.get_batch(left, consistent).await?;
                found.extend(rows);
                left = rest;
                if left.is_empty() {
                    break;
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            if !left.is_empty() {
                return Err(StoreError::Throttled);
            }
        }
        Ok(found)
    }

    /// What there is of these keys, and those that DynamoDB had no time for.
    async fn get_batch(&self, keys: Vec<Item>, consistent: bool) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a> {
            request_items: HashMap<&'a str, Wanted>,
        }
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wanted {
            keys: Vec<Item>,
            #[serde(default)]
            consistent_read: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            #[serde(default)]
            responses: HashMap<String, Vec<Item>>,
            #[serde(default)]
            unprocessed_keys: HashMap<String, Wanted>,
        }
        let wanted = Wanted { keys, consistent_read: consistent };
        let input = Input { request_items: HashMap::from([(self.table.as_str(), wanted)]) };
        let mut output: Output = self.dynamodb.call("BatchGetItem", &input).await?;
        let rest = output.unprocessed_keys.remove(&self.table).map(|rest| rest.keys);
        Ok((output.responses.remove(&self.table).unwrap_or_default(), rest.unwrap_or_default()))
    }

    /// Puts a row unless its key is taken.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn create(&self, item: Item) -> Result<Write, StoreError> {
        Ok(match self.write(Action::put_new(item)).await? {
            Write::Done(_) => Write::Done(()),
            Write::Refused(row) => Write::Refused(row),
        })
    }

    /// Does a write, if its condition holds; with `Action::returning_new`, answers with the row as it is then.
    ///
    /// A put whose answer got lost is repeated and meets its own row. That is no refusal: it was done.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub(crate) async fn write(&self, action: Action) -> Result<Write<Option<Item>>, StoreError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            attributes: Option<Item>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Refused {
            item: Option<Item>,
        }
        match self.dynamodb.call::<Output>(action.operation(), &action.request(&self.table)).await {
            Ok(Output { attributes }) => Ok(Write::Done(attributes)),
            Err(CallError::Refused(refusal)) if refusal.code == "ConditionalCheckFailedException" => {
                let Refused { item } = refusal.read()?;
                Ok(if item.as_ref().is_some_and(|row| action.has_put(row)) {
                    Write::Done(None)
                } else {
                    Write::Refused(item)
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Does several writes, all or none. Repeating the request, as a try after a time-out does, does nothing twice: it names
    /// itself by a token that DynamoDB remembers for ten minutes.
    ///
    /// # Errors
    /// When DynamoDB fails for another reason than a condition or another writer.
    pub(crate) async fn transact(
        &self,
        members: impl IntoIterator<Item = impl Into<Member>>,
    ) -> Result<Transaction, StoreError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a> {
            transact_items: Vec<action::OfTransaction<'a>>,
            client_request_token: String,
        }
        #[derive(Deserialize)]
        struct Output {}
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Cancelled {
            cancellation_reasons: Vec<Reason>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reason {
            #[serde(default)]
            code: String,
        }
        let members: Vec<Member> = members.into_iter().map(Into::into).collect();
        let input = Input {
            transact_items: members.iter().map(|member| member.of_transaction(&self.table)).collect(),
            client_request_token: uuid::Uuid::now_v7().to_string(),
        };
        let refusal = match self.dynamodb.call::<Output>("TransactWriteItems", &input).await {
            Ok(_) => return Ok(Transaction::Done),
            Err(CallError::Refused(refusal)) if refusal.code == "TransactionCanceledException" => refusal,
            Err(error) => return Err(error.into()),
        };
        let Cancelled { cancellation_reasons: reasons } = refusal.read()?;
        if reasons.iter().any(|reason| matches!(reason.code.as_str(), "ConditionalCheckFailed" | "TransactionConflict"))
        {
            return Ok(Transaction::Refused(
                reasons.iter().map(|reason| reason.code == "ConditionalCheckFailed").collect(),
            ));
        }
        Err(CallError::Refused(refusal).into())
    }
}

/// Reads a row into a type.
pub(crate) fn read<T: serde::de::DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    // `from_item` takes the row, so its key is looked up first.
    let key = Key::of(&item);
    serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt(key, &error))
}
