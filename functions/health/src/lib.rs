//! `GET /health`: whether the table and Pusher can be reached, within a second. Says neither where they are nor why not;
//! the log does.

use std::time::Duration;

use serde::Serialize;
use shared::http::{self, Request, Response};
use shared::table::Key;
use shared::{App, Problem, telemetry};

/// Longest wait for either; the rest of the second is for the way there and back.
const PATIENCE: Duration = Duration::from_millis(800);
/// A prefix that no channel has: the answer is small however busy the app is.
const NO_CHANNEL: &str = "health-";

#[derive(Serialize)]
struct Health {
    status: &'static str,
    table: &'static str,
    pusher: &'static str,
}

/// Looks at both, side by side.
///
/// # Errors
/// None: what cannot be reached is the answer's content, with 503.
pub async fn handle(app: &App, _request: Request) -> Result<Response, Problem> {
    let key = Key::reconcile();
    let (table, pusher) =
        futures_util::join!(reached(app.table.get(&key, false)), reached(app.pusher.channels(NO_CHANNEL)));
    let word = |reached: bool| if reached { "ok" } else { "unreachable" };
    let all = table && pusher;
    let health = Health { status: if all { "ok" } else { "degraded" }, table: word(table), pusher: word(pusher) };
    Ok(if all { http::ok(&health) } else { http::unavailable(&health) })
}

async fn reached<T, E: std::error::Error + 'static>(look: impl Future<Output = Result<T, E>>) -> bool {
    match tokio::time::timeout(PATIENCE, look).await {
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
