//! A month of channels without Pusher, and of Pusher, Ably and sockudo on Fargate.

use serde::Deserialize;
use shared::contract::key::OCCUPIED_SHARDS;
use toml::value::Datetime;

use super::inputs::{CountedOperation, CountedUnits, Invoked, InvokedBy};
use super::million::{Calculator, Era, ServiceCosts};
use super::month::Month;

const HOURS: f64 = 720.0;
/// API Gateway ends a connection after so many hours (API Gateway developer guide, "Quotas for a WebSocket API").
const CONNECTION_HOURS: f64 = 2.0;
/// The keep-alive looks at the channels of one shard each minute.
const CHANNEL_SHARDS: f64 = OCCUPIED_SHARDS as f64;
/// Connections for which a load balancer bills one unit.
const CONNECTIONS_OF_A_UNIT: f64 = 3_000.0;

/// `tests/channel_costs.toml`, which says what each field means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelCosts {
    pub(super) operation: Vec<ChannelOperation>,
    pub(super) profile: Profile,
    pub(super) pusher: PusherPlans,
    ably: AblyLimits,
    task: Vec<Tasks>,
}

/// An operation and its counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelOperation {
    pub(super) name: String,
    by: InvokedBy,
    step: Option<String>,
    times: Option<f64>,
    rounds: Option<f64>,
    pub(super) requests: f64,
    pub(super) posts: f64,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
    pub(super) line_bytes: f64,
    #[serde(default)]
    streamed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) connections: Vec<u32>,
    pub(super) shared_channels: f64,
    pub(super) part_hours: f64,
    pub(super) part_days: f64,
    pub(super) own_events: f64,
    pub(super) news: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PusherPlans {
    pub(super) page: String,
    pub(super) read_in: String,
    pub(super) date: Datetime,
    plans: Vec<PusherPlan>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PusherPlan {
    pub(super) name: String,
    pub(super) usd: f64,
    connections: f64,
    messages: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AblyLimits {
    standard: f64,
    pro: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tasks {
    connections: u32,
    tasks: f64,
    vcpus: f64,
    gigabytes: f64,
}

impl ChannelCosts {
    pub(super) fn read() -> Self {
        toml::from_str(include_str!("../../channel_costs.toml")).unwrap()
    }
}

impl ChannelOperation {
    fn counted(&self) -> CountedOperation {
        CountedOperation {
            name: self.name.clone(),
            table: String::new(),
            requests_before: self.requests + self.posts,
            requests_after: 0.0,
            read_units: self.read_units,
            write_units: self.write_units,
            bytes_received: 0.0,
            events: 0.0,
            posts: self.posts,
            line_bytes: self.line_bytes,
        }
    }

    fn invoked(&self) -> Invoked {
        Invoked {
            by: self.by,
            timed_as: None,
            step: self.step.clone(),
            times: self.times.unwrap_or(1.0),
            rounds: self.rounds,
            invocations: 1.0,
            queue_requests: 0.0,
            emails: 0.0,
            streamed: self.streamed,
            line_bytes: 0.0,
        }
    }
}

/// A month of so many connections, which are open for so many hours of it.
#[derive(Clone, Copy)]
pub(super) struct ChannelMonth<'a> {
    pub(super) calculator: &'a Calculator,
    pub(super) counted: &'a CountedUnits,
    pub(super) costs: &'a ChannelCosts,
    pub(super) connections: f64,
    pub(super) hours: f64,
    pub(super) is_busy: bool,
}

impl ChannelMonth<'_> {
    /// The price of one.
    fn of(&self, name: &str) -> f64 {
        let operation = self.costs.operation.iter().find(|operation| operation.name == name);
        let operation = operation.unwrap_or_else(|| panic!("tests/channel_costs.toml has no {name}"));
        let costs: ServiceCosts = self.calculator.million_of(&operation.counted(), &operation.invoked(), Era::Now);
        costs.total() / 1e6
    }

    /// Each connection has a channel of its own, which is occupied as long as it is open.
    fn channels(&self) -> f64 {
        self.connections + self.costs.profile.shared_channels
    }

    /// Events an hour to one connection each, and events an hour to all.
    fn events(&self) -> (f64, f64) {
        let Profile { own_events, news, .. } = self.costs.profile;
        if self.is_busy { (own_events * self.connections, news) } else { (0.0, 0.0) }
    }

    /// The lines of Carillon's bill, in the order of the table, in US dollars.
    pub(super) fn lines(&self) -> [(&'static str, f64); 7] {
        let Self { calculator, counted, connections, hours, .. } = *self;
        let opened = connections * hours / CONNECTION_HOURS;
        let subscribing = self.of("subscribe to an empty channel")
            + self.costs.profile.shared_channels * self.of("subscribe to an occupied channel");
        let ending = self.of("end a connection with three subscriptions") + self.of("forget an ended connection");
        let (idle, thousand) = (self.of("the keep-alive of nobody"), self.of("the keep-alive of 1,000 connections"));
        let (one, to_thousand) = (self.of("an event to one connection"), self.of("an event to 1,000 connections"));
        let to_all = one + (connections - 1.0) * (to_thousand - one) / 999.0;
        let looks = self.channels() / CHANNEL_SHARDS * self.of("look whether a channel is occupied");
        let (own_events, news) = self.events();
        let heartbeat_seconds = calculator.deployed.heartbeat_seconds;
        let empty = Month { calculator, counted, users: 0.0, heartbeat_seconds, era: Era::Now };
        [
            ("connection minutes", calculator.prices.of("connection_minutes", connections * hours * 60.0)),
            ("keep-alive", HOURS * 60.0 * idle + hours * 60.0 * connections * (thousand - idle) / 1_000.0),
            ("looking which channels are occupied", hours * 60.0 * looks),
            (
                "connecting, subscribing and ending, every two hours",
                opened * (self.of("open a connection") + subscribing + ending),
            ),
            ("events to one", own_events * hours * one),
            ("events to all", news * hours * to_all),
            ("alarms, metrics, dashboard, secret and schedules", empty.total()),
        ]
    }

    pub(super) fn total(&self) -> f64 {
        self.lines().iter().map(|(_, usd)| usd).sum()
    }

    /// Messages of a whole day of this, as Pusher and Ably count them.
    fn messages_an_hour(&self) -> f64 {
        let (own_events, news) = self.events();
        2.0 * own_events + news * (1.0 + self.connections)
    }

    /// The smallest plan of Pusher's, for the busiest day; `None` beyond them.
    pub(super) fn pusher(&self) -> Option<&PusherPlan> {
        let hours = if self.hours < HOURS { self.costs.profile.part_hours } else { 24.0 };
        let messages = self.messages_an_hour() * hours / 1e6;
        let plans = &self.costs.pusher.plans;
        plans.iter().find(|plan| plan.connections >= self.connections && plan.messages >= messages)
    }

    /// Ably's package and its usage; `None` beyond its packages.
    pub(super) fn ably(&self) -> Option<f64> {
        let prices = &self.calculator.prices;
        let channels = self.channels();
        let package = match self.costs.ably {
            AblyLimits { standard, .. } if channels <= standard => prices.of("ably_standard", 1.0),
            AblyLimits { pro, .. } if channels <= pro => prices.of("ably_pro", 1.0),
            _ => return None,
        };
        let minutes = (self.connections + channels) * self.hours * 60.0;
        let messages = self.messages_an_hour() * self.hours;
        Some(package + prices.of("ably_minutes", minutes) + prices.of("ably_messages", messages))
    }

    /// sockudo on Fargate behind a load balancer.
    pub(super) fn fargate(&self) -> f64 {
        let prices = &self.calculator.prices;
        let tasks = self.costs.task.iter().find(|tasks| f64::from(tasks.connections) >= self.connections);
        let Tasks { tasks, vcpus, gigabytes, .. } = tasks.expect("the largest month has a size");
        let task = prices.of("fargate_vcpu_hours", vcpus * HOURS) + prices.of("fargate_gb_hours", gigabytes * HOURS);
        let (own_events, news) = self.events();
        let sent = (own_events + news * self.connections) * self.calculator.inputs.assumed.frame_bytes / 1e9;
        let units = (self.connections / CONNECTIONS_OF_A_UNIT).max(sent);
        tasks * task
            + prices.of("load_balancer_hours", HOURS)
            + prices.of("load_balancer_units", units * HOURS)
            + prices.of("sent_gb", sent * self.hours)
    }
}
