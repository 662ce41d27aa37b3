//! The table: one client, and the few operations that every kind of row shares.
//!
//! | file | what it is |
//! |---|---|
//! | `key` | every key format, and nothing else builds one |
//! | `attribute` | rows, and the values in them |
//! | `action` | a write of one row, alone or with others in a transaction |
//! | `query` | a range of rows, a page at a time |
//! | `backoff` | the pause before deciding again, when another writer was first |
//! | `rate_limit` | how many requests a row admits |

mod action;
mod attribute;
mod backoff;
pub mod key;
mod query;
pub mod rate_limit;

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

use crate::clients::aws::{self, AwsError};
use crate::clients::https::HttpClient;
use crate::problem::Problem;

pub use attribute::{AttributeValue, Item, number, string, text};
pub use key::Key;

pub(crate) use action::{Action, TransactItem};
pub(crate) use attribute::{item, read};
pub(crate) use backoff::Backoff;
pub(crate) use query::Query;

use action::Kind;

/// Most keys of one `BatchGetItem` (DynamoDB API reference).
const MAX_BATCH: usize = 100;
/// How often the rows that DynamoDB left out of a batch are asked for again.
const BATCH_ATTEMPTS: u32 = 5;

/// The table did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB refused the request or did not respond.
    #[error("DynamoDB failed")]
    DynamoDb(#[from] AwsError),
    /// The request lacks a part that DynamoDB needs.
    #[error("the request to DynamoDB cannot be built")]
    Incomplete(#[from] BuildError),
    /// A value that no row can hold.
    #[error("the row cannot be written")]
    Unwritable(#[from] serde_dynamo::Error),
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

impl TableError {
    /// A row that cannot be read, for this reason; without a key where it has not even that.
    pub(crate) fn corrupt(key: Option<Key>, why: impl std::fmt::Display) -> Self {
        let key = key.unwrap_or_else(|| Key { pk: String::new(), sk: String::new() });
        Self::Corrupt(key, why.to_string())
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        Self::internal(error)
    }
}

/// How a conditional write ended.
#[derive(Debug)]
pub enum Write<T = ()> {
    /// It was done.
    Done(T),
    /// The condition did not hold; this is the row as it is, if there is one.
    ConditionFailed(Option<Item>),
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    /// All was written.
    Done,
    /// Nothing was: for which items the condition did not hold, in order. For none of them, when another writer was at one
    /// of the rows just then.
    ConditionFailed(Vec<bool>),
}

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    config: SdkConfig,
    http: HttpClient,
    /// Made when it is first used: it takes as long as everything else that a function does to start.
    client: Arc<OnceLock<Client>>,
    table: String,
}

impl Table {
    /// The table of this name; `http` is the client that `config` was loaded with.
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

    /// A row, as it is at this moment (consistent) or was a moment ago (half the price).
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Item>, TableError> {
        let request =
            self.client().get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(consistent);
        Ok(Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB GetItem", error))?.item)
    }

    /// Those of the rows that exist, in no order. One round trip for up to 100 keys, which must differ.
    ///
    /// # Errors
    /// When DynamoDB fails, or leaves rows out again and again.
    pub async fn get_many(&self, keys: &[Key], consistent: bool) -> Result<Vec<Item>, TableError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_BATCH) {
            let mut left: Vec<_> = keys.iter().map(Key::item).collect();
            let mut pause = Duration::from_millis(20);
            for _ in 0..BATCH_ATTEMPTS {
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
                return Err(TableError::Throttled);
            }
        }
        Ok(found)
    }

    /// The rows that there are of these keys, and the keys that DynamoDB had no time for.
    async fn get_batch(&self, keys: Vec<Item>, consistent: bool) -> Result<(Vec<Item>, Vec<Item>), TableError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build()?;
        let request = self.client().batch_get_item().request_items(&self.table, wanted);
        let output = Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB BatchGetItem", error))?;
        let rows = output.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        let rest = output.unprocessed_keys.unwrap_or_default().remove(&self.table);
        Ok((rows, rest.map(|rest| rest.keys).unwrap_or_default()))
    }

    /// Puts a row unless its key is taken.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn create(&self, item: Item) -> Result<Write, TableError> {
        Ok(match self.write(Action::put_new(item)).await? {
            Write::Done(_) => Write::Done(()),
            Write::ConditionFailed(row) => Write::ConditionFailed(row),
        })
    }

    /// Does a write, if its condition holds; with `Action::returning_new`, returns the row as it is then.
    ///
    /// The SDK repeats a put whose response got lost, and the repetition meets the row that the first one put. It is that
    /// row to the last attribute, with the ids of what it owes, which nobody else has: so it was done.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub(crate) async fn write(&self, action: Action) -> Result<Write<Option<Item>>, TableError> {
        use ReturnValuesOnConditionCheckFailure::AllOld;
        let Action { kind, mut fields, returns_new } = action;
        let (names, values) = (fields.names(), fields.values());
        let old = fields.condition.as_ref().map(|_| AllOld);
        let client = self.client();
        let failed = match kind {
            Kind::Put(item) => {
                let request = client
                    .put_item()
                    .table_name(&self.table)
                    .set_item(Some(item.clone()))
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old);
                match Box::pin(request.send()).await {
                    Ok(_) => return Ok(Write::Done(None)),
                    Err(error) => match condition_failed(error, "DynamoDB PutItem", |error| match error {
                        PutItemError::ConditionalCheckFailedException(failed) => Some(failed),
                        _ => None,
                    })? {
                        Some(row) if row == item => return Ok(Write::Done(None)),
                        row => row,
                    },
                }
            }
            Kind::Update { key, expression } => {
                let request = client
                    .update_item()
                    .table_name(&self.table)
                    .set_key(Some(key))
                    .update_expression(expression)
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(returns_new.then_some(ReturnValue::AllNew))
                    .set_return_values_on_condition_check_failure(old);
                match Box::pin(request.send()).await {
                    Ok(output) => return Ok(Write::Done(output.attributes)),
                    Err(error) => condition_failed(error, "DynamoDB UpdateItem", |error| match error {
                        UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed),
                        _ => None,
                    })?,
                }
            }
            Kind::Delete { key } => {
                let request = client
                    .delete_item()
                    .table_name(&self.table)
                    .set_key(Some(key))
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old);
                match Box::pin(request.send()).await {
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

    /// Does several writes, all or none. The SDK gives the request a token by which DynamoDB knows a repetition for ten
    /// minutes, so an attempt after a time-out does nothing twice.
    ///
    /// # Errors
    /// When DynamoDB fails for another reason than a condition or another writer.
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

/// The row that a failed condition was about, where that is what the error says.
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
