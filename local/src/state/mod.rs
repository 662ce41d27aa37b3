//! `stack.json`: describes the running stack to other programs.

pub(crate) mod demo;
pub(crate) mod directory;
pub(crate) mod firebase;
pub(crate) mod function_names;
pub(crate) mod guest;
pub(crate) mod issuer;
pub(crate) mod pusher_app;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod token;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::demo::Demo;
use self::firebase::Firebase;
use self::issuer::Issuer;
use self::settings::PusherServer;
use crate::files::private_file;

/// The running stack. The end-to-end tests read it too, and update it when they replace a process.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    pub(crate) url: String,
    /// The secret that signs tokens; absent where only the app's issuer can sign them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_secret: Option<String>,
    pub(crate) issuer: Issuer,
    pub(crate) aws_endpoint: String,
    pub(crate) region: String,
    #[serde(flatten)]
    pub(crate) outputs: Outputs,
    pub(crate) pusher: Pusher,
    /// The receiver of webhooks, with [`PusherServer::Gateway`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_url: Option<String>,
    /// Only under `cargo local test`, whose tests steer the stand-in for FCM at its control port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) firebase: Option<Firebase>,
    /// Whether the stack's own stand-in for FCM keeps what is pushed.
    #[serde(default)]
    pub(crate) shows_pushes: bool,
    pub(crate) processes: Running,
    /// How often `cargo local reset` has emptied it.
    #[serde(default)]
    pub(crate) resets: u64,
    pub(crate) demo: Demo,
}

/// The outputs of the template that are used here.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outputs {
    pub(crate) table_name: String,
    /// Absent in a release of before attachments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attachment_bucket_name: Option<String>,
    pub(crate) event_bus_name: String,
    pub(crate) retry_queue_url: String,
    pub(crate) dead_letter_queue_url: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pusher {
    pub(crate) server: PusherServer,
    pub(crate) app_id: String,
    pub(crate) key: String,
    /// Absent for a developer's app at Pusher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    pub(crate) cluster: String,
    /// Where clients connect: the front door, sockudo, or Pusher.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) encryption_master_key_base64: String,
}

impl Pusher {
    /// The options with which the stack's own pages connect.
    pub(crate) fn of_pages(&self) -> Value {
        let Self { key, cluster, host, port, tls, .. } = self;
        json!({ "key": key, "cluster": cluster, "host": host, "port": port, "tls": tls })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Running {
    /// The program that started the others.
    pub(crate) cargo_local: RunningProcess,
    pub(crate) ministack: RunningProcess,
    /// Only with [`PusherServer::Sockudo`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sockudo: Option<RunningSockudo>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct RunningProcess {
    pub(crate) pid: i32,
}

/// With the command that starts it again.
#[derive(Deserialize, Serialize)]
pub(crate) struct RunningSockudo {
    pub(crate) pid: i32,
    pub(crate) command: String,
    #[serde(rename = "args")]
    pub(crate) arguments: Vec<String>,
}

impl State {
    pub(crate) fn path(directory: &Path) -> PathBuf {
        directory.join("stack.json")
    }

    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        private_file::write(&Self::path(directory), &serde_json::to_string_pretty(self)?)
    }

    pub(crate) fn read(directory: &Path) -> Result<Self> {
        let path = Self::path(directory);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if std::env::var_os("CARILLON_STACK").is_some() {
                    bail!(
                        "No stack is running at {}, which CARILLON_STACK names; unset it, and start one with `cargo local`",
                        path.display()
                    )
                }
                bail!("No local stack is running; start it with `cargo local`")
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not readable; start the stack again", path.display()))
    }

    /// The same, of a stack that still runs: one that was killed has left its file behind.
    pub(crate) fn of_running(directory: &Path) -> Result<Self> {
        let state = Self::read(directory)?;
        if !directory::is_in_use(directory) {
            bail!("The local stack has ended without stopping properly; start it again with `cargo local`");
        }
        Ok(state)
    }

    /// Removes the file of a stack that has ended.
    pub(crate) fn remove(directory: &Path) {
        let _ = fs::remove_file(Self::path(directory));
    }
}
