//! The whole stack, started in order.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;

use crate::cli::Ports;
use crate::demo::Demo;
use crate::deploy::{API_ID, deploy};
use crate::firebase::Firebase;
use crate::front_door::{self, Cors, Examples};
use crate::ministack;
use crate::ports;
use crate::processes::{Processes, Service};
use crate::secrets::Secrets;
use crate::sockudo::{self, Sockudo};
use crate::state::{Pusher, Running, RunningMinistack, RunningSockudo, State};
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The directory of a stack. Only one stack can use it at a time.
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) logs: PathBuf,
    _lock: File,
}

impl Place {
    /// Locks the directory. `command` is the command that may have locked it already, for the error message.
    pub(crate) fn take(directory: PathBuf, command: &str) -> Result<Self> {
        let logs = directory.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("{} cannot be created", logs.display()))?;
        let lock = File::create(directory.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory, logs, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "`{command}` is already running in this target directory; stop it with Ctrl-C in its terminal first."
            ),
            Err(TryLockError::Error(error)) => Err(error).context("The lock of the local stack cannot be taken"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        State::remove(&self.directory);
    }
}

/// A running stack.
pub(crate) struct Stack<'a> {
    pub(crate) state: State,
    ministack: Service<'a>,
    sockudo: Sockudo<'a>,
    front_door: FrontDoor,
}

struct FrontDoor {
    listener: TcpListener,
    api_address: String,
    cors: Cors,
    examples: Examples,
}

/// Checks that all ports are free; holds the front door's port from then on.
pub(crate) fn claim_ports(ports: &Ports) -> Result<std::net::TcpListener> {
    let front_door = ports::claim(ports.port, "--port")?;
    ports::claim(ports.ministack_port, "--ministack-port")?;
    ports::claim(ports.sockudo_port, "--sockudo-port")?;
    Ok(front_door)
}

impl<'a> Stack<'a> {
    pub(crate) async fn start(
        workspace: &Workspace,
        processes: &'a Processes,
        tools: &Tools,
        place: &Place,
        ports: &Ports,
        listener: std::net::TcpListener,
        firebase: Option<Firebase>,
    ) -> Result<Self> {
        let Place { directory, logs, .. } = place;
        let secrets = Secrets::keep_in(directory)?;
        let demo = Demo::new();
        let settings = sockudo::Settings {
            port: ports.sockudo_port,
            secret: &secrets.pusher_secret,
            webhook: format!("http://127.0.0.1:{}/pusher/webhook", ports.port),
        };
        let (ministack, sockudo) = tokio::try_join!(
            ministack::start(processes, tools, ports, directory, logs),
            sockudo::start(processes, tools, &settings, directory, logs),
        )?;
        let deployment = deploy(workspace, tools, ports, &secrets, firebase.as_ref(), &demo, logs).await?;
        let aws_endpoint = ministack::endpoint(ports.ministack_port);
        listener.set_nonblocking(true)?;
        let front_door = FrontDoor {
            listener: TcpListener::from_std(listener)?,
            api_address: format!("{aws_endpoint}/_aws/execute-api/{API_ID}/$default"),
            cors: deployment.cors,
            examples: Examples::new(workspace, directory),
        };
        let state = State {
            url: format!("http://localhost:{}", ports.port),
            jwt_secret: secrets.jwt_secret,
            aws_endpoint,
            region: ministack::REGION.to_owned(),
            table_name: deployment.outputs.table_name,
            event_bus_name: deployment.outputs.event_bus_name,
            retry_queue_url: deployment.outputs.retry_queue_url,
            dead_letter_queue_url: deployment.outputs.dead_letter_queue_url,
            pusher: Pusher {
                app_id: sockudo::APP_ID.to_owned(),
                key: sockudo::KEY.to_owned(),
                secret: secrets.pusher_secret,
                host: sockudo::HOST.to_owned(),
                port: ports.sockudo_port,
                encryption_master_key_base64: secrets.encryption_master_key_base64,
            },
            firebase: firebase.and_then(Firebase::of_tests),
            processes: Running {
                ministack: RunningMinistack { pid: ministack.pid() },
                sockudo: RunningSockudo {
                    pid: sockudo.service.pid(),
                    command: sockudo.command.clone(),
                    arguments: sockudo.arguments.clone(),
                },
            },
            demo,
        };
        state.write(directory)?;
        Ok(Self { state, ministack, sockudo, front_door })
    }

    /// Serves until a part of the stack ends; returns the reason. `keep_sockudo` is false for tests that end sockudo
    /// themselves.
    pub(crate) async fn serve(self, keep_sockudo: bool) -> anyhow::Error {
        let Self { mut ministack, mut sockudo, front_door, .. } = self;
        tokio::select! {
            error = ministack.ended() => error,
            error = sockudo.service.ended(), if keep_sockudo => error,
            outcome = front_door::serve(
                front_door.listener,
                &front_door.api_address,
                front_door.cors,
                front_door.examples,
            ) => {
                outcome.err().unwrap_or_else(|| anyhow::anyhow!("The front door has ended by itself"))
            }
        }
    }
}
