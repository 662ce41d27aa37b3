//! DynamoDB, embedded in this process. It stores rows, because a function finds a connection by its row.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const TABLE: &str = "carillon";

/// A table in memory, which counts the units that it is used for.
#[derive(Clone)]
pub(crate) struct Database {
    table: Arc<dynoxide::Database>,
    used: Arc<Mutex<Units>>,
}

/// Capacity units, as DynamoDB reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Units {
    pub(super) read: f64,
    pub(super) write: f64,
}

impl Database {
    /// A new, empty table.
    pub(super) fn new() -> Result<Self> {
        let database = dynoxide::Database::memory().context("no memory for a table")?;
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let keys = |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
        let table = json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys("pk", "sk"),
            "AttributeDefinitions": [attribute("pk"), attribute("sk"), attribute("gsi1pk"), attribute("gsi1sk")],
            "GlobalSecondaryIndexes": [{
                "IndexName": "gsi1", "KeySchema": keys("gsi1pk", "gsi1sk"), "Projection": { "ProjectionType": "KEYS_ONLY" }
            }],
        });
        database.create_table(serde_json::from_value(table)?).context("the table cannot be made")?;
        Ok(Self { table: Arc::new(database), used: Arc::default() })
    }

    /// The status and the body of the answer to an operation.
    pub(crate) fn respond(&self, operation: &str, body: &[u8]) -> (&'static str, Vec<u8>) {
        let table = &*self.table;
        match operation {
            "GetItem" => self.answer(operation, body, |request| table.get_item(request)),
            "PutItem" => self.answer(operation, body, |request| table.put_item(request)),
            "UpdateItem" => self.answer(operation, body, |request| table.update_item(request)),
            "DeleteItem" => self.answer(operation, body, |request| table.delete_item(request)),
            "Query" => self.answer(operation, body, |request| table.query(request)),
            "BatchGetItem" => self.answer(operation, body, |request| table.batch_get_item(request)),
            "TransactWriteItems" => self.answer(operation, body, |request| table.transact_write_items(request)),
            // SQS, in which nothing is looked for here.
            _ => ("200 OK", b"{}".to_vec()),
        }
    }

    fn answer<Q: DeserializeOwned, A: Serialize>(
        &self,
        operation: &str,
        body: &[u8],
        run: impl FnOnce(Q) -> Result<A, DynoxideError>,
    ) -> (&'static str, Vec<u8>) {
        let wrong = |error: serde_json::Error| json!({ "message": error.to_string() }).to_string().into_bytes();
        let request = serde_json::from_slice::<Value>(body).and_then(|mut request| {
            request["ReturnConsumedCapacity"] = json!("TOTAL");
            serde_json::from_value(request)
        });
        let request = match request {
            Ok(request) => request,
            Err(error) => return ("400 Bad Request", wrong(error)),
        };
        match run(request).map(|done| serde_json::to_value(&done)) {
            Ok(Ok(done)) => {
                self.count(operation, &done["ConsumedCapacity"]);
                ("200 OK", done.to_string().into_bytes())
            }
            Ok(Err(error)) => ("500 Internal Server Error", wrong(error)),
            Err(error) if error.status_code() < 500 => ("400 Bad Request", error.to_json().into_bytes()),
            Err(error) => ("500 Internal Server Error", error.to_json().into_bytes()),
        }
    }

    /// Adds what a response reports: of one table, or of a list of them.
    fn count(&self, operation: &str, capacity: &Value) {
        let of = |table: &Value| table["CapacityUnits"].as_f64().unwrap_or_default();
        let units: f64 = capacity.as_array().map_or_else(|| of(capacity), |tables| tables.iter().map(of).sum());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match operation {
            "GetItem" | "BatchGetItem" | "Query" => used.read += units,
            _ => used.write += units,
        }
    }

    /// The units since the last call. A refused condition is not among them, since no response reports it.
    pub(super) fn take_units(&self) -> Units {
        std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stores these rows, given in DynamoDB's JSON.
    pub(super) fn put_all(&self, rows: impl IntoIterator<Item = Value>) -> Result<()> {
        for row in rows {
            let put = json!({ "TableName": TABLE, "Item": row });
            self.table.put_item(serde_json::from_value(put)?).context("a row cannot be stored")?;
        }
        Ok(())
    }

    /// The rows that still owe a delivery, in DynamoDB's JSON.
    pub(super) fn owing(&self) -> Result<Vec<Value>> {
        let scan = json!({ "TableName": TABLE, "FilterExpression": "attribute_exists(outbox)" });
        let found = self.table.scan(serde_json::from_value(scan)?).context("the table cannot be read")?;
        let found = serde_json::to_value(found)?;
        Ok(found["Items"].as_array().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn a_written_row_is_found_and_a_condition_holds() {
        let database = Database::new().unwrap();
        let row = json!({ "pk": { "S": "A" }, "sk": { "S": "B" }, "outbox": { "S": "{}" } });
        let put = json!({ "TableName": TABLE, "Item": row, "ConditionExpression": "attribute_not_exists(pk)" });
        let put = || database.respond("PutItem", put.to_string().as_bytes());
        assert_eq!(put().0, "200 OK");
        assert_eq!(database.take_units(), Units { read: 0.0, write: 1.0 });
        let get = json!({ "TableName": TABLE, "Key": { "pk": { "S": "A" }, "sk": { "S": "B" } } });
        assert_eq!(database.respond("GetItem", get.to_string().as_bytes()).0, "200 OK");
        assert_eq!(database.take_units(), Units { read: 0.5, write: 0.0 });
        let (status, body) = put();
        assert_eq!(status, "400 Bad Request");
        assert!(String::from_utf8(body).unwrap().contains("ConditionalCheckFailedException"));
        assert_eq!(database.owing().unwrap(), [row]);
        assert_eq!(database.respond("PutItem", b"no JSON").0, "400 Bad Request");
    }
}
