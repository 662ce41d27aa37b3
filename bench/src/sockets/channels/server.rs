//! The servers: Carillon's functions behind the stand-in of API Gateway, and sockudo's process.
//!
//! DynamoDB is embedded in this program. Its processor time and that of API Gateway's stand-in count as *the rest*; Carillon's is that of its
//! functions alone.
//!
//! sockudo is one process that keeps connections, channels and members in memory, and loses them and events on their way when it ends.
//! Its processor time includes the WebSockets, which API Gateway holds for Carillon. Where there is a choice, sockudo gets the advantage: a
//! release build, without its metrics, rate limits and webhooks.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::database::{Database, Units};
use super::super::gateway::{Gateway, Routes};
use super::super::lambda::Function;
use super::super::server::Remembering;
use super::super::share::Clock;
use super::client::SocketAddress;
use super::signature;
use crate::event::{self, PUSHER};
use crate::measure::{Process, peak_memory};
use crate::system::System;
use crate::world::{APP, World};

/// Processes of each function that clients wait for.
pub(super) const PROCESSES: usize = 4;
const EVENTS: &str = "POST /apps/{appId}/events";
/// How long sockudo may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that is measured.
pub(super) enum ChannelServer {
    Carillon(CarillonServer),
    Sockudo(Sockudo),
}

pub(super) struct CarillonServer {
    address: SocketAddr,
    database: Database,
    api: Function,
    heartbeat: Function,
    delivery: Function,
    routes: Arc<Routes>,
}

pub(super) struct Sockudo {
    address: SocketAddr,
    process: Process,
}

