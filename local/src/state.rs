//! `stack.json`: describes the running stack to other programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::demo::Demo;
use crate::firebase::Firebase;
use crate::private_file;

/// The running stack. The end-to-end tests read it too, and update it when they replace a process.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    pub(crate) url: String,
    pub(crate) jwt_secret: String,
    pub(crate) aws_endpoint: String,
    pub(crate) region: String,
    pub(crate) table_name: String,
    pub(crate) event_bus_name: String,
    pub(crate) retry_queue_url: String,
    pub(crate) dead_letter_queue_url: String,
    pub(crate) pusher: Pusher,
    /// Only in tests; otherwise push is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) firebase: Option<Firebase>,
    pub(crate) processes: Running,
    pub(crate) demo: Demo,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pusher {
    pub(crate) app_id: String,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption_master_key_base64: String,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Running {
    pub(crate) ministack: RunningMinistack,
    pub(crate) sockudo: RunningSockudo,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct RunningMinistack {
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
        let text = fs::read_to_string(&path).context("No local stack is running; start it with `cargo local`")?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not readable; start the stack again", path.display()))
    }

    /// Removes the file of a stack that has ended.
    pub(crate) fn remove(directory: &Path) {
        let _ = fs::remove_file(Self::path(directory));
    }
}
