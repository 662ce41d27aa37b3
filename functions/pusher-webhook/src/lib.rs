//! `POST /pusher/webhook`: records who entered and left a room, as Pusher reports it.

use serde_json::json;
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::rooms::webhook;
use shared::{ApiError, App};

/// Records each member event of a room; ignores all other events.
///
/// # Errors
/// 401 unless Pusher signed it in the last five minutes, 400 when it is not a webhook, 413 over 1 MB. 500 when the
/// table fails: Pusher then retries the webhook, and what was recorded already changes nothing.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let webhook = app.webhook(&request)?;
    let observed = webhook::observe(&app.table, &app.writer(request.request_id()), webhook).await;
    if let Some(failure) = observed.failure {
        // Pusher sends the webhook again; the others need not wait for that.
        Box::pin(app.deliver(observed.pending)).await;
        return Err(failure.into());
    }
    Ok(http::ok(&json!({})).then(app.deliver(observed.pending)))
}
