//! Where no Firebase project is named, the stack has a stand-in for Google's servers, and keeps what was pushed for
//! `cargo local pushes`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use fcm_stand_in::Project;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use tokio::process::Command;

use crate::net::guard;
use crate::state::firebase::Firebase;

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

/// The stand-in, which listens already.
pub(crate) struct StandIn {
    google: TcpListener,
    control: TcpListener,
    public_key: String,
}

impl StandIn {
    /// Listens on free ports, with a project of its own and a new key.
    pub(crate) async fn new() -> Result<(Firebase, Self)> {
        let Keys { public_key, private_key } = new_keys().await?;
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (google, control) = (listen()?, listen()?);
        let ports = [google.local_addr()?.port(), control.local_addr()?.port()];
        Ok((Firebase::invented(private_key, ports), Self { google, control, public_key }))
    }

    /// Answers until the process ends. Adds each push to the file at `pushes`.
    pub(crate) async fn serve(self, firebase: Firebase, pushes: PathBuf) -> Result<()> {
        let public_key = DecodingKey::from_rsa_pem(self.public_key.as_bytes())?;
        let project = Project { id: firebase.project_id, client_email: firebase.client_email, public_key };
        let stand_in = fcm_stand_in::StandIn::new(project, Some(pushes));
        self.control.set_nonblocking(true)?;
        let control = tokio::net::TcpListener::from_std(self.control)?;
        tokio::select! {
            ended = stand_in.serve(self.google, guard::guarded(stand_in.router())) => ended.map_err(Into::into),
            ended = guard::serve(control, stand_in.control_router()) => ended,
        }
        .context("The stand-in for FCM cannot go on")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::journal::{self, PUSHES};
    use axum::body::{Body, to_bytes};
    use http::{Request, StatusCode};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use serde_json::Value;

    #[tokio::test]
    async fn the_functions_reach_it_by_http_2_without_tls() {
        let directory = std::env::temp_dir().join(format!("carillon-fcm-h2c-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let pushes = journal::begin(&directory, PUSHES).unwrap();
        let (firebase, stand_in) = StandIn::new().await.unwrap();
        let address = format!("{}/token", firebase.endpoint());
        tokio::spawn(stand_in.serve(firebase, pushes));
        for is_http_2 in [true, false] {
            let client = Client::builder(TokioExecutor::new()).http2_only(is_http_2).build_http::<Body>();
            let request = Request::post(&address).body(Body::from("grant_type=password")).unwrap();
            let (parts, body) = client.request(request).await.unwrap().into_parts();
            let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
            let said: Value = serde_json::from_slice(&body).expect("the stand-in's own words, not the guard's");
            assert_eq!(parts.status, StatusCode::BAD_REQUEST, "{said}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
