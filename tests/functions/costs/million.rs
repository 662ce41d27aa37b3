//! The price of a million of each operation.

use std::iter::Sum;
use std::ops::{Add, Mul};

use super::inputs::{CostInputs, CountedOperation, Deployed, Invoked, InvokedBy, Timed};
use super::prices::PriceList;

/// The memory at which a function has one vCPU (Lambda developer guide, "Configure Lambda function memory"), in MB.
const WHOLE_PROCESSOR: f64 = 1_769.0;

/// Before the savings of [`super::inputs::BeforeSavings`], or as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    Before,
    Now,
}

/// US dollars, by what is billed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ServiceCosts {
    pub(super) gateway: f64,
    pub(super) lambda: f64,
    /// The invocations of `delivery` by the stream that find all delivered.
    pub(super) stream: f64,
    pub(super) table: f64,
    pub(super) queue: f64,
    pub(super) logs: f64,
    pub(super) emails: f64,
    pub(super) sent: f64,
}

impl ServiceCosts {
    pub(super) fn total(&self) -> f64 {
        self.gateway + self.lambda + self.stream + self.table + self.queue + self.logs + self.emails + self.sent
    }
}

impl Add for ServiceCosts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            gateway: self.gateway + other.gateway,
            lambda: self.lambda + other.lambda,
            stream: self.stream + other.stream,
            table: self.table + other.table,
            queue: self.queue + other.queue,
            logs: self.logs + other.logs,
            emails: self.emails + other.emails,
            sent: self.sent + other.sent,
        }
    }
}

impl Mul<f64> for ServiceCosts {
    type Output = Self;

    fn mul(self, by: f64) -> Self {
        Self {
            gateway: self.gateway * by,
            lambda: self.lambda * by,
            stream: self.stream * by,
            table: self.table * by,
            queue: self.queue * by,
            logs: self.logs * by,
            emails: self.emails * by,
            sent: self.sent * by,
        }
    }
}

impl Sum for ServiceCosts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// All that prices are computed from.
pub(super) struct Calculator {
    pub(super) inputs: CostInputs,
    pub(super) prices: PriceList,
    pub(super) deployed: Deployed,
    pub(super) timed: Timed,
}

/// Lines in a log: how many there are, and their bytes together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines(pub(super) f64, pub(super) f64);

impl Calculator {
    pub(super) fn read() -> Self {
        Self { inputs: CostInputs::read(), prices: PriceList::read(), deployed: Deployed::read(), timed: Timed::read() }
    }

    /// How an operation is invoked.
    pub(super) fn invoked(&self, name: &str) -> &Invoked {
        self.inputs.operation.get(name).unwrap_or_else(|| panic!("tests/costs.toml does not say what invokes: {name}"))
    }

    /// The price of a million invocations that need so many milliseconds of a whole processor each and wait for so many requests, one after
    /// the other.
    pub(super) fn lambda(&self, memory: f64, processor_ms: f64, waits: f64) -> f64 {
        let assumed = &self.inputs.assumed;
        let milliseconds = (processor_ms * (WHOLE_PROCESSOR / memory).max(1.0) + waits * assumed.request_ms).ceil();
        self.prices.of("lambda_requests", 1e6)
            + self.gb_seconds(memory, milliseconds + assumed.cold_share * assumed.init_ms)
    }

    /// The price of a million times so many milliseconds.
    pub(super) fn gb_seconds(&self, memory: f64, milliseconds: f64) -> f64 {
        self.prices.of("lambda_gb_seconds", memory / 1024.0 * milliseconds / 1e3 * 1e6)
    }

    /// The price of writing a million times these lines and storing them for the days that the template says.
    pub(super) fn logs(&self, Lines(lines, bytes): Lines) -> f64 {
        let assumed = &self.inputs.assumed;
        // A million bytes are 0.001 GB.
        let gigabytes = (bytes + lines * assumed.line_overhead) * 1e-3;
        let months = self.deployed.retention_days / 30.0;
        self.prices.of("log_gb", gigabytes) + self.prices.of("log_gb_months", gigabytes * assumed.compression * months)
    }

