//! The servers: Carillon's functions behind the stand-in of API Gateway, and Node's process.
//!
//! DynamoDB is embedded in this process, because a connection is found by its rows. The processor time of DynamoDB and of API
//! Gateway's stand-in counts as *the rest*; Carillon's is that of its functions only.
//!
//! Node is one process that keeps connections, limits and duplicates in memory. Its processor time includes the WebSockets, which API
//! Gateway holds for Carillon. It verifies a token once per connection, and makes one write for each direct message. Where there is
//! a choice, Node gets the advantage: its announcements do not survive its end, and a second process would need an adapter and Redis.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::client::Place;
use super::database::Database;
use super::gateway::{Gateway, Routes};
use super::lambda::Function;
use super::usage;
use crate::event::{self, service_token};
use crate::measure::{Process, peak_memory};
use crate::stand_in::Stateful;
use crate::work::Transport;
use crate::world::World;

/// Processes of each function that clients wait for.
pub(super) const PROCESSES: usize = 4;
/// One heartbeat in a minute's run of `socket-heartbeat`.
const HEARTBEAT_SECONDS: &str = "60";
const SEND: &str = "POST /dashboard/events";

/// A server that is measured.
pub(super) enum Server {
    Carillon(Carillon),
    Node(Node),
}

pub(super) struct Carillon {
    address: SocketAddr,
    database: Database,
    dashboard: Function,
    heartbeat: Function,
    delivery: Function,
    routes: Arc<Routes>,
}

pub(super) struct Node {
    address: SocketAddr,
    process: Process,
}

impl Carillon {
    /// Starts the functions of this directory, with an empty table.
    pub(super) async fn start(world: &World, directory: &Path) -> Result<Self> {
        let (database, gateway) = (Database::new()?, Arc::<Gateway>::default());
        world.stand_ins.remember(Some(Arc::new(Remembering { database: database.clone(), gateway: gateway.clone() })));
        let more = [
            ("SOCKET_ENDPOINT", format!("https://127.0.0.1:{}", world.stand_ins.tls_port)),
            ("HEARTBEAT_SECONDS", HEARTBEAT_SECONDS.to_owned()),
        ];
        let start = |name, processes| Function::start(world, directory, name, processes, &more);
        let routes = Arc::new(Routes {
            connect: Arc::new(start("socket-connect", PROCESSES)?),
            message: Arc::new(start("socket-message", PROCESSES)?),
            disconnect: Arc::new(start("socket-disconnect", 1)?),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(gateway.serve(listener, routes.clone()));
        let (dashboard, heartbeat) = (start("dashboard", 1)?, start("socket-heartbeat", 1)?);
        Ok(Self { address, database, dashboard, heartbeat, delivery: start("delivery", 1)?, routes })
    }

    fn functions(&self) -> [&Function; 6] {
        let Routes { connect, message, disconnect } = &*self.routes;
        [connect, message, disconnect, &self.dashboard, &self.heartbeat, &self.delivery]
    }

    /// Has `delivery` deliver what rows still owe, as the table's stream would; returns how many rows there were.
    async fn deliver_rest(&self) -> Result<usize> {
        let rows = self.database.owing()?;
        if !rows.is_empty() {
            self.delivery.invoke(&event::stream(&rows)).await?;
        }
        Ok(rows.len())
    }
}

/// An embedded DynamoDB and the stand-in of API Gateway.
pub(super) struct Remembering {
    pub(super) database: Database,
    pub(super) gateway: Arc<Gateway>,
}

impl Stateful for Remembering {
    fn database(&self, operation: &str, body: &[u8]) -> (&'static str, Vec<u8>) {
        self.database.respond(operation, body)
    }

    fn gateway(&self, method: &str, path: &str, body: &[u8]) -> &'static str {
        self.gateway.respond(method, path, body)
    }
}

impl Node {
    pub(super) fn start(world: &World) -> Result<Self> {
        world.stand_ins.remember(Some(Arc::new(Remembering { database: Database::new()?, gateway: Arc::default() })));
        let mut command = Command::new("node");
        command.arg(world.programs.node.join("sockets.mjs"));
        command.env_clear().envs(world.environment("sockets", Transport::Tls, "none"));
        // The SDK warns of the age of this Node at each start.
        command.env("NODE_NO_WARNINGS", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = Process(command.spawn().context("node does not start")?);
        let mut port = String::new();
        let stdout = process.0.stdout.take().context("its output is a pipe")?;
        BufReader::new(stdout).read_line(&mut port)?;
        let port: u16 = port.trim().parse().context("Node's server does not say its port")?;
        Ok(Self { address: SocketAddr::from(([127, 0, 0, 1], port)), process })
    }
}

impl Server {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Carillon(carillon) => Place { address: carillon.address, path: "/socketio" },
            Self::Node(node) => Place { address: node.address, path: "/socket.io/" },
        }
    }

