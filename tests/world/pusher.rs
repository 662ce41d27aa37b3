//! A fake of Pusher that records events and can be made to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};

use crate::server::serve;
use crate::traffic::{self, Traffic};

/// A recorded event: channel, name and data.
pub(crate) type Sent = (String, String, Value);

#[derive(Default)]
struct Inner {
    sent: Vec<Sent>,
    batches: Vec<usize>,
    batch_requests: usize,
    responses: Vec<u16>,
    always: Option<u16>,
    refused_event: Option<String>,
    stalls: bool,
    holds_batches: bool,
    /// Requests without a response because of `stalls` or `holds_batches`.
    held: usize,
    users: BTreeMap<String, Vec<Value>>,
    terminated: Vec<String>,
    /// The connection that each event in `sent` is not for.
    excluded: Vec<Option<String>>,
}

/// The fake.
pub struct FakePusher {
    pub(crate) port: u16,
    traffic: Arc<Mutex<Traffic>>,
    inner: Arc<Mutex<Inner>>,
}

impl FakePusher {
    pub(crate) async fn new() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new()
            .route("/apps/app/batch_events", post(batch))
            .route("/apps/app/events", post(event))
            .route("/apps/app/channels", get(channels))
            .route("/apps/app/users/{user}/terminate_connections", post(terminate))
            .route("/apps/app/channels/{channel}", get(channel))
            .route("/apps/app/channels/{channel}/users", get(users))
            .with_state(inner.clone());
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let router = router.layer(middleware::from_fn_with_state(traffic.clone(), traffic::count));
        Self { port: serve(router).await, traffic, inner }
    }

    /// The events that arrived since the last call.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.inner.lock().unwrap().sent)
    }

    /// The connections that are excluded from each event that arrived since the last call.
    pub fn take_excluded(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.inner.lock().unwrap().excluded)
    }

    /// The names of the events that arrived since the last call.
    pub fn take_names(&self) -> Vec<String> {
        self.take_sent().into_iter().map(|(_, name, _)| name).collect()
    }

    /// The sizes of the batches that were accepted since the last call.
    pub fn take_batches(&self) -> Vec<usize> {
        std::mem::take(&mut self.inner.lock().unwrap().batches)
    }

    /// The traffic since the last call.
    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.traffic.lock().unwrap())
    }

    /// The number of requests to send a batch, whatever the response was.
    pub fn batch_requests(&self) -> usize {
        self.inner.lock().unwrap().batch_requests
    }

    /// Responds to the next batches with these statuses.
    pub fn respond_next(&self, statuses: &[u16]) {
        self.inner.lock().unwrap().responses = statuses.to_vec();
    }

    /// Responds to requests about events, users and channels with this status; `None` ends that.
    pub fn respond_always(&self, status: Option<u16>) {
        self.inner.lock().unwrap().always = status;
    }

    /// Refuses every batch that contains an event with this name, as Pusher does with an event over 10 KB.
    pub fn refuse(&self, event: &str) {
        self.inner.lock().unwrap().refused_event = Some(event.to_owned());
    }

    /// From now on there is no response to a batch.
    pub fn stall(&self) {
        self.inner.lock().unwrap().stalls = true;
    }

    /// From now on there is no response to a batch, while questions are answered.
    pub fn hold_batches(&self) {
        self.inner.lock().unwrap().holds_batches = true;
    }

    /// Waits until a request is held.
    pub async fn holds_one(&self) {
        while self.inner.lock().unwrap().held == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends [`Self::stall`] and [`Self::hold_batches`], and waits until each request that it held is done.
    pub async fn resume(&self) {
        let release = |inner: &mut Inner| (inner.stalls, inner.holds_batches) = (false, false);
        release(&mut self.inner.lock().unwrap());
        while self.inner.lock().unwrap().held > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The users whose connections were terminated, in order.
    pub fn terminated(&self) -> Vec<String> {
        self.inner.lock().unwrap().terminated.clone()
    }

    /// Sets the users in a channel.
    pub fn set_users(&self, channel: &str, users: &[&str]) {
        self.set_user_list(channel, users.iter().map(|user| json!({ "id": user })).collect());
    }

    /// Sets the list of users in a channel, whose elements may be anything.
    pub fn set_user_list(&self, channel: &str, users: Vec<Value>) {
        self.inner.lock().unwrap().users.insert(channel.to_owned(), users);
    }
}

/// A request that is not done yet. A client that goes away ends it, too.
struct Held<'a>(&'a Mutex<Inner>);

