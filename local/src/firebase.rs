//! A Firebase project that exists in the end-to-end tests alone. They play Google's servers on its port.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::ports;

/// Prints a new RSA key. Node makes one in a moment; an unoptimized Rust program takes half a minute.
const NEW_KEY: &str = "process.stdout.write(require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048, \
     privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey)";

/// What the deployed functions are told, and the tests need to know.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firebase {
    pub(crate) project_id: String,
    pub(crate) client_email: String,
    pub(crate) private_key: String,
    /// Where the tests answer as Google would.
    pub(crate) port: u16,
}

impl Firebase {
    /// A new project with a key of its own.
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
            port: ports::free_one()?,
        })
    }

    /// Address of the stand-in.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
