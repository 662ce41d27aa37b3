//! Pusher's protocol: Carillon's functions behind the stand-in of API Gateway, and sockudo, with the same clients doing the same.
//!
//! | file | what it is |
//! |---|---|
//! | `script` | the steps, and what is measured of each |
//! | `client` | the clients, and what they read |
//! | `server` | the two servers |
//! | `signature` | Pusher's signatures |
//! | `report` | the tables |

mod client;
mod report;
mod script;
mod server;
mod signature;

use anyhow::{Context as _, Result};

use super::usage;
use crate::plan::Plan;
use crate::system::System;
use crate::world::World;
use report::ChannelFigures;
use script::{ChannelScript, ChannelSize};
use server::ChannelServer;

/// Measures the servers in turns; returns the tables.
pub(crate) fn measure(world: &World, plan: &Plan) -> Result<String> {
    usage::allow_many_files()?;
    let (size, rounds) = (if plan.quick { ChannelSize::QUICK } else { ChannelSize::FULL }, plan.socket_rounds());
    let systems = plan.channel_systems();
    let mut measured: Vec<ChannelFigures> = systems.iter().map(|system| ChannelFigures::new(system.name())).collect();
    for round in 0..rounds {
        let mut order: Vec<_> = systems.iter().zip(&mut measured).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (system, measured) in order {
            eprintln!("measuring channels, {}, run {} of {rounds}", system.name(), round + 1);
            once(world, *system, size, measured).with_context(|| format!("channels ({})", system.name()))?;
        }
    }
    Ok(report::tables(&measured, size, rounds))
}

/// One run of a system.
fn once(world: &World, system: System, size: ChannelSize, measured: &mut ChannelFigures) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = runtime.block_on(ChannelServer::start(world, system))?;
    let mut script = ChannelScript::new(world, &server, size);
    let steps = runtime.block_on(script.run());
    let (left, memory) = (script.left_to_the_stream, server.memory());
    // First the clients and the stand-in of API Gateway end, so that no end of a connection is handled any more.
    runtime.shutdown_background();
    world.stand_ins.remember(None);
    measured.add(steps?, memory?, left);
    Ok(())
}
