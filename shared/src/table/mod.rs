//! The table: its client, and the operations that all kinds of rows share.
//!
//! | file | what it is |
//! |---|---|
//! | `key` | all key formats, from the crate `contract` |
//! | `attribute` | the values of rows |
//! | `row` | rows as types |
//! | `expression` | conditions and changes in DynamoDB's expression language |
//! | `action` | a write of one row, alone or in a transaction |
//! | `imported` | rows of another system's data |
//! | `query` | pages of rows with one partition key |
//! | `retry` | retries after a conflict with another writer |
//! | `by_time` | places in the index by time |
//! | `rate_limit` | rate limits that a row holds |

mod action;
mod attribute;
mod by_time;
mod expression;
mod imported;
#[cfg(test)]
mod model;
mod query;
pub mod rate_limit;
mod retry;
mod row;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::api_error::ApiError;
use crate::clients::aws::{self, AwsError};
use crate::clients::https::HttpClient;
use crate::contract::time::Millis;

pub use attribute::{AttributeValue, Item, number, string, text};
pub use contract::key::{self, Key};

pub(crate) use action::{Action, TransactItem, Update};
pub(crate) use attribute::IntoValue;
pub(crate) use by_time::ByTime;
pub(crate) use expression::{Condition, absent, contains, eq, exists, gt, le, lt, ne, unchanged};
pub(crate) use imported::{IMPORTED, Imported, LineDigest};
pub(crate) use query::Query;
pub(crate) use retry::{retry, retry_from, retry_in_a_crowd, retry_in_a_crowd_or, retry_or};
pub(crate) use row::{attributes, item, read};

use action::{Kind, build};

/// Most keys of one `BatchGetItem` (DynamoDB API reference).
const MAX_BATCH: usize = 100;
/// Most items of one `TransactWriteItems` (DynamoDB API reference).
pub(crate) const MAX_TRANSACTION: usize = 100;
/// Most attempts to read the rows of a batch. DynamoDB may leave rows out, which are then requested again.
const MAX_BATCH_ATTEMPTS: u32 = 5;

/// Why an operation on the table failed.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB refused the request or did not respond.
    #[error("DynamoDB failed")]
    DynamoDb(#[from] AwsError),
    /// The request lacks a part that DynamoDB needs.
    #[error("the request to DynamoDB cannot be built")]
    Incomplete(#[from] BuildError),
    /// A value that DynamoDB cannot store.
    #[error("the row cannot be written")]
    Unwritable(#[from] serde_dynamo::Error),
    /// A row that does not have the fields of its kind.
    #[error("the row {0:?} cannot be read: {1}")]
    Corrupt(Key, String),
    /// Other writers kept changing the same rows.
    #[error("too many writers at once; try again")]
    Contended,
    /// The row's deliveries wait for Pusher or FCM, and no more of them fit.
    #[error("the row {0:?} owes too much")]
    OwesTooMuch(Key),
    /// DynamoDB kept leaving rows out of a batch.
    #[error("DynamoDB left rows unread")]
    Throttled,
}

impl TableError {
    /// An error for a row that cannot be read. `key` is `None` if the row has no key.
    pub(crate) fn corrupt(key: Option<Key>, why: impl std::fmt::Display) -> Self {
        let key = key.unwrap_or_else(|| Key { pk: String::new(), sk: String::new() });
        Self::Corrupt(key, why.to_string())
    }

    /// Whether a problem is a row that does not have the fields of its kind, so that trying again does not help.
    pub(crate) fn is_unreadable_row(error: &ApiError) -> bool {
        match error {
            ApiError::Internal(cause) => matches!(cause.downcast_ref(), Some(Self::Corrupt(..))),
            _ => false,
        }
    }

    /// Whether a write was refused because the row is in a running transaction. The SDK does not retry it.
    fn is_transaction_conflict(&self) -> bool {
        matches!(self, Self::DynamoDb(AwsError::Refused { code, .. }) if code == "TransactionConflictException")
    }
}

impl From<TableError> for ApiError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::OwesTooMuch(_) => Self::Unavailable(
                "Too many events of this are still waiting for delivery; try again in a minute".to_owned(),
            ),
            error => Self::internal(error),
        }
    }
}

