//! docs/COSTS.md.

use std::fmt::Write as _;

use super::channels::{ChannelCosts, ChannelMonth, Profile, PusherPlans};
use super::inputs::CountedUnits;
use super::million::{Calculator, Era};
use super::month::Month;

/// The longest interval that `HeartbeatSeconds` may have.
const LONGEST_HEARTBEAT: f64 = 540.0;

pub(super) fn page() -> String {
    let (calculator, counted) = (Calculator::read(), CountedUnits::read());
    [
        head(&calculator),
        million(&calculator, &counted),
        month(&calculator, &counted),
        channels(&calculator, &counted),
        write_units(&calculator, &counted),
        memory(&calculator),
        left_out(),
        assumed(&calculator),
        prices(&calculator),
    ]
    .join("\n")
}

fn head(calculator: &Calculator) -> String {
    let region = &calculator.prices.region;
    format!(
        "# What AWS charges

<!-- Generated from tests/budgets.toml, tests/costs.toml, tests/prices.toml, template.yaml and bench/RESULTS.md. Do not edit: `WRITE_DOCS=1 cargo
test -p tests costs` writes it. -->

Computed, not billed: US dollars at list prices of {region}, on demand, without free tiers. *Before* is without three savings (metrics per route off,
Lambda's own lines off, no line for a pong) and with the write units of then.
"
    )
}

fn million(calculator: &Calculator, counted: &CountedUnits) -> String {
    // `delivery` reads the row, puts the fact on the bus and takes it out of the row (`facts.rs`).
    let fact = calculator.table(1.0, 1.0) + calculator.prices.of("bus_events", 1e6);
    let mut text = format!(
        "## A million of each operation

*Stream* is the invocation of `delivery` that finds all delivered, one for each operation; where there is much to do, a hundred records share one.
[Reading the stream is free for Lambda][streams]. *Sent* is to the internet. Pusher bills by itself; *Pusher* are the millions of messages that it
counts for one subscriber. Kudos and invitations to a user who is known also create a notification, whose row comes on top (`NotificationsOf`). With
`Facts=on`, a million facts cost {fact:.2} more: a read unit, a write unit and an event on the bus each; a fact whose own row goes with the change costs
two more write units.

[streams]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CostOptimization_StreamsUsage.html

| operation | API Gateway | Lambda | stream | DynamoDB | SQS, SES | logs | sent | **total** | before | Pusher |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
",
    );
    for operation in &counted.operation {
        let costs = calculator.million(operation, Era::Now);
        let before = calculator.million(operation, Era::Before).total();
        writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | **{:.2}** | {before:.2} | {} |",
            operation.name,
            costs.gateway,
            costs.lambda,
            costs.stream,
            costs.table,
            costs.queue + costs.emails,
            costs.logs,
            costs.sent,
            costs.total(),
            2.0 * operation.events,
        )
        .unwrap();
    }
    text
}

