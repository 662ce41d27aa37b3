//! `POST /pusher/webhook`: takes Pusher's word on who entered and left a room.

use serde_json::json;
use shared::http::{self, Request, Response, ResponseExt as _};
use shared::rooms::webhook;
use shared::{App, Problem};

/// Observes each member event of a room; every other event is none of ours.
///
/// # Errors
/// 401 unless Pusher signed it in the last five minutes, 400 when it is no webhook, 413 over 1 MB. 500 when the table fails:
/// Pusher then sends the webhook again, and what was already observed changes nothing.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let webhook = app.webhook(&request)?;
    let owed = webhook::observe(&app.table, webhook).await?;
    Ok(http::ok(&json!({})).then(app.deliver(owed)))
}