/// How a conditional write ended.
#[derive(Debug)]
pub enum Write<T = ()> {
    Done(T),
    /// The row did not meet the condition. Holds the row, if there is one.
    ConditionFailed(Option<Item>),
}

impl<T> Write<T> {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    Done,
    /// The table is unchanged. Tells for each item, in order, whether its condition failed. All are `false` after a
    /// conflict with another writer.
    ConditionFailed(Vec<bool>),
}

impl Transaction {
    pub(crate) fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

#[derive(Debug, Clone)]
pub struct Table {
    config: SdkConfig,
    http: HttpClient,
    /// Created at its first use, because creating it takes as long as the rest of a function's start.
    client: Arc<OnceLock<Client>>,
    table: String,
}

impl Table {
    /// The table with this name. `http` is the client with which `config` was loaded.
    #[must_use]
    pub fn new(config: SdkConfig, http: HttpClient, table: impl Into<String>) -> Self {
        Self { config, http, client: Arc::default(), table: table.into() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.config))
    }

    /// Opens a connection to DynamoDB, so that the first request finds it open.
    pub(crate) async fn connect(&self) {
        aws::connect_to_dynamodb(self.client(), &self.http).await;
    }

    /// A row, by a consistent or an eventually consistent read; the latter has half the price.
    pub async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Item>, TableError> {
        let request =
            self.client().get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(consistent);
        Ok(Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB GetItem", error))?.item)
    }

    /// The rows with these keys, in the order of the keys; `None` for a row that does not exist. One request.
    ///
    /// # Errors
    /// When DynamoDB fails, or keeps leaving rows out.
    pub async fn get_each<const N: usize>(
        &self,
        keys: [&Key; N],
        consistent: bool,
    ) -> Result<[Option<Item>; N], TableError> {
        let mut rows = self.get_many(keys, consistent).await?;
        Ok(keys.map(|key| rows.remove(key)))
    }

    /// The rows with these keys that exist. One request for up to 100 keys, which must differ; none for no keys.
    ///
    /// # Errors
    /// When DynamoDB fails, or keeps leaving rows out.
    pub async fn get_many<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a Key>,
        consistent: bool,
    ) -> Result<HashMap<Key, Item>, TableError> {
        let mut keys: Vec<_> = keys.into_iter().map(Key::item).collect();
        let mut found = HashMap::with_capacity(keys.len());
        while !keys.is_empty() {
            let later = keys.split_off(keys.len().min(MAX_BATCH));
            let mut left = std::mem::replace(&mut keys, later);
            let mut backoff = Duration::from_millis(20);
            for _ in 0..MAX_BATCH_ATTEMPTS {
                let (rows, rest) = self.get_batch(left, consistent).await?;
                found.extend(rows.into_iter().filter_map(|row| Some((Key::of(&row)?, row))));
                left = rest;
                if left.is_empty() {
                    break;
                }
                tokio::time::sleep(backoff).await;
                backoff *= 2;
            }
            if !left.is_empty() {
                return Err(TableError::Throttled);
            }
        }
        Ok(found)
    }