    pub(super) fn table(&self, read_units: f64, write_units: f64) -> f64 {
        self.prices.of("read_units", read_units * 1e6) + self.prices.of("write_units", write_units * 1e6)
    }

    pub(super) fn write_units(&self, operation: &CountedOperation, era: Era) -> f64 {
        let before = self.inputs.before.write_units.get(&operation.name);
        before.copied().filter(|_| era == Era::Before).unwrap_or(operation.write_units)
    }

    /// Milliseconds of a whole processor.
    fn processor_ms(&self, operation: &CountedOperation, invoked: &Invoked) -> f64 {
        let assumed = &self.inputs.assumed;
        match (&invoked.timed_as, &invoked.step) {
            (Some(work), _) => self.timed.of_work(work),
            (None, Some(step)) => self.timed.of_step(step) * invoked.times,
            // A post takes less than a request to DynamoDB, and is taken for one.
            (None, None) => {
                assumed.base_processor_ms
                    + assumed.request_processor_ms * (operation.requests_before + operation.requests_after)
            }
        }
    }

    /// The lines of an operation's own invocations, of the stream's visit and of the access log.
    fn lines(&self, operation: &CountedOperation, invoked: &Invoked, era: Era) -> Lines {
        let (assumed, before) = (&self.inputs.assumed, &self.inputs.before);
        let own = operation.line_bytes.max(invoked.line_bytes);
        let mut lines = if own > 0.0 { Lines(invoked.invocations, own) } else { Lines(0.0, 0.0) };
        let mut add = |bytes: f64| lines = Lines(lines.0 + 1.0, lines.1 + bytes);
        if invoked.streamed {
            add(assumed.idle_line_bytes);
        }
        if invoked.by == InvokedBy::Http {
            add(self.deployed.access_line_bytes);
        }
        if era == Era::Before {
            if own == 0.0 && invoked.by == InvokedBy::Frame {
                add(before.pong_line_bytes);
            }
            let invocations = invoked.invocations + f64::from(u8::from(invoked.streamed));
            lines.1 += invocations * before.platform_bytes;
        }
        lines
    }

    /// The price of a million.
    pub(super) fn million(&self, operation: &CountedOperation, era: Era) -> ServiceCosts {
        self.million_of(operation, self.invoked(&operation.name), era)
    }

    /// The price of a million that are invoked so.
    pub(super) fn million_of(&self, operation: &CountedOperation, invoked: &Invoked, era: Era) -> ServiceCosts {
        let assumed = &self.inputs.assumed;
        let requests = operation.requests_before + operation.requests_after;
        let memory = match invoked.by {
            InvokedBy::Stream => self.deployed.delivery_memory,
            _ => self.deployed.memory,
        };
        let (share, waits) = (1.0 / invoked.invocations, invoked.rounds.unwrap_or(requests));
        let of_one = self.lambda(memory, self.processor_ms(operation, invoked) * share, waits * share);
        let idle = self.lambda(self.deployed.delivery_memory, assumed.idle_processor_ms, 0.0);
        let frames = operation.posts + f64::from(u8::from(invoked.by == InvokedBy::Frame));
        let (http, response) = match invoked.by {
            InvokedBy::Http => (1.0, assumed.response_bytes + operation.bytes_received),
            _ => (0.0, 0.0),
        };
        let sent = response + operation.posts * assumed.frame_bytes + operation.events * assumed.pusher_bytes;
        ServiceCosts {
            gateway: self.prices.of("http_api_requests", http * 1e6) + self.prices.of("socket_messages", frames * 1e6),
            lambda: of_one * invoked.invocations,
            stream: if invoked.streamed { idle } else { 0.0 },
            table: self.table(operation.read_units, self.write_units(operation, era)),
            queue: self.prices.of("queue_requests", invoked.queue_requests * 1e6),
            logs: self.logs(self.lines(operation, invoked, era)),
            emails: self.prices.of("emails", invoked.emails * 1e6),
            // A million bytes are 0.001 GB.
            sent: self.prices.of("sent_gb", sent * 1e-3),
        }
    }
}
