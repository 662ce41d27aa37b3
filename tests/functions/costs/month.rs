//! The price of a month.

use super::inputs::CountedUnits;
use super::million::{Calculator, Era, Lines, ServiceCosts};

/// A run of a schedule each minute.
const RUNS_A_DAY: f64 = 24.0 * 60.0;
/// A namespace has this many places (`shared/src/sockets/row.rs`).
const PLACES: f64 = 1_000.0;
/// API Gateway ends a connection after so many hours (API Gateway developer guide, "Quotas for a WebSocket API").
const CONNECTION_HOURS: f64 = 2.0;
/// Queries of `presence-reconcile` for the occupied rooms, each of one shard of the index and half a unit.
const ROOM_SHARDS: f64 = 8.0;

/// A line of the table, in US dollars.
pub(super) struct MonthLine {
    pub(super) of: &'static str,
    pub(super) usd: f64,
}

/// A month of so many users.
pub(super) struct Month<'a> {
    pub(super) calculator: &'a Calculator,
    pub(super) counted: &'a CountedUnits,
    pub(super) users: f64,
    pub(super) heartbeat_seconds: f64,
    pub(super) era: Era,
}

impl Month<'_> {
    /// Users with an open socket at a time.
    fn sockets(&self) -> f64 {
        (self.users * self.calculator.inputs.month.socket_share).ceil()
    }

    /// Deployments, since a namespace is limited.
    pub(super) fn deployments(&self) -> f64 {
        (self.sockets() / PLACES).ceil().max(1.0)
    }

    /// How often an operation is done, in millions.
    fn millions(&self, name: &str) -> f64 {
        let month = &self.calculator.inputs.month;
        let (sockets, hours) = (self.sockets(), month.socket_hours);
        let a_day = match name {
            "open a socket" | "close a socket" => sockets * (hours / CONNECTION_HOURS).ceil(),
            // A heartbeat reads as much for a few connections as for a hundred.
            "ping 100 sockets" => (sockets / 100.0).max(self.deployments()) * hours * 3_600.0 / self.heartbeat_seconds,
            "announce to 1,000 sockets" => sockets / PLACES * month.announcements_a_day,
            _ => month.a_day.get(name).copied().unwrap_or_default() * self.users,
        };
        a_day * month.days / 1e6
    }

    fn operations(&self) -> ServiceCosts {
        let of = |operation| self.calculator.million(operation, self.era);
        self.counted.operation.iter().map(|operation| of(operation) * self.millions(&operation.name)).sum()
    }

    /// The two functions that run every minute: `socket-heartbeat` where nobody is connected, and its wait between two heartbeats where
    /// somebody is; and `presence-reconcile`, which compares each occupied room.
    fn schedules(&self) -> ServiceCosts {
        let (calculator, month) = (self.calculator, &self.calculator.inputs.month);
        let (assumed, memory) = (&calculator.inputs.assumed, calculator.deployed.memory);
        let ping = self.counted.operation.iter().find(|operation| operation.name == "ping 100 sockets").unwrap();
        let queries = ping.requests_before - ping.posts;
        let millions = RUNS_A_DAY * month.days * self.deployments() / 1e6;
        let connected = month.socket_hours / 24.0;
        let processor = |requests: f64| assumed.base_processor_ms + assumed.request_processor_ms * requests;

        let wait_ms = (60.0 - self.heartbeat_seconds).max(0.0) * 1e3;
        let heartbeat = calculator.lambda(memory, processor(queries), queries) * (1.0 - connected)
            + calculator.gb_seconds(memory, wait_ms) * connected;
        let heartbeat_units = calculator.table(ping.read_units, ping.write_units) * (1.0 - connected);

        let rooms = month.rooms_per_1000_users * self.users / 1e3 / self.deployments();
        // Each room is read here and asked for at Pusher.
        let requests = ROOM_SHARDS + 2.0 * rooms;
        let reconcile = calculator.lambda(memory, processor(requests), requests);
        let reconcile_units = calculator.table(ROOM_SHARDS * 0.5 + rooms, 0.0);
        let platform = if self.era == Era::Before { calculator.inputs.before.platform_bytes } else { 0.0 };
        let lines = calculator.deployed.schedules;
        let per_million = ServiceCosts {
            lambda: heartbeat + reconcile,
            table: heartbeat_units + reconcile_units,
            logs: calculator.logs(Lines(lines, lines * (assumed.schedule_line_bytes + platform))),
            sent: calculator.prices.of("sent_gb", rooms * assumed.pusher_bytes * 1e-3),
            ..ServiceCosts::default()
        };
        per_million * millions
    }

    /// Hours of the month in which Carillon is used, as a share.
    fn busy(&self) -> f64 {
        self.calculator.inputs.month.busy_hours / 24.0
    }

    fn metrics(&self) -> f64 {
        let (inputs, deployed) = (&self.calculator.inputs, &self.calculator.deployed);
        let own = inputs.metrics.usual.len() as f64 * self.busy() + inputs.metrics.rare.len() as f64 / 24.0;
        let of_routes = match self.era {
            Era::Before => deployed.routes * inputs.before.route_metrics * self.busy(),
            Era::Now => 0.0,
        };
        self.calculator.prices.of("custom_metrics", own + of_routes) * self.deployments()
    }

    /// The lines of the bill, in the order of the table.
    pub(super) fn lines(&self) -> Vec<MonthLine> {
        let Calculator { inputs, prices, deployed, .. } = self.calculator;
        let (month, assumed) = (&inputs.month, &inputs.assumed);
        let used = self.operations() + self.schedules();
        let deployments = self.deployments();
        let minutes = self.sockets() * month.socket_hours * 60.0 * month.days;
        let gigabytes = month.kilobytes_per_user * self.users / 1e6;
        let seconds = month.days * 86_400.0;
        // Each reader asks again as soon as its request returns.
        let polls = assumed.queue_readers * seconds / assumed.queue_wait_seconds;
        let key_requests = deployed.functions * seconds * self.busy() / assumed.key_seconds;
        let bus_events = self.millions("create a notification") * 1e6 * month.bus_share;
        let line = |of, usd| MonthLine { of, usd };
        vec![
            line("API Gateway: requests and messages", used.gateway - prices.of("http_api_requests", bus_events)),
            line("API Gateway: connection minutes", prices.of("connection_minutes", minutes)),
            line("Lambda", used.lambda),
            line("Lambda: visits of the stream", used.stream),
            line("DynamoDB: read and write units", used.table),
            line(
                "DynamoDB: storage and recovery",
                prices.of("table_gb_months", gigabytes) + prices.of("recovery_gb_months", gigabytes),
            ),
            line("SQS, and Lambda's empty polls", used.queue + prices.of("queue_requests", polls) * deployments),
            line("the event bus", prices.of("bus_events", bus_events)),
            line("logs", used.logs),
            line("metrics", self.metrics()),
            line("alarms", prices.of("alarms", deployed.alarms) * deployments),
            line("dashboard", prices.of("dashboards", deployed.dashboards) * deployments),
            line("the secret", prices.of("secrets", 1.0) * deployments),
            line("the table's key (KMS)", prices.of("key_requests", key_requests) * deployments),
            line("e-mails", used.emails),
            line("sent to the internet", used.sent),
        ]
    }

    pub(super) fn total(&self) -> f64 {
        self.lines().iter().map(|line| line.usd).sum()
    }

    /// Messages a day that Pusher counts, in millions: each event is published, and each of its one subscriber receives it.
    pub(super) fn pusher_millions(&self) -> f64 {
        let of = |name: &str, events: f64| 2.0 * events * self.millions(name);
        let all: f64 = self.counted.operation.iter().map(|operation| of(&operation.name, operation.events)).sum();
        all / self.calculator.inputs.month.days
    }
}
