//! The whole stack, started in order.

mod deploy;
pub(crate) mod plan;

use self::plan::Plan;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, anyhow};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::console::{self, Console};
use crate::files::journal::{self, PUSHES};
use crate::front_door::{Examples, FrontDoor};
use crate::net::guard::Names;
use crate::net::ports;
use crate::process::children::Service;
use crate::services::ministack;
use crate::services::pusher_server::{self, Keeper};
use crate::services::recorder::{Recorder, watch_server};
use crate::services::sockudo::{self, Sockudo};
pub(crate) use crate::stack::deploy::SOCKET_API_ID;
use crate::stack::deploy::{API_ID, deploy};
use crate::state::demo::Demo;
use crate::state::issuer::Keys;
use crate::state::pusher_app::{ANY_CLUSTER, APP_ID, AppServer, HOST, KEY};
use crate::state::secrets::Secrets;
use crate::state::settings::{Channels, PushTarget, PusherServer};
use crate::state::{Pusher, Running, RunningProcess, RunningSockudo, State};

/// A running stack.
pub(crate) struct Stack<'a> {
    pub(crate) state: State,
    plan: Plan<'a>,
    secrets: Secrets,
    ministack: Service<'a>,
    /// Only with [`PusherServer::Sockudo`].
    sockudo: Option<KeptSockudo<'a>>,
    front_door: FrontDoor,
    /// Asked for by `cargo local reset`.
    resets: Signal,
}

/// The Pusher server, and what stands before it.
struct KeptSockudo<'a> {
    sockudo: Sockudo<'a>,
    /// Its own port.
    port: u16,
    /// On the port that everybody knows; absent under `cargo local chaos`, which records for itself.
    recorder: Option<Recorder>,
    orders: mpsc::Receiver<pusher_server::Request>,
    /// Where the orders are sent.
    order: pusher_server::Orders,
}

impl<'a> Plan<'a> {
    /// Starts everything, and serves on `listener` once it is deployed.
    pub(crate) async fn start(self, listener: std::net::TcpListener) -> Result<Stack<'a>> {
        // Before anything tells this process's id: without a handler a signal would end it.
        let resets = signal(SignalKind::user_defined1())?;
        let cuts = signal(SignalKind::user_defined2())?;
        let secrets = Secrets::keep_in(&self.directory.path)?;
        let (ministack, sockudo) = tokio::try_join!(self.start_ministack(), self.start_sockudo(&secrets))?;
        let of_clients = self.of_clients();
        let demo = Demo::new();
        let deployment = deploy(&self, &secrets, &demo).await?;
        let aws_endpoint = ministack::endpoint(self.ports.ministack_port);
        let console = Console::new(
            self.workspace,
            self.tools,
            console::Watched {
                directory: self.directory.path.clone(),
                pusher_secret: secrets.pusher_secret.clone(),
                orders: sockudo.as_ref().map(|kept| kept.order.clone()),
                port: self.ports.port,
                channels: of_clients.clone(),
            },
        );
        listener.set_nonblocking(true)?;
        let front_door = FrontDoor {
            listener: TcpListener::from_std(listener)?,
            aws: ministack::endpoint(self.ports.aws_of_functions()),
            api: format!("{aws_endpoint}/_aws/execute-api/{API_ID}/$default"),
            socket_api: format!("{aws_endpoint}/_aws/execute-api/{SOCKET_API_ID}"),
            pusher: self.settings.channels.server(),
            cors: deployment.cors.with_this_machine(),
            names: Names::of(&self.settings.origins),
            examples: Examples::new(self.workspace, &self.directory.path),
            cuts,
            console,
        };
        let issuer = self.settings.issuer.clone();
        let state = State {
            url: format!("http://localhost:{}", self.ports.port),
            jwt_secret: match &issuer.keys {
                Keys::Own => Some(secrets.jwt_secret.clone()),
                Keys::Secret(of_app) => Some(of_app.clone()),
                Keys::Jwks(_) => None,
            },
            issuer,
            aws_endpoint,
            region: ministack::REGION.to_owned(),
            outputs: deployment.outputs,
            pusher: self.pusher(&secrets, of_clients),
            webhook_url: self.settings.webhook_url.as_ref().map(|url| url.as_str().to_owned()),
            firebase: self.settings.pushes.of_tests().cloned(),
            shows_pushes: matches!(self.settings.pushes, PushTarget::Shown(_)),
            processes: Running {
                cargo_local: RunningProcess { pid: i32::try_from(std::process::id())? },
                ministack: RunningProcess { pid: ministack.pid() },
                sockudo: sockudo.as_ref().map(|KeptSockudo { sockudo, .. }| RunningSockudo {
                    pid: sockudo.service.pid(),
                    command: sockudo.command.clone(),
                    arguments: sockudo.arguments.clone(),
                }),
            },
            resets: 0,
            demo,
        };
        state.write(&self.directory.path)?;
        Ok(Stack { state, plan: self, secrets, ministack, sockudo, front_door, resets })
    }

    /// The app, as clients and server libraries have to know it. The secret of a developer's app goes to the functions alone.
    fn pusher(&self, secrets: &Secrets, of_clients: AppServer) -> Pusher {
        let AppServer { host, port, tls } = of_clients;
        let own = || (APP_ID.to_owned(), KEY.to_owned(), Some(secrets.pusher_secret.clone()), ANY_CLUSTER.to_owned());
        let (app_id, key, secret, cluster) = match self.settings.channels.hosted() {
            None => own(),
            Some(app) => (app.app_id.clone(), app.key.clone(), None, app.cluster.clone()),
        };
        let encryption_master_key_base64 = secrets.encryption_master_key_base64.clone();
        let server = self.settings.channels.server();
        Pusher { server, app_id, key, secret, cluster, host, port, tls, encryption_master_key_base64 }
    }

    /// Where clients of Pusher's protocol connect.
    fn of_clients(&self) -> AppServer {
        let here = |port| AppServer { host: HOST.to_owned(), port, tls: false };
        match &self.settings.channels {
            Channels::Gateway => here(self.ports.port),
            Channels::Sockudo => here(self.ports.sockudo_port),
            Channels::Hosted(app) => app.of_clients(),
        }
    }

    /// Starts the Pusher server, if the stack has one.
    async fn start_sockudo(&self, secrets: &Secrets) -> Result<Option<KeptSockudo<'a>>> {
        if self.settings.channels.server() != PusherServer::Sockudo {
            return Ok(None);
        }
        let (recorder, port) = match self.ports.detours.sockudo {
            Some(_) => (None, self.ports.sockudo_port),
            None => (Some(Recorder::bind(self.ports.sockudo_port)?), ports::free_one()?),
        };
        let front_door = format!("http://127.0.0.1:{}", self.ports.port);
        let settings = sockudo::SockudoSettings {
            port,
            secret: &secrets.pusher_secret,
            webhook: format!("{front_door}/pusher/webhook"),
            console: format!("{front_door}/console/webhook"),
        };
        let sockudo = sockudo::start(self.processes, self.tools, &settings, self.directory).await?;
        let (order, orders) = mpsc::channel(1);
        Ok(Some(KeptSockudo { sockudo, port, recorder, orders, order }))
    }

    async fn start_ministack(&self) -> Result<Service<'a>> {
        ministack::start(self.processes, self.tools, &self.ports, self.directory).await
    }

    /// Replaces AWS with a new, empty one and deploys to it. Connections to sockudo stay open.
    async fn start_over(&self, ministack: &mut Option<Service<'a>>, secrets: &Secrets) -> Result<()> {
        *ministack = None;
        if let PushTarget::Shown(_) = self.settings.pushes {
            journal::begin(&self.directory.logs, PUSHES)?;
        }
        *ministack = Some(self.start_ministack().await?);
        let directory = &self.directory.path;
        // Read again, since tests may have put another sockudo into it.
        let mut state = State::read(directory)?;
        state.outputs = deploy(self, secrets, &state.demo).await?.outputs;
        state.processes.ministack.pid = ministack.as_ref().map(Service::pid).unwrap_or_default();
        state.resets += 1;
        state.write(directory)
    }
}