impl CarillonServer {
    /// Starts the functions of this directory, with an empty table.
    async fn start(world: &World, directory: &Path) -> Result<Self> {
        let (database, gateway) = (Database::new()?, Arc::<Gateway>::default());
        world.stand_ins.remember(Some(Arc::new(Remembering { database: database.clone(), gateway: gateway.clone() })));
        let more = [
            ("CHANNELS", "gateway".to_owned()),
            ("SOCKET_ENDPOINT", format!("https://127.0.0.1:{}", world.stand_ins.tls_port)),
            ("HEARTBEAT_SECONDS", "60".to_owned()),
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
        let (api, heartbeat) = (start("pusher-api", 1)?, start("socket-heartbeat", 1)?);
        Ok(Self { address, database, api, heartbeat, delivery: start("delivery", 1)?, routes })
    }

    fn functions(&self) -> [&Function; 6] {
        let Routes { connect, message, disconnect } = &*self.routes;
        [connect, message, disconnect, &self.api, &self.heartbeat, &self.delivery]
    }
}

impl Sockudo {
    async fn start(world: &World) -> Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let configuration = world.directory.join("sockudo.toml");
        std::fs::write(&configuration, self::configuration(free.port()))?;
        let mut command = Command::new(&world.programs.sockudo);
        command.arg("--config").arg(&configuration).env_clear().current_dir(&world.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn();
        let mut process =
            Process(started.with_context(|| format!("{} does not start", world.programs.sockudo.display()))?);
        let began = Instant::now();
        loop {
            ensure!(process.0.try_wait()?.is_none(), "sockudo has ended");
            ensure!(began.elapsed() < START_TIMEOUT, "sockudo does not know its app");
            // It ignores a configuration that it cannot read, and then there is no such app.
            if let Ok(mut stream) = TcpStream::connect(free).await
                && ask(&mut stream, &format!("GET /up/{APP} HTTP/1.1\r\nhost: {free}\r\n\r\n")).await.is_ok()
            {
                return Ok(Self { address: free, process });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// As `cargo local` configures it, but for the webhooks.
fn configuration(port: u16) -> String {
    let local = include_str!("../../../../local/sockudo.toml");
    let text = local.split("\n[[app_manager.array.apps.policy.webhooks]]").next().unwrap_or(local);
    let text = text.replace("max_connections = 1000", "max_connections = 10000");
    [("<port>", &*port.to_string()), ("<id>", APP), ("<key>", PUSHER.0), ("<secret>", PUSHER.1)]
        .iter()
        .fold(text, |text, (name, value)| text.replace(name, value))
}

impl ChannelServer {
    pub(super) async fn start(world: &World, system: System) -> Result<Self> {
        let programs = &world.programs;
        Ok(match system {
            System::Sockudo => Self::Sockudo(Sockudo::start(world).await?),
            System::Variant => {
                let directory = programs.variant.as_ref().context("no other directory was named")?;
                Self::Carillon(CarillonServer::start(world, directory).await?)
            }
            _ => Self::Carillon(CarillonServer::start(world, &programs.carillon).await?),
        })
    }

    /// The address for clients.
    pub(super) fn target(&self) -> SocketAddress {
        let key = PUSHER.0;
        match self {
            // API Gateway has the key in the query; a distribution puts it there (docs/CHANNELS.md).
            Self::Carillon(carillon) => {
                SocketAddress { address: carillon.address, path: format!("/pusher?appKey={key}&protocol=7") }
            }
            Self::Sockudo(sockudo) => SocketAddress {
                address: sockudo.address,
                path: format!("/app/{key}?protocol=7&client=bench&version=1.0"),
            },
        }
    }

    /// Prepares an event: the sender's part takes no time of what is measured.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub(super) fn event(&self, channel: &str, data: &Value) -> Result<Trigger> {
        let path = format!("/apps/{APP}/events");
        let body = json!({ "name": "stock", "channels": [channel], "data": data.to_string() }).to_string();
        let query = signature::of_post(&path, &body)?;
        Ok(match self {
            Self::Carillon(_) => {
                let mut event = event::request(EVENTS, &body);
                (event["rawPath"], event["rawQueryString"]) = (json!(path), json!(query));
                event["pathParameters"] = json!({ "appId": APP });
                Trigger::Event(Box::new(event))
            }
            Self::Sockudo(sockudo) => Trigger::Request(format!(
                "POST {path}?{query} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                sockudo.address,
                body.len(),
            )),
        })
    }

    /// Sends an event, as the back end of the app does.
    pub(super) async fn trigger(&self, event: Trigger) -> Result<()> {
        match (self, event) {
            (Self::Carillon(carillon), Trigger::Event(event)) => {
                let answer = carillon.api.invoke(&event).await?;
                ensure!(answer["statusCode"] == 200, "pusher-api answered {answer}");
            }
            (Self::Sockudo(sockudo), Trigger::Request(request)) => {
                // It ends the connection after each answer.
                ask(&mut TcpStream::connect(sockudo.address).await?, &request).await?;
            }
            _ => bail!("the event is of the other server"),
        }
        Ok(())
    }

    /// Has everybody sent a keep-alive now, where that can be asked for.
    pub(super) async fn keep_alive(&self) -> Result<bool> {
        match self {
            Self::Carillon(carillon) => {
                let scheduled = json!({ "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} });
                carillon.heartbeat.invoke(&scheduled).await?;
                Ok(true)
            }
            Self::Sockudo(_) => Ok(false),
        }
    }

    /// Has a delivery made that no function has made in its time; returns how many rows owed one.
    pub(super) async fn deliver_rest(&self) -> Result<usize> {
        let Self::Carillon(carillon) = self else { return Ok(0) };
        let rows = carillon.database.owing()?;
        if !rows.is_empty() {
            carillon.delivery.invoke(&event::stream(&rows)).await?;
        }
        Ok(rows.len())
    }

    /// Waits until nothing is being done.
    pub(super) async fn settle(&self) -> Result<()> {
        /// Longer than anything is between two processes.
        const PAUSE: Duration = Duration::from_millis(50);
        /// sockudo looks at its timers meanwhile.
        const IDLE: Duration = Duration::from_micros(500);
        let (mut quiet, mut before) = (0, self.processor_time()?);
        while quiet < 2 {
            tokio::time::sleep(PAUSE).await;
            let now = self.processor_time()?;
            let is_quiet = match self {
                Self::Carillon(carillon) => carillon.functions().iter().all(|function| function.is_idle()),
                Self::Sockudo(_) => now.saturating_sub(before) < IDLE,
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
            Self::Sockudo(sockudo) => Clock::of(sockudo.process.0.id())?.read(),
        }
    }

    /// The units of the table that were used since the last call.
    pub(super) fn take_units(&self) -> Units {
        match self {
            Self::Carillon(carillon) => carillon.database.take_units(),
            Self::Sockudo(_) => Units::default(),
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
            Self::Sockudo(sockudo) => Ok(vec![("sockudo", peak_memory(sockudo.process.0.id())?, 1)]),
        }
    }
}

/// An event that is ready to be sent.
pub(super) enum Trigger {
    /// Of the HTTP API, for a function.
    Event(Box<Value>),
    /// The text of a request over HTTP.
    Request(String),
}

/// Sends a request over HTTP and reads its answer, which has a `Content-Length`.
async fn ask(stream: &mut TcpStream, request: &str) -> Result<()> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut answer).await? > 0, "sockudo ended the connection");
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(&answer)? else { continue };
        let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize = std::str::from_utf8(length.context("an answer has a length")?.value)?.parse()?;
        if answer.len() >= head + length {
            ensure!(response.code == Some(200), "sockudo answered {}", String::from_utf8_lossy(&answer));
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_the_app_and_no_webhook() {
        let text = configuration(6_001);
        assert!(!text.contains("\"<") && !text.contains("= <") && !text.contains("webhooks]]"), "{text}");
        assert!(text.contains(&format!("key = \"{}\"", PUSHER.0)) && text.contains("port = 6001"), "{text}");
        assert!(text.contains("max_connections = 10000"), "{text}");
    }
}