    /// Sends an announcement to everybody, as another back end does.
    pub(super) async fn announce(&self, data: &Value) -> Result<()> {
        let body = json!({ "event": "announcement", "data": data });
        match self {
            Self::Carillon(carillon) => {
                let answer = carillon.dashboard.invoke(&event::by_service(SEND, &body)).await?;
                ensure!(answer["statusCode"] == 202, "dashboard answered {answer}");
            }
            Self::Node(node) => post(node.address, "/dashboard/events", &body.to_string()).await?,
        }
        Ok(())
    }

    /// Pings everybody now, where that can be asked for.
    pub(super) async fn ping(&self) -> Result<bool> {
        match self {
            Self::Carillon(carillon) => {
                let scheduled = json!({ "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} });
                carillon.heartbeat.invoke(&scheduled).await?;
                Ok(true)
            }
            Self::Node(_) => Ok(false),
        }
    }

    /// Has a delivery made that no function has made in its time; returns how many rows owed one.
    pub(super) async fn deliver_rest(&self) -> Result<usize> {
        match self {
            Self::Carillon(carillon) => carillon.deliver_rest().await,
            Self::Node(_) => Ok(0),
        }
    }

    /// Waits until nothing is being done.
    pub(super) async fn settle(&self) -> Result<()> {
        /// Longer than anything is between two processes.
        const PAUSE: Duration = Duration::from_millis(50);
        let (mut quiet, mut before) = (0, self.processor_time()?);
        while quiet < 2 {
            tokio::time::sleep(PAUSE).await;
            let now = self.processor_time()?;
            let is_quiet = match self {
                Self::Carillon(carillon) => carillon.functions().iter().all(|function| function.is_idle()),
                Self::Node(_) => now == before,
            };
            quiet = if is_quiet { quiet + 1 } else { 0 };
            before = now;
        }
        Ok(())
    }

    /// The processor time of the server's processes alone.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        match self {
            Self::Carillon(carillon) => carillon.functions().iter().map(|function| function.processor_time()).sum(),
            Self::Node(node) => usage::processor_time(&node.process.0.id().to_string()),
        }
    }

    /// The peak memory of the largest process of each program, in MB, and how many processes of it there are.
    pub(super) fn memory(&self) -> Result<Vec<(&'static str, f64, usize)>> {
        match self {
            Self::Carillon(carillon) => {
                let of = |function: &&Function| -> Result<_> {
                    let (memory, processes) = function.peak_memory()?;
                    Ok((function.name, memory, processes))
                };
                carillon.functions().iter().map(of).collect()
            }
            Self::Node(node) => Ok(vec![("socket.io", peak_memory(node.process.0.id())?, 1)]),
        }
    }
}

/// A request to Node's server over HTTP.
async fn post(address: SocketAddr, path: &str, body: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        service_token(),
        body.len(),
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 202"), "Node answered {}", String::from_utf8_lossy(&answer));
    Ok(())
}
