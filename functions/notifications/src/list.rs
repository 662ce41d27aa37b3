//! `GET /notifications` and `GET /notifications/unread-count`

use serde_json::json;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notifications::{self, NotificationCursor};
use shared::{ApiError, App};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(NotificationCursor::parse).transpose()?;
    Ok(http::ok(&notifications::list(&app.table, &caller.user, limit, cursor.as_ref(), Millis::now()).await?))
}

pub(super) async fn unread_count(app: &App, caller: &Identity) -> Result<Response, ApiError> {
    let count = notifications::unread_count(&app.table, &caller.user, Millis::now()).await?;
    Ok(http::ok(&json!({ "unreadCount": count })))
}
