//! A Pusher that records what it is sent and answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::serve;

/// A recorded event: channel, name and data.
pub(crate) type Sent = (String, String, Value);

#[derive(Default)]
struct Told {
    sent: Vec<Sent>,
    batches: Vec<usize>,
    asked: usize,
    answers: Vec<u16>,
    always: Option<u16>,
    poison: Option<String>,
    stalls: bool,
    users: BTreeMap<String, Vec<String>>,
    terminated: Vec<String>,
}

/// The stand-in.
pub struct FakePusher {
    pub(crate) port: u16,
    told: Arc<Mutex<Told>>,
}

impl FakePusher {
    pub(crate) async fn new() -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let router = Router::new()
            .route("/apps/app/batch_events", post(batch))
            .route("/apps/app/channels", get(channels))
            .route("/apps/app/users/{user}/terminate_connections", post(terminate))
            .route("/apps/app/channels/{channel}", get(channel))
            .route("/apps/app/channels/{channel}/users", get(users))
            .with_state(told.clone());
        Self { port: serve(router).await, told }
    }

    /// What arrived since the last call.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.told.lock().unwrap().sent)
    }

    /// The sizes of the batches that were taken since the last call.
    pub fn take_batches(&self) -> Vec<usize> {
        std::mem::take(&mut self.told.lock().unwrap().batches)
    }

    /// How often it was asked to send a batch, whatever it answered.
    pub fn times_asked(&self) -> usize {
        self.told.lock().unwrap().asked
    }

    /// Answers the next requests with these statuses.
    pub fn answer_next(&self, statuses: &[u16]) {
        self.told.lock().unwrap().answers = statuses.to_vec();
    }

    /// Answers every request with this status; `None` for the usual.
    pub fn answer_always(&self, status: Option<u16>) {
        self.told.lock().unwrap().always = status;
    }

    /// Refuses every batch that holds an event of this name, as Pusher does with an event over 10 KB.
    pub fn refuse(&self, event: &str) {
        self.told.lock().unwrap().poison = Some(event.to_owned());
    }

    /// Takes requests and never answers, until told otherwise.
    pub fn stall(&self, stalls: bool) {
        self.told.lock().unwrap().stalls = stalls;
    }

    /// Whose connections were ended, in order.
    pub fn terminated(&self) -> Vec<String> {
        self.told.lock().unwrap().terminated.clone()
    }

    /// Says that these users are in a channel.
    pub fn set_users(&self, channel: &str, users: &[&str]) {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        self.told.lock().unwrap().users.insert(channel.to_owned(), users);
    }
}

async fn batch(State(told): State<Arc<Mutex<Told>>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    while told.lock().unwrap().stalls {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut told = told.lock().unwrap();
    told.asked += 1;
    let events = body["batch"].as_array().unwrap();
    let poisoned = events.iter().any(|event| told.poison.is_some() && event["name"].as_str() == told.poison.as_deref());
    let next = if told.answers.is_empty() { None } else { Some(told.answers.remove(0)) };
    let status = match (told.always.or(next), poisoned || events.len() > 10) {
        (Some(status), _) => status,
        (None, true) => 400,
        (None, false) => 200,
    };
    if status == 200 {
        told.batches.push(events.len());
        for event in events {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            let data = text("data");
            told.sent.push((text("channel"), text("name"), serde_json::from_str(&data).unwrap_or(Value::String(data))));
        }
    }
    (StatusCode::from_u16(status).unwrap(), Json(json!({})))
}

async fn channels(State(told): State<Arc<Mutex<Told>>>) -> Json<Value> {
    let told = told.lock().unwrap();
    let occupied = told.users.iter().filter(|(_, users)| !users.is_empty());
    Json(json!({ "channels": occupied.map(|(name, _)| (name.clone(), json!({}))).collect::<serde_json::Map<_, _>>() }))
}

async fn terminate(State(told): State<Arc<Mutex<Told>>>, Path(user): Path<String>) -> (StatusCode, Json<Value>) {
    let mut told = told.lock().unwrap();
    let status = told.always.unwrap_or(200);
    if status == 200 {
        told.terminated.push(user);
    }
    (StatusCode::from_u16(status).unwrap(), Json(json!({})))
}

async fn channel(State(told): State<Arc<Mutex<Told>>>, Path(channel): Path<String>) -> (StatusCode, Json<Value>) {
    let told = told.lock().unwrap();
    if let Some(status) = told.always {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({})));
    }
    let count = told.users.get(&channel).map_or(0, Vec::len);
    (StatusCode::OK, Json(json!({ "occupied": count > 0, "user_count": count })))
}

async fn users(State(told): State<Arc<Mutex<Told>>>, Path(channel): Path<String>) -> (StatusCode, Json<Value>) {
    let told = told.lock().unwrap();
    if let Some(status) = told.always {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({})));
    }
    let users = told.users.get(&channel).cloned().unwrap_or_default();
    (StatusCode::OK, Json(json!({ "users": users.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() })))
}