fn month(calculator: &Calculator, counted: &CountedUnits) -> String {
    let profile = &calculator.inputs.month;
    let default = calculator.deployed.heartbeat_seconds;
    let of = |users: u32, heartbeat_seconds: f64, era: Era| Month {
        calculator,
        counted,
        users: f64::from(users),
        heartbeat_seconds,
        era,
    };
    let months: Vec<_> =
        profile.users.iter().flat_map(|users| [Era::Before, Era::Now].map(|era| of(*users, default, era))).collect();
    let a_day: Vec<_> = profile.a_day.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let what = format!(
        "{} days. One user in {} has a socket open for {} hours a day, as plain JSON with `HeartbeatSeconds` {default}, and hears {} announcements. \
         Each user does this on each day: {}. The profile is in `tests/costs.toml`: write your own there, and then this page.",
        profile.days,
        1.0 / profile.socket_share,
        profile.socket_hours,
        profile.announcements_a_day,
        a_day.join("; "),
    );
    let mut text = format!(
        "## A month

{}

| | {} |
|---|{}
",
        wrapped(&what),
        months
            .iter()
            .map(|month| match month.era {
                Era::Before => format!("{} users, before", thousands(month.users)),
                Era::Now => "now".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" | "),
        "--:|".repeat(months.len()),
    );
    let columns: Vec<_> = months.iter().map(Month::lines).collect();
    for (row, line) in columns[0].iter().enumerate() {
        let cells: Vec<_> = columns.iter().map(|column| dollars(column[row].usd)).collect();
        writeln!(text, "| {} | {} |", line.of, cells.join(" | ")).unwrap();
    }
    let mut row = |name: &str, cell: &dyn Fn(&Month) -> String| {
        let cells: Vec<_> = months.iter().map(cell).collect();
        writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
    };
    row("**total**", &|month| format!("**{}**", dollars(month.total())));
    row("per user", &|month| format!("{:.4}", month.total() / month.users));
    row("with `HeartbeatSeconds` 540", &|month| {
        dollars(Month { heartbeat_seconds: LONGEST_HEARTBEAT, ..*month }.total())
    });
    row("deployments", &|month| month.deployments().to_string());
    row("Pusher's messages a day, millions", &|month| format!("{:.2}", month.pusher_millions()));
    let deployed = &calculator.deployed;
    writeln!(
        text,
        "
Without a user, a deployment costs {} a month: {} alarms, a dashboard, {} metrics ({} usual, {} rare) as far as they have values, a secret, the
schedules, and Lambda's polls of the empty queue. A namespace has 1,000 places, so more sockets are more deployments.
[PERFORMANCE.md](PERFORMANCE.md#what-sockets-cost-a-month) compares sockets with Fargate and Pusher.",
        dollars(of(0, default, Era::Now).total()),
        deployed.alarms,
        deployed.metrics.len(),
        calculator.inputs.metrics.usual.len(),
        calculator.inputs.metrics.rare.len(),
    )
    .unwrap();
    text
}

fn channels(calculator: &Calculator, counted: &CountedUnits) -> String {
    let costs = ChannelCosts::read();
    let Profile { connections, shared_channels, part_hours, part_days, own_events, news } = &costs.profile;
    let month = |connections: u32, hours: f64, is_busy: bool| {
        let connections = f64::from(connections);
        ChannelMonth { calculator, counted, costs: &costs, connections, hours, is_busy }
    };
    let (whole, part) = (720.0, part_hours * part_days);
    let what = format!(
        "A month of 30 days with `Channels=gateway`. Each connection has {} subscriptions, {shared_channels} of them to channels that others are in, \
         and is opened again every two hours, when API Gateway ends it. *Busy*: {own_events} events an hour to each connection alone, and {news} an \
         hour to all. *Idle*: none. *Part-time*: open for {part_hours} hours on {part_days} days. All that a deployment costs without a user is in \
         Carillon's columns.",
        1.0 + shared_channels,
    );
    let mut text = format!(
        "## Channels without Pusher

{}

| connections | | Carillon | Pusher | Ably | sockudo on Fargate | Carillon, part-time | Ably, part-time |
|--:|---|--:|--:|--:|--:|--:|--:|
",
        wrapped(&what)
    );
    let usd = |usd: Option<f64>| usd.map_or("by agreement".to_owned(), dollars);
    for size in connections {
        for (name, is_busy) in [("idle", false), ("busy", true)] {
            let (always, partly) = (month(*size, whole, is_busy), month(*size, part, is_busy));
            let plan = always.pusher();
            let plan = plan.map_or("by agreement".to_owned(), |plan| format!("{} ({})", dollars(plan.usd), plan.name));
            let (ably, fargate, ably_partly) = (usd(always.ably()), dollars(always.fargate()), usd(partly.ably()));
            let (carillon, carillon_partly) = (dollars(always.total()), dollars(partly.total()));
            let row = [
                name,
                &format!("**{carillon}**"),
                &plan,
                &ably,
                &fargate,
                &format!("**{carillon_partly}**"),
                &ably_partly,
            ];
            writeln!(text, "| {} | {} |", thousands(f64::from(*size)), row.join(" | ")).unwrap();
        }
    }
    text.push_str("\nCarillon's bill, always on:\n\n| |");
    let columns: Vec<_> =
        [(1_000, false), (1_000, true), (10_000, true)].map(|(size, busy)| month(size, whole, busy)).into();
    for column in &columns {
        let name = if column.is_busy { "busy" } else { "idle" };
        write!(text, " {}, {name} |", thousands(column.connections)).unwrap();
    }
    writeln!(text, "\n|---|{}", "--:|".repeat(columns.len())).unwrap();
    let lines: Vec<_> = columns.iter().map(ChannelMonth::lines).collect();
    for (n, (line, _)) in lines[0].iter().enumerate() {
        let cells: Vec<_> = lines.iter().map(|lines| dollars(lines[n].1)).collect();
        writeln!(text, "| {line} | {} |", cells.join(" | ")).unwrap();
    }
    text + &verdict(&costs)
}

/// The conclusions of the table; a test holds them.
fn verdict(costs: &ChannelCosts) -> String {
    let PusherPlans { page, read_in, date, .. } = &costs.pusher;
    format!(
        "
Carillon costs less than Pusher's smallest plan that fits for part-time use of 1,000 and 10,000 connections, and always on for 100 busy and 1,000 idle
ones. It costs more for 1,000 busy connections that are always on, for 10,000 of either kind, and where the free Sandbox fits. More than half of an
idle connection is its keep-alive, a message a minute; an event to all is a message to each. sockudo on Fargate costs less from 1,000 connections on,
and is yours to run. The way out is `Channels=pusher`: clients and back ends stay, and get Pusher's host and key.

- Pusher's plans are of [its page]({page}), read in
  [a transcription]({read_in}) of {date}, unchecked since but for
  Startup. A plan ends at its connections and its messages of a day.
- Ably has these prices for accounts from before it billed by monthly users; the price of a user was not found. Its discounts for volume are left out.
  It counts each connection's own channel.
- Fargate's sizes are estimates: one task of 0.25 vCPU up to 1,000 connections, two of 1 vCPU for 10,000, four of 2 vCPUs for 100,000. A thousand
  connections took 189 MB here, and an event to each 11 µs of a processor ([RESULTS.md](../bench/RESULTS.md)). Without the Redis that two tasks need, public addresses,
  logs, alarms and the work of running it.
- Not proved: 100,000 connections. `socket-heartbeat` with 256 MB reaches about 90,000 of them a minute by the processor time above; the others ping by
  themselves. An eighth of their channels takes it a minute to look at, so a channel that has been left may be listed for longer. If posts
  count towards API Gateway's quota of 10,000 requests a second, an event to all takes ten seconds or more.
"
    )
}

fn write_units(calculator: &Calculator, counted: &CountedUnits) -> String {
    let mut text = String::from(
        "## Write units

| operation | before | now | saved per million |
|---|--:|--:|--:|
",
    );
    for (name, before) in &calculator.inputs.before.write_units {
        let now = units_now(counted, name);
        writeln!(
            text,
            "| {name} | {before} | {now} | {:.2} |",
            calculator.prices.of("write_units", (before - now) * 1e6)
        )
        .unwrap();
    }
    text
}

/// The write units of an operation, whether a test counts it or not.
fn units_now(counted: &CountedUnits, name: &str) -> f64 {
    let of_operation = counted.operation.iter().find(|operation| operation.name == name);
    let of_uncounted = || counted.uncounted.iter().find(|uncounted| uncounted.name == name)?.write_units();
    let units = of_operation.map(|operation| operation.write_units).or_else(of_uncounted);
    units.unwrap_or_else(|| panic!("tests/budgets.toml has no write units of: {name}"))
}

fn memory(calculator: &Calculator) -> String {
    format!(
        "## The memory of `delivery`

The parameter `DeliveryMemory` is {} MB, the cheapest of these. [Lambda gives processor by memory][memory], so more memory delivers sooner; waiting takes as long
with any. Where announcements must arrive soon, 512 MB halve the time for little more.

{}
",
        calculator.deployed.delivery_memory,
        calculator.timed.memory_table(),
    ) + "
[memory]: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"
}

fn left_out() -> String {
    "## Not in the tables

- Pusher: its plan, by messages and connections. FCM is free.
- Options that are off: traces (`Tracing`), a key of your own (`KmsKeyArn`), CloudFront (`EdgeDomain`), metrics per route (`DetailedRouteMetrics`),
  Lambda's own lines (`PlatformLogLevel`).
- S3 (`Attachments`): in eu-west-1, 0.005 dollars per 1,000 uploads and copies, 0.0004 per 1,000 questions and readings, and 0.023 per GB and month. A
  file is uploaded and copied once, and asked for once and then twice per reader: 12 dollars per million files with two readers each, besides
  storage and download. An author may upload and send 1,000 MB a day, which S3 keeps as long as the messages are there.
- SES's plans, AWS support, taxes, the storage of the functions' zips in Lambda and S3 during deployments (a few cents).
- Requests over 512 KB, messages over 32 KB, rows over 1 KB written or 4 KB read: Carillon sends no message that large, and counts its rows at their
  usual size.
- The operations that ACCESS_PATTERNS.md lists as [not counted](ACCESS_PATTERNS.md#not-counted).
"
    .to_owned()
}

fn assumed(calculator: &Calculator) -> String {
    let assumed = &calculator.inputs.assumed;
    format!(
        "## Assumed

Not measured on AWS; `tests/costs.toml` has all values.

- A function waits {} ms for each request to another service, one after the other. Its processor time is the bench's ([RESULTS.md](../bench/RESULTS.md)),
  or {} ms and {} per request where the bench has none, for a whole processor; {} MB are a {:.1}th of one.
- One invocation in {:.0} starts a process, whose init is billed with {:.0} ms.
- A response has {} bytes and what the table returned, a post {}, a request to Pusher {}.
- A line is as long as its budget in `tests/budgets.toml` and {} bytes more; a line of the access log has {:.0}. Lines are kept {} days, at {} of their size.
- API Gateway does not bill the beginning and the end of a connection as messages.
",
        assumed.request_ms,
        assumed.base_processor_ms,
        assumed.request_processor_ms,
        calculator.deployed.memory,
        1_769.0 / calculator.deployed.memory,
        1.0 / assumed.cold_share,
        assumed.init_ms,
        assumed.response_bytes,
        assumed.frame_bytes,
        assumed.pusher_bytes,
        assumed.line_overhead,
        calculator.deployed.access_line_bytes,
        calculator.deployed.retention_days,
        assumed.compression,
    )
}

fn prices(calculator: &Calculator) -> String {
    let mut text = String::from(
        "## Prices

AWS's pages load their numbers with scripts; *read in* is the text in which the number was read.

| US dollars | for | page | read in | of |
|--:|---|---|---|---|
",
    );
    for price in &calculator.prices.price {
        let units = if price.per == 1 { String::new() } else { format!("{} ", thousands(f64::from(price.per))) };
        writeln!(
            text,
            "| {} | {units}{} | [page]({}) | [text]({}) | {} |",
            price.usd, price.unit, price.page, price.read_in, price.date
        )
        .unwrap();
    }
    text
}

fn dollars(usd: f64) -> String {
    let digits = format!("{usd:.2}");
    let (whole, cents) = digits.split_once('.').unwrap();
    format!("{}.{cents}", thousands(whole.parse().unwrap()))
}

/// The text in lines of up to 150 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + word.chars().count() < 150 {
            write!(line, " {word}").unwrap();
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
