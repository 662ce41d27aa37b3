//! Stand-ins for DynamoDB, Pusher and Secrets Manager. They respond at once, over TLS or plain, and count the requests.
//!
//! Each piece of work sets the rows before it starts. Writes are accepted and not stored, so every invocation finds the
//! same rows. Whether the functions are correct is checked by the tests, not here.
//!
//! WebSockets need more, since a connection is found again by what was written of it: there an embedded DynamoDB answers, and
//! the stand-in of API Gateway.

use std::collections::{BTreeMap, HashMap};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::event::{JWT_SECRET, PUSHER};
use crate::http1::{Connection, Request};

/// Rows in DynamoDB's JSON, by `pk` and `sk`.
pub(crate) type Rows = HashMap<(String, String), Value>;

/// How posts to connections are counted.
pub(crate) const POSTS: &str = "PostToConnection";

/// Requests by operation.
pub(crate) type Counts = BTreeMap<String, usize>;

#[derive(Default)]
struct State {
    rows: Rows,
    counts: Counts,
    /// Answers in place of the rows.
    stateful: Option<Arc<dyn Stateful>>,
}

/// Services that remember.
pub(crate) trait Stateful: Send + Sync {
    /// DynamoDB's status and answer to an operation.
    fn database(&self, operation: &str, body: &[u8]) -> (&'static str, Vec<u8>);
    /// API Gateway's status for a request about a connection.
    fn gateway(&self, method: &str, path: &str, body: &[u8]) -> &'static str;
}

/// All services: one port for plain connections, and one for TLS.
pub(crate) struct StandIns {
    pub(crate) plain_port: u16,
    pub(crate) tls_port: u16,
    state: Arc<Mutex<State>>,
}

impl StandIns {
    /// Starts them. They run until the program ends.
    pub(crate) fn start(server: &Arc<ServerConfig>) -> Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        let listen = |tls: Option<Arc<ServerConfig>>| -> Result<u16> {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let port = listener.local_addr()?.port();
            let state = state.clone();
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (state, tls) = (state.clone(), tls.clone());
                    thread::spawn(move || accept(stream, tls, &state));
                }
            });
            Ok(port)
        };
        let (plain_port, tls_port) = (listen(None)?, listen(Some(server.clone()))?);
        Ok(Self { plain_port, tls_port, state })
    }

    /// Replaces the rows.
    pub(crate) fn hold(&self, rows: Rows) {
        self.lock().rows = rows;
    }

    /// Has these answer from now on, or the rows again.
    pub(crate) fn remember(&self, stateful: Option<Arc<dyn Stateful>>) {
        self.lock().stateful = stateful;
    }

    /// The requests since the last call, by operation.
    pub(crate) fn take_counts(&self) -> Counts {
        std::mem::take(&mut self.lock().counts)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one connection; ignores errors, which the client reports.
fn accept(stream: TcpStream, tls: Option<Arc<ServerConfig>>, state: &Mutex<State>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => serve(Connection::new(stream), state),
        Some(config) => {
            if let Ok(session) = ServerConnection::new(config) {
                serve(Connection::new(StreamOwned::new(session, stream)), state);
            }
        }
    }
}

fn serve<S: std::io::Read + std::io::Write>(mut connection: Connection<S>, state: &Mutex<State>) {
    while let Ok(Some(request)) = connection.read() {
        let (status, response) = respond(&request, state);
        let headers = match request.operation {
            Some(_) => "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R\r\n",
            None => "content-type: application/json\r\n",
        };
        if connection.write(status, headers, &response).is_err() {
            return;
        }
    }
}

fn respond(request: &Request, state: &Mutex<State>) -> (&'static str, Vec<u8>) {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let count = |what: &str| *lock().counts.entry(what.to_owned()).or_default() += 1;
    // A clone, so that other connections do not wait for this request.
    let stateful = lock().stateful.clone();
    let is_post_to_connection = request.path.contains("/@connections/");
    match (request.operation.as_deref(), stateful) {
        (Some(operation), Some(stateful)) => {
            count(operation);
            stateful.database(operation, &request.body)
        }
        (Some(operation), None) => {
            count(operation);
            ("200 OK", of_rows(operation, &request.body, &lock()))
        }
        (None, Some(stateful)) if is_post_to_connection => {
            if request.method == "POST" {
                count(POSTS);
            }
            (stateful.gateway(&request.method, &request.path, &request.body), Vec::new())
        }
        (None, _) => {
            // A request without a body only opens a connection ahead of time, and is not counted.
            if !request.body.is_empty() {
                count("Pusher");
            }
            ("200 OK", b"{}".to_vec())
        }
    }
}

/// The answer to an operation of DynamoDB's from the rows.
fn of_rows(operation: &str, body: &[u8], state: &State) -> Vec<u8> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let row = |key: &Value| {
        let text = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
        state.rows.get(&(text("pk"), text("sk")))
    };
    match operation {
        "GetSecretValue" => {
            let secret = json!({ "JWT_SECRET": JWT_SECRET, "PUSHER_SECRET": PUSHER.1 });
            json!({ "Name": "carillon/bench", "VersionId": "1", "SecretString": secret.to_string() })
        }
        "GetItem" => row(&body["Key"]).map_or(json!({}), |row| json!({ "Item": row })),
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let found = tables.map(|(table, wanted)| {
                let keys = wanted["Keys"].as_array().into_iter().flatten();
                (table.clone(), keys.filter_map(row).cloned().collect::<Vec<_>>())
            });
            json!({ "Responses": found.collect::<BTreeMap<_, _>>(), "UnprocessedKeys": {} })
        }
        _ => json!({}),
    }
    .to_string()
    .into_bytes()
}
