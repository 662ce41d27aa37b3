//! Counts the instructions of one warm invocation. The count is the same on a busy machine as on an idle one, so it
//! serves to compare two commits.
//!
//! Valgrind's callgrind counts two runs of different length; their difference does not include start and end. Valgrind
//! emulates a processor without SHA and AVX-512 instructions, so the counts compare, but do not convert into time.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::event::USERS;
use crate::measure::Process;
use crate::runtime_api::RuntimeApi;
use crate::system::System;
use crate::work::Work;
use crate::world::World;

/// Invocations of the shorter and of the longer run. Every user calls in both, so the difference has no first call of a
/// user.
const RUNS: [usize; 2] = [USERS + 5, 2 * USERS + 5];

/// Whether valgrind is installed.
pub(crate) fn can_be_counted() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The instructions of one warm invocation.
pub(crate) fn count(world: &World, work: &Work, system: System) -> Result<f64> {
    world.stand_ins.hold((work.rows)());
    let [short, long] = RUNS.map(|invocations| total(world, work, system, invocations));
    Ok((long? - short?) / (RUNS[1] - RUNS[0]) as f64)
}

fn total(world: &World, work: &Work, system: System, invocations: usize) -> Result<f64> {
    let api = RuntimeApi::listen(work.events(), invocations)?;
    let out = world.directory.join("callgrind.out");
    let wrapper = ["valgrind", "--tool=callgrind", &format!("--callgrind-out-file={}", out.display())];
    let wrapper: Vec<_> = wrapper.iter().map(|word| (*word).to_owned()).collect();
    let mut process = Process(world.start(system, work, &api, &wrapper)?);
    api.wait(|| Ok(process.0.try_wait()?.is_none()))?;
    // Callgrind writes its file when the process ends by itself or by this signal.
    let ended = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status()?;
    anyhow::ensure!(ended.success(), "the process could not be ended");
    process.0.wait()?;
    let report = std::fs::read_to_string(&out).context("callgrind wrote nothing")?;
    let line = report.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    Ok(line.and_then(|line| line.split_whitespace().next()).context("callgrind's file has no total")?.parse()?)
}
