//! `delivery` with the processor of several memory sizes: the time and the price of an announcement to 1,000 connections, and of an event to
//! the subscribers of a channel.
//!
//! Lambda gives a function processor time in proportion to its memory, and at 1,769 MB the equivalent of one vCPU (Lambda developer guide,
//! "Configure Lambda function memory"). `share` does the same to the process. DynamoDB and API Gateway answer after [`DISTANCE`], as on
//! AWS: without that, waiting would be free, and every size would cost the same.
//!
//! A process starts unlimited, as Lambda gives a starting function a full processor, and then does several fan-outs. The first one also
//! opens its connections: up to 64 to API Gateway, each with a handshake of TLS.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use contract::key::{Key, subscribers};
use contract::sockets::Namespace;
use serde_json::{Value, json};

use super::database::Database;
use super::lambda::Function;
use super::share::{Clock, Share};
use crate::event::{self, millis};
use crate::prices::Prices;
use crate::report::machine;
use crate::stand_in::Stateful;
use crate::statistics::Spread;
use crate::world::World;

/// The memory sizes, in MB.
const SIZES: [u32; 4] = [256, 512, 1_024, 1_769];
/// The size whose processor is one vCPU.
const WHOLE: f64 = 1_769.0;
/// How long DynamoDB and API Gateway take for each request: what docs/COSTS.md assumes of every function.
const DISTANCE: Duration = Duration::from_millis(5);
/// Fan-outs of one process, after its first.
const WARM: usize = 5;

/// Where a fan-out goes.
#[derive(Debug, Clone, Copy)]
enum Audience {
    /// All places of a namespace.
    Namespace,
    /// The subscribers of a channel that Carillon itself serves, in its four shards.
    Channel,
    /// One of the four shards of a channel with 10,000 subscribers. The shards are invocations of their own.
    Shard,
}

impl Audience {
    fn connections(self) -> u16 {
        match self {
            Self::Namespace | Self::Channel => 1_000,
            Self::Shard => 2_500,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Namespace => "An announcement to 1,000 connections",
            Self::Channel => "An event to the 1,000 subscribers of a channel, with `Channels=gateway`",
            Self::Shard => "An event to one of the four shards, 2,500 subscribers each, of a channel with 10,000",
        }
    }

    /// The row of a connection.
    fn place(self, n: u16) -> Value {
        let of_shard = |shard| {
            let expires = millis() / 1000 + 3_600;
            json!({ "pk": { "S": subscribers(CHANNEL, shard) }, "sk": { "S": format!("f{n}") },
                "expires_at": { "N": expires.to_string() } })
        };
        match self {
            Self::Namespace => place(n),
            Self::Channel => of_shard((n % 4) as u8),
            Self::Shard => of_shard(0),
        }
    }

    /// The row that owes the event; its writer has ended.
    fn owing(self, n: usize) -> Value {
        let id = format!("0190b5f4b5e07d3c9d6f{n:012}");
        let data = json!({ "orderId": id, "status": "shipped" }).to_string();
        let owed = |key: Key, delivery: Value| {
            let at = millis() - 60_000;
            let mut owed = json!({ "id": id, "at": at });
            owed.as_object_mut()
                .into_iter()
                .for_each(|owed| owed.extend(delivery.as_object().cloned().unwrap_or_default()));
            let outbox = json!({ "owed": [owed] });
            json!({ "pk": { "S": key.pk }, "sk": { "S": key.sk }, "outbox": { "S": outbox.to_string() },
                "expires_at": { "N": (millis() / 1000 + 86_400).to_string() } })
        };
        match self {
            Self::Namespace => owing(n),
            Self::Channel => owed(
                Key::app_event(&id),
                json!({ "kind": "appEvent", "channels": [CHANNEL], "name": "ORDER_SHIPPED", "data": data }),
            ),
            Self::Shard => {
                let text = json!({ "event": "ORDER_SHIPPED", "channel": CHANNEL, "data": data }).to_string();
                let delivery = json!({ "kind": "shardFanOut", "channel": CHANNEL, "shard": 0, "text": text });
                owed(Key::shard_fan_out(&id, 0), delivery)
            }
        }
    }
}

const CHANNEL: &str = "orders";

/// The measurements of one size.
#[derive(Default)]
struct FanOutTimes {
    /// Milliseconds of a process's first fan-out.
    first: Vec<f64>,
    /// Milliseconds of each later one.
    later: Vec<f64>,
    /// Milliseconds of processor time of each later one.
    processor: Vec<f64>,
}

