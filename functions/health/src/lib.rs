//! `GET /health`, and `HEAD` for monitors that look at the status alone: whether the table and Pusher are reachable. Responds within a second. The reason of a failure is only
//! in the log.

use std::time::Duration;

use serde::Serialize;
use shared::http::{self, Request, Response};
use shared::table::Key;
use shared::{ApiError, App, telemetry};

/// Time-out for reaching either. The rest of the second is for the request and the response themselves.
const REACH_TIMEOUT: Duration = Duration::from_millis(800);
/// A prefix that no channel has, so that Pusher's response is small however many channels there are.
const NO_CHANNEL: &str = "health-";

#[derive(Serialize)]
struct Health {
    status: &'static str,
    table: &'static str,
    pusher: &'static str,
}

/// Tries to reach both at the same time.
///
/// # Errors
/// When one is unreachable, the response is 503 and says which; 500 in a function without Pusher's secret.
pub async fn handle(app: &App, _request: Request) -> Result<Response, ApiError> {
    let (key, server) = (Key::reconcile(), app.channels().map_err(ApiError::internal)?);
    let (table, pusher) =
        futures_util::join!(reached(app.table.get(&key, false)), reached(server.channels(NO_CHANNEL)));
    let word = |reached: bool| if reached { "ok" } else { "unreachable" };
    let all = table && pusher;
    let health = Health { status: if all { "ok" } else { "degraded" }, table: word(table), pusher: word(pusher) };
    Ok(if all { http::ok(&health) } else { http::unavailable(&health) })
}

async fn reached<T, E: std::error::Error + 'static>(look: impl Future<Output = Result<T, E>>) -> bool {
    match tokio::time::timeout(REACH_TIMEOUT, look).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            telemetry::cause(&error);
            false
        }
        Err(late) => {
            telemetry::cause(&late);
            false
        }
    }
}
