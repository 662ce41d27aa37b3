//! Stand-ins for DynamoDB and Pusher. They respond at once, over TLS or plain, and count the requests.
//!
//! Each piece of work sets the rows before it starts. Writes are accepted and not stored, so every invocation finds the
//! same rows. Whether the functions are correct is checked by the tests, not here.

use std::collections::{BTreeMap, HashMap};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::http1::{Connection, Request};

/// Rows in DynamoDB's JSON, by `pk` and `sk`.
pub(crate) type Rows = HashMap<(String, String), Value>;

/// Requests by operation.
pub(crate) type Counts = BTreeMap<String, usize>;

#[derive(Default)]
struct State {
    rows: Rows,
    counts: Counts,
}

/// Both services: one port for plain connections, and one for TLS.
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
        let response = respond(&request, &mut state.lock().unwrap_or_else(PoisonError::into_inner));
        let headers = match request.operation {
            Some(_) => "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R\r\n",
            None => "content-type: application/json\r\n",
        };
        if connection.write("200 OK", headers, &response).is_err() {
            return;
        }
    }
}

fn respond(request: &Request, state: &mut State) -> Vec<u8> {
    let Some(operation) = request.operation.as_deref() else {
        // A request without a body only opens a connection ahead of time, and is not counted.
        if !request.body.is_empty() {
            *state.counts.entry("Pusher".to_owned()).or_default() += 1;
        }
        return b"{}".to_vec();
    };
    *state.counts.entry(operation.to_owned()).or_default() += 1;
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let row = |key: &Value| {
        let text = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
        state.rows.get(&(text("pk"), text("sk")))
    };
    match operation {
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
