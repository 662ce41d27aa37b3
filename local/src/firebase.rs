//! The Firebase project that pushes go through, if there is one.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::fcm::StandIn;
use crate::ports;
use crate::variables::Variables;

/// Prints a new RSA key pair. Node needs a moment for it, an unoptimized Rust program half a minute.
const NEW_KEYS: &str = "process.stdout.write(JSON.stringify(require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048, \
     privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })))";

/// In PEM.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    public_key: String,
    private_key: String,
}

/// The Firebase settings of the deployed functions and of the tests.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firebase {
    pub(crate) project_id: String,
    pub(crate) client_email: String,
    pub(crate) private_key: String,
    /// Port of a stand-in for Google's servers; `None` for Google itself.
    pub(crate) port: Option<u16>,
}

impl Firebase {
    /// The project that the variables name, if they name one.
    pub(crate) fn read(variables: &Variables) -> Option<Self> {
        Some(Self {
            project_id: variables.get("FIREBASE_PROJECT_ID")?,
            client_email: variables.get("FIREBASE_CLIENT_EMAIL").unwrap_or_default(),
            private_key: variables.get("FIREBASE_PRIVATE_KEY").unwrap_or_default(),
            port: None,
        })
    }

    /// A project for the end-to-end tests only, with a new key.
    pub(crate) async fn for_tests() -> Result<Self> {
        Ok(Self::with(new_keys().await?.private_key, ports::free_one()?))
    }

    /// A project of this stack's own, with a new key, and the stand-in that plays FCM for it.
    pub(crate) async fn played() -> Result<(Self, StandIn)> {
        let keys = new_keys().await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let firebase = Self::with(keys.private_key, listener.local_addr()?.port());
        Ok((firebase, StandIn::new(listener, keys.public_key)))
    }

    fn with(private_key: String, port: u16) -> Self {
        Self {
            project_id: "carillon-local".to_owned(),
            client_email: "carillon@carillon-local.iam.gserviceaccount.com".to_owned(),
            private_key,
            port: Some(port),
        }
    }

    /// Address of the stand-in; empty for Google itself.
    pub(crate) fn endpoint(&self) -> String {
        self.port.map(|port| format!("http://127.0.0.1:{port}")).unwrap_or_default()
    }
}

async fn new_keys() -> Result<Keys> {
    let node = Command::new("node").args(["-e", NEW_KEYS]).stdin(Stdio::null()).kill_on_drop(true).output();
    let made = node.await.context("node cannot be started")?;
    if !made.status.success() {
        bail!("node made no RSA key: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    serde_json::from_slice(&made.stdout).context("node made no RSA key")
}
