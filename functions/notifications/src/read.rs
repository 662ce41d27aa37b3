//! `POST /notifications/{notificationId}/read` and `POST /notifications/read-all`

use serde_json::json;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notifications;
use shared::{ApiError, App};

pub(super) async fn one(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let id = request.path("notificationId");
    let marked = notifications::read(&app.table, &caller.user, id, Millis::now()).await?;
    Ok(http::ok(&json!({ "notificationId": id, "readAt": marked.read_at.iso() })))
}

pub(super) async fn all(app: &App, caller: &Identity) -> Result<Response, ApiError> {
    notifications::read_all(&app.table, &caller.user, Millis::now()).await?;
    Ok(http::ok(&json!({ "unreadCount": 0 })))
}
