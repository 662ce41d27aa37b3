//! The cost of a million operations, from counted units and list prices.

use std::fmt::Write as _;

use crate::counted::Budgets;
use crate::figures::Row;
use crate::system::System::{Carillon, Node};

/// List prices in US dollars for us-east-1, on demand, without free tiers, as public sources gave them on 2026-11-20.
/// (The pricing pages load their prices with scripts.)
mod price {
    /// A million requests to an HTTP API (aws.amazon.com/api-gateway/pricing).
    pub(super) const HTTP_API: f64 = 1.00;
    /// A million invocations (aws.amazon.com/lambda/pricing).
    pub(super) const INVOCATIONS: f64 = 0.20;
    /// A GB-second of Lambda on arm64; billed by the millisecond.
    pub(super) const GB_SECOND: f64 = 0.000_013_333_4;
    /// A million read or write request units (aws.amazon.com/dynamodb/pricing/on-demand).
    pub(super) const READ_UNITS: f64 = 0.125;
    pub(super) const WRITE_UNITS: f64 = 0.625;
    /// Pusher Channels, plan Startup: dollars a month, messages a day (pusher.com/channels/pricing).
    pub(super) const PUSHER_MONTH: f64 = 49.0;
    pub(super) const PUSHER_MESSAGES: f64 = 1_000_000.0;
}

/// Memory that the template gives a function, in GB.
const CARILLON_MEMORY: f64 = 0.25;
/// Node's peer needs more than 128 MB, so it has the same.
const NODE_MEMORY: f64 = 0.25;

/// The table of costs, for the operations that were measured.
pub(crate) fn table(rows: &[Row], budgets: &Budgets) -> String {
    let message = price::PUSHER_MONTH / 30.0 / (price::PUSHER_MESSAGES / 1e6);
    let mut text = format!(
        "### Cost of a million operations\n\n\
         In US dollars at list prices of 2026 (us-east-1, on demand, no free tier): HTTP API {:.2} a million requests, Lambda \
         {:.2} a million and {} a GB-second (arm64), DynamoDB {} and {} a million read and write units, Pusher's plan Startup \
         {:.0} a month for a million messages a day, which is {message:.2} a million when it is used up. Durations are those of \
         the table above, rounded up to the millisecond: the network between AWS's services comes on top, the same for both.\n\n\
         | operation | HTTP API | DynamoDB | Lambda, Carillon | Lambda, Node | Pusher (to one subscriber) | together, Carillon \
         | together, Node |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        price::HTTP_API,
        price::INVOCATIONS,
        price::GB_SECOND,
        price::READ_UNITS,
        price::WRITE_UNITS,
        price::PUSHER_MONTH,
    );
    for operation in &budgets.operation {
        let milliseconds = |system| {
            let row = rows.iter().find(|row| row.work == operation.timed_as && row.system == system)?;
            Some((row.spread(|sample| sample.whole).median / 1e3).ceil())
        };
        let (Some(ours), Some(theirs)) = (milliseconds(Carillon), milliseconds(Node)) else { continue };
        let lambda =
            |milliseconds: f64, memory: f64| price::INVOCATIONS + milliseconds * 1e3 * memory * price::GB_SECOND;
        let (ours, theirs) = (lambda(ours, CARILLON_MEMORY), lambda(theirs, NODE_MEMORY));
        // The stream invokes `delivery` without the HTTP API.
        let http = if operation.timed_as.starts_with("stream") { 0.0 } else { price::HTTP_API };
        let table = operation.read_units * price::READ_UNITS + operation.write_units * price::WRITE_UNITS;
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
