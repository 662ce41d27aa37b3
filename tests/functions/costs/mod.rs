//! docs/COSTS.md, generated from the counts, prices, times and the template.
//!
//! | file | what it is |
//! |---|---|
//! | `prices` | prices and their sources |
//! | `inputs` | what else the costs are computed from |
//! | `million`, `month` | the costs |
//! | `channels` | a month of channels without Pusher, and of others; `channel_counts` holds its counts |
//! | `page` | the page |

mod channel_counts;
mod channels;
mod inputs;
mod million;
mod month;
mod page;
mod prices;

use std::collections::BTreeSet;
use std::path::Path;

use shared::telemetry::Record;
use tests::consumer::{batch, give};
use tests::{Request, World};

use crate::budgets::{self, DONE_BY_THE_CONSUMER, traffic_of};
use crate::template::written_metrics;
use channels::{ChannelCosts, ChannelMonth};
use inputs::{CostInputs, CountedUnits, Deployed, InvokedBy, Timed};
use million::{Calculator, Era};
use prices::PriceList;

/// Set this variable to write the page instead of comparing it.
const WRITE: &str = "WRITE_DOCS";

#[test]
fn the_page_of_costs_is_what_its_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COSTS.md");
    let page = page::page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/COSTS.md is not what its sources say: run `{WRITE}=1 cargo test -p tests costs` and commit what it changes"
    );
}

#[test]
fn each_price_has_a_source_and_a_date_and_is_used() {
    let list = PriceList::read();
    assert!(list.price.len() > 15 && !list.region.is_empty());
    let mut names = BTreeSet::new();
    for price in &list.price {
        assert!(names.insert(price.name.as_str()), "{} twice", price.name);
        assert!(price.usd > 0.0 && price.per > 0 && !price.unit.is_empty(), "{price:?}");
        assert!([&price.page, &price.read_in].iter().all(|source| source.starts_with("https://")), "{price:?}");
        let date = price.date.date.unwrap_or_else(|| panic!("{price:?} is of no day"));
        assert!((2020..=2100).contains(&date.year) && price.date.time.is_none(), "{price:?}");
    }
    let sources = [
        include_str!("million.rs"),
        include_str!("month.rs"),
        include_str!("channels.rs"),
        include_str!("../../../bench/src/prices.rs"),
    ];
    for name in names {
        assert!(
            sources.iter().any(|source| source.contains(&format!("(\"{name}\","))),
            "nothing is computed with {name}"
        );
    }
}

#[test]
fn the_conclusions_on_channels_are_those_of_the_table() {
    let (calculator, counted, costs) = (Calculator::read(), CountedUnits::read(), ChannelCosts::read());
    let month = |connections: f64, hours: f64, is_busy: bool| ChannelMonth {
        calculator: &calculator,
        counted: &counted,
        costs: &costs,
        connections,
        hours,
        is_busy,
    };
    let (always, part) = (720.0, costs.profile.part_hours * costs.profile.part_days);
    let is_cheaper = |month: ChannelMonth| month.total() < month.pusher().unwrap().usd;
    for (connections, hours, is_busy, expected) in [
        (1_000.0, part, false, true),
        (1_000.0, part, true, true),
        (10_000.0, part, false, true),
        (10_000.0, part, true, true),
        (100.0, always, true, true),
        (1_000.0, always, false, true),
        (100.0, always, false, false),
        (1_000.0, always, true, false),
        (10_000.0, always, false, false),
        (10_000.0, always, true, false),
    ] {
        assert_eq!(is_cheaper(month(connections, hours, is_busy)), expected, "{connections} {hours} {is_busy}");
    }
    for size in [1_000.0, 10_000.0, 100_000.0] {
        let (month, keep_alive) = (month(size, always, false), month(size, always, false).lines()[1].1);
        assert!(month.fargate() < month.total());
        let per_connection: f64 = month.lines()[..3].iter().map(|(_, usd)| usd).sum();
        assert!(keep_alive > per_connection / 2.0);
    }
}

#[test]
fn each_operation_is_invoked_and_has_a_row() {
    let (counted, inputs) = (CountedUnits::read(), CostInputs::read());
    let names: BTreeSet<_> = counted.operation.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, inputs.operation.keys().map(String::as_str).collect());
    let page = page::page();
    for operation in &counted.operation {
        assert!(page.contains(&format!("\n| {} | ", operation.name)), "{}", operation.name);
        let invoked = &inputs.operation[&operation.name];
        let is_written = operation.table.contains("clears") && !matches!(invoked.by, InvokedBy::Schedule);
        assert!(invoked.streamed || !is_written, "the stream hears of: {}", operation.name);
        let has_line = operation.line_bytes > 0.0 || invoked.line_bytes > 0.0;
        let has_none = matches!(invoked.by, InvokedBy::Schedule) || operation.name == "answer a ping";
        assert!(has_line != has_none, "the line of: {}", operation.name);
    }
    let known = |name: &String| names.contains(name.as_str());
    assert!(inputs.month.a_day.keys().all(known), "{:?}", inputs.month.a_day);
}