/// Measures each size in turns; returns the table.
pub(crate) fn measure(world: &World, rounds: usize) -> Result<String> {
    let prices = Prices::read()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let mut tables = Vec::new();
    for audience in [Audience::Namespace, Audience::Channel, Audience::Shard] {
        tables.push(table(audience, &of_sizes(world, audience, rounds)?, &prices));
    }
    world.stand_ins.remember(None);
    Ok(format!("{}\n\n{}", head(rounds, &load), tables.join("\n")))
}

fn of_sizes(world: &World, audience: Audience, rounds: usize) -> Result<Vec<(u32, FanOutTimes)>> {
    let mut measured: Vec<(u32, FanOutTimes)> = SIZES.map(|size| (size, FanOutTimes::default())).into();
    for round in 0..rounds {
        let mut order: Vec<_> = measured.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (size, measured) in order {
            eprintln!("measuring delivery at {size} MB, run {} of {rounds}: {}", round + 1, audience.title());
            once(world, audience, *size, measured).with_context(|| format!("delivery at {size} MB"))?;
        }
    }
    Ok(measured)
}

/// One process of `delivery`.
fn once(world: &World, audience: Audience, size: u32, measured: &mut FanOutTimes) -> Result<()> {
    let services = Arc::new(Distant { database: Database::new()?, posts: AtomicUsize::new(0) });
    services.database.put_all((0..audience.connections()).map(|n| audience.place(n)))?;
    world.stand_ins.remember(Some(services.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let channels = if matches!(audience, Audience::Namespace) { "pusher" } else { "gateway" };
    let more = [
        ("CHANNELS", channels.to_owned()),
        ("SOCKET_ENDPOINT", format!("https://127.0.0.1:{}", world.stand_ins.tls_port)),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", size.to_string()),
    ];
    let delivery = Function::start(world, &world.programs.carillon, "delivery", 1, &more)?;
    let process = delivery.first_process().context("one was started")?;
    let clock = Clock::of(process)?;
    let share = Share::of(process, f64::from(size) / WHOLE)?;
    for n in 0..=WARM {
        let row = audience.owing(n);
        services.database.put_all([row.clone()])?;
        let (began, before) = (Instant::now(), clock.read()?);
        let answer = runtime.block_on(delivery.invoke(&event::stream(&[row])))?;
        let time = began.elapsed().as_secs_f64() * 1e3;
        let processor = clock.read()?.saturating_sub(before).as_secs_f64() * 1e3;
        ensure!(answer == json!({ "batchItemFailures": [] }), "it answered {answer}");
        let posts = services.posts.swap(0, Ordering::Relaxed);
        ensure!(posts == usize::from(audience.connections()), "{posts} posts: {}", audience.title());
        ensure!(services.database.owing()?.is_empty(), "the fan-out was not finished");
        if n == 0 {
            measured.first.push(time);
        } else {
            measured.later.push(time);
            measured.processor.push(processor);
        }
    }
    drop(share);
    Ok(())
}

/// The row of a connection, on the dashboard.
fn place(slot: u16) -> Value {
    let key = Key::socket_place(Namespace::Dashboard, slot);
    let expires = millis() + 3_600_000;
    json!({
        "pk": { "S": key.pk }, "sk": { "S": key.sk }, "slot": { "N": slot.to_string() }, "namespace": { "S": "dashboard" },
        "user": { "S": format!("reader-{slot}") }, "token_expires": { "N": expires.to_string() }, "channels": { "L": [] },
        "expires_at": { "N": (expires / 1000).to_string() }, "connection": { "S": format!("f{slot}") },
        "stage": { "S": "dashboard" }, "framing": { "S": "json" }, "names": { "S": "both" },
        "since": { "N": millis().to_string() },
    })
}

/// The row of an announcement whose writer has ended.
fn owing(n: usize) -> Value {
    let id = format!("0190b5f4b5e07d3c9d6f{n:012}");
    let key = Key::socket_event(&id);
    let at = millis() - 60_000;
    let data = json!({ "title": "System maintenance", "body": "Tonight from two to three.", "eventId": id });
    let say = json!({ "event": { "names": ["announcement"], "data": data } });
    let owed = json!({ "id": id, "at": at, "kind": "socket", "namespace": "dashboard", "to": "everybody", "say": say });
    let outbox = json!({ "at": at, "owed": [owed] });
    json!({
        "pk": { "S": key.pk }, "sk": { "S": key.sk }, "outbox": { "S": outbox.to_string() },
        "expires_at": { "N": (millis() / 1000 + 86_400).to_string() },
    })
}

/// An embedded DynamoDB, and an API Gateway with every connection open. Both answer after [`DISTANCE`].
struct Distant {
    database: Database,
    posts: AtomicUsize,
}

impl Stateful for Distant {
    fn database(&self, operation: &str, body: &[u8]) -> (&'static str, Vec<u8>) {
        thread::sleep(DISTANCE);
        self.database.respond(operation, body)
    }

    fn gateway(&self, method: &str, _: &str, _: &[u8]) -> &'static str {
        thread::sleep(DISTANCE);
        if method == "POST" {
            self.posts.fetch_add(1, Ordering::Relaxed);
        }
        "200 OK"
    }
}

/// US dollars of a million invocations that take so many milliseconds, which Lambda rounds up.
fn of_a_million(prices: &Prices, size: u32, milliseconds: f64) -> f64 {
    prices.invocations + milliseconds.ceil() / 1e3 * f64::from(size) / 1024.0 * prices.gb_second * 1e6
}

fn head(rounds: usize, load: &str) -> String {
    format!(
        "{}\n\nBy `delivery`. Each request to DynamoDB and each post takes {} ms, and the process gets the processor of its memory: \
         {WHOLE:.0} MB are a whole one. It starts with a whole one. Medians (quartiles). The machine's load was {load} when it began.",
        machine(&format!("{rounds} processes of each size, with {WARM} later fan-outs each")),
        DISTANCE.as_millis(),
    )
}

fn table(audience: Audience, measured: &[(u32, FanOutTimes)], prices: &Prices) -> String {
    let mut text = format!(
        "{}:\n\n\
         | memory, MB | processor | first fan-out, ms | later fan-outs, ms | their processor time, ms | US dollars per million |\n\
         |--:|--:|--:|--:|--:|--:|\n",
        audience.title(),
    );
    for (size, measured) in measured {
        let spread = |times: &[f64]| {
            let Spread { low, median, high } = Spread::of(times.iter().copied());
            format!("{median:.0} ({low:.0} to {high:.0})")
        };
        let later = Spread::of(measured.later.iter().copied()).median;
        let _ = writeln!(
            text,
            "| {size} | {:.3} | {} | {} | {} | {:.2} |",
            (f64::from(*size) / WHOLE).min(1.0),
            spread(&measured.first),
            spread(&measured.later),
            spread(&measured.processor),
            of_a_million(prices, *size, later),
        );
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn lambda_bills_memory_times_time_and_each_invocation() {
        let prices = Prices { invocations: 0.2, gb_second: 0.00001, ..Prices::read().unwrap() };
        assert!((of_a_million(&prices, 256, 1_000.0) - 2.7).abs() < 1e-9);
        assert!((of_a_million(&prices, 512, 499.1) - 2.7).abs() < 1e-9, "rounded up to the millisecond");
    }

    #[test]
    fn the_table_has_a_row_for_each_size() {
        let measured = SIZES.map(|size| {
            (size, FanOutTimes { first: vec![900.0], later: vec![400.0, 500.0, 600.0], processor: vec![90.0] })
        });
        let table = table(Audience::Namespace, &measured, &Prices::read().unwrap());
        assert!(table.contains("\n| 256 | 0.145 | 900 (900 to 900) | 500 (400 to 600) | 90 (90 to 90) | "), "{table}");
        assert!(table.contains("\n| 1769 | 1.000 |") && head(1, "0.10").contains("load was 0.10"), "{table}");
    }

    #[test]
    fn places_and_announcements_are_rows_of_the_table() {
        let database = Database::new().unwrap();
        let audiences = [Audience::Namespace, Audience::Channel, Audience::Shard];
        for audience in audiences {
            database.put_all((0..3).map(|n| audience.place(n))).unwrap();
            database.put_all([audience.owing(1)]).unwrap();
        }
        let owing = database.owing().unwrap();
        let mut kinds: Vec<_> = owing.iter().filter_map(|row| row["sk"]["S"].as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["0", "APPEVENT", "SOCKETEVENT"], "the connections owe nothing");
        assert!(database.put_all([json!({ "pk": { "S": "no sort key" } })]).is_err());
    }
}