impl Stack<'_> {
    /// Serves until a part of the stack ends; returns the reason. `keep_sockudo` is false for tests that end sockudo
    /// themselves.
    pub(crate) async fn serve(self, keep_sockudo: bool) -> anyhow::Error {
        let Self { plan, secrets, ministack, sockudo, front_door, mut resets, .. } = self;
        let mut ministack = Some(ministack);
        let console = front_door.console.clone();
        let kept_sockudo = async {
            let Some(KeptSockudo { sockudo, port, recorder, orders, .. }) = sockudo else {
                return std::future::pending().await;
            };
            let keeper = Keeper::new(plan.processes, plan.directory, port, sockudo);
            tokio::select! {
                error = keeper.serve(orders, !keep_sockudo) => error,
                error = recorded(recorder, port, &console) => error,
            }
        };
        let served =
            async { front_door.serve().await.err().unwrap_or_else(|| anyhow!("The front door has ended by itself")) };
        let kept = async {
            loop {
                tokio::select! {
                    error = ended(ministack.as_mut()) => return error,
                    _ = resets.recv() => eprintln!("Starting over, as `cargo local reset` asks."),
                }
                if let Err(error) = plan.start_over(&mut ministack, &secrets).await {
                    return error.context("The stack cannot start over");
                }
                console.start_over();
            }
        };
        tokio::select! {
            error = kept => error,
            error = kept_sockudo => error,
            error = served => error,
            never = console.follow() => match never {},
        }
    }
}

/// Passes on what the Pusher server at this port is sent, and tells the console; returns why that ended.
async fn recorded(recorder: Option<Recorder>, port: u16, console: &Console) -> anyhow::Error {
    let Some(recorder) = recorder else {
        return std::future::pending().await;
    };
    let (is_up, sees_up) = watch::channel(false);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = format!("http://{address}");
    tokio::select! {
        never = watch_server(address, is_up) => match never {},
        ended = recorder.serve(&server, console.note(), sees_up) => {
            ended.err().unwrap_or_else(|| anyhow!("The proxy before the Pusher server has ended by itself"))
        }
    }
}

async fn ended(service: Option<&mut Service<'_>>) -> anyhow::Error {
    match service {
        Some(service) => service.ended().await,
        None => anyhow!("ministack has ended"),
    }
}
