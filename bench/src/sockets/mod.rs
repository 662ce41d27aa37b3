//! WebSockets: Carillon's functions behind a stand-in of API Gateway's WebSocket API, and a `socket.io` server in Node, with the same
//! clients doing the same.
//!
//! | file | what it is |
//! |---|---|
//! | `script` | the steps, and what is measured of each |
//! | `client`, `packet` | the clients, and what they read |
//! | `server` | the two servers |
//! | `gateway`, `event` | API Gateway's stand-in, and the events that it sends to functions |
//! | `lambda` | functions with several processes |
//! | `database` | DynamoDB, embedded |
//! | `fan_out`, `share` | `delivery` with the processor of several memory sizes |
//! | `usage` | processor time |
//! | `channels` | Pusher's protocol, with other clients and beside another server |
//! | `report` | the tables |

pub(crate) mod channels;
mod client;
mod database;
mod event;
pub(crate) mod fan_out;
mod gateway;
mod lambda;
mod packet;
mod report;
mod script;
mod server;
mod share;
mod usage;

use anyhow::{Context as _, Result};

use crate::plan::Plan;
use crate::system::System;
use crate::world::World;
use report::SystemFigures;
use script::{Script, Size, Step};
use server::{Carillon, Node, Server};

/// Measures the servers in turns; returns the tables.
pub(crate) fn measure(world: &World, plan: &Plan) -> Result<String> {
    usage::allow_many_files()?;
    let (size, rounds) = (if plan.quick { Size::QUICK } else { Size::FULL }, plan.socket_rounds());
    let systems = plan.socket_systems();
    let mut measured: Vec<SystemFigures> = systems.iter().map(|system| SystemFigures::new(system.name())).collect();
    for round in 0..rounds {
        let mut order: Vec<_> = systems.iter().zip(&mut measured).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (system, measured) in order {
            eprintln!("measuring sockets, {}, run {} of {rounds}", system.name(), round + 1);
            once(world, *system, size, measured).with_context(|| format!("sockets ({})", system.name()))?;
        }
    }
    Ok(report::tables(&measured, size, rounds))
}

/// One run of a system.
fn once(world: &World, system: System, size: Size, measured: &mut SystemFigures) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = runtime.block_on(start(world, system))?;
    let mut script = Script::new(world, &server, size);
    let steps: Result<Vec<Step>> = runtime.block_on(script.run());
    let (left, memory) = (script.left_to_the_stream, server.memory());
    // First the clients and the stand-in of API Gateway end, so that no end of a connection is handled any more.
    runtime.shutdown_background();
    world.stand_ins.remember(None);
    measured.add(steps?, memory?, left);
    Ok(())
}

async fn start(world: &World, system: System) -> Result<Server> {
    let programs = &world.programs;
    Ok(match system {
        System::Node => Server::Node(Node::start(world)?),
        System::Variant => {
            let directory = programs.variant.as_ref().context("no other directory was named")?;
            Server::Carillon(Carillon::start(world, directory).await?)
        }
        _ => Server::Carillon(Carillon::start(world, &programs.carillon).await?),
    })
}