#[test]
fn each_metric_alarm_and_kind_of_resource_of_the_template_is_counted() {
    let (deployed, inputs) = (Deployed::read(), CostInputs::read());
    let metrics = inputs.metrics;
    assert!(metrics.usual.is_disjoint(&metrics.rare));
    let counted: BTreeSet<_> = metrics.usual.union(&metrics.rare).cloned().collect();
    assert_eq!(deployed.metrics, counted, "tests/costs.toml lists the metrics of the dashboard and the alarms");
    for metric in written_metrics() {
        let (name, is_many) = metric.split_once(".{").map_or((metric.as_str(), false), |(name, _)| (name, true));
        let is_counted =
            counted.iter().any(|known| known == name || (is_many && known.starts_with(&format!("{name}."))));
        assert!(is_counted, "tests/costs.toml does not count the metric {metric}");
    }
    assert_eq!(deployed.kinds, inputs.resources.keys().cloned().collect(), "each kind of resource has a price or none");
    // The page shows the number of alarms, so it is stale with each further one.
    assert!(deployed.alarms > 10.0 && deployed.dashboards == 1.0);
    assert!(page::page().contains(&format!(
        " a month: {} alarms, a dashboard, {} metrics ",
        deployed.alarms,
        counted.len()
    )));
}

#[test]
fn a_million_kudos_cost_their_parts() {
    let (calculator, counted) = (Calculator::read(), CountedUnits::read());
    let kudos = counted.operation.iter().find(|operation| operation.name == "give kudos").unwrap();
    let costs = calculator.million(kudos, Era::Now);
    let price = |name: &str, units: f64| calculator.prices.of(name, units);
    assert!((costs.gateway - price("http_api_requests", 1e6)).abs() < 1e-9);
    let units = price("read_units", kudos.read_units * 1e6) + price("write_units", kudos.write_units * 1e6);
    assert!((costs.table - units).abs() < 1e-9);
    // At least its invocation, and 15 ms of waiting with a quarter of a GB.
    let least = price("lambda_requests", 1e6) + price("lambda_gb_seconds", 0.25 * 0.015 * 1e6);
    assert!(costs.lambda >= least && costs.lambda < 2.0 * least, "{costs:?}");
    assert!(costs.stream >= price("lambda_requests", 1e6), "the stream's invocation");
    let bytes = kudos.line_bytes + calculator.inputs.assumed.idle_line_bytes + calculator.deployed.access_line_bytes;
    assert!(costs.logs > price("log_gb", bytes * 1e-3), "{costs:?}");
    assert!(calculator.million(kudos, Era::Before).total() > costs.total(), "Lambda's own lines were written");
}

#[test]
fn delivery_has_the_cheapest_memory_that_was_measured() {
    let prices = Timed::read().memory_prices();
    assert_eq!(prices.iter().map(|(size, _)| *size).collect::<Vec<_>>(), [256.0, 512.0, 1_024.0, 1_769.0]);
    let cheapest = prices.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((Deployed::read().delivery_memory - cheapest.0).abs() < 1e-9, "{prices:?}");
}

/// The stream's visit that each writer causes: its line, and no request.
#[tokio::test]
async fn a_visit_of_the_stream_to_what_is_delivered_costs_no_request() {
    let world = World::new().await;
    let kudos = serde_json::json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" });
    let reply = world.send(kudos_create::handle, &Request::new("POST /kudos").by("ada").json(&kudos)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    world.take_traffic();
    let record = Record::new(REQUEST_ID, "stream");
    record.scope(async { give(&world, batch(&world).await).await.unwrap() }).await;
    assert_eq!(world.take_traffic().requests, 0);
    let bound = CostInputs::read().assumed.idle_line_bytes;
    assert_eq!(misfit("the stream's idle visit", &record, bound), None);
}

/// The lines of the consumer, which tests/budgets.toml does not have.
#[tokio::test]
async fn the_consumers_lines_are_as_long_as_the_costs_say() {
    let (inputs, mut wrong) = (CostInputs::read(), Vec::new());
    for name in DONE_BY_THE_CONSUMER {
        let world = budgets::world().await;
        let record = Record::new(REQUEST_ID, "stream");
        record.scope(traffic_of(name, &world)).await;
        wrong.extend(misfit(name, &record, inputs.operation[*name].line_bytes));
    }
    assert!(wrong.is_empty(), "not as in tests/costs.toml: {wrong:#?}");
}

/// As long as Lambda's.
const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// A line whose bound is below it or far above it. The digits of times differ.
fn misfit(what: &str, record: &Record, bound: f64) -> Option<String> {
    let bytes = (record.line("prod").len() + 1) as f64;
    let fits = bytes <= bound && bound - bytes <= (bound / 5.0).max(80.0);
    (!fits).then(|| format!("{what}: {bytes} bytes, not {bound}"))
}