    /// The rows with these keys that exist, and the keys that DynamoDB left out.
    async fn get_batch(&self, keys: Vec<Item>, consistent: bool) -> Result<(Vec<Item>, Vec<Item>), TableError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build()?;
        let request = self.client().batch_get_item().request_items(&self.table, wanted);
        let output = Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB BatchGetItem", error))?;
        let rows = output.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        let rest = output.unprocessed_keys.unwrap_or_default().remove(&self.table);
        Ok((rows, rest.map(|rest| rest.keys).unwrap_or_default()))
    }

    /// Puts a row, unless there is one with the same key that has not expired.
    pub async fn create(&self, item: Item, now: Millis) -> Result<Write, TableError> {
        Ok(match self.write(Action::put_new(item, now)).await? {
            Write::Done(_) => Write::Done(()),
            Write::ConditionFailed(row) => Write::ConditionFailed(row),
        })
    }

    /// Does a write, if its condition holds. With `Update::returning_new`, returns the new row. Waits for a transaction
    /// that has the row.
    ///
    /// # Errors
    /// When DynamoDB fails, or transactions keep having the row.
    pub(crate) async fn write(&self, action: impl Into<Action>) -> Result<Write<Option<Item>>, TableError> {
        let action = action.into();
        retry(|| async {
            match self.attempt(&action).await {
                Err(error) if error.is_transaction_conflict() => Ok(None),
                ended => ended.map(Some),
            }
        })
        .await
    }

    /// Does a write once.
    ///
    /// When the response to a put is lost, the SDK retries the put, and its condition fails because the first attempt
    /// has written the row. The present row then equals the put one in every attribute, and the put counts as done. That of an import
    /// does not: it tells a repetition from the first time.
    async fn attempt(&self, action: &Action) -> Result<Write<Option<Item>>, TableError> {
        let (client, expressions) = (self.client(), action.expressions());
        let old = expressions.condition.as_ref().map(|_| ReturnValuesOnConditionCheckFailure::AllOld);
        let failed = match &action.kind {
            Kind::Put(item) => {
                let request = build!(client.put_item(), &self.table, expressions).set_item(Some(item.clone()));
                match Box::pin(request.set_return_values_on_condition_check_failure(old).send()).await {
                    Ok(_) => return Ok(Write::Done(None)),
                    Err(error) => match condition_failed(error, "DynamoDB PutItem", |error| match error {
                        PutItemError::ConditionalCheckFailedException(failed) => Some(failed),
                        _ => None,
                    })? {
                        Some(row) if row == *item && !action.is_import => return Ok(Write::Done(None)),
                        row => row,
                    },
                }
            }
            Kind::Update { key, .. } => {
                let request = client.update_item().set_update_expression(expressions.update);
                let request = build!(request, &self.table, expressions)
                    .set_key(Some(key.clone()))
                    .set_return_values(action.returns_new.then_some(ReturnValue::AllNew));
                match Box::pin(request.set_return_values_on_condition_check_failure(old).send()).await {
                    Ok(output) => return Ok(Write::Done(output.attributes)),
                    Err(error) => condition_failed(error, "DynamoDB UpdateItem", |error| match error {
                        UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed),
                        _ => None,
                    })?,
                }
            }
            Kind::Delete { key } => {
                let request = build!(client.delete_item(), &self.table, expressions).set_key(Some(key.clone()));
                match Box::pin(request.set_return_values_on_condition_check_failure(old).send()).await {
                    Ok(_) => return Ok(Write::Done(None)),
                    Err(error) => condition_failed(error, "DynamoDB DeleteItem", |error| match error {
                        DeleteItemError::ConditionalCheckFailedException(failed) => Some(failed),
                        _ => None,
                    })?,
                }
            }
        };
        Ok(Write::ConditionFailed(failed))
    }

    /// Does several writes, all or none. The SDK sends a token with the request, by which DynamoDB recognizes a retry
    /// for ten minutes, so a retry after a time-out does nothing twice.
    ///
    /// # Errors
    /// When DynamoDB fails, except for a failed condition or a conflict with another writer.
    pub(crate) async fn transact(
        &self,
        items: impl IntoIterator<Item = impl Into<TransactItem>>,
    ) -> Result<Transaction, TableError> {
        let items = items.into_iter().map(|item| item.into().into_sdk(&self.table));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let request = self.client().transact_write_items().set_transact_items(Some(items));
        let error = match Box::pin(request.send()).await {
            Ok(_) => return Ok(Transaction::Done),
            Err(error) => error,
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() {
            let codes: Vec<_> =
                canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default()).collect();
            if codes.iter().any(|code| matches!(*code, "ConditionalCheckFailed" | "TransactionConflict")) {
                let failed = codes.iter().map(|code| *code == "ConditionalCheckFailed").collect();
                return Ok(Transaction::ConditionFailed(failed));
            }
        }
        Err(AwsError::new("DynamoDB TransactWriteItems", error).into())
    }
}

/// The present row, if the error is a failed condition; otherwise the error.
fn condition_failed<E>(
    error: SdkError<E, HttpResponse>,
    operation: &'static str,
    exception: impl FnOnce(E) -> Option<ConditionalCheckFailedException>,
) -> Result<Option<Item>, TableError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(refusal) if refusal.err().code() == Some("ConditionalCheckFailedException") => {
            Ok(exception(refusal.into_err()).and_then(|failed| failed.item))
        }
        error => Err(AwsError::new(operation, error).into()),
    }
}
