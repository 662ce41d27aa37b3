//! Requests and units of each operation. The numbers are in `tests/budgets.toml`, and tests check them.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::setup;

/// The counted operations.
#[derive(Debug, Deserialize)]
pub(crate) struct Budgets {
    pub(crate) operation: Vec<Operation>,
}

/// Requests and units of one operation.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The same work in the table of times; empty when it is not there.
    #[serde(default)]
    pub(crate) timed_as: String,
    /// Requests to other services before the response, sequential or concurrent.
    pub(crate) requests_before: usize,
    /// Requests to other services after the response.
    pub(crate) requests_after: usize,
    /// Capacity units, as DynamoDB reports them.
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// Bytes of the requests' headers and bodies, and of the responses' bodies, before encryption; upper bounds.
    pub(crate) bytes_sent: usize,
    pub(crate) bytes_received: usize,
    /// Events sent to Pusher.
    pub(crate) events: usize,
}

/// Reads the budgets.
pub(crate) fn read() -> Result<Budgets> {
    let path = setup::workspace()?.join("tests/budgets.toml");
    let text = std::fs::read_to_string(&path).context("tests/budgets.toml is not there")?;
    toml::from_str(&text).context("tests/budgets.toml cannot be read")
}

/// The table of counts.
pub(crate) fn table(budgets: &Budgets) -> String {
    let mut text = String::from(
        "### Requests, units and bytes\n\n\
         Exact, and held by the test `budgets` (`tests/budgets.toml`). Units are those that `ReturnConsumedCapacity` reports. \
         Bytes are upper bounds, before encryption: of the requests' headers and bodies, without the session token that Lambda's \
         credentials have (about 1 KB a request to DynamoDB), and of the answers' bodies.\n\n\
         | operation | requests before the answer | after it | read units | write units | bytes sent | bytes received | events |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for operation in &budgets.operation {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            operation.name,
            operation.requests_before,
            operation.requests_after,
            operation.read_units,
            operation.write_units,
            operation.bytes_sent,
            operation.bytes_received,
            operation.events,
        );
    }
    text.push('\n');
    text
}
