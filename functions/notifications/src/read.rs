//! `POST /notifications/{notificationId}/read` and `POST /notifications/read-all`

use serde_json::json;
use shared::App;
use shared::http::{self, Problem, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notification;
use shared::time::Millis;

pub(super) async fn one(app: &App, request: &Request, caller: &Identity) -> Result<Response, Problem> {
    let id = request.path("notificationId");
    let marked = notification::read(&app.store, &caller.user, id, Millis::now()).await?;
    Ok(http::ok(&json!({ "notificationId": id, "readAt": marked.read_at.iso() })))
}

pub(super) async fn all(app: &App, caller: &Identity) -> Result<Response, Problem> {
    notification::read_all(&app.store, &caller.user, Millis::now()).await?;
    Ok(http::ok(&json!({ "unreadCount": 0 })))
}
