//! The stand-in for Google's servers, behind a proxy whose connections can hang.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use fcm_stand_in::Refusal;
use fcm_stand_in::{Command, Project, StandIn};
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::tcp_proxy::TcpProxy;

/// The Firebase project and the service account of the functions.
pub(crate) const PROJECT: &str = "carillon-test";
pub(crate) const CLIENT_EMAIL: &str = "carillon@carillon-test.iam.gserviceaccount.com";

/// The private key of the account, with escaped line breaks, as a user copies it from the JSON file.
pub(crate) fn private_key() -> String {
    let der = include_str!("testdata/firebase-private.txt").trim().as_bytes();
    let lines: Vec<_> = der.chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", lines.join("\\n"))
}

pub struct FakeFcm {
    stand_in: StandIn,
    proxy: TcpProxy,
    connections: Arc<AtomicUsize>,
}

impl Deref for FakeFcm {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.stand_in
    }
}

impl FakeFcm {
    pub(crate) async fn new() -> Self {
        let public = STANDARD.decode(include_str!("testdata/firebase-public.txt").trim()).unwrap();
        let (id, client_email) = (PROJECT.to_owned(), CLIENT_EMAIL.to_owned());
        let project = Project { id, client_email, public_key: DecodingKey::from_rsa_der(&public) };
        let (stand_in, connections) = (StandIn::new(project, None), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpProxy::to(listener.local_addr().unwrap()).await;
        let counter = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let router = stand_in.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { stand_in, proxy, connections }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port)
    }

    /// The messages that were accepted since the last call.
    pub fn take_sent(&self) -> Vec<Value> {
        self.take_met(|met| &mut met.sent)
    }

    /// The number of requests to send a message since the last call.
    pub fn take_requests(&self) -> usize {
        self.take_met(|met| &mut met.requests).len()
    }

    /// The number of requests for an access token since the last call.
    pub fn take_fetches(&self) -> usize {
        self.take_met(|met| &mut met.fetches)
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Responds to the next requests for this device with these errors.
    pub fn refuse(&self, token: &str, refusals: &[Refusal]) {
        self.control(Command::Refuse { device: token.to_owned(), refusals: refusals.iter().cloned().collect() });
    }

    /// Keeps the messages for this device from now on, as FCM does while a device is offline.
    pub fn set_offline(&self, token: &str) {
        self.control(Command::SetOffline { device: token.to_owned() });
    }

    /// Sets the lifetime of later access tokens in seconds.
    pub fn set_lifetime(&self, seconds: i64) {
        self.control(Command::SetLifetime { seconds });
    }

    /// Revokes the access tokens.
    pub fn revoke(&self) {
        self.control(Command::Revoke);
    }

    /// Responds to requests for an access token with this status; `None` ends that.
    pub fn refuse_access(&self, status: Option<u16>) {
        self.control(Command::RefuseAccess { status });
    }

    /// Makes the present connections hang without closing them.
    pub fn hang_connections(&self) {
        self.proxy.hang_connections();
    }

    /// Sets how long each request to send a message takes.
    pub fn set_pause(&self, pause: Duration) {
        self.control(Command::SetPause { milliseconds: u64::try_from(pause.as_millis()).unwrap() });
    }
}

impl Drop for FakeFcm {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.met().faults, Vec::<String>::new(), "requests that Google would not understand");
        }
    }
}
