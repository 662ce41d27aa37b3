//! The cost of a million operations, from counted units and list prices.

use std::fmt::Write as _;

use crate::counted::Budgets;
use crate::figures::Row;
use crate::prices::Prices;
use crate::system::System::{Carillon, Node};

/// Memory that the template gives a function, in GB.
const CARILLON_MEMORY: f64 = 0.25;
/// Node's peer needs more than 128 MB, so it has the same.
const NODE_MEMORY: f64 = 0.25;

/// Messages a day in Pusher's plan Startup, in millions.
const PUSHER_MILLIONS: f64 = 1.0;

/// The table of costs, for the operations that were measured.
pub(crate) fn table(rows: &[Row], budgets: &Budgets, prices: &Prices) -> String {
    let message = prices.pusher_month / 30.0 / PUSHER_MILLIONS;
    let mut text = format!(
        "### Cost of a million operations\n\n\
         In US dollars at list prices of 2026 (us-east-1, on demand, no free tier): HTTP API {:.2} a million requests, Lambda \
         {:.2} a million and {} a GB-second (arm64), DynamoDB {} and {} a million read and write units, Pusher's plan Startup \
         {:.0} a month for a million messages a day, which is {message:.2} a million when it is used up. Durations are those of \
         the table above, rounded up to the millisecond: the network between AWS's services comes on top, the same for both, and so \
         do the stream's invocation, logs and data sent (docs/COSTS.md).\n\n\
         | operation | HTTP API | DynamoDB | Lambda, Carillon | Lambda, Node | Pusher (to one subscriber) | together, Carillon \
         | together, Node |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        prices.http_api,
        prices.invocations,
        prices.gb_second,
        prices.read_units,
        prices.write_units,
        prices.pusher_month,
    );
    for operation in &budgets.operation {
        let milliseconds = |system| {
            let row = rows.iter().find(|row| row.work == operation.timed_as && row.system == system)?;
            Some((row.spread(|sample| sample.whole).median / 1e3).ceil())
        };
        let (Some(ours), Some(theirs)) = (milliseconds(Carillon), milliseconds(Node)) else { continue };
        let lambda =
            |milliseconds: f64, memory: f64| prices.invocations + milliseconds * 1e3 * memory * prices.gb_second;
        let (ours, theirs) = (lambda(ours, CARILLON_MEMORY), lambda(theirs, NODE_MEMORY));
        // The stream invokes `delivery` without the HTTP API.
        let http = if operation.timed_as.starts_with("stream") { 0.0 } else { prices.http_api };
        let table = operation.read_units * prices.read_units + operation.write_units * prices.write_units;
        // Pusher counts a message when it is published, and once for each subscriber that receives it.
        let pusher = 2.0 * operation.events as f64 * message;
        let _ = writeln!(
            text,
            "| {} | {:.2} | {table:.2} | {ours:.2} | {theirs:.2} | {pusher:.2} | {:.2} | {:.2} |",
            operation.name,
            http,
            http + table + ours + pusher,
            http + table + theirs + pusher,
        );
    }
    text.push('\n');
    text
}
