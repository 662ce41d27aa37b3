//! `delivery` with the processor of several memory sizes: the time and the price of an announcement to 1,000 connections.
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
use contract::key::Key;
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
/// The places of a namespace.
const CONNECTIONS: u16 = 1_000;
/// How long DynamoDB and API Gateway take for each request: what docs/COSTS.md assumes of every function.
const DISTANCE: Duration = Duration::from_millis(5);
/// Fan-outs of one process, after its first.
const WARM: usize = 5;

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
    let mut measured: Vec<(u32, FanOutTimes)> = SIZES.map(|size| (size, FanOutTimes::default())).into();
    for round in 0..rounds {
        let mut order: Vec<_> = measured.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (size, measured) in order {
            eprintln!("measuring delivery at {size} MB, run {} of {rounds}", round + 1);
            once(world, *size, measured).with_context(|| format!("delivery at {size} MB"))?;
        }
    }
    world.stand_ins.remember(None);
    Ok(table(&measured, &prices, rounds, &load))
}

/// One process of `delivery`.
fn once(world: &World, size: u32, measured: &mut FanOutTimes) -> Result<()> {
    let services = Arc::new(Distant { database: Database::new()?, posts: AtomicUsize::new(0) });
    services.database.put_all((0..CONNECTIONS).map(place))?;
    world.stand_ins.remember(Some(services.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let more = [
        ("SOCKET_ENDPOINT", format!("https://127.0.0.1:{}", world.stand_ins.tls_port)),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", size.to_string()),
    ];
    let delivery = Function::start(world, &world.programs.carillon, "delivery", 1, &more)?;
    let process = delivery.first_process().context("one was started")?;
    let clock = Clock::of(process)?;
    let share = Share::of(process, f64::from(size) / WHOLE)?;
    for n in 0..=WARM {
        let row = owing(n);
        services.database.put_all([row.clone()])?;
        let (began, before) = (Instant::now(), clock.read()?);
        let answer = runtime.block_on(delivery.invoke(&event::stream(&[row])))?;
        let time = began.elapsed().as_secs_f64() * 1e3;
        let processor = clock.read()?.saturating_sub(before).as_secs_f64() * 1e3;
        ensure!(answer == json!({ "batchItemFailures": [] }), "it answered {answer}");
        let posts = services.posts.swap(0, Ordering::Relaxed);
        ensure!(posts == usize::from(CONNECTIONS), "{posts} posts to {CONNECTIONS} connections");
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

fn table(measured: &[(u32, FanOutTimes)], prices: &Prices, rounds: usize, load: &str) -> String {
    let mut text = format!(
        "{}\n\nAn announcement to {CONNECTIONS} connections, by `delivery`. Each request to DynamoDB and each post takes {} ms, and the \
         process gets the processor of its memory: {WHOLE:.0} MB are a whole one. It starts with a whole one. Medians (quartiles). The \
         machine's load was {load} when it began.\n\n\
         | memory, MB | processor | first fan-out, ms | later fan-outs, ms | their processor time, ms | US dollars per million |\n\
         |--:|--:|--:|--:|--:|--:|\n",
        machine(&format!("{rounds} processes of each size, with {WARM} later fan-outs each")),
        DISTANCE.as_millis(),
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
        let table = table(&measured, &Prices::read().unwrap(), 1, "0.10");
        assert!(table.contains("\n| 256 | 0.145 | 900 (900 to 900) | 500 (400 to 600) | 90 (90 to 90) | "), "{table}");
        assert!(table.contains("\n| 1769 | 1.000 |") && table.contains("load was 0.10"), "{table}");
    }

    #[test]
    fn places_and_announcements_are_rows_of_the_table() {
        let database = Database::new().unwrap();
        database.put_all((0..3).map(place)).unwrap();
        database.put_all([owing(1)]).unwrap();
        let owing = database.owing().unwrap();
        assert_eq!(owing.len(), 1, "the places owe nothing");
        assert_eq!(owing[0]["sk"]["S"], "SOCKETEVENT");
        assert!(database.put_all([json!({ "pk": { "S": "no sort key" } })]).is_err());
    }
}
