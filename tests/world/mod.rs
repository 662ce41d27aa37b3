//! The environment of a function under test: a table, and fakes of Pusher, FCM, SQS, SES and S3.
//!
//! The table is an embedded DynamoDB behind a proxy that counts requests. The fakes can be made to fail in ways that a real
//! service rarely does. The end-to-end tests use a real Pusher server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bucket;
mod bus;
pub mod consumer;
pub mod devices;
mod fcm;
pub mod french;
pub mod guest_chat;
pub mod lease;
pub mod notification;
mod policies;
mod pusher;
mod queues;
mod receiver;
mod request;
pub mod rooms;
mod server;
mod ses;
mod sockets;
mod table;
mod tcp_proxy;
mod template;
mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use policies::Policies;
use serde_json::Value;
use shared::ApiError;
use shared::App;
use shared::http::{Request as HttpRequest, Response, ResponseExt as _, respond, service_fn};
use shared::settings::{Need, Settings};

pub use bucket::{FakeBucket, FakeObject};
pub use bus::{BusEntry, BusFault, FakeBus};
pub use fcm::{FakeFcm, Refusal};
pub use policies::{boundary, granted, granted_in, unused_grants};
pub use pusher::FakePusher;
pub use queues::FakeQueues;
pub use receiver::{FakeReceiver, ReceivedWebhook};
pub use request::{Request, guest_token, signed, token, token_with};
pub use ses::FakeSes;
pub use sockets::FakeSockets;
pub use table::{Fault, Hold, Table};
pub use template::{Mode, binaries, environment_of, needs_of};
pub use traffic::Traffic;

/// The secret that [`token`] signs with.
pub const JWT_SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";
/// The key and the secret of the Pusher app.
pub const PUSHER: (&str, &str) = ("key", "pusher-secret");
/// The previous key and secret, which are accepted during rotation.
pub const PREVIOUS: (&str, &str) = ("old-key", "old-pusher-secret");

/// Everything around one function.
pub struct World {
    /// A context with every variable, for what the tests themselves do. A function has its own ([`World::app_of`]).
    pub app: App,
    /// The table.
    pub table: Table,
    /// The fake of Pusher.
    pub pusher: FakePusher,
    /// The fake of FCM and of Google's token endpoint.
    pub fcm: FakeFcm,
    /// The fake of API Gateway's management API of WebSocket connections.
    pub sockets: FakeSockets,
    /// The fakes of the retry queue and the dead-letter queue.
    pub queues: FakeQueues,
    /// The fake of SES.
    pub ses: FakeSes,
    /// The fake of EventBridge.
    pub bus: FakeBus,
    /// The fake of the bucket of attachments.
    pub bucket: FakeBucket,
    line_bytes: AtomicUsize,
    mode: Mode,
    policies: Arc<Policies>,
    variables: HashMap<String, String>,
    apps: BTreeMap<&'static str, OnceLock<App>>,
}

/// A response and its log line.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: HashMap<String, String>,
    /// The body; `null` if it is empty, text if it is not JSON.
    pub body: Value,
    /// The log line, or `null`.
    pub line: Value,
}

impl World {
    /// A world with an empty table, in which push is off.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with an empty table, in which push is on.
    pub async fn with_push() -> Self {
        Self::with_push_and(&[]).await
    }

    /// The same with these further environment variables.
    pub async fn with_push_and(more: &[(&str, &str)]) -> Self {
        let key = fcm::private_key();
        let firebase = [
            ("FIREBASE_CLIENT_EMAIL", fcm::CLIENT_EMAIL),
            ("FIREBASE_PRIVATE_KEY", key.as_str()),
            ("FIREBASE_PROJECT_ID", fcm::PROJECT),
        ];
        Self::with(&more.iter().chain(&firebase).copied().collect::<Vec<_>>()).await
    }

    /// A world with an empty table, in which clients of Pusher's protocol connect to Carillon itself: the functions have the environment and
    /// the grants of a template whose parameter `Channels` is `gateway`.
    pub async fn with_gateway() -> Self {
        Self::with(&[("CHANNELS", "gateway")]).await
    }

    /// As [`World::with_gateway`], and this server gets these webhooks: names with commas between them.
    pub async fn with_webhooks(receiver: &FakeReceiver, events: &str) -> Self {
        Self::with(&[("CHANNELS", "gateway"), ("WEBHOOK_URL", &receiver.url()), ("WEBHOOK_EVENTS", events)]).await
    }

