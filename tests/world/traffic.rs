//! The requests of a function to other services, counted by the fakes.

use std::ops::AddAssign;
use std::sync::Mutex;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;

/// A number of requests, and what they used.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// The number of requests.
    pub requests: usize,
    /// The read capacity units that DynamoDB reports.
    pub read_units: f64,
    /// The write capacity units that DynamoDB reports.
    pub write_units: f64,
    /// Bytes of the headers and bodies of the requests.
    pub bytes_sent: usize,
    /// Bytes of the bodies of the responses.
    pub bytes_received: usize,
}

impl Traffic {
    /// One request. The session token is not counted, because its length depends on the role.
    pub(crate) fn of(headers: &HeaderMap, sent: usize, received: usize) -> Self {
        let counted = headers.iter().filter(|(name, _)| *name != "x-amz-security-token");
        let headers: usize = counted.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        Self { requests: 1, bytes_sent: headers + sent, bytes_received: received, ..Self::default() }
    }

    /// Adds the capacity that a response of DynamoDB reports.
    ///
    /// The units of a read are read units. All other units are write units.
    pub(crate) fn with_capacity(mut self, operation: &str, response: &Value) -> Self {
        let capacity = &response["ConsumedCapacity"];
        let tables = capacity.as_array().cloned().unwrap_or_else(|| vec![capacity.clone()]);
        for table in tables {
            let units = table["CapacityUnits"].as_f64().unwrap_or_default();
            match operation {
                "GetItem" | "BatchGetItem" | "Query" | "Scan" => self.read_units += units,
                _ => self.write_units += units,
            }
        }
        self
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.requests += more.requests;
        self.read_units += more.read_units;
        self.write_units += more.write_units;
        self.bytes_sent += more.bytes_sent;
        self.bytes_received += more.bytes_received;
    }
}

/// Middleware that counts the requests to a fake.
pub(crate) async fn count(State(counted): State<Arc<Mutex<Traffic>>>, request: Request, next: Next) -> Response {
    let sent = request.body().size_hint().exact().unwrap_or_default();
    let headers = request.headers().clone();
    let response = next.run(request).await;
    let received = response.body().size_hint().exact().unwrap_or_default();
    let size = |bytes: u64| usize::try_from(bytes).unwrap();
    *counted.lock().unwrap() += Traffic::of(&headers, size(sent), size(received));
    response
}
