//! The Firebase project that pushes go through, if there is one.

use std::env;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::ports;

/// Prints a new RSA key. Node needs a moment for it, an unoptimized Rust program half a minute.
const NEW_KEY: &str = "process.stdout.write(require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048, \
     privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey)";

/// The Firebase settings of the deployed functions and of the tests.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firebase {
    pub(crate) project_id: String,
    pub(crate) client_email: String,
    pub(crate) private_key: String,
    /// Port of the tests' stand-in for Google's servers; `None` for Google itself.
    pub(crate) port: Option<u16>,
}

impl Firebase {
    /// The project that the environment names. Without one, push is off.
    pub(crate) fn from_env() -> Option<Self> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            project_id: variable("FIREBASE_PROJECT_ID")?,
            client_email: variable("FIREBASE_CLIENT_EMAIL").unwrap_or_default(),
            private_key: variable("FIREBASE_PRIVATE_KEY").unwrap_or_default(),
            port: None,
        })
    }

    /// A project for the end-to-end tests only, with a new key.
    pub(crate) async fn for_tests() -> Result<Self> {
        let node = Command::new("node").args(["-e", NEW_KEY]).stdin(Stdio::null()).kill_on_drop(true).output();
        let made = node.await.context("node cannot be started")?;
        if !made.status.success() {
            bail!("node made no RSA key: {}", String::from_utf8_lossy(&made.stderr).trim());
        }
        Ok(Self {
            project_id: "carillon-local".to_owned(),
            client_email: "carillon@carillon-local.iam.gserviceaccount.com".to_owned(),
            private_key: String::from_utf8(made.stdout)?,
            port: Some(ports::free_one()?),
        })
    }

    /// Address of the stand-in; empty for Google itself.
    pub(crate) fn endpoint(&self) -> String {
        self.port.map(|port| format!("http://127.0.0.1:{port}")).unwrap_or_default()
    }

    /// The project, if it is that of the tests. The key of a real project must not be in the state file.
    pub(crate) fn of_tests(self) -> Option<Self> {
        self.port.is_some().then_some(self)
    }
}
