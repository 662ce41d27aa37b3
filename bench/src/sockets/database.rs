//! DynamoDB, embedded in this process. It stores rows, because a function finds a connection by its row.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const TABLE: &str = "carillon";

/// A table in memory.
#[derive(Clone)]
pub(crate) struct Database(Arc<dynoxide::Database>);

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
        Ok(Self(Arc::new(database)))
    }

    /// The status and the body of the answer to an operation.
    pub(crate) fn respond(&self, operation: &str, body: &[u8]) -> (&'static str, Vec<u8>) {
        let database = &*self.0;
        match operation {
            "GetItem" => answer(body, |request| database.get_item(request)),
            "PutItem" => answer(body, |request| database.put_item(request)),
            "UpdateItem" => answer(body, |request| database.update_item(request)),
            "DeleteItem" => answer(body, |request| database.delete_item(request)),
            "Query" => answer(body, |request| database.query(request)),
            "BatchGetItem" => answer(body, |request| database.batch_get_item(request)),
            "TransactWriteItems" => answer(body, |request| database.transact_write_items(request)),
            // SQS, in which nothing is looked for here.
            _ => ("200 OK", b"{}".to_vec()),
        }
    }

    /// Stores these rows, given in DynamoDB's JSON.
    pub(super) fn put_all(&self, rows: impl IntoIterator<Item = Value>) -> Result<()> {
        for row in rows {
            let put = json!({ "TableName": TABLE, "Item": row });
            self.0.put_item(serde_json::from_value(put)?).context("a row cannot be stored")?;
        }
        Ok(())
    }

    /// The rows that still owe a delivery, in DynamoDB's JSON.
    pub(super) fn owing(&self) -> Result<Vec<Value>> {
        let scan = json!({ "TableName": TABLE, "FilterExpression": "attribute_exists(outbox)" });
        let found = self.0.scan(serde_json::from_value(scan)?).context("the table cannot be read")?;
        let found = serde_json::to_value(found)?;
        Ok(found["Items"].as_array().cloned().unwrap_or_default())
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> (&'static str, Vec<u8>) {
    let request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return ("400 Bad Request", json!({ "message": error.to_string() }).to_string().into_bytes()),
    };
    match run(request).map(|done| serde_json::to_vec(&done)) {
        Ok(Ok(done)) => ("200 OK", done),
        Ok(Err(error)) => ("500 Internal Server Error", error.to_string().into_bytes()),
        Err(error) if error.status_code() < 500 => ("400 Bad Request", error.to_json().into_bytes()),
        Err(error) => ("500 Internal Server Error", error.to_json().into_bytes()),
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
        let (status, body) = put();
        assert_eq!(status, "400 Bad Request");
        assert!(String::from_utf8(body).unwrap().contains("ConditionalCheckFailedException"));
        assert_eq!(database.owing().unwrap(), [row]);
        assert_eq!(database.respond("PutItem", b"no JSON").0, "400 Bad Request");
    }
}
