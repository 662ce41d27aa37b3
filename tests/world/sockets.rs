//! A fake of API Gateway's management API of WebSocket connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;

use crate::policies::{self, Policies};
use crate::server::serve;
use crate::traffic::{self, Traffic};

#[derive(Default)]
struct Inner {
    open: BTreeSet<String>,
    /// Connections that become open after so many posts that find them gone.
    opening: BTreeMap<String, usize>,
    posted: Vec<(String, String, String)>,
    statuses: BTreeMap<String, u16>,
    /// By connection, the text of the frames that are refused.
    refused: BTreeMap<String, String>,
    always: Option<u16>,
    slow: BTreeSet<String>,
    /// Connections that are not ended.
    unending: BTreeSet<String>,
    /// After so many posts, all further ones wait for ever: as if the sender were killed.
    stalls_after: Option<usize>,
    has_stalled: bool,
    /// Posts that began, whatever became of them.
    begun: usize,
    at_once: usize,
    most_at_once: usize,
}

/// The fake.
pub struct FakeSockets {
    port: u16,
    traffic: Arc<Mutex<Traffic>>,
    inner: Arc<Mutex<Inner>>,
}

impl FakeSockets {
    pub(crate) async fn new(policies: Arc<Policies>) -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let route = "/{stage}/@connections/{connection}";
        let router = Router::new().route(route, post(take).delete(close)).with_state(inner.clone());
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let router = router.layer(middleware::from_fn_with_state(policies, policies::of_connections));
        let router = router.layer(middleware::from_fn_with_state(traffic.clone(), traffic::count));
        Self { port: serve(router).await, traffic, inner }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.traffic.lock().unwrap())
    }

    /// Makes a connection one that can be posted to.
    pub fn open(&self, connection: &str) {
        self.inner.lock().unwrap().open.insert(connection.to_owned());
    }

    /// Makes a connection one that can be posted to after so many posts were refused with 410.
    pub fn open_after(&self, connection: &str, posts: usize) {
        self.inner.lock().unwrap().opening.insert(connection.to_owned(), posts);
    }

    /// Ends a connection, as when its client has vanished.
    pub fn kill(&self, connection: &str) {
        self.inner.lock().unwrap().open.remove(connection);
    }

    /// Whether a connection is open.
    pub fn is_open(&self, connection: &str) -> bool {
        self.inner.lock().unwrap().open.contains(connection)
    }

    /// The posts since the last call: stage, connection, text.
    pub fn take_posted(&self) -> Vec<(String, String, String)> {
        std::mem::take(&mut self.inner.lock().unwrap().posted)
    }

    /// The posts to this connection since any method last took them; JSON is parsed.
    pub fn take_of(&self, connection: &str) -> Vec<Value> {
        let mut inner = self.inner.lock().unwrap();
        let all = std::mem::take(&mut inner.posted);
        let (mine, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, to, _)| to == connection);
        inner.posted = others;
        mine.into_iter().map(|(_, _, text)| serde_json::from_str(&text).unwrap_or(Value::String(text))).collect()
    }

    /// Answers posts to this connection with this status; `None` ends that.
    pub fn answer(&self, connection: &str, status: Option<u16>) {
        let mut inner = self.inner.lock().unwrap();
        match status {
            Some(status) => inner.statuses.insert(connection.to_owned(), status),
            None => inner.statuses.remove(connection),
        };
    }

    /// Answers posts of frames with this text to this connection with 429; `None` ends that.
    pub fn refuse(&self, connection: &str, text: Option<&str>) {
        let mut inner = self.inner.lock().unwrap();
        match text {
            Some(text) => inner.refused.insert(connection.to_owned(), text.to_owned()),
            None => inner.refused.remove(connection),
        };
    }

    /// Answers requests to end this connection with 500, until the second call.
    pub fn end_not(&self, connection: &str) {
        let mut inner = self.inner.lock().unwrap();
        if !inner.unending.remove(connection) {
            inner.unending.insert(connection.to_owned());
        }
    }

    /// Answers all posts with this status; `None` ends that.
    pub fn answer_always(&self, status: Option<u16>) {
        self.inner.lock().unwrap().always = status;
    }

    /// Never answers posts to this connection.
    pub fn stall(&self, connection: &str) {
        self.inner.lock().unwrap().slow.insert(connection.to_owned());
    }

    /// Takes so many posts and answers no further one; `None` ends that.
    pub fn stall_after(&self, posts: Option<usize>) {
        self.inner.lock().unwrap().stalls_after = posts;
    }

    /// Resolves once a post waits because of [`FakeSockets::stall_after`].
    pub async fn stalled(&self) {
        while !self.inner.lock().unwrap().has_stalled {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Posts that began since the last call, whatever became of them.
    pub fn take_begun(&self) -> usize {
        std::mem::take(&mut self.inner.lock().unwrap().begun)
    }

    /// The most posts that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.inner.lock().unwrap().most_at_once
    }
}

fn status(code: u16) -> Response {
    let kind = if code == 410 { "GoneException" } else { "Refused" };
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-errortype", kind.parse().unwrap());
    (StatusCode::from_u16(code).unwrap(), headers, "{}").into_response()
}

async fn take(
    State(inner): State<Arc<Mutex<Inner>>>,
    Path((stage, connection)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    {
        let mut inner = inner.lock().unwrap();
        inner.begun += 1;
        inner.at_once += 1;
        inner.most_at_once = inner.most_at_once.max(inner.at_once);
    }
    tokio::task::yield_now().await;
    let answer = answered(&inner, &stage, &connection, &body).await;
    inner.lock().unwrap().at_once -= 1;
    answer
}

async fn answered(inner: &Mutex<Inner>, stage: &str, connection: &str, body: &Bytes) -> Response {
    let is_stalled = {
        let mut inner = inner.lock().unwrap();
        let over = match &mut inner.stalls_after {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        inner.has_stalled |= over;
        over || inner.slow.contains(connection)
    };
    if is_stalled {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    let mut inner = inner.lock().unwrap();
    if let Some(code) = inner.always.or(inner.statuses.get(connection).copied()) {
        return status(code);
    }
    let text = String::from_utf8(body.to_vec()).unwrap();
    if inner.refused.get(connection).is_some_and(|refused| text.contains(refused)) {
        return status(429);
    }
    match inner.opening.get_mut(connection) {
        Some(0) => {
            inner.opening.remove(connection);
            inner.open.insert(connection.to_owned());
        }
        Some(left) => *left -= 1,
        None => {}
    }
    if !inner.open.contains(connection) {
        return status(410);
    }
    inner.posted.push((stage.to_owned(), connection.to_owned(), text));
    status(200)
}

async fn close(State(inner): State<Arc<Mutex<Inner>>>, Path((_, connection)): Path<(String, String)>) -> Response {
    let mut inner = inner.lock().unwrap();
    if inner.unending.contains(&connection) {
        return status(500);
    }
    let was_open = inner.open.remove(&connection);
    status(if was_open { 204 } else { 410 })
}