    /// A world with these environment variables instead of the usual ones. `CHANNELS` is its mode.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let mode = if variables.contains(&("CHANNELS", "gateway")) { Mode::Gateway } else { Mode::Pusher };
        let (pusher, fcm, queues) = (FakePusher::new().await, FakeFcm::new().await, FakeQueues::new().await);
        let (ses, policies) = (FakeSes::new().await, Arc::new(Policies::of(mode)));
        let bus = FakeBus::new().await;
        let endpoints = [queues.endpoint(), ses.endpoint(), bus.endpoint()];
        let table = Table::new(endpoints, policies.clone()).await;
        let sockets = FakeSockets::new(policies.clone()).await;
        let socket_endpoint = sockets.endpoint();
        let bucket = FakeBucket::new(policies.clone()).await;
        let s3_endpoint = bucket.endpoint();
        let (port, fcm_endpoint) = (pusher.port.to_string(), fcm.endpoint());
        let [retry, dead_letter, webhooks] = ["retry", "dead-letter", "webhooks"].map(|name| queues.url(name));
        let standard = [
            ("TABLE_NAME", table::NAME),
            ("PUSHER_APP_ID", "app"),
            ("PUSHER_KEY", PUSHER.0),
            ("PUSHER_SECRET", PUSHER.1),
            ("PUSHER_PREVIOUS_KEY", PREVIOUS.0),
            ("PUSHER_PREVIOUS_SECRET", PREVIOUS.1),
            ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "zyrm8pvV2C9fJcBfhyXzvxbJVN/H7QLmbe0xJi1GhPU="),
            ("PUSHER_HOST", "127.0.0.1"),
            ("PUSHER_PORT", &port),
            ("PUSHER_SCHEME", "http"),
            ("JWT_SECRET", JWT_SECRET),
            ("RETRY_QUEUE_URL", &retry),
            ("DEAD_LETTER_QUEUE_URL", &dead_letter),
            ("WEBHOOK_QUEUE_URL", &webhooks),
            ("EVENT_BUS", bus::NAME),
            ("FCM_ENDPOINT", &fcm_endpoint),
            ("SOCKET_ENDPOINT", &socket_endpoint),
            ("ATTACHMENTS_BUCKET", bucket::NAME),
            ("ATTACHMENTS_ENDPOINT", &s3_endpoint),
        ];
        let given = standard.iter().chain(variables.iter().rev());
        let variables: HashMap<_, _> = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let needs = [Need::Tokens, Need::Pusher, Need::EmailLinks];
        let settings = Settings::read(&needs, |name| variables.get(name).cloned());
        let (http, aws) = table.aws();
        let app = App::with_senders(settings.unwrap(), http, aws).unwrap();
        let apps = template::binaries().map(|binary| (binary, OnceLock::new())).collect();
        let line_bytes = AtomicUsize::default();
        Self { app, table, pusher, fcm, sockets, queues, ses, bus, bucket, line_bytes, mode, policies, variables, apps }
    }

    /// The context of the function with this binary: it has the variables that the template gives it, and no others. Its connections and
    /// what it remembers are those of [`World::app`].
    pub fn app_of(&self, binary: &str) -> &App {
        let app = self.apps.get(binary).unwrap_or_else(|| panic!("no such function: {binary}"));
        app.get_or_init(|| {
            let has = |name: &str| template::environment_of(binary, self.mode).contains(name);
            let variable = |name: &str| self.variables.get(name).filter(|_| has(name)).cloned();
            let settings = Settings::read(&needs_of(binary), variable).unwrap();
            let (http, aws) = self.table.aws();
            // Only `delivery` starts with those who send pushes and e-mails.
            let app = if binary == "delivery" { App::with_senders } else { App::with };
            let mut app = app(settings, http, aws).unwrap();
            let whole = &self.app;
            (app.table, app.profiles, app.writes) = (whole.table.clone(), whole.profiles.clone(), whole.writes.clone());
            app.channels = app.channels.and(whole.channels.clone());
            app.connections = app.connections.and(whole.connections.clone());
            app
        })
    }

    /// The context of a function, or that of the tests.
    fn app_for(&self, function: Option<&str>) -> &App {
        function.map_or(&self.app, |binary| self.app_of(binary))
    }

    /// Sends a request to a handler, and does the work that the handler leaves for after the response.
    pub async fn send<'a, F>(&'a self, handler: impl Fn(&'a App, HttpRequest) -> F, request: &Request) -> Reply
    where
        F: Future<Output = Result<Response, ApiError>>,
    {
        self.count(handler, request).await.0
    }

    /// Like [`World::send`], and counts the traffic to other services before and after the response.
    pub async fn count<'a, F>(
        &'a self,
        handler: impl Fn(&'a App, HttpRequest) -> F,
        request: &Request,
    ) -> (Reply, [Traffic; 2])
    where
        F: Future<Output = Result<Response, ApiError>>,
    {
        self.take_traffic();
        let function = policies::function_of(&handler);
        let app = self.app_for(function.as_deref());
        // Boxed: a handler's future is large in a debug build, and a test's thread has two megabytes.
        let service = service_fn(|request| Box::pin(handler(app, request)));
        let answer = policies::as_function(function.clone(), respond(service, request.build()));
        let (mut response, record) = answer.await;
        let before = self.take_traffic();
        if let Some(work) = response.take_work() {
            policies::as_function(function, record.scope(work)).await;
        }
        self.policies.check();
        let after = self.take_traffic();
        let line_bytes = if record.has_line() { record.line("test").len() + 1 } else { 0 };
        self.line_bytes.store(line_bytes, Ordering::Relaxed);
        (reply(response, &record), [before, after])
    }

    /// Does this as the work of the function with this binary, which may do what the template grants it.
    pub async fn as_function<T>(&self, binary: &str, work: impl Future<Output = T>) -> T {
        assert!(policies::GRANTS.contains_key(binary), "no such function: {binary}");
        let done = policies::as_function(Some(binary.to_owned()), work).await;
        self.policies.check();
        done
    }

    /// Another process of the same functions.
    #[must_use]
    pub fn another_process(&self) -> App {
        let (http, aws) = self.table.aws();
        App::with_senders(self.app.settings.clone(), http, aws).unwrap()
    }

    /// Lets the user of this token send a request that changes something, so that this process has kept their profile and has
    /// reserved some of their budget of writes.
    pub async fn knows(&self, token: &str) {
        let nothing = |app, request: HttpRequest| async move {
            App::authenticate(app, &request).await?;
            Ok(shared::http::no_content())
        };
        self.send(nothing, &Request::new("POST /nothing").bearer(token)).await;
        self.table.take_requests();
    }

    /// The traffic to DynamoDB, SQS and Pusher since the last call.
    pub fn take_traffic(&self) -> Traffic {
        self.take_line_bytes();
        let mut traffic = self.table.take_traffic();
        traffic += self.pusher.take_traffic();
        traffic += self.sockets.take_traffic();
        traffic += self.bucket.take_traffic();
        traffic
    }

    /// The bytes of the log line of the last request that was counted, since the last call that takes.
    pub fn take_line_bytes(&self) -> usize {
        self.line_bytes.swap(0, Ordering::Relaxed)
    }

    /// Sends a request to a handler, which is killed directly after the response.
    pub async fn send_and_kill<'a, F>(&'a self, handler: impl Fn(&'a App, HttpRequest) -> F, request: &Request) -> Reply
    where
        F: Future<Output = Result<Response, ApiError>>,
    {
        let function = policies::function_of(&handler);
        let app = self.app_for(function.as_deref());
        // Boxed: a handler's future is large in a debug build, and a test's thread has two megabytes.
        let service = service_fn(|request| Box::pin(handler(app, request)));
        let (response, record) = policies::as_function(function, respond(service, request.build())).await;
        self.policies.check();
        reply(response, &record)
    }
}

/// A body that is not JSON: a page.
fn text_of(body: &[u8]) -> Value {
    Value::String(String::from_utf8(body.to_vec()).unwrap())
}

fn reply(response: Response, record: &shared::telemetry::Record) -> Reply {
    let text = |value: &lambda_http::http::HeaderValue| value.to_str().unwrap().to_owned();
    let body: &[u8] = response.body();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body).unwrap_or_else(|_| text_of(body))
        },
        line: if record.has_line() { serde_json::from_str(&record.line("test")).unwrap() } else { Value::Null },
    }
}
