//! Measures in rounds. In each round, every system's process is started once, so that other load on the machine affects
//! all systems equally.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::runtime_api::{RuntimeApi, Timeline};
use crate::stand_in::Counts;
use crate::statistics::percentile;
use crate::system::System;
use crate::work::Work;
use crate::world::World;

/// Invocations at the start that are left out of the warm figures, until caches and just-in-time compilers are warm.
const SETTLING: usize = 5;

/// The figures of one process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Milliseconds from start to the first request for an event.
    pub(crate) init: f64,
    /// Milliseconds from start to the first response.
    pub(crate) first_response: f64,
    /// Microseconds from event to response, median.
    pub(crate) p50: f64,
    /// Microseconds from event to response, 99th percentile.
    pub(crate) p99: f64,
    /// Microseconds from event to the request for the next event, median.
    pub(crate) whole: f64,
    /// Invocations per second, one after another.
    pub(crate) rate: f64,
    /// Largest resident memory, in MB (10^6 bytes).
    pub(crate) memory: f64,
}

/// The results of all rounds, by system.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) samples: BTreeMap<System, Vec<Sample>>,
    /// Requests of one invocation.
    pub(crate) requests: BTreeMap<System, Counts>,
}

/// Kills its process when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that the process has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures one piece of work `rounds` times with each of these systems.
pub(crate) fn measure(world: &World, work: &Work, systems: &[System], rounds: usize) -> Result<Measured> {
    let mut measured = Measured::default();
    world.stand_ins.hold((work.rows)());
    for round in 0..rounds {
        // Every other round is in reverse order, so that no system always follows the same one.
        let order: Vec<_> = if round % 2 == 0 { systems.to_vec() } else { systems.iter().rev().copied().collect() };
        for system in order {
            let (sample, requests) =
                once(world, work, system).with_context(|| format!("{} ({})", work.name, system.name()))?;
            measured.samples.entry(system).or_default().push(sample);
            measured.requests.insert(system, requests);
        }
    }
    same_work(work, &measured)?;
    Ok(measured)
}

fn once(world: &World, work: &Work, system: System) -> Result<(Sample, Counts)> {
    let invocations = 1 + work.warm;
    let api = RuntimeApi::listen(work.events(), invocations)?;
    world.stand_ins.take_counts();
    let mut process = Process(world.start(system, work, &api, &[])?);
    let seen = api.wait(|| Ok(process.0.try_wait()?.is_none()))?;
    if system.does_the_work() {
        let last = String::from_utf8_lossy(&seen.last);
        ensure!(last.contains(work.response), "not the right answer: {last}");
    }
    let memory = peak_memory(process.0.id())?;
    let counts = world.stand_ins.take_counts();
    // Integer division drops requests that happen once per process or once per user.
    let each = counts.into_iter().map(|(operation, count)| (operation, count / invocations));
    let requests = each.filter(|(_, count)| *count > 0).collect();
    Ok((sample(&seen, memory), requests))
}

fn sample(seen: &Timeline, memory: f64) -> Sample {
    let micros = |times: &[Duration]| {
        let mut sorted: Vec<_> = times.iter().skip(SETTLING).map(|time| time.as_secs_f64() * 1e6).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let (responses, wholes) = (micros(&seen.responses), micros(&seen.wholes));
    let total: f64 = wholes.iter().sum();
    Sample {
        init: seen.init.as_secs_f64() * 1e3,
        first_response: seen.first_response.as_secs_f64() * 1e3,
        p50: percentile(&responses, 0.5),
        p99: percentile(&responses, 0.99),
        whole: percentile(&wholes, 0.5),
        rate: wholes.len() as f64 / (total / 1e6),
        memory,
    }
}

/// A process's peak resident memory (`VmHWM`), in MB.
pub(crate) fn peak_memory(process: u32) -> Result<f64> {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).context("peak memory is read on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Checks that all systems make the same requests: a peer with fewer would be faster only because it does less.
fn same_work(work: &Work, measured: &Measured) -> Result<()> {
    let mut doing = measured.requests.iter().filter(|(system, _)| system.does_the_work());
    if let Some((_, first)) = doing.next() {
        for (system, requests) in doing {
            ensure!(first == requests, "{}: {} makes {requests:?}, not {first:?}", work.name, system.name());
        }
    }
    Ok(())
}