impl<'a> Held<'a> {
    /// Waits while the server holds such requests.
    async fn while_held(inner: &'a Mutex<Inner>, is_held: impl Fn(&Inner) -> bool) -> Self {
        inner.lock().unwrap().held += 1;
        let held = Self(inner);
        while is_held(&inner.lock().unwrap()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        held
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().held -= 1;
    }
}

/// A batch is taken even if its client has gone meanwhile, as by a server that was frozen.
async fn batch(State(inner): State<Arc<Mutex<Inner>>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    tokio::spawn(async move { take_batch(&inner, &body).await }).await.unwrap()
}

/// An event for several channels is taken as a batch with one for each.
async fn event(State(inner): State<Arc<Mutex<Inner>>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let to = |channel: &Value| {
        let mut event = body.clone();
        event["channel"] = channel.clone();
        event
    };
    let batch = body["channels"].as_array().unwrap().iter().map(to).collect::<Vec<_>>();
    tokio::spawn(async move { take_events(&inner, &batch).await }).await.unwrap()
}

async fn take_batch(inner: &Mutex<Inner>, body: &Value) -> (StatusCode, Json<Value>) {
    let events = body["batch"].as_array().unwrap();
    if events.len() > 10 {
        return (StatusCode::BAD_REQUEST, Json(json!({})));
    }
    take_events(inner, events).await
}

async fn take_events(inner: &Mutex<Inner>, events: &[Value]) -> (StatusCode, Json<Value>) {
    let _held = Held::while_held(inner, |inner| inner.stalls || inner.holds_batches).await;
    let mut inner = inner.lock().unwrap();
    inner.batch_requests += 1;
    let refused = events
        .iter()
        .any(|event| inner.refused_event.is_some() && event["name"].as_str() == inner.refused_event.as_deref());
    let next = if inner.responses.is_empty() { None } else { Some(inner.responses.remove(0)) };
    let status = match (inner.always.or(next), refused) {
        (Some(status), _) => status,
        (None, true) => 400,
        (None, false) => 200,
    };
    if status == 200 {
        inner.batches.push(events.len());
        for event in events {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            let data = text("data");
            inner.excluded.push(event["socket_id"].as_str().map(str::to_owned));
            inner.sent.push((
                text("channel"),
                text("name"),
                serde_json::from_str(&data).unwrap_or(Value::String(data)),
            ));
        }
    }
    (StatusCode::from_u16(status).unwrap(), Json(json!({})))
}

async fn channels(State(inner): State<Arc<Mutex<Inner>>>, RawQuery(query): RawQuery) -> (StatusCode, Json<Value>) {
    let _held = Held::while_held(&inner, |inner| inner.stalls).await;
    let inner = inner.lock().unwrap();
    let status = inner.always.filter(|status| *status >= 500).unwrap_or(200);
    let query = query.unwrap_or_default();
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("filter_by_prefix=")).unwrap_or_default();
    let occupied = inner.users.iter().filter(|(name, users)| name.starts_with(prefix) && !users.is_empty());
    let names: serde_json::Map<_, _> = occupied.map(|(name, _)| (name.clone(), json!({}))).collect();
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "channels": names })))
}

async fn terminate(State(inner): State<Arc<Mutex<Inner>>>, Path(user): Path<String>) -> (StatusCode, Json<Value>) {
    let mut inner = inner.lock().unwrap();
    let status = inner.always.unwrap_or(200);
    if status == 200 {
        inner.terminated.push(user);
    }
    (StatusCode::from_u16(status).unwrap(), Json(json!({})))
}

async fn channel(State(inner): State<Arc<Mutex<Inner>>>, Path(channel): Path<String>) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    if let Some(status) = inner.always {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({})));
    }
    let count = inner.users.get(&channel).map_or(0, Vec::len);
    (StatusCode::OK, Json(json!({ "occupied": count > 0, "user_count": count, "subscription_count": count })))
}

async fn users(State(inner): State<Arc<Mutex<Inner>>>, Path(channel): Path<String>) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    if let Some(status) = inner.always {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({})));
    }
    if !channel.starts_with("presence-") {
        return (StatusCode::BAD_REQUEST, Json(json!("presence channels only")));
    }
    let users = inner.users.get(&channel).cloned().unwrap_or_default();
    (StatusCode::OK, Json(json!({ "users": users })))
}
