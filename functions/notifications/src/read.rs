//! `POST /notifications/{notificationId}/read` and `POST /notifications/read-all`

use serde_json::json;
use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::identity::Identity;
use shared::notification;
use shared::time::Millis;

pub(super) async fn one(app: &App, call: &Call, caller: &Identity) -> Result<Answer, Problem> {
    let id = call.path("notificationId");
    let marked = notification::read(&app.store, &caller.user, &id, Millis::now()).await?;
    Ok(Answer::ok(&json!({ "notificationId": id, "readAt": marked.read_at.iso() })))
}

pub(super) async fn all(app: &App, caller: &Identity) -> Result<Answer, Problem> {
    notification::read_all(&app.store, &caller.user, Millis::now()).await?;
    Ok(Answer::ok(&json!({ "unreadCount": 0 })))
}
