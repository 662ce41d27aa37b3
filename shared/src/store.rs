//! The table: one client, and the few calls that every kind of row shares.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use aws_types::SdkConfig;

use crate::key::{Item, Key};

/// Most keys of one `BatchGetItem` (DynamoDB API reference).
const BATCH: usize = 100;
/// How often what DynamoDB left out of a batch is asked for again.
const BATCH_TRIES: u32 = 5;

/// The table did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB refused the request or did not answer.
    #[error("DynamoDB failed")]
    DynamoDb(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    pub(crate) fn dynamodb(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::DynamoDb(Box::new(error))
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
    config: SdkConfig,
    /// Made when it is first used: it takes as long as everything else that a function does to start.
    client: Arc<OnceLock<Client>>,
    table: String,
}

impl Store {
    /// The table of this name.
    #[must_use]
    pub fn new(config: SdkConfig, table: impl Into<String>) -> Self {
        Self { config, client: Arc::default(), table: table.into() }
    }

    /// The DynamoDB client, for queries and transactions.
    pub(crate) fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.config))
    }

    /// The table's name.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// A row, as it is at this moment (consistent) or was a moment ago (half the price).
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Item>, StoreError> {
        let request =
            self.client().get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(consistent);
        Ok(on_heap(request.send()).await.map_err(StoreError::dynamodb)?.item)
    }

    /// Those of the rows that exist, in no order. One round trip for up to 100 keys, which must differ.
    ///
    /// # Errors
    /// When DynamoDB fails, or leaves rows out again and again.
    pub async fn get_many(&self, keys: &[Key], consistent: bool) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH) {
            let mut left = Some(keys.iter().map(Key::item).collect::<Vec<_>>());
            let mut pause = Duration::from_millis(20);
            for _ in 0..BATCH_TRIES {
                let Some(wanted) = left.take() else { break };
                let wanted = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(consistent).build();
                let request =
                    self.client().batch_get_item().request_items(&self.table, wanted.map_err(StoreError::dynamodb)?);
                let answer = on_heap(request.send()).await.map_err(StoreError::dynamodb)?;
                found.extend(answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
                left = answer.unprocessed_keys.unwrap_or_default().remove(&self.table).map(|rest| rest.keys);
                if left.is_some() {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
            if left.is_some() {
                return Err(StoreError::Throttled);
            }
        }
        Ok(found)
    }

    /// Starts a put of this row.
    pub(crate) fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client().put_item().table_name(&self.table).set_item(Some(item))
    }

    /// Puts a row unless its key is taken.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub async fn create(&self, item: Item) -> Result<Write, StoreError> {
        let request = self
            .put(item)
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match on_heap(request.send()).await {
            Ok(_) => Ok(Write::Done(())),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                match error.into_err() {
                    PutItemError::ConditionalCheckFailedException(failed) => Ok(Write::Refused(failed.item)),
                    other => Err(StoreError::dynamodb(other)),
                }
            }
            Err(error) => Err(StoreError::dynamodb(error)),
        }
    }

    /// Does several writes, all or none.
    ///
    /// # Errors
    /// When DynamoDB fails for another reason than a condition or another writer.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Transaction, StoreError> {
        match on_heap(self.client().transact_write_items().set_transact_items(Some(writes)).send()).await {
            Ok(_) => Ok(Transaction::Done),
            Err(SdkError::ServiceError(error)) if error.err().is_transaction_canceled_exception() => {
                let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.into_err() else {
                    return Err(StoreError::Contended);
                };
                let codes: Vec<_> =
                    cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default()).collect();
                if codes.iter().any(|code| matches!(*code, "ConditionalCheckFailed" | "TransactionConflict")) {
                    let refused = codes.iter().map(|code| *code == "ConditionalCheckFailed").collect();
                    return Ok(Transaction::Refused(refused));
                }
                Err(StoreError::dynamodb(cancelled))
            }
            Err(error) => Err(StoreError::dynamodb(error)),
        }
    }

    /// Starts an update of a row.
    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client().update_item().table_name(&self.table).set_key(Some(key.item()))
    }
}

/// A request on its way, on the heap. The SDK's futures have kilobytes, which a handler's own future would hold inline and
/// the runtime would copy with it several times an invocation, whether the request is sent or not.
pub(crate) fn on_heap<F: Future>(request: F) -> std::pin::Pin<Box<F>> {
    Box::pin(request)
}

/// Sends an update that has a condition.
pub(crate) async fn conditionally(update: UpdateItemFluentBuilder) -> Result<Write<UpdateItemOutput>, StoreError> {
    let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match on_heap(update.send()).await {
        Ok(output) => Ok(Write::Done(output)),
        Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
            match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => Ok(Write::Refused(failed.item)),
                other => Err(StoreError::dynamodb(other)),
            }
        }
        Err(error) => Err(StoreError::dynamodb(error)),
    }
}

/// Reads a row into a type.
pub(crate) fn read<T: serde::de::DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    let key = Key::of(&item).unwrap_or_else(|| Key { pk: String::new(), sk: String::new() });
    serde_dynamo::from_item(item).map_err(|error| StoreError::Corrupt(key, error.to_string()))
}
