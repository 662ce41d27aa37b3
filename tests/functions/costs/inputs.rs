//! The sources of the costs: `tests/costs.toml`, `tests/budgets.toml`, the template and the times in bench/RESULTS.md.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::template::{resource, template};

/// `tests/costs.toml`, which says what each field means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostInputs {
    pub(super) assumed: Assumed,
    pub(super) before: BeforeSavings,
    pub(super) month: MonthProfile,
    pub(super) metrics: MetricHours,
    pub(super) resources: BTreeMap<String, String>,
    pub(super) operation: BTreeMap<String, Invoked>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assumed {
    pub(super) request_ms: f64,
    pub(super) base_processor_ms: f64,
    pub(super) request_processor_ms: f64,
    pub(super) idle_processor_ms: f64,
    pub(super) cold_share: f64,
    pub(super) init_ms: f64,
    pub(super) response_bytes: f64,
    pub(super) frame_bytes: f64,
    pub(super) pusher_bytes: f64,
    pub(super) line_overhead: f64,
    pub(super) compression: f64,
    pub(super) idle_line_bytes: f64,
    pub(super) schedule_line_bytes: f64,
    pub(super) queue_readers: f64,
    pub(super) queue_wait_seconds: f64,
    pub(super) key_seconds: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BeforeSavings {
    pub(super) platform_bytes: f64,
    pub(super) pong_line_bytes: f64,
    pub(super) route_metrics: f64,
    pub(super) write_units: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MonthProfile {
    pub(super) users: Vec<u32>,
    pub(super) days: f64,
    pub(super) socket_share: f64,
    pub(super) socket_hours: f64,
    pub(super) rooms_per_1000_users: f64,
    pub(super) busy_hours: f64,
    pub(super) kilobytes_per_user: f64,
    pub(super) announcements_a_day: f64,
    pub(super) bus_share: f64,
    pub(super) a_day: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricHours {
    pub(super) usual: BTreeSet<String>,
    pub(super) rare: BTreeSet<String>,
}

/// The cause of an operation's invocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum InvokedBy {
    Http,
    Frame,
    Connection,
    Stream,
    Schedule,
}

/// How an operation is invoked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invoked {
    pub(super) by: InvokedBy,
    pub(super) timed_as: Option<String>,
    pub(super) step: Option<String>,
    #[serde(default = "one")]
    pub(super) times: f64,
    pub(super) rounds: Option<f64>,
    #[serde(default = "one")]
    pub(super) invocations: f64,
    #[serde(default)]
    pub(super) queue_requests: f64,
    #[serde(default)]
    pub(super) emails: f64,
    #[serde(default)]
    pub(super) streamed: bool,
    /// Where tests/budgets.toml has no line.
    #[serde(default)]
    pub(super) line_bytes: f64,
}

fn one() -> f64 {
    1.0
}

impl CostInputs {
    pub(super) fn read() -> Self {
        toml::from_str(include_str!("../../costs.toml")).unwrap()
    }
}

/// `tests/budgets.toml`.
#[derive(Debug, Deserialize)]
pub(super) struct CountedUnits {
    pub(super) operation: Vec<CountedOperation>,
    pub(super) uncounted: Vec<UncountedUnits>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CountedOperation {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) requests_before: f64,
    pub(super) requests_after: f64,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
    pub(super) bytes_received: f64,
    pub(super) events: f64,
    #[serde(default)]
    pub(super) posts: f64,
    #[serde(default)]
    pub(super) line_bytes: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct UncountedUnits {
    pub(super) name: String,
    units: String,
}

impl UncountedUnits {
    /// The first number of write units, as in `3 read, 8 write`.
    pub(super) fn write_units(&self) -> Option<f64> {
        let (before, _) = self.units.split_once(" write")?;
        before.rsplit(' ').next()?.parse().ok()
    }
}

impl CountedUnits {
    pub(super) fn read() -> Self {
        toml::from_str(include_str!("../../budgets.toml")).unwrap()
    }
}

/// The parts of the template that cost something.
pub(super) struct Deployed {
    /// Memory of the functions and of `delivery`, in MB.
    pub(super) memory: f64,
    pub(super) delivery_memory: f64,
    pub(super) heartbeat_seconds: f64,
    pub(super) retention_days: f64,
    pub(super) functions: f64,
    pub(super) schedules: f64,
    /// Routes of the HTTP API, but for the one of trials.
    pub(super) routes: f64,
    pub(super) alarms: f64,
    pub(super) dashboards: f64,
    /// The metrics of the namespace Carillon that a widget or an alarm watches.
    pub(super) metrics: BTreeSet<String>,
    /// The kinds of resources.
    pub(super) kinds: BTreeSet<String>,
    /// Bytes of a line of the access log, with the longest route.
    pub(super) access_line_bytes: f64,
}

impl Deployed {
    pub(super) fn read() -> Self {
        let template = template();
        let (globals, resources) = template.split_once("\nResources:\n").unwrap();
        let (resources, _) = resources.split_once("\nOutputs:\n").unwrap();
        let kinds: Vec<_> = resources.lines().filter_map(|line| line.strip_prefix("    Type: ")).collect();
        let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count() as f64;
        let routes = routes(resources);
        Self {
            memory: number(globals, "    MemorySize: "),
            delivery_memory: default_of("DeliveryMemory"),
            heartbeat_seconds: default_of("HeartbeatSeconds"),
            retention_days: default_of("LogRetentionDays"),
            functions: count("AWS::Serverless::Function"),
            schedules: resources.matches("          Type: Schedule\n").count() as f64,
            routes: routes.len() as f64,
            alarms: count("AWS::CloudWatch::Alarm"),
            dashboards: count("AWS::CloudWatch::Dashboard"),
            metrics: watched(resources),
            access_line_bytes: access_line(&resource("Api"), routes.iter().map(String::len).max().unwrap()),
            kinds: kinds.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// The number after this text.
fn number(text: &str, start: &str) -> f64 {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("the template has no {start}"));
    rest.lines().next().unwrap().trim_matches('"').parse().unwrap()
}

fn default_of(parameter: &str) -> f64 {
    number(&resource(parameter), "    Default: ")
}

/// The routes of the HTTP API, such as `GET /kudos`.
fn routes(resources: &str) -> Vec<String> {
    let routes = resources.lines().filter_map(|line| {
        let (_, rest) = line.split_once("ApiId: !Ref Api, Method: ")?;
        let (method, path) = rest.trim_end_matches(" }").split_once(", Path: ")?;
        Some(format!("{method} {}", path.trim_matches('"')))
    });
    routes.filter(|route| !route.ends_with("/pusher/mock-event")).collect()
}

fn watched(resources: &str) -> BTreeSet<String> {
    let widgets = resources.split("[\"Carillon\",\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let alarms = resources.split("      Namespace: Carillon\n      MetricName: ").skip(1);
    widgets.chain(alarms.map(|rest| rest.lines().next().unwrap())).map(str::to_owned).collect()
}

/// The bytes of the access log's line, with values of their usual length and this one of the route.
fn access_line(api: &str, route: usize) -> f64 {
    let format = api.lines().find_map(|line| line.trim().strip_prefix("Format: '")).unwrap().trim_end_matches('\'');
    let mut parts = format.split("$context.");
    let mut bytes = parts.next().unwrap().len();
    for part in parts {
        let (name, rest) = part.split_at(part.find(|c: char| !c.is_alphanumeric()).unwrap());
        let value = match name {
            "requestId" => "UKvTpjKgIAMEVwQ=".len(),
            "routeKey" => route,
            "status" | "responseLatency" => 3,
            // `-` where there is none.
            "integrationErrorMessage" => 1,
            other => panic!("how long is $context.{other} in the access log?"),
        };
        bytes += value + rest.len();
    }
    bytes as f64
}

/// The times of bench/RESULTS.md.
pub(super) struct Timed {
    page: &'static str,
}

impl Timed {
    pub(super) fn read() -> Self {
        Self { page: include_str!("../../../bench/RESULTS.md") }
    }

    /// The cells of Carillon's row in the rows of this work or step: the row of a work's other systems has an empty first cell.
    fn cells(&self, title: &str) -> Vec<&'static str> {
        let rows = self.page.lines().skip_while(|line| !line.starts_with(&format!("| {title}")));
        let row = rows.take_while(|line| line.starts_with('|')).find(|line| line.contains("| **Carillon** |"));
        let row = row.unwrap_or_else(|| panic!("bench/RESULTS.md has no row of {title}"));
        row.trim_matches('|').split('|').map(str::trim).collect()
    }

    /// Milliseconds of a whole processor for a piece of work: the time until the function asks for its next event. It includes the stand-ins'.
    pub(super) fn of_work(&self, title: &str) -> f64 {
        self.cells(&format!("{title} |"))[6].split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
    }

    /// Milliseconds of processor time for each of a step of WebSockets.
    pub(super) fn of_step(&self, step: &str) -> f64 {
        self.cells(step)[4].parse::<f64>().unwrap() / 1e3
    }

    /// The table of `delivery` by memory.
    pub(super) fn memory_table(&self) -> &'static str {
        let (_, rest) = self.page.split_once("<!-- measured fan-out: begin -->").unwrap();
        let block = rest.split_once("<!-- measured fan-out: end -->").unwrap().0;
        // Those of channels follow.
        block.split("\n\nAn event to ").next().unwrap().trim()
    }

    /// Each memory size in MB with US dollars for a million fan-outs.
    pub(super) fn memory_prices(&self) -> Vec<(f64, f64)> {
        let rows = self.memory_table().lines().filter(|line| line.starts_with("| ") && !line.contains("memory"));
        let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
        cells.map(|cells| (cells[0].parse().unwrap(), cells.last().unwrap().parse().unwrap())).collect()
    }
}
